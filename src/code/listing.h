// What `fathom functions` shows of a program, as plain values that cross from the confined child.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "base/limits.h"
#include "base/result.h"
#include "code/call_graph.h"

namespace fathom::code {

struct ListedRange {
  std::uint64_t start = 0, end = 0;
};

struct ListedCall {
  // The callee's start, or where in it the call goes; of what is imported the stub or the word.
  std::uint64_t place = 0, target = 0;
  std::string name;  // of the callee; empty when it has none
  Edge::Kind kind = Edge::Kind::direct;
};

struct ListedString {
  std::uint64_t place = 0, address = 0;
  std::string text;
};

struct ListedNumber {
  std::uint64_t place = 0;
  std::int64_t value = 0;
  bool is_compared = false;
};

struct ListedComparison {
  std::uint64_t place = 0;
  std::uint8_t width = 0;
  bool has_number = false, has_field = false;
  std::int64_t number = 0;
  std::int32_t field = 0;
};

// Where a name comes from that the file itself does not have. Not sent by the child, which has no
// knowledge to compare with.
struct ListedOrigin {
  std::string library, member;  // empty where not known
  std::string by;               // how the function was named; empty: its name is the file's own
};

struct ListedFunction {
  std::uint64_t start = 0;
  std::string name;
  ListedOrigin origin;
  Found found = Found::gap;
  bool returns = true;
  std::vector<ListedRange> ranges;
  std::vector<ListedCall> calls;
  std::vector<ListedString> strings;
  std::vector<ListedNumber> numbers;          // constants in use, by value
  std::vector<ListedComparison> comparisons;  // by place
  std::vector<std::uint64_t> taken;           // functions whose address it computes
  std::vector<std::uint64_t> system_calls;    // numbers that are known, sorted
  std::uint64_t unresolved_system_calls = 0;
  bool passes_system_call = false;  // it makes the system call whose number it is given
  std::uint64_t indirect_calls = 0;
  std::uint64_t frame_bytes = 0;  // of the stack
  bool has_stack_protector = false;
  std::vector<std::string> instructions;  // only of the function that was asked for

  std::uint64_t size() const;
};

struct Listing {
  Machine machine = Machine::x86_64;
  std::uint64_t code_bytes = 0, covered_bytes = 0;
  std::vector<ListedFunction> functions;  // by start
  std::vector<std::string> problems;
};

// Of an ELF file. With `wanted`, a name or an address ("0x401000"), that function gets its
// instructions, a line each, with what they refer to.
Result<Listing> list_functions(ByteView bytes, std::string_view wanted, const Limits& limits = {});

// The function with that name, or that contains that address; null when there is none.
const ListedFunction* find_listed(const Listing& listing, std::string_view wanted);

template <class Codec>
void describe(Codec& codec, ListedRange& r) {
  codec(r.start, r.end);
}
template <class Codec>
void describe(Codec& codec, ListedCall& c) {
  codec(c.place, c.target, c.name, c.kind);
  if (c.kind > Edge::Kind::cgo) c.kind = Edge::Kind::cgo;  // the decoder takes any byte
}
template <class Codec>
void describe(Codec& codec, ListedString& s) {
  codec(s.place, s.address, s.text);
}
template <class Codec>
void describe(Codec& codec, ListedNumber& n) {
  codec(n.place, n.value, n.is_compared);
}
template <class Codec>
void describe(Codec& codec, ListedComparison& c) {
  codec(c.place, c.width, c.has_number, c.has_field, c.number, c.field);
}
template <class Codec>
void describe(Codec& codec, ListedFunction& f) {
  codec(f.start, f.name, f.found, f.returns, f.ranges, f.calls, f.strings, f.numbers, f.comparisons,
        f.taken, f.system_calls, f.unresolved_system_calls, f.passes_system_call, f.indirect_calls,
        f.frame_bytes, f.has_stack_protector, f.instructions);
  if (f.found > Found::gap) f.found = Found::gap;
}
template <class Codec>
void describe(Codec& codec, Listing& l) {
  codec(l.machine, l.code_bytes, l.covered_bytes, l.functions, l.problems);
}

}  // namespace fathom::code
