#include "verdict/absence.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"

namespace fathom::verdict {
namespace {

constexpr std::uint64_t kCoveredPerMille = 990;  // of the code, that belongs to known functions
constexpr std::size_t kFewestTexts = 4;          // of a function, all of which are missing
constexpr std::uint32_t kShortestText = 12;
constexpr std::size_t kFewestNeighbours = 3;  // functions of the same library that are there

// The first condition that fails ends it.
class List {
 public:
  void need(bool holds, std::string met, std::string unmet) {
    if (!out_.unmet.empty()) return;
    if (holds)
      out_.met.push_back(std::move(met));
    else
      out_.unmet = std::move(unmet);
  }
  Obligations take() { return std::move(out_); }

 private:
  Obligations out_;
};

bool imports_any(const CodeFacts& facts, std::span<const std::string_view> names) {
  return std::ranges::any_of(facts.imports, [&](std::uint32_t import) {
    return std::ranges::find(names, facts.names[import]) != names.end();
  });
}

std::string per_mille(std::uint64_t part, std::uint64_t whole) {
  const std::uint64_t share = whole == 0 ? 0 : part * 1000 / whole;
  return std::to_string(share / 10) + "." + std::to_string(share % 10) + " %";
}

}  // namespace

Obligations obligations_of_unreachable(const Subject& subject) {
  static constexpr std::array<std::string_view, 3> kLoaders = {"dlopen", "dlmopen", "dlsym"};
  const CodeFacts& facts = subject.facts;
  std::size_t pointer_calls = 0;
  for (const CodeFunction& function : facts.functions)
    pointer_calls += function.pointer_calls.size();
  List list;
  list.need(
      facts.is_executable,
      "where the program begins is known: " + std::to_string(facts.roots.size()) + " functions",
      "it is no program whose main was found");
  list.need(facts.problems.empty(), "all of the code was read",
            "a part of the code could not be read: " +
                (facts.problems.empty() ? "" : printable(facts.problems.front())));
  list.need(
      facts.is_position_independent,
      "the program can be loaded anywhere, so relocations name every stored address of code (" +
          std::to_string(facts.taken.size()) + " functions)",
      "the program has a fixed address, so addresses of code may be stored in ways that nobody "
      "can tell from numbers");
  list.need(facts.covered_bytes * 1000 >= facts.code_bytes * kCoveredPerMille,
            per_mille(facts.covered_bytes, facts.code_bytes) +
                " of the code belongs to functions that were found",
            "only " + per_mille(facts.covered_bytes, facts.code_bytes) +
                " of the code belongs to functions that were found");
  list.need(facts.is_dynamic && !imports_any(facts, kLoaders),
            "it loads no other code by name (no dlopen, dlsym among its imports)",
            "it may load code that calls back (dlopen, or linked statically)");
  list.need(!facts.may_make_code,
            "it makes no code at run time (no executable memory is asked for)",
            "it may make code at run time");
  list.need(true,
            std::to_string(pointer_calls) +
                " calls through pointers were taken to reach every function whose address is taken "
                "and that fits, and none leads there",
            "");
  return list.take();
}

Obligations obligations_of_absent(const Subject& subject, const SourceNames& names,
                                  const std::string& function) {
  const CodeFacts& facts = subject.facts;
  std::size_t own = 0;
  bool is_seen = false;
  std::set<std::uint32_t> neighbours;
  for (const Anchor& anchor : names.anchors()) {
    auto asked = std::ranges::lower_bound(subject.question.texts, anchor.hash);
    const auto index = static_cast<std::uint32_t>(asked - subject.question.texts.begin());
    const bool is_there = std::ranges::binary_search(facts.texts_in_file, index);
    if (names.functions()[anchor.function].name != function) {
      if (is_there && anchor.length >= kShortestText) neighbours.insert(anchor.function);
      continue;
    }
    is_seen |= is_there;
    own += anchor.is_live && anchor.is_in_all && anchor.length >= kShortestText;
  }
  List list;
  list.need(subject.naming.carriers_of(function).empty(), "no function of the code carries it",
            "the code carries it");
  list.need(own >= kFewestTexts,
            "it has " + std::to_string(own) +
                " texts in every release in question that compilers keep, and no other function of "
                "the library has",
            "it has too few texts of its own");
  list.need(!is_seen, "none of them stands in the file", "one of its texts stands in the file");
  list.need(neighbours.size() >= kFewestNeighbours,
            "texts of " + std::to_string(neighbours.size()) + " other functions of the library do",
            "too few other functions of the library are there to tell");
  return list.take();
}

}  // namespace fathom::verdict
