// What an ELF file says about itself: for whom it was built, how, by what, and what it needs.

#include <algorithm>
#include <array>

#include "analyzer/analyzer.h"
#include "base/text.h"
#include "elf/constants.h"

namespace fathom {

namespace {

struct MachineName {
  std::uint16_t machine;
  std::string_view name;
};
// Names as uname -m and package architectures have them; numbers of the gABI's registry.
constexpr auto kMachines = std::to_array<MachineName>({
    {2, "sparc"},        {3, "i386"},       {4, "m68k"},      {8, "mips"},      {15, "parisc"},
    {18, "sparc32plus"}, {20, "ppc"},       {21, "ppc64"},    {22, "s390"},     {40, "arm"},
    {42, "sh"},          {43, "sparc64"},   {50, "ia64"},     {62, "x86_64"},   {83, "avr"},
    {93, "arc"},         {94, "xtensa"},    {164, "hexagon"}, {183, "aarch64"}, {190, "cuda"},
    {195, "arcv2"},      {224, "amdgpu"},   {243, "riscv"},   {247, "bpf"},     {252, "csky"},
    {258, "loongarch"},  {0x9026, "alpha"},
});

std::string machine_name(std::uint16_t machine) {
  auto row = std::ranges::find(kMachines, machine, &MachineName::machine);
  return row != kMachines.end() ? std::string(row->name) : "EM_" + std::to_string(machine);
}

// Linkers mark position-independent executables with DF_1_PIE. Older ones did not: there, a program
// is what asks for an interpreter and has no name to be linked by (libc.so.6 asks for one, too).
std::string type_of(const elf::ElfFile& elf) {
  switch (elf.type()) {
    case elf::ET_REL:
      return "relocatable";
    case elf::ET_EXEC:
      return "executable";
    case elf::ET_CORE:
      return "core";
    case elf::ET_DYN:
      break;
    default:
      return "ET_" + std::to_string(elf.type());
  }
  bool marked = (elf.dynamic_flags_1() & elf::DF_1_PIE) != 0;
  bool interpreted = !elf.interpreter().empty();
  if (marked) return interpreted ? "pie" : "static-pie";
  return interpreted && elf.soname().empty() ? "pie" : "shared object";
}

std::vector<std::string> owned(const std::vector<std::string_view>& views) {
  return {views.begin(), views.end()};
}

// .comment: texts with NULs between them, usually the same one for each object file.
std::vector<std::string> comments_of(const elf::ElfFile& elf, const Limits& limits) {
  std::vector<std::string> out;
  const elf::Section* section = elf.find_section(".comment");
  if (section == nullptr) return out;
  std::string_view rest = section->contents.clamped(0, limits.texts).as_text();
  while (!rest.empty()) {
    std::string_view text = rest.substr(0, rest.find('\0')).substr(0, limits.text_bytes);
    if (!text.empty() && std::ranges::find(out, text) == out.end()) out.emplace_back(text);
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    if (out.size() >= limits.problems) break;
  }
  return out;
}

void add_notes(const elf::ElfFile& elf, ElfFacts& facts) {
  for (const elf::Note& note : elf.notes()) {
    if (note.owner == "GNU" && note.type == elf::NT_GNU_BUILD_ID && facts.build_id.empty())
      facts.build_id = to_hex(note.description.clamped(0, 64));
    if (note.owner == "Go" && note.type == elf::NT_GO_BUILD_ID && facts.go_build_id.empty())
      facts.go_build_id = note.description.clamped(0, 256).as_text();
  }
}

bool has_section(const elf::ElfFile& elf, auto matches) {
  return std::ranges::any_of(elf.sections(), matches);
}

Done run(const FileInput& in, FileFacts& facts) {
  const elf::ElfFile& elf = *in.elf;
  ElfFacts out;
  out.bits = static_cast<std::uint8_t>(elf.bits());
  out.big_endian = elf.big_endian();
  out.machine = elf.machine();
  out.machine_name = machine_name(elf.machine());
  out.type = type_of(elf);
  out.interpreter = elf.interpreter();
  out.soname = elf.soname();
  out.needed = owned(elf.needed());
  out.runpath = owned(elf.runpath());
  out.rpath = owned(elf.rpath());
  out.is_static = (out.type == "executable" || out.type == "static-pie") &&
                  out.interpreter.empty() && out.needed.empty();
  out.stripped = !has_section(elf, [](const auto& s) { return s.type == elf::SHT_SYMTAB; });
  out.has_debug_info = has_section(elf, [](const auto& s) {
    return s.name == ".debug_info" || s.name == ".zdebug_info" || s.name == ".stab";
  });
  out.has_section_headers = elf.has_section_headers();
  out.comments = comments_of(elf, in.limits);
  add_notes(elf, out);
  out.exported_versions = owned(elf.version_definitions());
  for (const elf::ElfFile::Range& range : elf.executable_ranges())
    out.executable_bytes += range.size;
  facts.type = "ELF " + out.machine_name + " " + out.type + (out.is_static ? ", static" : "") +
               (out.stripped ? ", stripped" : "") + (out.has_debug_info ? ", debug info" : "");
  facts.elf = std::move(out);
  return Ok{};
}

}  // namespace

extern const FileAnalyzer elf_facts = {
    .name = "elf",
    .version = 1,
    .needs = Needs::elf,
    .summary = "machine, type, needed libraries, build identifiers of an ELF file",
    .wants = [](const FileInput& in) { return in.elf != nullptr; },
    .run = run,
};

}  // namespace fathom
