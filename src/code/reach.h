// What can run once something runs: from each function to those it calls, to those whose address it
// computes, and to those whose address stands in the data that it refers to; from data to the data
// and functions that it points at. Calls through pointers need no targets of their own: whoever
// runs a function must have had its address, and that address came from code or data that is
// reached.
//
// Data is cut where code or relocations point into it. Where an array of pointers goes on over such
// a cut both sides belong together, since an index may reach either from the other.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "code/references.h"

namespace fathom::code {

class Reach {
 public:
  Reach(const Program& program, const Functions& functions, const References& references);

  // Nodes: functions by their index, then pieces of data.
  using Node = std::uint32_t;
  std::size_t nodes() const { return first_.size() - 1; }
  bool is_function(Node node) const { return node < functions_; }
  std::span<const Node> next(Node node) const {
    return std::span(next_).subspan(first_[node], first_[node + 1] - first_[node]);
  }
  // Names that the dynamic linker looks up and the node uses; indexes of imports().
  std::span<const std::uint32_t> imports_of(Node node) const {
    return std::span(import_uses_)
        .subspan(first_import_[node], first_import_[node + 1] - first_import_[node]);
  }
  const std::vector<std::string_view>& imports() const { return imports_; }

  // Initializers and resolvers of indirect functions, which run without being called.
  const std::vector<Node>& roots() const { return roots_; }
  std::optional<Node> entry() const { return entry_; }
  // What other files can name; more than one node where data and code share a name.
  const std::multimap<std::string_view, Node>& exports() const { return exports_; }

 private:
  friend class ReachBuilder;
  Reach() = default;
  std::uint32_t functions_ = 0;
  std::vector<std::uint32_t> first_, first_import_, import_uses_;
  std::vector<Node> next_;
  std::vector<std::string_view> imports_;
  std::vector<Node> roots_;
  std::optional<Node> entry_;
  std::multimap<std::string_view, Node> exports_;
};

}  // namespace fathom::code
