#include "code/program.h"

#include <algorithm>

#include "base/text.h"
#include "code/object_layout.h"
#include "elf/constants.h"

namespace fathom::code {

namespace {

// Of the dynamic section, relocations and symbols, beyond what reading the file itself needs.
enum : std::uint64_t {
  DT_PLTRELSZ = 2,
  DT_HASH = 4,
  DT_SYMTAB = 6,
  DT_RELA = 7,
  DT_RELASZ = 8,
  DT_INIT = 12,
  DT_FINI = 13,
  DT_JMPREL = 23,
  DT_INIT_ARRAY = 25,
  DT_FINI_ARRAY = 26,
  DT_INIT_ARRAYSZ = 27,
  DT_FINI_ARRAYSZ = 28,
  DT_PREINIT_ARRAY = 32,
  DT_PREINIT_ARRAYSZ = 33,
  DT_RELRSZ = 35,
  DT_RELR = 36,
  DT_GNU_HASH = 0x6ffffef5,
};
enum : std::uint32_t {
  R_X86_64_64 = 1,
  R_X86_64_GLOB_DAT = 6,
  R_X86_64_JUMP_SLOT = 7,
  R_X86_64_RELATIVE = 8,
  R_X86_64_IRELATIVE = 37,
  R_AARCH64_ABS64 = 257,
  R_AARCH64_GLOB_DAT = 1025,
  R_AARCH64_JUMP_SLOT = 1026,
  R_AARCH64_RELATIVE = 1027,
  R_AARCH64_IRELATIVE = 1032,
};
enum : std::uint8_t { STT_FUNC = 2, STT_GNU_IFUNC = 10 };
constexpr std::uint32_t kDynamicSymbols = 11;  // SHT_DYNSYM
constexpr std::uint64_t kSymbolBytes = 24, kRelaBytes = 24, kWord = 8;

constexpr std::uint64_t page_of(std::uint64_t address) { return address >> 12; }

}  // namespace

class ProgramReader {
 public:
  ProgramReader(const elf::ElfFile& elf, const Limits& limits) : elf_(elf), limits_(limits) {
    program_.elf_ = &elf;
  }

  Result<Program> run() {
    TRY(check_machine());
    if (elf_.type() == elf::ET_REL) {
      read_object();
      return std::move(program_);
    }
    find_mappings();
    find_code();
    read_dynamic_tags();
    read_symbols();
    read_fixups();
    read_initializers();
    return std::move(program_);
  }

 private:
  Done check_machine() {
    if (elf_.bits() != 64 || elf_.big_endian())
      return Error{ErrorCode::unsupported, "code of a 32-bit or big-endian machine"};
    if (elf_.type() != elf::ET_EXEC && elf_.type() != elf::ET_DYN && elf_.type() != elf::ET_REL)
      return Error{ErrorCode::unsupported, "neither a program nor an object"};
    if (elf_.machine() != elf::EM_X86_64 && elf_.machine() != elf::EM_AARCH64)
      return Error{ErrorCode::unsupported,
                   "code of machine " + std::to_string(elf_.machine()) + " (e_machine)"};
    program_.machine_ = elf_.machine() == elf::EM_X86_64 ? Machine::x86_64 : Machine::aarch64;
    return Ok{};
  }

  void read_object() {
    ObjectLayout layout = lay_out_object(elf_, program_.machine_, limits_);
    program_.image_ = std::move(layout.image);
    program_.mappings_ = std::move(layout.mappings);
    program_.linker_fields_ = std::move(layout.fields);
    program_.fixups_ = std::move(layout.fixups);
    program_.symbols_ = std::move(layout.symbols);
    program_.problems_ = std::move(layout.problems);
    std::vector<elf::Interval> found;
    for (const Mapping& m : program_.mappings_)
      if (m.is_executable && !m.contents.empty())
        found.push_back({m.address, m.contents.size(), m.address});
    for (const elf::Interval& i : elf::disjoint(std::move(found), elf::OnCut::move_other))
      program_.code_.push_back(
          {i.start, ByteView(program_.image_).clamped(i.other, i.size).span()});
    for (std::string_view name : {".preinit_array", ".init_array", ".fini_array"})
      if (const elf::Section* section = elf_.find_section(name))
        add_array(section->offset, section->contents.size());
  }

  void find_mappings() {
    for (const elf::Segment& s : elf_.segments())
      if (s.type == elf::PT_LOAD && s.memory_size <= ~s.address)
        program_.mappings_.push_back({.address = s.address,
                                      .size = s.memory_size,
                                      .contents = s.contents,
                                      .is_writable = (s.flags & elf::PF_W) != 0,
                                      .is_executable = (s.flags & elf::PF_X) != 0});
    std::stable_sort(program_.mappings_.begin(), program_.mappings_.end(),
                     [](const Mapping& a, const Mapping& b) { return a.address < b.address; });
  }

  bool is_mapped_executable(const elf::ElfFile::Range& range) const {
    for (const elf::Segment& s : elf_.segments())
      if (s.type == elf::PT_LOAD && (s.flags & elf::PF_X) && range.address >= s.address &&
          range.address - s.address <= s.contents.size() &&
          range.size <= s.contents.size() - (range.address - s.address) &&
          range.offset - s.offset == range.address - s.address)
        return true;
    return false;
  }

  // Sections when every one of them is where a segment says that code is; else the segments.
  void find_code() {
    bool trust_sections = true;
    for (const elf::ElfFile::Range& range : elf_.executable_ranges())
      trust_sections &= is_mapped_executable(range);
    std::vector<elf::Interval> found;
    if (trust_sections)
      for (const elf::ElfFile::Range& range : elf_.executable_ranges())
        found.push_back({range.address, range.size, range.offset});
    else
      for (const elf::Segment& s : elf_.segments())
        if (s.type == elf::PT_LOAD && (s.flags & elf::PF_X))
          found.push_back({s.address, s.contents.size(), s.offset});
    if (!trust_sections)
      problem(ErrorCode::malformed, "the sections of code are not where the segments are");
    for (const elf::Interval& i : elf::disjoint(std::move(found), elf::OnCut::move_other))
      program_.code_.push_back({i.start, elf_.bytes().clamped(i.other, i.size).span()});
  }

  struct Tags {
    std::uint64_t symbols = 0, strings = 0, strings_size = 0, hash = 0, gnu_hash = 0;
    std::uint64_t rela = 0, rela_size = 0, jump_rela = 0, jump_rela_size = 0, relr = 0,
                  relr_size = 0;
    std::uint64_t init = 0, fini = 0;
    std::uint64_t arrays[3] = {}, array_sizes[3] = {};
  };

  void read_dynamic_tags() {
    for (const elf::Segment& segment : elf_.segments()) {
      if (segment.type != elf::PT_DYNAMIC) continue;
      ByteView table = program_.bytes_at(segment.address, segment.file_size);
      std::uint64_t count = std::min(table.size() / 16, limits_.dynamic_entries);
      for (std::uint64_t i = 0; i < count; ++i) {
        std::uint64_t tag = table.read<std::uint64_t>(16 * i).value_or(0);
        if (tag == elf::DT_NULL) return;
        take_tag(tag, table.read<std::uint64_t>(16 * i + 8).value_or(0));
      }
      return;
    }
  }

  void take_tag(std::uint64_t tag, std::uint64_t value) {
    switch (tag) {
      case DT_SYMTAB:
        tags_.symbols = value;
        break;
      case elf::DT_STRTAB:
        tags_.strings = value;
        break;
      case elf::DT_STRSZ:
        tags_.strings_size = value;
        break;
      case DT_HASH:
        tags_.hash = value;
        break;
      case DT_GNU_HASH:
        tags_.gnu_hash = value;
        break;
      case DT_RELA:
        tags_.rela = value;
        break;
      case DT_RELASZ:
        tags_.rela_size = value;
        break;
      case DT_JMPREL:
        tags_.jump_rela = value;
        break;
      case DT_PLTRELSZ:
        tags_.jump_rela_size = value;
        break;
      case DT_RELR:
        tags_.relr = value;
        break;
      case DT_RELRSZ:
        tags_.relr_size = value;
        break;
      case DT_INIT:
        tags_.init = value;
        break;
      case DT_FINI:
        tags_.fini = value;
        break;
      default:
        take_array_tag(tag, value);
    }
  }

  void take_array_tag(std::uint64_t tag, std::uint64_t value) {
    constexpr std::uint64_t kArrays[] = {DT_PREINIT_ARRAY, DT_INIT_ARRAY, DT_FINI_ARRAY};
    constexpr std::uint64_t kSizes[] = {DT_PREINIT_ARRAYSZ, DT_INIT_ARRAYSZ, DT_FINI_ARRAYSZ};
    for (std::size_t i = 0; i < 3; ++i) {
      if (tag == kArrays[i]) tags_.arrays[i] = value;
      if (tag == kSizes[i]) tags_.array_sizes[i] = value;
    }
  }

  // --- symbols
  void read_symbols() {
    dynamic_strings_ = program_.bytes_at(
        tags_.strings, tags_.strings_size != 0 ? tags_.strings_size : elf_.bytes().size());
    if (tags_.symbols != 0) {
      dynamic_symbols_ = program_.bytes_at(tags_.symbols, dynamic_symbol_count() * kSymbolBytes);
      add_symbols(dynamic_symbols_, dynamic_strings_, true);
    }
    for (const elf::Section& section : elf_.sections()) {
      bool is_dynamic = section.type == kDynamicSymbols;
      if (section.type != elf::SHT_SYMTAB && !(is_dynamic && tags_.symbols == 0)) continue;
      if (section.link >= elf_.sections().size()) {
        problem(ErrorCode::malformed, "a symbol table without names");
        continue;
      }
      add_symbols(section.contents, elf_.sections()[section.link].contents, is_dynamic);
    }
  }

  void add_symbols(ByteView table, ByteView strings, bool is_dynamic) {
    std::uint64_t count = std::min(table.size() / kSymbolBytes, limits_.elf_symbols);
    if (count < table.size() / kSymbolBytes)
      problem(ErrorCode::limit_exceeded,
              "more than " + std::to_string(limits_.elf_symbols) + " symbols");
    program_.symbols_.reserve(program_.symbols_.size() + count);
    for (std::uint64_t i = 1; i < count; ++i) {
      Symbol symbol = read_symbol(table, strings, i);
      symbol.is_dynamic = is_dynamic;
      program_.symbols_.push_back(symbol);
    }
  }

  Symbol read_symbol(ByteView table, ByteView strings, std::uint64_t index) const {
    std::uint64_t at = index * kSymbolBytes;
    std::uint8_t type = table.read<std::uint8_t>(at + 4).value_or(0) & 15;
    return {.name = name_at(strings, table.read<std::uint32_t>(at).value_or(0)),
            .address = table.read<std::uint64_t>(at + 8).value_or(0),
            .size = table.read<std::uint64_t>(at + 16).value_or(0),
            .is_function = type == STT_FUNC || type == STT_GNU_IFUNC,
            .is_defined = table.read<std::uint16_t>(at + 6).value_or(0) != 0};
  }

  // A name longer than this is cut off: hostile tables point every symbol at one long string.
  std::string_view name_at(ByteView strings, std::uint64_t offset) const {
    std::string_view text = strings.clamped(offset, limits_.path_bytes).as_text();
    return text.substr(0, text.find('\0'));
  }

  // The dynamic section does not say how many there are; the hash tables do.
  std::uint64_t dynamic_symbol_count() const {
    if (tags_.hash != 0) return program_.read_at<std::uint32_t>(tags_.hash + 4).value_or(0);
    if (tags_.gnu_hash != 0) return gnu_hash_count();
    for (const elf::Section& section : elf_.sections())
      if (section.type == kDynamicSymbols) return section.size / kSymbolBytes;
    return 0;
  }

  // The largest index in any bucket, and then on to the end of its chain (a set lowest bit).
  std::uint64_t gnu_hash_count() const {
    ByteView table = program_.bytes_at(tags_.gnu_hash, elf_.bytes().size());
    auto word = [&](std::uint64_t at) { return table.read<std::uint32_t>(at).value_or(0); };
    std::uint64_t buckets = word(0), first = word(4), bloom = word(8);
    std::uint64_t buckets_at = 16 + bloom * kWord, chains_at = buckets_at + buckets * 4;
    if (buckets > table.size() / 4) return 0;
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < buckets; ++i)
      last = std::max<std::uint64_t>(last, word(buckets_at + 4 * i));
    if (last < first) return first;
    for (; last - first < table.size() / 4; ++last) {
      std::uint64_t at = chains_at + 4 * (last - first);
      if (at + 4 > table.size() || (word(at) & 1) != 0) break;
    }
    return last + 1;
  }

  // --- what the dynamic linker fills in
  void read_fixups() {
    read_relocations(tags_.rela, tags_.rela_size);
    read_relocations(tags_.jump_rela, tags_.jump_rela_size);
    read_relative_runs();
    if (tags_.rela == 0 && tags_.jump_rela == 0) read_relocation_sections();
    std::vector<Fixup>& all = program_.fixups_;
    std::stable_sort(all.begin(), all.end(),
                     [](const Fixup& a, const Fixup& b) { return a.place < b.place; });
    all.erase(std::unique(all.begin(), all.end(),
                          [](const Fixup& a, const Fixup& b) { return a.place == b.place; }),
              all.end());
    index_fixups();
  }

  // Code asks about words far more often than there are fixups.
  void index_fixups() {
    const std::vector<Fixup>& all = program_.fixups_;
    if (all.empty()) return;
    const std::uint64_t first = page_of(all.front().place);
    const std::uint64_t pages = page_of(all.back().place) - first + 1;
    if (pages > 1024 + all.size()) return;
    program_.fixups_before_page_.resize(pages + 1);
    for (const Fixup& fixup : all) ++program_.fixups_before_page_[page_of(fixup.place) - first + 1];
    for (std::size_t i = 1; i <= pages; ++i)
      program_.fixups_before_page_[i] += program_.fixups_before_page_[i - 1];
  }

  // Static programs have no dynamic segment, but IRELATIVE relocations that their start-up applies.
  void read_relocation_sections() {
    constexpr std::uint32_t kRela = 4;  // SHT_RELA
    for (const elf::Section& section : elf_.sections())
      if (section.type == kRela && (section.flags & elf::SHF_ALLOC))
        read_relocations(section.address, section.size);
  }

  void read_relocations(std::uint64_t address, std::uint64_t size) {
    if (address == 0) return;
    ByteView table = program_.bytes_at(address, size);
    if (table.size() < size) problem(ErrorCode::truncated, "relocations are not all in the file");
    for (std::uint64_t at = 0; at + kRelaBytes <= table.size(); at += kRelaBytes) {
      if (program_.fixups_.size() >= limits_.elf_symbols)
        return problem(ErrorCode::limit_exceeded, "too many relocations");
      auto info = table.read<std::uint64_t>(at + 8).value_or(0);
      Fixup fixup;
      fixup.place = table.read<std::uint64_t>(at).value_or(0);
      fixup.kind = kind_of(static_cast<std::uint32_t>(info));
      fixup.target = table.read<std::uint64_t>(at + 16).value_or(0);
      bool named = fixup.kind == Fixup::Kind::symbol || fixup.kind == Fixup::Kind::jump_slot;
      if (named && info >> 32 < dynamic_symbols_.size() / kSymbolBytes) {
        Symbol symbol = read_symbol(dynamic_symbols_, dynamic_strings_, info >> 32);
        fixup.name = symbol.name;
        fixup.target = symbol.is_defined ? fixup.target + symbol.address : 0;
      }
      program_.fixups_.push_back(fixup);
    }
  }

  // The two machines' numbers do not overlap where it matters.
  static Fixup::Kind kind_of(std::uint32_t type) {
    switch (type) {
      case R_X86_64_RELATIVE:
      case R_AARCH64_RELATIVE:
        return Fixup::Kind::relative;
      case R_X86_64_JUMP_SLOT:
      case R_AARCH64_JUMP_SLOT:
        return Fixup::Kind::jump_slot;
      case R_X86_64_64:
      case R_X86_64_GLOB_DAT:
      case R_AARCH64_ABS64:
      case R_AARCH64_GLOB_DAT:
        return Fixup::Kind::symbol;
      case R_X86_64_IRELATIVE:
      case R_AARCH64_IRELATIVE:
        return Fixup::Kind::indirect;
      default:
        return Fixup::Kind::other;
    }
  }

  // RELR: an even word is an address, an odd one a bit map of the 63 words behind it. The targets
  // stand in the places themselves.
  void read_relative_runs() {
    if (tags_.relr == 0) return;
    ByteView table = program_.bytes_at(tags_.relr, tags_.relr_size);
    std::uint64_t next = 0;
    for (std::uint64_t at = 0; at + kWord <= table.size(); at += kWord) {
      std::uint64_t entry = table.read<std::uint64_t>(at).value_or(0);
      if ((entry & 1) == 0) {
        add_relative(entry);
        next = entry + kWord;
        continue;
      }
      for (std::uint64_t bits = entry >> 1, i = 0; bits != 0; bits >>= 1, ++i)
        if (bits & 1) add_relative(next + i * kWord);
      next += 63 * kWord;
      if (program_.fixups_.size() >= limits_.elf_symbols)
        return problem(ErrorCode::limit_exceeded, "too many relocations");
    }
  }

  void add_relative(std::uint64_t place) {
    std::uint64_t target = program_.read_at<std::uint64_t>(place).value_or(0);
    program_.fixups_.push_back({place, Fixup::Kind::relative, target, {}});
  }

  // --- who is called without being called
  void read_initializers() {
    for (std::uint64_t address : {tags_.init, tags_.fini})
      if (address != 0) program_.initializers_.push_back(address);
    for (std::size_t i = 0; i < 3; ++i) add_array(tags_.arrays[i], tags_.array_sizes[i]);
    for (std::string_view name : {".preinit_array", ".init_array", ".fini_array"})
      if (const elf::Section* section = elf_.find_section(name))
        add_array(section->address, section->size);
    std::sort(program_.initializers_.begin(), program_.initializers_.end());
    auto last = std::unique(program_.initializers_.begin(), program_.initializers_.end());
    program_.initializers_.erase(last, program_.initializers_.end());
  }

  void add_array(std::uint64_t address, std::uint64_t size) {
    size = std::min(size, limits_.dynamic_entries * kWord);
    for (std::uint64_t at = 0; at + kWord <= size; at += kWord) {
      std::optional<std::uint64_t> function = program_.pointer_at(address + at);
      if (function && program_.code_at(*function)) program_.initializers_.push_back(*function);
    }
  }

  void problem(ErrorCode code, std::string message) {
    if (program_.problems_.size() < limits_.problems)
      program_.problems_.push_back({code, std::move(message)});
  }

  const elf::ElfFile& elf_;
  const Limits& limits_;
  Program program_;
  Tags tags_;
  ByteView dynamic_symbols_, dynamic_strings_;
};

Result<Program> Program::open(const elf::ElfFile& elf, const Limits& limits) {
  return ProgramReader(elf, limits).run();
}

const CodeRange* Program::code_at(std::uint64_t address) const {
  // Most words of data are far from it.
  if (code_.empty() || address < code_.front().address || address >= code_.back().end())
    return nullptr;
  auto after =
      std::upper_bound(code_.begin(), code_.end(), address,
                       [](std::uint64_t at, const CodeRange& range) { return at < range.address; });
  if (after == code_.begin()) return nullptr;
  const CodeRange& range = *std::prev(after);
  return range.contains(address) ? &range : nullptr;
}

ByteView Program::bytes_at(std::uint64_t address, std::uint64_t size) const {
  if (is_object()) return ByteView(image_).clamped(address, size);
  std::optional<std::uint64_t> offset = elf_->offset_of_address(address);
  if (!offset) return {};
  return elf_->bytes().clamped(*offset, size);
}

Instruction Program::instruction_at(std::uint64_t address) const {
  const CodeRange* range = code_at(address);
  if (range == nullptr) return {};
  return decode(machine_, range->bytes.subspan(address - range->address), address);
}

const Fixup* Program::fixup_at(std::uint64_t place) const {
  auto first = fixups_.begin(), last = fixups_.end();
  if (!fixups_before_page_.empty()) {
    const std::uint64_t page = page_of(place) - page_of(fixups_.front().place);
    // Before the first page, too: the difference wraps to a large number.
    if (page >= fixups_before_page_.size() - 1) return nullptr;
    last = first + fixups_before_page_[page + 1];
    first += fixups_before_page_[page];
  }
  auto at = std::lower_bound(first, last, place, [](const Fixup& fixup, std::uint64_t wanted) {
    return fixup.place < wanted;
  });
  return at != last && at->place == place ? &*at : nullptr;
}

std::optional<std::uint64_t> Program::pointer_at(std::uint64_t place) const {
  if (const Fixup* fixup = fixup_at(place); fixup && fixup->kind != Fixup::Kind::other) {
    if (fixup->target != 0) return fixup->target;
    return std::nullopt;
  }
  return read_at<std::uint64_t>(place);
}

bool Program::is_position_independent() const { return elf_->type() != elf::ET_EXEC; }

}  // namespace fathom::code
