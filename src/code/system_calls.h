// Which system calls each function makes: the number is followed back over all paths to it, and
// through functions that are given it ("wrappers": glibc's syscall, musl's __syscall_cp, Go's
// Syscall6) to those who call them. What cannot be followed is listed, never left out.

#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "code/paths.h"
#include "code/references.h"

namespace fathom::code {

struct NumberedCall {
  std::uint64_t place = 0;  // of the instruction, or of the call of a wrapper
  std::uint32_t number = 0;
  std::uint8_t known = 0;  // a bit for each argument that is one constant; none through wrappers
  std::array<std::uint64_t, 6> arguments{};
};

struct UnresolvedCall {
  enum class Why : std::uint8_t {
    number,        // it is not known over all paths
    wrapper,       // the number that is given to a wrapper is not
    taken,         // the address of a wrapper is taken here: it may be called with any number
    no_function,   // the instruction belongs to no function that was found
    other_machine  // int 0x80: numbers of the 32-bit machine
  };
  std::uint64_t place = 0;
  Why why = Why::number;
  // The number comes from memory that is zero until one of these functions fills it: where none of
  // them can run, neither does this.
  bool is_given = false;
  std::vector<std::uint32_t> givers;  // indexes of functions
};
std::string_view text_of(UnresolvedCall::Why why);

struct FunctionSystemCalls {
  std::vector<NumberedCall> calls;  // by place, number
  std::vector<UnresolvedCall> unresolved;
};

// A function is given the number here.
struct Wrapper {
  Location number;
  std::int64_t added = 0;
  auto operator<=>(const Wrapper&) const = default;
};

struct SystemCalls {
  std::vector<FunctionSystemCalls> functions;  // by index of Functions::list
  std::map<std::size_t, std::vector<Wrapper>> wrappers;
  // In code of no function.
  std::vector<NumberedCall> outside_calls;
  std::vector<UnresolvedCall> outside;
};

// The wrappers among what another file exports under that name; null when there are none.
using ImportedWrappers = std::function<const std::vector<Wrapper>*(std::string_view name)>;

SystemCalls find_system_calls(const Program& program, const Functions& functions,
                              const References& references, const ImportedWrappers& imported = {});

}  // namespace fathom::code
