// A zip file is read from its end: the end record points to the central directory, the directory to
// the members. Each step can be forged so that two readers see two archives: an end record inside a
// comment, a directory and local headers that disagree, members that share bytes. The directory is
// what the common readers believe, so it is what counts here; every disagreement is a problem.

#include "archive/zip.h"

#include <libdeflate.h>

#include <algorithm>
#include <optional>
#include <set>

#include "archive/codec.h"
#include "base/text.h"

namespace fathom::archive {
namespace {

constexpr std::string_view kEndRecord = "PK\x05\x06";
constexpr std::string_view kEndRecord64 = "PK\x06\x06";
constexpr std::string_view kEndLocator64 = "PK\x06\x07";
constexpr std::string_view kCentralHeader = "PK\x01\x02";
constexpr std::string_view kLocalHeader = "PK\x03\x04";
constexpr std::uint64_t kEndRecordSize = 22;
constexpr std::uint64_t kEndRecord64Size = 56;
constexpr std::uint64_t kEndLocator64Size = 20;
constexpr std::uint64_t kCentralHeaderSize = 46;
constexpr std::uint64_t kLocalHeaderSize = 30;
constexpr std::uint64_t kMaxComment = 0xffff;

constexpr std::uint16_t kEncrypted = 1 << 0;
constexpr std::uint16_t kSizesFollow = 1 << 3;  // in a data descriptor behind the content
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;

constexpr std::uint64_t kDeflateRatio = 1032;  // deflate cannot do better
constexpr std::uint64_t kOneShot = 64 * kMiB;

// "See the zip64 extra field".
constexpr std::uint64_t kIn64 = 0xffffffff;

// The extra field of this kind, empty when there is none.
ByteView extra_field(ByteView extra, std::uint16_t kind) {
  for (std::uint64_t at = 0; at + 4 <= extra.size();) {
    const std::uint16_t id = extra.read<std::uint16_t>(at).value_or(0);
    const std::uint16_t size = extra.read<std::uint16_t>(at + 2).value_or(0);
    if (id == kind) return extra.clamped(at + 4, size);
    at += 4 + std::uint64_t{size};
  }
  return {};
}

// The 64-bit values stand there in a fixed order, each only when its 32-bit place says so. False
// when one is missing.
bool widen(ByteView extra, std::initializer_list<std::uint64_t*> values) {
  const ByteView wide = extra_field(extra, 1);
  std::uint64_t at = 0;
  for (std::uint64_t* value : values) {
    if (*value != kIn64) continue;
    const Result<std::uint64_t> real = wide.read<std::uint64_t>(at);
    if (!real) return false;
    *value = *real;
    at += 8;
  }
  return true;
}

struct Span {
  std::uint64_t begin, end;
  std::size_t entry;
};

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};

Result<Bytes> inflate_at_once(ByteView from, std::uint64_t size) {
  std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  if (decompressor == nullptr) return Error{ErrorCode::limit_exceeded, "no memory to inflate"};
  Bytes out(std::max<std::uint64_t>(size, 1));
  std::size_t given = 0;
  switch (libdeflate_deflate_decompress(decompressor.get(), from.span().data(), from.size(),
                                        out.data(), size, &given)) {
    case LIBDEFLATE_SUCCESS:
      break;
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      return Error{ErrorCode::malformed, "content is larger than stated"};
    default:
      return Error{ErrorCode::malformed, "damaged deflate stream"};
  }
  out.resize(given);
  return out;
}

// Grows with what comes out instead of trusting the stated size.
Result<Bytes> inflate_growing(ByteView from, std::uint64_t size) {
  const std::unique_ptr<Codec> codec = make_raw_deflate_codec();
  TRY(codec->start());
  std::span<const std::uint8_t> rest = from.span();
  Bytes out;
  Bytes piece(kMiB);
  for (;;) {
    const Codec::Step step = TRY(codec->step(rest, piece));
    rest = rest.subspan(step.taken);
    if (step.given > size - out.size())
      return Error{ErrorCode::malformed, "content is larger than stated"};
    const auto part = std::span(piece).first(step.given);
    out.insert(out.end(), part.begin(), part.end());
    if (step.member_end) return out;
    if (step.taken == 0 && step.given == 0)
      return Error{ErrorCode::malformed, "damaged deflate stream"};
  }
}

Result<Bytes> inflate(ByteView from, std::uint64_t size) {
  if (size / kDeflateRatio > from.size())
    return Error{ErrorCode::malformed, "stated size is beyond what deflate can do"};
  return size <= kOneShot ? inflate_at_once(from, size) : inflate_growing(from, size);
}

}  // namespace

struct ZipFile::Directory {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;      // where the end record stands
  std::uint64_t entries = 0;  // as stated
  std::uint64_t shift = 0;    // of all offsets: the size of what was put before the archive
  bool comment_cut = false;
};

Result<ZipFile> ZipFile::parse(ByteView bytes, const Limits& limits) {
  ZipFile zip(bytes, limits);
  const Directory directory = TRY(zip.find_directory());
  zip.read_directory(directory, limits);
  zip.find_second_directory();
  for (const ZipEntry& entry : zip.entries_) zip.compare_with_local(entry);
  zip.find_overlaps(directory);
  zip.find_twins();
  return zip;
}

Result<ZipFile::Directory> ZipFile::find_directory() {
  Error error{ErrorCode::malformed, "no zip end record"};
  if (bytes_.size() < kEndRecordSize) return error;
  const std::uint64_t last = bytes_.size() - kEndRecordSize;
  const std::uint64_t first = last > kMaxComment ? last - kMaxComment : 0;
  std::optional<Directory> found;
  for (std::uint64_t i = 0; i <= last - first; ++i) {
    const std::uint64_t at = last - i;
    if (!bytes_.has_at(at, kEndRecord)) continue;
    Result<Directory> directory = directory_at(at);
    if (!directory) {
      error = std::move(directory).error();
    } else if (!found) {
      found = *directory;
    } else if (found->begin != directory->begin) {
      constexpr std::size_t kMostOthers = 64;
      other_ends_.push_back(at);
      if (other_ends_.size() > kMostOthers) break;
    }
  }
  if (!found) return error;
  return *found;
}

// Fails when the numbers of the record do not fit the file.
Result<ZipFile::Directory> ZipFile::directory_at(std::uint64_t end_record) const {
  const std::uint64_t comment = TRY(bytes_.read<std::uint16_t>(end_record + 20));
  const std::uint16_t disk = TRY(bytes_.read<std::uint16_t>(end_record + 4));
  std::uint64_t entries = TRY(bytes_.read<std::uint16_t>(end_record + 10));
  std::uint64_t size = TRY(bytes_.read<std::uint32_t>(end_record + 12));
  std::uint64_t offset = TRY(bytes_.read<std::uint32_t>(end_record + 16));
  std::uint64_t end = end_record;

  const bool may_be_64 = entries == 0xffff || size == kIn64 || offset == kIn64;
  if (may_be_64 && end_record >= kEndLocator64Size &&
      bytes_.has_at(end_record - kEndLocator64Size, kEndLocator64)) {
    const std::uint64_t locator = end_record - kEndLocator64Size;
    std::uint64_t record = TRY(bytes_.read<std::uint64_t>(locator + 8));
    // With something before the archive the offset is too small, but the record stands here.
    if (!bytes_.has_at(record, kEndRecord64) && locator >= kEndRecord64Size)
      record = locator - kEndRecord64Size;
    if (!bytes_.has_at(record, kEndRecord64))
      return Error{ErrorCode::malformed, "no zip64 end record"};
    entries = TRY(bytes_.read<std::uint64_t>(record + 32));
    size = TRY(bytes_.read<std::uint64_t>(record + 40));
    offset = TRY(bytes_.read<std::uint64_t>(record + 48));
    end = record;
  } else if (disk != 0 && disk != 0xffff) {
    return Error{ErrorCode::unsupported, "zip archive in several parts"};
  }

  if (size > end || offset > end - size)
    return Error{ErrorCode::malformed, "zip directory outside the file"};
  Directory directory{.begin = end - size, .end = end, .entries = entries};
  directory.shift = directory.begin - offset;
  // Info-ZIP does not mind a comment that is cut, Go does: no reason to look away.
  directory.comment_cut = comment > bytes_.size() - end_record - kEndRecordSize;
  // A directory at the very place that is stated beats the one that would have to be shifted.
  if (directory.shift != 0 && bytes_.has_at(offset, kCentralHeader)) {
    directory.begin = offset;
    directory.shift = 0;
  }
  if (entries != 0 && !bytes_.has_at(directory.begin, kCentralHeader))
    return Error{ErrorCode::malformed, "no zip directory where it should be"};
  return directory;
}

void ZipFile::read_directory(const Directory& directory, const Limits& limits) {
  if (directory.shift != 0)
    problems_.note(ErrorCode::malformed,
                   std::to_string(directory.shift) + " bytes before the archive");
  if (directory.comment_cut) problems_.note(ErrorCode::truncated, "zip comment cut short");
  // The stated size is not needed, and some writers have it wrong.
  std::uint64_t at = directory.begin;
  while (at < directory.end) {
    const ByteView header = bytes_.clamped(at, directory.end - at);
    if (!header.starts_with(kCentralHeader) || header.size() < kCentralHeaderSize) break;
    if (entries_.size() >= limits.members) {
      problems_.note(ErrorCode::limit_exceeded,
                     "more than " + std::to_string(limits.members) + " members");
      return;
    }
    const auto short_at = [&](std::uint64_t o) {
      return header.read<std::uint16_t>(o).value_or(0);
    };
    const auto word_at = [&](std::uint64_t o) { return header.read<std::uint32_t>(o).value_or(0); };
    const std::uint64_t name_size = short_at(28);
    const std::uint64_t extra_size = short_at(30);
    const std::uint64_t size = kCentralHeaderSize + name_size + extra_size + short_at(32);
    if (size > header.size()) break;
    ZipEntry entry{.path = std::string(header.clamped(kCentralHeaderSize, name_size).as_text()),
                   .method = short_at(10),
                   .flags = short_at(8),
                   .compressed_size = word_at(20),
                   .size = word_at(24),
                   .crc32 = word_at(16),
                   .header_offset = word_at(42)};
    const ByteView extra = header.clamped(kCentralHeaderSize + name_size, extra_size);
    if (!widen(extra, {&entry.size, &entry.compressed_size, &entry.header_offset}))
      note(entry, ErrorCode::malformed, "zip64 sizes are missing");
    if (entry.path.find('\0') != entry.path.npos)
      note(entry, ErrorCode::malformed, "NUL in the name");
    if (entry.header_offset > bytes_.size())
      note(entry, ErrorCode::truncated, "member outside the file");
    else
      entry.header_offset += directory.shift;
    entry.is_directory = entry.path.ends_with('/');
    entry.encrypted = (entry.flags & kEncrypted) != 0;
    entries_.push_back(std::move(entry));
    at += size;
  }
  if (at != directory.end)
    problems_.note(ErrorCode::malformed,
                   "the directory ends early, at offset " + std::to_string(at));
  // Without zip64 the count wraps around.
  if (entries_.size() != directory.entries && (entries_.size() & 0xffff) != directory.entries)
    problems_.note(ErrorCode::malformed, std::to_string(entries_.size()) + " members, not " +
                                             std::to_string(directory.entries) + " as stated");
}

// Readers that stream go by the local headers, most others by the directory.
void ZipFile::compare_with_local(const ZipEntry& entry) {
  const ByteView local = bytes_.clamped(entry.header_offset, bytes_.size());
  if (!local.starts_with(kLocalHeader) || local.size() < kLocalHeaderSize)
    return note(entry, ErrorCode::malformed, "no local header");
  const std::uint16_t flags = local.read<std::uint16_t>(6).value_or(0);
  const std::uint16_t method = local.read<std::uint16_t>(8).value_or(0);
  const std::uint32_t crc = local.read<std::uint32_t>(14).value_or(0);
  std::uint64_t compressed_size = local.read<std::uint32_t>(18).value_or(0);
  std::uint64_t size = local.read<std::uint32_t>(22).value_or(0);
  const std::uint64_t name_size = local.read<std::uint16_t>(26).value_or(0);
  const std::uint64_t extra_size = local.read<std::uint16_t>(28).value_or(0);
  const std::string_view name = local.clamped(kLocalHeaderSize, name_size).as_text();
  widen(local.clamped(kLocalHeaderSize + name_size, extra_size), {&size, &compressed_size});
  if (name != entry.path)
    note(entry, ErrorCode::malformed, "the local header says " + printable(name));
  if (method != entry.method) note(entry, ErrorCode::malformed, "local header: other method");
  if (((flags ^ entry.flags) & kEncrypted) != 0)
    note(entry, ErrorCode::malformed, "local header: other encryption");
  const bool sizes_follow = (flags & kSizesFollow) != 0;
  const bool same =
      size == entry.size && compressed_size == entry.compressed_size && crc == entry.crc32;
  const bool blank = size == 0 && compressed_size == 0 && crc == 0;
  // With a data descriptor only one of them need be filled in.
  const bool sizes_agree = (size == 0 || size == entry.size) &&
                           (compressed_size == 0 || compressed_size == entry.compressed_size) &&
                           (crc == 0 || crc == entry.crc32);
  if (!same && !(sizes_follow && (blank || sizes_agree)))
    note(entry, ErrorCode::malformed, "local header: other size or checksum");
}

// Sorted by where they start, two members overlap if and only if one starts before the furthest end
// so far; the directory counts as the last of them.
void ZipFile::find_overlaps(const Directory& directory) {
  std::vector<Span> spans;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const ZipEntry& entry = entries_[i];
    const Result<std::uint64_t> content = content_offset(entry);
    if (!content) continue;
    const std::uint64_t room = bytes_.size() - *content;
    spans.push_back(
        {entry.header_offset, *content + std::min<std::uint64_t>(entry.compressed_size, room), i});
  }
  std::ranges::sort(spans, {}, [](const Span& s) { return std::tuple(s.begin, s.end, s.entry); });
  std::set<std::size_t> bad;
  const Span* furthest = nullptr;
  for (const Span& span : spans) {
    if (furthest != nullptr && span.begin < furthest->end) {
      bad.insert(span.entry);
      bad.insert(furthest->entry);
    }
    if (span.end > directory.begin && span.begin < directory.end) bad.insert(span.entry);
    if (furthest == nullptr || span.end > furthest->end) furthest = &span;
  }
  for (std::size_t i : bad) {
    note(entries_[i], ErrorCode::malformed, "shares bytes with another member or the directory");
    overlapping_.push_back(entries_[i].header_offset);
  }
  std::ranges::sort(overlapping_);
  if (directory.shift == 0 && !spans.empty() && spans.front().begin != 0)
    problems_.note(ErrorCode::malformed,
                   std::to_string(spans.front().begin) + " bytes before the first member");
}

// An archive that is stored as the last member has an end record of its own; anywhere else, a
// second one is for readers that look for it in another way.
void ZipFile::find_second_directory() {
  auto is_inside = [&](std::uint64_t at) {
    return std::ranges::any_of(entries_, [&](const ZipEntry& entry) {
      Result<std::uint64_t> content = content_offset(entry);
      return content && at >= *content && at - *content < entry.compressed_size;
    });
  };
  if (!std::ranges::all_of(other_ends_, is_inside))
    problems_.note(ErrorCode::malformed, "two end records, with a directory each");
}

// Some readers take the first of equal names, others the last.
void ZipFile::find_twins() {
  std::vector<std::string_view> names;
  names.reserve(entries_.size());
  for (const ZipEntry& entry : entries_) names.push_back(entry.path);
  std::ranges::sort(names);
  for (std::size_t i = 1; i < names.size(); ++i)
    if (names[i] == names[i - 1] && (i == 1 || names[i] != names[i - 2]))
      problems_.note(ErrorCode::malformed, printable(names[i]) + ": more than one of this name");
}

Result<std::uint64_t> ZipFile::content_offset(const ZipEntry& entry) const {
  const ByteView local = TRY(bytes_.slice(entry.header_offset, kLocalHeaderSize));
  if (!local.starts_with(kLocalHeader)) return Error{ErrorCode::malformed, "no local header"};
  const std::uint64_t names =
      std::uint64_t{TRY(local.read<std::uint16_t>(26))} + TRY(local.read<std::uint16_t>(28));
  TRY(bytes_.slice(entry.header_offset + kLocalHeaderSize, names));
  return entry.header_offset + kLocalHeaderSize + names;
}

Result<ByteView> ZipFile::stored_bytes(const ZipEntry& entry) const {
  const std::uint64_t offset = TRY(content_offset(entry));
  return bytes_.slice(offset, entry.compressed_size);
}

Result<Bytes> ZipFile::read(const ZipEntry& entry, const InflateLimits& limits) const {
  const std::string place = printable(entry.path);
  if (std::ranges::binary_search(overlapping_, entry.header_offset))
    return Error{ErrorCode::malformed, "shares bytes with another member"}.in(place);
  if (entry.encrypted) return Error{ErrorCode::unsupported, "encrypted"}.in(place);
  if (entry.method != kStored && entry.method != kDeflated)
    return Error{ErrorCode::unsupported, "compression method " + std::to_string(entry.method)}.in(
        place);
  const ByteView stored = TRY(stored_bytes(entry).in(place));
  if (entry.size > limits.output)
    return Error{ErrorCode::limit_exceeded,
                 std::to_string(entry.size) + " bytes, more than " + std::to_string(limits.output)}
        .in(place);
  if (entry.size > limits.ratio_from &&
      entry.size / std::max<std::uint64_t>(stored.size(), 1) > limits.ratio)
    return Error{ErrorCode::limit_exceeded,
                 "more than " + std::to_string(limits.ratio) + " times its compressed size"}
        .in(place);
  Bytes content = entry.method == kDeflated ? TRY(inflate(stored, entry.size).in(place))
                                            : Bytes(stored.span().begin(), stored.span().end());
  if (content.size() != entry.size)
    return Error{ErrorCode::malformed, "content has not the stated size"}.in(place);
  if (libdeflate_crc32(0, content.data(), content.size()) != entry.crc32)
    return Error{ErrorCode::malformed, "wrong checksum"}.in(place);
  return content;
}

void ZipFile::note(const ZipEntry& entry, ErrorCode code, std::string_view what) {
  problems_.note(code, printable(entry.path) + ": " + std::string(what));
}

}  // namespace fathom::archive
