// Accuracy as a test: what identification makes of the stored facts of some sixty files of the open
// corpus, against what is known to be in them, may not fall below floor.json.
//
// truth.json names, for each file, its libraries and versions. The rules are those of the corpus:
// an interval counts if it spans five releases or fewer, and more than two versions of one library
// in a file count as wrong.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "signature/row.h"
#include "stored_facts.h"

namespace fathom::corpus {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path kFolder = fs::path(FATHOM_SOURCE_DIR) / "tests/corpus";
constexpr std::size_t kMostCandidates = 5, kMostCopies = 2;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

const Knowledge& knowledge() {
  static const Knowledge all = *open_knowledge();
  return all;
}

struct Tally {
  double truths = 0, named = 0, wrong_names = 0, versions = 0, exact = 0, inside = 0;
  std::string misses;

  std::map<std::string, double> shares() const {
    return {{"recall", named / truths},
            {"precision", named / (named + wrong_names)},
            {"exact", exact / versions},
            {"inside", inside / versions}};
  }
};

bool same(const std::string& a, const std::string& b) {
  return signature::compare_releases(a, b) == 0;
}

bool is_inside(const VersionClaim& claim, const std::string& version) {
  if (claim.known()) return same(claim.exact, version);
  if (claim.candidates.empty() || claim.candidates.size() > kMostCandidates) return false;
  return signature::compare_releases(claim.low, version) <= 0 &&
         signature::compare_releases(version, claim.high) <= 0;
}

void count(const json& file, const signature::Identified& found, Tally& tally) {
  std::map<std::string, std::vector<VersionClaim>> answers;
  for (const Component& component : found.components)
    answers[component.name].push_back(component.version);
  std::set<std::string> true_names;
  for (const json& truth : file.at("libraries")) {
    const std::string name = truth.at("name");
    true_names.insert(name);
    ++tally.truths;
    auto answer = answers.find(name);
    if (answer == answers.end()) {
      tally.misses += file.at("id").get<std::string>() + ": " + name + "\n";
      continue;
    }
    ++tally.named;
    if (!truth.contains("version")) continue;
    const std::string version = truth.at("version");
    ++tally.versions;
    if (answer->second.size() > kMostCopies) continue;
    tally.exact += std::ranges::any_of(answer->second, [&](const VersionClaim& claim) {
      return claim.known() && same(claim.exact, version);
    });
    tally.inside += std::ranges::any_of(
        answer->second, [&](const VersionClaim& claim) { return is_inside(claim, version); });
  }
  for (const json& name : file.at("not"))
    if (answers.contains(name.get<std::string>())) {
      ++tally.wrong_names;
      tally.misses += file.at("id").get<std::string>() + ": not " + name.get<std::string>() + "\n";
    }
}

TEST(Corpus, AccuracyIsNotBelowTheFloor) {
  const signature::Classifiers none = *signature::Classifiers::parse(R"({"classifiers":[]})");
  std::map<std::string, Tally> tallies;
  for (const json& file : json::parse(read(kFolder / "truth.json"))) {
    const std::string id = file.at("id"), kind = file.at("kind");
    Result<FileFacts> facts = load_facts(read(kFolder / "facts" / (id + std::string(kSuffix))));
    ASSERT_TRUE(facts) << id << ": " << facts.error().message;
    count(file,
          signature::identify(*facts, knowledge().classifiers, knowledge().features),
          tallies[kind]);
    count(file, signature::identify(*facts, none, knowledge().features),
          tallies[kind + ", features alone"]);
  }
  const json floor = json::parse(read(kFolder / "floor.json"));
  ASSERT_FALSE(floor.empty());
  for (const auto& [kind, least] : floor.items()) {
    ASSERT_TRUE(tallies.contains(kind)) << kind;
    const std::map<std::string, double> shares = tallies[kind].shares();
    for (const auto& [what, share] : least.items())
      EXPECT_GE(shares.at(what), share.get<double>()) << kind << ": " << what << "\n"
                                                      << tallies[kind].misses;
  }
}

}  // namespace
}  // namespace fathom::corpus
