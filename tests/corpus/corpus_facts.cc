// The facts of files, kept so that identification can be measured again in seconds.
//
//   corpus_facts recover FOLDER FILE…     recovers each file into FOLDER/<name>.facts.zst
//   corpus_facts identify FOLDER RESULTS  names what is in them: RESULTS/<name>.json, as corpus.py
//                                         reads it (--features: without the classifiers)
//   corpus_facts trim FOLDER OUTPUT       keeps what the pack knows: small enough to commit
//
// All of it runs on --jobs N threads; the answers do not depend on it.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "analyzer/analyzer.h"
#include "base/parallel.h"
#include "base/text.h"
#include "stored_facts.h"

namespace fathom::corpus {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Arguments {
  std::vector<std::string> words;
  std::size_t jobs = 2;
  bool features_only = false;
};

Arguments parse(int count, char** values) {
  Arguments out;
  for (int i = 1; i < count; ++i) {
    std::string word = values[i];
    if (word == "--features")
      out.features_only = true;
    else if (word == "--jobs" && i + 1 < count)
      out.jobs = parse_unsigned(values[++i]).value_or(1);
    else
      out.words.push_back(std::move(word));
  }
  return out;
}

Result<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  if (!in) return Error{ErrorCode::io, "cannot read " + path.string()};
  return std::move(out).str();
}

Done write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  return out ? Done(Ok{}) : Done(Error{ErrorCode::io, "cannot write " + path.string()});
}

Done recover_files(const Arguments& arguments, const Knowledge& knowledge) {
  const fs::path folder = arguments.words[1];
  fs::create_directories(folder);
  std::vector<Done> done(arguments.words.size(), Ok{});
  parallel_for(arguments.words.size() - 2, arguments.jobs, [&](std::size_t i) {
    const fs::path file = arguments.words[i + 2];
    Result<std::string> bytes = read_file(file);
    if (!bytes) {
      done[i] = bytes.error();
      return;
    }
    FileFacts facts = recover(ByteView::of(std::string_view(*bytes)), {}, knowledge.tables);
    done[i] = write_file(folder / (file.filename().string() + std::string(kSuffix)),
                         store_facts(facts));
  });
  for (const Done& one : done) TRY(one);
  return Ok{};
}

json answer_of(const signature::Identified& identified) {
  json components = json::array();
  for (const Component& component : identified.components) {
    json row{{"name", component.name}, {"confidence", name_of(component.confidence)}};
    const VersionClaim& version = component.version;
    if (version.known()) row["version"] = version.exact;
    if (!version.low.empty() || !version.high.empty())
      row["properties"] = {
          {{"name", "fathom:version-range"}, {"value", version.low + ".." + version.high}},
          {{"name", "fathom:version-candidates"},
           {"value", std::to_string(version.candidates.size())}}};
    json evidence = json::array();
    for (const Evidence& one : component.evidence) evidence.push_back(one.seen);
    row["evidence"] = std::move(evidence);
    components.push_back(std::move(row));
  }
  return {{"components", std::move(components)}};
}

Done identify_all(const Arguments& arguments, const Knowledge& knowledge) {
  const fs::path folder = arguments.words[1], results = arguments.words[2];
  fs::create_directories(results);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  const signature::Classifiers none = TRY(signature::Classifiers::parse(R"({"classifiers":[]})"));
  std::vector<Done> done(files.size(), Ok{});
  parallel_for(files.size(), arguments.jobs, [&](std::size_t i) {
    Result<std::string> bytes = read_file(files[i]);
    Result<FileFacts> facts = bytes ? load_facts(*bytes) : Result<FileFacts>(bytes.error());
    if (!facts) {
      done[i] = facts.error();
      return;
    }
    signature::Identified found = signature::identify(
        *facts, arguments.features_only ? none : knowledge.classifiers, knowledge.features);
    std::string name = files[i].filename().string();
    name.resize(name.size() - kSuffix.size());
    done[i] = write_file(results / (name + ".json"), answer_of(found).dump(1));
  });
  for (const Done& one : done) TRY(one);
  return Ok{};
}

Done trim_all(const Arguments& arguments, const Knowledge& knowledge) {
  const fs::path folder = arguments.words[1], output = arguments.words[2];
  fs::create_directories(output);
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::string bytes = TRY(read_file(entry.path()));
    FileFacts facts = TRY(load_facts(bytes));
    trim_facts(facts, knowledge);
    TRY(write_file(output / entry.path().filename(), store_facts(facts)));
  }
  return Ok{};
}

Done run(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words;
  if (words.size() < 3) return Error{ErrorCode::usage, "see the head of corpus_facts.cc"};
  Knowledge knowledge = TRY(open_knowledge());
  if (words[0] == "recover") return recover_files(arguments, knowledge);
  if (words[0] == "identify") return identify_all(arguments, knowledge);
  if (words[0] == "trim") return trim_all(arguments, knowledge);
  return Error{ErrorCode::usage, "recover, identify or trim"};
}

}  // namespace
}  // namespace fathom::corpus

int main(int count, char** values) {
  fathom::Done done = fathom::corpus::run(fathom::corpus::parse(count, values));
  if (done) return 0;
  std::fprintf(stderr, "corpus_facts: %s\n", done.error().message.c_str());
  return done.error().code == fathom::ErrorCode::usage ? 2 : 1;
}
