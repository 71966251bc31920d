#include "analyzer/go_buildinfo.h"

#include <array>

#include "analyzer/go_pclntab.h"
#include "analyzer/line_reader.h"
#include "base/text.h"

namespace fathom {

namespace {

// ---- Finding and decoding the header --------------------------------------------------------

constexpr std::string_view kSection = ".go.buildinfo";
constexpr std::string_view kMagic = "\xff Go buildinf:";
constexpr std::uint64_t kAlign = 16;
constexpr std::uint64_t kHeaderSize = 32;
constexpr std::uint8_t kBigEndian = 1, kInline = 2;  // flags

// A part of the file in which the header may be; strings of the inline form end with it.
std::optional<LoadedRange> find_in(const elf::ElfFile& elf, LoadedRange range) {
  ByteView bytes = elf.bytes().clamped(range.offset, range.size);
  for (std::uint64_t at = (kAlign - range.address % kAlign) % kAlign; at < bytes.size();
       at += kAlign)
    if (bytes.has_at(at, kMagic)) return LoadedRange{range.offset + at, bytes.size() - at, 0};
  return std::nullopt;
}

std::optional<LoadedRange> find_header(const elf::ElfFile& elf) {
  if (const elf::Section* section = elf.find_section(kSection))
    if (auto found = find_in(elf, {section->offset, section->contents.size(), section->address}))
      return found;
  // A copy of the magic that a program embeds as data stands in read-only segments, so those that
  // are writable come first.
  for (auto [wanted, unwanted] : std::to_array<std::array<std::uint32_t, 2>>({{2, 0}, {4, 3}}))
    for (const LoadedRange& range : loaded_ranges(elf, wanted, unwanted))
      if (auto found = find_in(elf, range)) return found;
  return std::nullopt;
}

struct RawInfo {
  GoLine release, modules;
};

Error lies(std::string what) { return {ErrorCode::malformed, "build information: " + what}; }

// Since Go 1.18: length-prefixed texts behind the header.
Result<GoLine> read_inline(ByteView file, const LoadedRange& range, std::uint64_t& at) {
  ByteView bytes = file.clamped(range.offset, range.size);
  std::uint64_t size = 0;
  for (unsigned shift = 0;; shift += 7) {
    std::uint8_t byte = TRY(bytes.read<std::uint8_t>(at++));
    if (shift == 63 && byte > 1) return lies("a length has more than 64 bits");
    size |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) break;
  }
  ByteView text = TRY(bytes.slice(at, size));
  GoLine out{text.as_text(), range.offset + at};
  at += size;
  return out;
}

// Before: pointers to Go strings, which are (pointer, length) pairs themselves.
class PointerReader {
 public:
  PointerReader(const elf::ElfFile& elf, std::uint64_t pointer_size, bool big_endian)
      : elf_(elf), size_(pointer_size), big_endian_(big_endian) {}

  Result<std::uint64_t> word(std::uint64_t offset) const {
    ByteView bytes = TRY(elf_.bytes().slice(offset, size_));
    std::uint64_t value = 0;
    for (std::uint64_t i = 0; i < size_; ++i)
      value = value << 8 | bytes.span()[big_endian_ ? i : size_ - 1 - i];
    return value;
  }

  Result<GoLine> string(std::uint64_t address) const {
    std::uint64_t at = TRY(offset_of(address));
    std::uint64_t data = TRY(word(at)), length = TRY(word(at + size_));
    if (length == 0) return GoLine{};
    std::uint64_t offset = TRY(offset_of(data));
    ByteView text = TRY(elf_.bytes().slice(offset, length));
    return GoLine{text.as_text(), offset};
  }

 private:
  Result<std::uint64_t> offset_of(std::uint64_t address) const {
    std::optional<std::uint64_t> offset = elf_.offset_of_address(address);
    if (!offset) return lies("pointer " + hex_number(address) + " leads out of the file");
    return *offset;
  }
  const elf::ElfFile& elf_;
  std::uint64_t size_;
  bool big_endian_;
};

Result<RawInfo> read_raw(const elf::ElfFile& elf) {
  std::optional<LoadedRange> range = find_header(elf);
  if (!range) return Error{ErrorCode::not_found, "no Go build information"};
  ByteView header = TRY(elf.bytes().slice(range->offset, kHeaderSize));
  std::uint8_t pointer_size = header.span()[14], flags = header.span()[15];
  RawInfo raw;
  if (flags & kInline) {
    std::uint64_t at = kHeaderSize;
    raw.release = TRY(read_inline(elf.bytes(), *range, at));
    raw.modules = TRY(read_inline(elf.bytes(), *range, at));
    return raw;
  }
  if (pointer_size != 4 && pointer_size != 8)
    return lies("a pointer has " + std::to_string(pointer_size) + " bytes");
  PointerReader pointers(elf, pointer_size, flags & kBigEndian);
  std::uint64_t release = TRY(pointers.word(range->offset + 16));
  raw.release = TRY(pointers.string(release));
  std::uint64_t modules = TRY(pointers.word(range->offset + 16 + pointer_size));
  if (modules != 0) raw.modules = TRY(pointers.string(modules));
  return raw;
}

// ---- The list of modules ---------------------------------------------------------------------

// The linker frames the list with 16 random-looking bytes on both sides, by which the program
// finds it in itself.
constexpr std::uint64_t kFrame = 16;

class ListReader {
 public:
  ListReader(GoBuildInfo& info, const Limits& limits) : info_(info), limits_(limits) {}

  void read(GoLine list) {
    LineReader lines(list.text);
    while (lines.next()) {
      if (lines.line().empty()) continue;
      if (kept_ == limits_.packages) {
        problem(ErrorCode::limit_exceeded, lines.number(), "more lines than are read");
        return;
      }
      GoLine line{lines.line(), list.offset + lines.offset()};
      if (!read_line(line)) problem(ErrorCode::malformed, lines.number(), "not understood");
    }
  }

 private:
  bool read_line(GoLine line) {
    std::size_t tab = line.text.find('\t');
    if (tab == line.text.npos) return false;
    std::string_view word = line.text.substr(0, tab), rest = line.text.substr(tab + 1);
    ++kept_;
    if (word == "build") return read_setting(rest, line);
    std::size_t end = rest.find('\t');
    GoModule module{.path = rest.substr(0, end), .version = {}, .line = line};
    if (end != rest.npos) {
      rest.remove_prefix(end + 1);
      module.version = rest.substr(0, rest.find('\t'));
    }
    if (module.path.empty()) return false;
    if (word == "=>") return replace(module);
    replaceable_ = nullptr;
    in_dependency_ = word == "dep";
    if (word == "path") info_.path = module;
    if (word == "mod") {
      info_.main = module;
      replaceable_ = &info_.main_replacement;
    }
    if (word == "dep") info_.dependencies.push_back({module, {}});
    return word == "path" || word == "mod" || word == "dep";
  }

  bool replace(const GoModule& module) {
    std::optional<GoModule>* slot = replaceable_;
    if (in_dependency_) slot = &info_.dependencies.back().replacement;
    if (!slot || slot->has_value()) return false;
    *slot = module;
    return true;
  }

  bool read_setting(std::string_view text, GoLine line) {
    // A quoted key may hold "=", but none that matters here is quoted.
    std::size_t equals = text.find('=', text.starts_with('"') ? text.find('"', 1) : 0);
    if (equals == text.npos || equals == 0) return false;
    info_.settings.push_back({text.substr(0, equals), text.substr(equals + 1), line});
    return true;
  }

  void problem(ErrorCode code, std::uint64_t number, std::string_view what) {
    if (info_.problems.size() >= limits_.problems) {
      ++info_.problems_not_kept;
      return;
    }
    info_.problems.push_back(
        {code, "module list, line " + std::to_string(number) + ": " + std::string(what)});
  }

  GoBuildInfo& info_;
  const Limits& limits_;
  std::optional<GoModule>* replaceable_ = nullptr;
  bool in_dependency_ = false;
  std::uint64_t kept_ = 0;
};

}  // namespace

std::string_view GoBuildInfo::setting(std::string_view key) const {
  for (const GoSetting& setting : settings)
    if (setting.key == key) return setting.value;
  return {};
}

bool is_go(const elf::ElfFile& elf) {
  if (elf.find_section(kSection) || elf.find_section(".gopclntab")) return true;
  for (const elf::Note& note : elf.notes())
    if (note.owner == "Go") return true;
  return find_header(elf).has_value();
}

Result<GoBuildInfo> read_go_buildinfo(const elf::ElfFile& elf, const Limits& limits) {
  RawInfo raw = TRY(read_raw(elf));
  if (raw.release.text.empty()) return lies("no Go release");
  GoBuildInfo info;
  info.release = raw.release;
  std::string_view list = raw.modules.text;
  if (list.size() <= 2 * kFrame || list[list.size() - kFrame - 1] != '\n') return info;
  info.listed = true;
  ListReader(info, limits)
      .read({list.substr(kFrame, list.size() - 2 * kFrame), raw.modules.offset + kFrame});
  return info;
}

std::string go_release_version(std::string_view release) {
  if (!release.starts_with("go")) return {};
  release = release.substr(2, release.find_first_of(" -+", 2) - 2);
  std::size_t end = release.find_first_not_of("0123456789.");
  std::string_view numbers = release.substr(0, end);
  std::size_t dots = 0;
  for (std::string_view part : split(numbers, '.')) {
    if (part.empty()) return {};
    ++dots;
  }
  --dots;
  if (dots < 1 || dots > 2) return {};
  if (end == release.npos) return std::string(numbers);
  // Semantic versions have three numbers and a dot before a pre-release's number.
  for (std::string_view word : {"beta", "rc"})
    if (release.substr(end).starts_with(word) && parse_unsigned(release.substr(end + word.size())))
      return std::string(numbers) + (dots == 1 ? ".0-" : "-") + std::string(word) + "." +
             std::string(release.substr(end + word.size()));
  return {};
}

}  // namespace fathom
