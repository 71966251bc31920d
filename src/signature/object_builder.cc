#include "signature/object_builder.h"

#include <algorithm>
#include <set>

#include "signature/row.h"

namespace fathom::signature {

namespace {

// Neighbours in this order have most in common, so that sets of builds are few spans.
bool comes_before(const ObjectBuild& a, const ObjectBuild& b) {
  if (a.machine != b.machine) return a.machine < b.machine;
  if (const int order = compare_releases(a.release, b.release); order != 0) return order < 0;
  if (const int order = compare_releases(a.version, b.version); order != 0) return order < 0;
  return a < b;
}

class Numbering {
 public:
  explicit Numbering(const std::set<std::string>& names) : names_(names.begin(), names.end()) {}
  std::uint32_t of(const std::string& name) const {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(names_, name) - names_.begin());
  }
  std::vector<std::uint32_t> of(const std::vector<std::string>& names) const {
    std::vector<std::uint32_t> out;
    for (const std::string& name : names) out.push_back(of(name));
    return out;
  }
  std::vector<std::string> take() { return std::move(names_); }

 private:
  std::vector<std::string> names_;
};

void collect_names(const RawMember& member, std::set<std::string>& names) {
  names.insert({member.archive, member.name});
  for (const auto* list : {&member.defined, &member.needed, &member.wanted})
    names.insert(list->begin(), list->end());
  for (const RawFunction& f : member.functions) {
    names.insert(f.name);
    names.insert(f.aliases.begin(), f.aliases.end());
    names.insert(f.calls.begin(), f.calls.end());
  }
}

ObjectFunction numbered(const RawFunction& f, const Numbering& names) {
  return {.name = names.of(f.name),
          .aliases = names.of(f.aliases),
          .bytes = f.bytes,
          .instructions = f.instructions,
          .exact = f.exact,
          .loose = f.loose,
          .calls = names.of(f.calls)};
}

BuildSet spans_of(std::vector<std::uint32_t> builds) {
  std::ranges::sort(builds);
  BuildSet out;
  for (std::uint32_t build : builds) {
    if (!out.empty() && out.back().second + 1 >= build)
      out.back().second = build;
    else
      out.emplace_back(build, build);
  }
  return out;
}

}  // namespace

void ObjectBuilder::add(const ObjectBuild& build, const std::vector<RawMember>& members) {
  const std::size_t index = builds_.try_emplace(build, builds_.size()).first->second;
  for (const RawMember& member : members) {
    std::vector<std::size_t>& of = members_[member];
    if (of.empty() || of.back() != index) of.push_back(index);
  }
}

ObjectLibrary ObjectBuilder::finish(std::string name) const {
  ObjectLibrary out;
  out.name = std::move(name);
  for (const auto& [build, unused] : builds_) out.builds.push_back(build);
  std::ranges::stable_sort(out.builds, comes_before);
  std::vector<std::uint32_t> place(out.builds.size());  // by order of adding
  for (std::size_t i = 0; i < out.builds.size(); ++i)
    place[builds_.at(out.builds[i])] = static_cast<std::uint32_t>(i);

  std::set<std::string> texts = {""};
  for (const auto& [member, unused] : members_) collect_names(member, texts);
  Numbering names(texts);
  std::set<ObjectFunction> functions;
  for (const auto& [member, unused] : members_)
    for (const RawFunction& f : member.functions) functions.insert(numbered(f, names));
  out.functions.assign(functions.begin(), functions.end());

  for (const auto& [member, builds] : members_) {
    ObjectMember& made = out.members.emplace_back();
    made.archive = names.of(member.archive);
    made.name = names.of(member.name);
    std::vector<std::uint32_t> of;
    for (std::size_t build : builds) of.push_back(place[build]);
    made.builds = spans_of(std::move(of));
    for (const RawFunction& f : member.functions)
      made.functions.push_back(static_cast<std::uint32_t>(
          std::ranges::lower_bound(out.functions, numbered(f, names)) - out.functions.begin()));
    made.defined = names.of(member.defined);
    made.needed = names.of(member.needed);
    made.wanted = names.of(member.wanted);
  }
  out.names = names.take();
  return out;
}

}  // namespace fathom::signature
