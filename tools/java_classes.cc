// fathom_java_classes ARCHIVE: a line for each class in it: name, the first eight bytes of its
// SHA-256, and its shape (analyzer/java_class.h). Classes of multi-release folders are left out:
// they are others of the same name.

#include <cstdio>
#include <string>

#include "advisory_sources.h"
#include "analyzer/java_class.h"
#include "archive/zip.h"
#include "base/digest.h"
#include "base/text.h"

namespace fathom::tools {
namespace {

Done list_classes(const char* path) {
  const std::string file = TRY(read_data_file(path));
  const Limits limits;
  const archive::ZipFile zip = TRY(archive::ZipFile::parse(ByteView::of(file), limits));
  for (const archive::ZipEntry& entry : zip.entries()) {
    if (!entry.path.ends_with(".class") || entry.path.starts_with("META-INF/")) continue;
    const Bytes bytes = TRY(zip.read(entry, {.output = limits.file_bytes}).in(entry.path));
    Result<JavaClass> read = read_java_class(bytes);
    if (!read || read->name.ends_with("-info") || !is_utf8(read->name)) continue;
    std::printf("%s\t%s\t%016llx\n", read->name.c_str(),
                sha256_of(bytes).text().substr(7, 16).c_str(),
                static_cast<unsigned long long>(read->shape));
  }
  return Ok{};
}

}  // namespace
}  // namespace fathom::tools

int main(int count, char** values) {
  if (count != 2) return 2;
  fathom::Done done = fathom::tools::list_classes(values[1]);
  if (done) return 0;
  std::fprintf(stderr, "fathom_java_classes: %s: %s\n", values[1], done.error().message.c_str());
  return 1;
}
