// The whole program in one screen: read this first.
//
//   target → image → file tree → (per distinct file) recover → identify → inventory → findings
//          → verdicts → policy → report
//
// recover runs in the confined child (scan/worker.cc) and sees bytes only; identify sees facts and
// signatures; match sees the inventory and advisories. None of them sees a clock or the network.

#include "scan/scan.h"

#include "audit/audit.h"
#include "base/text.h"
#include "lineage/provenance.h"
#include "model/texts.h"
#include "scan/assemble.h"
#include "scan/data_notes.h"
#include "scan/verdicts.h"
#include "signature/identify.h"
#include "signature/java_classes.h"
#include "vuln/database.h"
#include "vuln/distributions.h"
#include "vuln/match.h"

namespace fathom {
namespace {

// Libraries per distinct file; facts that only identification needs are dropped on the way, so that
// memory does not grow with the image.
struct Recogniser {
  const signature::Classifiers& classifiers;
  const signature::Features& features;
  const signature::JavaClasses& java;
  const signature::Objects& objects;
  const audit::Knowledge& knowledge;
  Identified identified;
  audit::Profiles profiles;
  ImportsByDigest imports;
};

void identify_and_trim(FileFacts& facts, const std::string& digest, Recogniser& recogniser) {
  signature::Identified found =
      signature::identify(facts, recogniser.classifiers, recogniser.features, recogniser.objects);
  recogniser.java.identify(facts, found);
  if (facts.elf)
    recogniser.profiles[digest] = audit::profile_of(facts, found.components, recogniser.knowledge);
  recogniser.identified[digest] = std::move(found);
  if (facts.elf && !facts.audit.imports.empty())
    recogniser.imports[digest] = std::move(facts.audit.imports);
  facts.audit.imports = {};
  facts.texts = {};
  facts.strings = {};
  facts.constants = {};
  facts.source_lines = {};
  facts.handed_out = {};
  facts.tables = {};
  facts.functions = {};
  for (MemberFacts& member : facts.members)
    identify_and_trim(member.facts, member.digest, recogniser);
}

// Two packages of a distribution, by the order of its ecosystem's versions.
bool is_older(std::string_view ecosystem, std::string_view a, std::string_view b) {
  const vuln::Scheme scheme = ecosystem == "apk"   ? vuln::Scheme::apk
                              : ecosystem == "rpm" ? vuln::Scheme::rpm
                                                   : vuln::Scheme::dpkg;
  const std::optional<std::strong_ordering> order = vuln::compare(scheme, a, b);
  return order && *order < 0;
}

lineage::Knowledge origin_knowledge(const std::vector<lineage::BaseRow>& rows, const Report& report,
                                    const vuln::Database& database) {
  const auto release =
      vuln::Distributions::parse(database.section("distributions")).release_of(report.components);
  return {rows, is_older, release ? release->end_of_life : std::string()};
}

}  // namespace

Result<Report> scan(const Target& target, ByteView pack, ScanOptions options) {
  vuln::Database database = TRY(vuln::Database::open(pack).in("the built-in advisories"));
  const vuln::Databases databases(database, options.user_data);
  signature::Classifiers classifiers =
      TRY(signature::Classifiers::parse(database.section("classifiers")).in("the classifiers"));

  signature::Features features =
      TRY(signature::Features::open(database.section("features")).in("the built-in features"));
  signature::JavaClasses java =
      TRY(signature::JavaClasses::parse(database.section("java-classes")).in("the Java classes"));
  signature::Objects objects =
      TRY(signature::Objects::open(options.objects.empty() ? database.section("objects")
                                                           : std::string_view(options.objects))
              .in("the objects"));
  signature::PackageFiles packages = TRY(
      signature::PackageFiles::open(database.section("package-files")).in("the built-in packages"));
  audit::Knowledge knowledge =
      TRY(audit::Knowledge::parse(database.section("audit")).in("the tables of the audit"));

  // Foreign bytes are read here, in a confined child, and nowhere else.
  FactsByDigest facts;
  Recogniser recogniser{classifiers, features, java, objects, knowledge, {}, {}, {}};
  options.examine.on_facts = [&](const std::string& digest, FileFacts& file) {
    identify_and_trim(file, digest, recogniser);
    facts[digest] = std::move(file);
  };
  options.examine.tables = features.table_windows();
  Examined examined = TRY(examine(target, options.examine));

  // From here on there are only plain values, and every file of the image is accounted for.
  image::FileTree tree = image::flatten(examined.layers, options.examine.limits);
  Inventory inventory = take_inventory({tree, facts}, recogniser.identified, packages);
  const sbom::LibraryIds libraries = library_ids(classifiers, features, databases);
  const bool is_sbom = examined.info.source == "sbom";
  if (is_sbom) TRY(claim_components(tree, facts, libraries, inventory));
  Report report = assemble(target, examined, tree, facts, std::move(inventory));
  report.now = options.now;

  name_distribution_builds(report, databases);
  settle_static_hardening(report, recogniser.identified);
  add_library_licenses(report);
  if (is_sbom)
    report.notes.push_back(
        "The target is a bill of materials: these are its claims; no code was seen.");
  else
    hold_sboms(report, facts, examined, options.sboms, libraries);

  // Components have their final identity; findings refer to it.
  report.findings = vuln::match(report.components, databases);
  TRY(judge_by_code(report, {target, tree, facts, recogniser.imports, examined.info.env, features,
                             database, options}));
  add_advisory_coverage(report, databases);
  add_data_notes(report, options.max_data_age);
  if (options.user_data) add_statements(report, *options.user_data, options.policy);

  // Whose each file and component is, and how that is known.
  std::vector<lineage::BaseRow> bases =
      TRY(lineage::parse_base_rows(database.section("bases")).in("the built-in bases"));
  bases.insert(bases.end(), options.bases.begin(), options.bases.end());
  const auto facts_of = [&](const std::string& digest) {
    auto found = facts.find(digest);
    return found == facts.end() ? nullptr : &found->second;
  };
  lineage::trace_origins({examined.info, report.image, tree, facts_of},
                         origin_knowledge(bases, report, database), report);
  set_base_age(report);

  // What runs, what could be run, and what the configuration does.
  const audit::Input input{tree, facts, recogniser.profiles, examined.info, knowledge, report};
  report.execution = audit::examine_execution(input);
  audit::Configuration configuration = audit::audit_configuration(input);
  report.trust = std::move(configuration.trust);
  report.configuration = std::move(configuration.rows);

  // File names may be any bytes. From here on a text is what the json format writes for it, so that
  // a report read back is the report.
  for_each_text(report, [](std::string& text) {
    if (!is_utf8(text)) text = utf8_or_escaped(text);
  });

  policy::apply(report, options.policy);
  return report;
}

}  // namespace fathom
