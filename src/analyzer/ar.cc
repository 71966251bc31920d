#include "analyzer/ar.h"

#include "base/text.h"

namespace fathom {

namespace {

constexpr std::uint64_t kMagic = 8, kHeader = 60;

std::string_view field(ByteView header, std::uint64_t offset, std::uint64_t size) {
  return trim(header.clamped(offset, size).as_text());
}

bool is_symbol_table(std::string_view name) {
  return name == "/" || name == "/SYM64/" || name.starts_with("__.SYMDEF");
}

// GNU: "/123" is an offset into the member "//", where names end with "/\n".
std::string long_name(std::string_view names, std::string_view reference) {
  std::optional<std::uint64_t> at = parse_unsigned(reference);
  if (!at || *at >= names.size()) return "/" + std::string(reference);
  std::string_view rest = names.substr(*at);
  return std::string(rest.substr(0, rest.find_first_of("/\n")));
}

// Takes the name off the front of BSD members: "#1/20" says that it has 20 bytes.
void take_bsd_name(ArMember& member) {
  std::optional<std::uint64_t> size = parse_unsigned(std::string_view(member.name).substr(3));
  if (!size || *size > member.contents.size()) return;
  std::string_view name = member.contents.clamped(0, *size).as_text();
  member.name = name.substr(0, name.find('\0'));
  member.contents = member.contents.clamped(*size, member.contents.size());
}

}  // namespace

ArArchive read_ar(ByteView bytes, const Limits& limits) {
  ArArchive out;
  std::string_view names;
  std::uint64_t at = kMagic;
  auto problem = [&](ErrorCode code, std::string_view what) {
    out.problems.push_back({code, "ar header at " + hex_number(at) + ": " + std::string(what)});
  };
  while (at < bytes.size()) {
    ByteView header = bytes.clamped(at, kHeader);
    std::optional<std::uint64_t> size = parse_unsigned(field(header, 48, 10));
    if (header.size() < kHeader) return problem(ErrorCode::truncated, "cut off"), out;
    if (!header.has_at(58, "`\n") || !size) return problem(ErrorCode::malformed, "not right"), out;
    ArMember member{std::string(field(header, 0, 16)), bytes.clamped(at + kHeader, *size)};
    if (member.contents.size() < *size) problem(ErrorCode::truncated, "contents are cut off");
    if (member.name == "//") {
      names = member.contents.as_text();
    } else if (!is_symbol_table(member.name)) {
      if (out.members.size() >= limits.members)
        return problem(ErrorCode::limit_exceeded, "too many members"), out;
      if (member.name.starts_with("#1/"))
        take_bsd_name(member);
      else if (member.name.starts_with('/'))
        member.name = long_name(names, std::string_view(member.name).substr(1));
      else if (member.name.ends_with('/'))
        member.name.pop_back();
      if (!is_symbol_table(member.name)) out.members.push_back(std::move(member));
    }
    at += kHeader + *size + *size % 2;  // ten digits: no overflow
  }
  return out;
}

}  // namespace fathom
