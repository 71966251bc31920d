#include "feature_sources.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "advisory_sources.h"
#include "base/digest.h"
#include "base/text.h"

namespace fathom::tools {
namespace {

using nlohmann::json;
using signature::FeatureBody;
using signature::FeatureLibrary;
using signature::FeatureLines;
using signature::FeatureSource;
using signature::FeatureText;

constexpr std::size_t kMostOwners = 4;
constexpr std::uint8_t kFlagsOfTheData = 63;

// Third-party code inside a tree: the longest prefix decides, null is the library's own again.
class Vendored {
 public:
  explicit Vendored(const json& prefixes) {
    for (const auto& [prefix, owner] : prefixes.items())
      rules_.emplace_back(prefix, !owner.is_null());
    std::ranges::sort(rules_,
                      [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  }
  bool is_foreign(std::string_view path) const {
    for (const auto& [prefix, foreign] : rules_)
      if (path.starts_with(prefix)) return foreign;
    return false;
  }

 private:
  std::vector<std::pair<std::string, bool>> rules_;
};

class Reader {
 public:
  Reader(const json& data, FeatureLibrary& out)
      : data_(data), vendored_(data.at("vendored")), out_(out) {}

  void run() {
    for (const json& tag : data_.at("tags")) out_.releases.push_back(tag.at(1));
    for (const json& set : data_.at("sets")) {
      signature::ReleaseSet spans;
      for (std::size_t i = 0; i + 1 < set.size(); i += 2) spans.push_back({set[i], set[i + 1]});
      out_.sets.push_back(std::move(spans));
    }
    for (const json& file : data_.at("files")) {
      out_.files.push_back(file);
      foreign_.push_back(vendored_.is_foreign(out_.files.back()));
    }
    read_texts();
    read_bodies();
    read_locations();
  }

 private:
  void read_texts() {
    const json& columns = data_.at("literals");
    const std::string hashes = columns.at("h");
    const std::size_t count = columns.at("n");
    kept_as_.assign(count, kDropped);
    for (std::size_t i = 0; i < count; ++i) {
      FeatureText text;
      const char* digits = hashes.data() + 16 * i;
      std::from_chars(digits, digits + 16, text.hash, 16);
      text.flags = columns.at("f")[i].get<std::uint8_t>() & kFlagsOfTheData;
      text.length = columns.at("l")[i];
      text.set = columns.at("s")[i];
      std::optional<std::uint32_t> file = own_file(columns.at("lf")[i]);
      if (!file) continue;
      text.file = *file;
      kept_as_[i] = static_cast<std::uint32_t>(out_.texts.size());
      out_.texts.push_back(text);
    }
  }

  // The first file of the library's own that has the text. "-1" stands for more files than listed.
  std::optional<std::uint32_t> own_file(const json& files) const {
    for (const json& file : files)
      if (file.get<std::int64_t>() >= 0 && !foreign_[file.get<std::size_t>()])
        return file.get<std::uint32_t>();
    bool more = !files.empty() && files.back().get<std::int64_t>() < 0;
    return more ? std::optional(files.front().get<std::uint32_t>()) : std::nullopt;
  }

  // Only texts whose absence says something are kept of a function: seen in compiled files, long
  // enough to be stored as text.
  void read_bodies() {
    constexpr std::uint32_t kLong = 16;
    constexpr std::size_t kFewest = 2;
    for (const json& function : data_.at("functions")) {
      if (foreign_[function.at(1).get<std::size_t>()]) continue;
      for (const json& row : function.at(2)) {
        FeatureBody body{.set = row.at(0), .texts = {}};
        std::size_t literal = 0;
        for (const json& step : row.at(2)) {
          literal += step.get<std::size_t>();
          const std::uint32_t kept = kept_as_.at(literal);
          if (kept == kDropped) continue;
          const FeatureText& text = out_.texts[kept];
          constexpr auto kNeeded = FeatureText::live;
          constexpr auto kSilent = FeatureText::generic | FeatureText::version_like;
          if ((text.flags & kNeeded) && !(text.flags & kSilent) && text.length >= kLong)
            body.texts.push_back(kept);
        }
        if (body.texts.size() < kFewest) continue;
        std::ranges::sort(body.texts);
        out_.bodies.push_back(std::move(body));
      }
    }
  }

  void read_locations() {
    std::set<std::size_t> debug;
    const json& macros = data_.at("macros");
    for (std::size_t i = 0; i < macros.size(); ++i)
      if (macros[i].at(1) == "debug") debug.insert(i);
    std::unordered_map<std::string, std::uint32_t> index;
    for (std::size_t i = 0; i < out_.files.size(); ++i)
      index.emplace(out_.files[i], static_cast<std::uint32_t>(i));
    for (const json& row : data_.at("locations")) {
      const std::string path = row.at(0);
      if (vendored_.is_foreign(path)) continue;
      auto [at, is_new] = index.emplace(path, static_cast<std::uint32_t>(out_.files.size()));
      if (is_new) out_.files.push_back(path);
      std::string_view base = std::string_view(path).substr(path.rfind('/') + 1);
      FeatureSource source{
          .file_hash = xxh3_of(ByteView::of(base)), .file = at->second, .versions = {}};
      for (const json& version : row.at(1)) {
        FeatureLines lines = lines_of(version, debug);
        if (!lines.first.empty()) source.versions.push_back(std::move(lines));
      }
      if (!source.versions.empty()) out_.sources.push_back(std::move(source));
    }
    std::ranges::stable_sort(out_.sources, {}, &FeatureSource::file_hash);
  }

  static FeatureLines lines_of(const json& version, const std::set<std::size_t>& debug) {
    FeatureLines out{.set = version.at(0), .first = {}, .span = {}};
    const json &steps = version.at(1), &macros = version.at(2), &spans = version.at(3);
    std::unordered_map<std::size_t, std::uint32_t> span_of;
    for (std::size_t i = 0; i + 1 < spans.size(); i += 2) span_of[spans[i]] = spans[i + 1];
    std::uint32_t line = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      line += steps[i].get<std::uint32_t>();
      if (debug.contains(macros.at(i).get<std::size_t>())) continue;
      auto span = span_of.find(i);
      out.first.push_back(line);
      out.span.push_back(span == span_of.end() ? 0 : span->second);
    }
    return out;
  }

  static constexpr std::uint32_t kDropped = ~std::uint32_t{0};
  const json& data_;
  Vendored vendored_;
  FeatureLibrary& out_;
  std::vector<bool> foreign_;           // by file
  std::vector<std::uint32_t> kept_as_;  // by literal of the data
};

void mark_common(std::vector<FeatureLibrary>& libraries) {
  std::unordered_map<std::uint64_t, std::set<std::string>> owners;
  for (const FeatureLibrary& library : libraries)
    for (const FeatureText& text : library.texts) owners[text.hash].insert(library.name);
  for (FeatureLibrary& library : libraries)
    for (FeatureText& text : library.texts)
      if (owners[text.hash].size() > kMostOwners) text.flags |= FeatureText::common;
}

struct Name {
  std::string library, family;
};

Result<std::map<std::string, Name>> read_names(const std::filesystem::path& file) {
  std::map<std::string, Name> names;
  std::string text = TRY(read_data_file(file));
  for (std::string_view line : split(text, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    std::vector<std::string_view> cells = split(line, '\t');
    if (cells.size() != 3) return Error{ErrorCode::malformed, file.string() + ": three columns"};
    names.emplace(cells[0], Name{std::string(cells[1]), std::string(cells[2])});
  }
  return names;
}

}  // namespace

Result<std::vector<FeatureLibrary>> read_features(
    const std::filesystem::path& folder,
    const std::map<std::string, vuln::LibraryNames>& libraries) {
  std::map<std::string, Name> names = TRY(read_names(folder / "names.tsv"));
  constexpr std::string_view kSuffix = ".json.zst";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().ends_with(kSuffix)) files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<FeatureLibrary> out;
  for (const std::filesystem::path& file : files) {
    std::string text = TRY(read_data_file(file));
    std::string stem = file.filename().string();
    stem.resize(stem.size() - kSuffix.size());
    FeatureLibrary library;
    const Name name = names.contains(stem) ? names[stem] : Name{stem, {}};
    library.name = name.library;
    library.family = name.family;
    auto known = libraries.find(library.name);
    if (known != libraries.end() && !known->second.cpes.empty())
      library.cpe = "cpe:2.3:a:" + known->second.cpes.front() + ":{version}:*:*:*:*:*:*:*";
    try {
      json data = json::parse(text);
      Reader(data, library).run();
    } catch (const std::exception& problem) {
      return Error{ErrorCode::malformed, file.string() + ": " + problem.what()};
    }
    out.push_back(std::move(library));
  }
  mark_common(out);
  return out;
}

}  // namespace fathom::tools
