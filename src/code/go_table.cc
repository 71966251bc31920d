#include "code/go_table.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "code/go_table_reader.h"
#include "elf/constants.h"

namespace fathom::code {

namespace {

constexpr std::uint64_t kMostFunctions = 4'000'000;

constexpr std::array<GoLayout, 4> kLayouts = {{
    {GoFormat::go1_20, 0xfffffff1, 72, 8, 44, 28, 16, 37},
    {GoFormat::go1_18, 0xfffffff0, 72, 8, 40, 28, 20, 35},
    {GoFormat::go1_16, 0xfffffffa, 64, 16, 44, 32, 20, 35},
    {GoFormat::go1_2, 0xfffffffb, 16, 16, 40, 32, 20, 25},
}};

}  // namespace

GoTable GoTableReader::run() {
  if (!find()) return std::move(table_);
  read_functions();
  read_inlined();
  read_methods();
  return std::move(table_);
}

bool GoTableReader::find() {
  std::vector<Candidate> candidates;
  for (const elf::Segment& segment : program_.elf().segments())
    if (segment.type == elf::PT_LOAD) find_candidates(segment, candidates);
  // Each costs a search for the module data, so with foreign magic only a few are tried.
  std::size_t tries = 0;
  for (bool by_magic : {true, false})
    for (const Candidate& candidate : candidates)
      for (const GoLayout& layout : kLayouts) {
        if (by_magic != (candidate.magic == layout.magic)) continue;
        if (!by_magic && layout.format == GoFormat::go1_2) continue;
        if (!opens(*candidate.segment, candidate.offset, layout, tries)) continue;
        table_.is_magic_known = by_magic;
        return true;
      }
  table_ = {};
  return false;
}

// Two zero bytes, the unit of instructions, the size of a pointer.
void GoTableReader::find_candidates(const elf::Segment& segment,
                                    std::vector<Candidate>& out) const {
  constexpr std::size_t kMost = 65'536;
  const std::uint32_t marks = program_.machine() == Machine::x86_64 ? 0x08010000 : 0x08040000;
  ByteView bytes = segment.contents;
  for (std::uint64_t at = (kGoWord - segment.address % kGoWord) % kGoWord; at + 16 <= bytes.size();
       at += kGoWord) {
    std::uint64_t word = *bytes.read<std::uint64_t>(at);
    if (word >> 32 == marks && out.size() < kMost)
      out.push_back({&segment, at, static_cast<std::uint32_t>(word)});
  }
}

bool GoTableReader::opens(const elf::Segment& segment, std::uint64_t offset, const GoLayout& layout,
                          std::size_t& tries) {
  constexpr std::size_t kMostTries = 16;
  layout_ = &layout;
  bytes_ = segment.contents.clamped(offset, segment.contents.size());
  count_ = word(8);
  if (count_ == 0 || count_ > kMostFunctions || !read_parts()) return false;
  table_.address = segment.address + offset;
  table_.format = layout.format;
  if (++tries > kMostTries) return false;
  find_module_data();
  return choose_text();
}

bool GoTableReader::read_parts() {
  if (layout_->format == GoFormat::go1_2) {
    functions_ = part(layout_->header, bytes_.size());
    names_ = addresses_ = records_ = part(0, bytes_.size());
    return functions_.bytes.size() / layout_->entry > count_;
  }
  std::uint64_t at = layout_->header - 5 * kGoWord;
  std::array<std::uint64_t, 6> offsets{};
  for (std::size_t i = 0; i < 5; ++i) offsets[i] = word(at + i * kGoWord);
  offsets[5] = bytes_.size();
  if (offsets[0] < layout_->header || !std::is_sorted(offsets.begin(), offsets.end())) return false;
  names_ = part(offsets[0], offsets[1]);
  addresses_ = part(offsets[3], offsets[4]);
  functions_ = records_ = part(offsets[4], offsets[5]);
  return functions_.bytes.size() / layout_->entry > count_;
}

GoPart GoTableReader::part(std::uint64_t from, std::uint64_t to) const {
  return {from, bytes_.clamped(from, to - from)};
}

// The module data begins with a pointer to the header; what follows must be a slice of it, the
// names (for Go 1.2: the table itself).
void GoTableReader::find_module_data() {
  for (const elf::Segment& s : program_.elf().segments()) {
    if (s.type != elf::PT_LOAD || (s.flags & elf::PF_X)) continue;
    std::uint64_t first = (kGoWord - s.address % kGoWord) % kGoWord;
    for (std::uint64_t at = first; at + 3 * kGoWord <= s.contents.size(); at += kGoWord) {
      if (*s.contents.read<std::uint64_t>(at) != table_.address) continue;
      if (is_module_data(s.address + at)) return;
    }
  }
  // Position-independent programs may keep nothing in the file but relocations.
  for (const Fixup& fixup : program_.fixups())
    if (fixup.kind == Fixup::Kind::relative && fixup.target == table_.address &&
        is_module_data(fixup.place))
      return;
}

bool GoTableReader::is_module_data(std::uint64_t address) {
  std::uint64_t names = program_.pointer_at(address + kGoWord).value_or(0);
  if (layout_->format != GoFormat::go1_2 && names != table_.address + names_.offset) return false;
  table_.module_data = address;
  return true;
}

// Candidates for runtime.text: the header's word, the module data's, the start of the code; that
// one which makes functions of all entries.
bool GoTableReader::choose_text() {
  if (!is_relative()) return names_functions();
  std::vector<std::uint64_t> candidates;
  if (auto text = program_.pointer_at(table_.address + 24)) candidates.push_back(*text);
  if (table_.module_data != 0)
    if (auto text = program_.pointer_at(table_.module_data + 22 * kGoWord))
      candidates.push_back(*text);
  for (const CodeRange& range : program_.code()) candidates.push_back(range.address);
  for (std::uint64_t candidate : candidates) {
    table_.text = candidate;
    if (candidate != 0 && names_functions()) return true;
  }
  return false;
}

std::uint64_t GoTableReader::start_of(std::uint64_t index) const {
  std::uint64_t at = index * layout_->entry;
  if (!is_relative()) {
    std::uint64_t place = table_.address + functions_.offset + at;
    return program_.pointer_at(place).value_or(0);
  }
  return table_.text + functions_.bytes.read<std::uint32_t>(at).value_or(0);
}

std::uint64_t GoTableReader::record_of(std::uint64_t index) const {
  std::uint64_t at = index * layout_->entry + layout_->entry / 2;
  return is_relative() ? functions_.bytes.read<std::uint32_t>(at).value_or(0)
                       : functions_.bytes.read<std::uint64_t>(at).value_or(0);
}

std::string_view GoTableReader::name_at(std::uint64_t offset) const {
  std::string_view text = names_.bytes.clamped(offset, limits_.path_bytes).as_text();
  return text.substr(0, text.find('\0'));
}

// The offset of the name stands behind the address.
std::string_view GoTableReader::name_of(std::uint64_t record) const {
  std::uint64_t at = record + layout_->entry / 2;
  return name_at(records_.bytes.read<std::uint32_t>(at).value_or(0));
}

// Of the first ones, and some over the whole table.
bool GoTableReader::names_functions() const {
  std::uint64_t step = std::max<std::uint64_t>(1, count_ / 64), last = 0;
  for (std::uint64_t i = 0; i < count_; i += step) {
    std::uint64_t start = start_of(i), record = record_of(i);
    if (start < last || !program_.code_at(start)) return false;
    if (record >= records_.bytes.size() || name_of(record).empty()) return false;
    last = start;
  }
  return true;
}

void GoTableReader::read_functions() {
  table_.functions.reserve(count_);
  records_at_.reserve(count_);
  for (std::uint64_t i = 0; i < count_; ++i) {
    GoFunction function;
    function.start = start_of(i);
    function.end = start_of(i + 1);
    std::uint64_t record = record_of(i);
    const CodeRange* range = program_.code_at(function.start);
    if (range == nullptr || function.end <= function.start || function.end > range->end() ||
        record >= records_.bytes.size()) {
      // Several modules' code, and the marks between them, may share an address.
      if (range == nullptr || function.end < function.start)
        problem("entry " + std::to_string(i) + " does not name a function");
      if (range == nullptr || function.end <= function.start) continue;
      function.end = std::min(function.end, range->end());
    }
    function.name = name_of(record);
    if (layout_->format == GoFormat::go1_20)
      function.line = records_.bytes.read<std::uint32_t>(record + 36).value_or(0);
    constexpr std::uint8_t kAssembly = 4;  // abi.FuncFlagAsm, three bytes before the record's end
    if (is_relative())
      function.is_assembly =
          (records_.bytes.read<std::uint8_t>(record + layout_->record - 3).value_or(0) &
           kAssembly) != 0;
    if (!table_.functions.empty() && function.start < table_.functions.back().end) {
      problem("entry " + std::to_string(i) + " is out of order");
      continue;
    }
    table_.functions.push_back(function);
    records_at_.push_back(record);
  }
}

// Types are not taken apart: every number among them that is the distance to a method counts,
// which is too many by a few, and none too few.
void GoTableReader::read_methods() {
  if (table_.module_data == 0 || table_.functions.empty()) return;
  std::uint64_t word = table_.module_data + layout_->types_at * kGoWord;
  std::uint64_t types = program_.pointer_at(word).value_or(0);
  std::uint64_t end = program_.pointer_at(word + kGoWord).value_or(0);
  std::uint64_t text = is_relative() ? table_.text : table_.functions.front().start;
  if (types == 0 || end <= types) return;
  std::uint64_t length = table_.functions.back().start - text;
  ByteView bytes = program_.bytes_at(types, end - types);
  std::vector<std::uint32_t> found;
  for (std::uint64_t at = 0; at + 4 <= bytes.size(); at += 4) {
    auto offset = *bytes.read<std::uint32_t>(at);
    if (offset != 0 && offset <= length) found.push_back(offset);
  }
  std::sort(found.begin(), found.end());
  auto function = table_.functions.begin();
  for (std::uint32_t offset : found) {
    while (function != table_.functions.end() && function->start < text + offset) ++function;
    if (function == table_.functions.end()) return;
    bool again = !table_.methods.empty() && table_.methods.back() == function->start;
    if (function->start == text + offset && is_go_method(function->name) && !again)
      table_.methods.push_back(function->start);
  }
}

void GoTableReader::problem(std::string message) {
  if (table_.problems.size() < limits_.problems)
    table_.problems.push_back(
        Error{ErrorCode::malformed, std::move(message)}.in("Go's function table"));
}

std::string_view name_of(GoFormat format) {
  constexpr std::array<std::string_view, 4> kNames = {"1.2", "1.16", "1.18", "1.20"};
  return kNames[static_cast<std::size_t>(format)];
}

// Two dots behind the last slash.
bool is_go_method(std::string_view name) {
  std::size_t slash = name.rfind('/');
  std::string_view last = slash == name.npos ? name : name.substr(slash + 1);
  return last.find('.') != last.rfind('.');
}

GoTable read_go_table(const Program& program, const Limits& limits) {
  return GoTableReader(program, limits).run();
}

}  // namespace fathom::code
