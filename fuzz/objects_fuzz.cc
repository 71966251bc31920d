// The packed index of compiled libraries: any bytes are an error or an index that can be used.

#include <string>
#include <string_view>

#include "signature/object_match.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  const std::string bytes(data, data + size);
  Result<signature::Objects> objects = signature::Objects::open(bytes);
  if (!objects || !objects->check()) return 0;
  std::vector<HashedFunction> file;
  for (std::size_t i = 0; i < objects->hashes() && i < 64; ++i)
    file.push_back({.start = i,
                    .bytes = 99,
                    .instructions = 50,
                    .exact = objects->hash_at(i),
                    .loose = 1,
                    .calls = {0}});
  signature::match_objects(file, "x86_64", *objects);
  for (std::size_t i = 0; i < objects->library_count(); ++i) {
    const signature::ObjectLibrary& library = objects->library(i);
    if (library.builds.empty() || library.members.empty()) continue;
    signature::MemberGraph(library, 0).closure(0);
  }
  return 0;
}
