// Go: the function table names every function of the program, and the functions that were inlined,
// whether the file is stripped or not. So absence can be said too, as long as the table is whole
// and its names are those of the sources (obfuscators change them).

#include <algorithm>
#include <set>

#include "base/text.h"
#include "verdict/judge.h"

namespace fathom::verdict {
namespace {

// The linker escapes dots in the last element of an import path: "gopkg.in/yaml%2ev2.Unmarshal".
std::string escaped(std::string_view import_path) {
  std::string out(import_path);
  const std::size_t last = out.rfind('/') == out.npos ? 0 : out.rfind('/') + 1;
  for (std::size_t at = out.find('.', last); at != out.npos; at = out.find('.', at))
    out.replace(at, 1, "%2e");
  return out;
}

// Without type arguments: "slices.Sort[go.shape.int]" → "slices.Sort".
std::string without_arguments(std::string_view name) {
  std::string out;
  int depth = 0;
  for (char c : name) {
    if (c == '[') ++depth;
    if (depth == 0) out += c;
    if (c == ']' && depth > 0) --depth;
  }
  return out;
}

// What a name of the table is called in an advisory: package and "T.M" or "F". Closures, wrappers
// of methods and deferred calls belong to what they are in: "F.func1", "(*T).M-fm", "F.deferwrap1".
struct Symbol {
  std::string package, name;
};
Symbol symbol_of(std::string_view table_name) {
  const std::string plain = without_arguments(table_name);
  const std::size_t slash = plain.rfind('/') == plain.npos ? 0 : plain.rfind('/');
  const std::size_t dot = plain.find('.', slash);
  if (dot == plain.npos) return {};
  Symbol out{plain.substr(0, dot), plain.substr(dot + 1)};
  std::erase_if(out.name, [](char c) { return c == '(' || c == ')' || c == '*'; });
  std::vector<std::string> parts;
  for (std::string_view part : split(out.name, '.')) {
    const bool is_inner = part.starts_with("func") || part.starts_with("gowrap") ||
                          part.starts_with("deferwrap") ||
                          (!part.empty() && part[0] >= '0' && part[0] <= '9');
    if (!parts.empty() && is_inner) break;
    parts.emplace_back(part.substr(0, part.find('-')));
  }
  out.name = join(parts, ".");
  return out;
}

struct Named {
  std::uint32_t function = 0;
  std::uint64_t place = 0;
  bool is_inlined = false;
};

class GoNames {
 public:
  explicit GoNames(const CodeFacts& facts) {
    for (std::uint32_t i = 0; i < facts.functions.size(); ++i) {
      const CodeFunction& function = facts.functions[i];
      if (function.is_go) add(facts.name_of(function), {i, function.start, false});
    }
    for (const CodeInlined& inlined : facts.inlined)
      add(facts.names[inlined.name], {inlined.function, inlined.place, true});
  }

  const std::multimap<std::string, Named>* package(const std::string& path) const {
    auto at = packages_.find(path);
    return at == packages_.end() ? nullptr : &at->second;
  }
  bool has_module(const std::string& module) const {
    const std::string path = escaped(module), inside = module + "/";
    if (packages_.contains(path)) return true;
    auto at = packages_.lower_bound(inside);
    return at != packages_.end() && at->first.starts_with(inside);
  }

 private:
  void add(const std::string& table_name, Named named) {
    Symbol symbol = symbol_of(table_name);
    if (!symbol.package.empty()) packages_[symbol.package].emplace(std::move(symbol.name), named);
  }
  std::map<std::string, std::multimap<std::string, Named>> packages_;
};

bool concerns_linux(const VulnerableFunction& function) {
  return function.systems.empty() ||
         std::ranges::find(function.systems, "linux") != function.systems.end();
}

std::string full_name(const VulnerableFunction& function) {
  return function.name.empty() ? function.file : function.file + "." + function.name;
}

void add_targets(const GoNames& names, const VulnerableFunction& function,
                 std::vector<Target>& targets) {
  const auto* package = names.package(escaped(function.file));
  if (package == nullptr) return;
  auto [first, last] = function.name.empty() ? std::pair(package->begin(), package->end())
                                             : package->equal_range(function.name);
  for (; first != last; ++first) {
    const Named& named = first->second;
    targets.push_back({.name = function.file + "." + first->first,
                       .function = named.function,
                       .seen = named.is_inlined ? "a call of it was replaced by its code here"
                                                : "in Go's function table",
                       .place = named.place});
  }
}

bool is_standard(const std::string& module) { return module == "stdlib" || module == "toolchain"; }

// Whether names are those of the sources: of the modules that the program is said to be built from,
// some have functions in the table.
bool has_plain_names(const GoNames& names, const FunctionRow& row,
                     const std::vector<std::string>& modules) {
  if (is_standard(row.package)) return names.package("runtime") && names.package("internal/abi");
  if (names.has_module(row.package)) return true;
  return std::ranges::any_of(modules, [&](const std::string& module) {
    return !is_standard(module) && names.has_module(module);
  });
}

}  // namespace

void judge_go(const Subject& subject, const FunctionRow& row,
              const std::vector<std::string>& modules, Finding& finding) {
  const GoNames names(subject.facts);
  std::vector<Target> targets;
  std::vector<std::string> asked;
  for (const VulnerableFunction& function : row.functions) {
    if (!concerns_linux(function)) continue;
    asked.push_back(full_name(function));
    add_targets(names, function, targets);
  }
  if (judge_by_way(subject, targets, finding)) return;
  if (!targets.empty()) {
    finding.verdict = Verdict::unknown;
    finding.why += "; " + targets.front().name + " is in the code, and no way to it was seen";
    add_proof(finding, targets.front().place, targets.front().name + ": " + targets.front().seen);
    return;
  }
  const bool is_whole = subject.facts.has_go_table && subject.facts.problems.empty();
  if (!is_whole || !has_plain_names(names, row, modules)) {
    finding.verdict = Verdict::unknown;
    finding.why += "; Go's function table cannot be relied on to name every function";
    return;
  }
  finding.verdict = Verdict::not_present;
  if (asked.empty()) {
    finding.why += "; but it concerns other operating systems than Linux";
    add_proof(finding, 0, "an ELF file; the advisory names no function for Linux");
    return;
  }
  finding.why += "; but the linker has left out " + list_of(asked);
  add_proof(finding, 0,
            "Go's function table names " + std::to_string(subject.facts.functions.size()) +
                " functions and " + std::to_string(subject.facts.inlined.size()) +
                " inlined calls, and none of them is " + list_of(asked));
}

}  // namespace fathom::verdict
