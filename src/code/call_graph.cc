#include "code/call_graph.h"

#include <algorithm>
#include <array>

#include "code/call_graph_builder.h"

namespace fathom::code {

std::string_view name_of(Edge::Kind kind) {
  constexpr std::array<std::string_view, 7> kNames = {"direct",   "tail",     "imported", "table",
                                                      "variable", "argument", "cgo"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view name_of(Root::Why why) {
  constexpr std::array<std::string_view, 5> kNames = {"entry", "main", "initializer", "resolver",
                                                      "exported"};
  return kNames[static_cast<std::size_t>(why)];
}

CallGraph::CallGraph(const Program& program, const Functions& functions) {
  CallGraphBuilder(program, functions, *this).run();
}

std::vector<std::uint32_t> CallGraph::candidates(const IndirectCall& call) const {
  using Through = IndirectCall::Through;
  auto may_be = [&](const Callee& callee) {
    if (callee.is_go != (call.through != Through::c)) return false;
    if (call.through == Through::go_interface) return callee.is_method;
    if (call.through == Through::go_value) return !callee.is_by_distance_alone;
    return (callee.needs & ~call.passed) == 0;
  };
  std::vector<std::uint32_t> out;
  for (std::uint32_t function : taken_)
    if (may_be(callees_[function])) out.push_back(function);
  return out;
}

std::vector<std::uint32_t> path_between(const CallGraph& graph, std::uint32_t from,
                                        std::uint32_t to, bool through_pointers) {
  constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::vector<std::uint32_t> before(graph.functions(), kNone), queue = {from};
  std::array<bool, 1024> was_followed{};  // sets of arguments, ways
  before[from] = from;
  auto reach = [&](std::uint32_t next, std::uint32_t at) {
    if (next == Edge::kOutside || before[next] != kNone) return;
    before[next] = at;
    queue.push_back(next);
  };
  for (std::size_t i = 0; i < queue.size() && before[to] == kNone; ++i) {
    std::uint32_t at = queue[i];
    for (const Edge& edge : graph.calls_of(at)) reach(edge.callee, at);
    for (const IndirectCall& call : graph.indirect_of(at)) {
      std::size_t key = call.passed + 256u * static_cast<unsigned>(call.through);
      if (!through_pointers || was_followed[key]) continue;
      was_followed[key] = true;
      for (std::uint32_t function : graph.candidates(call)) reach(function, at);
    }
  }
  std::vector<std::uint32_t> path;
  if (before[to] == kNone) return path;
  for (std::uint32_t at = to; at != from; at = before[at]) path.push_back(at);
  path.push_back(from);
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace fathom::code
