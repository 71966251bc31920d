// fathom_make_pack: data/ → the pack that the program carries in itself.
//
//   fathom_make_pack DATA OUTPUT [--stats]
//
// Runs at build time, so it trusts its input to be ours, but not to be right: anything that does
// not parse as a whole ends the build. The same input makes the same bytes.

#define TOML_EXCEPTIONS 0

#include <toml++/toml.h>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <vector>

#include "advisory_sources.h"
#include "base/text.h"
#include "feature_sources.h"
#include "signature/java_classes.h"
#include "signature/object_data.h"
#include "signature/package_files.h"
#include "verdict_sources.h"

namespace fathom::tools {
namespace {

using nlohmann::json;

json json_of(const toml::node& node) {
  if (const toml::table* table = node.as_table()) {
    json out = json::object();
    for (const auto& [key, value] : *table) out[std::string(key.str())] = json_of(value);
    return out;
  }
  if (const toml::array* array = node.as_array()) {
    json out = json::array();
    for (const toml::node& item : *array) out.push_back(json_of(item));
    return out;
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* truth = node.as_boolean()) return truth->get();
  std::ostringstream text;  // dates and times
  node.visit([&](const auto& value) {
    if constexpr (toml::is_value<decltype(value)>) text << value.get();
  });
  return text.str();
}

std::vector<std::filesystem::path> toml_files_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder, missing))
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

// The arrays "classifier" of all files, in the order of the files' names.
Result<std::string> read_classifiers(const std::filesystem::path& folder) {
  json all = json::array();
  for (const std::filesystem::path& file : toml_files_of(folder)) {
    std::string text = TRY(read_data_file(file));
    toml::parse_result parsed = toml::parse(text, file.string());
    if (!parsed) {
      std::ostringstream message;
      message << parsed.error();
      return Error{ErrorCode::malformed, message.str()};
    }
    const toml::array* rows = parsed.table()["classifier"].as_array();
    if (rows == nullptr) return Error{ErrorCode::malformed, file.string() + ": no [[classifier]]"};
    for (const toml::node& row : *rows) all.push_back(json_of(row));
  }
  return json{{"classifiers", std::move(all)}}.dump();
}

// All tables of all files as one document: {"tool": [row, …], "rule": [row, …], …}.
Result<std::string> read_audit(const std::filesystem::path& folder) {
  json all = json::object();
  for (const std::filesystem::path& file : toml_files_of(folder)) {
    std::string text = TRY(read_data_file(file));
    toml::parse_result parsed = toml::parse(text, file.string());
    if (!parsed) {
      std::ostringstream message;
      message << parsed.error();
      return Error{ErrorCode::malformed, message.str()};
    }
    for (const auto& [key, rows] : parsed.table()) {
      if (!rows.is_array())
        return Error{ErrorCode::malformed,
                     file.string() + ": " + std::string(key.str()) + " is no table of rows"};
      json& list = all[std::string(key.str())];
      for (const toml::node& row : *rows.as_array()) list.push_back(json_of(row));
    }
  }
  return all.dump();
}

Done write_file(const std::string& path, const Bytes& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  std::string_view text = ByteView(bytes).as_text();
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) return Error{ErrorCode::io, "cannot write " + path};
  return Ok{};
}

void print(const std::map<std::string, SourceTally>& tallies) {
  std::printf("%-20s %6s %9s %10s %11s %11s %8s %8s %14s\n", "source", "rows", "withdrawn",
              "advisories", "with ranges", "partly read", "not read", "no range", "low confidence");
  for (const auto& [name, t] : tallies)
    std::printf("%-20s %6s %9s %10s %11s %11s %8s %8s %14s\n", name.c_str(),
                with_thousands(t.rows).c_str(), with_thousands(t.withdrawn).c_str(),
                with_thousands(t.advisories).c_str(), with_thousands(t.with_ranges).c_str(),
                with_thousands(t.partly_read).c_str(), with_thousands(t.not_read).c_str(),
                with_thousands(t.no_range).c_str(), with_thousands(t.low_confidence).c_str());
}

// The lines of both tables, each with the word that says which one it is from.
Result<std::string> read_distributions(const std::filesystem::path& folder) {
  std::string out;
  for (auto [word, file] :
       {std::pair("ecosystem", "ecosystems.tsv"), {"release", "releases.tsv"}}) {
    const std::string text = TRY(read_data_file(folder / file));
    for (std::string_view line : lines_of(text)) {
      if (line.empty() || line[0] == '#') continue;
      if (split(line, '\t').size() != 5)
        return Error{ErrorCode::malformed, std::string(file) + ": " + printable(line)};
      out += std::string(word) + "\t" + std::string(line) + "\n";
    }
  }
  return out;
}

// One library a file, in the order of their names.
Result<std::string> read_objects(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder, missing))
    if (entry.path().extension() == ".zst") files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<signature::ObjectLibrary> libraries;
  for (const std::filesystem::path& file : files) {
    const std::string bytes = TRY(read_data_file(file));
    libraries.push_back(TRY(signature::decode_object_library(bytes).in(file.string())));
  }
  return signature::pack_objects(libraries);
}

std::vector<signature::PackageFile> package_files_of(const json& rows) {
  std::vector<signature::PackageFile> out;
  for (const json& row : rows) {
    signature::PackageFile& file = out.emplace_back();
    file.key = signature::package_key(row.at(0).get<std::string>()).value_or(0);
    file.path = row.at(1);
    const json& spans = row.at(2);
    for (std::size_t i = 0; i + 1 < spans.size(); i += 2)
      file.revisions.emplace_back(spans[i], spans[i + 1]);
  }
  return out;
}

Result<std::string> read_packages(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "debian.json.zst";
  if (!std::filesystem::exists(file)) return std::string();
  try {
    const json data = json::parse(TRY(read_data_file(file)));
    std::vector<signature::PackageRevision> revisions;
    for (const json& row : data.at("revisions"))
      revisions.push_back({row.at(0), row.at(1), row.at(2), row.at(3), row.at(4), row.at(5)});
    return signature::PackageFiles::pack(std::move(revisions), data.at("paths"),
                                         package_files_of(data.at("contents")),
                                         package_files_of(data.at("build_ids")));
  } catch (const std::exception& problem) {
    return Error{ErrorCode::malformed, file.string() + ": " + problem.what()};
  }
}

Done run(const std::vector<std::string>& arguments) {
  const bool stats = arguments.size() == 3 && arguments[2] == "--stats";
  if (arguments.size() != 2 && !stats)
    return Error{ErrorCode::usage, "fathom_make_pack DATA OUTPUT [--stats]"};
  const std::string& output = arguments[1];
  const auto folder = [&](std::string_view name) {
    return (std::filesystem::path(arguments[0]) / name).string();
  };
  Sources sources = TRY(read_sources(folder("advisories")).in(folder("advisories")));
  auto& sections = sources.content.sections;
  sections["classifiers"] = TRY(read_classifiers(folder("classifiers")));
  std::vector<verdict::FunctionRow> functions =
      TRY(read_functions(folder("verdicts"), folder("advisories")));
  std::set<std::string> asked_for;
  for (const verdict::FunctionRow& row : functions)
    if (row.ecosystem == "C") asked_for.insert(row.package);
  FeatureSources features =
      TRY(read_features(folder("features"), sources.content.libraries, asked_for));
  sections["features"] =
      TRY(signature::pack_features(features.libraries, features.windows, features.functions));
  sections["source-texts"] = signature::pack_source_functions(features.texts_of_functions);
  std::vector<verdict::FixRow> fixes = TRY(read_fixes(folder("verdicts")));
  sections["verdicts"] = verdict::pack_knowledge(std::move(functions), std::move(fixes));
  sections["audit"] = TRY(read_audit(folder("audit")));
  sections["distributions"] = TRY(read_distributions(folder("distributions")));
  // Text as it is: --bases reads the same form.
  sections["bases"] = TRY(read_data_file(folder("bases") + "/bases.tsv"));
  sections["java-classes"] =
      TRY(read_data_file(std::filesystem::path(folder("java")) / "classes.tsv.zst"));
  (void)TRY(signature::JavaClasses::parse(sections["java-classes"]).in(folder("java")));
  sections["objects"] = TRY(read_objects(folder("objects")));
  sections["package-files"] = TRY(read_packages(folder("packages")));
  Bytes pack = TRY(vuln::write_pack(sources.content));
  TRY(write_file(output, pack));
  if (stats) {
    print(sources.tallies);
    for (const auto& [name, bytes] : sources.content.sections)
      std::printf("section %s: %s\n", name.c_str(), human_bytes(bytes.size()).c_str());
    std::printf("%s: %s\n", output.c_str(), human_bytes(pack.size()).c_str());
  }
  return Ok{};
}

}  // namespace
}  // namespace fathom::tools

int main(int count, char** values) {
  fathom::Done done =
      fathom::tools::run(std::vector<std::string>(values + std::min(count, 1), values + count));
  if (done) return 0;
  std::fprintf(stderr, "fathom_make_pack: %s\n", done.error().message.c_str());
  return done.error().code == fathom::ErrorCode::usage ? 2 : 1;
}
