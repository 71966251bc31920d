// A header, two tables of a perfect hash, the locations as short attribute lists, the texts that
// they refer to, and the resources. Everything is in the byte order of the machine that the image
// is for, which shows in the magic number. Nothing is looked up by hash here: all locations are
// walked, so that a table that lies hides no module.

#include "analyzer/jimage.h"

#include <algorithm>
#include <array>
#include <set>

#include "analyzer/java_class.h"
#include "analyzer/line_reader.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::uint32_t kMagic = 0xcafedada;
constexpr std::uint64_t kHeaderSize = 28;

enum Attribute : std::size_t { end, module, parent, base, extension, offset, compressed, size };
constexpr std::size_t kAttributes = 8;
using Location = std::array<std::uint64_t, kAttributes>;

class ImageReader {
 public:
  ImageReader(ByteView bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  Result<JavaImage> read() {
    big_endian_ = bytes_.read_big<std::uint32_t>(0).value_or(0) == kMagic;
    std::uint64_t table = TRY(u4(16)), locations = TRY(u4(20)), texts = TRY(u4(24));
    const std::uint64_t offsets_at = kHeaderSize + 4 * table;
    const std::uint64_t locations_at = offsets_at + 4 * table;
    locations_ = TRY(bytes_.slice(locations_at, locations).in("locations"));
    texts_ = TRY(bytes_.slice(locations_at + locations, texts).in("texts"));
    resources_ = TRY(bytes_.from(locations_at + locations + texts).in("resources"));
    ByteView offsets = TRY(bytes_.slice(offsets_at, 4 * table).in("offsets"));
    for (std::uint64_t i = 0; i < table && i < limits_.members * 10; ++i)
      read_location(offset_in(offsets, i));
    if (table > limits_.members * 10)
      problem(ErrorCode::limit_exceeded, "more resources than are read");
    image_.modules.assign(modules_.begin(), modules_.end());
    return std::move(image_);
  }

 private:
  Result<std::uint64_t> u4(std::uint64_t at) const {
    return big_endian_ ? std::uint64_t{TRY(bytes_.read_big<std::uint32_t>(at))}
                       : std::uint64_t{TRY(bytes_.read<std::uint32_t>(at))};
  }
  std::uint64_t offset_in(ByteView offsets, std::uint64_t i) const {
    return big_endian_ ? offsets.read_big<std::uint32_t>(4 * i).value_or(0)
                       : offsets.read<std::uint32_t>(4 * i).value_or(0);
  }

  // Attribute kinds in the upper five bits, length minus one in the lower three.
  Result<Location> location_at(std::uint64_t at) const {
    Location out{};
    for (std::size_t i = 0; i <= kAttributes; ++i) {
      std::uint8_t head = TRY(locations_.read<std::uint8_t>(at++));
      std::size_t kind = head >> 3, length = (head & 7u) + 1;
      if (kind == Attribute::end) return out;
      if (kind >= kAttributes) break;
      ByteView value = TRY(locations_.slice(at, length));
      at += length;
      out[kind] = 0;
      for (std::uint8_t byte : value.span()) out[kind] = out[kind] << 8 | byte;
    }
    return Error{ErrorCode::malformed, "an attribute of unknown kind"};
  }

  void read_location(std::uint64_t at) {
    Result<Location> location = location_at(at);
    if (!location) return problem(location.error().code, location.error().message);
    Result<std::string_view> name = texts_.read_cstring((*location)[module]);
    Result<std::string_view> stem = texts_.read_cstring((*location)[base]);
    if (!name || !stem) return problem(ErrorCode::truncated, "a name lies outside the texts");
    ++image_.resources;
    // "/modules/…" and "/packages/…" are made for look-ups and are no modules.
    if (name->empty() || *name == "modules" || *name == "packages") return;
    if (modules_.size() < limits_.dynamic_entries) modules_.insert(kept(*name, limits_));
    if (*name == "java.base" && *stem == "module-info") read_version(*location);
  }

  void read_version(const Location& location) {
    if (location[compressed] != 0)
      return problem(ErrorCode::unsupported, "module-info of java.base is compressed");
    Result<ByteView> content = resources_.slice(location[offset], location[size]);
    if (!content) return problem(content.error().code, "java.base: " + content.error().message);
    Result<JavaClass> info = read_java_class(*content);
    if (!info) return problem(info.error().code, "java.base: " + info.error().message);
    image_.version = info->module_version;
  }

  void problem(ErrorCode code, std::string what) {
    if (image_.problems.size() < limits_.problems)
      image_.problems.push_back({code, "runtime image: " + std::move(what)});
  }

  ByteView bytes_;
  const Limits& limits_;
  bool big_endian_ = false;
  ByteView locations_, texts_, resources_;
  std::set<std::string> modules_;
  JavaImage image_;
};

}  // namespace

bool is_java_image(ByteView bytes) {
  return bytes.read_big<std::uint32_t>(0).value_or(0) == kMagic ||
         bytes.read<std::uint32_t>(0).value_or(0) == kMagic;
}

Result<JavaImage> read_java_image(ByteView bytes, const Limits& limits) {
  return ImageReader(bytes, limits).read();
}

}  // namespace fathom
