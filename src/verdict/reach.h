// Whether a function can run: from where the program begins, over its calls, to the function. First
// by calls whose target is known; then also by Go's calls of interface methods, to the methods of
// all types that the program puts into an interface with that method in that place; where these do
// not lead there, by calls through any pointer, each of which may reach every function whose
// address is taken and that fits the call.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "facts/code_facts.h"

namespace fathom::verdict {

struct Step {
  std::uint32_t function = 0;
  std::uint64_t place = 0;         // of the call that leads here; 0 for the first
  bool through_pointer = false;    // one of all that the call may mean
  bool through_interface = false;  // Go: a type of the program has it in this place
  CallKind kind = CallKind::direct;
};

struct Path {
  CodeRoot::Why from = CodeRoot::Why::entry;
  bool through_pointers = false;
  std::vector<Step> steps;  // at least the root
};

class Reach {
 public:
  // `roots`: where it begins, functions of `facts`.
  Reach(const CodeFacts& facts, std::vector<CodeRoot> roots);
  explicit Reach(const CodeFacts& facts) : Reach(facts, facts.roots) {}

  // The best way: from main before initializers and the entry before exports, known calls before
  // pointers, then the shortest. Nothing when there is none, with every call through a pointer
  // taken to reach all that it may.
  std::optional<Path> path_to(std::uint32_t function) const;

 private:
  enum class From : std::uint8_t { main, start, exported };
  struct Search {
    From from = From::main;
    bool through_interfaces = false, through_pointers = false;
    std::vector<Step> before;  // by function: who leads there; its own index: a root
    std::vector<std::uint32_t> roots;
  };
  void run(Search& search) const;
  Path path_of(const Search& search, std::uint32_t function) const;

  const CodeFacts& facts_;
  const std::vector<CodeRoot> roots_;
  std::vector<Search> searches_;  // in the order of preference
};

}  // namespace fathom::verdict
