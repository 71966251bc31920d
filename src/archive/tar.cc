// A tar member is a header block, its content, and zeros up to the next block. Long names, large
// numbers and attributes do not fit the header and come in members of their own in front of it
// (PAX types x and g, GNU types L and K), so that reading an entry means collecting extensions
// until a real header comes.
//
// The size of a member decides where the next header is looked for. Two readers that disagree on it
// see two different archives, which is how files are hidden from scanners; every such case is a
// problem in the result, even where this reader knows what to do.

#include "archive/tar.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "archive/pax.h"
#include "archive/tar_header.h"
#include "base/text.h"

namespace fathom::archive {
namespace {

constexpr std::size_t kPieceOfAll = 256 * kKiB;
constexpr std::size_t kGlobals = 1024;  // global PAX records kept

using Records = std::map<std::string, std::string, std::less<>>;

std::uint64_t padding_of(std::uint64_t size) { return (kTarBlock - size % kTarBlock) % kTarBlock; }

std::string at_offset(std::uint64_t offset) { return " at offset " + std::to_string(offset); }

TarType type_of(const TarHeader& header, const std::string& path) {
  switch (header.type) {
    case '\0':
      return path.ends_with('/') ? TarType::directory : TarType::regular;  // v7
    case '0':
    case '7':  // contiguous, on systems that had such files
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
    case 'D':
      return TarType::directory;  // D: with a list of its files, of an incremental dump
    case '6':
      return TarType::fifo;
    default:
      return TarType::other;
  }
}

// Their size field is not the size of anything stored. Hard links can go either way.
bool never_has_content(char type) { return type >= '2' && type <= '6'; }

void add_xattrs(const Records& records, TarEntry& entry) {
  constexpr std::string_view kPrefix = "SCHILY.xattr.";
  for (const auto& [key, value] : records)
    if (key.starts_with(kPrefix) && key.size() > kPrefix.size())
      entry.xattrs.insert_or_assign(key.substr(kPrefix.size()), value);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const std::optional<std::uint64_t> size = parse_unsigned(text);
  return size && *size < std::uint64_t{1} << 63 ? size : std::nullopt;
}

}  // namespace

std::string_view name_of(TarType type) {
  switch (type) {
    case TarType::regular:
      return "regular";
    case TarType::hard_link:
      return "hard_link";
    case TarType::symlink:
      return "symlink";
    case TarType::character_device:
      return "character_device";
    case TarType::block_device:
      return "block_device";
    case TarType::directory:
      return "directory";
    case TarType::fifo:
      return "fifo";
    case TarType::other:
      return "other";
  }
  return "other";
}

struct TarReader::Member {
  std::uint64_t offset = 0;
  Bytes block;
  TarHeader header;
  std::uint64_t size = 0;  // as the header has it
};

struct TarReader::Extensions {
  std::optional<std::uint64_t> offset;  // of the first of them
  Records pax;
  bool has_pax = false;
  std::string long_path, long_link;

  const std::string* record(std::string_view key) const {
    const auto found = pax.find(key);
    return found == pax.end() || found->second.empty() ? nullptr : &found->second;
  }
};

TarReader::TarReader(ByteSource& source, const Limits& limits)
    : input_(source), limits_(limits), problems_(limits.problems) {}

Result<std::optional<TarEntry>> TarReader::next() {
  if (failed_) return *failed_;
  if (ended_) return std::optional<TarEntry>();
  Result<std::optional<TarEntry>> entry = find_entry();
  if (!entry) failed_ = entry.error();
  if (entry && !*entry) ended_ = true;
  return entry;
}

Result<std::optional<TarEntry>> TarReader::find_entry() {
  TRY(finish_entry());
  Extensions extensions;
  for (;;) {
    const std::optional<Member> member = TRY(next_member());
    if (!member) {
      if (extensions.offset)
        problems_.note(ErrorCode::truncated,
                       "an extended header without a member" + at_offset(*extensions.offset));
      return std::optional<TarEntry>();
    }
    if (++entries_ > limits_.entries)
      return Error{ErrorCode::limit_exceeded,
                   "more than " + std::to_string(limits_.entries) + " tar headers"};
    const char type = member->header.type;
    if (type == 'x' || type == 'g')
      TRY(take_pax(*member, extensions));
    else if (type == 'L')
      extensions.long_path = TRY(take_long_name(*member));
    else if (type == 'K')
      extensions.long_link = TRY(take_long_name(*member));
    else
      return std::optional<TarEntry>(TRY(open_entry(*member, extensions)));
    if (!extensions.offset && type != 'g') extensions.offset = member->offset;
  }
}

// Nothing at the end of the archive.
Result<std::optional<TarReader::Member>> TarReader::next_member() {
  bool lone_zero_block = false;
  for (;;) {
    Member member;
    member.offset = input_.position();
    std::optional<Bytes> block = TRY(next_block());
    if (!block) {
      if (!lone_zero_block)
        problems_.note(ErrorCode::truncated, "no end-of-archive blocks" + at_offset(member.offset));
      return std::optional<Member>();
    }
    member.block = std::move(*block);
    if (is_zero(member.block)) {
      if (lone_zero_block) {
        drain();
        return std::optional<Member>();
      }
      lone_zero_block = true;
      continue;
    }
    if (!tar_checksum_matches(member.block))
      return Error{ErrorCode::malformed, "bad header checksum" + at_offset(member.offset)};
    // Some readers stop at the first zero block and never see what follows.
    if (lone_zero_block)
      problems_.note(ErrorCode::malformed,
                     "a single zero block before the header" + at_offset(member.offset));
    member.header = parse_tar_header(member.block);
    if (!member.header.size || *member.header.size < 0)
      return Error{ErrorCode::malformed, "bad size in the header" + at_offset(member.offset)};
    member.size = static_cast<std::uint64_t>(*member.header.size);
    return std::optional<Member>(std::move(member));
  }
}

// Nothing at the end of the source.
Result<std::optional<Bytes>> TarReader::next_block() {
  TRY(input_.want(kTarBlock));
  const std::uint64_t offset = input_.position();
  const std::span<const std::uint8_t> ready = input_.ready();
  const std::size_t size = std::min<std::size_t>(ready.size(), kTarBlock);
  Bytes block(ready.begin(), ready.begin() + static_cast<std::ptrdiff_t>(size));
  input_.take(size);
  if (size < kTarBlock && !is_zero(block))
    return Error{ErrorCode::truncated, "header cut short" + at_offset(offset)};
  if (size < kTarBlock) return std::optional<Bytes>();
  return std::optional<Bytes>(std::move(block));
}

// Writers fill the last record with zeros. Anything else was put where unpackers do not look.
void TarReader::drain() {
  bool noted = false;
  for (;;) {
    if (Done done = input_.want(1); !done) {
      problems_.note(done.error().code, "behind the end of the archive: " + done.error().message);
      return;
    }
    const std::span<const std::uint8_t> ready = input_.ready();
    if (ready.empty()) return;
    if (!noted && !is_zero(ByteView(ready))) {
      problems_.note(ErrorCode::malformed,
                     "data behind the end of the archive" + at_offset(input_.position()));
      noted = true;
    }
    input_.take(ready.size());
  }
}

Done TarReader::take_pax(const Member& member, Extensions& extensions) {
  const Bytes bytes = TRY(read_extension(member));
  PaxHeader pax = parse_pax(bytes);
  if (pax.problem)
    problems_.note(pax.problem->code,
                   "PAX header" + at_offset(member.offset) + ": " + pax.problem->message);
  if (member.header.type == 'x') {
    // Only the last of several counts, as in Go.
    if (std::exchange(extensions.has_pax, true))
      problems_.note(ErrorCode::malformed,
                     "two PAX headers for one member" + at_offset(member.offset));
    extensions.pax = std::move(pax.records);
    return Ok{};
  }
  // They hold for all that follows, as POSIX has it; Go leaves that to its callers.
  for (auto& [key, value] : pax.records) {
    // For all members the same, these make no sense, and unpackers do not obey them.
    if (key == "path" || key == "linkpath" || key == "size" || key.starts_with("GNU.sparse."))
      problems_.note(ErrorCode::malformed,
                     "global PAX record " + key + " ignored" + at_offset(member.offset));
    else if (key.size() + value.size() > limits_.path_bytes || global_records_.size() >= kGlobals)
      problems_.note(ErrorCode::limit_exceeded, "too many or too long global PAX records");
    else
      global_records_.insert_or_assign(key, std::move(value));
  }
  return Ok{};
}

Result<std::string> TarReader::take_long_name(const Member& member) {
  const Bytes bytes = TRY(read_extension(member));
  const std::string_view text = ByteView(bytes).as_text();
  return std::string(text.substr(0, text.find('\0')));
}

// The content of a member that only describes the next one.
Result<Bytes> TarReader::read_extension(const Member& member) {
  if (member.size > limits_.tar_header_bytes)
    return Error{ErrorCode::limit_exceeded, "extended header of " + std::to_string(member.size) +
                                                " bytes" + at_offset(member.offset)};
  Bytes bytes;
  stored_left_ = member.size;
  padding_ = padding_of(member.size);
  while (stored_left_ > 0) {
    const std::size_t before = bytes.size();
    bytes.resize(before + std::min<std::uint64_t>(stored_left_, 64 * kKiB));
    const std::size_t got = TRY(read_stored(std::span(bytes).subspan(before)));
    bytes.resize(before + got);
  }
  TRY(finish_entry());
  return bytes;
}

Result<TarEntry> TarReader::open_entry(const Member& member, const Extensions& extensions) {
  TarEntry entry;
  entry.header_offset = extensions.offset.value_or(member.offset);
  read_names(member.header, extensions, entry);
  entry.type = type_of(member.header, entry.path);
  read_attributes(member, extensions, entry);
  if (entry.type == TarType::other)
    note_about(entry, ErrorCode::unsupported,
               "member of type '" + printable(std::string(1, member.header.type)) + "'");
  stored_left_ = TRY(stored_size(member, extensions, entry));
  padding_ = padding_of(stored_left_);
  entry.size = stored_left_;
  entry.content_offset = input_.position();
  open_sparse(member, extensions, entry);
  size_ = entry.size;
  return entry;
}

void TarReader::read_names(const TarHeader& header, const Extensions& extensions, TarEntry& entry) {
  entry.path = header.path;
  entry.link_target = header.link_target;
  if (const std::string* path = extensions.record("path")) entry.path = *path;
  if (const std::string* target = extensions.record("linkpath")) entry.link_target = *target;
  // Go lets the GNU names win over the PAX ones.
  if (!extensions.long_path.empty()) entry.path = extensions.long_path;
  if (!extensions.long_link.empty()) entry.link_target = extensions.long_link;
}

void TarReader::read_attributes(const Member& member, const Extensions& extensions,
                                TarEntry& entry) {
  const TarHeader& header = member.header;
  auto field = [&](std::string_view name, std::optional<std::int64_t> value) {
    if (value && *value >= 0) return static_cast<std::uint64_t>(*value);
    note_about(entry, ErrorCode::malformed, "bad " + std::string(name) + " in the header");
    return std::uint64_t{0};
  };
  auto record = [&](std::string_view key) -> const std::string* {
    if (extensions.pax.contains(key)) return extensions.record(key);
    const auto found = global_records_.find(key);
    return found == global_records_.end() || found->second.empty() ? nullptr : &found->second;
  };
  auto id = [&](std::string_view key, std::optional<std::int64_t> in_header) {
    const std::string* text = record(key);
    if (text == nullptr) return field(key, in_header);
    const std::optional<std::uint64_t> value = parse_size(*text);
    if (!value) note_about(entry, ErrorCode::malformed, "bad PAX " + std::string(key));
    return value ? *value : field(key, in_header);
  };
  entry.mode = static_cast<std::uint32_t>(field("mode", header.mode) & 0xffffffff);
  entry.uid = id("uid", header.uid);
  entry.gid = id("gid", header.gid);
  if (entry.type == TarType::character_device || entry.type == TarType::block_device) {
    entry.device_major = field("device number", header.device_major);
    entry.device_minor = field("device number", header.device_minor);
  }
  const std::string* mtime = record("mtime");
  const std::optional<std::int64_t> time = mtime != nullptr ? parse_pax_time(*mtime) : header.mtime;
  if (!time) note_about(entry, ErrorCode::malformed, "bad modification time");
  entry.mtime = time.value_or(0);
  add_xattrs(global_records_, entry);
  add_xattrs(extensions.pax, entry);
}

Result<std::uint64_t> TarReader::stored_size(const Member& member, const Extensions& extensions,
                                             const TarEntry& entry) {
  std::uint64_t stored = member.size;
  if (const std::string* text = extensions.record("size")) {
    const std::optional<std::uint64_t> size = parse_size(*text);
    if (!size) return Error{ErrorCode::malformed, "bad PAX size" + at_offset(entry.header_offset)};
    constexpr std::uint64_t kOctalEnd = std::uint64_t{1} << 33;  // 11 digits
    if (*size != stored && *size < kOctalEnd)
      note_about(entry, ErrorCode::malformed, "PAX and header disagree on the size");
    stored = *size;
  }
  if (stored == 0) return stored;
  if (never_has_content(member.header.type)) {
    note_about(entry, ErrorCode::malformed,
               "a " + std::string(name_of(entry.type)) + " with a size");
    return std::uint64_t{0};
  }
  if (entry.type != TarType::hard_link) return stored;
  // POSIX lets pax store the content with a hard link; Go and old tars store the size of the target
  // and no content. The next block tells: content that looks like a header is one for them as well.
  if (TRY(header_follows())) {
    note_about(entry, ErrorCode::malformed, "a hard link with a size and no content");
    return std::uint64_t{0};
  }
  note_about(entry, ErrorCode::malformed, "a hard link with content");
  return stored;
}

// A sparse map that cannot be used makes the content unreadable, not the archive.
void TarReader::open_sparse(const Member& member, const Extensions& extensions, TarEntry& entry) {
  Result<SparseMap> map = read_sparse_map(member, extensions, entry);
  if (!entry.sparse) return;
  sparse_ = true;
  const Done usable = map ? check_sparse_map(*map, entry.size, stored_left_) : Done(map.error());
  if (!usable) {
    unreadable_ = usable.error();
    note_about(entry, usable.error().code, usable.error().message);
    return;
  }
  regions_ = std::move(*map);
  std::uint64_t used = 0;
  for (const SparseRegion& region : regions_) used += region.size;
  if (used < stored_left_)
    note_about(entry, ErrorCode::malformed, "more is stored than the sparse map uses");
}

Result<SparseMap> TarReader::read_sparse_map(const Member& member, const Extensions& extensions,
                                             TarEntry& entry) {
  if (member.header.type == 'S') return read_old_sparse_map(member, entry);
  auto record = [&](std::string_view key) {
    const std::string* value = extensions.record(key);
    return value != nullptr ? std::string_view(*value) : std::string_view();
  };
  const std::string_view major = record("GNU.sparse.major");
  const std::string_view minor = record("GNU.sparse.minor");
  const bool version_1_0 = major == "1" && minor == "0";
  const bool version_0 = major == "0" && (minor == "0" || minor == "1");
  const bool has_map = !record("GNU.sparse.map").empty();
  if (!version_1_0 && !version_0 && (!major.empty() || !minor.empty() || !has_map))
    return SparseMap();
  if (entry.type != TarType::regular) return SparseMap();

  entry.sparse = true;
  if (std::string_view name = record("GNU.sparse.name"); !name.empty()) entry.path = name;
  std::string_view size = record("GNU.sparse.size");
  if (size.empty()) size = record("GNU.sparse.realsize");
  if (!size.empty()) {
    const std::optional<std::uint64_t> real = parse_size(size);
    if (!real) return Error{ErrorCode::malformed, "bad size of a sparse file"};
    entry.size = *real;
  }
  if (!version_1_0)
    return parse_sparse_list(record("GNU.sparse.map"), record("GNU.sparse.numblocks"), limits_);
  Result<SparseMap> map = read_sparse_map_1_0();
  entry.content_offset = input_.position();
  return map;
}

Result<SparseMap> TarReader::read_old_sparse_map(const Member& member, TarEntry& entry) {
  entry.sparse = true;
  const ByteView block = member.block;
  const std::optional<std::int64_t> size = parse_tar_number(block.clamped(483, 12));
  const bool good_size = size && *size >= 0;
  if (good_size) entry.size = static_cast<std::uint64_t>(*size);
  SparseMap map;
  // The extension blocks come before the content whatever is in them: read them all first.
  Done good = append_old_sparse_table(block.clamped(386, 4 * 24), map, limits_);
  bool extended = block.span()[482] != 0;
  while (extended) {
    TRY(input_.want(kTarBlock));
    if (input_.ready().size() < kTarBlock)
      return Error{ErrorCode::truncated, "sparse map cut short"};
    const ByteView table = ByteView(input_.ready()).clamped(0, kTarBlock);
    if (good) good = append_old_sparse_table(table.clamped(0, 21 * 24), map, limits_);
    extended = table.span()[504] != 0;
    input_.take(kTarBlock);
  }
  entry.content_offset = input_.position();
  TRY(std::move(good));
  if (!good_size) return Error{ErrorCode::malformed, "bad size of a sparse file"};
  return map;
}

Result<SparseMap> TarReader::read_sparse_map_1_0() {
  SparseMapParser parser(limits_);
  Bytes block(kTarBlock);
  bool complete = false;
  while (!complete) {
    if (stored_left_ < kTarBlock) return Error{ErrorCode::truncated, "sparse map cut short"};
    for (std::size_t size = 0; size < kTarBlock;)
      size += TRY(read_stored(std::span(block).subspan(size)));
    complete = TRY(parser.add_block(block));
  }
  return std::move(parser).take();
}

// Whether what comes next is a header or the end of the archive, rather than content.
Result<bool> TarReader::header_follows() {
  TRY(input_.want(kTarBlock));
  const ByteView block = ByteView(input_.ready()).clamped(0, kTarBlock);
  return block.size() < kTarBlock || is_zero(block) || tar_checksum_matches(block);
}

// Leaves what is left of the current entry.
Done TarReader::finish_entry() {
  const std::uint64_t rest = std::exchange(stored_left_, 0);
  const std::uint64_t padding = std::exchange(padding_, 0);
  size_ = position_ = 0;
  sparse_ = false;
  regions_.clear();
  region_ = 0;
  unreadable_.reset();
  const std::uint64_t skipped = TRY(input_.skip(rest));
  if (skipped < rest)
    return Error{ErrorCode::truncated, "the content of a member ends " +
                                           std::to_string(rest - skipped) + " bytes early" +
                                           at_offset(input_.position())};
  TRY(input_.skip(padding));  // missing at the very end, it is nobody's loss
  return Ok{};
}

Result<std::size_t> TarReader::read(std::span<std::uint8_t> into) {
  if (unreadable_) return *unreadable_;
  if (into.empty() || position_ == size_) return std::size_t{0};
  const std::size_t got = TRY(sparse_ ? read_sparse(into) : read_stored(into));
  position_ += got;
  return got;
}

// At least one byte, as long as stored_left_ is not 0.
Result<std::size_t> TarReader::read_stored(std::span<std::uint8_t> into) {
  const std::size_t want = std::min<std::uint64_t>(into.size(), stored_left_);
  if (want == 0) return std::size_t{0};
  const std::size_t got = TRY(input_.read(into.first(want)));
  if (got == 0)
    return Error{ErrorCode::truncated, "the content of a member ends " +
                                           std::to_string(stored_left_) + " bytes early" +
                                           at_offset(input_.position())};
  stored_left_ -= got;
  return got;
}

Result<std::size_t> TarReader::read_sparse(std::span<std::uint8_t> into) {
  while (region_ < regions_.size() &&
         regions_[region_].offset + regions_[region_].size <= position_)
    ++region_;
  const bool in_region = region_ < regions_.size() && regions_[region_].offset <= position_;
  const std::uint64_t end = in_region ? regions_[region_].offset + regions_[region_].size
                            : region_ < regions_.size() ? regions_[region_].offset
                                                        : size_;
  into = into.first(std::min<std::uint64_t>(into.size(), end - position_));
  if (in_region) return read_stored(into);
  holes_ += into.size();
  if (holes_ > limits_.image_inflated)
    return Error{ErrorCode::limit_exceeded, "the holes of sparse files are larger than " +
                                                std::to_string(limits_.image_inflated) + " bytes"};
  std::ranges::fill(into, std::uint8_t{0});
  return into.size();
}

Result<Bytes> TarReader::read_all(std::uint64_t most) {
  if (unreadable_) return *unreadable_;
  const std::uint64_t size = size_ - position_;
  if (size > most)
    return Error{ErrorCode::limit_exceeded, "content of " + std::to_string(size) +
                                                " bytes, more than " + std::to_string(most)};
  // Reserved is address space; memory comes with what is really there, whatever the header says,
  // and nothing is ever copied to a larger place.
  Bytes bytes;
  bytes.reserve(size);
  while (bytes.size() < size) {
    std::size_t filled = bytes.size();
    bytes.resize(std::min<std::uint64_t>(size, filled + kPieceOfAll));
    while (filled < bytes.size()) {
      const std::size_t got = TRY(read(std::span(bytes).subspan(filled)));
      if (got == 0) return Error{ErrorCode::truncated, "content ends early"};
      filled += got;
    }
  }
  return bytes;
}

void TarReader::note_about(const TarEntry& entry, ErrorCode code, std::string message) {
  problems_.note(code, printable(entry.path) + ": " + message + at_offset(entry.header_offset));
}

}  // namespace fathom::archive
