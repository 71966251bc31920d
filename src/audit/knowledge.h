// What data/audit/ knows, read from the pack: which texts make a tool, which functions give an
// ability, what each row of the audit means. data/audit/README.md is the manual of the tables.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fathom::audit {

struct Tool {
  std::string id, category, what;
  struct Text {
    std::string text;
    std::uint64_t hash = 0;  // as StringHash
  };
  std::vector<Text> texts;
  std::size_t at_least = 0;               // of the texts
  std::vector<std::string> modules;       // Go: any module of the build
  std::vector<std::string> main_modules;  // Go: the program's own module or package
  std::vector<std::string> crates;        // Rust
  std::vector<std::string> components;    // embedded libraries and runtimes, by name
  std::vector<std::string> needs;         // DT_NEEDED begins with
};

struct AbilityRow {
  std::string id, what;
  std::vector<std::string> imports;  // sorted
  std::vector<std::uint32_t> x86_64, aarch64;
  std::vector<std::string> needs;  // DT_NEEDED begins with: libraries that do it for their users
};

struct Rule {
  std::string id, severity, title, why, fix;
};

// Files that a build leaves behind. `path` is a pattern: "*" within one name, "**" across folders.
struct Leftover {
  std::string rule, path, what;
  std::string kind;         // the file's kind must be this, when set: "elf"
  std::uint64_t least = 0;  // bytes together, below which it is not worth a row
};

// A certificate authority that browsers no longer trust.
struct DistrustedRoot {
  std::string sha256, name, since, why;
};

struct Knowledge {
  std::vector<Tool> tools;
  std::vector<AbilityRow> abilities;
  std::map<std::string, Rule, std::less<>> rules;
  std::vector<Leftover> leftovers;
  std::vector<std::string> dangling_ok;  // patterns of link targets that a running system provides
  std::vector<std::string> labels;       // keys that an image should have
  std::vector<DistrustedRoot> distrusted;
  std::vector<std::string>
      known_roots;  // SHA-256 of roots that a public programme has or had, sorted
  std::vector<std::string> secret_words, harmless_endings;  // of the names of variables
  std::vector<std::string> databases;                       // patterns of package databases
  std::vector<std::string> tls_libraries;                   // DT_NEEDED begins with

  // {"tool": [row, …], "ability": […], …}. Anything malformed is an error: the data is ours.
  static Result<Knowledge> parse(std::string_view json);
};

// Whether `path` fits a pattern of "*", "**" and plain characters.
bool fits(std::string_view path, std::string_view pattern);

}  // namespace fathom::audit
