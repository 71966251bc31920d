// Go's function table (runtime.pclntab): every function's start and name, and what was inlined into
// it. Go programs carry it for stack traces, stripped or not, and find it through the module data,
// which the linker writes too.
//
// Found by its looks, in any segment: a known magic number and counts that agree, or, for builds
// that change the number, the counts and the pointers of the module data alone. All formats since
// Go 1.2; inlined calls where the format has them by function (Go 1.12 on).
// Sources: "Go 1.2 Runtime Symbol Information"; src/runtime/symtab.go, runtime2.go, symtabinl.go
// and src/cmd/link/internal/ld/pcln.go of each release.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "code/program.h"

namespace fathom::code {

enum class GoFormat : std::uint8_t { go1_2, go1_16, go1_18, go1_20 };
std::string_view name_of(GoFormat format);

struct GoFunction {
  std::uint64_t start = 0, end = 0;  // the end is the next one's start: with what fills the space
  std::string_view name;             // "database/sql.(*DB).Query"
  std::uint32_t line = 0;            // of `func`; 0 before Go 1.20
  bool is_assembly = false;          // never said before Go 1.18
};

// A call that the compiler replaced by the callee's code.
struct GoInlined {
  std::uint64_t place = 0;  // an instruction whose position in the source is the call
  std::string_view name;    // of the callee
  std::uint32_t line = 0;
  std::uint32_t function = 0;  // index of what it was inlined into, at last
  std::int32_t parent = -1;    // among the same function's, what the call stands in; -1: itself
};

struct GoTable {
  std::uint64_t address = 0;                   // 0: not a Go program
  std::uint64_t module_data = 0;               // 0: not found; then there are no inlined calls
  std::uint64_t text = 0, functions_data = 0;  // runtime.text, go:func.*
  GoFormat format = GoFormat::go1_20;
  bool is_magic_known = true;         // false: someone changed it
  std::vector<GoFunction> functions;  // by start
  std::vector<GoInlined> inlined;     // by function, in the table's order
  // Methods that types name, by which interfaces are filled in and reflection calls; sorted. Types
  // name them by distance from runtime.text, so that no word in the file is their address.
  std::vector<std::uint64_t> methods;
  std::vector<Error> problems;
};

// Whether that is the name of a method: "io.(*PipeReader).Read", "time.Time.String", "main.T.M-fm".
bool is_go_method(std::string_view name);

// Names view the program's bytes.
GoTable read_go_table(const Program& program, const Limits& limits = {});

}  // namespace fathom::code
