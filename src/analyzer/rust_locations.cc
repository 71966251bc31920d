// Crates of Rust programs that carry no list of them. Where code may panic, the compiler leaves the
// path of the source file: in cargo's registry that is …/registry/src/HOST-HASH/NAME-VERSION/…, and
// NAME-VERSION is the crate. Crates without such a place leave nothing, so the list is not
// complete, and a gap says so.

#include <algorithm>
#include <map>

#include "analyzer/json_packages.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "rust-locations";
constexpr std::string_view kRegistry = "registry/src/";
// The standard library's sources, by the commit of the compiler's repository.
constexpr std::string_view kCompiler = "/rustc/";

struct Crate {
  std::string_view name, version;
};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// "serde_json-1.0.108": the version starts at the first "-" before a digit behind which there are
// two dots before anything else than digits.
std::optional<Crate> split_crate(std::string_view folder) {
  for (std::size_t at = folder.find('-'); at != folder.npos; at = folder.find('-', at + 1)) {
    std::string_view version = folder.substr(at + 1);
    std::string_view numbers = version.substr(0, version.find_first_not_of("0123456789."));
    if (std::ranges::count(numbers, '.') < 2 || numbers.front() == '.') continue;
    std::string_view name = folder.substr(0, at);
    if (name.empty() || !std::ranges::all_of(name, is_name_character)) return std::nullopt;
    return Crate{name, version};
  }
  return std::nullopt;
}

// The part of the path behind "registry/src/HOST-HASH/", which is a folder of one crate.
std::optional<Crate> crate_at(std::string_view rest) {
  constexpr std::size_t kMostPath = 256;
  rest = rest.substr(0, kMostPath);
  std::size_t host = rest.find('/');
  if (host == rest.npos || rest.substr(0, host).find('-') == rest.npos) return std::nullopt;
  std::size_t end = rest.find('/', host + 1);
  if (end == rest.npos) return std::nullopt;
  return split_crate(rest.substr(host + 1, end - host - 1));
}

Done run(const FileInput& in, FileFacts& facts) {
  std::string_view all = in.bytes.as_text();
  std::map<std::pair<std::string, std::string>, std::uint64_t> crates;  // → first place
  for (std::size_t at = all.find(kRegistry); at != all.npos; at = all.find(kRegistry, at + 1)) {
    std::optional<Crate> crate = crate_at(all.substr(at + kRegistry.size()));
    if (!crate || crates.size() == in.limits.packages) continue;
    crates.try_emplace({kept(crate->name, in.limits), kept(crate->version, in.limits)}, at);
  }
  for (const auto& [crate, at] : crates) {
    const elf::Section* section = in.elf->section_at(at);
    PackageClaim claim =
        package_claim({"crates.io", "cargo", {}, crate.first, crate.second, ""}, kName,
                      Place::at_offset(at, section ? kept(section->name, in.limits) : ""),
                      "path of a source file of " + crate.first + "-" + crate.second);
    claim.component.confidence = Confidence::medium;
    facts.packages.push_back(std::move(claim));
  }
  return Error{ErrorCode::not_found,
               "a Rust program without a list of its crates: " + std::to_string(crates.size()) +
                   " are known by paths of their sources, others may be in it"};
}

}  // namespace

extern const FileAnalyzer rust_locations = {
    .name = kName,
    .version = 1,
    .needs = Needs::elf,
    .summary = "Rust crates by the paths of sources, in programs that list none",
    .wants =
        [](const FileInput& in) {
          if (!in.elf || in.elf->find_section(".dep-v0")) return false;
          std::string_view all = in.bytes.as_text();
          return all.find(kCompiler) != all.npos && all.find("/library/") != all.npos &&
                 all.find(".rs") != all.npos;
        },
    .run = run,
};

}  // namespace fathom
