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
using signature::FeatureTable;
using signature::FeatureText;
using signature::VersionFunction;

constexpr std::size_t kMostOwners = 4;
constexpr std::uint8_t kFlagsOfTheData = 63;
constexpr std::size_t kMostWindows = 48;  // of one table

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
  using Windows = std::vector<std::vector<std::uint64_t>>;
  // `report_macros`: those whose lines are reports (names.tsv).
  Reader(const json& data, FeatureLibrary& out, Windows& windows,
         std::set<std::string> report_macros)
      : data_(data),
        vendored_(data.at("vendored")),
        out_(out),
        windows_(windows),
        report_macros_(std::move(report_macros)) {}

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
    read_tables();
  }

  // Every function that has a text of its library, with the texts that may speak for it.
  signature::SourceFunctionList functions() const {
    signature::SourceFunctionList out;
    for (const json& function : data_.at("functions")) {
      if (foreign_[function.at(1).get<std::size_t>()]) continue;
      signature::SourceFunction one{.name = function.at(0), .file = function.at(1), .bodies = {}};
      for (const json& row : function.at(2)) one.bodies.push_back(body_of(row));
      std::erase_if(one.bodies, [](const FeatureBody& body) { return body.texts.empty(); });
      if (!one.bodies.empty()) out.push_back(std::move(one));
    }
    return out;
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

  FeatureBody body_of(const json& row) const {
    FeatureBody body{.set = row.at(0), .texts = {}};
    std::size_t literal = 0;
    for (const json& step : row.at(2)) {
      literal += step.get<std::size_t>();
      const std::uint32_t kept = kept_as_.at(literal);
      if (kept != kDropped) body.texts.push_back(kept);
    }
    std::ranges::sort(body.texts);
    body.texts.erase(std::ranges::unique(body.texts).begin(), body.texts.end());
    return body;
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
    std::set<std::size_t> debug, others;  // not compiled; no reports of errors
    const json& macros = data_.at("macros");
    for (std::size_t i = 0; i < macros.size(); ++i) {
      if (macros[i].at(1) == "debug") debug.insert(i);
      if (!report_macros_.contains(macros[i].at(0).get<std::string>())) others.insert(i);
    }
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
      FeatureSource reports = source;
      for (const json& version : row.at(1)) {
        FeatureLines lines = lines_of(version, debug);
        if (!lines.first.empty()) source.versions.push_back(std::move(lines));
        if (report_macros_.empty()) continue;
        lines = lines_of(version, others);
        if (!lines.first.empty()) reports.versions.push_back(std::move(lines));
      }
      reports.file_hash = out_.report_text;
      if (!reports.versions.empty()) out_.reports.push_back(std::move(reports));
      if (!source.versions.empty()) out_.sources.push_back(std::move(source));
    }
    std::ranges::stable_sort(out_.sources, {}, &FeatureSource::file_hash);
  }

  void read_tables() {
    for (const json& row : data_.at("tables")) {
      const auto file = row.at(1).get<std::uint32_t>();
      if (foreign_[file]) continue;
      std::vector<std::uint64_t> hashes = hashes_of(row.at(5).get<std::string>());
      if (hashes.empty()) continue;
      FeatureTable table;
      table.name = row.at(0);
      table.file = file;
      table.set = row.at(4);
      table.windows = static_cast<std::uint32_t>(hashes.size());
      const auto count = row.at(3).get<std::int64_t>();
      table.bytes =
          row.at(2).get<std::uint32_t>() * static_cast<std::uint32_t>(count < 0 ? -count : count);
      out_.tables.push_back(std::move(table));
      windows_.push_back(std::move(hashes));
    }
  }

  // The different windows; of a long table some, evenly spread.
  static std::vector<std::uint64_t> hashes_of(const std::string& digits) {
    std::vector<std::uint64_t> all;
    for (std::size_t at = 0; at + 16 <= digits.size(); at += 16) {
      std::uint64_t hash = 0;
      std::from_chars(digits.data() + at, digits.data() + at + 16, hash, 16);
      all.push_back(hash);
    }
    std::ranges::sort(all);
    all.erase(std::ranges::unique(all).begin(), all.end());
    if (all.size() <= kMostWindows) return all;
    std::vector<std::uint64_t> some;
    for (std::size_t i = 0; i < kMostWindows; ++i)
      some.push_back(all[i * all.size() / kMostWindows]);
    return some;
  }

  static FeatureLines lines_of(const json& version, const std::set<std::size_t>& left_out) {
    FeatureLines out{.set = version.at(0), .first = {}, .span = {}};
    const json &steps = version.at(1), &macros = version.at(2), &spans = version.at(3);
    std::unordered_map<std::size_t, std::uint32_t> span_of;
    for (std::size_t i = 0; i + 1 < spans.size(); i += 2) span_of[spans[i]] = spans[i + 1];
    std::uint32_t line = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      line += steps[i].get<std::uint32_t>();
      if (left_out.contains(macros.at(i).get<std::size_t>())) continue;
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
  Windows& windows_;
  std::set<std::string> report_macros_;
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

// A table is public when its name says so, or when libraries of two families have most of it.
void mark_public(FeatureSources& sources, const std::vector<std::string>& marks) {
  std::unordered_map<std::uint64_t, std::set<std::string>> owners;
  auto family = [&](std::size_t i) {
    const FeatureLibrary& library = sources.libraries[i];
    return library.family.empty() ? library.name : library.family;
  };
  for (std::size_t i = 0; i < sources.libraries.size(); ++i)
    for (const std::vector<std::uint64_t>& table : sources.windows[i])
      for (std::uint64_t hash : table) owners[hash].insert(family(i));
  for (std::size_t i = 0; i < sources.libraries.size(); ++i)
    for (std::size_t t = 0; t < sources.libraries[i].tables.size(); ++t) {
      FeatureTable& table = sources.libraries[i].tables[t];
      const std::vector<std::uint64_t>& windows = sources.windows[i][t];
      auto shared = static_cast<std::size_t>(std::ranges::count_if(
          windows, [&](std::uint64_t hash) { return owners[hash].size() > 1; }));
      const std::string& path = sources.libraries[i].files[table.file];
      const std::string name = to_lower(path.substr(path.rfind('/') + 1) + ":" + table.name);
      table.is_public =
          2 * shared >= windows.size() || std::ranges::any_of(marks, [&](const std::string& mark) {
            return name.find(mark) != name.npos;
          });
    }
}

struct Name {
  std::string library, family, report_text, report_file;
};

// The rows of a table without its comments, each with so many cells.
Result<std::vector<std::vector<std::string>>> read_rows(const std::filesystem::path& file,
                                                        std::size_t columns) {
  std::vector<std::vector<std::string>> rows;
  const std::string text = TRY(read_data_file(file));
  for (std::string_view line : split(text, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    std::vector<std::string> cells;
    for (std::string_view cell : split(line, '\t')) cells.emplace_back(cell);
    if (cells.size() != columns)
      return Error{ErrorCode::malformed, file.string() + ": " + std::to_string(columns) +
                                             " columns: " + std::string(line)};
    rows.push_back(std::move(cells));
  }
  return rows;
}

Result<std::multimap<std::string, VersionFunction>> read_version_functions(
    const std::filesystem::path& file) {
  std::multimap<std::string, VersionFunction> out;
  const std::map<std::string, VersionFunction::How> hows{
      {"one", VersionFunction::How::one},
      {"pair", VersionFunction::How::pair},
      {"stored", VersionFunction::How::stored},
      {"beside-name", VersionFunction::How::beside_name},
      {"triple", VersionFunction::How::triple}};
  for (const std::vector<std::string>& row : TRY(read_rows(file, 5))) {
    auto how = hows.find(row[1]);
    std::optional<std::uint64_t> rest = parse_unsigned(row[3]);
    if (how == hows.end() || !rest)
      return Error{ErrorCode::malformed, file.string() + ": " + row[0]};
    VersionFunction function{
        .how = how->second, .units = {}, .rest = *rest, .proves = row[4] == "yes"};
    for (std::string_view unit : split(row[2], ' '))
      if (std::optional<std::uint64_t> value = parse_unsigned(unit))
        function.units.push_back(*value);
    out.emplace(row[0], std::move(function));
  }
  return out;
}

// extra/README.md: lines by original file, of calls that a release build has.
Done read_reports(const std::filesystem::path& file, FeatureLibrary& library) {
  const json data = json::parse(TRY(read_data_file(file)));
  std::vector<signature::ReleaseSet> sets;
  if (data.at("tags").size() != library.releases.size())
    return Error{ErrorCode::malformed, file.string() + ": other releases"};
  std::vector<std::uint32_t> set_at;
  for (const json& set : data.at("sets")) {
    signature::ReleaseSet spans;
    for (std::size_t i = 0; i + 1 < set.size(); i += 2) spans.push_back({set[i], set[i + 1]});
    set_at.push_back(static_cast<std::uint32_t>(library.sets.size()));
    library.sets.push_back(std::move(spans));
  }
  for (const json& row : data.at("locations")) {
    FeatureSource source{.file_hash = library.report_text,
                         .file = static_cast<std::uint32_t>(library.files.size()),
                         .versions = {}};
    library.files.push_back(row.at(0));
    for (const json& version : row.at(1)) {
      FeatureLines lines{
          .set = set_at.at(version.at(0).get<std::size_t>()), .first = {}, .span = {}};
      std::uint32_t line = 0;
      for (const json& step : version.at(1))
        lines.first.push_back(line += step.get<std::uint32_t>());
      lines.span.resize(lines.first.size());
      source.versions.push_back(std::move(lines));
    }
    library.reports.push_back(std::move(source));
  }
  return Ok{};
}

Result<std::map<std::string, Name>> read_names(const std::filesystem::path& file) {
  std::map<std::string, Name> names;
  std::string text = TRY(read_data_file(file));
  for (std::string_view line : split(text, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    std::vector<std::string_view> cells = split(line, '\t');
    if (cells.size() != 3 && cells.size() != 5)
      return Error{ErrorCode::malformed, file.string() + ": three or five columns"};
    cells.resize(5);
    names.emplace(cells[0], Name{std::string(cells[1]), std::string(cells[2]),
                                 std::string(cells[3]), std::string(cells[4])});
  }
  return names;
}

}  // namespace

Result<FeatureSources> read_features(const std::filesystem::path& folder,
                                     const std::map<std::string, vuln::LibraryNames>& libraries,
                                     const std::set<std::string>& asked_for) {
  std::map<std::string, Name> names = TRY(read_names(folder / "names.tsv"));
  const auto functions = TRY(read_version_functions(folder / "version_functions.tsv"));
  constexpr std::string_view kSuffix = ".json.zst";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().ends_with(kSuffix)) files.push_back(entry.path());
  std::ranges::sort(files);
  FeatureSources out;
  for (const std::filesystem::path& file : files) {
    std::string text = TRY(read_data_file(file));
    std::string stem = file.filename().string();
    stem.resize(stem.size() - kSuffix.size());
    FeatureLibrary library;
    const Name name = names.contains(stem) ? names[stem] : Name{stem, {}, {}, {}};
    library.name = name.library;
    library.family = name.family;
    auto known = libraries.find(library.name);
    if (known != libraries.end() && !known->second.cpes.empty())
      library.cpe = "cpe:2.3:a:" + known->second.cpes.front() + ":{version}:*:*:*:*:*:*:*";
    auto [first, last] = functions.equal_range(library.name);
    std::vector<VersionFunction>& of_library = out.functions.emplace_back();
    for (; first != last; ++first) of_library.push_back(first->second);
    if (!name.report_text.empty()) library.report_text = xxh3_of(ByteView::of(name.report_text));
    std::vector<std::vector<std::uint64_t>> windows;
    try {
      json data = json::parse(text);
      std::set<std::string> macros;
      const bool is_file = name.report_file.ends_with(kSuffix);
      if (!is_file)
        for (std::string_view macro : split(name.report_file, ' '))
          if (!macro.empty()) macros.emplace(macro);
      Reader reader(data, library, windows, std::move(macros));
      reader.run();
      out.texts_of_functions.emplace_back();
      if (asked_for.contains(library.name)) out.texts_of_functions.back() = reader.functions();
      if (is_file) TRY(read_reports(folder / "extra" / name.report_file, library));
    } catch (const std::exception& problem) {
      return Error{ErrorCode::malformed, file.string() + ": " + problem.what()};
    }
    out.libraries.push_back(std::move(library));
    out.windows.push_back(std::move(windows));
  }
  mark_common(out.libraries);
  std::vector<std::string> marks;
  for (std::vector<std::string>& row : TRY(read_rows(folder / "public_tables.tsv", 2)))
    marks.push_back(std::move(row[0]));
  mark_public(out, marks);
  return out;
}

}  // namespace fathom::tools
