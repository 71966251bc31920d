// What compiled references say of files: `object_matches PACK [--without PACKAGE=VERSION] FILE…`,
// tab-separated lines. With --without as if that revision were not in the data.
//
//   library FILE NAME BUILDS FUNCTIONS ELSEWHERE CHANGED UNKNOWN   a library; builds as
//   package=version,… function FILE ADDRESS BYTES BY LIBRARY NAME ALIASES            a function
//   that got a name time FILE FUNCTIONS RECOVER HASH MATCH                         seconds
//
// PACK is a pack of fathom, or its section "objects" alone. For bench/debian_objects.py.

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "analyzer/analyzer.h"
#include "base/text.h"
#include "code/functions.h"
#include "signature/object_match.h"
#include "vuln/database.h"

namespace fathom {
namespace {

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string builds_of(const signature::ObjectMatch& match, const signature::Objects& objects) {
  std::vector<std::string> out;
  for (std::uint32_t b : match.builds) {
    const signature::ObjectBuild& build = objects.library(match.library).builds[b];
    out.push_back(build.package + "=" + build.version);
  }
  return join(out, ",");
}

void print(const std::string& path, const signature::ObjectMatches& found,
           const signature::Objects& objects) {
  for (const signature::ObjectMatch& match : found.libraries)
    std::printf("library\t%s\t%s\t%s\t%zu\t%zu\t%zu\t%d\n", path.c_str(), match.name.c_str(),
                builds_of(match, objects).c_str(), match.functions, match.elsewhere, match.changed,
                match.is_unknown ? 1 : 0);
  for (const signature::NamedFunction& function : found.functions)
    std::printf("function\t%s\t%s\t%u\t%s\t%s\t%s\t%s\n", path.c_str(),
                hex_number(function.address).c_str(), function.bytes,
                std::string(name_of(function.by)).c_str(), function.library.c_str(),
                function.name.c_str(), join(function.aliases, ",").c_str());
}

void look_at(const std::string& path, const signature::Objects& objects) {
  const std::string file = contents_of(path);
  const double begun = seconds();
  Result<elf::ElfFile> elf = elf::ElfFile::parse(ByteView::of(file));
  Result<code::Program> program =
      elf ? code::Program::open(*elf) : Result<code::Program>(elf.error());
  if (!program) return void(std::fprintf(stderr, "%s: no program\n", path.c_str()));
  code::find_functions(*program);
  const double found = seconds();
  Result<FileFacts> facts = hash_functions(ByteView::of(file), {});
  if (!facts) return;
  const double hashed = seconds();
  const signature::ObjectMatches matches = signature::match_objects(
      facts->functions, program->machine() == code::Machine::x86_64 ? "x86_64" : "aarch64",
      objects);
  const double matched = seconds();
  print(path, matches, objects);
  std::printf("time\t%s\t%zu\t%.4f\t%.4f\t%.4f\n", path.c_str(), facts->functions.size(),
              found - begun, hashed - found - (found - begun), matched - hashed);
}

// The same without a package revision, packed anew.
std::string without(const signature::Objects& objects, const std::string& revision) {
  std::vector<signature::ObjectLibrary> all;
  for (std::size_t i = 0; i < objects.library_count(); ++i) {
    signature::ObjectLibrary library = objects.library(i);
    for (std::uint32_t b = 0; b < library.builds.size(); ++b) {
      if (library.builds[b].package + "=" + library.builds[b].version != revision) continue;
      for (signature::ObjectMember& member : library.members) {
        signature::BuildSet kept;
        for (auto [first, last] : member.builds)
          for (std::uint32_t k = first; k <= last; ++k)
            if (k != b) kept.emplace_back(k, k);
        member.builds = std::move(kept);
      }
    }
    std::erase_if(library.members, [](const auto& member) { return member.builds.empty(); });
    all.push_back(std::move(library));
  }
  return signature::pack_objects(all).value_or({});
}

}  // namespace
}  // namespace fathom

int main(int count, char** values) {
  if (count < 3) return 2;
  const std::string pack = fathom::contents_of(values[1]);
  std::string_view section = pack;
  fathom::Result<fathom::vuln::Database> database =
      fathom::vuln::Database::open(fathom::ByteView::of(pack));
  if (database) section = database->section("objects");
  fathom::Result<fathom::signature::Objects> objects = fathom::signature::Objects::open(section);
  if (!objects) {
    std::fprintf(stderr, "%s: %s\n", values[1], objects.error().message.c_str());
    return 1;
  }
  int first = 2;
  std::string changed;
  if (count > 4 && std::string_view(values[2]) == "--without") {
    changed = fathom::without(*objects, values[3]);
    objects = fathom::signature::Objects::open(changed);
    if (!objects) return 1;
    first = 4;
  }
  for (int i = first; i < count; ++i) fathom::look_at(values[i], *objects);
}
