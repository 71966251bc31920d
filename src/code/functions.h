// Which functions are in a program: where each starts, what belongs to it, how that was found, and
// its name where the file still has it.
//
// Evidence in the order of its worth: symbols, unwind tables and Go's function table, which say
// start and end; the entry point and the loader's arrays; targets of calls; pointers to code in
// data. What has no end by any table is followed instruction by instruction (recursive descent),
// and what is then left between functions is tried as well, since C libraries built without unwind
// tables call some of their functions through pointers alone.
//
// False positives: data inside executable sections that happens to decode, after hand-written
// assembly. False negatives: functions that only a jump reaches and whose end nothing tells apart
// from the one before (tail calls between neighbours).

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "code/program.h"

namespace fathom::code {

enum class Found : std::uint8_t {
  symbol,
  unwind_table,
  go_table,
  entry,        // the entry point
  initializer,  // DT_INIT, DT_FINI and the arrays
  call,         // something calls it
  jump,         // something outside of it jumps there: a tail call
  pointer,      // an address in data, or loaded by code
  gap,          // code between functions that nothing was seen to refer to
};
std::string_view name_of(Found found);

struct AddressRange {
  std::uint64_t start = 0, end = 0;
  std::uint64_t size() const { return end - start; }
};

struct Function {
  std::uint64_t start = 0;
  // By address, disjoint; one of them begins with start. More than one: cold parts and blocks that
  // the linker or compiler put elsewhere.
  std::vector<AddressRange> ranges;
  Found found = Found::gap;
  std::string_view name;     // the first by the symbol table's order; empty when there is none
  bool returns = true;       // false: nothing in it returns or leaves by a jump
  bool is_go = false;        // in Go's function table
  bool is_assembly = false;  // as Go's function table says
  // Further names of the same code: aliases, and functions that the linker folded into one.
  std::vector<std::string_view> aliases;

  std::uint64_t size() const {
    std::uint64_t sum = 0;
    for (const AddressRange& range : ranges) sum += range.size();
    return sum;
  }
};

// A call that the compiler replaced by the callee's code, where a table still says so (Go).
struct InlinedCall {
  std::uint64_t place = 0;     // an instruction that stands for the call
  std::string_view name;       // of the callee
  std::uint32_t function = 0;  // index of the function whose code it is in
  std::int32_t parent = -1;    // the inlined call it stands in, an index like this one's; -1: none
};

struct Functions {
  std::vector<Function> list;        // by start
  std::vector<InlinedCall> inlined;  // by function
  // Starts of functions that data names by distance, not by address (methods of Go's types);
  // sorted.
  std::vector<std::uint64_t> named_by_distance;
  std::uint64_t code_bytes = 0, covered_bytes = 0;
  std::vector<Error> problems;

  // The function that has `address` in one of its ranges; null when there is none.
  const Function* at(std::uint64_t address) const;
  const Function* starting_at(std::uint64_t address) const;

  // Every range with the index of its function, by start.
  struct Place {
    AddressRange range;
    std::size_t function = 0;
  };
  std::vector<Place> places;
};

// The word through which the stub at `address` jumps, when there is a stub of the procedure linkage
// table there; null otherwise.
const Fixup* stub_at(const Program& program, std::uint64_t address);

// Names view the program's bytes.
Functions find_functions(const Program& program, const Limits& limits = {});

}  // namespace fathom::code
