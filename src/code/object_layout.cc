// Fields come in a few shapes: a number of 32 or 64 bits, absolute or from its place; on AArch64
// the parts of an instruction word. The global offset table does not exist yet, so each symbol that
// code wants through it gets an entry of its own, and a fixup says what the entry will hold.

#include "code/object_layout.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "elf/constants.h"

namespace fathom::code {

namespace {

constexpr std::uint32_t kRela = 4;  // SHT_RELA
constexpr std::uint64_t kRelaBytes = 24, kSymbolBytes = 24, kWord = 8, kStub = 16;
constexpr std::uint16_t kAbsolute = 0xfff1, kCommon = 0xfff2, kExtended = 0xffff;

// How a field is computed: S the symbol, A the addend, P the place, G the symbol's table entry.
enum class Shape : std::uint8_t {
  none,    // left as it is: offsets into thread-local storage, hints
  word64,  // S + A
  word32,
  distance64,  // S + A - P
  distance32,
  entry_distance32,  // G + A - P
  page,              // AArch64, adrp: pages from P to S + A
  entry_page,        // … to G
  low12,             // of S + A, in units of the access
  entry_low12,
  branch26,
  branch19,
  branch14,
  near21,  // adr
};

struct Form {
  Shape shape = Shape::none;
  unsigned scale = 0;  // low12: log2 of the unit
};

Form x86_form(std::uint32_t type) {
  switch (type) {
    case 1:  // R_X86_64_64
      return {Shape::word64};
    case 10:  // 32
    case 11:  // 32S
      return {Shape::word32};
    case 24:  // PC64
      return {Shape::distance64};
    case 2:  // PC32
    case 4:  // PLT32
      return {Shape::distance32};
    case 9:   // GOTPCREL
    case 22:  // GOTTPOFF
    case 41:  // GOTPCRELX
    case 42:  // REX_GOTPCRELX
      return {Shape::entry_distance32};
    default:
      return {};
  }
}

Form arm_form(std::uint32_t type) {
  switch (type) {
    case 257:  // R_AARCH64_ABS64
      return {Shape::word64};
    case 258:  // ABS32
      return {Shape::word32};
    case 260:  // PREL64
      return {Shape::distance64};
    case 261:  // PREL32
      return {Shape::distance32};
    case 274:  // ADR_PREL_LO21
      return {Shape::near21};
    case 275:  // ADR_PREL_PG_HI21
    case 276:  // … without a check
      return {Shape::page};
    case 277:  // ADD_ABS_LO12_NC
    case 278:  // LDST8_ABS_LO12_NC
      return {Shape::low12, 0};
    case 284:  // LDST16
      return {Shape::low12, 1};
    case 285:
      return {Shape::low12, 2};
    case 286:
      return {Shape::low12, 3};
    case 299:
      return {Shape::low12, 4};
    case 279:  // TSTBR14
      return {Shape::branch14};
    case 280:  // CONDBR19
      return {Shape::branch19};
    case 282:  // JUMP26
    case 283:  // CALL26
      return {Shape::branch26};
    case 311:  // ADR_GOT_PAGE
    case 541:  // TLSIE_ADR_GOTTPREL_PAGE21
      return {Shape::entry_page};
    case 312:  // LD64_GOT_LO12_NC
    case 542:  // TLSIE_LD64_GOTTPREL_LO12_NC
      return {Shape::entry_low12, 3};
    default:
      return {};
  }
}

bool is_entry(Shape shape) {
  return shape == Shape::entry_distance32 || shape == Shape::entry_page ||
         shape == Shape::entry_low12;
}

class Layouter {
 public:
  Layouter(const elf::ElfFile& elf, Machine machine, const Limits& limits)
      : elf_(elf), machine_(machine), limits_(limits) {
    std::span<const std::uint8_t> bytes = elf.bytes().span();
    out_.image.assign(bytes.begin(), bytes.end());
    outside_ = (out_.image.size() + 2 * kStub - 1) & ~(kStub - 1);
  }

  ObjectLayout run() {
    map_sections();
    read_symbols();
    for (const elf::Section& section : elf_.sections())
      if (section.type == kRela) read_relocations(section);
    order();
    return std::move(out_);
  }

 private:
  // What a symbol stands for.
  struct Target {
    std::string_view name;
    std::uint64_t address = 0;
    bool is_defined = false;
  };

  void map_sections() {
    starts_.resize(elf_.sections().size());
    for (std::size_t i = 0; i < elf_.sections().size(); ++i) {
      const elf::Section& section = elf_.sections()[i];
      if ((section.flags & elf::SHF_ALLOC) == 0) continue;
      bool has_bytes = section.type != elf::SHT_NOBITS;
      // Zero-filled data need addresses only; an absurd size must not reach past the others.
      std::uint64_t size =
          has_bytes ? section.contents.size() : std::min<std::uint64_t>(section.size, 1ull << 40);
      starts_[i] = has_bytes ? section.offset : take_outside(size);
      out_.mappings.push_back({.address = starts_[i],
                               .size = size,
                               .contents = section.contents,
                               .is_writable = (section.flags & elf::SHF_WRITE) != 0,
                               .is_executable = (section.flags & elf::SHF_EXECINSTR) != 0});
    }
  }

  std::uint64_t take_outside(std::uint64_t size) {
    std::uint64_t address = outside_;
    outside_ += (size + kStub) & ~(kStub - 1);
    return address;
  }

  // --- symbols
  void read_symbols() {
    auto table =
        std::ranges::find(elf_.sections(), std::uint32_t{elf::SHT_SYMTAB}, &elf::Section::type);
    if (table == elf_.sections().end()) return;
    if (table->link >= elf_.sections().size())
      return problem(ErrorCode::malformed, "a symbol table without names");
    ByteView names = elf_.sections()[table->link].contents;
    std::uint64_t count = std::min(table->contents.size() / kSymbolBytes, limits_.elf_symbols);
    if (count < table->contents.size() / kSymbolBytes)
      problem(ErrorCode::limit_exceeded, "too many symbols");
    for (std::uint64_t i = 0; i < count; ++i)
      add_symbol(table->contents.clamped(i * kSymbolBytes, kSymbolBytes), names);
  }

  void add_symbol(ByteView entry, ByteView names) {
    std::string_view name =
        names.clamped(entry.read<std::uint32_t>(0).value_or(0), limits_.path_bytes).as_text();
    std::uint8_t type = entry.read<std::uint8_t>(4).value_or(0) & 15;
    auto section = entry.read<std::uint16_t>(6).value_or(0);
    auto value = entry.read<std::uint64_t>(8).value_or(0);
    auto size = entry.read<std::uint64_t>(16).value_or(0);
    Target target{name.substr(0, name.find('\0')), 0, false};
    if (section == kExtended) {
      problem(ErrorCode::unsupported, "symbols of more than 65,279 sections");
    } else if (section == kCommon) {
      target.address = take_outside(std::min<std::uint64_t>(size, 1ull << 40));
      target.is_defined = true;
    } else if (section == kAbsolute) {
      target.address = value;
      target.is_defined = true;
    } else if (section != elf::SHN_UNDEF && section < starts_.size()) {
      target.address = starts_[section] + value;
      target.is_defined = true;
    }
    targets_.push_back(target);
    out_.symbols.push_back(
        {.name = target.name,
         .address = target.address,
         .size = size,
         .is_function = type == elf::STT_FUNC || type == elf::STT_GNU_IFUNC,
         .is_defined = target.is_defined && section != kAbsolute && section != kCommon,
         .is_dynamic = false});
  }

  // --- fields
  void read_relocations(const elf::Section& section) {
    if (section.info >= elf_.sections().size()) return;
    const elf::Section& target = elf_.sections()[section.info];
    if ((target.flags & elf::SHF_ALLOC) == 0) return;
    for (std::uint64_t at = 0; at + kRelaBytes <= section.contents.size(); at += kRelaBytes) {
      if (out_.fields.size() >= limits_.elf_symbols)
        return problem(ErrorCode::limit_exceeded, "too many relocations");
      auto offset = section.contents.read<std::uint64_t>(at).value_or(0);
      if (offset >= target.contents.size()) {
        problem(ErrorCode::malformed, "a relocation outside " + printable(target.name));
        continue;
      }
      auto info = section.contents.read<std::uint64_t>(at + 8).value_or(0);
      auto addend = section.contents.read<std::uint64_t>(at + 16).value_or(0);
      fill(target.offset + offset, static_cast<std::uint32_t>(info), info >> 32, addend);
    }
  }

  void fill(std::uint64_t place, std::uint32_t type, std::uint64_t symbol, std::uint64_t addend) {
    Target none;
    Target& target = symbol < targets_.size() ? targets_[symbol] : none;
    out_.fields.push_back({place, type, target.name});
    Form form = machine_ == Machine::x86_64 ? x86_form(type) : arm_form(type);
    if (form.shape == Shape::none) return;
    if (form.shape == Shape::word64) add_word(place, target, addend);
    std::uint64_t value = is_entry(form.shape) ? entry_of(symbol, target) : address_of(target);
    // An entry's addend only makes up for where the instruction ends.
    store(place, form, value + addend);
  }

  // What is not defined here is called through a stub that has the fixup.
  std::uint64_t address_of(Target& target) {
    if (target.is_defined || target.address != 0) return target.address;
    target.address = take_outside(kStub);
    out_.fixups.push_back({target.address, Fixup::Kind::jump_slot, 0, target.name});
    return target.address;
  }

  std::uint64_t entry_of(std::uint64_t symbol, const Target& target) {
    auto [entry, is_new] = entries_.try_emplace(symbol, 0);
    if (is_new) {
      entry->second = take_outside(kWord);
      out_.mappings.push_back({.address = entry->second, .size = kWord, .contents = {}});
      add_word(entry->second, target, 0);
    }
    return entry->second;
  }

  void add_word(std::uint64_t place, const Target& target, std::uint64_t addend) {
    std::uint64_t address = target.is_defined ? target.address + addend : 0;
    bool is_named = !target.is_defined;
    out_.fixups.push_back({place, is_named ? Fixup::Kind::symbol : Fixup::Kind::relative, address,
                           is_named ? target.name : std::string_view()});
  }

  void store(std::uint64_t place, Form form, std::uint64_t value) {
    std::uint64_t distance = value - place;
    switch (form.shape) {
      case Shape::word64:
        return put(place, value, 8);
      case Shape::distance64:
        return put(place, distance, 8);
      case Shape::word32:
        return put(place, value, 4);
      case Shape::distance32:
      case Shape::entry_distance32:
        return put(place, distance, 4);
      case Shape::page:
      case Shape::entry_page:
        return put_near(place, (value >> 12) - (place >> 12));
      case Shape::near21:
        return put_near(place, distance);
      case Shape::low12:
      case Shape::entry_low12:
        return put_bits(place, 10, 12, (value & 0xfff) >> form.scale);
      case Shape::branch26:
        return put_bits(place, 0, 26, distance >> 2);
      case Shape::branch19:
        return put_bits(place, 5, 19, distance >> 2);
      case Shape::branch14:
        return put_bits(place, 5, 14, distance >> 2);
      case Shape::none:
        return;
    }
  }

  void put(std::uint64_t place, std::uint64_t value, std::size_t bytes) {
    if (place > out_.image.size() || bytes > out_.image.size() - place)
      return problem(ErrorCode::truncated, "a relocated field is cut off");
    for (std::size_t i = 0; i < bytes; ++i)
      out_.image[place + i] = static_cast<std::uint8_t>(value >> 8 * i);
  }

  void put_bits(std::uint64_t place, unsigned shift, unsigned width, std::uint64_t value) {
    auto word = ByteView(out_.image).read<std::uint32_t>(place);
    if (!word) return problem(ErrorCode::truncated, "a relocated field is cut off");
    std::uint32_t mask = ((1u << width) - 1) << shift;
    put(place, (*word & ~mask) | (static_cast<std::uint32_t>(value << shift) & mask), 4);
  }

  // adr and adrp: the two low bits stand apart.
  void put_near(std::uint64_t place, std::uint64_t value) {
    put_bits(place, 29, 2, value);
    put_bits(place, 5, 19, value >> 2);
  }

  void order() {
    std::stable_sort(out_.mappings.begin(), out_.mappings.end(),
                     [](const Mapping& a, const Mapping& b) { return a.address < b.address; });
    auto by_place = [](const auto& a, const auto& b) { return a.place < b.place; };
    std::stable_sort(out_.fields.begin(), out_.fields.end(), by_place);
    std::vector<Fixup>& all = out_.fixups;
    std::stable_sort(all.begin(), all.end(), by_place);
    auto same = [](const Fixup& a, const Fixup& b) { return a.place == b.place; };
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
  }

  void problem(ErrorCode code, std::string message) {
    if (out_.problems.size() < limits_.problems)
      out_.problems.push_back({code, std::move(message)});
  }

  const elf::ElfFile& elf_;
  Machine machine_;
  const Limits& limits_;
  ObjectLayout out_;
  std::uint64_t outside_ = 0;
  std::vector<std::uint64_t> starts_;  // by section
  std::vector<Target> targets_;        // by symbol
  std::map<std::uint64_t, std::uint64_t> entries_;
};

}  // namespace

ObjectLayout lay_out_object(const elf::ElfFile& elf, Machine machine, const Limits& limits) {
  return Layouter(elf, machine, limits).run();
}

}  // namespace fathom::code
