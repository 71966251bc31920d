// ZipFile, and ArFile for what starts like one: members that can be read have the size they claim,
// and those of a zip do not share bytes.

#include <cstdint>
#include <cstdlib>

#include "archive/ar.h"
#include "archive/zip.h"

using namespace fathom;
using namespace fathom::archive;

namespace {

void read_zip(ByteView bytes, const Limits& limits) {
  const auto zip = ZipFile::parse(bytes, limits);
  if (!zip) return;
  std::uint64_t stored = 0;
  for (const ZipEntry& entry : zip->entries()) {
    const auto content = zip->read(entry, {.output = 1 << 20});
    if (!content) continue;
    if (content->size() != entry.size) std::abort();
    stored += entry.compressed_size;
  }
  if (stored > bytes.size()) std::abort();
}

void read_ar(ByteView bytes, const Limits& limits) {
  const auto ar = ArFile::parse(bytes, limits);
  if (!ar) return;
  for (const ArMember& member : ar->members()) {
    const auto content = ar->read(member);
    if (content && content->size() != member.size) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(std::span(data, size));
  Limits limits;
  limits.members = 1000;
  if (looks_like_ar(bytes))
    read_ar(bytes, limits);
  else
    read_zip(bytes, limits);
  return 0;
}
