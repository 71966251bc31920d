#include "diff/program_diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace fathom::diff {
namespace {

using code::FunctionPrint;
using code::MaskedCode;
using code::MaskedReference;
using code::ProgramPrint;

constexpr std::size_t kNone = ~std::size_t{0};
constexpr std::uint64_t kMostComparisons = 20'000'000;  // of likeness; work, not time
constexpr double kLeastLikeness = 0.5;
constexpr double kLeastBetweenNeighbours = 0.2;  // when both sides have as many

class Matcher {
 public:
  Matcher(const ProgramPrint& before, const ProgramPrint& after)
      : a_(before.functions),
        b_(after.functions),
        mate_(a_.size(), kNone),
        back_(b_.size(), kNone),
        by_(a_.size(), Pairing::name) {}

  void run() {
    pair_unique([](const FunctionPrint& f) { return f.name; }, Pairing::name);
    pair_unique(code_with_texts, Pairing::code);
    pair_runs();
    follow_calls();
    pair_unique(
        [](const FunctionPrint& f) {
          // Very short ones are alike by chance.
          return f.code.instructions < 8 ? std::string() : std::to_string(f.code.masked);
        },
        Pairing::code);
    follow_calls();
    pair_between_neighbours();
    follow_calls();
    pair_rest();
  }

  std::size_t mate_of(std::size_t before) const { return mate_[before]; }
  bool is_paired_after(std::size_t after) const { return back_[after] != kNone; }
  Pairing how(std::size_t before) const { return by_[before]; }

  bool same_references(std::size_t before, std::size_t after) const {
    const auto &x = a_[before].code.references, &y = b_[after].code.references;
    return std::ranges::equal(x, y, [&](const MaskedReference& p, const MaskedReference& q) {
      if (p.kind != q.kind) return false;
      if (p.kind != MaskedReference::Kind::function) return p.value == q.value;
      return p.value < mate_.size() && (mate_[p.value] == q.value || are_alike(p.value, q.value));
    });
  }

 private:
  // The same code twice in a program: which of the two is called makes no difference.
  bool are_alike(std::size_t before, std::size_t after) const {
    if (after >= b_.size()) return false;
    const FunctionPrint &x = a_[before], &y = b_[after];
    return x.name == y.name && x.code.masked == y.code.masked &&
           std::ranges::equal(
               x.code.references, y.code.references,
               [](const MaskedReference& p, const MaskedReference& q) {
                 return p.kind == q.kind &&
                        (p.kind == MaskedReference::Kind::function || p.value == q.value);
               });
  }

  void pair(std::size_t before, std::size_t after, Pairing by) {
    mate_[before] = after;
    back_[after] = before;
    by_[before] = by;
  }

  // What texts and constants it refers to, beside its code; empty for code that says too little.
  static std::string code_with_texts(const FunctionPrint& function) {
    std::uint64_t hash = function.code.masked;
    bool has_texts = false;
    for (const MaskedReference& r : function.code.references)
      if (r.kind == MaskedReference::Kind::text || r.kind == MaskedReference::Kind::constant ||
          r.kind == MaskedReference::Kind::name) {
        hash = (hash ^ r.value) * 0x9e3779b97f4a7c15;
        has_texts = true;
      }
    if (function.code.instructions < 4 && !has_texts) return {};
    return std::to_string(hash) + ":" + std::to_string(function.code.instructions);
  }

  // Those that have the key once on each side, of what is not paired yet.
  template <class Key>
  void pair_unique(Key key, Pairing by) {
    const auto once = [&](const std::vector<FunctionPrint>& list,
                          const std::vector<std::size_t>& mates) {
      std::unordered_map<std::string, std::size_t> at;
      for (std::size_t i = 0; i < list.size(); ++i) {
        std::string text = mates[i] == kNone ? key(list[i]) : std::string();
        if (text.empty()) continue;
        auto [found, is_new] = at.emplace(std::move(text), i);
        if (!is_new) found->second = kNone;
      }
      return at;
    };
    const auto before = once(a_, mate_), after = once(b_, back_);
    for (const auto& [text, i] : before) {
      auto found = after.find(text);
      if (i != kNone && found != after.end() && found->second != kNone) pair(i, found->second, by);
    }
  }

  // The same code next to each other in the same order, as often on both sides.
  void pair_runs() {
    std::map<std::string, std::pair<std::vector<std::size_t>, std::vector<std::size_t>>> groups;
    for (std::size_t i = 0; i < a_.size(); ++i)
      if (mate_[i] == kNone) groups[code_with_texts(a_[i])].first.push_back(i);
    for (std::size_t i = 0; i < b_.size(); ++i)
      if (back_[i] == kNone) groups[code_with_texts(b_[i])].second.push_back(i);
    for (const auto& [text, both] : groups) {
      if (text.empty() || both.first.size() != both.second.size()) continue;
      for (std::size_t i = 0; i < both.first.size(); ++i)
        pair(both.first[i], both.second[i], Pairing::code);
    }
  }

  void follow_calls() {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < a_.size(); ++i)
      if (mate_[i] != kNone) open.push_back(i);
    while (!open.empty()) {
      const std::size_t i = open.back();
      open.pop_back();
      const MaskedCode &x = a_[i].code, &y = b_[mate_[i]].code;
      if (x.masked != y.masked || x.references.size() != y.references.size()) continue;
      for (std::size_t k = 0; k < x.references.size(); ++k) {
        const MaskedReference &p = x.references[k], &q = y.references[k];
        const bool are_functions = p.kind == MaskedReference::Kind::function && q.kind == p.kind &&
                                   p.value < a_.size() && q.value < b_.size();
        if (!are_functions || mate_[p.value] != kNone || back_[q.value] != kNone) continue;
        if (!may_be_one(a_[p.value], b_[q.value])) continue;
        pair(p.value, q.value, Pairing::calls);
        open.push_back(p.value);
      }
    }
  }

  // Two that have other names are two.
  static bool may_be_one(const FunctionPrint& a, const FunctionPrint& b) {
    return a.name.empty() || b.name.empty() || a.name == b.name;
  }

  void pair_between_neighbours() {
    std::size_t start = 0;
    while (start < a_.size()) {
      if (mate_[start] != kNone) {
        ++start;
        continue;
      }
      std::size_t end = start;
      while (end < a_.size() && mate_[end] == kNone) ++end;
      const std::size_t from = start == 0 ? 0 : mate_[start - 1] + 1;
      std::vector<std::size_t> there;
      for (std::size_t i = from; i < b_.size() && back_[i] == kNone; ++i) there.push_back(i);
      const std::size_t stop = there.empty() ? from : there.back() + 1;
      const bool is_enclosed = end == a_.size() ? stop == b_.size() : stop == mate_[end];
      if (is_enclosed && there.size() == end - start)
        for (std::size_t i = 0; i < there.size(); ++i)
          pair_if_alike(start + i, there[i], kLeastBetweenNeighbours);
      start = end;
    }
  }

  void pair_if_alike(std::size_t before, std::size_t after, double least) {
    if (may_be_one(a_[before], b_[after]) && likeness(a_[before], b_[after]) >= least)
      pair(before, after, Pairing::neighbours);
  }

  // The most alike first.
  void pair_rest() {
    struct Candidate {
      double likeness;
      std::size_t before, after;
    };
    std::vector<Candidate> candidates;
    std::uint64_t compared = 0;
    for (std::size_t i = 0; i < a_.size(); ++i) {
      if (mate_[i] != kNone) continue;
      for (std::size_t k = 0; k < b_.size() && compared < kMostComparisons; ++k) {
        if (back_[k] != kNone || !may_be_one(a_[i], b_[k])) continue;
        ++compared;
        if (const double value = likeness(a_[i], b_[k]); value >= kLeastLikeness)
          candidates.push_back({value, i, k});
      }
    }
    std::ranges::stable_sort(candidates, std::greater<>(), &Candidate::likeness);
    for (const Candidate& c : candidates)
      if (mate_[c.before] == kNone && back_[c.after] == kNone)
        pair(c.before, c.after, Pairing::likeness);
  }

  // Shares of the same kinds of instructions in a row, and of the same texts.
  static double likeness(const FunctionPrint& a, const FunctionPrint& b) {
    if (a.code.masked == b.code.masked) return 1;
    const double sizes = static_cast<double>(std::min(a.size, b.size)) /
                         static_cast<double>(std::max<std::uint64_t>(1, std::max(a.size, b.size)));
    if (sizes < 0.3) return 0;
    return (2 * overlap(a.code.sketch, b.code.sketch) + sizes) / 3;
  }
  static double overlap(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
    // Of the smallest hashes of both together: an estimate of the share that both have.
    std::size_t i = 0, k = 0, both = 0, all = 0;
    const std::size_t most = MaskedCode::kSketch;
    while (all < most && (i < a.size() || k < b.size())) {
      ++all;
      if (k == b.size() || (i < a.size() && a[i] < b[k]))
        ++i;
      else if (i == a.size() || b[k] < a[i])
        ++k;
      else
        ++both, ++i, ++k;
    }
    return all == 0 ? 0 : static_cast<double>(both) / static_cast<double>(all);
  }

  const std::vector<FunctionPrint>&a_, &b_;
  std::vector<std::size_t> mate_, back_;
  std::vector<Pairing> by_;
};

template <class T>
std::vector<T> only_in(const std::vector<T>& these, const std::vector<T>& those) {
  std::vector<T> out;
  std::ranges::set_difference(these, those, std::back_inserter(out));
  return out;
}

// Texts that the other side has in no form; as they stand.
std::vector<std::string> texts_only_in(const ProgramPrint& these, const ProgramPrint& those) {
  std::set<std::string> known;
  for (const std::string& text : those.texts) known.insert(code::normalised(text));
  std::vector<std::string> out;
  for (const std::string& text : these.texts)
    if (!known.contains(code::normalised(text))) out.push_back(text);
  return out;
}

std::vector<std::uint32_t> system_calls_of(const ProgramPrint& program) {
  std::set<std::uint32_t> all;
  for (const FunctionPrint& function : program.functions)
    all.insert(function.system_calls.begin(), function.system_calls.end());
  return {all.begin(), all.end()};
}

std::vector<ProgramDiff::Section> sections_that_differ(const ProgramPrint& before,
                                                       const ProgramPrint& after) {
  std::multimap<std::string_view, const code::SectionPrint*> others;
  for (const code::SectionPrint& section : after.sections) others.emplace(section.name, &section);
  std::vector<ProgramDiff::Section> out;
  for (const code::SectionPrint& section : before.sections) {
    auto other = others.find(section.name);
    if (other == others.end()) {
      out.push_back({section.name, section.size, 0, false, true, section.is_code});
      continue;
    }
    const code::SectionPrint& now = *other->second;
    others.erase(other);
    if (now.size != section.size || now.hash != section.hash)
      out.push_back({section.name, section.size, now.size, false, false, section.is_code});
  }
  for (const code::SectionPrint& section : after.sections)
    for (auto [at, end] = others.equal_range(section.name); at != end; ++at)
      if (at->second == &section)
        out.push_back({section.name, 0, section.size, true, false, section.is_code});
  return out;
}

}  // namespace

std::string_view name_of(Pairing pairing) {
  switch (pairing) {
    case Pairing::name:
      return "name";
    case Pairing::code:
      return "code";
    case Pairing::calls:
      return "calls";
    case Pairing::neighbours:
      return "neighbours";
    case Pairing::likeness:
      return "likeness";
  }
  return {};
}

bool ProgramDiff::is_same_program() const {
  return changed == 0 && added.empty() && removed.empty() && new_texts.empty() &&
         lost_texts.empty() && new_imports.empty() && lost_imports.empty() && new_ifuncs.empty() &&
         lost_ifuncs.empty() && new_system_calls.empty() && lost_system_calls.empty();
}

ProgramDiff compare(const ProgramPrint& before, const ProgramPrint& after) {
  ProgramDiff out;
  Matcher matcher(before, after);
  matcher.run();
  for (std::size_t i = 0; i < before.functions.size(); ++i) {
    const std::size_t mate = matcher.mate_of(i);
    if (mate == kNone) {
      out.removed.push_back(i);
      continue;
    }
    const MaskedCode &x = before.functions[i].code, &y = after.functions[mate].code;
    FunctionPair pair{i,
                      mate,
                      matcher.how(i),
                      x.exact == y.exact,
                      x.masked == y.masked,
                      matcher.same_references(i, mate)};
    ++(pair.is_changed() ? out.changed : pair.same_bytes ? out.identical : out.relocated);
    out.pairs.push_back(pair);
  }
  for (std::size_t i = 0; i < after.functions.size(); ++i)
    if (!matcher.is_paired_after(i)) out.added.push_back(i);
  out.new_texts = texts_only_in(after, before);
  out.lost_texts = texts_only_in(before, after);
  out.new_imports = only_in(after.imports, before.imports);
  out.lost_imports = only_in(before.imports, after.imports);
  out.new_ifuncs = only_in(after.ifuncs, before.ifuncs);
  out.lost_ifuncs = only_in(before.ifuncs, after.ifuncs);
  out.new_system_calls = only_in(system_calls_of(after), system_calls_of(before));
  out.lost_system_calls = only_in(system_calls_of(before), system_calls_of(after));
  out.sections = sections_that_differ(before, after);
  return out;
}

}  // namespace fathom::diff
