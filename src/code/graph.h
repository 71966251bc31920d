// Who calls whom, and what each function refers to: calls (direct, by tail jump, through the
// procedure linkage table), strings at referenced addresses, and system calls with their numbers.
//
// Values are followed along straight code and forgotten where a branch may come in, so a number or
// address that depends on the path taken is "not known", never wrong. Not followed: calls through
// registers and memory, other than those through a linkage word; they are counted.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "code/functions.h"

namespace fathom::code {

struct Call {
  enum class Kind : std::uint8_t { direct, tail, imported };
  std::uint64_t place = 0;   // of the instruction
  std::uint64_t target = 0;  // of direct and tail calls; for imported ones the stub or the word
  std::string_view name;     // of what is imported
  Kind kind = Kind::direct;
};

struct SystemCall {
  std::uint64_t place = 0;
  std::optional<std::uint64_t> number;
  // When the number is not known here but is this argument of the function itself, 0 for the first.
  std::optional<std::uint64_t> argument;
};

struct StringReference {
  std::uint64_t place = 0, address = 0;
  std::string_view text;
};

struct FunctionGraph {
  std::vector<Call> calls;  // by place
  std::vector<StringReference> strings;
  std::vector<SystemCall> system_calls;
  std::vector<std::uint64_t> taken;  // functions whose address it computes
  std::uint64_t indirect_calls = 0;  // through registers and memory, unresolved
};

// By index of functions.list. Texts view the program's bytes.
std::vector<FunctionGraph> build_graph(const Program& program, const Functions& functions,
                                       const Limits& limits = {});

}  // namespace fathom::code
