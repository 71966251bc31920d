// One entry of a tar is a 512-byte header, its content, and padding to the next block. Everything
// that did not fit in the header of 1979 came later as entries of its own before the one it speaks
// of: PAX records ('x' for the next entry, 'g' for all), GNU long names ('L', 'K'). Sparse files
// have their map in the header ('S', old GNU), in PAX records (0.0, 0.1) or before the content
// (1.0).
//
// Numbers are hostile: nothing is allocated by a size that a header claims before that many bytes
// have been read.

#include "archive/tar.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace fathom::archive {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kMostSize = std::uint64_t{1} << 62;  // sums of two stay representable

struct Field {
  std::size_t offset, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12},
    kMtime{136, 12}, kChecksum{148, 8}, kLink{157, 100}, kMajor{329, 8}, kMinor{337, 8},
    kPrefix{345, 155};
constexpr std::size_t kTypeFlag = 156, kMagic = 257;
// Old GNU sparse headers.
constexpr std::size_t kSparseMap = 386, kSparseIsExtended = 482, kSparseRealSize = 483;
constexpr std::size_t kSparseInHeader = 4, kSparseInExtension = 21, kExtensionIsExtended = 504;

std::string_view text_at(ByteView block, Field field) {
  std::string_view text = block.clamped(field.offset, field.size).as_text();
  return text.substr(0, text.find('\0'));
}

// Octal digits with spaces and NULs around, or (high bit set) a big-endian two's complement number.
// Nothing for what is neither.
std::optional<std::int64_t> number_at(ByteView block, Field field) {
  std::span<const std::uint8_t> bytes = block.clamped(field.offset, field.size).span();
  if (bytes.empty()) return {};
  if (bytes[0] & 0x80) {
    bool negative = bytes[0] & 0x40;
    std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::uint8_t byte =
          i > 0 ? bytes[i]
                : static_cast<std::uint8_t>(negative ? bytes[0] | 0x80 : bytes[0] & 0x7f);
      std::uint64_t top = value >> 55;
      if (top != (negative ? 0x1ffu : 0u)) return {};  // would not fit in 63 bits
      value = value << 8 | byte;
    }
    return static_cast<std::int64_t>(value);
  }
  std::string_view text = block.clamped(field.offset, field.size).as_text();
  std::size_t first = text.find_first_not_of(std::string_view(" \0", 2));
  if (first == text.npos) return 0;
  text = text.substr(first);
  text = text.substr(0, text.find_first_of(std::string_view(" \0", 2)));
  std::optional<std::uint64_t> value = parse_unsigned(text, 8);
  if (!value || *value > kMostSize) return {};
  return static_cast<std::int64_t>(*value);
}

bool is_zero(ByteView block) {
  return std::ranges::all_of(block.span(), [](std::uint8_t byte) { return byte == 0; });
}

// POSIX sums unsigned bytes; some old implementations summed signed ones.
bool checksum_holds(ByteView block) {
  std::int64_t unsigned_sum = 0, signed_sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    std::uint8_t byte = own ? std::uint8_t{' '} : block.span()[i];
    unsigned_sum += byte;
    signed_sum += static_cast<std::int8_t>(byte);
  }
  std::optional<std::int64_t> claimed = number_at(block, kChecksum);
  return claimed && (*claimed == unsigned_sum || *claimed == signed_sum);
}

std::optional<TarType> type_of(char flag) {
  switch (flag) {
    case '\0':
    case '0':
    case '7':  // contiguous
    case 'S':
      return TarType::regular;
    case '1':
      return TarType::hard_link;
    case '2':
      return TarType::symlink;
    case '3':
      return TarType::character_device;
    case '4':
      return TarType::block_device;
    case '5':
      return TarType::directory;
    case '6':
      return TarType::fifo;
    default:
      return {};
  }
}

// "1700000000.123": the whole seconds.
std::optional<std::int64_t> parse_time(std::string_view text) {
  bool negative = text.starts_with('-');
  std::string_view digits = text.substr(negative ? 1 : 0);
  std::optional<std::uint64_t> value = parse_unsigned(digits.substr(0, digits.find('.')));
  if (!value || *value > kMostSize) return {};
  auto seconds = static_cast<std::int64_t>(*value);
  return negative ? -seconds : seconds;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::optional<std::uint64_t> value = parse_unsigned(text);
  return value && *value <= kMostSize ? value : std::nullopt;
}

}  // namespace

std::string_view name_of(TarType type) {
  switch (type) {
    case TarType::regular:
      return "file";
    case TarType::hard_link:
      return "hard link";
    case TarType::symlink:
      return "symlink";
    case TarType::character_device:
      return "character device";
    case TarType::block_device:
      return "block device";
    case TarType::directory:
      return "directory";
    case TarType::fifo:
      return "fifo";
    case TarType::other:
      return "other";
  }
  return {};
}

TarReader::TarReader(ByteSource& source, const Limits& limits) : source_(source), limits_(limits) {}

void TarReader::problem(ErrorCode code, std::string what) {
  if (problems_.size() < limits_.problems) problems_.push_back({code, std::move(what)});
}

Result<std::optional<TarEntry>> TarReader::next() {
  local_.clear();
  sparse_claim_.reset();
  has_long_name_ = has_long_link_ = false;
  for (bool zero_before = false; !ended_;) {
    TRY(skip_content());
    std::uint64_t offset = position_;
    std::optional<Bytes> block = TRY(next_block());
    if (!block) {
      ended_ = true;
      if (!zero_before && offset > 0) problem(ErrorCode::truncated, "the archive has no end mark");
      break;
    }
    if (is_zero(ByteView(*block))) {
      ended_ = zero_before;
      zero_before = true;
      continue;
    }
    zero_before = false;
    if (!checksum_holds(ByteView(*block))) {
      ended_ = true;
      return Error{ErrorCode::malformed,
                   "no tar header at offset " + std::to_string(offset) + ": wrong checksum"};
    }
    Result<std::optional<TarEntry>> entry = parse_entry(*block);
    if (!entry) {
      ended_ = true;
      return std::move(entry).in("header at offset " + std::to_string(offset));
    }
    if (!*entry) continue;  // it spoke of the next one
    (*entry)->header_offset = offset;
    return entry;
  }
  return std::optional<TarEntry>{};
}

Result<std::optional<Bytes>> TarReader::next_block() {
  Bytes block(kBlock);
  std::size_t n = TRY(read_fully(source_, block));
  if (n == 0) return std::optional<Bytes>{};
  if (n < kBlock) {
    ended_ = true;
    return Error{ErrorCode::truncated,
                 "the archive ends inside a block, at offset " + std::to_string(position_ + n)};
  }
  position_ += kBlock;
  return std::optional<Bytes>(std::move(block));
}

Done TarReader::skip_content() {
  std::uint64_t rest = std::exchange(stored_left_, 0) + std::exchange(padding_, 0);
  regions_.clear();
  is_sparse_ = false;
  content_at_ = content_size_ = 0;
  if (rest == 0) return Ok{};
  Done skipped = skip(source_, rest);
  if (!skipped) {
    ended_ = true;
    return std::move(skipped).in("the content before offset " + std::to_string(position_ + rest));
  }
  position_ += rest;
  return Ok{};
}

Result<std::optional<TarEntry>> TarReader::parse_entry(const Bytes& bytes) {
  ByteView block(bytes);
  char flag = static_cast<char>(bytes[kTypeFlag]);
  std::optional<std::int64_t> size = number_at(block, kSize);
  if (!size || *size < 0) return Error{ErrorCode::malformed, "the size is no size"};
  stored_left_ = static_cast<std::uint64_t>(*size);
  // Only these have content; links and folders may carry a size that means nothing.
  std::optional<TarType> type = type_of(flag);
  bool posix = block.has_at(kMagic, std::string_view("ustar\0", 6));
  bool gnu = block.has_at(kMagic, "ustar  ");

  auto own_content = [&] {
    padding_ = (kBlock - stored_left_ % kBlock) % kBlock;
    content_size_ = stored_left_;
  };
  if (flag == 'x' || flag == 'g' || flag == 'X') {
    own_content();
    Records& into = flag == 'g' ? global_ : local_;
    TRY(read_pax(stored_left_, into, flag == 'g' ? "global PAX header" : "PAX header"));
    return std::optional<TarEntry>{};
  }
  if (flag == 'L' || flag == 'K') {
    own_content();
    std::string text = TRY(read_long_name(stored_left_));
    (flag == 'L' ? long_name_ : long_link_) = std::move(text);
    (flag == 'L' ? has_long_name_ : has_long_link_) = true;
    return std::optional<TarEntry>{};
  }

  TarEntry entry;
  entry.path = text_at(block, kName);
  std::string_view prefix = posix ? text_at(block, kPrefix) : std::string_view();
  if (!prefix.empty()) entry.path = std::string(prefix) + "/" + entry.path;
  entry.link_target = text_at(block, kLink);
  entry.mode = static_cast<std::uint32_t>(number_at(block, kMode).value_or(0) & 07777);
  entry.uid =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_at(block, kUid).value_or(0)));
  entry.gid =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_at(block, kGid).value_or(0)));
  entry.mtime = number_at(block, kMtime).value_or(0);
  if (posix || gnu) {
    entry.device_major =
        static_cast<std::uint64_t>(number_at(block, kMajor).value_or(0)) & 0xffffffff;
    entry.device_minor =
        static_cast<std::uint64_t>(number_at(block, kMinor).value_or(0)) & 0xffffffff;
  }
  // A v7 archive says "folder" by a slash.
  if (type == TarType::regular && flag != 'S' && entry.path.ends_with('/'))
    type = TarType::directory;
  entry.type = type.value_or(TarType::other);
  if (has_long_name_) entry.path = long_name_;
  if (has_long_link_) entry.link_target = long_link_;
  TRY(apply_pax(entry));
  if (!type)
    problem(ErrorCode::unsupported, printable(entry.path) + ": an entry of unknown type '" +
                                        printable(std::string_view(&flag, 1)) + "'");
  // Links, folders and devices have no content whatever size they carry, as in Go's reader, which
  // is what container runtimes unpack with.
  if (entry.type != TarType::regular && entry.type != TarType::other) stored_left_ = 0;
  own_content();
  entry.content_offset = position_;
  entry.size = stored_left_;
  if (flag == 'S') TRY(apply_gnu_sparse(bytes));
  if (sparse_claim_ && entry.type == TarType::regular) TRY(apply_sparse_claim());
  if (is_sparse_) {
    entry.sparse = true;
    entry.size = content_size_;
    entry.content_offset = position_;
  }
  return std::optional<TarEntry>(std::move(entry));
}

// "<length> <key>=<value>\n", the length counting itself.
Done TarReader::read_pax(std::uint64_t size, Records& into, std::string_view what) {
  if (size > limits_.tar_header_bytes)
    return Error{ErrorCode::limit_exceeded,
                 "a " + std::string(what) + " of " + std::to_string(size) + " bytes"};
  Bytes bytes = TRY(read_all(size).in(what));
  std::string_view rest = ByteView(bytes).as_text();
  // GNU sparse 0.0 repeats keys; its map is kept under a key of our own, in order.
  std::string sparse_map;
  while (!rest.empty() && rest[0] != '\0') {
    std::size_t space = rest.find(' ');
    std::optional<std::uint64_t> length =
        space == rest.npos ? std::nullopt : parse_unsigned(rest.substr(0, space));
    if (!length || *length <= space + 1 || *length > rest.size() || rest[*length - 1] != '\n') {
      problem(ErrorCode::malformed, std::string(what) + ": a record of wrong length");
      break;
    }
    std::string_view record = rest.substr(space + 1, *length - space - 2);
    rest.remove_prefix(*length);
    std::size_t equals = record.find('=');
    if (equals == record.npos) {
      problem(ErrorCode::malformed, std::string(what) + ": a record without =");
      continue;
    }
    std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    bool may_hold_nul = key.starts_with("SCHILY.xattr.") || key.starts_with("LIBARCHIVE.xattr.");
    if (!may_hold_nul && value.find('\0') != value.npos) {
      problem(ErrorCode::malformed, std::string(what) + ": a NUL in " + printable(key));
      continue;
    }
    if (key == "GNU.sparse.offset" || key == "GNU.sparse.numbytes")
      sparse_map += (sparse_map.empty() ? "" : ",") + std::string(value);
    else
      into[std::string(key)] = value;
  }
  if (!sparse_map.empty()) into["GNU.sparse.map"] = sparse_map;
  return Ok{};
}

Result<std::string> TarReader::read_long_name(std::uint64_t size) {
  if (size > limits_.tar_header_bytes)
    return Error{ErrorCode::limit_exceeded, "a long name of " + std::to_string(size) + " bytes"};
  Bytes bytes = TRY(read_all(size).in("long name"));
  std::string_view text = ByteView(bytes).as_text();
  return std::string(text.substr(0, text.find('\0')));
}

Done TarReader::apply_pax(TarEntry& entry) {
  if (global_.empty() && local_.empty()) return Ok{};
  Records records = global_;
  for (const auto& [key, value] : local_) records[key] = value;
  auto bad = [&](const std::string& key) {
    problem(ErrorCode::malformed, printable(entry.path) + ": the PAX " + key + " is no number");
  };
  for (const auto& [key, value] : records) {
    if (value.empty()) continue;  // takes a global record back
    if (key == "path") entry.path = value;
    if (key == "linkpath") entry.link_target = value;
    if (key.starts_with("SCHILY.xattr.")) entry.xattrs[key.substr(13)] = value;
    if (key == "mtime") {
      std::optional<std::int64_t> time = parse_time(value);
      time ? void(entry.mtime = *time) : bad(key);
    }
    if (key == "size" || key == "uid" || key == "gid") {
      std::optional<std::uint64_t> number = parse_size(value);
      // A size that cannot be read leaves no way to the next header.
      if (!number && key == "size") return Error{ErrorCode::malformed, "the PAX size is no size"};
      if (!number)
        bad(key);
      else
        (key == "size" ? stored_left_ : key == "uid" ? entry.uid : entry.gid) = *number;
    }
  }
  return apply_pax_sparse(entry, records);
}

Done TarReader::apply_gnu_sparse(const Bytes& header) {
  std::vector<Region> regions;
  auto take = [&](ByteView block, std::size_t at, std::size_t count) -> Done {
    for (std::size_t i = 0; i < count; ++i) {
      std::optional<std::int64_t> offset = number_at(block, {at + 24 * i, 12});
      std::optional<std::int64_t> size = number_at(block, {at + 24 * i + 12, 12});
      if (!offset || !size || *offset < 0 || *size < 0)
        return Error{ErrorCode::malformed, "the sparse map is damaged"};
      if (*offset == 0 && *size == 0) continue;
      if (regions.size() >= limits_.sparse_regions)
        return Error{ErrorCode::limit_exceeded, "a sparse map longer than the limit"};
      regions.push_back({static_cast<std::uint64_t>(*offset), static_cast<std::uint64_t>(*size)});
    }
    return Ok{};
  };
  TRY(take(ByteView(header), kSparseMap, kSparseInHeader));
  std::optional<std::int64_t> real_size = number_at(ByteView(header), {kSparseRealSize, 12});
  if (!real_size || *real_size < 0)
    return Error{ErrorCode::malformed, "the sparse size is no size"};
  for (bool more = header[kSparseIsExtended] != 0; more;) {
    std::optional<Bytes> block = TRY(next_block());
    if (!block) return Error{ErrorCode::truncated, "the archive ends inside a sparse map"};
    TRY(take(ByteView(*block), 0, kSparseInExtension));
    more = (*block)[kExtensionIsExtended] != 0;
  }
  return set_regions(std::move(regions), static_cast<std::uint64_t>(*real_size));
}

Done TarReader::apply_pax_sparse(TarEntry& entry, const Records& records) {
  auto value = [&](std::string_view key) -> std::string_view {
    auto found = records.find(key);
    return found == records.end() ? std::string_view() : std::string_view(found->second);
  };
  bool in_content = value("GNU.sparse.major") == "1";
  std::string_view map = value("GNU.sparse.map");
  std::string_view real = value(in_content ? "GNU.sparse.realsize" : "GNU.sparse.size");
  if (real.empty()) real = value("GNU.sparse.realsize");
  if (!in_content && map.empty() && real.empty()) return Ok{};
  if (!value("GNU.sparse.name").empty()) entry.path = value("GNU.sparse.name");
  std::optional<std::uint64_t> real_size = parse_size(real);
  if (!real_size) return Error{ErrorCode::malformed, "the sparse size is no size"};
  SparseClaim claim{*real_size, in_content, {}};
  if (in_content) {
    sparse_claim_ = std::move(claim);
    return Ok{};
  }
  std::vector<std::string_view> numbers = split(map, ',');
  if (map.empty()) numbers.clear();
  if (numbers.size() % 2 != 0 || numbers.size() / 2 > limits_.sparse_regions)
    return Error{ErrorCode::malformed, "the sparse map is damaged or too long"};
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    std::optional<std::uint64_t> offset = parse_size(numbers[i]), size = parse_size(numbers[i + 1]);
    if (!offset || !size) return Error{ErrorCode::malformed, "the sparse map is damaged"};
    claim.regions.push_back({*offset, *size});
  }
  sparse_claim_ = std::move(claim);
  return Ok{};
}

Done TarReader::apply_sparse_claim() {
  SparseClaim claim = *std::exchange(sparse_claim_, std::nullopt);
  if (claim.map_in_content) claim.regions = TRY(read_sparse_map_in_content());
  return set_regions(std::move(claim.regions), claim.real_size);
}

// Version 1.0: decimal lines (the number of regions, then offset and size of each) padded to a
// block, before the stored bytes.
Result<std::vector<TarReader::Region>> TarReader::read_sparse_map_in_content() {
  std::string text;
  std::vector<std::uint64_t> numbers;
  std::optional<std::uint64_t> wanted;
  while (!wanted || numbers.size() < *wanted) {
    Bytes block(kBlock);
    if (TRY(read_stored(block)) < kBlock)
      return Error{ErrorCode::truncated, "the content ends inside the sparse map"};
    text += ByteView(block).as_text();
    for (std::size_t end;
         (end = text.find('\n')) != text.npos && (!wanted || numbers.size() < *wanted);) {
      std::optional<std::uint64_t> number = parse_size(std::string_view(text).substr(0, end));
      if (!number || (!wanted && *number > limits_.sparse_regions))
        return Error{ErrorCode::malformed, "the sparse map is damaged or too long"};
      text.erase(0, end + 1);
      if (!wanted)
        wanted = 2 * *number;
      else
        numbers.push_back(*number);
    }
    if (text.size() > kBlock) return Error{ErrorCode::malformed, "the sparse map is damaged"};
  }
  std::vector<Region> regions;
  for (std::size_t i = 0; i + 1 < numbers.size(); i += 2)
    regions.push_back({numbers[i], numbers[i + 1]});
  return regions;
}

// Regions must be in order, inside the file, and make up exactly the stored bytes.
Done TarReader::set_regions(std::vector<Region> regions, std::uint64_t real_size) {
  std::uint64_t at = 0, stored = 0;
  for (const Region& region : regions) {
    if (region.offset < at || region.offset > real_size || region.size > real_size - region.offset)
      return Error{ErrorCode::malformed, "the sparse map is out of order or out of the file"};
    at = region.offset + region.size;
    stored += region.size;
  }
  if (stored != stored_left_)
    return Error{ErrorCode::malformed, "the sparse map speaks of " + std::to_string(stored) +
                                           " bytes, " + std::to_string(stored_left_) +
                                           " are stored"};
  regions_ = std::move(regions);
  region_ = 0;
  content_size_ = real_size;
  is_sparse_ = true;
  return Ok{};
}

Result<std::size_t> TarReader::read_stored(std::span<std::uint8_t> into) {
  std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), stored_left_));
  std::size_t n = want == 0 ? 0 : TRY(read_fully(source_, into.first(want)));
  position_ += n;
  stored_left_ -= n;
  if (n == want) return n;
  ended_ = true;
  stored_left_ = padding_ = 0;
  return Error{ErrorCode::truncated,
               "the archive ends inside the content, at offset " + std::to_string(position_)};
}

Result<std::size_t> TarReader::read(std::span<std::uint8_t> into) {
  if (!is_sparse_) {
    std::size_t n = TRY(read_stored(into));
    content_at_ += n;
    return n;
  }
  std::uint64_t left = content_size_ - content_at_;
  into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left)));
  while (region_ < regions_.size() &&
         content_at_ >= regions_[region_].offset + regions_[region_].size)
    ++region_;
  bool in_hole = region_ == regions_.size() || content_at_ < regions_[region_].offset;
  std::uint64_t end = region_ == regions_.size() ? content_size_
                      : in_hole                  ? regions_[region_].offset
                                : regions_[region_].offset + regions_[region_].size;
  into =
      into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), end - content_at_)));
  std::size_t n = into.size();
  if (in_hole)
    std::ranges::fill(into, std::uint8_t{0});
  else
    n = TRY(read_stored(into));
  content_at_ += n;
  return n;
}

Result<Bytes> TarReader::read_all(std::uint64_t most) {
  std::uint64_t size = content_size_ - content_at_;
  if (size > most)
    return Error{
        ErrorCode::limit_exceeded,
        std::to_string(size) + " bytes are more than the limit of " + std::to_string(most)};
  // The claimed size is believed a piece at a time.
  constexpr std::uint64_t kPiece = 4 * kMiB;
  Bytes bytes;
  while (bytes.size() < size) {
    std::size_t before = bytes.size();
    bytes.resize(before + static_cast<std::size_t>(std::min(kPiece, size - before)));
    std::size_t n = TRY(read(std::span(bytes).subspan(before)));
    bytes.resize(before + n);
    if (n == 0) break;
  }
  return bytes;
}

}  // namespace fathom::archive
