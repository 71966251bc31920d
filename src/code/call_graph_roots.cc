// Where a program begins: the functions that the loader, the C library and Go's runtime call.

#include "code/call_graph_builder.h"

#include <algorithm>
#include <utility>

namespace fathom::code {

void CallGraphBuilder::find_roots() {
  add_root(program_.elf().entry(), Root::Why::entry);
  find_main();
  find_go_roots();
  for (std::uint64_t address : program_.initializers()) add_root(address, Root::Why::initializer);
  for (const Fixup& fixup : program_.fixups())
    if (fixup.kind == Fixup::Kind::indirect) add_root(fixup.target, Root::Why::resolver);
  for (const Symbol& symbol : program_.symbols())
    if (symbol.is_dynamic && symbol.is_defined && symbol.is_function)
      add_root(symbol.address, Root::Why::exported);
  auto key = [](const Root& root) { return std::pair{root.function, root.why}; };
  std::sort(out_.roots_.begin(), out_.roots_.end(),
            [&](const Root& a, const Root& b) { return key(a) < key(b); });
  auto same = [&](const Root& a, const Root& b) { return key(a) == key(b); };
  out_.roots_.erase(std::unique(out_.roots_.begin(), out_.roots_.end(), same), out_.roots_.end());
}

void CallGraphBuilder::add_root(std::uint64_t address, Root::Why why) {
  if (std::optional<std::uint32_t> function = index_of(address))
    out_.roots_.push_back({*function, why});
}

// What the entry, or the little C function that it calls, hands over.
void CallGraphBuilder::find_main() {
  std::optional<std::uint32_t> at = index_of(program_.elf().entry());
  for (int steps = 0; steps < 3 && at; ++steps) {
    std::optional<std::uint32_t> next;
    for (const Edge& edge : out_.calls_of(*at)) {
      bool is_first = edge.kind == Edge::Kind::argument && edge.argument == 0;
      if (is_first && !functions_.list[edge.callee].is_go)
        out_.roots_.push_back({edge.callee, Root::Why::main});
      bool goes_on = edge.kind == Edge::Kind::direct || edge.kind == Edge::Kind::tail;
      if (goes_on && edge.callee != Edge::kOutside && !next) next = edge.callee;
    }
    bool found = !out_.roots_.empty() && out_.roots_.back().why == Root::Why::main;
    if (found) return;
    at = next;
  }
}

// Go's runtime calls these by tables of its own. "pkg.init", "pkg.init.0".
void CallGraphBuilder::find_go_roots() {
  for (std::uint32_t i = 0; i < functions_.list.size(); ++i) {
    const Function& function = functions_.list[i];
    if (!function.is_go) continue;
    std::string_view name = function.name;
    if (name == "main.main") out_.roots_.push_back({i, Root::Why::main});
    while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.remove_suffix(1);
    if (name.ends_with(".init") || (name.ends_with(".init.") && name != function.name))
      out_.roots_.push_back({i, Root::Why::initializer});
  }
}

}  // namespace fathom::code
