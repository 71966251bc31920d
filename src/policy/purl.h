// Package URLs, as far as matching needs them: https://github.com/package-url/purl-spec.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fathom::policy {

struct Purl {
  std::string type;  // lower case
  std::string name;  // with the namespace, "github.com/spf13/cobra"; decoded
  std::string version, subpath;
  std::vector<std::pair<std::string, std::string>> qualifiers;  // in the order of the text

  std::string_view qualifier(std::string_view key) const;  // empty when there is none
};

Result<Purl> parse_purl(std::string_view text);
inline bool is_purl(std::string_view text) { return text.starts_with("pkg:"); }

// Whether `wanted` names `actual`: same type and name; version, qualifiers and subpath of `wanted`,
// when it has them, are those of `actual`.
bool matches(const Purl& wanted, const Purl& actual);

// Type, name and subpath: the same for every version and build.
std::string without_version(const Purl& purl);

}  // namespace fathom::policy
