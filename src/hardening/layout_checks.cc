// What the kernel and the dynamic linker are told: where the file goes in memory, and with which
// rights.
//
// Entropy is that of the address of the code, by the kernel's rules with its default settings
// (vm.mmap_rnd_bits as the architecture's Kconfig has it): fs/binfmt_elf.c puts a PIE at
// ELF_ET_DYN_BASE + arch_mmap_rnd() pages, and clears the bits below the largest p_align of its
// PT_LOAD segments. A file of type ET_EXEC goes where its headers say: of a static one nothing but
// stack, heap and vdso moves.
//
// Sources: Linux arch/*/Kconfig (ARCH_MMAP_RND_BITS_MIN, the default), fs/binfmt_elf.c,
// arch/x86/include/asm/elf.h (elf_read_implies_exec); glibc elf/dl-support.c; gABI chapter 5.

#include <algorithm>
#include <array>
#include <bit>

#include "base/text.h"
#include "elf/constants.h"
#include "hardening/checks.h"

namespace fathom::hardening {

namespace {

enum class NoStackHeader { executable, everything, not_executable, unknown };

struct Machine {
  std::uint16_t machine;
  std::uint64_t random_bits;  // pages of 4 KiB
  NoStackHeader without_header;
};
constexpr std::uint64_t kPageBits = 12;
constexpr auto kMachines = std::to_array<Machine>({
    {elf::EM_X86_64, 28, NoStackHeader::not_executable},
    {elf::EM_386, 8, NoStackHeader::everything},
    {elf::EM_AARCH64, 18, NoStackHeader::not_executable},
    {40 /* arm */, 8, NoStackHeader::executable},
    {243 /* riscv */, 18, NoStackHeader::not_executable},
});

const Machine* machine_of(const Subject& s) {
  auto found = std::ranges::find(kMachines, s.elf.machine(), &Machine::machine);
  return found == kMachines.end() ? nullptr : &*found;
}

Seen at_segment(const Subject& s, const elf::Segment& segment, std::string_view name) {
  std::size_t index = 0;
  while (index < s.elf.segments().size() && &s.elf.segments()[index] != &segment) ++index;
  return {Place::named("program header " + std::to_string(index)), describe(segment, name)};
}

Seen header_type(const Subject& s) {
  return {Place::at_offset(16, "ELF header"),
          s.elf.type() == elf::ET_EXEC ? "e_type ET_EXEC" : "e_type ET_DYN"};
}

bool is_fixed(const Subject& s) { return s.is("executable"); }

const elf::Segment* first_load(const Subject& s) { return s.segment(elf::PT_LOAD); }

// How many low bits of the page number p_align takes away.
std::uint64_t alignment_bits(const Subject& s) {
  std::uint64_t most = 0;
  for (const elf::Segment& segment : s.elf.segments())
    if (segment.type == elf::PT_LOAD && std::has_single_bit(segment.align))
      most = std::max<std::uint64_t>(most,
                                     static_cast<std::uint64_t>(std::countr_zero(segment.align)));
  return most > kPageBits ? most - kPageBits : 0;
}

// ---- RELRO

struct Eager {
  bool yes = false;
  Seen seen;
};

Seen at_entry(const elf::DynamicEntry& entry, std::string text) {
  return {Place::at_offset(entry.offset, "dynamic section"), std::move(text)};
}

// Whether everything is bound before the program starts, so that all of the GOT can be protected.
Eager binds_eagerly(const Subject& s) {
  constexpr std::uint64_t kJumpRelocations = 23;  // DT_JMPREL
  if (const elf::DynamicEntry* e = s.elf.find_dynamic(elf::DT_BIND_NOW))
    return {true, at_entry(*e, "DT_BIND_NOW")};
  if (const elf::DynamicEntry* e = s.elf.find_dynamic(elf::DT_FLAGS);
      e != nullptr && (e->value & elf::DF_BIND_NOW) != 0)
    return {true, at_entry(*e, "DT_FLAGS BIND_NOW")};
  if (const elf::DynamicEntry* e = s.elf.find_dynamic(elf::DT_FLAGS_1);
      e != nullptr && (e->value & elf::DF_1_NOW) != 0)
    return {true, at_entry(*e, "DT_FLAGS_1 NOW")};
  if (s.elf.find_dynamic(kJumpRelocations) == nullptr)
    return {true, {Place::named("dynamic section"), "no DT_JMPREL: nothing is bound lazily"}};
  return {false, {Place::named("dynamic section"), "DT_JMPREL without BIND_NOW"}};
}

bool holds(const elf::Segment& segment, const elf::Section& section) {
  return section.address >= segment.address &&
         section.address - segment.address + section.size <= segment.memory_size;
}

// A static program has no flags; its .got.plt (of indirect functions) lies inside or not.
HardeningCheck static_relro(const Subject& s, const elf::Segment& relro) {
  Seen seen = at_segment(s, relro, "PT_GNU_RELRO");
  if (s.libc_row != nullptr && s.libc_row->static_relro == "ignored")
    return check(
        "relro", "not applied", Rating::missing, seen,
        "the start code of " + s.libc + " leaves PT_GNU_RELRO of a static program writable");
  if (!s.elf.has_section_headers())
    return check("relro", "partial or full", Rating::unknown, seen,
                 "without section headers the GOT of a static program cannot be found");
  const elf::Section* got = s.elf.find_section(".got.plt");
  const std::uint64_t reserved = 3 * static_cast<std::uint64_t>(s.elf.bits()) / 8;
  if (got != nullptr && got->size > reserved && !holds(relro, *got)) {
    seen.text += "; .got.plt at " + hex_number(got->address) + " outside of it";
    return check("relro", "partial", Rating::partial, seen);
  }
  if (s.libc_row == nullptr || s.libc_row->static_relro != "applied")
    return check("relro", "full or not applied", Rating::unknown, seen,
                 "which C library it starts with is not known, and not all of them apply it");
  seen.text += got != nullptr ? "; .got.plt holds nothing outside of it" : "; no .got.plt";
  return check("relro", "full", Rating::good, seen);
}

bool has_what_relro_protects(const Subject& s) {
  for (std::string_view name :
       {".got", ".got.plt", ".init_array", ".fini_array", ".data.rel.ro", ".dynamic"})
    if (const elf::Section* section = s.elf.find_section(name);
        section != nullptr && section->size > 0 && (section->flags & elf::SHF_WRITE) != 0)
      return true;
  return !s.elf.has_section_headers();
}

}  // namespace

HardeningCheck check_pie(const Subject& s) {
  Seen seen = header_type(s);
  if (s.is("shared object")) return check("pie", "shared object", Rating::neutral, seen);
  if (!is_fixed(s)) {
    const elf::DynamicEntry* flags = s.elf.find_dynamic(elf::DT_FLAGS_1);
    if (flags != nullptr && (flags->value & elf::DF_1_PIE) != 0) seen.text += ", DT_FLAGS_1 PIE";
    return check("pie", s.facts.type, Rating::good, seen);
  }
  const elf::Segment* load = first_load(s);
  if (load != nullptr) seen.text += ", first PT_LOAD at " + hex_number(load->address);
  if (s.facts.is_static)
    return check("pie", "fixed-address static", Rating::bad, seen,
                 "program and libraries always stand at the same addresses");
  return check("pie", "fixed-address", Rating::missing, seen,
               "the program's own code always stands at the same address; its libraries do not");
}

HardeningCheck check_aslr(const Subject& s) {
  const Machine* machine = machine_of(s);
  if (machine == nullptr)
    return check("aslr", "unknown", Rating::unknown, header_type(s),
                 "the layout rules of this machine are not in the table");
  const std::string of = " of " + std::to_string(machine->random_bits) + " bits";
  if (is_fixed(s)) {
    const elf::Segment* load = first_load(s);
    Seen seen = load != nullptr ? at_segment(s, *load, "PT_LOAD") : header_type(s);
    return check("aslr", "0" + of, s.facts.is_static ? Rating::bad : Rating::missing, seen,
                 "loses " + std::to_string(machine->random_bits) +
                     " bits: ET_EXEC is mapped where its headers say");
  }
  const std::uint64_t lost = std::min(alignment_bits(s), machine->random_bits);
  Seen seen = header_type(s);
  std::string why;
  if (lost > 0) {
    seen.text += ", largest p_align 2^" + std::to_string(lost + kPageBits);
    why = "segments aligned to more than a page cost " + std::to_string(lost) + " bits";
  }
  return check("aslr", std::to_string(machine->random_bits - lost) + of,
               lost > machine->random_bits / 4 ? Rating::partial : Rating::good, seen, why);
}

HardeningCheck check_relro(const Subject& s) {
  const elf::Segment* relro = s.segment(elf::PT_GNU_RELRO);
  if (relro == nullptr) {
    Seen seen{Place::named("program headers"), "no PT_GNU_RELRO"};
    if (!has_what_relro_protects(s))
      return check("relro", "none", Rating::neutral, seen,
                   "there is no GOT, initialiser or relocated data to protect");
    return check("relro", "none", Rating::missing, seen);
  }
  if (!s.elf.has_dynamic() || (s.facts.is_static && !s.is("static-pie")))
    return static_relro(s, *relro);
  if (s.is("static-pie") && s.libc_row != nullptr && s.libc_row->static_relro == "ignored")
    return static_relro(s, *relro);
  Eager eager = binds_eagerly(s);
  Seen seen = at_segment(s, *relro, "PT_GNU_RELRO");
  seen.text += "; " + eager.seen.text;
  if (eager.seen.place.kind == Place::Kind::offset) seen.place = eager.seen.place;
  return eager.yes ? check("relro", "full", Rating::good, seen)
                   : check("relro", "partial", Rating::partial, seen,
                           "the part of the GOT that is bound lazily stays writable");
}

HardeningCheck check_nx_stack(const Subject& s) {
  const elf::Segment* stack = s.segment(elf::PT_GNU_STACK);
  if (stack != nullptr) {
    Seen seen = at_segment(s, *stack, "PT_GNU_STACK");
    if ((stack->flags & elf::PF_X) == 0)
      return check("nx_stack", "non-executable", Rating::good, seen);
    return check(
        "nx_stack", "executable", Rating::bad, seen,
        s.is("shared object") ? "makes the stacks of every process that loads it executable" : "");
  }
  const Machine* machine = machine_of(s);
  Seen seen{Place::named("program headers"), "no PT_GNU_STACK"};
  NoStackHeader rule = machine == nullptr ? NoStackHeader::unknown : machine->without_header;
  if (rule == NoStackHeader::unknown) return check("nx_stack", "unknown", Rating::unknown, seen);
  if (rule != NoStackHeader::not_executable)
    return check("nx_stack", "executable", Rating::bad, seen,
                 "this machine's default without the header");
  if (s.elf.machine() == elf::EM_AARCH64)
    return check("nx_stack", "non-executable", Rating::good, seen,
                 "this machine's default without the header");
  return check(
      "nx_stack", "not stated", Rating::bad, seen,
      s.is("shared object")
          ? "glibc before 2.41 takes a library without the header to want executable stacks"
          : "executable before Linux 5.8, not since");
}

// READ_IMPLIES_EXEC: the kernel then makes every readable mapping executable.
HardeningCheck check_rwx_by_stack(const Subject& s) {
  const elf::Segment* stack = s.segment(elf::PT_GNU_STACK);
  const Machine* machine = machine_of(s);
  Seen seen = stack != nullptr ? at_segment(s, *stack, "PT_GNU_STACK")
                               : Seen{Place::named("program headers"), "no PT_GNU_STACK"};
  if (s.is("shared object"))
    return check("rwx_by_stack", "no", Rating::neutral, seen, "only a program's header counts");
  if (stack != nullptr && (stack->flags & elf::PF_X) == 0)
    return check("rwx_by_stack", "no", Rating::good, seen);
  if (machine == nullptr) return check("rwx_by_stack", "unknown", Rating::unknown, seen);
  if (stack == nullptr && machine->without_header == NoStackHeader::everything)
    return check("rwx_by_stack", "yes", Rating::bad, seen,
                 "every readable page of the process is executable");
  if (s.elf.machine() == elf::EM_X86_64 || s.elf.machine() == elf::EM_386)
    return check("rwx_by_stack", "before Linux 5.8", Rating::bad, seen,
                 "older kernels make every readable page of the process executable");
  if (s.elf.machine() == elf::EM_AARCH64) return check("rwx_by_stack", "no", Rating::good, seen);
  return check("rwx_by_stack", "unknown", Rating::unknown, seen);
}

HardeningCheck check_wx_segments(const Subject& s) {
  std::uint64_t count = 0;
  const elf::Segment* first = nullptr;
  for (const elf::Segment& segment : s.elf.segments()) {
    constexpr std::uint32_t kBoth = elf::PF_W | elf::PF_X;
    if (segment.type != elf::PT_LOAD || (segment.flags & kBoth) != kBoth) continue;
    if (count++ == 0) first = &segment;
  }
  if (first == nullptr) {
    if (first_load(s) == nullptr)
      return check("wx_segments", "unknown", Rating::unknown,
                   {Place::named("program headers"), "no PT_LOAD"});
    return check("wx_segments", "none", Rating::good,
                 {Place::named("program headers"), "no PT_LOAD is writable and executable"});
  }
  return check("wx_segments", std::to_string(count), Rating::bad, at_segment(s, *first, "PT_LOAD"));
}

HardeningCheck check_text_relocations(const Subject& s) {
  const elf::DynamicEntry* flags = s.elf.find_dynamic(elf::DT_FLAGS);
  constexpr std::string_view kWhy = "code is made writable while it is relocated";
  if (const elf::DynamicEntry* entry = s.elf.find_dynamic(elf::DT_TEXTREL))
    return check("text_relocations", "yes", Rating::bad, at_entry(*entry, "DT_TEXTREL"),
                 std::string(kWhy));
  if (flags != nullptr && (flags->value & elf::DF_TEXTREL) != 0)
    return check("text_relocations", "yes", Rating::bad, at_entry(*flags, "DT_FLAGS TEXTREL"),
                 std::string(kWhy));
  return check("text_relocations", "none", Rating::good,
               {Place::named("dynamic section"),
                s.elf.has_dynamic() ? "no DT_TEXTREL" : "there is no dynamic section"});
}

HardeningCheck check_build_id(const Subject& s) {
  for (const elf::Note& note : s.elf.notes())
    if (note.owner == "GNU" && note.type == elf::NT_GNU_BUILD_ID)
      return check("build_id", s.facts.build_id, Rating::neutral,
                   {Place::at_offset(note.offset), "note GNU NT_GNU_BUILD_ID"});
  if (!s.facts.go_build_id.empty())
    return check("build_id", "Go", Rating::neutral,
                 {Place::named(".note.go.buildid"), s.facts.go_build_id});
  return check("build_id", "none", Rating::neutral, {Place::named("notes"), "no NT_GNU_BUILD_ID"},
               "its debug data cannot be found by identity");
}

HardeningCheck check_debug_data(const Subject& s) {
  if (!s.elf.has_section_headers())
    return check("debug_data", "none", Rating::neutral,
                 {Place::named("section headers"), "there are none"});
  std::string value;
  Seen seen{Place::named("section headers"), ""};
  auto add = [&](std::string_view word, std::string_view section) {
    value += (value.empty() ? "" : ", ") + std::string(word);
    seen.text += (seen.text.empty() ? "" : ", ") + std::string(section);
  };
  if (!s.facts.stripped) add("symbols", ".symtab");
  if (s.facts.has_debug_info) add("debug info", ".debug_info");
  if (s.elf.find_section(".gnu_debugdata") != nullptr) add("compressed symbols", ".gnu_debugdata");
  if (s.elf.find_section(".gnu_debuglink") != nullptr) add("link to debug file", ".gnu_debuglink");
  if (value.empty()) {
    value = "none";
    seen.text = "no .symtab, no .debug_info";
  }
  return check("debug_data", value, Rating::neutral, seen);
}

}  // namespace fathom::hardening
