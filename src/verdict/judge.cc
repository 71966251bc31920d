#include "verdict/judge.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "code/demangle.h"
#include "verdict/absence.h"

namespace fathom::verdict {
namespace {

constexpr std::size_t kShownNames = 3;
constexpr std::size_t kShownTexts = 3;

std::string words_of(CodeRoot::Why why) {
  switch (why) {
    case CodeRoot::Why::main:
      return "the program's main";
    case CodeRoot::Why::entry:
      return "the entry point";
    case CodeRoot::Why::initializer:
      return "runs before main";
    case CodeRoot::Why::resolver:
      return "the loader calls it to choose an implementation";
    case CodeRoot::Why::exported:
      return "exported: other files can call it";
  }
  return {};
}

std::string call_words(const Step& step, const std::string& from, const std::string& to) {
  if (step.through_pointer)
    return from + " calls through a pointer, which may be to " + to +
           ": its address is taken, and its arguments fit";
  if (step.through_interface)
    return from + " calls a method of an interface, which " + to +
           " is in a type that the program puts into one";
  switch (step.kind) {
    case CallKind::argument:
      return from + " hands over " + to;
    case CallKind::cgo:
      return from + " has Go's runtime call the C function " + to;
    case CallKind::table:
      return from + " calls through a constant table that has " + to;
    case CallKind::variable:
      return from + " calls through a variable that holds " + to + " from the start";
    case CallKind::tail:
      return from + " jumps to " + to;
    default:
      return from + " calls " + to;
  }
}

// "main.main → sql.Open → … → sqlite3_str_vappendf"
std::string arrows(const std::vector<std::string>& path) {
  constexpr std::size_t kFirst = 2, kLast = 3;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path.size() > kFirst + kLast + 1 && i == kFirst) {
      parts.emplace_back("…");
      i = path.size() - kLast;
    }
    parts.push_back(path[i]);
  }
  return join(parts, " → ");
}

bool is_better(const Path& a, const Path& b) {
  auto key = [](const Path& p) {
    return std::tuple(p.from == CodeRoot::Why::exported, p.through_pointers,
                      p.from != CodeRoot::Why::main, p.steps.size());
  };
  return key(a) < key(b);
}

void add_way(const Subject& subject, const Path& path, Finding& finding) {
  std::vector<std::string> names;
  for (const Step& step : path.steps) {
    const std::string name = subject.naming.name_of(step.function);
    if (names.empty())
      add_proof(finding, subject.facts.functions[step.function].start,
                name + ": " + words_of(path.from));
    else
      add_proof(finding, step.place, call_words(step, names.back(), name));
    names.push_back(name);
  }
  finding.path = std::move(names);
}

constexpr std::size_t kShownImporters = 3;

// Who begins a way that begins at an export.
void add_importers(const Subject& subject, const Path& path, Finding& finding) {
  if (path.from != CodeRoot::Why::exported || subject.loaders == nullptr) return;
  const std::vector<Importer> importers =
      importers_of(subject.facts, path.steps.front().function, *subject.loaders);
  for (std::size_t i = 0; i < importers.size() && i < kShownImporters; ++i)
    add_proof(finding, 0,
              printable(importers[i].path) + " is loaded with this file and imports " +
                  printable(importers[i].name));
  if (!importers.empty())
    finding.path.insert(finding.path.begin(), printable(importers.front().path));
}

std::string text_shown(const CodeFacts& facts, std::uint32_t text) {
  auto at =
      std::ranges::lower_bound(facts.shown, text, {}, [](const auto& row) { return row.first; });
  if (at == facts.shown.end() || at->first != text) return {};
  return "\"" + printable(at->second, 60) + "\"";
}

std::string seen_of(const CodeFacts& facts, const Carrier& carrier) {
  if (carrier.by_shape)
    return "the only function of the file that compares fields and numbers as this one does";
  if (carrier.by_symbol && carrier.texts.empty()) return "by its symbol";
  std::set<std::uint32_t> texts;
  for (const CodeText& text : carrier.texts) texts.insert(text.text);
  std::vector<std::string> shown;
  for (std::uint32_t text : texts)
    if (shown.size() < kShownTexts) shown.push_back(text_shown(facts, text));
  std::string out = carrier.by_symbol ? "by its symbol; it refers to " : "it refers to ";
  out += std::to_string(texts.size()) + (texts.size() == 1 ? " text" : " texts") +
         " that only this function of the library has: " + join(shown, ", ");
  return texts.size() > shown.size() ? out + ", …" : out;
}

void set_unknown(Finding& finding, const std::string& reason) {
  finding.verdict = Verdict::unknown;
  finding.why += "; " + reason;
}

bool may_be(const VersionClaim& version, const std::vector<std::string>& releases) {
  return releases.empty() || std::ranges::any_of(releases, [&](const std::string& release) {
           return release == version.exact ||
                  std::ranges::find(version.candidates, release) != version.candidates.end();
         });
}

// By every row of the fix and every function that carries the row's; only where all that decide say
// the same.
std::optional<FixDecision> decide_fixes(const Subject& subject,
                                        const std::vector<const FixRow*>& fixes,
                                        const VersionClaim& version) {
  std::optional<FixDecision> all;
  for (const FixRow* row : fixes)
    for (const Carrier& carrier : subject.naming.carriers_of(row->function)) {
      std::optional<FixDecision> one =
          decide_fix(*row, subject.facts.functions[carrier.function], subject.question,
                     {carrier.by_symbol, may_be(version, row->releases)});
      if (!one) continue;
      if (all && all->is_fixed != one->is_fixed) return std::nullopt;
      if (!all) all = std::move(one);
    }
  return all;
}

// Whether that settles the finding.
bool judge_by_fix(const Subject& subject, const std::vector<const FixRow*>& fixes,
                  const VersionClaim& version, Finding& finding) {
  const std::optional<FixDecision> decision = decide_fixes(subject, fixes, version);
  if (!decision) return false;
  for (const FixDecision::Seen& seen : decision->seen) add_proof(finding, seen.place, seen.what);
  finding.range_uncertain = false;
  finding.why += decision->is_fixed ? "; but the fix is in the code: "
                                    : "; and the code is as it was before the fix: ";
  finding.why += decision->seen.front().what;
  if (decision->is_fixed) finding.verdict = Verdict::patched;
  return decision->is_fixed;
}

void add_obligations(const Obligations& obligations, Finding& finding) {
  for (const std::string& met : obligations.met) add_proof(finding, 0, met);
}

// What is there and was not reached: unreachable, where that can be said.
void judge_unreached(const Subject& subject, const FunctionRow& row,
                     const std::vector<Target>& targets, const std::vector<std::string>& missing,
                     Finding& finding) {
  std::set<std::string> found;
  for (const Target& target : targets) {
    add_proof(finding, target.place, target.name + ": " + target.seen);
    found.insert(target.name);
  }
  const std::string there = list_of({found.begin(), found.end()}) + " is in the code, and ";
  if (row.approximate)
    return set_unknown(finding, there +
                                    "no way to it was seen; that it is the function in question "
                                    "is a guess");
  if (!missing.empty())
    return set_unknown(finding, there + "no way to it was seen; but " + list_of(missing) +
                                    " was not found by name");
  if (subject.loaders != nullptr && subject.loaders->empty())
    return set_unknown(finding, there + "nothing in the image loads the file");
  if (subject.loaders != nullptr)
    return set_unknown(finding, there + "none of the " + std::to_string(subject.loaders->size()) +
                                    " files that are loaded with it imports anything that leads "
                                    "there");
  const Obligations obligations = obligations_of_unreachable(subject);
  if (!obligations.hold())
    return set_unknown(finding, there + "no way to it was seen; but " + obligations.unmet);
  add_obligations(obligations, finding);
  finding.verdict = Verdict::present_unreachable;
  finding.why += "; but nothing in the program can reach " + list_of({found.begin(), found.end()});
}

// What was not found by name: absent, where that can be said.
void judge_missing(const Subject& subject, const FunctionRow& row, const SourceNames* names,
                   const std::vector<std::string>& missing, Finding& finding) {
  std::string unmet = names == nullptr  ? "nothing shows that it is absent"
                      : row.approximate ? "which function it is, is a guess"
                                        : "";
  std::vector<Obligations> all;
  for (const std::string& function : missing) {
    if (!unmet.empty()) break;
    all.push_back(obligations_of_absent(subject, *names, function));
    unmet = all.back().unmet;
  }
  if (!unmet.empty())
    return set_unknown(finding, "not found by name in the code: " + list_of(missing) +
                                    ", which does not mean that it is not there: " + unmet);
  for (const Obligations& one : all) add_obligations(one, finding);
  finding.verdict = Verdict::not_present;
  finding.why += "; but " + list_of(missing) + " was not linked into the file";
}

void judge_targets(const Subject& subject, const FunctionRow& row, const SourceNames* names,
                   const std::vector<Target>& targets, const std::vector<std::string>& missing,
                   Finding& finding) {
  if (judge_by_way(subject, targets, finding)) {
    if (row.approximate) finding.why += " (that it is the function in question is a guess)";
    return;
  }
  targets.empty() ? judge_missing(subject, row, names, missing, finding)
                  : judge_unreached(subject, row, targets, missing, finding);
}

}  // namespace

std::string list_of(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < names.size() && i < kShownNames; ++i)
    shown.push_back(printable(names[i]));
  std::string out = join(shown, ", ");
  if (names.size() > shown.size())
    out += " and " + std::to_string(names.size() - shown.size()) + " more";
  return out;
}

void add_proof(Finding& finding, std::uint64_t address, std::string seen) {
  Evidence proof;
  proof.analyzer = "verdict";
  if (!finding.evidence.empty()) {
    proof.file = finding.evidence.front().file;
    proof.file_digest = finding.evidence.front().file_digest;
  }
  if (address != 0) proof.place = {Place::Kind::address, address, {}};
  proof.seen = std::move(seen);
  finding.evidence.push_back(std::move(proof));
}

std::vector<Importer> importers_of(const CodeFacts& facts, std::uint32_t function,
                                   const std::vector<Loader>& loaders) {
  std::vector<std::uint32_t> names = facts.functions[function].aliases;
  names.push_back(facts.functions[function].name);
  std::vector<Importer> out;
  for (const Loader& loader : loaders)
    for (std::uint32_t name : names)
      if (std::ranges::binary_search(loader.imports, facts.names[name])) {
        out.push_back({loader.path, facts.names[name]});
        break;
      }
  return out;
}

bool judge_by_way(const Subject& subject, const std::vector<Target>& targets, Finding& finding) {
  std::optional<Path> best;
  const Target* reached = nullptr;
  for (const Target& target : targets) {
    std::optional<Path> path = subject.reach.path_to(target.function);
    if (!path || (best && !is_better(*path, *best))) continue;
    best = std::move(path);
    reached = &target;
  }
  if (!best) return false;
  add_proof(finding, reached->place, reached->name + ": " + reached->seen);
  add_way(subject, *best, finding);
  add_importers(subject, *best, finding);
  const bool is_sure = !best->through_pointers && best->from != CodeRoot::Why::exported;
  finding.verdict = is_sure ? Verdict::reachable : Verdict::reachable_indirectly;
  finding.why += "; " + printable(reached->name) +
                 " is in the code and can be reached: " + arrows(finding.path);
  if (best->through_pointers) finding.why += " (over a call through a pointer that may be to it)";
  if (best->from == CodeRoot::Why::exported)
    finding.why += subject.loaders != nullptr ? " (from a file that imports it)"
                                              : " (from what other files may call)";
  return true;
}

void judge_c(const Subject& subject, const CCase& one, Finding& finding) {
  const FunctionRow& row = one.row;
  if (judge_by_fix(subject, one.fixes, one.version, finding)) return;
  std::vector<Target> targets;
  std::vector<std::string> missing;
  for (const VulnerableFunction& function : row.functions) {
    if (function.is_new) continue;
    const std::vector<Carrier> carriers = subject.naming.carriers_of(function.name);
    if (carriers.empty()) missing.push_back(function.name);
    for (const Carrier& carrier : carriers)
      targets.push_back({.name = function.name,
                         .function = carrier.function,
                         .seen = seen_of(subject.facts, carrier),
                         .place = carrier.texts.empty()
                                      ? subject.facts.functions[carrier.function].start
                                      : carrier.texts.front().place});
  }
  if (targets.empty() && missing.empty())
    return set_unknown(finding,
                       "the fix only adds functions, so nothing tells the code without it");
  judge_targets(subject, row, &one.names, targets, missing, finding);
}

// "hyper::server::Server::run", "<hyper::T as core::U>::f" → the path without generic arguments.
std::string plain_path(std::string_view name) {
  std::string out;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<') ++depth;
    if (depth == 0) out += name[i];
    if (name[i] == '>' && depth > 0) --depth;
  }
  for (std::size_t at = out.find("::::"); at != out.npos; at = out.find("::::")) out.erase(at, 2);
  return out;
}

void judge_rust(const Subject& subject, const FunctionRow& row, Finding& finding) {
  std::vector<Target> targets;
  std::vector<std::string> missing;
  bool has_names = false;
  std::multimap<std::string, std::uint32_t> by_path;
  for (std::uint32_t i = 0; i < subject.facts.functions.size(); ++i) {
    const CodeFunction& function = subject.facts.functions[i];
    if (function.name == 0) continue;
    has_names = true;
    const std::string path = plain_path(code::demangled(subject.facts.name_of(function)));
    by_path.emplace(path, i);
  }
  for (const VulnerableFunction& function : row.functions) {
    auto [first, last] = by_path.equal_range(plain_path(function.name));
    if (first == last) missing.push_back(function.name);
    for (; first != last; ++first)
      targets.push_back({.name = function.name,
                         .function = first->second,
                         .seen = "by its symbol",
                         .place = subject.facts.functions[first->second].start});
  }
  if (!has_names)
    return set_unknown(finding, "the file has no symbols, by which functions of Rust are found");
  judge_targets(subject, row, nullptr, targets, missing, finding);
}

}  // namespace fathom::verdict
