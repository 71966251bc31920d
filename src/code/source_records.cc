#include "code/source_records.h"

#include <algorithm>
#include <utility>

#include "code/printable.h"
#include "elf/constants.h"

namespace fathom::code {

namespace {

constexpr std::uint32_t kRecordBytes = 16;
constexpr std::uint32_t kMostLines = 1u << 20, kMostColumns = 1u << 12;

class RecordFinder {
 public:
  RecordFinder(const Program& program, const MemoryMap& memory, const Limits& limits)
      : program_(program), memory_(memory), limits_(limits) {}

  std::vector<SourceRecord> run() {
    for (const Fixup& fixup : program_.fixups())
      if (fixup.kind == Fixup::Kind::relative && fixup.target != 0) add_record(fixup);
    if (memory_.is_fixed()) find_records_of_fixed();
    auto by_address = [](const SourceRecord& a, const SourceRecord& b) {
      return a.address < b.address;
    };
    auto same = [](const SourceRecord& a, const SourceRecord& b) { return a.address == b.address; };
    std::stable_sort(records_.begin(), records_.end(), by_address);
    records_.erase(std::unique(records_.begin(), records_.end(), same), records_.end());
    return std::move(records_);
  }

 private:
  void find_records_of_fixed() {
    for (const elf::Segment& s : program_.elf().segments()) {
      if (s.type != elf::PT_LOAD || (s.flags & elf::PF_X) != 0) continue;
      std::uint64_t skip = (8 - s.address % 8) % 8;
      for (std::uint64_t at = skip; at + 8 <= s.contents.size(); at += 8) {
        std::uint64_t word = s.contents.read<std::uint64_t>(at).value_or(0);
        if (word != 0 && memory_.kind_of(word) == MemoryKind::constant)
          add_record({s.address + at, Fixup::Kind::relative, word, {}});
      }
    }
  }

  void add_record(const Fixup& fixup) {
    if (memory_.kind_of(fixup.target) != MemoryKind::constant) return;
    ByteView rest = memory_.from(fixup.place);
    auto second = rest.read<std::uint64_t>(8);
    if (!second) return;
    ByteView text = memory_.from(fixup.target);
    SourceRecord record{fixup.place, fixup.target, 0, 0, 0, 0};
    std::uint64_t numbers = *second;
    const Fixup* other = program_.fixup_at(fixup.place + 8);
    std::uint64_t pointer = other ? other->target : memory_.is_fixed() ? *second : 0;
    bool is_pointer = pointer != 0 && memory_.kind_of(pointer) == MemoryKind::constant;
    if (is_pointer || is_text_of(text, *second)) {
      auto third = rest.read<std::uint64_t>(16);
      if (!third || program_.fixup_at(fixup.place + kRecordBytes)) return;
      numbers = *third;
    } else if (other != nullptr) {
      return;
    }
    record.line = static_cast<std::uint32_t>(numbers);
    record.column = static_cast<std::uint32_t>(numbers >> 32);
    if (record.line == 0 || record.line > kMostLines || record.column > kMostColumns) return;
    if (is_pointer) {
      record.function_text = pointer;
      if (terminated_text(memory_.from(pointer), limits_.text_bytes) == 0) return;
    }
    bool has_size = !is_pointer && numbers != *second;
    record.text_size = has_size ? *second : terminated_text(text, limits_.text_bytes);
    if (record.text_size < kShortestText) return;
    records_.push_back(record);
  }

  const Program& program_;
  const MemoryMap& memory_;
  const Limits& limits_;
  std::vector<SourceRecord> records_;
};

}  // namespace

std::vector<SourceRecord> find_source_records(const Program& program, const MemoryMap& memory,
                                              const Limits& limits) {
  return RecordFinder(program, memory, limits).run();
}

}  // namespace fathom::code
