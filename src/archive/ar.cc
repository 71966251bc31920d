#include "archive/ar.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace fathom::archive {
namespace {

constexpr std::string_view kMagic = "!<arch>\n";
constexpr std::string_view kThinMagic = "!<thin>\n";
constexpr std::uint64_t kHeaderSize = 60;

// Numbers are text, filled up with spaces; empty means none.
std::optional<std::uint64_t> number_field(ByteView header, std::uint64_t offset, std::uint64_t size,
                                          int base = 10) {
  const std::string_view text = trim(header.clamped(offset, size).as_text());
  return text.empty() ? std::optional<std::uint64_t>(0) : parse_unsigned(text, base);
}

std::string at_offset(std::uint64_t offset) { return " at offset " + std::to_string(offset); }

bool is_symbol_table(std::string_view name) {
  return name == "/" || name == "/SYM64/" || name.starts_with("__.SYMDEF");
}

}  // namespace

bool looks_like_ar(ByteView first_bytes) {
  return first_bytes.starts_with(kMagic) || first_bytes.starts_with(kThinMagic);
}

Result<ArFile> ArFile::parse(ByteView bytes, const Limits& limits) {
  if (bytes.starts_with(kThinMagic))
    return Error{ErrorCode::unsupported, "thin archive: the members are elsewhere"};
  if (!bytes.starts_with(kMagic)) return Error{ErrorCode::malformed, "not an ar archive"};
  ArFile ar(bytes, limits);
  for (std::uint64_t at = kMagic.size(); at < bytes.size();) {
    if (ar.members_.size() >= limits.members) {
      ar.problems_.note(ErrorCode::limit_exceeded,
                        "more than " + std::to_string(limits.members) + " members");
      break;
    }
    Result<std::uint64_t> next = ar.read_member(at);
    if (!next) {
      ar.problems_.note(next.error().code, next.error().message + at_offset(at));
      break;
    }
    at = *next;
  }
  return ar;
}

// Returns where the next one starts, at least a header further.
Result<std::uint64_t> ArFile::read_member(std::uint64_t offset) {
  const ByteView header = bytes_.clamped(offset, kHeaderSize);
  if (header.size() < kHeaderSize) return Error{ErrorCode::truncated, "member header cut short"};
  if (!header.has_at(58, "`\n")) return Error{ErrorCode::malformed, "bad member header"};
  const std::optional<std::uint64_t> size = number_field(header, 48, 10);
  if (!size) return Error{ErrorCode::malformed, "bad member size"};

  ArMember member{.name = std::string(header.clamped(0, 16).as_text()),
                  .size = *size,
                  .header_offset = offset,
                  .content_offset = offset + kHeaderSize};
  member.name.erase(member.name.find_last_not_of(' ') + 1);
  const std::optional<std::uint64_t> mtime = number_field(header, 16, 12);
  const std::optional<std::uint64_t> uid = number_field(header, 28, 6);
  const std::optional<std::uint64_t> gid = number_field(header, 34, 6);
  const std::optional<std::uint64_t> mode = number_field(header, 40, 8, 8);
  if (!mtime || !uid || !gid || !mode)
    problems_.note(ErrorCode::malformed, "bad number in the member header" + at_offset(offset));
  member.mtime = static_cast<std::int64_t>(mtime.value_or(0));  // 12 digits
  member.uid = uid.value_or(0);
  member.gid = gid.value_or(0);
  member.mode = static_cast<std::uint32_t>(mode.value_or(0));  // 8 octal digits

  const std::uint64_t end = member.content_offset + member.size;
  if (member.name == "//") {
    names_ = bytes_.clamped(member.content_offset, member.size);
  } else {
    resolve_name(member);
    if (end > bytes_.size())
      problems_.note(ErrorCode::truncated,
                     printable(member.name) + ": content cut short" + at_offset(offset));
    if (!is_symbol_table(member.name)) members_.push_back(std::move(member));
  }
  return end + end % 2;
}

void ArFile::resolve_name(ArMember& member) {
  std::string& name = member.name;
  if (is_symbol_table(name)) return;
  if (name.starts_with("#1/")) {  // BSD: in front of the content, and counted with it
    const std::optional<std::uint64_t> size = parse_unsigned(std::string_view(name).substr(3));
    if (!size || *size > member.size) {
      problems_.note(ErrorCode::malformed, "bad name size" + at_offset(member.header_offset));
      return;
    }
    name = bytes_.clamped(member.content_offset, *size).as_text();
    name.erase(std::min(name.find('\0'), name.size()));
    member.content_offset += *size;
    member.size -= *size;
    return;
  }
  if (name.size() > 1 && name[0] == '/') {  // GNU: an offset into the table of names
    const std::optional<std::uint64_t> at = parse_unsigned(std::string_view(name).substr(1));
    if (!at || *at >= names_.size()) {
      problems_.note(ErrorCode::malformed,
                     "name is not in the table" + at_offset(member.header_offset));
      return;
    }
    // Ends with "/\n"; some writers leave the slash out, others the line end.
    name = names_.clamped(*at, names_.size()).as_text();
    name.erase(std::min(name.find_first_of(std::string_view("\n\0", 2)), name.size()));
  }
  if (name.ends_with('/')) name.pop_back();
}

Result<ByteView> ArFile::read(const ArMember& member) const {
  return bytes_.slice(member.content_offset, member.size).in(printable(member.name));
}

}  // namespace fathom::archive
