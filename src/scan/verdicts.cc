#include "scan/verdicts.h"

#include <algorithm>
#include <set>

#include "loader/loader.h"
#include "scan/code.h"
#include "signature/source_functions.h"
#include "verdict/verdict.h"

namespace fathom {
namespace {

// For each shared object in question, the files that are loaded together with it.
class Loaders {
 public:
  explicit Loaders(const CodeInput& input) : input_(input) {}

  void find(const std::set<std::string>& wanted) {
    if (wanted.empty()) return;
    auto facts_of = [&](const std::string& digest) {
      auto found = input_.facts.find(digest);
      return found == input_.facts.end() ? nullptr : &found->second;
    };
    const loader::Resolver resolver(input_.tree, facts_of, {library_path(), {}});
    for (const std::string& digest : wanted) loaders_[digest];
    std::uint64_t budget = kMostPlaces;
    for (const image::TreeFile& file : input_.tree.files()) {
      const FileFacts* facts = facts_of(file.entry.digest);
      const bool starts = facts != nullptr && facts->elf && !facts->elf->interpreter.empty();
      if (!file.shadowed && starts) add(file, resolver.resolve(file.entry.path, budget), wanted);
    }
    if (budget == 0) loaders_.clear();  // not known, then
    for (auto& [digest, list] : loaders_) {
      std::ranges::sort(list);
      auto repeated = std::ranges::unique(list);
      list.erase(repeated.begin(), repeated.end());
    }
  }

  // Null where that is not known.
  const std::vector<verdict::Loader>* of(const std::string& digest) const {
    auto at = loaders_.find(digest);
    return at == loaders_.end() ? nullptr : &at->second;
  }

 private:
  static constexpr std::uint64_t kMostPlaces = 2'000'000;

  std::string library_path() const {
    constexpr std::string_view kName = "LD_LIBRARY_PATH=";
    for (const std::string& variable : input_.environment)
      if (variable.starts_with(kName)) return variable.substr(kName.size());
    return {};
  }

  void add(const image::TreeFile& program, const LinkRow& row,
           const std::set<std::string>& wanted) {
    std::vector<std::pair<std::string, std::string>> together = {
        {program.entry.path, program.entry.digest}};
    for (const LinkedLibrary& library : row.libraries)
      if (const image::TreeFile* file =
              library.file.empty() ? nullptr : input_.tree.find(library.file))
        together.emplace_back(library.file, file->entry.digest);
    for (const auto& [path, digest] : together) {
      if (!wanted.contains(digest)) continue;
      for (const auto& [other, other_digest] : together)
        if (auto imports = input_.imports.find(other_digest);
            other_digest != digest && imports != input_.imports.end())
          loaders_[digest].push_back({other, imports->second});
    }
  }

  const CodeInput& input_;
  std::map<std::string, std::vector<verdict::Loader>> loaders_;
};

// A shared object that something may open by its name has users that nobody can list.
bool is_opened_by_name(const CodeInput& input, const ElfFacts& elf) {
  return std::ranges::any_of(input.facts, [&](const auto& file) {
    return std::ranges::binary_search(file.second.named_libraries, elf.soname);
  });
}

}  // namespace

Done judge_by_code(Report& report, const CodeInput& input) {
  verdict::Knowledge knowledge = TRY(
      verdict::Knowledge::open(input.database.section("verdicts")).in("the table of functions"));
  knowledge.add(input.options.functions);
  const signature::SourceFunctions functions =
      TRY(signature::SourceFunctions::open(input.database.section("source-texts"))
              .in("the texts of functions"));
  verdict::Verdicts verdicts(report, {knowledge, input.features, functions});
  std::map<std::string, CodeQuestion> questions = verdicts.questions();
  std::set<std::string> shared;
  std::erase_if(questions, [&](const auto& row) {
    auto file = input.facts.find(row.first);
    if (file == input.facts.end()) return false;
    if (!file->second.elf) return true;
    const ElfFacts& elf = *file->second.elf;
    if (elf.type == "shared object" && !is_opened_by_name(input, elf)) shared.insert(row.first);
    return false;
  });
  Loaders loaders(input);
  loaders.find(shared);
  std::vector<Gap> gaps = examine_code(input.target, input.tree, questions, input.options.examine,
                                       [&](const std::string& digest, const CodeFacts& code) {
                                         verdicts.take(digest, code, loaders.of(digest));
                                       });
  report.gaps.insert(report.gaps.end(), gaps.begin(), gaps.end());
  verdicts.finish();
  return Ok{};
}

}  // namespace fathom
