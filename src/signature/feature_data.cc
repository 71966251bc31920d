#include "signature/feature_data.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "base/bytes.h"
#include "base/codec.h"

namespace fathom::signature {
namespace {

constexpr std::string_view kMagic = "FTUR";
constexpr std::uint32_t kVersion = 3;
constexpr std::size_t kAlign = 8, kHead = 24;

template <class T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> 8 * i & 0xff);
}

template <class T>
T number_at(std::string_view array, std::size_t i) {
  T value;
  std::memcpy(&value, array.data() + i * sizeof(T), sizeof(T));
  return value;
}

std::string aligned(std::string part) {
  part.resize((part.size() + kAlign - 1) / kAlign * kAlign);
  return part;
}

}  // namespace

template <class Codec>
void describe(Codec& codec, VersionFunction& function) {
  codec(function.how, function.units, function.rest, function.proves);
}
// Of all libraries: what is asked before it is known which of them matter.
struct Summary {
  std::vector<std::string> names;
  VersionFunctions functions;
};
template <class Codec>
void describe(Codec& codec, Summary& summary) {
  codec(summary.names, summary.functions);
}
namespace {

Error bad(std::string what) { return {ErrorCode::malformed, "features: " + std::move(what)}; }

// Every index points at something, so that nobody has to look again.
Done check_library(const FeatureLibrary& library) {
  const std::size_t releases = library.releases.size(), sets = library.sets.size();
  for (const ReleaseSet& set : library.sets)
    for (const ReleaseSpan& span : set)
      if (span.first > span.last || span.last >= releases) return bad("a set of no releases");
  for (const FeatureText& text : library.texts)
    if (text.set >= sets || text.file >= library.files.size()) return bad("a text of nothing");
  for (const FeatureBody& body : library.bodies) {
    if (body.set >= sets) return bad("a function of no release");
    for (std::uint32_t text : body.texts)
      if (text >= library.texts.size()) return bad("a function with a text that is not there");
  }
  for (const std::vector<FeatureSource>* list : {&library.sources, &library.reports})
    for (const FeatureSource& source : *list) {
      if (source.file >= library.files.size()) return bad("lines of no file");
      for (const FeatureLines& lines : source.versions)
        if (lines.set >= sets || lines.span.size() != lines.first.size())
          return bad("broken lines");
    }
  for (const FeatureTable& table : library.tables)
    if (table.set >= sets || table.file >= library.files.size()) return bad("a table of nothing");
  return Ok{};
}

Done check_functions(const VersionFunctions& functions, std::size_t libraries) {
  if (functions.size() != libraries) return bad("version functions of other libraries");
  for (const std::vector<VersionFunction>& list : functions)
    for (const VersionFunction& function : list)
      if (function.how > VersionFunction::How::triple ||
          std::ranges::count(function.units, std::uint64_t{0}) > 0)
        return bad("a version function that cannot be");
  return Ok{};
}

using Owned = std::tuple<std::uint64_t, std::uint16_t, std::uint32_t>;  // hash, library, index

std::string pack_index(std::vector<Owned> entries, std::uint32_t& count) {
  std::ranges::sort(entries);
  entries.erase(std::ranges::unique(entries).begin(), entries.end());
  count = static_cast<std::uint32_t>(entries.size());
  std::string hashes, owners, indexes;
  for (const auto& [hash, owner, index] : entries) {
    put(hashes, hash);
    put(owners, owner);
    put(indexes, index);
  }
  return hashes + aligned(std::move(owners)) + aligned(std::move(indexes));
}

}  // namespace

Result<std::string> pack_features(const std::vector<FeatureLibrary>& libraries,
                                  const TableWindows& windows, const VersionFunctions& functions) {
  if (libraries.size() > 0xffff) return bad("too many libraries");
  std::vector<Owned> texts, of_tables;
  std::string sizes, blocks;
  for (std::size_t i = 0; i < libraries.size(); ++i) {
    TRY(check_library(libraries[i]));
    const auto library = static_cast<std::uint16_t>(i);
    for (std::size_t t = 0; t < libraries[i].texts.size(); ++t)
      texts.emplace_back(libraries[i].texts[t].hash, library, static_cast<std::uint32_t>(t));
    for (std::size_t t = 0; i < windows.size() && t < windows[i].size(); ++t)
      for (std::uint64_t hash : windows[i][t])
        of_tables.emplace_back(hash, library, static_cast<std::uint32_t>(t));
    const std::string block = pack_library(libraries[i]);
    put(sizes, static_cast<std::uint64_t>(block.size()));
    blocks += block;
  }
  std::uint32_t text_count = 0, window_count = 0;
  const std::string text_index = pack_index(std::move(texts), text_count);
  const std::string window_index = pack_index(std::move(of_tables), window_count);
  std::string head(kMagic);
  put(head, kVersion);
  put(head, static_cast<std::uint32_t>(libraries.size()));
  put(head, text_count);
  put(head, window_count);
  Summary all{.names = {}, .functions = functions};
  all.functions.resize(libraries.size());
  for (const FeatureLibrary& library : libraries) all.names.push_back(library.name);
  TRY(check_functions(all.functions, libraries.size()));
  const std::string summary = aligned(encode_value(all));
  std::string size_of_summary;
  put(size_of_summary, static_cast<std::uint64_t>(encode_value(all).size()));
  return aligned(head) + sizes + text_index + window_index + size_of_summary + summary + blocks;
}

Result<Features> Features::open(std::string_view packed) {
  Features features;
  if (packed.empty()) return features;
  ByteView bytes = ByteView::of(packed);
  std::uint64_t at = kMagic.size();
  if (!bytes.starts_with(kMagic)) return bad("not of this form");
  const std::uint32_t version = TRY(bytes.read<std::uint32_t>(at));
  if (version != kVersion) return bad("version " + std::to_string(version));
  const std::uint32_t libraries = TRY(bytes.read<std::uint32_t>(at + 4));
  const std::uint32_t texts = TRY(bytes.read<std::uint32_t>(at + 8));
  const std::uint32_t windows = TRY(bytes.read<std::uint32_t>(at + 12));
  at = kHead;
  auto take = [&](std::uint64_t size) -> Result<std::string_view> {
    ByteView part = TRY(bytes.slice(at, size));
    at += (size + kAlign - 1) / kAlign * kAlign;
    return part.as_text();
  };
  auto take_index = [&](std::uint64_t count, Index& index) -> Done {
    index.hashes_ = TRY(take(8 * count));
    index.libraries_ = TRY(take(2 * count));
    index.indexes_ = TRY(take(4 * count));
    return Ok{};
  };
  if (libraries > 0xffff) return bad("too many libraries");
  std::string_view sizes = TRY(take(8 * std::uint64_t{libraries}));
  TRY(take_index(texts, features.texts_));
  TRY(take_index(windows, features.windows_));
  const std::uint64_t size_of_summary = TRY(bytes.read<std::uint64_t>(at));
  at += kAlign;
  const std::string_view summary = TRY(take(size_of_summary));
  Summary all = TRY(decode_value<Summary>(summary));
  TRY(check_functions(all.functions, libraries));
  if (all.names.size() != libraries) return bad("names of other libraries");
  features.names_ = std::move(all.names);
  features.functions_ = std::move(all.functions);
  for (std::size_t i = 0; i < libraries; ++i)
    features.blocks_.push_back(TRY(take(number_at<std::uint64_t>(sizes, i))));
  if (at != bytes.size()) return bad("bytes behind the last library");
  return features;
}

std::uint64_t Features::Index::hash_at(std::size_t i) const {
  return number_at<std::uint64_t>(hashes_, i);
}

Features::Entry Features::Index::entry_at(std::size_t i) const {
  return {number_at<std::uint16_t>(libraries_, i), number_at<std::uint32_t>(indexes_, i)};
}

std::size_t Features::Index::first_not_below(std::size_t from, std::uint64_t hash) const {
  std::size_t step = 1, low = from, high = from;
  while (high < size() && hash_at(high) < hash) {
    low = high + 1;
    high += step;
    step *= 2;
  }
  high = std::min(high, size());
  while (low < high) {
    std::size_t middle = low + (high - low) / 2;
    if (hash_at(middle) < hash)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

std::span<const VersionFunction> Features::functions_of(std::size_t library) const {
  return functions_[library];
}

Done Features::check() const {
  for (std::size_t i = 0; i < library_count(); ++i) {
    TRY(library(i).check());
    if (library(i).name() != name_of(i)) return bad("a library under another's name");
  }
  auto check_index = [&](const Index& index, auto size_in) -> Done {
    for (std::size_t i = 0; i < index.size(); ++i) {
      if (i > 0 && index.hash_at(i - 1) > index.hash_at(i)) return bad("hashes out of order");
      const Entry entry = index.entry_at(i);
      if (entry.library >= library_count() || entry.index >= size_in(library(entry.library)))
        return bad("a hash of no library");
    }
    return Ok{};
  };
  TRY(check_index(texts_, [](const FeatureView& l) { return l.texts(); }));
  return check_index(windows_, [](const FeatureView& l) { return l.tables(); });
}

}  // namespace fathom::signature
