#include "hardening/subject.h"

#include <algorithm>

#include "base/needles.h"
#include "base/text.h"
#include "elf/constants.h"
#include "elf/data_ranges.h"

namespace fathom::hardening {

extern const std::string_view kFortifyTsv, kLibcsTsv;

namespace {

// Rows of a table without its comments and its head.
template <class Row, class Fn>
std::vector<Row> rows_of(std::string_view tsv, std::size_t columns, Fn make) {
  std::vector<Row> rows;
  bool head = true;
  for (std::string_view line : lines_of(tsv)) {
    if (line.empty() || line.starts_with('#')) continue;
    std::vector<std::string_view> cells = split(line, '\t');
    if (!head && cells.size() == columns) rows.push_back(make(cells));
    head = false;
  }
  return rows;
}

bool begins_any(const std::vector<std::string>& texts, std::string_view start) {
  return std::ranges::any_of(texts, [&](const auto& text) { return text.starts_with(start); });
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// What a C library leaves in a static program stands in its data, not in its code.
std::optional<std::uint64_t> find_in_data(const elf::ElfFile& elf, const Needles& text) {
  for (const elf::FileRange& range : elf::data_ranges(elf)) {
    const std::string_view data = elf.bytes().clamped(range.offset, range.size).as_text();
    for (std::size_t at = text.next(data); at != data.npos; at = text.next(data, at + 1))
      if (elf.address_of_offset(range.offset + at)) return range.offset + at;
  }
  return {};
}

// Whether the code at the entry point has these hexadecimal digits; "?" is any.
bool begins_at_entry(const elf::ElfFile& elf, std::string_view digits) {
  const std::optional<std::uint64_t> offset = elf.offset_of_address(elf.entry());
  if (!offset || elf.entry() == 0) return false;
  const std::string code = to_hex(elf.bytes().clamped(*offset, digits.size() / 2));
  return code.size() == digits.size() &&
         std::equal(code.begin(), code.end(), digits.begin(),
                    [](char seen, char wanted) { return wanted == '?' || seen == wanted; });
}

void find_libc(Subject& subject) {
  const ElfFacts& facts = subject.facts;
  for (const LibcMark& row : libc_marks()) {
    bool found = false;
    if (row.mark == "interpreter")
      found = file_name(facts.interpreter).starts_with(row.value);
    else if (row.mark == "needed")
      found = begins_any(facts.needed, row.value);
    else if (row.mark == "symbol")
      found = facts.is_static && subject.definition(row.value) != nullptr;
    else if (row.mark == "entry")
      found = facts.is_static && begins_at_entry(subject.elf, row.value);
    else if (facts.is_static && (!subject.is_go() || subject.has_c)) {
      std::optional<std::uint64_t> at = find_in_data(subject.elf, Needles{row.value});
      found = at.has_value();
      subject.libc_text_at = at.value_or(0);
    }
    if (!found) continue;
    subject.libc = row.libc;
    subject.libc_row = &row;
    return;
  }
  if (subject.facts.is_static && subject.is_go()) subject.libc = "none";
}

std::string language_of(const elf::ElfFile& elf, const ElfFacts& facts) {
  if (!facts.go_build_id.empty() || elf.find_section(".gopclntab") != nullptr ||
      elf.find_section(".go.buildinfo") != nullptr)
    return "Go";
  if (begins_any(facts.comments, "rustc version")) return "Rust";
  // The standard library's panic messages name their source files by the compiler's commit.
  static const Needles kCompiler{"/rustc/"};
  return find_in_data(elf, kCompiler) ? "Rust" : "C";
}

}  // namespace

const std::vector<LibcMark>& libc_marks() {
  static const std::vector<LibcMark> kRows = rows_of<LibcMark>(
      kLibcsTsv, 4, [](const auto& c) { return LibcMark{c[0], c[1], c[2], c[3]}; });
  return kRows;
}

const std::vector<FortifyRow>& fortify_rows() {
  static const std::vector<FortifyRow> kRows = rows_of<FortifyRow>(
      kFortifyTsv, 3, [](const auto& c) { return FortifyRow{c[0], c[1], c[2] == "always"}; });
  return kRows;
}

const elf::Symbol* Subject::import(std::string_view name) const {
  auto found = std::ranges::find_if(dynamic.symbols, [&](const elf::Symbol& symbol) {
    return symbol.is_undefined() && symbol.name == name;
  });
  return found == dynamic.symbols.end() ? nullptr : &*found;
}

const elf::Symbol* Subject::definition(std::string_view name) const {
  for (const elf::SymbolList* list : {&dynamic, &all})
    for (const elf::Symbol& symbol : list->symbols)
      if (!symbol.is_undefined() && symbol.name == name) return &symbol;
  return nullptr;
}

const elf::Segment* Subject::segment(std::uint32_t type) const {
  auto found = std::ranges::find(elf.segments(), type, &elf::Segment::type);
  return found == elf.segments().end() ? nullptr : &*found;
}

Subject subject_of(const elf::ElfFile& elf, const ElfFacts& facts, const Limits& limits) {
  Subject subject{.elf = elf, .facts = facts};
  subject.dynamic = elf::dynamic_symbols(elf, limits);
  subject.all = elf::static_symbols(elf, limits);
  subject.code = code_marks(elf);
  subject.language = language_of(elf, facts);
  // Reads of the canary are C's: Go's compiler has none. runtime/cgo brings x_cgo_init.
  subject.has_c = !subject.is_go() || subject.code.canaries.count > 0 ||
                  subject.definition("x_cgo_init") != nullptr;
  find_libc(subject);
  return subject;
}

std::string describe(const elf::Segment& segment, std::string_view name) {
  std::string flags;
  if ((segment.flags & elf::PF_R) != 0) flags += 'R';
  if ((segment.flags & elf::PF_W) != 0) flags += 'W';
  if ((segment.flags & elf::PF_X) != 0) flags += 'E';
  return std::string(name) + " at " + hex_number(segment.address) + ", size " +
         hex_number(segment.memory_size) + ", " + flags;
}

HardeningCheck check(std::string_view id, std::string value, Rating rating, Seen seen,
                     std::string why) {
  return {std::string(id), std::move(value),      rating,
          std::move(why),  std::move(seen.place), std::move(seen.text)};
}

}  // namespace fathom::hardening
