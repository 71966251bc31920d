// apk's database of installed packages, lib/apk/db/installed.
// Source: apk-tools, src/database.c (apk_db_read, apk_db_write_fdb), doc/apk-v2.5.

#pragma once

#include <string_view>
#include <vector>

#include "base/limits.h"
#include "facts/facts.h"

namespace fathom {

struct ApkDatabase {
  std::vector<PackageClaim> packages;
  std::vector<Error> problems;  // each names its line
  std::uint64_t problems_not_kept = 0;
};

// Whether the first stanza has a name and a version in apk's one-letter fields.
bool is_apk_database(std::string_view text);

// A repository's index has the same form; it names no file of any package and yields none.
ApkDatabase read_apk(std::string_view text, const Limits& limits);

// "Q1" and base64 of a SHA-1 → hex; nothing for other texts.
std::string apk_sha1(std::string_view checksum);

}  // namespace fathom
