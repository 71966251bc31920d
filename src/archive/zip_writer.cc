#include "archive/zip_writer.h"

#include <libdeflate.h>

#include <limits>

namespace fathom::archive {
namespace {

constexpr std::uint16_t kStored = 0, kDeflated = 8;
constexpr std::uint16_t kVersion = 20, kVersion64 = 45;
constexpr std::uint16_t kUtf8 = 1 << 11;
constexpr std::uint16_t kFirstDay = 1 << 5 | 1;  // 1980-01-01, the earliest there is
constexpr std::uint32_t kFull32 = 0xffff'ffff;
constexpr std::uint16_t kFull16 = 0xffff;
constexpr std::uint16_t kExtra64 = 1;

class Record {
 public:
  template <class... T>
  explicit Record(std::uint32_t magic, T... fields) {
    put(magic);
    (put(fields), ...);
  }
  template <class T>
  Record& put(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bytes_ += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
    return *this;
  }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::uint16_t u16(std::uint64_t v) { return static_cast<std::uint16_t>(v); }
std::uint32_t u32(std::uint64_t v) { return static_cast<std::uint32_t>(v); }

}  // namespace

struct ZipWriter::Compressor {
  libdeflate_compressor* handle = libdeflate_alloc_compressor(6);
  Compressor() = default;
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  ~Compressor() { libdeflate_free_compressor(handle); }
};

ZipWriter::ZipWriter(Sink sink)
    : sink_(std::move(sink)), compressor_(std::make_unique<Compressor>()) {}
ZipWriter::~ZipWriter() = default;

Done ZipWriter::put(std::string_view bytes) {
  written_ += bytes.size();
  return sink_(bytes);
}

Done ZipWriter::add(const std::string& path, std::string_view content) {
  if (content.size() >= kFull32 || path.size() >= kFull16)
    return Error{ErrorCode::limit_exceeded, "too large for a member of a zip archive: " + path};
  Member member{path, kStored, 0, u32(content.size()), u32(content.size()), written_};
  member.crc32 = libdeflate_crc32(0, content.data(), content.size());
  std::string deflated(content.size(), '\0');
  // 0 when it does not become smaller.
  const std::size_t size = libdeflate_deflate_compress(
      compressor_->handle, content.data(), content.size(), deflated.data(), deflated.size());
  if (size > 0) {
    member.method = kDeflated;
    member.compressed = u32(size);
    content = std::string_view(deflated).substr(0, size);
  }
  Record header(0x04034b50, kVersion, kUtf8, member.method, std::uint16_t{0}, kFirstDay,
                member.crc32, member.compressed, member.size, u16(path.size()), std::uint16_t{0});
  members_.push_back(member);
  TRY(put(header.bytes()));
  TRY(put(path));
  return put(content);
}

Done ZipWriter::finish() {
  const std::uint64_t start = written_;
  for (const Member& m : members_) {
    const bool far = m.offset >= kFull32;
    Record record(0x02014b50, far ? kVersion64 : kVersion, far ? kVersion64 : kVersion, kUtf8,
                  m.method, std::uint16_t{0}, kFirstDay, m.crc32, m.compressed, m.size,
                  u16(m.path.size()), far ? std::uint16_t{12} : std::uint16_t{0}, std::uint16_t{0},
                  std::uint16_t{0}, std::uint16_t{0}, std::uint32_t{0},
                  far ? kFull32 : u32(m.offset));
    TRY(put(record.bytes()));
    TRY(put(m.path));
    if (!far) continue;
    Record extra(u32(kExtra64 | 8u << 16), m.offset);
    TRY(put(extra.bytes()));
  }
  const std::uint64_t size = written_ - start, count = members_.size(), end = written_;
  const bool needs_64 = count >= kFull16 || size >= kFull32 || start >= kFull32;
  if (needs_64) {
    Record end64(0x06064b50, std::uint64_t{44}, kVersion64, kVersion64, std::uint32_t{0},
                 std::uint32_t{0}, count, count, size, start);
    Record locator(0x07064b50, std::uint32_t{0}, end, std::uint32_t{1});
    TRY(put(end64.bytes()));
    TRY(put(locator.bytes()));
  }
  Record last(0x06054b50, std::uint16_t{0}, std::uint16_t{0},
              count >= kFull16 ? kFull16 : u16(count), count >= kFull16 ? kFull16 : u16(count),
              size >= kFull32 ? kFull32 : u32(size), start >= kFull32 ? kFull32 : u32(start),
              std::uint16_t{0});
  return put(last.bytes());
}

}  // namespace fathom::archive
