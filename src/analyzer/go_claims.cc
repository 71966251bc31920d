// From what the Go linker wrote to claims. The list of modules comes first; the function table
// confirms it, adds what it does not list, and stands in for it where it was taken away.

#include <algorithm>
#include <map>
#include <set>

#include "analyzer/analyzer.h"
#include "analyzer/claim_text.h"
#include "analyzer/go_buildinfo.h"
#include "analyzer/go_modules.h"
#include "analyzer/go_names.h"
#include "analyzer/go_pclntab.h"
#include "analyzer/go_settings.h"
#include "analyzer/line_reader.h"
#include "analyzer/purl.h"
#include "base/text.h"
#include "elf/symbol_list.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "go-buildinfo";
// The Go distribution itself, and its cryptographic module, lie in the module cache, too.
constexpr std::string_view kToolchainModule = "golang.org/toolchain";
constexpr std::string_view kFipsModule = "golang.org/fips140";

// What `go` itself writes for a commit that has no tag: a pseudo-version.
std::string pseudo_version(const GoBuildInfo& info) {
  std::string_view revision = info.setting("vcs.revision");
  std::string time;
  for (char c : info.setting("vcs.time"))
    if (c >= '0' && c <= '9') time += c;
  constexpr std::size_t kRevisionDigits = 12, kTimeDigits = 14;
  if (revision.size() < kRevisionDigits || time.size() != kTimeDigits) return {};
  return "v0.0.0-" + time + "-" + std::string(revision.substr(0, kRevisionDigits)) +
         (info.setting("vcs.modified") == "true" ? "+dirty" : "");
}

bool says_little(std::string_view version) {
  return version.empty() || version == "(devel)" || version.starts_with("v0.0.0-");
}

class Claims {
 public:
  Claims(const FileInput& in, FileFacts& facts) : in_(in), facts_(facts) {}

  void standard_library(const GoBuildInfo& info) {
    std::string version = go_release_version(info.release.text);
    Component& stdlib = add(ComponentKind::runtime, "stdlib", version, info.release);
    if (version.empty()) stdlib.confidence = Confidence::medium;
    for (std::string_view key : {"GOEXPERIMENT", "GOFIPS140", "DefaultGODEBUG"})
      for (const GoSetting& setting : info.settings)
        if (setting.key == key) stdlib.evidence.push_back(evidence(setting.line));
  }

  // A program whose build information is gone still shows by its function table which releases
  // can have written it.
  void standard_library(const GoFunctionTable& table) {
    GoLine seen{"Go function table", table.offset};
    Component& stdlib = add(ComponentKind::runtime, "stdlib", "", seen);
    stdlib.version.low = table.oldest_release();
    stdlib.version.high = table.newest_release();
    stdlib.evidence.back().seen = "function table, magic " + hex_number(table.magic) + ", " +
                                  std::to_string(table.functions) + " functions";
  }

  void application(const GoBuildInfo& info) {
    if (!info.main && !info.path) return;
    // Without a module line the program comes from the Go distribution itself or from bare files.
    bool distribution = !info.main && info.path->path.starts_with("cmd/");
    const GoModule& module = info.main ? *info.main : *info.path;
    std::string name(distribution ? "toolchain" : module.path);
    Component& component = add(ComponentKind::application, name, {}, module.line);
    if (distribution)
      set_version(component, go_release_version(info.release.text));
    else
      choose_version(component, info);
    if (info.main && info.path) component.evidence.push_back(evidence(info.path->line));
    if (info.main_replacement) component.evidence.push_back(evidence(info.main_replacement->line));
    for (const GoSetting& setting : info.settings)
      component.evidence.push_back(evidence(setting.line));
  }

  // What a replacement names is what was compiled. A folder has no version: the code is the
  // module's or a fork of it, and which one cannot be known.
  void dependency(const GoDependency& dependency) {
    const GoModule& asked = dependency.module;
    if (!dependency.replacement) {
      add(ComponentKind::module, asked.path, asked.version, asked.line);
      return;
    }
    const GoModule& got = *dependency.replacement;
    bool folder = got.path.starts_with('.') || got.path.starts_with('/');
    Component& component = folder ? add(ComponentKind::module, asked.path, "", asked.line)
                                  : add(ComponentKind::module, got.path, got.version, asked.line);
    if (folder) component.confidence = Confidence::medium;
    component.evidence.push_back(evidence(got.line));
  }

  // Files that were compiled from a module of which the list, if there is one, says nothing.
  void unlisted(const GoNames& names, const std::set<std::pair<std::string, std::string>>& listed) {
    for (const GoPathModule& module : names.modules) {
      if (module.path == kToolchainModule || listed.contains({module.path, module.version}))
        continue;
      Component& component =
          add(ComponentKind::module, module.path, module.version, {module.seen, module.offset});
      component.confidence = Confidence::medium;
    }
  }

  // Packages of which nothing but the path is known: built from a folder, by another build system
  // than the go command, or with paths trimmed away.
  void modules_of_packages(const GoNames& names, const GoFunctionTable& table) {
    std::map<std::string_view, std::string_view> first;  // likely module → one of its packages
    for (const std::string& package : names.packages) {
      std::string_view module = likely_go_module(package);
      if (!module.empty() && !is_claimed(package)) first.try_emplace(module, package);
    }
    for (auto [module, package] : first) {
      std::string seen = "functions of package " + std::string(package);
      Component& component = add(ComponentKind::module, module, "", {seen, table.offset});
      component.confidence = Confidence::low;
    }
  }

  // What `go build` stamps when it runs in a checkout.
  void revision(const GoBuildInfo& info) {
    const GoSetting* id = nullptr;
    for (const GoSetting& setting : info.settings)
      if (setting.key == "vcs.revision") id = &setting;
    if (id == nullptr || id->value.empty()) return;
    Revision revision;
    revision.of = "program";
    revision.system = kept(info.setting("vcs"), in_.limits);
    revision.id = kept(id->value, in_.limits);
    revision.time = kept(info.setting("vcs.time"), in_.limits);
    if (info.main) revision.source = kept(info.main->path, in_.limits);
    revision.modified = info.setting("vcs.modified") == "true";
    revision.evidence = evidence(id->line);
    facts_.revisions.push_back(std::move(revision));
  }

  // The cryptographic module that GOFIPS140 puts in the standard library's stead.
  void fips_module(const GoBuildInfo& info) {
    for (const GoSetting& setting : info.settings) {
      if (setting.key != "GOFIPS140" || !setting.value.starts_with('v')) continue;
      // "v1.0.0-c2097c7c": the release, and a part of its digest.
      std::string_view version = setting.value.substr(0, setting.value.find('-'));
      add(ComponentKind::module, kFipsModule, version, setting.line);
    }
  }

 private:
  void choose_version(Component& component, const GoBuildInfo& info) {
    if (info.main) {
      const GoModule& module = info.main_replacement ? *info.main_replacement : *info.main;
      if (!says_little(module.version)) return set_version(component, module.version);
    }
    GoStatedVersion stated = stated_version(info);
    if (!stated.version.empty()) {
      component.evidence.push_back(evidence({stated.seen, stated_at_}));
      component.confidence = Confidence::medium;
      return set_version(component, stated.version);
    }
    if (!info.main) return;
    if (info.main->version != "(devel)") return set_version(component, info.main->version);
    set_version(component, pseudo_version(info));
  }

  GoStatedVersion stated_version(const GoBuildInfo& info) {
    std::string_view module = info.main ? info.main->path : std::string_view();
    for (const GoSetting& setting : info.settings) {
      if (setting.key != "-ldflags") continue;
      stated_at_ = setting.line.offset;
      return go_stated_version(go_linked_values(unquote_go(setting.value)), module);
    }
    return go_stated_version(linked_symbols(), module);
  }

  // -trimpath keeps the linker's flags out of the build information; what -X set stands in
  // variables "main.version.str" all the same, where the symbols were not stripped.
  std::vector<GoLinkedValue> linked_symbols() {
    std::vector<GoLinkedValue> out;
    const elf::SymbolList list = elf::static_symbols(*in_.elf, in_.limits);
    for (const elf::Symbol& symbol : list.symbols) {
      std::string_view name = symbol.name;
      if (!name.ends_with(".str")) continue;
      name.remove_suffix(4);
      std::size_t dot = name.rfind('.');
      if (dot == name.npos || !is_go_version_name(name.substr(dot + 1))) continue;
      std::optional<std::uint64_t> at = in_.elf->offset_of_address(symbol.value);
      constexpr std::uint64_t kMostVersion = 256;
      if (!at || symbol.size > kMostVersion) continue;
      std::string_view value = in_.bytes.clamped(*at, symbol.size).as_text();
      stated_at_ = *at;
      out.push_back({std::string(name.substr(0, dot)), std::string(name.substr(dot + 1)),
                     std::string(value.substr(0, value.find('\0')))});
    }
    return out;
  }

  void set_version(Component& component, std::string_view version) const {
    component.version.exact = kept(version, in_.limits);
    component.purl = golang_purl(component.name, component.version.exact);
  }

  bool is_claimed(std::string_view package) const {
    return std::ranges::any_of(facts_.packages, [&](const PackageClaim& claim) {
      const std::string& name = claim.component.name;
      return package.starts_with(name) &&
             (package.size() == name.size() || package[name.size()] == '/');
    });
  }

  Component& add(ComponentKind kind, std::string_view name, std::string_view version,
                 const GoLine& line) {
    if (version == "(devel)") version = {};
    Component component;
    component.kind = kind;
    component.name = kept(name, in_.limits);
    component.ecosystem = "Go";
    set_version(component, version);
    component.evidence.push_back(evidence(line));
    facts_.packages.push_back({.component = std::move(component), .owned = {}});
    return facts_.packages.back().component;
  }

  Evidence evidence(const GoLine& line) const {
    const elf::Section* section = in_.elf->section_at(line.offset);
    Place place = Place::at_offset(line.offset, section ? kept(section->name, in_.limits) : "");
    return {.analyzer = std::string(kName),
            .file = {},
            .file_digest = {},
            .place = std::move(place),
            .seen = kept(line.text, in_.limits)};
  }

  const FileInput& in_;
  FileFacts& facts_;
  std::uint64_t stated_at_ = 0;
};

// Which component the functions of each module are; replaced modules keep the path they were
// imported by.
std::vector<GoModulePath> module_paths(const GoBuildInfo& info, const Limits& limits) {
  std::vector<GoModulePath> modules;
  if (info.main) modules.push_back({info.main->path, kept(info.main->path, limits)});
  for (const GoDependency& dependency : info.dependencies) {
    const GoModule& got = dependency.replacement ? *dependency.replacement : dependency.module;
    const bool folder = got.path.starts_with('.') || got.path.starts_with('/');
    modules.push_back(
        {dependency.module.path, kept(folder ? dependency.module.path : got.path, limits)});
  }
  return modules;
}

// Go's own functions are one stretch of the code, also where C was linked in.
void attribute(const FileInput& in, const GoFunctionTable& table, const GoBuildInfo* info,
               FileFacts& facts) {
  std::uint64_t executable = 0;
  for (const elf::ElfFile::Range& range : in.elf->executable_ranges()) executable += range.size;
  const std::uint64_t bytes = std::min(table.text_bytes, executable);
  if (bytes == 0) return;
  if (in.program == nullptr || info == nullptr) {
    facts.attributions.push_back({std::string(kName), bytes, "Go", {}});
    return;
  }
  const std::string main = info->main ? kept(info->main->path, in.limits) : std::string();
  facts.attributions =
      attribute_to_modules(*in.program, bytes, module_paths(*info, in.limits), main, in.limits);
}

std::set<std::pair<std::string, std::string>> listed_modules(const GoBuildInfo& info) {
  std::set<std::pair<std::string, std::string>> out;
  auto add = [&](const GoModule& m) { out.emplace(std::string(m.path), std::string(m.version)); };
  if (info.main) add(*info.main);
  if (info.main_replacement) add(*info.main_replacement);
  for (const GoDependency& dependency : info.dependencies) {
    add(dependency.module);
    if (dependency.replacement) add(*dependency.replacement);
  }
  for (const GoSetting& setting : info.settings)
    if (setting.key == "GOFIPS140")
      out.emplace(std::string(kFipsModule), std::string(setting.value));
  return out;
}

GoFacts go_facts(GoNames names, const GoBuildInfo* info) {
  GoFacts out;
  out.has_cgo =
      !names.cgo_packages.empty() || std::ranges::binary_search(names.packages, "runtime/cgo");
  out.cgo_packages = std::move(names.cgo_packages);
  if (info) out.cgo_enabled = info->setting("CGO_ENABLED");
  return out;
}

// Built from a GOPATH, as distributions do, or from bare files: there is a list, and it names none.
bool is_without_modules(const GoBuildInfo& info) {
  return !info.main && info.dependencies.empty() &&
         !(info.path && info.path->path.starts_with("cmd/"));
}

void claim_all(Claims& claims, const GoBuildInfo& info) {
  claims.standard_library(info);
  claims.application(info);
  claims.fips_module(info);
  for (const GoDependency& dependency : info.dependencies) claims.dependency(dependency);
  claims.revision(info);
}

Done run(const FileInput& in, FileFacts& facts) {
  Claims claims(in, facts);
  std::optional<GoFunctionTable> table = find_go_function_table(*in.elf);
  Result<GoBuildInfo> info = read_go_buildinfo(*in.elf, in.limits);
  // Without a table a note or a section name alone does not make it Go.
  if (!info && !table && info.error().code == ErrorCode::not_found) return Ok{};
  if (info) claim_all(claims, *info);
  if (!info && table) claims.standard_library(*table);

  const bool listed = info && info->listed;
  if (table) {
    attribute(in, *table, info ? &*info : nullptr, facts);
    GoNames names = read_go_names(*in.elf, *table, in.limits);
    if (names.cut)
      add_gaps(facts, in.limits, kName,
               {{ErrorCode::limit_exceeded, "function table: more packages than are read"}}, 0);
    claims.unlisted(names,
                    info ? listed_modules(*info) : std::set<std::pair<std::string, std::string>>());
    if (!listed || is_without_modules(*info)) claims.modules_of_packages(names, *table);
    facts.go = go_facts(std::move(names), info ? &*info : nullptr);
  }
  if (!info)
    return Error{info.error().code,
                 info.error().message + "; its modules are known by the function table at most"};
  add_gaps(facts, in.limits, kName, info->problems, info->problems_not_kept);
  if (!listed) return Error{ErrorCode::not_found, "build information without a list of modules"};
  if (is_without_modules(*info))
    return Error{ErrorCode::not_found,
                 "built without modules: which are in it is known by the function table alone"};
  return Ok{};
}

}  // namespace

extern const FileAnalyzer go_buildinfo = {
    .name = kName,
    .version = 2,
    .needs = Needs::elf,
    .summary = "Go modules, packages, Go release and build settings that the Go linker wrote",
    .wants = [](const FileInput& in) { return in.elf && is_go(*in.elf); },
    .run = run,
};

}  // namespace fathom
