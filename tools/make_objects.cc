// fathom_make_objects: the archives of a library's packages → one file of data/objects/, not yet
// compressed.
//
//   fathom_make_objects LIBRARY OUTPUT < list
//
// The list has a line for each archive, fields separated by tabs: path, package, version, source,
// source version, release of the library, distribution, its release. tools/make_objects.py writes
// it. A member that cannot be read is said and left out; the same list makes the same bytes.

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "advisory_sources.h"
#include "analyzer/object_members.h"
#include "base/text.h"

namespace fathom::tools {
namespace {

Result<signature::ObjectBuild> build_of(const std::vector<std::string_view>& fields) {
  if (fields.size() != 8) return Error{ErrorCode::malformed, "a line without eight fields"};
  signature::ObjectBuild build;
  build.package = fields[1];
  build.version = fields[2];
  build.source = fields[3];
  build.source_version = fields[4];
  build.release = fields[5];
  build.distribution = fields[6];
  build.distribution_release = fields[7];
  return build;
}

Done run(const std::string& library, const std::string& output) {
  const std::string list((std::istreambuf_iterator<char>(std::cin)), {});
  signature::ObjectBuilder builder;
  for (std::string_view line : lines_of(list)) {
    const std::vector<std::string_view> fields = split(line, '\t');
    signature::ObjectBuild build = TRY(build_of(fields).in(printable(line)));
    const std::string path(fields[0]);
    const std::string bytes = TRY(read_data_file(path));
    const std::string name = path.substr(path.rfind('/') + 1);
    Result<signature::RawMembers> members = read_object_members(ByteView::of(bytes), name, {});
    if (!members) {
      std::fprintf(stderr, "%s: %s\n", path.c_str(), members.error().message.c_str());
      continue;
    }
    for (const std::string& problem : members->problems)
      std::fprintf(stderr, "%s: %s\n", path.c_str(), problem.c_str());
    build.machine = members->machine;
    builder.add(build, members->members);
  }
  const std::string encoded = signature::encode(builder.finish(library));
  TRY(signature::decode_object_library(encoded));
  std::ofstream file(output, std::ios::binary | std::ios::trunc);
  file.write(encoded.data(), static_cast<std::streamsize>(encoded.size()));
  file.close();
  if (!file) return Error{ErrorCode::io, "cannot write " + output};
  return Ok{};
}

}  // namespace
}  // namespace fathom::tools

int main(int count, char** values) {
  if (count != 3) {
    std::fprintf(stderr, "fathom_make_objects LIBRARY OUTPUT < list\n");
    return 2;
  }
  fathom::Done done = fathom::tools::run(values[1], values[2]);
  if (done) return 0;
  std::fprintf(stderr, "fathom_make_objects: %s\n", done.error().message.c_str());
  return 1;
}
