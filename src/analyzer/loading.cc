// What the dynamic linker of an image will need to know: symbol versions, the folders that a
// dynamic linker has compiled in, lists of folders, and the libraries that are opened by name.

#include <algorithm>
#include <set>

#include "analyzer/analyzer.h"
#include "analyzer/members.h"
#include "base/needles.h"
#include "base/text.h"
#include "elf/constants.h"
#include "elf/symbol_list.h"

namespace fathom {

namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kMostNames = 4096;  // of libraries, kept of one file
constexpr std::uint64_t kLongestName = 256;
constexpr std::uint64_t kMostListBytes = 4096;  // of a file that lists folders

bool is_path_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         "._+-/"sv.find(c) != std::string_view::npos;
}

// Texts like "libnss_dns.so.2" and "/usr/lib/mod_ssl.so".
void add_library_names(std::string_view bytes, std::set<std::string>& names) {
  constexpr std::string_view kMark = ".so";
  static const Needles kMarks{kMark};
  for (std::size_t at = kMarks.next(bytes); at != bytes.npos && names.size() < kMostNames;
       at = kMarks.next(bytes, at + kMark.size())) {
    std::size_t start = at, end = at + kMark.size();
    while (start > 0 && at - start < kLongestName && is_path_character(bytes[start - 1])) --start;
    while (end < bytes.size() && end - at < kLongestName && is_path_character(bytes[end])) ++end;
    while (end > at + kMark.size() && bytes[end - 1] == '.') --end;  // the end of a sentence
    const bool is_extension = end == at + kMark.size() || bytes[at + kMark.size()] == '.';
    if (is_extension && start < at) names.emplace(bytes.substr(start, end - start));
  }
}

// The names that the linker itself reads are not opened by name.
void add_names_of_elf(const elf::ElfFile& elf, std::set<std::string>& names) {
  const std::string_view all = elf.bytes().as_text();
  const std::string_view strings = elf.dynamic_strings().as_text();
  for (const elf::Segment& segment : elf.segments()) {
    if (segment.type != elf::PT_LOAD || (segment.flags & elf::PF_X) != 0) continue;
    std::string_view bytes = segment.contents.as_text();
    std::uint64_t from = segment.offset, skip = all.size(), skip_end = all.size();
    if (const elf::DynamicEntry* entry = elf.find_dynamic(elf::DT_STRTAB))
      if (std::optional<std::uint64_t> offset = elf.offset_of_address(entry->value)) {
        skip = *offset;
        skip_end = *offset + strings.size();
      }
    const std::uint64_t end = from + bytes.size();
    if (skip >= end || skip_end <= from) {
      add_library_names(bytes, names);
      continue;
    }
    add_library_names(bytes.substr(0, skip > from ? skip - from : 0), names);
    if (skip_end < end) add_library_names(bytes.substr(skip_end - from), names);
  }
}

// glibc keeps its default folders as "/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0…": texts
// that begin and end with a slash, one behind the other.
std::vector<std::string> compiled_in_folders(const elf::ElfFile& elf) {
  constexpr std::string_view kAnyOfThem = "/usr/lib";
  constexpr std::size_t kMostFolders = 16;
  for (const elf::Segment& segment : elf.segments()) {
    if (segment.type != elf::PT_LOAD || (segment.flags & elf::PF_X) != 0) continue;
    std::string_view bytes = segment.contents.as_text();
    for (std::size_t at = bytes.find(kAnyOfThem); at != bytes.npos;
         at = bytes.find(kAnyOfThem, at + 1)) {
      if (at == 0 || bytes[at - 1] != '\0') continue;
      // Back to the first of the run.
      std::size_t start = at;
      while (start >= 2 && bytes[start - 1] == '\0' && bytes[start - 2] == '/') {
        std::size_t before = bytes.rfind('\0', start - 2);
        before = before == bytes.npos ? 0 : before + 1;
        if (before >= start - 1 || bytes[before] != '/') break;
        start = before;
      }
      std::vector<std::string> folders;
      while (start < bytes.size() && bytes[start] == '/' && folders.size() < kMostFolders) {
        std::size_t end = bytes.find('\0', start);
        if (end == bytes.npos || end - start > kLongestName || bytes[end - 1] != '/') break;
        folders.emplace_back(bytes.substr(start, end - start));
        start = end + 1;
      }
      if (folders.size() >= 2) return folders;
    }
  }
  return {};
}

void add_elf_facts(const FileInput& in, FileFacts& facts) {
  ElfFacts& elf = *facts.elf;
  elf::VersionNeedList needs = elf::version_needs(*in.elf, in.limits);
  for (const elf::VersionNeed& need : needs.needs)
    elf.needed_versions.push_back({std::string(need.file), std::string(need.version), need.weak});
  for (const Error& problem : needs.problems) add_gap(facts, in.limits, "elf", problem);
  elf.no_default_folders = (in.elf->dynamic_flags_1() & elf::DF_1_NODEFLIB) != 0;
  if (elf.interpreter.empty() && elf.soname.starts_with("ld"))
    elf.loader_folders = compiled_in_folders(*in.elf);
}

// musl's path file: absolute folders, and nothing else, between line ends or colons.
std::vector<std::string> folders_of_list(std::string_view text) {
  std::vector<std::string> folders;
  for (std::string_view line : lines_of(text))
    for (std::string_view entry : split(line, ':')) {
      entry = trim(entry);
      if (entry.empty()) continue;
      if (!entry.starts_with('/') || entry.find(' ') != entry.npos) return {};
      folders.emplace_back(entry);
    }
  return folders;
}

Done run(const FileInput& in, FileFacts& facts) {
  std::set<std::string> names;
  if (facts.elf && in.elf != nullptr) {
    add_elf_facts(in, facts);
    add_names_of_elf(*in.elf, names);
  } else {
    add_library_names(in.bytes.as_text(), names);
    if (in.bytes.size() <= kMostListBytes) facts.folder_list = folders_of_list(in.bytes.as_text());
  }
  facts.named_libraries.assign(names.begin(), names.end());
  return Ok{};
}

}  // namespace

extern const FileAnalyzer loading = {
    .name = "loading",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "what the dynamic linker needs to know: versions, folders, libraries by name",
    .wants =
        [](const FileInput& in) {
          constexpr std::uint64_t kMostText = 1 * kMiB;  // a setting or a script
          if (in.elf != nullptr) return true;
          return (in.kind == FileKind::text || in.kind == FileKind::script) &&
                 in.bytes.size() <= kMostText;
        },
    .run = run,
};

}  // namespace fathom
