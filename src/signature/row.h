// One classifier row in memory. data/classifiers/README.md is its manual.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/component.h"

namespace fathom::signature {

struct VersionText {
  std::string pattern;  // RE2, one group: the version
  std::string sample, version;
  bool bare = false;  // matches texts that name no library ("1.2.3")
};

// A text of the library's code, by hash. `since` and `until` bound the releases that have it.
struct ConfirmText {
  std::string text;
  std::uint64_t hash = 0;
  std::uint64_t hash_without_newline = 0;  // printf("x\n") compiles to puts("x"); 0: ends in none
  std::string since, until;
};

// version-number functions: value = n0 * units[0] + n1 * units[1] + … + rest.
struct VersionConstant {
  std::vector<std::uint64_t> units;  // descending
  std::uint64_t rest = 0;
  std::uint64_t letter_unit = 0;  // OpenSSL 1.x: the patch letter; 0: none
  std::string min, max;           // inclusive
  bool proves = false;            // no other code returns such values
};

struct Row {
  std::string library;
  ComponentKind kind = ComponentKind::embedded_library;
  std::string purl, cpe;  // with {version}
  std::vector<std::string> sonames;
  std::vector<VersionText> versions;
  std::vector<std::string> counterexamples;
  std::vector<ConfirmText> confirm;
  std::size_t confirm_at_least = 0, confirm_alone = 0;
  std::vector<ConfirmText> exclude_if;
  std::optional<VersionConstant> constant;
  std::vector<std::string> releases;  // ascending
};

// The version that `value` encodes, if it can be one.
std::optional<std::string> decode(const VersionConstant& constant, std::uint64_t value);

// -1, 0 or 1. Dotted numbers, with letters after them ("1.0.2zq", "2.1.12-stable"): runs of digits
// by value, a missing part before a present one, letters by their text. Enough to order the
// releases of one library; advisories are judged by vuln/version.h.
int compare_releases(std::string_view a, std::string_view b);

}  // namespace fathom::signature
