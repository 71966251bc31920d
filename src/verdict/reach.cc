// Breadth first, so that the way that is found is a shortest one. Nine searches per file, each once
// over all calls; asking for a function then costs the length of the way.

#include "verdict/reach.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace fathom::verdict {
namespace {

constexpr std::uint32_t kNobody = ~std::uint32_t{0};

}  // namespace

Reach::Reach(const CodeFacts& facts, std::vector<CodeRoot> roots)
    : facts_(facts), roots_(std::move(roots)) {
  for (From last : {From::start, From::exported})
    for (int means : {0, 1, 2})
      for (From from : {From::main, From::start, From::exported})
        if ((from == From::exported) == (last == From::exported))
          searches_.push_back({from, means > 0, means > 1, {}, {}});
  // Go's own main, where there is one, not the C function that starts Go's runtime.
  const bool has_go_main = std::ranges::any_of(roots_, [&](const CodeRoot& root) {
    return root.why == CodeRoot::Why::main && facts.functions[root.function].is_go;
  });
  for (const CodeRoot& root : roots_) {
    const bool is_main =
        root.why == CodeRoot::Why::main && facts.functions[root.function].is_go == has_go_main;
    const From from = is_main                               ? From::main
                      : root.why == CodeRoot::Why::exported ? From::exported
                                                            : From::start;
    for (Search& search : searches_)
      if (search.from == from) search.roots.push_back(root.function);
  }
  for (Search& search : searches_) run(search);
}

void Reach::run(Search& search) const {
  search.before.assign(facts_.functions.size(), Step{.function = kNobody});
  std::vector<std::uint32_t> queue;
  auto reach = [&](std::uint32_t function, const Step& before) {
    if (function == CodeCall::kOutside || search.before[function].function != kNobody) return;
    search.before[function] = before;
    queue.push_back(function);
  };
  for (std::uint32_t root : search.roots) reach(root, {.function = root});
  // Calls through pointers that mean the same functions need following once.
  std::set<std::tuple<std::uint8_t, CodePointerCall::Through, std::uint8_t>> followed;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const std::uint32_t at = queue[i];
    const CodeFunction& function = facts_.functions[at];
    for (const CodeCall& call : function.calls)
      reach(call.callee, {.function = at, .place = call.place, .kind = call.kind});
    for (const CodePointerCall& call : function.pointer_calls) {
      if (!search.through_interfaces) break;
      if (!followed.emplace(call.passed, call.through, call.slot).second) continue;
      for (std::uint32_t callee : facts_.taken) {
        const CodeFunction& to = facts_.functions[callee];
        if (fills_slot(call, to))
          reach(callee, {.function = at, .place = call.place, .through_interface = true});
        else if (search.through_pointers && may_call(call, to))
          reach(callee, {.function = at, .place = call.place, .through_pointer = true});
      }
    }
  }
}

std::optional<Path> Reach::path_to(std::uint32_t function) const {
  for (const Search& search : searches_)
    if (search.before[function].function != kNobody) return path_of(search, function);
  return std::nullopt;
}

Path Reach::path_of(const Search& search, std::uint32_t function) const {
  Path path;
  for (std::uint32_t at = function;;) {
    const Step& before = search.before[at];
    const bool is_root = before.function == at && before.place == 0;
    path.steps.push_back(before);
    path.steps.back().function = at;
    path.through_pointers |= before.through_pointer;
    if (is_root) break;
    at = before.function;
  }
  std::ranges::reverse(path.steps);
  for (const CodeRoot& root : roots_)
    if (root.function == path.steps.front().function) {
      path.from = root.why;
      if (search.from == From::main && root.why == CodeRoot::Why::main) break;
      if (search.from == From::exported && root.why == CodeRoot::Why::exported) break;
    }
  return path;
}

}  // namespace fathom::verdict
