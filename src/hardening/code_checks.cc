// What compilers leave: imported and defined symbols, marks in the notes, sequences in the code.
//
// In a dynamic program the imports are the program's own. In a static one the C library's code
// stands beside the program's, and glibc's is itself built with a stack protector and has the
// checked functions in it: there neither their symbols nor their messages say anything about the
// program, and the answer is "some code" or "unknown", not "yes".
//
// Sources: gABI notes, "Linux Extensions to gABI" (.note.gnu.property); x86-64 psABI and AArch64
// ELF ABI (feature bits); clang, ControlFlowIntegrity (names of its symbols).

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "elf/constants.h"
#include "hardening/checks.h"
#include "hardening/shares.h"

namespace fathom::hardening {

namespace {

using elf::Symbol;

// Code that crt files bring into every shared object; there is nothing in it to protect.
constexpr std::uint64_t kStartupCode = 256;
constexpr std::uint64_t kStartupMarks = 4;  // endbr64 of those files

bool is_x86(const Subject& s) {
  return s.elf.machine() == elf::EM_X86_64 || s.elf.machine() == elf::EM_386;
}
bool is_aarch64(const Subject& s) { return s.elf.machine() == elf::EM_AARCH64; }

bool has_no_code(const Subject& s) {
  return s.is("shared object") && s.facts.executable_bytes <= kStartupCode;
}
HardeningCheck no_code(std::string_view id, const Subject& s) {
  return check(id, "not applicable", Rating::neutral,
               {Place::named("executable sections"),
                std::to_string(s.facts.executable_bytes) + " bytes of code"},
               "no code but that of start-up files");
}

HardeningCheck not_c(std::string_view id, std::string_view why) {
  return check(id, "not applicable", Rating::neutral,
               {Place::named(".gopclntab"), "compiled by Go"}, std::string(why));
}

Seen at_symbol(const Symbol& symbol, std::string_view what) {
  return {Place::at_offset(symbol.offset, "symbol table"),
          std::string(what) + " " + std::string(symbol.name)};
}

Seen at_mark(const Marks& marks, std::string_view one, std::string_view many) {
  return {Place::at_offset(marks.first),
          with_thousands(marks.count) + " " + std::string(marks.count == 1 ? one : many)};
}

// ---- Stack protector

const Symbol* protector_symbol(const Subject& s) {
  for (std::string_view name :
       {"__stack_chk_fail", "__stack_chk_fail_local", "__stack_smash_handler"})
    for (const Symbol* symbol : {s.import(name), s.definition(name)})
      if (symbol != nullptr) return symbol;
  return nullptr;
}

Seen protector_seen(const Subject& s, const Symbol* symbol) {
  const Marks& canaries = s.code.canaries;
  Seen seen;
  if (symbol != nullptr) seen = at_symbol(*symbol, symbol->is_undefined() ? "imports" : "has");
  if (canaries.count > 0) {
    Seen marks = at_mark(canaries, "read of the canary", "reads of the canary");
    seen = symbol == nullptr ? marks : Seen{marks.place, seen.text + "; " + marks.text};
  }
  const Share share = canaries.count > 0 ? protected_functions(s) : Share{};
  if (share.functions > 0)
    seen.text += ", in " + with_thousands(share.with) + " of " + with_thousands(share.functions) +
                 (share.framed ? " functions with a frame" : " functions");
  return seen;
}

HardeningCheck static_stack_protector(const Subject& s, const Symbol* symbol) {
  constexpr std::string_view kMessage = "stack smashing detected";
  if (s.code.canaries.count > 0)
    return check("stack_protector", "some code", Rating::unknown, protector_seen(s, symbol),
                 s.libc.empty() ? "" : "the code of " + s.libc + " in the file may be all of it");
  if (s.code.reads_canaries) {
    Seen seen{Place::named("executable sections"), "the canary is never read"};
    if (symbol != nullptr) seen.text += ", though " + std::string(symbol->name) + " is there";
    if (s.language == "Rust")
      return check("stack_protector", "none", Rating::neutral, seen, "Rust checks bounds itself");
    return check("stack_protector", "none", Rating::missing, seen);
  }
  if (symbol != nullptr)
    return check("stack_protector", "some code", Rating::unknown, protector_seen(s, symbol),
                 "the C library has it in any case");
  for (const elf::Segment& segment : s.elf.segments())
    if (std::size_t at = segment.contents.as_text().find(kMessage);
        segment.type == elf::PT_LOAD && at != std::string_view::npos)
      return check("stack_protector", "some code", Rating::unknown,
                   {Place::at_offset(segment.offset + at), std::string(kMessage)},
                   "the C library has it in any case");
  return check("stack_protector", "unknown", Rating::unknown,
               {Place::named("symbol table"), "no symbol and no message of it"});
}

// ---- FORTIFY

struct Fortified {
  std::set<std::string_view> checked, plain, plain_always;
  const Symbol* first_checked = nullptr;
  const Symbol* first_always = nullptr;
};

Fortified count_fortified(const std::vector<Symbol>& symbols, bool defined) {
  std::set<std::string_view> checked, sized, always;
  for (const FortifyRow& row : fortify_rows()) {
    checked.insert(row.checked);
    (row.always ? always : sized).insert(row.plain);
  }
  Fortified out;
  for (const Symbol& symbol : symbols) {
    if (symbol.is_undefined() == defined) continue;
    if (checked.contains(symbol.name)) {
      out.checked.insert(symbol.name);
      if (out.first_checked == nullptr) out.first_checked = &symbol;
    }
    if (sized.contains(symbol.name) || always.contains(symbol.name)) out.plain.insert(symbol.name);
    if (always.contains(symbol.name)) {
      out.plain_always.insert(symbol.name);
      if (out.first_always == nullptr) out.first_always = &symbol;
    }
  }
  return out;
}

std::string listed(const std::set<std::string_view>& names) {
  constexpr std::size_t kMost = 4;
  std::string out;
  std::size_t count = 0;
  for (std::string_view name : names)
    if (++count <= kMost) out += (out.empty() ? "" : ", ") + std::string(name);
  return count > kMost ? out + " and " + std::to_string(count - kMost) + " more" : out;
}

HardeningCheck dynamic_fortify(const Subject& s) {
  Fortified f = count_fortified(s.dynamic.symbols, false);
  const std::size_t all = f.checked.size() + f.plain.size();
  if (all == 0)
    return check("fortify", "nothing to fortify", Rating::neutral,
                 {Place::named("dynamic symbols"), "imports no function that has a checked form"});
  std::string value = std::to_string(f.checked.size()) + " of " + std::to_string(all);
  if (f.checked.empty()) {
    if (s.libc == "musl")
      return check("fortify", "unknown", Rating::unknown,
                   {Place::named("dynamic symbols"), "imports " + listed(f.plain)},
                   "musl has no checked functions; fortify-headers leave no mark");
    if (f.plain_always.empty())
      return check("fortify", value, Rating::unknown,
                   {Place::named("dynamic symbols"), "imports " + listed(f.plain)},
                   "these stay as they are where the compiler sees that they are safe");
    return check("fortify", value, Rating::missing, at_symbol(*f.first_always, "imports"),
                 "fortified code calls the checked form of " + listed(f.plain_always));
  }
  Seen seen = at_symbol(*f.first_checked, "imports");
  seen.text = "imports " + listed(f.checked);
  if (f.plain_always.empty()) return check("fortify", value, Rating::good, seen);
  return check("fortify", value, Rating::partial, seen,
               "some code was not: it calls " + listed(f.plain_always));
}

HardeningCheck static_fortify(const Subject& s) {
  Seen seen{Place::named("symbol table"), "static"};
  if (s.libc == "musl")
    return check("fortify", "unknown", Rating::unknown, seen,
                 "musl has no checked functions; fortify-headers leave no mark");
  // An archive member is there because somebody asked for it; the formatted output functions are
  // asked for by programs, the checked memory functions come with the plain ones.
  Fortified f = count_fortified(s.all.symbols, true);
  for (const FortifyRow& row : fortify_rows())
    if (row.always && row.plain.ends_with("printf") && f.checked.contains(row.checked))
      return check("fortify", "some code", Rating::unknown,
                   {Place::named(".symtab"), "has " + std::string(row.checked)},
                   "how many calls are checked needs the call graph");
  return check("fortify", "unknown", Rating::unknown, seen,
               "which functions the program itself calls needs the call graph");
}

// ---- .note.gnu.property

struct Feature {
  std::string_view id, name;
  bool x86 = false;
  std::uint32_t bit = 0;
};

struct Property {
  std::uint32_t bits = 0;
  std::uint64_t offset = 0;  // of the note
};

template <class T>
std::uint32_t read32(const Subject& s, T bytes, std::uint64_t at) {
  Result<std::uint32_t> value = s.elf.big_endian() ? bytes.template read_big<std::uint32_t>(at)
                                                   : bytes.template read<std::uint32_t>(at);
  return value ? *value : 0;
}

// Properties are {type, size, data}, each padded to a word.
std::optional<Property> find_property(const Subject& s, std::uint32_t type) {
  const std::uint64_t align = s.elf.bits() == 64 ? 8 : 4;
  for (const elf::Note& note : s.elf.notes()) {
    if (note.owner != "GNU" || note.type != elf::NT_GNU_PROPERTY_TYPE_0) continue;
    for (std::uint64_t at = 0; at + 8 <= note.description.size();) {
      const std::uint64_t size = read32(s, note.description, at + 4);
      if (read32(s, note.description, at) == type && size == 4)
        return Property{read32(s, note.description, at + 8), note.offset};
      at += 8 + (size + align - 1) / align * align;
    }
  }
  return {};
}

HardeningCheck check_feature(const Subject& s, const Feature& feature, const Marks* marks) {
  constexpr std::uint32_t kX86Feature1 = 0xc0000002, kAarch64Feature1 = 0xc0000000;
  if (feature.x86 ? !is_x86(s) : !is_aarch64(s))
    return check(feature.id, "not applicable", Rating::neutral,
                 {Place::at_offset(18, "ELF header"), "machine " + s.facts.machine_name});
  std::optional<Property> property =
      find_property(s, feature.x86 ? kX86Feature1 : kAarch64Feature1);
  std::string where = std::string(feature.x86 ? "GNU_PROPERTY_X86_FEATURE_1_AND"
                                              : "GNU_PROPERTY_AARCH64_FEATURE_1_AND");
  if (property && (property->bits & feature.bit) != 0)
    return check(feature.id, "yes", Rating::good,
                 {Place::at_offset(property->offset, ".note.gnu.property"),
                  where + " " + hex_number(property->bits)});
  Seen seen = property ? Seen{Place::at_offset(property->offset, ".note.gnu.property"),
                              where + " " + hex_number(property->bits)}
                       : Seen{Place::named("notes"), "no " + where};
  if (marks != nullptr && marks->count > kStartupMarks) {
    Seen code = at_mark(*marks, "instruction", "instructions");
    return check(feature.id, "some code", Rating::partial,
                 {code.place, seen.text + "; " + code.text + " of it in the code"},
                 "an object without the mark was linked in, so it is switched off");
  }
  return check(feature.id, "no", Rating::missing, seen);
}

// ---- CFI

const Symbol* cfi_symbol(const Subject& s) {
  for (const elf::SymbolList* list : {&s.dynamic, &s.all})
    for (const Symbol& symbol : list->symbols)
      if (symbol.name.starts_with("__cfi_") || symbol.name.ends_with(".cfi_jt") ||
          symbol.name.starts_with("__ubsan_handle_cfi_"))
        return &symbol;
  return nullptr;
}

// .comment names every compiler that took part, unless somebody removed it.
bool only_gcc(const Subject& s) {
  return !s.facts.comments.empty() && std::ranges::all_of(s.facts.comments, [](const auto& text) {
    return text.starts_with("GCC:");
  });
}

}  // namespace

HardeningCheck check_stack_protector(const Subject& s) {
  if (has_no_code(s)) return no_code("stack_protector", s);
  if (s.is_pure_go())
    return not_c("stack_protector", "Go checks bounds, and moves stacks that grow");
  const Symbol* symbol = protector_symbol(s);
  if (s.facts.is_static) return static_stack_protector(s, symbol);
  if (symbol != nullptr && (symbol->is_undefined() || s.code.canaries.count > 0))
    return check("stack_protector", "yes", Rating::good, protector_seen(s, symbol));
  if (s.code.canaries.count > 0)
    return check("stack_protector", "yes", Rating::good, protector_seen(s, nullptr));
  if (!s.dynamic.problems.empty())
    return check("stack_protector", "unknown", Rating::unknown,
                 {Place::named("dynamic symbols"), s.dynamic.problems.front().message});
  Seen seen{Place::named("dynamic symbols"), "no __stack_chk_fail among the imports"};
  if (s.code.reads_canaries) seen.text += ", the canary is never read";
  if (s.is_go())
    return check("stack_protector", "none", Rating::neutral, seen,
                 "only its C parts could have it");
  if (s.language == "Rust")
    return check("stack_protector", "none", Rating::neutral, seen, "Rust checks bounds itself");
  return check("stack_protector", "none", Rating::missing, seen,
               "built without, or no function has a buffer on the stack");
}

HardeningCheck check_fortify(const Subject& s) {
  if (has_no_code(s)) return no_code("fortify", s);
  if (s.is_pure_go()) return not_c("fortify", "Go does not call the C library");
  if (s.facts.is_static) return static_fortify(s);
  if (!s.dynamic.problems.empty())
    return check("fortify", "unknown", Rating::unknown,
                 {Place::named("dynamic symbols"), s.dynamic.problems.front().message});
  return dynamic_fortify(s);
}

HardeningCheck check_ibt(const Subject& s) {
  return check_feature(s, {"ibt", "IBT", true, 1}, &s.code.landing_pads);
}
HardeningCheck check_shstk(const Subject& s) {
  return check_feature(s, {"shstk", "SHSTK", true, 2}, nullptr);
}
HardeningCheck check_bti(const Subject& s) {
  return check_feature(s, {"bti", "BTI", false, 1}, &s.code.landing_pads);
}
HardeningCheck check_pac(const Subject& s) {
  return check_feature(s, {"pac", "PAC", false, 2}, &s.code.signing);
}

HardeningCheck check_cfi(const Subject& s) {
  if (has_no_code(s)) return no_code("cfi", s);
  if (const Symbol* symbol = cfi_symbol(s))
    return check("cfi", "yes", Rating::good, at_symbol(*symbol, "has"));
  if (s.is_go())
    return check("cfi", "no", Rating::missing, {Place::named(".gopclntab"), "compiled by Go"},
                 "Go's compiler has none");
  if (only_gcc(s))
    return check("cfi", "no", Rating::missing, {Place::named(".comment"), s.facts.comments.front()},
                 "gcc has none");
  return check("cfi", "unknown", Rating::unknown, {Place::named("symbol table"), "no symbol of it"},
               "clang's CFI within one module needs no symbols");
}

HardeningCheck check_stack_clash(const Subject& s) {
  if (has_no_code(s)) return no_code("stack_clash", s);
  if (s.is_pure_go()) return not_c("stack_clash", "every Go function checks its stack's bound");
  const Marks &probes = s.code.probes, &unprobed = s.code.unprobed;
  if (!s.code.reads_probes)
    return check("stack_clash", "unknown", Rating::unknown,
                 {Place::at_offset(18, "ELF header"), "machine " + s.facts.machine_name},
                 "probes of this machine are not recognised");
  constexpr std::string_view kFrame = "large frame taken without probing",
                             kFrames = "large frames taken without probing";
  if (probes.count > 0) {
    Seen seen = at_mark(probes, "probe of the stack", "probes of the stack");
    if (unprobed.count == 0) return check("stack_clash", "yes", Rating::good, seen);
    seen.text += "; " + at_mark(unprobed, kFrame, kFrames).text + ", the first at " +
                 hex_number(unprobed.first);
    return check("stack_clash", "some code", Rating::partial, seen);
  }
  if (unprobed.count > 0)
    return check("stack_clash", "no", Rating::missing, at_mark(unprobed, kFrame, kFrames),
                 s.is_go() ? "frames of Go, which checks its stack's bound, are among them" : "");
  return check("stack_clash", "unknown", Rating::unknown,
               {Place::named("executable sections"), "no frame larger than a page"},
               "small frames look the same either way");
}

}  // namespace fathom::hardening
