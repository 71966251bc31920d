// `fathom signatures info|list|check`: what the program can recognise libraries by.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/knowledge.h"
#include "cli/output.h"

namespace fathom::cli {
namespace {

std::string info_of(const Knowledge& known) {
  std::size_t releases = 0, sites = 0, tables = 0, files = 0;
  for (std::size_t i = 0; i < known.features.library_count(); ++i) {
    const signature::FeatureView library = known.features.library(i);
    releases += library.releases();
    tables += library.tables();
    files += library.sources().size();
    for (std::size_t s = 0; s < library.sources().last; ++s) {
      const signature::Extent versions = library.source(s).versions;
      for (std::size_t v = versions.first; v < versions.last; ++v)
        sites += library.version(v).lines.size();
    }
  }
  std::size_t builds = 0, members = 0, functions = 0;
  for (std::size_t i = 0; i < known.objects.library_count(); ++i) {
    builds += known.objects.library(i).builds.size();
    members += known.objects.library(i).members.size();
    functions += known.objects.library(i).functions.size();
  }
  return fmt::format(
      "pack                      {}\n"
      "classifiers               {} rows\n"
      "libraries with features   {}\n"
      "releases                  {}\n"
      "texts                     {}\n"
      "tables                    {} ({} windows looked for)\n"
      "source lines              {} different lists of {} files\n"
      "libraries as compiled     {}, {} package revisions\n"
      "their functions           {} different in {} different members\n",
      known.database.id(), with_thousands(known.classifiers.size()),
      with_thousands(known.features.library_count()), with_thousands(releases),
      with_thousands(known.features.texts().size()), with_thousands(tables),
      with_thousands(known.features.windows().size()), with_thousands(sites), with_thousands(files),
      with_thousands(known.objects.library_count()), with_thousands(builds),
      with_thousands(functions), with_thousands(members));
}

// Every package revision whose compiled code is known.
std::string builds_of(const Knowledge& known) {
  std::string out = fmt::format("{:<16} {:<26} {:<40} {:<8} {}\n", "LIBRARY", "PACKAGE", "VERSION",
                                "MACHINE", "OF");
  for (std::size_t i = 0; i < known.objects.library_count(); ++i)
    for (const signature::ObjectBuild& build : known.objects.library(i).builds)
      out += fmt::format("{:<16} {:<26} {:<40} {:<8} {} {}\n", known.objects.library(i).name,
                         build.package, build.version, name_of(build.machine), build.distribution,
                         build.distribution_release);
  return out;
}

std::string list_of(const Knowledge& known) {
  std::string out =
      fmt::format("{:<24} {:>8}  {:<14} {:<14} {:>7} {:>7} {:>8} {}\n", "LIBRARY", "RELEASES",
                  "FIRST", "LAST", "TEXTS", "TABLES", "FILES", "CLASSIFIER");
  std::vector<std::string> rows = known.classifiers.libraries();
  for (std::size_t i = 0; i < known.features.library_count(); ++i) {
    const signature::FeatureView library = known.features.library(i);
    const std::string_view first = library.release(0);
    const std::string_view last = library.release(library.releases() - 1);
    const bool has_row = std::ranges::find(rows, library.name()) != rows.end();
    out += fmt::format("{:<24} {:>8}  {:<14} {:<14} {:>7} {:>7} {:>8} {}\n", library.name(),
                       library.releases(), first, last, library.texts(), library.tables(),
                       library.sources().size(), has_row ? "yes" : "no");
  }
  for (std::size_t i = 0; i < known.features.library_count(); ++i)
    std::erase(rows, known.features.name_of(i));
  for (const std::string& row : rows)
    out += fmt::format("{:<24} {:>8}  {:<14} {:<14} {:>7} {:>7} {:>8} {}\n", row, 0, "", "", 0, 0,
                       0, "yes");
  return out + "\n" + builds_of(known);
}

Done check(const Knowledge& known) {
  TRY(known.classifiers.check().in("the classifiers"));
  TRY(known.features.check().in("the features"));
  return known.objects.check().in("the objects");
}

}  // namespace

int run_signatures(const Arguments& arguments) {
  const std::string what = arguments.operands.empty() ? "" : arguments.operands[0];
  if (what == "learn") return run_learn(arguments);
  if (what != "info" && what != "list" && what != "check") {
    log::error("signatures info, list, check or learn; see fathom help signatures");
    return kExitUsage;
  }
  Result<Knowledge> known = open_knowledge(arguments.all("signatures"));
  if (!known) {
    log::error(known.error().message);
    return kExitUsage;
  }
  if (what == "info") return write_stdout(info_of(*known)) ? 0 : kExitUsage;
  if (what == "list") return write_stdout(list_of(*known)) ? 0 : kExitUsage;
  if (Done sound = check(*known); !sound) {
    log::error(sound.error().message);
    return 1;
  }
  return write_stdout("the classifiers, the features and the objects are sound\n") ? 0 : kExitUsage;
}

}  // namespace fathom::cli
