#include "scan/inspect.h"

#include "analyzer/analyzer.h"
#include "loader/loader.h"
#include "scan/assemble.h"

namespace fathom {
namespace {

void drop_texts(FileFacts& facts) {
  facts.texts = {};
  facts.strings = {};
  facts.constants = {};
  facts.functions = {};
  for (MemberFacts& member : facts.members) drop_texts(member.facts);
}

// Stages that look for components, which nobody asked for here.
bool concerns_packages(std::string_view stage) {
  if (stage == "identify" || stage == "file-type") return true;
  for (const FileAnalyzer* analyzer : file_analyzers())
    if (analyzer->needs == Needs::bytes && analyzer->name == stage) return stage != "ld.so.cache";
  return false;
}

// What the image's configuration sets; the empty text when it sets nothing.
std::string library_path_of(const image::ImageInfo& info) {
  constexpr std::string_view kName = "LD_LIBRARY_PATH=";
  for (const std::string& variable : info.env)
    if (variable.starts_with(kName)) return variable.substr(kName.size());
  return {};
}

}  // namespace

Result<Inspected> inspect(const Target& target, ExamineOptions options) {
  Inspected out;
  options.on_facts = [&](const std::string& digest, FileFacts& file) {
    drop_texts(file);
    out.facts[digest] = std::move(file);
  };
  out.examined = TRY(examine(target, options));
  out.tree = image::flatten(out.examined.layers, options.limits);
  return out;
}

Report hardening_report(const Target& target, const Inspected& inspected) {
  Report report = assemble(target, inspected.examined, inspected.tree, inspected.facts, {});
  std::erase_if(report.gaps, [](const Gap& gap) { return concerns_packages(gap.stage); });
  return report;
}

std::vector<LinkRow> link_rows(const Inspected& inspected, const std::vector<std::string>& paths,
                               std::string_view level) {
  auto facts_of = [&](const std::string& digest) {
    auto found = inspected.facts.find(digest);
    return found == inspected.facts.end() ? nullptr : &found->second;
  };
  loader::Options options{library_path_of(inspected.examined.info), loader::hwcaps_of(level)};
  loader::Resolver resolver(inspected.tree, facts_of, std::move(options));
  std::vector<LinkRow> rows;
  for (const std::string& path : paths) rows.push_back(resolver.resolve(path));
  if (!paths.empty()) return rows;
  for (const image::TreeFile& file : inspected.tree.files()) {
    if (file.shadowed || file.entry.digest.empty()) continue;
    const FileFacts* facts = facts_of(file.entry.digest);
    if (facts == nullptr || !facts->elf || facts->elf->interpreter.empty()) continue;
    rows.push_back(resolver.resolve(file.entry.path));
  }
  return rows;
}

}  // namespace fathom
