// How Go's function table is read; read_go_table() runs it. Private to this room.
//
// The header gives counts and, since Go 1.16, the offsets of five tables; those must ascend, and
// the table of functions must name ascending addresses in code. Few words of any other data pass
// that, so the magic number is a hint and not a condition.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "code/go_table.h"

namespace fathom::code {

inline constexpr std::uint64_t kGoWord = 8;
inline constexpr std::uint64_t kGoInlineTreeIndex = 2;  // PCDATA_InlTreeIndex, since Go 1.12

struct GoLayout {
  GoFormat format;
  std::uint32_t magic;
  std::uint64_t header;     // its bytes; the tables follow
  std::uint64_t entry;      // of the table of functions: address and offset
  std::uint64_t record;     // of one function, without what varies
  std::uint64_t pcdata_at;  // in the record: the number of tables by address
  std::uint64_t inlined;    // bytes of an entry of a tree of inlined calls
  std::uint64_t types_at;   // of the module data: the word with the start of the types
};

// A table of the header.
struct GoPart {
  std::uint64_t offset = 0;
  ByteView bytes;
};

class GoTableReader {
 public:
  GoTableReader(const Program& program, const Limits& limits)
      : program_(program), limits_(limits) {}
  GoTable run();

 private:
  struct Candidate {
    const elf::Segment* segment = nullptr;
    std::uint64_t offset = 0;
    std::uint32_t magic = 0;
  };
  bool find();
  void find_candidates(const elf::Segment& segment, std::vector<Candidate>& out) const;
  bool opens(const elf::Segment& segment, std::uint64_t offset, const GoLayout& layout,
             std::size_t& tries);
  std::uint64_t word(std::uint64_t at) const { return bytes_.read<std::uint64_t>(at).value_or(0); }
  bool is_relative() const { return layout_->entry == 8; }  // addresses count from runtime.text
  bool read_parts();
  GoPart part(std::uint64_t from, std::uint64_t to) const;
  void find_module_data();
  bool is_module_data(std::uint64_t address);
  bool choose_text();
  std::uint64_t start_of(std::uint64_t index) const;
  std::uint64_t record_of(std::uint64_t index) const;
  std::string_view name_at(std::uint64_t offset) const;
  std::string_view name_of(std::uint64_t record) const;
  bool names_functions() const;
  void read_functions();

  // Inlined calls.
  void read_inlined();
  void choose_index(std::uint64_t base);
  std::uint64_t fitting(std::uint64_t base, std::uint64_t index) const;
  bool makes_sense(std::uint64_t tree, std::uint64_t entries, const GoFunction& function) const;
  std::optional<GoInlined> inlined_at(std::uint64_t tree, std::uint64_t index,
                                      const GoFunction& function) const;
  std::optional<std::uint64_t> tree_of(std::size_t function, std::uint64_t base,
                                       std::uint64_t index) const;
  template <class Body>
  void each_value(std::size_t function, Body body) const {
    std::uint64_t record = records_at_[function];
    std::uint64_t tables =
        records_.bytes.read<std::uint32_t>(record + layout_->pcdata_at).value_or(0);
    if (kGoInlineTreeIndex >= tables) return;
    std::uint64_t at =
        records_.bytes.read<std::uint32_t>(record + layout_->record + 4 * kGoInlineTreeIndex)
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
  bool take(std::uint64_t& at, std::uint64_t& value) const;
  std::uint64_t tree_size(std::size_t function) const;
  void read_trees(std::uint64_t base);
  void add_tree(std::size_t function, std::uint64_t tree, std::uint64_t entries);

  void read_methods();
  void problem(std::string message);

  const Program& program_;
  const Limits& limits_;
  GoTable table_;
  const GoLayout* layout_ = nullptr;
  ByteView bytes_;  // from the header to the end of its segment
  GoPart names_, addresses_, functions_, records_;
  std::uint64_t count_ = 0, funcdata_index_ = 3;
  std::vector<std::uint64_t> records_at_;  // of each function of the table
};

}  // namespace fathom::code
