// Who can call whom: every call that the code names, those through pointers where it says which
// one, and for the others all functions that could be meant.
//
// Sure are direct calls, tail jumps, calls through the procedure linkage table, and calls through a
// constant or a constant table. A function that is handed to a call (qsort, pthread_create, atexit,
// __libc_start_main) is an edge to that function. Go calls C by handing the C function to
// runtime.cgocall, always from a variable whose initial value nobody changes; C calls Go by handing
// the Go function to crosscall2. Names are not needed for either.
//
// A call through any other pointer may reach every function whose address is taken anywhere and
// that needs no more arguments than the caller can have passed.
//
// Cost: the code is decoded once; some 16 bytes for each call.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "code/functions.h"

namespace fathom::code {

struct Edge {
  enum class Kind : std::uint8_t {
    direct,
    tail,
    imported,  // the dynamic linker finds it in another file, or prefers another file's
    table,     // one of the entries of a constant table, or the one constant
    variable,  // what a writable variable points at when the program starts
    argument,  // handed to the function that is called there
    cgo,       // a C function that Go hands to its runtime to call it
  };
  static constexpr std::uint32_t kOutside = ~std::uint32_t{0};
  std::uint64_t place = 0;          // of the instruction
  std::uint32_t callee = kOutside;  // index of Functions::list; imported: of its own, if any
  Kind kind = Kind::direct;
  std::uint8_t argument = 0xff;  // kind argument: which one, by the C convention
  std::string_view name;         // of what is imported
};
std::string_view name_of(Edge::Kind kind);

// A call or jump through a pointer that the code around it does not tell.
struct IndirectCall {
  std::uint64_t place = 0;
  std::uint8_t passed = 0;  // argument registers that may hold an argument, a bit each
  // Go calls Go alone in this way: a method that an interface has, or a function value. C does not
  // call Go.
  enum class Through : std::uint8_t { c, go, go_interface, go_value };
  Through through = Through::c;
  std::uint8_t slot = kNoSlot;  // go_interface: which of the interface's methods
  static constexpr std::uint8_t kNoSlot = 0xff;
};

struct Root {
  enum class Why : std::uint8_t {
    entry,        // of the program
    main,         // what the entry hands to the C library; Go's main.main
    initializer,  // the loader, or Go's runtime, calls it before or after main
    resolver,     // the loader calls it to choose an implementation (IFUNC)
    exported,     // other files can name it
  };
  std::uint32_t function = 0;
  Why why = Why::entry;
};
std::string_view name_of(Root::Why why);

class CallGraph {
 public:
  CallGraph(const Program& program, const Functions& functions);

  std::size_t functions() const { return callees_.size(); }
  // By place.
  std::span<const Edge> calls_of(std::size_t function) const {
    return std::span(edges_).subspan(first_edge_[function],
                                     first_edge_[function + 1] - first_edge_[function]);
  }
  std::span<const IndirectCall> indirect_of(std::size_t function) const {
    return std::span(indirect_).subspan(first_indirect_[function],
                                        first_indirect_[function + 1] - first_indirect_[function]);
  }
  // Functions whose address is taken, by code or by data that is loaded; sorted.
  const std::vector<std::uint32_t>& taken() const { return taken_; }
  // Those of them that the call may reach.
  std::vector<std::uint32_t> candidates(const IndirectCall& call) const;
  // By function, then reason.
  const std::vector<Root>& roots() const { return roots_; }

  // What candidates() goes by.
  struct Callee {
    std::uint8_t needs = 0;  // argument registers that are read before they are written
    bool is_go = false, is_method = false;
    bool is_by_distance_alone = false;  // taken only by what names methods
    // Go: places that it has in the tables by which types are put into interfaces, a bit each. The
    // linker makes those tables that the program's own conversions need; the runtime makes others.
    std::uint64_t slots = 0;
  };
  const Callee& callee(std::size_t function) const { return callees_[function]; }

 private:
  friend class CallGraphBuilder;
  std::vector<Edge> edges_;
  std::vector<IndirectCall> indirect_;
  std::vector<std::uint32_t> first_edge_, first_indirect_;
  std::vector<std::uint32_t> taken_;
  std::vector<Callee> callees_;
  std::vector<Root> roots_;
};

// The shortest way from one function to another, as indexes, both included; empty when there is
// none. With `through_pointers`, also by calls whose target is only one of many.
std::vector<std::uint32_t> path_between(const CallGraph& graph, std::uint32_t from,
                                        std::uint32_t to, bool through_pointers);

}  // namespace fathom::code
