#include "verdict/names.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace fathom::verdict {
namespace {

using signature::FeatureBody;
using signature::FeatureText;
using signature::FeatureView;
using signature::ReleaseSpan;

// The releases that the claim leaves open; all when the data have none of them.
std::vector<bool> open_releases(const FeatureView& library, const VersionClaim& version) {
  std::vector<bool> open(library.releases());
  std::size_t low = open.size(), high = open.size();
  for (std::size_t i = 0; i < open.size(); ++i) {
    const std::string_view release = library.release(i);
    open[i] = release == version.exact ||
              std::ranges::find(version.candidates, release) != version.candidates.end();
    if (release == version.low && low == open.size()) low = i;
    if (release == version.high) high = i;
  }
  if (low < open.size() && high < open.size())
    for (std::size_t i = low; i <= high; ++i) open[i] = true;
  if (std::ranges::find(open, true) == open.end()) open.assign(open.size(), true);
  return open;
}

// How many of the set are open.
std::size_t open_in(const FeatureView& library, std::size_t set, const std::vector<bool>& open) {
  std::size_t count = 0;
  library.for_each_span(set, [&](ReleaseSpan span) {
    count += static_cast<std::size_t>(
        std::count(open.begin() + span.first, open.begin() + span.last + 1, true));
  });
  return count;
}

// Short words and texts that others have as well name nobody.
bool may_name(const FeatureText& text) {
  constexpr std::uint8_t kSilent = FeatureText::generic | FeatureText::shared | FeatureText::common;
  return (text.flags & kSilent) == 0 && text.length >= 6;
}

// By index of the library's texts: the blocks do not repeat what the table of all libraries has.
std::vector<std::uint64_t> hashes_of(const signature::Features& features, std::size_t library,
                                     std::size_t texts) {
  std::vector<std::uint64_t> hashes(texts);
  const signature::Features::Index& all = features.texts();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (const auto entry = all.entry_at(i); entry.library == library && entry.index < texts)
      hashes[entry.index] = all.hash_at(i);
  return hashes;
}

}  // namespace

SourceNames::SourceNames(const signature::Features& features,
                         const signature::SourceFunctions& functions, const std::string& library,
                         const VersionClaim& version) {
  for (std::size_t i = 0; i < features.library_count(); ++i)
    if (features.name_of(i) == library) add(features, functions, i, version);
  // Two packagings of one library have the same texts in the same functions; where they disagree
  // about whose a text is, it is nobody's.
  std::ranges::sort(anchors_);
  std::vector<Anchor> sure;
  for (std::size_t first = 0, last = 0; first < anchors_.size(); first = last) {
    bool agree = true;
    for (last = first; last < anchors_.size() && anchors_[last].hash == anchors_[first].hash;
         ++last)
      agree &=
          functions_[anchors_[last].function].name == functions_[anchors_[first].function].name;
    if (agree) sure.push_back(anchors_[first]);
  }
  anchors_ = std::move(sure);
  for (std::uint32_t i = 0; i < functions_.size(); ++i) by_name_.emplace(functions_[i].name, i);
}

void SourceNames::add(const signature::Features& features,
                      const signature::SourceFunctions& functions, std::size_t index,
                      const VersionClaim& version) {
  const FeatureView library = features.library(index);
  const std::vector<bool> open = open_releases(library, version);
  const signature::SourceFunctionList list = functions.of(features, index);
  std::vector<std::uint32_t> owner(library.texts(), 0);
  // In how many of the open releases the function that has a text has it.
  std::vector<std::size_t> releases(library.texts(), 0);
  const auto all = static_cast<std::size_t>(std::ranges::count(open, true));
  constexpr std::uint32_t kNobody = 0, kSeveral = ~std::uint32_t{0};
  const auto base = static_cast<std::uint32_t>(functions_.size());
  for (std::uint32_t f = 0; f < list.size(); ++f) {
    functions_.push_back({list[f].name, std::string(library.file(list[f].file))});
    for (const FeatureBody& body : list[f].bodies) {
      const std::size_t count = open_in(library, body.set, open);
      if (count == 0) continue;
      for (std::uint32_t text : body.texts) {
        owner[text] = owner[text] == kNobody || owner[text] == f + 1 ? f + 1 : kSeveral;
        releases[text] += count;
      }
    }
  }
  const std::vector<std::uint64_t> hashes = hashes_of(features, index, owner.size());
  for (std::uint32_t t = 0; t < owner.size(); ++t) {
    const FeatureText text = library.text(t);
    if (owner[t] == kNobody || owner[t] == kSeveral || !may_name(text)) continue;
    anchors_.push_back({.hash = hashes[t],
                        .function = base + owner[t] - 1,
                        .is_live = (text.flags & FeatureText::live) != 0,
                        .is_in_all = releases[t] >= all,
                        .length = text.length});
  }
}

std::span<const Anchor> SourceNames::anchors_of(std::uint64_t hash) const {
  auto [first, last] = std::ranges::equal_range(anchors_, hash, {}, &Anchor::hash);
  return {first, last};
}

std::vector<std::uint32_t> SourceNames::named(std::string_view name) const {
  std::vector<std::uint32_t> out;
  auto [first, last] = by_name_.equal_range(name);
  for (; first != last; ++first) out.push_back(first->second);
  return out;
}

Naming::Naming(const CodeFacts& facts, const CodeQuestion& question)
    : facts_(facts), question_(question) {
  for (std::uint32_t i = 0; i < facts.functions.size(); ++i) {
    const CodeFunction& function = facts.functions[i];
    if (function.is_go) continue;
    if (function.name != 0) by_symbol_.emplace(without_clone_suffix(facts.name_of(function)), i);
    for (std::uint32_t alias : function.aliases)
      by_symbol_.emplace(without_clone_suffix(facts.names[alias]), i);
  }
}

void Naming::add(const SourceNames& names) {
  for (std::uint32_t i = 0; i < facts_.functions.size(); ++i)
    for (const CodeText& text : facts_.functions[i].texts)
      for (const Anchor& anchor : names.anchors_of(question_.texts[text.text])) {
        const std::string& name = names.functions()[anchor.function].name;
        by_text_[name][i].push_back(text);
        ++texts_of_[i][name];
      }
}

void Naming::add_shape(const CodeShape& shape, const std::string& name) {
  auto at = std::ranges::lower_bound(question_.shapes, shape);
  if (at == question_.shapes.end() || *at != shape) return;
  const auto index = static_cast<std::uint32_t>(at - question_.shapes.begin());
  std::vector<std::uint32_t> found;
  for (std::uint32_t i = 0; i < facts_.functions.size(); ++i)
    if (std::ranges::find(facts_.functions[i].shapes, index) != facts_.functions[i].shapes.end())
      found.push_back(i);
  if (found.size() != 1) return;
  auto [first, last] = by_shape_.equal_range(name);
  if (std::none_of(first, last, [&](const auto& row) { return row.second == found[0]; }))
    by_shape_.emplace(name, found[0]);
}

std::vector<Carrier> Naming::carriers_of(std::string_view name) const {
  std::map<std::uint32_t, Carrier> carriers;
  auto [first, last] = by_symbol_.equal_range(name);
  for (; first != last; ++first) carriers[first->second] = {first->second, true, false, {}};
  auto texts = by_text_.find(name);
  if (texts != by_text_.end())
    for (const auto& [function, list] : texts->second) {
      Carrier& carrier = carriers[function];
      carrier.function = function;
      carrier.texts = list;
    }
  if (carriers.empty()) {
    auto [begin, end] = by_shape_.equal_range(name);
    for (; begin != end; ++begin)
      if (facts_.functions[begin->second].name == 0)
        carriers[begin->second] = {begin->second, false, true, {}};
  }
  std::vector<Carrier> out;
  for (auto& [function, carrier] : carriers) out.push_back(std::move(carrier));
  return out;
}

std::string Naming::name_of(std::uint32_t function) const {
  const CodeFunction& one = facts_.functions[function];
  if (one.name != 0) return facts_.name_of(one);
  auto texts = texts_of_.find(function);
  if (texts == texts_of_.end()) {
    for (const auto& [name, carrier] : by_shape_)
      if (carrier == function) return name;
    return hex_number(one.start);
  }
  auto most =
      std::ranges::max_element(texts->second, {}, [](const auto& row) { return row.second; });
  return most->first;
}

}  // namespace fathom::verdict
