#include "audit/profile.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::audit {
namespace {

constexpr std::string_view kAnalyzer = "program";
constexpr std::size_t kMostTexts = 4;    // shown per tool
constexpr std::size_t kMostImports = 6;  // shown per ability

Evidence seen_at(Place place, std::string seen) {
  return {std::string(kAnalyzer), "", "", std::move(place), std::move(seen)};
}

const StringHash* find_string(const FileFacts& facts, std::uint64_t hash) {
  auto found = std::ranges::lower_bound(facts.strings, hash, {}, &StringHash::hash);
  return found != facts.strings.end() && found->hash == hash ? &*found : nullptr;
}

bool has_prefix_of(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::any_of(names,
                             [&](const std::string& each) { return name.starts_with(each); });
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

class Profiler {
 public:
  Profiler(const FileFacts& facts, const std::vector<Component>& libraries,
           const Knowledge& knowledge)
      : facts_(facts), libraries_(libraries), knowledge_(knowledge) {}

  Profile run() {
    Profile profile;
    for (std::size_t i = 0; i < knowledge_.tools.size(); ++i) {
      std::vector<Evidence> evidence = evidence_of(knowledge_.tools[i]);
      if (!evidence.empty()) profile.hits.push_back({i, std::move(evidence)});
    }
    for (const AbilityRow& row : knowledge_.abilities) {
      Ability ability{row.id, row.what, evidence_of(row)};
      if (!ability.evidence.empty()) profile.abilities.push_back(std::move(ability));
    }
    profile.can_start_programs = can_start_programs(profile);
    return profile;
  }

 private:
  std::vector<Evidence> evidence_of(const Tool& tool) const {
    std::vector<Evidence> out = texts_of(tool);
    add_packages(tool, out);
    for (const Component& library : libraries_)
      if (has(tool.components, library.name) && !library.evidence.empty())
        out.push_back(library.evidence.front());
    for (const std::string& needed : facts_.elf->needed)
      if (has_prefix_of(tool.needs, needed))
        out.push_back(seen_at(Place::named("DT_NEEDED"), needed));
    return out;
  }

  std::vector<Evidence> texts_of(const Tool& tool) const {
    std::vector<Evidence> out;
    std::size_t found = 0;
    for (const Tool::Text& text : tool.texts) {
      const StringHash* at = find_string(facts_, text.hash);
      if (at == nullptr) continue;
      if (++found <= kMostTexts) out.push_back(seen_at(Place::at_offset(at->offset), text.text));
    }
    return tool.at_least > 0 && found >= tool.at_least ? out : std::vector<Evidence>();
  }

  void add_packages(const Tool& tool, std::vector<Evidence>& out) const {
    bool main = true;  // the analyzer puts the program's own module first
    for (const PackageClaim& claim : facts_.packages) {
      const Component& component = claim.component;
      const bool is_go = component.ecosystem == "Go", is_crate = component.ecosystem == "crates.io";
      const bool hit = (is_go && has(tool.modules, component.name)) ||
                       (is_go && main && has(tool.main_modules, component.name)) ||
                       (is_crate && has(tool.crates, component.name));
      main = main && !is_go;
      if (hit && !component.evidence.empty()) out.push_back(component.evidence.front());
    }
  }

  std::vector<Evidence> evidence_of(const AbilityRow& row) const {
    std::vector<Evidence> out;
    for (const std::string& name : facts_.audit.imports)
      if (std::ranges::binary_search(row.imports, name) && out.size() < kMostImports)
        out.push_back(seen_at(Place::named("dynamic symbols"), name));
    const std::vector<std::uint32_t>& numbers =
        facts_.elf->machine_name == "aarch64" ? row.aarch64 : row.x86_64;
    for (const SystemCall& call : facts_.audit.system_calls)
      if (std::ranges::find(numbers, call.number) != numbers.end() && out.size() < kMostImports)
        out.push_back(
            seen_at(Place::at_offset(call.offset), "system call " + std::to_string(call.number)));
    for (const std::string& needed : facts_.elf->needed)
      if (has_prefix_of(row.needs, needed) && out.size() < kMostImports)
        out.push_back(seen_at(Place::named("DT_NEEDED"), needed));
    return out;
  }

  // A program is cleared only by what is known of it. Calls whose number comes from elsewhere may
  // be any; so may what code that is loaded at run time does.
  bool can_start_programs(const Profile& profile) const {
    const AuditFacts& audit = facts_.audit;
    if (!audit.packer.empty() || audit.imports_unread || audit.undetermined_calls > 0) return true;
    const bool machine_known =
        facts_.elf->machine_name == "x86_64" || facts_.elf->machine_name == "aarch64";
    if (!machine_known && facts_.elf->is_static) return true;
    if (std::ranges::binary_search(audit.imports, "syscall")) return true;
    return std::ranges::any_of(profile.abilities, [](const Ability& ability) {
      return ability.id == "exec" || ability.id == "load-code";
    });
  }

  const FileFacts& facts_;
  const std::vector<Component>& libraries_;
  const Knowledge& knowledge_;
};

}  // namespace

Profile profile_of(const FileFacts& facts, const std::vector<Component>& libraries,
                   const Knowledge& knowledge) {
  if (!facts.elf) return {};
  return Profiler(facts, libraries, knowledge).run();
}

}  // namespace fathom::audit
