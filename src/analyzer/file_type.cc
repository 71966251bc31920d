// A wrong "inert" hides a file, a wrong "unknown" is one more gap: so magic numbers of one or two
// bytes are believed only when a second field of the format agrees.

#include "analyzer/file_type.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/text.h"

namespace fathom {

extern const std::string_view kFileTypesTsv;

namespace {

std::uint64_t little(ByteView bytes, std::uint64_t offset, unsigned size) {
  std::uint64_t value = 0;
  for (unsigned i = size; i-- > 0;)
    value = value << 8 | bytes.read<std::uint8_t>(offset + i).value_or(0);
  return value;
}
std::uint64_t big(ByteView bytes, std::uint64_t offset, unsigned size) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < size; ++i)
    value = value << 8 | bytes.read<std::uint8_t>(offset + i).value_or(0);
  return value;
}

struct Check {
  std::string_view name;  // of rows in the table
  bool (*agrees)(ByteView bytes);
};
constexpr auto kChecks = std::to_array<Check>({
    // Both begin with CAFEBABE: a class file has its version next (45 and up), the other a count.
    {"Java class", [](ByteView b) { return big(b, 6, 2) >= 45; }},
    {"Mach-O universal binary", [](ByteView b) { return big(b, 4, 4) > 0 && big(b, 4, 4) < 45; }},
    // The number of the interpreter's release, which rises from 3000 for Python 3.
    {"Python bytecode",
     [](ByteView b) {
       return b.size() >= 12 &&
              (big(b, 0, 4) == 0x03f30d0a || (little(b, 0, 2) >= 3000 && little(b, 0, 2) < 4200));
     }},
    {"BMP image",
     [](ByteView b) {
       return b.size() >= 26 && little(b, 6, 4) == 0 && little(b, 10, 4) < b.size() &&
              little(b, 14, 4) >= 12 && little(b, 14, 4) <= 124;
     }},
    {"Windows icon",
     [](ByteView b) {
       return little(b, 4, 2) > 0 && little(b, 4, 2) <= 64 && little(b, 9, 1) == 0 &&
              little(b, 18, 4) < b.size();
     }},
    {"Windows cursor",
     [](ByteView b) {
       return little(b, 4, 2) > 0 && little(b, 4, 2) <= 64 && little(b, 9, 1) == 0 &&
              little(b, 18, 4) < b.size();
     }},
    {"Embedded OpenType font", [](ByteView b) { return little(b, 0, 4) == b.size(); }},
    {"Type 1 font", [](ByteView b) { return b.has_at(6, "%!") || b.starts_with("%!"); }},
    {"ext file system",
     [](ByteView b) { return little(b, 1028, 4) > 0 && little(b, 1048, 4) <= 6; }},
    {"ICU data",
     [](ByteView b) {
       std::uint64_t info =
           b.read<std::uint8_t>(8).value_or(0) != 0 ? big(b, 4, 2) : little(b, 4, 2);
       return info >= 20 && info <= 64;
     }},
    // term(5): six counts, of which the names and the texts are never longer than this.
    {"terminfo entry",
     [](ByteView b) {
       return little(b, 2, 2) <= 512 && little(b, 4, 2) <= 64 &&
              little(b, 12 + little(b, 2, 2) - 1, 1) == 0;
     }},
    {"terminfo entry, 32-bit",
     [](ByteView b) {
       return little(b, 2, 2) <= 512 && little(b, 4, 2) <= 64 &&
              little(b, 12 + little(b, 2, 2) - 1, 1) == 0;
     }},
    // "This is find.info, produced by makeinfo version 6.8 from find.texi.": its index holds NULs.
    {"GNU Info document",
     [](ByteView b) {
       return b.clamped(0, 512).as_text().find("produced by makeinfo") != std::string_view::npos;
     }},
    {"tar archive", is_tar_header},
});

bool row_matches(const MagicRow& row, ByteView bytes) {
  std::string_view there = bytes.clamped(row.offset, row.magic.size()).as_text();
  if (there.size() != row.magic.size()) return false;
  for (std::size_t i = 0; i < there.size(); ++i)
    if ((there[i] & row.mask[i]) != row.magic[i]) return false;
  auto check = std::ranges::find(kChecks, row.name, &Check::name);
  return check == kChecks.end() || check->agrees(bytes);
}

bool is_control(unsigned char c) {
  return (c < 0x20 && (c < 7 || c > 13) && c != 0x1b) || c == 0x7f;
}

// What people read: no NUL, and hardly any control characters. Without valid UTF-8, the bytes
// 80-9F are control characters of ISO 8859, of which only some Windows texts have a few.
bool is_text(std::string_view text) {
  if (text.find('\0') != text.npos) return false;
  std::uint64_t controls = 0, c1 = 0;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    controls += is_control(byte);
    c1 += byte >= 0x80 && byte < 0xa0;
  }
  if (controls * 64 > text.size()) return false;
  return c1 == 0 || is_utf8(text) || c1 * 16 <= text.size();
}

std::string text_name(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return "ASCII text";
  return is_utf8(text) ? "UTF-8 text" : "8-bit text";
}

bool is_utf16(ByteView bytes) {
  bool marked = bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff");
  if (!marked || bytes.size() % 2 != 0) return false;
  // Text has line ends and spaces in their 16-bit form; anything else only by chance.
  const unsigned low = bytes.starts_with("\xff\xfe") ? 0 : 1;
  for (std::uint64_t at = 2; at + 1 < bytes.size(); at += 2) {
    std::uint64_t unit = low == 0 ? little(bytes, at, 2) : big(bytes, at, 2);
    if (unit < 0x20 && is_control(static_cast<unsigned char>(unit))) return false;
  }
  return true;
}

// One DER element that fills the file: a sequence that begins with a sequence (a certificate, a
// request), or with a version number (keys, PKCS #12).
bool is_der(ByteView bytes) {
  if (!bytes.starts_with("\x30")) return false;
  std::uint64_t length = little(bytes, 1, 1), header = 2;
  if (length > 0x80 && length <= 0x84) {
    header += length - 0x80;
    length = big(bytes, 2, static_cast<unsigned>(header) - 2);
  }
  std::uint64_t inside = little(bytes, header, 1);
  return length != 0x80 && header + length == bytes.size() && (inside == 0x30 || inside == 0x02);
}

// RFC 4880: a key packet of version 3 to 6 with a creation time, followed by a known algorithm.
bool is_openpgp_keys(ByteView bytes) {
  std::uint64_t tag = little(bytes, 0, 1);
  std::uint64_t body;
  if (tag == 0x98 || tag == 0x94)
    body = 2;
  else if (tag == 0x99 || tag == 0x95)
    body = 3;
  else if (tag == 0xc6 || tag == 0xc5)
    body = little(bytes, 1, 1) < 192 ? 2 : little(bytes, 1, 1) < 224 ? 3 : 6;
  else
    return false;
  std::uint64_t version = little(bytes, body, 1), algorithm = little(bytes, body + 5, 1);
  return version >= 3 && version <= 6 &&
         ((algorithm >= 1 && algorithm <= 3) || (algorithm >= 16 && algorithm <= 28));
}

bool is_zeros(ByteView bytes) {
  return std::ranges::all_of(bytes.span(), [](std::uint8_t byte) { return byte == 0; });
}

// Types that no bytes at a fixed place give away.
struct Shape {
  std::string_view name;
  FileKind kind;
  bool (*matches)(ByteView bytes);
};
constexpr auto kShapes = std::to_array<Shape>({
    {"zeros", FileKind::data, is_zeros},
    {"tar archive", FileKind::archive, is_tar_header},
    {"zip archive", FileKind::archive, ends_as_zip},
    {"DER data", FileKind::data, is_der},
    {"OpenPGP keys", FileKind::data, is_openpgp_keys},
    {"UTF-16 text", FileKind::text, is_utf16},
});

// "script for /usr/bin/env python3".
std::string script_name(ByteView bytes) {
  std::string_view line = bytes.clamped(2, 256).as_text();
  return "script for " + printable(trim(line.substr(0, line.find('\n'))), 80);
}

std::optional<FileKind> kind_of_class(std::string_view name) {
  for (FileKind kind : {FileKind::data, FileKind::archive, FileKind::bytecode, FileKind::executable,
                        FileKind::script, FileKind::text})
    if (name == name_of(kind)) return kind;
  return {};
}

// A row of the table about the ends of names.
struct NameRow {
  std::string_view end, language;  // no language: not code
};

std::vector<NameRow> parse_name_rows(std::string_view tsv) {
  std::vector<NameRow> rows;
  for (std::string_view line : lines_of(tsv)) {
    std::vector<std::string_view> cells = split(line, '\t');
    if (cells.size() != 4 || cells[0] != "name") continue;
    rows.push_back({cells[1], cells[3] == name_of(FileKind::script) ? cells[2] : ""});
  }
  std::ranges::stable_sort(rows, std::greater{}, [](const NameRow& row) { return row.end.size(); });
  return rows;
}

std::optional<MagicRow> parse_row(std::string_view line) {
  std::vector<std::string_view> cells = split(line, '\t');
  if (cells.size() != 4 || cells[1].empty() || cells[1].size() % 2 != 0) return {};
  std::optional<std::uint64_t> offset = parse_unsigned(cells[0]);
  std::optional<FileKind> kind = kind_of_class(cells[3]);
  if (!offset || !kind) return {};
  MagicRow row{.offset = *offset, .magic = {}, .mask = {}, .name = cells[2], .kind = *kind};
  for (std::size_t i = 0; i < cells[1].size(); i += 2) {
    std::string_view digits = cells[1].substr(i, 2);
    bool any = digits == "??";
    std::optional<std::uint64_t> byte = parse_unsigned(digits, 16);
    if (!any && !byte) return {};
    row.magic += any ? '\0' : static_cast<char>(*byte);
    row.mask += any ? '\0' : '\xff';
  }
  return row;
}

}  // namespace

bool is_tar_header(ByteView bytes) {
  constexpr std::uint64_t kBlock = 512, kChecksum = 148;
  if (bytes.size() < kBlock || bytes.span()[0] == 0) return false;
  std::string_view digits = trim(bytes.clamped(kChecksum, 8).as_text());
  digits = trim(digits.substr(0, digits.find('\0')));
  std::optional<std::uint64_t> stated = parse_unsigned(digits, 8);
  std::uint64_t sum = 8 * ' ';  // the field itself counts as spaces
  for (std::uint64_t i = 0; i < kBlock; ++i)
    if (i < kChecksum || i >= kChecksum + 8) sum += bytes.span()[i];
  return stated == sum;
}

bool ends_as_zip(ByteView bytes) {
  constexpr std::uint64_t kEnd = 22, kMostComment = 0xffff;
  const std::uint64_t size = std::min(bytes.size(), kEnd + kMostComment);
  const ByteView tail = bytes.clamped(bytes.size() - size, size);
  // The comment reaches to the end of the file exactly; a comment may hold what looks like a
  // record.
  const std::string_view text = tail.as_text();
  for (std::size_t at = text.find("PK\5\6"); at != text.npos; at = text.find("PK\5\6", at + 1))
    if (at + kEnd + little(tail, at + 20, 2) == size) return true;
  return false;
}

std::vector<MagicRow> parse_magic_rows(std::string_view tsv) {
  std::vector<MagicRow> rows;
  for (std::string_view line : lines_of(tsv)) {
    if (line.starts_with('#')) continue;
    if (std::optional<MagicRow> row = parse_row(line)) rows.push_back(std::move(*row));
  }
  return rows;
}

const std::vector<MagicRow>& magic_rows() {
  static const std::vector<MagicRow> rows = parse_magic_rows(kFileTypesTsv);
  return rows;
}

std::string_view source_language(std::string_view path) {
  static const std::vector<NameRow> rows = parse_name_rows(kFileTypesTsv);
  auto fits = [&](const NameRow& row) { return path.ends_with(row.end); };
  auto row = std::ranges::find_if(rows, fits);
  return row == rows.end() ? std::string_view() : row->language;
}

FileType file_type_of(ByteView bytes) {
  if (bytes.empty()) return {FileKind::empty, "empty"};
  if (bytes.starts_with("\x7f"
                        "ELF"))
    return {FileKind::elf, "ELF"};
  for (const MagicRow& row : magic_rows()) {
    if (!row_matches(row, bytes)) continue;
    if (row.kind == FileKind::text && !is_text(bytes.as_text())) continue;
    return {row.kind, std::string(row.name)};
  }
  if (bytes.starts_with("#!")) return {FileKind::script, script_name(bytes)};
  for (const Shape& shape : kShapes)
    if (shape.matches(bytes)) return {shape.kind, std::string(shape.name)};
  if (is_text(bytes.as_text())) return {FileKind::text, text_name(bytes.as_text())};
  return {};
}

}  // namespace fathom
