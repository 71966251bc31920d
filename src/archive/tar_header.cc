#include "archive/tar_header.h"

#include <algorithm>

namespace fathom::archive {
namespace {

std::string_view text_field(ByteView block, std::uint64_t offset, std::uint64_t size) {
  std::string_view text = block.clamped(offset, size).as_text();
  return text.substr(0, text.find('\0'));
}

std::optional<std::int64_t> number_field(ByteView block, std::uint64_t offset, std::uint64_t size) {
  return parse_tar_number(block.clamped(offset, size));
}

// GNU tar's extension: two's complement, big-endian, the top bit only a mark.
std::optional<std::int64_t> parse_base256(ByteView field) {
  const std::uint8_t flip = field.span()[0] & 0x40 ? 0xff : 0;
  std::uint64_t value = 0;
  bool first = true;
  for (std::uint8_t byte : field.span()) {
    const std::uint64_t digit = static_cast<std::uint8_t>(byte ^ flip) & (first ? 0x7f : 0xff);
    first = false;
    if (value >> 56 != 0) return std::nullopt;
    value = value << 8 | digit;
  }
  if (value >> 63 != 0) return std::nullopt;
  const auto magnitude = static_cast<std::int64_t>(value);
  return flip != 0 ? ~magnitude : magnitude;
}

TarDialect dialect_of(ByteView block) {
  if (block.has_at(257, std::string_view("ustar  \0", 8))) return TarDialect::gnu;
  if (!block.has_at(257, std::string_view("ustar\0", 6))) return TarDialect::v7;
  return block.has_at(508, std::string_view("tar\0", 4)) ? TarDialect::star : TarDialect::ustar;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// GNU headers keep access and change time where ustar has the prefix of the path. Layers written
// by Go before 1.8 put a prefix there all the same; then the times are no numbers.
std::string_view prefix_in_gnu_header(ByteView block) {
  if (number_field(block, 345, 12) && number_field(block, 357, 12)) return {};
  std::string_view prefix = text_field(block, 345, 155);
  return is_ascii(prefix) ? prefix : std::string_view();
}

std::string_view path_prefix(ByteView block, TarDialect dialect) {
  switch (dialect) {
    case TarDialect::v7:
      return {};
    case TarDialect::ustar:
      return text_field(block, 345, 155);
    case TarDialect::star:
      return text_field(block, 345, 131);
    case TarDialect::gnu:
      return prefix_in_gnu_header(block);
  }
  return {};
}

}  // namespace

bool is_zero(ByteView block) {
  return std::ranges::all_of(block.span(), [](std::uint8_t byte) { return byte == 0; });
}

bool tar_checksum_matches(ByteView block) {
  const std::optional<std::int64_t> stated = number_field(block, 148, 8);
  std::int64_t as_unsigned = 0;
  std::int64_t as_signed = 0;
  std::size_t i = 0;
  for (std::uint8_t byte : block.span()) {
    const std::uint8_t counted = i >= 148 && i < 156 ? std::uint8_t{' '} : byte;
    as_unsigned += counted;
    as_signed += static_cast<std::int8_t>(counted);
    ++i;
  }
  return stated && (*stated == as_unsigned || *stated == as_signed);
}

TarHeader parse_tar_header(ByteView block) {
  TarHeader header;
  header.dialect = dialect_of(block);
  header.type = block.as_text()[156];
  header.path = text_field(block, 0, 100);
  header.link_target = text_field(block, 157, 100);
  header.mode = number_field(block, 100, 8);
  header.uid = number_field(block, 108, 8);
  header.gid = number_field(block, 116, 8);
  header.size = number_field(block, 124, 12);
  header.mtime = number_field(block, 136, 12);
  header.device_major = header.device_minor = 0;
  if (header.dialect == TarDialect::v7) return header;
  header.device_major = number_field(block, 329, 8);
  header.device_minor = number_field(block, 337, 8);
  if (std::string_view prefix = path_prefix(block, header.dialect); !prefix.empty())
    header.path.insert(0, std::string(prefix) + "/");
  return header;
}

std::optional<std::int64_t> parse_tar_number(ByteView field) {
  if (!field.empty() && (field.span()[0] & 0x80) != 0) return parse_base256(field);
  std::string_view text = field.as_text();
  constexpr std::string_view kPadding(" \0", 2);
  const std::size_t first = text.find_first_not_of(kPadding);
  if (first == text.npos) return 0;
  text = text.substr(first, text.find_last_not_of(kPadding) - first + 1);
  text = text.substr(0, text.find('\0'));
  std::int64_t value = 0;  // 12 digits cannot overflow it
  for (char digit : text) {
    if (digit < '0' || digit > '7') return std::nullopt;
    value = value * 8 + (digit - '0');
  }
  return value;
}

}  // namespace fathom::archive
