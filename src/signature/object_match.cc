#include "signature/object_match.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace fathom::signature {

namespace {

// Shorter functions are the same in unrelated libraries.
constexpr std::uint32_t kFewestInstructions = 8;
// Of matched functions that no other library has, to accept one: together, and how many functions
// or how long a single one.
constexpr std::uint64_t kFewestTogether = 60;
constexpr std::size_t kFewestFunctions = 2;
constexpr std::uint32_t kLongEnough = 40;
constexpr std::uint32_t kMostWeight = 64;  // one function says no more than this
constexpr std::size_t kMostSeen = 8;
constexpr std::uint64_t kLeastFoundOneIn = 4;  // of the instructions of members that are there
// With fewer functions that match for one that does not, it is no build like those known: other
// flags make many functions the same, too.
constexpr std::size_t kFewestToOneChanged = 4;

constexpr std::uint32_t kNone = ~std::uint32_t{0};

struct Hit {
  Objects::Entry entry;
  bool is_exact = true;
};

// One library of the data against the file.
class LibraryMatcher {
 public:
  LibraryMatcher(const ObjectLibrary& library, const FunctionOwners& owners,
                 const std::vector<HashedFunction>& functions, std::string_view machine)
      : library_(library), owners_(owners), functions_(functions), machine_(machine) {}

  // Function of the file → functions of the library with its code.
  std::map<std::uint32_t, std::vector<std::uint32_t>> hits;

  // `explained`: functions of the file that stronger libraries have, too.
  void choose_builds(const std::set<std::uint32_t>& explained, ObjectMatch& match) const {
    std::vector<std::uint64_t> votes(library_.builds.size());
    std::vector<std::size_t> counts(library_.builds.size());
    std::size_t strong = 0;
    for (const auto& [function, candidates] : hits) {
      const std::uint32_t instructions = functions_[function].instructions;
      if (instructions < kFewestInstructions || explained.contains(function)) continue;
      ++strong;
      std::set<std::uint32_t> builds;
      for (std::uint32_t candidate : candidates)
        for (auto [first, last] : owners_.builds[candidate])
          for (std::uint32_t b = first; b <= last; ++b) builds.insert(b);
      for (std::uint32_t b : builds) {
        if (name_of(library_.builds[b].machine) != machine_) continue;
        votes[b] += std::min(instructions, kMostWeight);
        ++counts[b];
      }
    }
    const std::uint64_t most = votes.empty() ? 0 : *std::ranges::max_element(votes);
    for (std::uint32_t b = 0; b < votes.size(); ++b)
      if (most > 0 && votes[b] == most) match.builds.push_back(b);
    if (match.builds.empty()) return;
    match.functions = counts[match.builds.front()];
    match.elsewhere = strong - match.functions;
  }

  // The candidates that a build has.
  std::vector<std::uint32_t> candidates_in(std::uint32_t function, std::uint32_t build) const {
    std::vector<std::uint32_t> out;
    auto found = hits.find(function);
    if (found == hits.end()) return out;
    for (std::uint32_t candidate : found->second)
      if (contains(owners_.builds[candidate], build)) out.push_back(candidate);
    return out;
  }

  const ObjectLibrary& library() const { return library_; }
  const FunctionOwners& owners() const { return owners_; }

 private:
  const ObjectLibrary& library_;
  const FunctionOwners& owners_;
  const std::vector<HashedFunction>& functions_;
  std::string_view machine_;
};

// What is known of one function of the file.
struct Known {
  std::uint32_t matcher = kNone;   // index of the accepted libraries
  std::uint32_t function = kNone;  // of it
  std::uint32_t member = kNone;    // of it
  NamedBy by = NamedBy::exact;
};

class Matcher {
 public:
  Matcher(const std::vector<HashedFunction>& functions, std::string_view machine,
          const Objects& objects)
      : functions_(functions), machine_(machine), objects_(objects), known_(functions.size()) {}

  ObjectMatches run() {
    look_up();
    accept();
    for (std::uint32_t m = 0; m < matchers_.size(); ++m) settle_certain(m);
    for (std::uint32_t m = 0; m < matchers_.size(); ++m) settle_by_neighbours(m);
    collect_calls();
    settle_by_callers();
    for (std::uint32_t m = 0; m < matchers_.size(); ++m) count_changed(m);
    ObjectMatches out;
    out.functions = named();
    out.own_calls = own_calls(out.functions);
    for (ObjectMatch& match : matches_)
      if (match.changed * kFewestToOneChanged <= match.functions)
        out.libraries.push_back(std::move(match));
    return out;
  }

 private:
  // --- hits
  void look_up() {
    hits_.resize(functions_.size());
    for (std::uint32_t i = 0; i < functions_.size(); ++i) {
      if (functions_[i].instructions == 0) continue;
      add_hits(i, functions_[i].exact, true);
      if (hits_[i].empty() && functions_[i].loose != functions_[i].exact)
        add_hits(i, functions_[i].loose, false);
    }
  }

  void add_hits(std::uint32_t function, std::uint64_t hash, bool is_exact) {
    // What very many functions of the data look like is nobody's.
    constexpr std::size_t kMostAlike = 512;
    auto [first, last] = objects_.find(hash);
    if (last - first > kMostAlike) return;
    for (std::size_t i = first; i < last; ++i)
      hits_[function].push_back({objects_.entry_at(i), is_exact});
  }

  struct Score {
    std::uint64_t weight = 0;
    std::size_t functions = 0;
    std::uint32_t longest = 0;
    bool is_enough() const {
      return weight >= kFewestTogether && (functions >= kFewestFunctions || longest >= kLongEnough);
    }
  };

  // Of what no accepted library explains.
  std::map<std::uint16_t, Score> scores() const {
    std::map<std::uint16_t, Score> out;
    for (std::uint32_t i = 0; i < functions_.size(); ++i) {
      if (functions_[i].instructions < kFewestInstructions || explained_.contains(i)) continue;
      std::set<std::uint16_t> libraries;
      for (const Hit& hit : hits_[i]) libraries.insert(hit.entry.library);
      if (libraries.size() > 2) continue;
      for (std::uint16_t library : libraries) {
        Score& score = out[library];
        score.weight += std::min(functions_[i].instructions, kMostWeight);
        score.longest = std::max(score.longest, functions_[i].instructions);
        ++score.functions;
      }
    }
    return out;
  }

  void accept() {
    for (;;) {
      std::optional<std::uint16_t> best;
      std::uint64_t most = 0;
      for (const auto& [library, score] : scores()) {
        if (!score.is_enough() || score.weight <= most || is_accepted(library)) continue;
        most = score.weight;
        best = library;
      }
      if (!best) return;
      add_library(*best);
    }
  }

  bool is_accepted(std::size_t library) const {
    return std::ranges::find(matches_, library, &ObjectMatch::library) != matches_.end();
  }

  void add_library(std::uint16_t index) {
    const ObjectLibrary& library = objects_.library(index);
    LibraryMatcher matcher(library, objects_.owners(index), functions_, machine_);
    for (std::uint32_t i = 0; i < functions_.size(); ++i)
      for (const Hit& hit : hits_[i])
        if (hit.entry.library == index) matcher.hits[i].push_back(hit.entry.function);
    ObjectMatch match;
    match.library = index;
    match.name = library.name;
    matcher.choose_builds(explained_, match);
    for (const auto& [function, unused] : matcher.hits)
      if (functions_[function].instructions >= kFewestInstructions) explained_.insert(function);
    matches_.push_back(std::move(match));
    matchers_.push_back(std::move(matcher));
  }

  // --- one function of the library for each of the file
  bool is_exact_hit(std::uint32_t function) const {
    return !hits_[function].empty() && hits_[function].front().is_exact;
  }

  std::optional<std::uint32_t> build_of(std::uint32_t m) const {
    if (matches_[m].builds.empty()) return std::nullopt;
    return matches_[m].builds.front();
  }

  void know(std::uint32_t i, std::uint32_t m, std::uint32_t function, std::uint32_t member) {
    known_[i] = {m, function, member, is_exact_hit(i) ? NamedBy::exact : NamedBy::loose};
  }

  void settle_certain(std::uint32_t m) {
    const std::optional<std::uint32_t> build = build_of(m);
    if (!build) return;
    for (const auto& [i, unused] : matchers_[m].hits) {
      if (functions_[i].instructions < kFewestInstructions || known_[i].matcher != kNone) continue;
      const std::vector<std::uint32_t> candidates = matchers_[m].candidates_in(i, *build);
      if (candidates.size() != 1 || others_have(m, i)) continue;
      const std::vector<std::uint32_t> members = members_of(m, candidates[0], *build);
      if (members.size() == 1) know(i, m, candidates[0], members[0]);
    }
  }

  // Whether another library that is in the file has the same code.
  bool others_have(std::uint32_t m, std::uint32_t i) const {
    for (std::uint32_t other = 0; other < matchers_.size(); ++other) {
      const std::optional<std::uint32_t> build = build_of(other);
      if (other != m && build && !matchers_[other].candidates_in(i, *build).empty()) return true;
    }
    return false;
  }

  std::vector<std::uint32_t> members_of(std::uint32_t m, std::uint32_t function,
                                        std::uint32_t build) const {
    std::vector<std::uint32_t> out;
    for (std::uint32_t member : matchers_[m].owners().members[function])
      if (contains(matchers_[m].library().members[member].builds, build)) out.push_back(member);
    return out;
  }

  // Ambiguous and short ones: by what stands beside them, first down, then up.
  void settle_by_neighbours(std::uint32_t m) {
    const std::optional<std::uint32_t> build = build_of(m);
    if (!build) return;
    const auto count = static_cast<std::uint32_t>(functions_.size());
    for (std::uint32_t i = 1; i < count; ++i) settle_beside(m, *build, i, i - 1, 1);
    for (std::uint32_t i = count; i-- > 1;) settle_beside(m, *build, i - 1, i, -1);
  }

  void settle_beside(std::uint32_t m, std::uint32_t build, std::uint32_t i, std::uint32_t beside,
                     int step) {
    if (known_[i].matcher != kNone || known_[beside].matcher != m) return;
    const std::optional<std::uint32_t> next = next_in_member(known_[beside], step);
    if (!next) return;
    for (std::uint32_t candidate : matchers_[m].candidates_in(i, build))
      if (candidate == *next) return know(i, m, candidate, known_[beside].member);
  }

  std::optional<std::uint32_t> next_in_member(const Known& from, int step) const {
    const ObjectLibrary& library = matchers_[from.matcher].library();
    const std::vector<std::uint32_t>& order = library.members[from.member].functions;
    auto at = std::ranges::find(order, from.function);
    const std::ptrdiff_t index = (at - order.begin()) + step;
    if (at == order.end() || index < 0 || index >= std::ssize(order)) return std::nullopt;
    return order[static_cast<std::size_t>(index)];
  }

  // --- names by callers
  void collect_calls() {
    for (std::uint32_t i = 0; i < functions_.size(); ++i) {
      const Known& known = known_[i];
      if (known.matcher == kNone) continue;
      const ObjectLibrary& library = matchers_[known.matcher].library();
      const ObjectFunction& function = library.functions[known.function];
      if (function.calls.size() != functions_[i].calls.size()) continue;
      for (std::size_t c = 0; c < function.calls.size(); ++c) {
        const std::uint32_t callee = functions_[i].calls[c];
        const std::uint32_t name = function.calls[c];
        if (callee == HashedFunction::kNobody || name == ObjectFunction::kNoName) continue;
        if (known_[callee].matcher == kNone) called_as_[callee][library.names[name]] += 1;
      }
    }
  }

  // The name that most callers have for it.
  static const std::string& most_called(const std::map<std::string, std::size_t>& names) {
    return std::ranges::max_element(names, {}, [](const auto& row) { return row.second; })->first;
  }

  void settle_by_callers() {
    for (auto& [i, names] : called_as_) {
      const std::string& name = most_called(names);
      for (std::uint32_t m = 0; m < matchers_.size() && known_[i].matcher == kNone; ++m)
        settle_called(m, i, name);
    }
  }

  void settle_called(std::uint32_t m, std::uint32_t i, const std::string& name) {
    const std::optional<std::uint32_t> build = build_of(m);
    if (!build) return;
    const ObjectLibrary& library = matchers_[m].library();
    for (std::uint32_t candidate : matchers_[m].candidates_in(i, *build)) {
      if (!is_called(library, library.functions[candidate], name)) continue;
      const std::vector<std::uint32_t> members = members_of(m, candidate, *build);
      if (!members.empty()) return know(i, m, candidate, members.front());
    }
  }

  static bool is_called(const ObjectLibrary& library, const ObjectFunction& function,
                        const std::string& name) {
    if (library.names[function.name] == name) return true;
    return std::ranges::any_of(function.aliases,
                               [&](std::uint32_t alias) { return library.names[alias] == name; });
  }

  // --- what differs
  // Between two matched functions of one member stand, here as there, as many functions as the
  // member has in between, and one of them is other code.
  void count_changed(std::uint32_t m) {
    ObjectMatch& match = matches_[m];
    std::uint32_t last = kNone;
    for (std::uint32_t i = 0; i < functions_.size(); ++i) {
      if (known_[i].matcher != m) continue;
      if (last != kNone) compare_between(last, i, match);
      last = i;
    }
    match.is_unknown = match.changed > 0;
    std::set<std::uint32_t> members;
    for (const Known& known : known_)
      if (known.matcher == m) members.insert(known.member);
    match.members.assign(members.begin(), members.end());
    if (!is_found_enough(m, members)) match.is_unknown = true;
  }

  // Members are linked as a whole. Where little of their code is found, it was compiled in another
  // way (at link time, with other flags), and the few functions that come out alike tell no build.
  bool is_found_enough(std::uint32_t m, const std::set<std::uint32_t>& members) const {
    const ObjectLibrary& library = matchers_[m].library();
    std::set<std::uint32_t> found;
    for (const Known& known : known_)
      if (known.matcher == m) found.insert(known.function);
    std::uint64_t instructions = 0, instructions_found = 0;
    for (std::uint32_t member : members)
      for (std::uint32_t function : library.members[member].functions) {
        const std::uint32_t here = library.functions[function].instructions;
        if (here < kFewestInstructions) continue;
        instructions += here;
        if (found.contains(function)) instructions_found += here;
      }
    return instructions_found * kLeastFoundOneIn >= instructions;
  }

  bool is_hit(std::uint32_t m, std::uint32_t i, std::uint32_t function) const {
    auto found = matchers_[m].hits.find(i);
    return found != matchers_[m].hits.end() &&
           std::ranges::find(found->second, function) != found->second.end();
  }

  void compare_between(std::uint32_t from, std::uint32_t to, ObjectMatch& match) {
    const Known a = known_[from];
    const Known b = known_[to];
    if (a.member != b.member || to <= from + 1) return;
    const ObjectLibrary& library = matchers_[a.matcher].library();
    const std::vector<std::uint32_t>& order = library.members[a.member].functions;
    auto first = std::ranges::find(order, a.function),
         second = std::ranges::find(order, b.function);
    if (second - first != std::ptrdiff_t{to} - std::ptrdiff_t{from}) return;
    for (std::uint32_t i = from + 1; i < to; ++i) {
      const std::uint32_t expected = *(first + (i - from));
      if (known_[i].matcher != kNone) continue;
      if (is_hit(a.matcher, i, expected)) {  // one of several functions with the same code
        know(i, a.matcher, expected, a.member);
        continue;
      }
      by_order_[i] = {a.matcher, expected, a.member, NamedBy::order};
      const ObjectFunction& known = library.functions[expected];
      // Of the same size it may be the same code, rewritten by the linker in a way that hashes do
      // not see through; a patch moves what comes behind it.
      if (known.instructions >= kFewestInstructions && known.bytes != functions_[i].bytes)
        ++match.changed;
    }
  }

  // --- the answer
  std::vector<NamedFunction> named() {
    std::vector<NamedFunction> out;
    for (std::uint32_t i = 0; i < functions_.size(); ++i) {
      auto by_order = by_order_.find(i);
      const bool in_order = known_[i].matcher == kNone && by_order != by_order_.end();
      const Known& known = in_order ? by_order->second : known_[i];
      auto called = called_as_.find(i);
      const bool is_known = known.matcher != kNone;
      if (!is_known && called == called_as_.end()) continue;
      if (is_known)
        out.push_back(named_of(i, known));
      else
        out.push_back({.address = functions_[i].start,
                       .bytes = functions_[i].bytes,
                       .library = {},
                       .name = most_called(called->second),
                       .aliases = {},
                       .member = {},
                       .by = NamedBy::caller});
    }
    return out;
  }

  std::vector<OwnCall> own_calls(const std::vector<NamedFunction>& named) const {
    std::map<std::string, OwnCall> calls;
    for (std::uint32_t i = 0; i < functions_.size(); ++i) {
      if (known_[i].matcher != kNone || by_order_.contains(i)) continue;
      std::set<std::uint32_t> callees(functions_[i].calls.begin(), functions_[i].calls.end());
      for (std::uint32_t callee : callees) {
        if (callee >= functions_.size()) continue;
        auto name =
            std::ranges::lower_bound(named, functions_[callee].start, {}, &NamedFunction::address);
        if (name == named.end() || name->address != functions_[callee].start) continue;
        if (name->by == NamedBy::caller) continue;
        note_call(name->name, functions_[i].start, calls);
        for (const std::string& alias : name->aliases) note_call(alias, functions_[i].start, calls);
      }
    }
    std::vector<OwnCall> out;
    for (auto& [name, call] : calls) out.push_back(std::move(call));
    return out;
  }

  static void note_call(const std::string& name, std::uint64_t caller,
                        std::map<std::string, OwnCall>& calls) {
    OwnCall& call = calls[name];
    if (call.callers++ == 0) call = {name, caller, 1};
  }

  NamedFunction named_of(std::uint32_t i, const Known& known) {
    const ObjectLibrary& library = matchers_[known.matcher].library();
    const ObjectFunction& function = library.functions[known.function];
    const ObjectMember& member = library.members[known.member];
    NamedFunction out{.address = functions_[i].start,
                      .bytes = functions_[i].bytes,
                      .library = library.name,
                      .name = library.names[function.name],
                      .aliases = {},
                      .member = {},
                      .by = known.by};
    for (std::uint32_t alias : function.aliases) out.aliases.push_back(library.names[alias]);
    const std::string& archive = library.names[member.archive];
    const std::string& name = library.names[member.name];
    out.member = archive.empty() ? name : archive + "(" + name + ")";
    if (known.by == NamedBy::exact) note_seen(matches_[known.matcher].seen, out);
    return out;
  }

  // The largest, by size and then address.
  static void note_seen(std::vector<NamedFunction>& seen, const NamedFunction& function) {
    auto key = [](const NamedFunction& f) { return std::tuple(~f.bytes, f.address); };
    auto at = std::ranges::upper_bound(seen, key(function), {}, key);
    if (at == seen.end() && seen.size() >= kMostSeen) return;
    seen.insert(at, function);
    if (seen.size() > kMostSeen) seen.pop_back();
  }

  const std::vector<HashedFunction>& functions_;
  std::string_view machine_;
  const Objects& objects_;
  std::vector<std::vector<Hit>> hits_;  // by function of the file
  std::set<std::uint32_t> explained_;
  std::vector<LibraryMatcher> matchers_;
  std::vector<ObjectMatch> matches_;  // in the same order
  std::vector<Known> known_;
  std::map<std::uint32_t, Known> by_order_;
  std::map<std::uint32_t, std::map<std::string, std::size_t>> called_as_;
};

}  // namespace

std::string_view name_of(NamedBy by) {
  constexpr std::string_view kNames[] = {"exact", "loose", "caller", "order"};
  return kNames[static_cast<std::size_t>(by)];
}

ObjectMatches match_objects(const std::vector<HashedFunction>& functions,
                            std::string_view machine_name, const Objects& objects) {
  if (functions.empty() || objects.library_count() == 0) return {};
  return Matcher(functions, machine_name, objects).run();
}

}  // namespace fathom::signature
