// The header gives counts and, since Go 1.16, the offsets of five tables; those must ascend, and
// the table of functions must name ascending addresses in code. Few words of any other data pass
// that, so the magic number is a hint and not a condition.
//
// An inlined call is an entry of a tree beside the function; how many entries there are, only the
// table from addresses to entries says. The trees of all functions lie in one block (go:func.*),
// whose symbol is stripped, but whose address is a word of the module data. Which word depends on
// the release, so that one is taken whose trees make sense.

#include "code/go_table.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/text.h"
#include "elf/constants.h"

namespace fathom::code {

namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kMostFunctions = 4'000'000;
constexpr std::uint64_t kInlineTreeIndex = 2;   // PCDATA_InlTreeIndex, since Go 1.12
constexpr std::uint64_t kMostInlined = 65'536;  // into one function

struct Layout {
  GoFormat format;
  std::uint32_t magic;
  std::uint64_t header;     // its bytes; the tables follow
  std::uint64_t entry;      // of the table of functions: address and offset
  std::uint64_t record;     // of one function, without what varies
  std::uint64_t pcdata_at;  // in the record: the number of tables by address
  std::uint64_t inlined;    // bytes of an entry of a tree of inlined calls
  std::uint64_t types_at;   // of the module data: the word with the start of the types
};

constexpr std::array<Layout, 4> kLayouts = {{
    {GoFormat::go1_20, 0xfffffff1, 72, 8, 44, 28, 16, 37},
    {GoFormat::go1_18, 0xfffffff0, 72, 8, 40, 28, 20, 35},
    {GoFormat::go1_16, 0xfffffffa, 64, 16, 44, 32, 20, 35},
    {GoFormat::go1_2, 0xfffffffb, 16, 16, 40, 32, 20, 25},
}};

// A table of the header.
struct Part {
  std::uint64_t offset = 0;
  ByteView bytes;
};

class Reader {
 public:
  Reader(const Program& program, const Limits& limits) : program_(program), limits_(limits) {}

  GoTable run() {
    if (!find()) return std::move(table_);
    read_functions();
    read_inlined();
    read_methods();
    return std::move(table_);
  }

 private:
  // --- where it is
  struct Candidate {
    const elf::Segment* segment = nullptr;
    std::uint64_t offset = 0;
    std::uint32_t magic = 0;
  };

  bool find() {
    std::vector<Candidate> candidates;
    for (const elf::Segment& segment : program_.elf().segments())
      if (segment.type == elf::PT_LOAD) find_candidates(segment, candidates);
    // Each costs a search for the module data, so with foreign magic only a few are tried.
    std::size_t tries = 0;
    for (bool by_magic : {true, false})
      for (const Candidate& candidate : candidates)
        for (const Layout& layout : kLayouts) {
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
  void find_candidates(const elf::Segment& segment, std::vector<Candidate>& out) const {
    constexpr std::size_t kMost = 65'536;
    const std::uint32_t marks = program_.machine() == Machine::x86_64 ? 0x08010000 : 0x08040000;
    ByteView bytes = segment.contents;
    for (std::uint64_t at = (kWord - segment.address % kWord) % kWord; at + 16 <= bytes.size();
         at += kWord) {
      std::uint64_t word = *bytes.read<std::uint64_t>(at);
      if (word >> 32 == marks && out.size() < kMost)
        out.push_back({&segment, at, static_cast<std::uint32_t>(word)});
    }
  }

  bool opens(const elf::Segment& segment, std::uint64_t offset, const Layout& layout,
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

  std::uint64_t word(std::uint64_t at) const { return bytes_.read<std::uint64_t>(at).value_or(0); }
  bool is_relative() const { return layout_->entry == 8; }  // addresses count from runtime.text

  bool read_parts() {
    if (layout_->format == GoFormat::go1_2) {
      functions_ = part(layout_->header, bytes_.size());
      names_ = addresses_ = records_ = part(0, bytes_.size());
      return functions_.bytes.size() / layout_->entry > count_;
    }
    std::uint64_t at = layout_->header - 5 * kWord;
    std::array<std::uint64_t, 6> offsets{};
    for (std::size_t i = 0; i < 5; ++i) offsets[i] = word(at + i * kWord);
    offsets[5] = bytes_.size();
    if (offsets[0] < layout_->header || !std::is_sorted(offsets.begin(), offsets.end()))
      return false;
    names_ = part(offsets[0], offsets[1]);
    addresses_ = part(offsets[3], offsets[4]);
    functions_ = records_ = part(offsets[4], offsets[5]);
    return functions_.bytes.size() / layout_->entry > count_;
  }

  Part part(std::uint64_t from, std::uint64_t to) const {
    return {from, bytes_.clamped(from, to - from)};
  }

  // --- addresses
  // The module data begins with a pointer to the header; what follows must be a slice of it, the
  // names (for Go 1.2: the table itself).
  void find_module_data() {
    for (const elf::Segment& s : program_.elf().segments()) {
      if (s.type != elf::PT_LOAD || (s.flags & elf::PF_X)) continue;
      std::uint64_t first = (kWord - s.address % kWord) % kWord;
      for (std::uint64_t at = first; at + 3 * kWord <= s.contents.size(); at += kWord) {
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

  bool is_module_data(std::uint64_t address) {
    std::uint64_t names = program_.pointer_at(address + kWord).value_or(0);
    if (layout_->format != GoFormat::go1_2 && names != table_.address + names_.offset) return false;
    table_.module_data = address;
    return true;
  }

  // Candidates for runtime.text: the header's word, the module data's, the start of the code; that
  // one which makes functions of all entries.
  bool choose_text() {
    if (!is_relative()) return names_functions();
    std::vector<std::uint64_t> candidates;
    if (auto text = program_.pointer_at(table_.address + 24)) candidates.push_back(*text);
    if (table_.module_data != 0)
      if (auto text = program_.pointer_at(table_.module_data + 22 * kWord))
        candidates.push_back(*text);
    for (const CodeRange& range : program_.code()) candidates.push_back(range.address);
    for (std::uint64_t candidate : candidates) {
      table_.text = candidate;
      if (candidate != 0 && names_functions()) return true;
    }
    return false;
  }

  std::uint64_t start_of(std::uint64_t index) const {
    std::uint64_t at = index * layout_->entry;
    if (!is_relative()) {
      std::uint64_t place = table_.address + functions_.offset + at;
      return program_.pointer_at(place).value_or(0);
    }
    return table_.text + functions_.bytes.read<std::uint32_t>(at).value_or(0);
  }
  std::uint64_t record_of(std::uint64_t index) const {
    std::uint64_t at = index * layout_->entry + layout_->entry / 2;
    return is_relative() ? functions_.bytes.read<std::uint32_t>(at).value_or(0)
                         : functions_.bytes.read<std::uint64_t>(at).value_or(0);
  }
  std::string_view name_at(std::uint64_t offset) const {
    std::string_view text = names_.bytes.clamped(offset, limits_.path_bytes).as_text();
    return text.substr(0, text.find('\0'));
  }
  // The offset of the name stands behind the address.
  std::string_view name_of(std::uint64_t record) const {
    std::uint64_t at = record + layout_->entry / 2;
    return name_at(records_.bytes.read<std::uint32_t>(at).value_or(0));
  }

  // Of the first ones, and some over the whole table.
  bool names_functions() const {
    std::uint64_t step = std::max<std::uint64_t>(1, count_ / 64), last = 0;
    for (std::uint64_t i = 0; i < count_; i += step) {
      std::uint64_t start = start_of(i), record = record_of(i);
      if (start < last || !program_.code_at(start)) return false;
      if (record >= records_.bytes.size() || name_of(record).empty()) return false;
      last = start;
    }
    return true;
  }

  // --- functions
  void read_functions() {
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

  // --- inlined calls
  void read_inlined() {
    if (layout_->format == GoFormat::go1_2 && table_.module_data == 0) return;
    if (!is_relative()) {
      choose_index(0);
      return read_trees(0);
    }
    if (table_.module_data == 0) return problem("no module data: inlined calls are not known");
    // go:func.* is the word behind rodata, 38th or later by the release.
    constexpr std::uint64_t kFirst = 34, kLast = 48;
    std::uint64_t best = 0, most = 0;
    for (std::uint64_t i = kFirst; i <= kLast; ++i) {
      std::uint64_t base = program_.pointer_at(table_.module_data + i * kWord).value_or(0);
      if (base == 0) continue;
      std::uint64_t fit = fitting(base, 3);
      if (fit > most) {
        most = fit;
        best = base;
      }
    }
    if (best == 0) return;
    table_.functions_data = best;
    funcdata_index_ = 3;
    read_trees(best);
  }

  // FUNCDATA_InlTree has been 2, 4 and 3.
  void choose_index(std::uint64_t base) {
    std::uint64_t most = 0;
    for (std::uint64_t index : {3, 4, 2}) {
      std::uint64_t fit = fitting(base, index);
      if (fit > most) {
        most = fit;
        funcdata_index_ = index;
      }
    }
  }

  // How many of the first functions with inlined calls have trees that make sense there.
  std::uint64_t fitting(std::uint64_t base, std::uint64_t index) const {
    constexpr std::uint64_t kProbes = 64;
    std::uint64_t good = 0, seen = 0;
    for (std::size_t i = 0; i < records_at_.size() && seen < kProbes; ++i) {
      std::uint64_t entries = tree_size(i);
      std::optional<std::uint64_t> tree = tree_of(i, base, index);
      if (entries == 0 || !tree) continue;
      ++seen;
      good += makes_sense(*tree, entries, table_.functions[i]) ? 1 : 0;
    }
    return good * 2 > seen ? good : 0;
  }

  bool makes_sense(std::uint64_t tree, std::uint64_t entries, const GoFunction& function) const {
    for (std::uint64_t i = 0; i < entries; ++i) {
      std::optional<GoInlined> one = inlined_at(tree, i, function);
      if (!one || one->name.empty() || one->place >= function.end) return false;
      for (char c : one->name)
        if (static_cast<unsigned char>(c) < 0x20) return false;
    }
    return true;
  }

  std::optional<GoInlined> inlined_at(std::uint64_t tree, std::uint64_t index,
                                      const GoFunction& function) const {
    ByteView entry = program_.bytes_at(tree + index * layout_->inlined, layout_->inlined);
    if (entry.size() < layout_->inlined) return {};
    const bool is_short = layout_->inlined == 16;
    GoInlined one;
    one.name = name_at(*entry.read<std::uint32_t>(is_short ? 4 : 12));
    std::uint32_t offset = *entry.read<std::uint32_t>(is_short ? 8 : 16);
    one.line = is_short ? *entry.read<std::uint32_t>(12) : 0;
    if (!is_short) one.parent = *entry.read<std::int16_t>(0);
    if (offset > function.end - function.start) return {};
    one.place = function.start + offset;
    return one;
  }

  // The address of the tree of a function.
  std::optional<std::uint64_t> tree_of(std::size_t function, std::uint64_t base,
                                       std::uint64_t index) const {
    std::uint64_t record = records_at_[function];
    std::uint64_t tables =
        records_.bytes.read<std::uint32_t>(record + layout_->pcdata_at).value_or(0);
    std::uint64_t count =
        records_.bytes.read<std::uint8_t>(record + layout_->record - 1).value_or(0);
    if (index >= count || tables > limits_.dynamic_entries) return {};
    std::uint64_t at = record + layout_->record + 4 * tables;
    if (is_relative()) {
      std::uint32_t offset = records_.bytes.read<std::uint32_t>(at + 4 * index).value_or(~0u);
      if (offset == ~0u) return {};
      return base + offset;
    }
    std::uint64_t place = table_.address + records_.offset + at;
    place += (kWord - place % kWord) % kWord;
    std::optional<std::uint64_t> tree = program_.pointer_at(place + kWord * index);
    return tree && *tree != 0 ? tree : std::nullopt;
  }

  template <class Body>
  void each_value(std::size_t function, Body body) const {
    std::uint64_t record = records_at_[function];
    std::uint64_t tables =
        records_.bytes.read<std::uint32_t>(record + layout_->pcdata_at).value_or(0);
    if (kInlineTreeIndex >= tables) return;
    std::uint64_t at =
        records_.bytes.read<std::uint32_t>(record + layout_->record + 4 * kInlineTreeIndex)
            .value_or(0);
    if (at == 0) return;
    // Pairs of a signed difference of the value and a difference of the address; a zero ends it.
    std::int64_t value = -1;
    std::uint64_t size = table_.functions[function].end - table_.functions[function].start;
    for (std::uint64_t offset = 0, first = 1; offset < size; first = 0) {
      std::uint64_t change = 0, length = 0;
      if (!take(at, change) || (change == 0 && first == 0) || !take(at, length)) return;
      value += (change & 1) ? ~static_cast<std::int64_t>(change >> 1)
                            : static_cast<std::int64_t>(change >> 1);
      std::uint64_t from = offset;
      offset += length * quantum();
      if (length == 0 || offset < from) return;
      body(value, from, offset);
    }
  }

  std::uint64_t quantum() const { return program_.machine() == Machine::x86_64 ? 1 : 4; }

  bool take(std::uint64_t& at, std::uint64_t& value) const {
    value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      Result<std::uint8_t> byte = addresses_.bytes.read<std::uint8_t>(at++);
      if (!byte) return false;
      value |= std::uint64_t{*byte & 0x7fu} << shift;
      if (*byte < 0x80) return true;
    }
    return false;
  }

  std::uint64_t tree_size(std::size_t function) const {
    std::int64_t last = -1;
    each_value(function, [&](std::int64_t value, std::uint64_t, std::uint64_t) {
      last = std::max(last, value);
    });
    return std::min(static_cast<std::uint64_t>(last + 1), kMostInlined);
  }

  void read_trees(std::uint64_t base) {
    for (std::size_t i = 0; i < records_at_.size(); ++i) {
      std::uint64_t entries = tree_size(i);
      if (entries == 0) continue;
      std::optional<std::uint64_t> tree = tree_of(i, base, funcdata_index_);
      if (!tree) continue;
      if (table_.inlined.size() + entries > limits_.elf_symbols)
        return problem("too many inlined calls");
      add_tree(i, *tree, entries);
    }
  }

  void add_tree(std::size_t function, std::uint64_t tree, std::uint64_t entries) {
    const GoFunction& whole = table_.functions[function];
    std::vector<std::pair<std::uint64_t, std::int64_t>> spans;  // end → entry
    each_value(function, [&](std::int64_t value, std::uint64_t, std::uint64_t end) {
      spans.emplace_back(whole.start + end, value);
    });
    for (std::uint64_t i = 0; i < entries; ++i) {
      std::optional<GoInlined> one = inlined_at(tree, i, whole);
      if (!one) {
        problem("the calls inlined into " + std::string(whole.name.substr(0, 64)) +
                " are unreadable");
        return;
      }
      one->function = static_cast<std::uint32_t>(function);
      // Since Go 1.20 the parent is what the place of the call belongs to.
      if (layout_->inlined == 16) {
        auto span = std::upper_bound(spans.begin(), spans.end(),
                                     std::pair{one->place, std::int64_t{1} << 40});
        one->parent = span == spans.end() ? -1 : static_cast<std::int32_t>(span->second);
      }
      if (one->parent >= static_cast<std::int64_t>(entries)) one->parent = -1;
      table_.inlined.push_back(*one);
    }
  }

  // --- methods of types
  // Types are not taken apart: every number among them that is the distance to a method counts,
  // which is too many by a few, and none too few.
  void read_methods() {
    if (table_.module_data == 0 || table_.functions.empty()) return;
    std::uint64_t word = table_.module_data + layout_->types_at * kWord;
    std::uint64_t types = program_.pointer_at(word).value_or(0);
    std::uint64_t end = program_.pointer_at(word + kWord).value_or(0);
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

  void problem(std::string message) {
    if (table_.problems.size() < limits_.problems)
      table_.problems.push_back(
          Error{ErrorCode::malformed, std::move(message)}.in("Go's function table"));
  }

  const Program& program_;
  const Limits& limits_;
  GoTable table_;
  const Layout* layout_ = nullptr;
  ByteView bytes_;  // from the header to the end of its segment
  Part names_, addresses_, functions_, records_;
  std::uint64_t count_ = 0, funcdata_index_ = 3;
  std::vector<std::uint64_t> records_at_;  // of each function of the table
};

}  // namespace

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
  return Reader(program, limits).run();
}

}  // namespace fathom::code
