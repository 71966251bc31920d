#include "verdict/verdict.h"

#include <algorithm>
#include <deque>
#include <set>
#include <tuple>

#include "verdict/judge.h"

namespace fathom::verdict {
namespace {

// One finding that may be judged by the code of its file.
struct Case {
  Finding* finding = nullptr;
  const Component* component = nullptr;
  const FunctionRow* row = nullptr;
  std::vector<const FixRow*> fixes;
};

bool is_open(const Finding& finding) {
  return !finding.withdrawn &&
         (finding.verdict == Verdict::affected_by_version || finding.verdict == Verdict::unknown);
}

// Of a shape that is to name a function by itself.
constexpr std::size_t kFewestCounts = 6;

using LibraryKey = std::pair<std::string, VersionClaim>;

int rank(Verdict verdict) {
  switch (verdict) {
    case Verdict::reachable:
      return 0;
    case Verdict::reachable_indirectly:
      return 1;
    case Verdict::affected_by_version:
    case Verdict::unknown:  // neither says anything of the code
      return 2;
    case Verdict::present_unreachable:
      return 4;
    case Verdict::patched:
      return 5;
    case Verdict::not_present:
      return 6;
  }
  return 7;
}

// Without the exports that nobody imports.
std::vector<CodeRoot> roots_with(const CodeFacts& facts, const std::vector<Loader>* loaders) {
  std::vector<CodeRoot> roots = facts.roots;
  if (loaders == nullptr) return roots;
  std::erase_if(roots, [&](const CodeRoot& root) {
    return root.why == CodeRoot::Why::exported &&
           importers_of(facts, root.function, *loaders).empty();
  });
  return roots;
}

template <class T>
void sort_and_deduplicate(std::vector<T>& list) {
  std::ranges::sort(list);
  auto repeated = std::ranges::unique(list);
  list.erase(repeated.begin(), repeated.end());
}

// "9.8" above "10.0" as text: padded to one width.
std::string padded(const std::string& score) {
  return std::string(score.size() < 4 ? 4 - score.size() : 0, '0') + score;
}

}  // namespace

struct Verdicts::State {
  Report& report;
  const Sources& sources;
  std::map<std::string, std::vector<Case>> cases;  // by digest
  std::map<std::string, CodeQuestion> questions;
  std::map<LibraryKey, SourceNames> names;
  std::map<std::string, std::vector<std::string>> modules;  // Go, by digest
  std::deque<FunctionRow> rows_of_fixes;

  const SourceNames& names_of(const Component& component) {
    const LibraryKey key(component.name, component.version);
    auto at = names.find(key);
    if (at == names.end())
      at = names
               .emplace(key, SourceNames(sources.features, sources.functions, component.name,
                                         component.version))
               .first;
    return at->second;
  }

  void add(Finding& finding, const Component& component) {
    if (!is_open(finding) || component.file_digest.empty()) return;
    std::vector<std::string> ids{finding.id};
    ids.insert(ids.end(), finding.aliases.begin(), finding.aliases.end());
    const FunctionRow* row = sources.knowledge.find(component.ecosystem, component.name, ids);
    std::vector<const FixRow*> fixes;
    if (component.ecosystem == "C") fixes = sources.knowledge.fixes_of(component.name, finding.id);
    if (row == nullptr && !fixes.empty()) row = row_of(fixes);
    if (row == nullptr) return;
    for (const VulnerableFunction& function : row->functions)
      if (!function.is_new)
        finding.functions.push_back(function.file.empty() || component.ecosystem != "Go"
                                        ? function.name
                                        : function.file + "." + function.name);
    ask(component, *row, fixes);
    cases[component.file_digest].push_back({&finding, &component, row, std::move(fixes)});
  }

  // Where nothing else says which functions the fix changes, what is known of both sides does.
  const FunctionRow* row_of(const std::vector<const FixRow*>& fixes) {
    FunctionRow row{"C", fixes.front()->library, fixes.front()->cve, false, {}};
    for (const FixRow* fix : fixes) row.functions.push_back({fix->function, {}, {}, false});
    sort_and_deduplicate(row.functions);
    return &rows_of_fixes.emplace_back(std::move(row));
  }

  // Every text that names a function of the library, not only the vulnerable ones: the way to them
  // is told in names.
  void ask(const Component& component, const FunctionRow& row,
           const std::vector<const FixRow*>& fixes) {
    CodeQuestion& question = questions[component.file_digest];
    if (component.ecosystem != "C") return;
    for (const VulnerableFunction& function : row.functions)
      question.symbols.push_back(function.name);
    for (const FixRow* fix : fixes) {
      question.symbols.push_back(fix->function);
      if (fix->same.size() >= kFewestCounts) question.shapes.push_back(fix->same);
      for (const auto* texts : {&fix->texts_of_fixed, &fix->texts_of_vulnerable})
        question.texts.insert(question.texts.end(), texts->begin(), texts->end());
    }
    for (const Anchor& anchor : names_of(component).anchors())
      question.texts.push_back(anchor.hash);
  }

  void judge(const Case& one, const Subject& subject, const std::string& digest) {
    if (one.component->ecosystem == "Go") {
      judge_go(subject, *one.row, modules[digest], *one.finding);
    } else if (one.component->ecosystem == "crates.io") {
      judge_rust(subject, *one.row, *one.finding);
    } else {
      judge_c(subject, {*one.row, names_of(*one.component), one.fixes, one.component->version},
              *one.finding);
    }
  }
};

Verdicts::Verdicts(Report& report, const Sources& sources)
    : state_(std::make_unique<State>(State{report, sources, {}, {}, {}, {}, {}})) {
  std::map<std::string_view, const Component*> by_id;
  for (const Component& component : report.components) {
    by_id.emplace(component.id, &component);
    if (component.ecosystem == "Go")
      state_->modules[component.file_digest].push_back(component.name);
  }
  for (Finding& finding : report.findings) {
    auto component = by_id.find(finding.component);
    if (component != by_id.end()) state_->add(finding, *component->second);
  }
  for (auto& [digest, question] : state_->questions) {
    sort_and_deduplicate(question.texts);
    sort_and_deduplicate(question.symbols);
    sort_and_deduplicate(question.shapes);
  }
}

Verdicts::~Verdicts() = default;

const std::map<std::string, CodeQuestion>& Verdicts::questions() const { return state_->questions; }

void Verdicts::take(const std::string& digest, const CodeFacts& facts,
                    const std::vector<Loader>* loaders) {
  auto cases = state_->cases.find(digest);
  if (cases == state_->cases.end()) return;
  const CodeQuestion& question = state_->questions[digest];
  Naming naming(facts, question);
  for (const Case& one : cases->second)
    for (const FixRow* fix : one.fixes) naming.add_shape(fix->same, fix->function);
  std::set<LibraryKey> added;
  for (const Case& one : cases->second)
    if (one.component->ecosystem == "C" &&
        added.emplace(one.component->name, one.component->version).second)
      naming.add(state_->names_of(*one.component));
  const Reach reach(facts, roots_with(facts, loaders));
  for (const Case& one : cases->second)
    state_->judge(one, {facts, question, naming, reach, loaders}, digest);
}

void Verdicts::finish() { std::ranges::stable_sort(state_->report.findings, matters_more); }

bool matters_more(const Finding& a, const Finding& b) {
  auto key = [](const Finding& f) {
    return std::tuple(f.range_uncertain, rank(f.verdict), !f.kev);
  };
  if (key(a) != key(b)) return key(a) < key(b);
  if (a.epss != b.epss) return a.epss > b.epss;
  const std::string score_a = padded(a.cvss_score), score_b = padded(b.cvss_score);
  if (score_a != score_b) return score_a > score_b;
  if (a.severity != b.severity) return a.severity > b.severity;
  return a.id < b.id;
}

}  // namespace fathom::verdict
