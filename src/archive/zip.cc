// The central directory at the end is what unzip tools believe; the local headers before each
// member are what streaming tools believe. Where they disagree, two tools see two archives, so both
// are read and compared. Members that overlap are how a few kilobytes become terabytes.

#include "archive/zip.h"

#include <zlib.h>

#include <algorithm>

#include "base/text.h"

namespace fathom::archive {
namespace {

constexpr std::uint32_t kEndMark = 0x06054b50, kEnd64Locator = 0x07064b50, kEnd64 = 0x06064b50;
constexpr std::uint32_t kCentralMark = 0x02014b50, kLocalMark = 0x04034b50;
constexpr std::uint64_t kEndSize = 22, kCentralSize = 46, kLocalSize = 30, kLocatorSize = 20;
constexpr std::uint64_t kMostComment = 65'535;
constexpr std::uint16_t kEncrypted = 1, kStored = 0, kDeflated = 8, kZip64Extra = 1;
constexpr std::uint32_t kSee64 = 0xffffffff;

struct Directory {
  std::uint64_t offset = 0, size = 0, count = 0;
  std::uint64_t shift = 0;  // bytes before the archive: a self-extractor's program
};

// The numbers of one end record, when they are consistent: the directory lies before it and begins
// with its mark.
std::optional<Directory> read_end(ByteView bytes, std::uint64_t at) {
  if (bytes.read<std::uint32_t>(at).value_or(0) != kEndMark) return {};
  Result<ByteView> record = bytes.slice(at, kEndSize);
  if (!record) return {};
  Directory directory;
  directory.count = record->read<std::uint16_t>(10).value();
  directory.size = record->read<std::uint32_t>(12).value();
  directory.offset = record->read<std::uint32_t>(16).value();
  std::uint64_t end = at;
  bool wants64 =
      directory.count == 0xffff || directory.size == kSee64 || directory.offset == kSee64;
  if (wants64 && at >= kLocatorSize &&
      bytes.read<std::uint32_t>(at - kLocatorSize).value_or(0) == kEnd64Locator) {
    std::uint64_t at64 = bytes.read<std::uint64_t>(at - kLocatorSize + 8).value_or(0);
    if (bytes.read<std::uint32_t>(at64).value_or(0) == kEnd64) {
      directory.count = bytes.read<std::uint64_t>(at64 + 32).value_or(0);
      directory.size = bytes.read<std::uint64_t>(at64 + 40).value_or(0);
      directory.offset = bytes.read<std::uint64_t>(at64 + 48).value_or(0);
      end = at64;
    }
  }
  if (directory.size > end || directory.offset > end - directory.size) return {};
  directory.shift = end - directory.size - directory.offset;
  std::uint64_t start = directory.offset + directory.shift;
  if (directory.count == 0 && directory.size == 0) return directory;
  if (bytes.read<std::uint32_t>(start).value_or(0) == kCentralMark) return directory;
  // Some writers leave a gap behind the directory: the offset is then right as it stands.
  if (bytes.read<std::uint32_t>(directory.offset).value_or(0) != kCentralMark) return {};
  directory.shift = 0;
  return directory;
}

// The last consistent end record; an end mark inside the comment of the true one is not consistent.
std::optional<Directory> find_directory(ByteView bytes) {
  if (bytes.size() < kEndSize) return {};
  std::uint64_t last = bytes.size() - kEndSize;
  std::uint64_t first = last > kMostComment ? last - kMostComment : 0;
  for (std::uint64_t at = last + 1; at-- > first;)
    if (bytes.span()[at] == 'P')
      if (std::optional<Directory> directory = read_end(bytes, at)) return directory;
  return {};
}

// Sizes and offset that did not fit stand in the zip64 extra field, in this order.
Done read_zip64(ByteView extra, ZipEntry& entry) {
  for (std::uint64_t at = 0; at + 4 <= extra.size();) {
    std::uint16_t id = TRY(extra.read<std::uint16_t>(at));
    std::uint16_t size = TRY(extra.read<std::uint16_t>(at + 2));
    ByteView field = TRY(extra.slice(at + 4, size));
    at += 4u + size;
    if (id != kZip64Extra) continue;
    std::uint64_t next = 0;
    for (std::uint64_t* value : {&entry.size, &entry.compressed_size, &entry.header_offset}) {
      if (*value != kSee64) continue;
      *value = TRY(field.read<std::uint64_t>(next));
      next += 8;
    }
  }
  return Ok{};
}

struct Central {
  ZipEntry entry;
  std::uint64_t record_size = 0;
};

Result<Central> read_central(ByteView bytes, std::uint64_t at) {
  ByteView record = TRY(bytes.slice(at, kCentralSize));
  if (record.read<std::uint32_t>(0).value() != kCentralMark)
    return Error{ErrorCode::malformed, "no directory record at offset " + std::to_string(at)};
  std::uint64_t name_size = record.read<std::uint16_t>(28).value();
  std::uint64_t extra_size = record.read<std::uint16_t>(30).value();
  std::uint64_t comment_size = record.read<std::uint16_t>(32).value();
  ZipEntry entry;
  entry.flags = record.read<std::uint16_t>(8).value();
  entry.method = record.read<std::uint16_t>(10).value();
  entry.crc32 = record.read<std::uint32_t>(16).value();
  entry.compressed_size = record.read<std::uint32_t>(20).value();
  entry.size = record.read<std::uint32_t>(24).value();
  entry.header_offset = record.read<std::uint32_t>(42).value();
  entry.path = TRY(bytes.slice(at + kCentralSize, name_size)).as_text();
  entry.is_directory = entry.path.ends_with('/');
  entry.encrypted = (entry.flags & kEncrypted) != 0;
  ByteView extra = TRY(bytes.slice(at + kCentralSize + name_size, extra_size));
  TRY(read_zip64(extra, entry).in(printable(entry.path)));
  return Central{std::move(entry), kCentralSize + name_size + extra_size + comment_size};
}

// Where the member's data begins, and what its local header says otherwise than the directory.
Result<std::uint64_t> data_offset(ByteView bytes, const ZipEntry& entry) {
  ByteView header = TRY(bytes.slice(entry.header_offset, kLocalSize));
  if (header.read<std::uint32_t>(0).value() != kLocalMark)
    return Error{ErrorCode::malformed, "no local header where the directory says"};
  return entry.header_offset + kLocalSize + header.read<std::uint16_t>(26).value() +
         header.read<std::uint16_t>(28).value();
}

std::string disagreement(ByteView bytes, const ZipEntry& entry) {
  ByteView header = bytes.clamped(entry.header_offset, kLocalSize);
  constexpr std::uint16_t kSizesFollow = 8;
  std::uint16_t flags = header.read<std::uint16_t>(6).value_or(0);
  std::uint64_t name_size = header.read<std::uint16_t>(26).value_or(0);
  std::string_view name = bytes.clamped(entry.header_offset + kLocalSize, name_size).as_text();
  if (name != entry.path) return "the local header calls it " + printable(name);
  if (header.read<std::uint16_t>(8).value_or(0) != entry.method)
    return "the local header names another method";
  std::uint32_t size = header.read<std::uint32_t>(22).value_or(0);
  bool says_size = (flags & kSizesFollow) == 0 && size != kSee64;
  if (says_size && size != entry.size)
    return "the local header says " + std::to_string(size) + " bytes";
  return {};
}

Result<Bytes> inflate_member(ByteView data, const ZipEntry& entry, const InflateLimits& limits) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return Error{ErrorCode::io, "inflateInit failed"};
  stream.next_in = const_cast<Bytef*>(data.span().data());
  stream.avail_in = static_cast<uInt>(std::min<std::uint64_t>(data.size(), ~uInt{0}));
  constexpr std::size_t kPiece = 1 << 18;
  Bytes out;
  int status = Z_OK;
  while (status == Z_OK) {
    std::size_t before = out.size();
    out.resize(before + kPiece);
    stream.next_out = out.data() + before;
    stream.avail_out = kPiece;
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + kPiece - stream.avail_out);
    bool too_much = out.size() > limits.output || out.size() > entry.size ||
                    (out.size() > limits.ratio_from && out.size() / limits.ratio > data.size());
    if (too_much || (status == Z_OK && stream.avail_out == kPiece)) break;
  }
  inflateEnd(&stream);
  if (out.size() > entry.size) return Error{ErrorCode::malformed, "has more bytes than it says"};
  if (out.size() > limits.output ||
      (out.size() > limits.ratio_from && out.size() / limits.ratio > data.size()))
    return Error{ErrorCode::limit_exceeded, "inflates beyond the limit"};
  if (status != Z_STREAM_END) return Error{ErrorCode::malformed, "the deflated data is damaged"};
  return out;
}

}  // namespace

Result<ZipFile> ZipFile::parse(ByteView bytes, const Limits& limits) {
  std::optional<Directory> directory = find_directory(bytes);
  if (!directory) return Error{ErrorCode::malformed, "no central directory was found"};
  ZipFile zip;
  zip.bytes_ = bytes;
  auto problem = [&](ErrorCode code, std::string what) {
    if (zip.problems_.size() < limits.problems) zip.problems_.push_back({code, std::move(what)});
  };
  std::uint64_t at = directory->offset + directory->shift;
  for (std::uint64_t i = 0; i < directory->count; ++i) {
    if (i == limits.members) {
      problem(ErrorCode::limit_exceeded,
              std::to_string(directory->count) + " members are more than the limit");
      break;
    }
    Result<Central> record = read_central(bytes, at);
    if (!record) {
      problem(record.error().code, "the directory breaks off after " + std::to_string(i) + " of " +
                                       std::to_string(directory->count) +
                                       " members: " + record.error().message);
      break;
    }
    at += record->record_size;
    record->entry.header_offset += directory->shift;
    std::string differs = disagreement(bytes, record->entry);
    if (!differs.empty())
      problem(ErrorCode::malformed, printable(record->entry.path) + ": " + differs);
    zip.entries_.push_back(std::move(record->entry));
  }

  // Sorted by place, each member must begin where the one before it has ended, or later.
  std::vector<std::size_t> order(zip.entries_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return zip.entries_[i].header_offset; });
  std::uint64_t end = 0;
  for (std::size_t i : order) {
    ZipEntry& entry = zip.entries_[i];
    Result<std::uint64_t> data = data_offset(bytes, entry);
    if (entry.header_offset < end) {
      entry.overlaps = true;
      problem(ErrorCode::malformed, printable(entry.path) + ": overlaps the member before it");
    }
    if (data && entry.compressed_size <= bytes.size())
      end = std::max(end, *data + entry.compressed_size);
  }
  return zip;
}

Result<Bytes> ZipFile::read(const ZipEntry& entry, const InflateLimits& limits) const {
  if (entry.encrypted) return Error{ErrorCode::unsupported, "is encrypted"};
  if (entry.overlaps) return Error{ErrorCode::malformed, "overlaps another member"};
  if (entry.size > limits.output)
    return Error{ErrorCode::limit_exceeded,
                 std::to_string(entry.size) + " bytes are more than the limit"};
  std::uint64_t offset = TRY(data_offset(bytes_, entry));
  ByteView data = TRY(bytes_.slice(offset, entry.compressed_size));
  Bytes content;
  if (entry.method == kStored)
    content.assign(data.span().begin(), data.span().end());
  else if (entry.method == kDeflated)
    content = TRY(inflate_member(data, entry, limits));
  else
    return Error{ErrorCode::unsupported, "compression method " + std::to_string(entry.method)};
  if (content.size() != entry.size)
    return Error{ErrorCode::malformed, "has " + std::to_string(content.size()) +
                                           " bytes, the directory says " +
                                           std::to_string(entry.size)};
  std::uint32_t crc = 0;
  for (std::size_t done = 0; done < content.size();) {
    auto piece = static_cast<uInt>(std::min<std::size_t>(content.size() - done, 1 << 30));
    crc = static_cast<std::uint32_t>(::crc32(crc, content.data() + done, piece));
    done += piece;
  }
  if (crc != entry.crc32) return Error{ErrorCode::malformed, "wrong CRC-32"};
  return content;
}

}  // namespace fathom::archive
