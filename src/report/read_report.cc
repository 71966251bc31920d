// The mirror image of json.cc, member by member (see json_members.h).
//
// Members that only repeat what others say (a component's place, the justification of a verdict,
// the status of an ecosystem) must repeat it: a report that contradicts itself was not written by
// fathom, and which half to believe is not ours to guess.

#include "report/read_report.h"

#include <array>
#include <set>
#include <vector>

#include "base/text.h"
#include "report/json_members.h"
#include "report/read_origin.h"
#include "json/value.h"
#include "report/sbom_json.h"

namespace fathom {
namespace {

using report_json::Members;
using report_json::named;
using report_json::read_evidence;
using report_json::read_place;
using report_json::Reader;

using json::Value;

constexpr std::uint64_t kSchema = 1;

constexpr std::array kFixStates = {FixState::fixed, FixState::not_fixed, FixState::deferred,
                                   FixState::will_not_fix, FixState::end_of_life};
constexpr std::array kSeverities = {Severity::unknown, Severity::none, Severity::low,
                                    Severity::medium,  Severity::high, Severity::critical};
constexpr std::array kVerdicts = {Verdict::not_present, Verdict::present_unreachable,
                                  Verdict::reachable,   Verdict::reachable_indirectly,
                                  Verdict::patched,     Verdict::affected_by_version,
                                  Verdict::unknown};
constexpr std::array kRatings = {Rating::good, Rating::partial, Rating::missing,
                                 Rating::bad,  Rating::neutral, Rating::unknown};
constexpr std::array kShellVerdicts = {ShellVerdict::present, ShellVerdict::absent,
                                       ShellVerdict::not_excluded};
constexpr std::array kStates = {FileState::identified, FileState::inert, FileState::gap};
constexpr std::array kConfidences = {Confidence::low, Confidence::medium, Confidence::high};
constexpr std::array kComponentKinds = {ComponentKind::package, ComponentKind::module,
                                        ComponentKind::embedded_library, ComponentKind::runtime,
                                        ComponentKind::application};
constexpr std::array kClaimStates = {ClaimState::confirmed,       ClaimState::other_version,
                                     ClaimState::version_unknown, ClaimState::other_digest,
                                     ClaimState::not_found,       ClaimState::not_checked};
constexpr std::array kErrorCodes = {
    ErrorCode::truncated, ErrorCode::malformed, ErrorCode::unsupported, ErrorCode::limit_exceeded,
    ErrorCode::not_found, ErrorCode::io,        ErrorCode::usage,       ErrorCode::crashed};

// ---- The image

LayerRow read_layer(Reader& reader, const Value& value) {
  Members m(reader, value);
  LayerRow layer;
  layer.digest = m.optional_text("digest");
  layer.diff_id = m.optional_text("diff_id");
  layer.size = m.number("size");
  layer.created_by = m.optional_text("created_by");
  layer.files = m.number("files");
  layer.created = m.optional_text("created");
  m.done();
  return layer;
}

Attachment read_attachment(Reader& reader, const Value& value) {
  Members m(reader, value);
  Attachment attached;
  attached.kind = m.text("kind");
  attached.type = m.optional_text("type");
  attached.digest = m.text("digest");
  attached.size = m.number("size");
  attached.subject = m.text("subject");
  attached.found = m.text("found");
  if (m.text("status") != "not verified") m.fail("status", "can only be \"not verified\"");
  m.done();
  return attached;
}

ImageRow read_image(Reader& reader, const Value& value) {
  Members m(reader, value);
  ImageRow image;
  image.digest = m.optional_text("digest");
  image.platform = m.optional_text("platform");
  image.source = m.text("source");
  image.created = m.optional_text("created");
  image.names = m.texts("names");
  image.entrypoint = m.texts("entrypoint");
  image.command = m.texts("command");
  image.layers = m.rows("layers", read_layer);
  image.asked_for_attached = m.has("attached");
  if (image.asked_for_attached) image.attached = m.rows("attached", read_attachment);
  m.done();
  return image;
}

EcosystemCoverage read_ecosystem(Reader& reader, const Value& value) {
  Members m(reader, value);
  EcosystemCoverage row;
  row.ecosystem = m.text("name");
  const std::string status = m.text("status");
  row.components = m.number("components");
  row.advisories = m.number("advisories");
  row.newest = m.optional_text("newest");
  row.release = m.optional_text("release");
  row.end_of_life = m.optional_text("end_of_life");
  if (!reader.failed() && status != (row.advisories > 0 ? "assessed" : "not assessed"))
    m.fail("status", "contradicts the number of advisories");
  m.done();
  return row;
}

Coverage read_coverage(Reader& reader, const Value& value) {
  Members m(reader, value);
  Coverage coverage;
  m.object("files", [&](Members& files) {
    coverage.files = files.number("total");
    coverage.identified = files.number("identified");
    coverage.inert = files.number("inert");
    coverage.gaps = files.number("gaps");
    coverage.executable_files = files.number("executable");
  });
  m.object("executable_bytes", [&](Members& bytes) {
    coverage.executable_bytes = bytes.number("total");
    coverage.attributed_bytes = bytes.number("attributed");
  });
  coverage.ecosystems = m.rows("ecosystems", read_ecosystem);
  m.done();
  return coverage;
}

FileRow read_file(Reader& reader, const Value& value) {
  Members m(reader, value);
  FileRow file;
  file.path = m.text("path");
  file.digest = m.optional_text("digest");
  file.size = m.number("size");
  file.layer = m.layer("layer");
  file.kind = m.text("kind");
  file.type = m.optional_text("type");
  file.state = m.word("state", kStates);
  file.owner = m.optional_text("owner");
  if (m.has("origin")) file.origin = m.one("origin", read_file_origin);
  if (m.has("shadowed")) {
    file.shadowed = m.flag("shadowed");
    file.shadowed_by = m.layer("shadowed_by");
    if (!file.shadowed) m.fail("shadowed", "stands here only when it is true");
  }
  if (m.has("executable")) {
    file.executable_bytes = m.number("executable");
    file.attributed_bytes = m.number("attributed");
    if (file.executable_bytes == 0) m.fail("executable", "stands here only when it is not 0");
  }
  m.done();
  return file;
}

// ---- Components

void read_version(Members& m, VersionClaim& version) {
  if (m.has("version")) {
    version.exact = m.optional_text("version");
    return;
  }
  m.optional_object("versions", [&](Members& interval) {
    version.low = interval.optional_text("low");
    version.high = interval.optional_text("high");
    version.candidates = interval.texts("candidates");
    if (version.low.empty() && version.high.empty() && version.candidates.empty())
      interval.fail("candidates", "an interval that says nothing");
  });
}

Component read_component(Reader& reader, const Value& value) {
  Members m(reader, value);
  Component c;
  c.id = m.text("id");
  c.kind = m.word("kind", kComponentKinds);
  c.name = m.text("name");
  read_version(m, c.version);
  c.ecosystem = m.text("ecosystem");
  c.purl = m.optional_text("purl");
  c.cpe = m.optional_text("cpe");
  m.optional_object("source", [&](Members& source) {
    c.source_name = source.optional_text("name");
    c.source_version = source.optional_text("version");
    if (c.source_name.empty() && c.source_version.empty())
      source.fail("name", "a source that says nothing");
  });
  c.licenses = m.texts("licenses");
  c.licenses_from = m.optional_text("licenses_from");
  if (m.has("claimed")) {
    c.claimed = m.flag("claimed");
    if (!c.claimed) m.fail("claimed", "stands here only when it is true");
  }
  c.file = m.text("file");
  c.file_digest = m.optional_text("digest");
  c.layer = m.layer("layer");
  const bool has_place = m.has("place");
  const Place place = has_place ? m.one("place", read_place) : Place{};
  c.owned_files = m.texts("owned_files");
  c.packaged_as = m.optional_text("packaged_as");
  c.side = m.word("from", kSides);
  c.confidence = m.word("confidence", kConfidences);
  c.evidence = m.rows("evidence", read_evidence);
  if (has_place == c.evidence.empty() || (has_place && place != c.evidence.front().place))
    m.fail("place", "is not that of the first evidence");
  m.done();
  return c;
}

// ---- Findings

std::string_view justification_of(const Finding& finding) {
  if (finding.evidence.empty()) return {};
  if (finding.verdict == Verdict::not_present) return "vulnerable_code_not_present";
  if (finding.verdict == Verdict::present_unreachable) return "vulnerable_code_not_in_execute_path";
  return {};
}

void read_scores(Members& m, Finding& f) {
  m.optional_object("cvss", [&](Members& cvss) {
    f.cvss = cvss.optional_text("vector");
    f.cvss_score = cvss.optional_text("score");
    if (f.cvss.empty() && f.cvss_score.empty()) cvss.fail("score", "a rating that says nothing");
  });
  f.kev = m.flag("kev");
  m.optional_object("epss", [&](Members& epss) {
    f.epss = epss.text("score");
    f.epss_percentile = epss.optional_text("percentile");
    if (f.epss.empty()) epss.fail("score", "an empty text");
  });
}

void read_verdict(Members& m, Finding& f) {
  m.object("verdict", [&](Members& verdict) {
    f.verdict = verdict.word("status", kVerdicts);
    const std::string justification = verdict.optional_text("justification");
    f.why = verdict.text("why");
    if (verdict.has("functions")) f.functions = verdict.texts("functions");
    if (verdict.has("path")) f.path = verdict.texts("path");
    f.evidence = verdict.rows("proof", read_evidence);
    if (justification != justification_of(f))
      verdict.fail("justification", "is not what status and proof amount to");
  });
}

Finding read_finding(Reader& reader, const Value& value) {
  Members m(reader, value);
  Finding f;
  f.id = m.text("id");
  f.aliases = m.texts("aliases");
  f.component = m.text("component");
  f.severity = m.word("severity", kSeverities);
  read_scores(m, f);
  f.fixed_in = m.texts("fixed_in");
  if (m.has("fix")) f.fix = m.word("fix", kFixStates);
  f.published = m.optional_text("published");
  f.disputed = m.has("disputed") && m.flag("disputed");
  f.withdrawn = m.has("withdrawn") && m.flag("withdrawn");
  f.range_uncertain = m.flag("range_uncertain");
  f.source = m.text("source");
  read_verdict(m, f);
  f.ignored = m.flag("ignored");
  if (f.ignored) f.ignored_because = m.text("ignored_because");
  f.stated = m.optional_text("stated");
  f.in_baseline = m.flag("in_baseline");
  m.done();
  return f;
}

// ---- The rest

Mention read_mention(Reader& reader, const Value& value) {
  Members m(reader, value);
  Mention mention;
  mention.library = m.text("library");
  mention.version = m.optional_text("version");
  mention.file = m.text("file");
  mention.why = m.text("why");
  mention.evidence = m.one("evidence", read_evidence);
  m.done();
  return mention;
}

Gap read_gap(Reader& reader, const Value& value) {
  Members m(reader, value);
  Gap gap;
  gap.stage = m.text("stage");
  gap.file = m.optional_text("file");
  gap.file_digest = m.optional_text("digest");
  gap.layer = m.layer("layer");
  gap.code = m.word("code", kErrorCodes);
  gap.reason = m.text("reason");
  m.done();
  return gap;
}

DataRow read_data(Reader& reader, const Value& value) {
  Members m(reader, value);
  DataRow row;
  row.kind = m.text("kind");
  row.id = m.text("id");
  row.date = m.optional_text("date");
  m.done();
  return row;
}

// "2026-11-24T12:00:00Z": the formats cut it and write it where a time must stand.
bool is_time(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return false;
  }
  return true;
}

// What a schema cannot say and the formats rely on.
void check_references(Members& m, const Report& report) {
  std::set<std::string_view> ids;
  for (const Component& component : report.components)
    if (!ids.insert(component.id).second)
      return m.fail("components", "two with the id \"" + printable(component.id) + "\"");
  for (const Finding& finding : report.findings)
    if (!ids.contains(finding.component))
      return m.fail("findings", "one refers to a component that is not there: \"" +
                                    printable(finding.component) + "\"");
}

// ---- Hardening

HardeningRow read_hardening(Reader& reader, const Value& value) {
  Members m(reader, value);
  HardeningRow row;
  row.path = m.text("path");
  row.digest = m.optional_text("digest");
  row.layer = m.layer("layer");
  row.type = m.text("type");
  row.machine = m.text("machine");
  row.language = m.optional_text("language");
  row.libc = m.optional_text("libc");
  m.each_member("checks", [&](const std::string& id, const Value& member) {
    Members check(reader, member);
    HardeningCheck& out = row.checks.emplace_back();
    out.id = id;
    out.value = check.text("value");
    out.rating = check.word("rating", kRatings);
    out.why = check.optional_text("why");
    out.place = check.one("place", read_place);
    out.seen = check.text("seen");
    check.done();
  });
  m.done();
  return row;
}

// ---- Bills of materials

ClaimRow read_claim(Reader& reader, const Value& value) {
  Members m(reader, value);
  ClaimRow claim;
  claim.entry.name = m.text("name");
  claim.entry.version = m.optional_text("version");
  claim.entry.type = m.optional_text("type");
  claim.entry.purl = m.optional_text("purl");
  claim.entry.cpe = m.optional_text("cpe");
  claim.entry.licenses = m.texts("licenses");
  claim.entry.digests = m.texts("digests");
  claim.entry.files = m.texts("files");
  claim.entry.place = m.one("place", read_place);
  claim.state = m.word("state", kClaimStates);
  claim.component = m.optional_text("component");
  claim.why = m.text("why");
  claim.evidence = m.rows("evidence", read_evidence);
  m.done();
  return claim;
}

SbomRow read_sbom(Reader& reader, const Value& value) {
  Members m(reader, value);
  SbomRow row;
  row.origin = m.text("origin");
  row.file = m.optional_text("file");
  row.digest = m.optional_text("digest");
  row.layer = m.layer("layer");
  row.form = m.text("form");
  row.tool = m.optional_text("tool");
  row.subject = m.optional_text("subject");
  row.scope = m.optional_text("scope");
  const std::string precision = m.optional_text("precision"), recall = m.optional_text("recall");
  row.found = m.number("found");
  m.object("executable_bytes", [&](Members& bytes) {
    row.executable_bytes = bytes.number("total");
    row.explained_bytes = bytes.number("explained");
  });
  row.unclaimed = m.texts("unclaimed");
  row.claims = m.rows("claims", read_claim);
  if (precision != percent_text(precision_of(row)))
    m.fail("precision", "contradicts the states of the claims");
  if (recall != percent_text(recall_of(row))) m.fail("recall", "contradicts what is unclaimed");
  m.done();
  return row;
}

UnloadedLibrary read_unloaded(Reader& reader, const Value& value) {
  Members m(reader, value);
  UnloadedLibrary library;
  library.path = m.text("path");
  library.digest = m.optional_text("digest");
  library.layer = m.layer("layer");
  library.soname = m.optional_text("soname");
  library.why = m.text("why");
  m.done();
  return library;
}

// ---- What can be executed, and the configuration

StartStep read_step(Reader& reader, const Value& value) {
  Members m(reader, value);
  StartStep step;
  step.what = m.text("what");
  step.path = m.text("path");
  step.seen = m.text("seen");
  step.layer = m.layer("layer");
  m.done();
  return step;
}

ShellProof::Reason read_reason(Reader& reader, const Value& value) {
  Members m(reader, value);
  ShellProof::Reason reason;
  reason.why = m.text("why");
  reason.programs = m.number("programs");
  m.done();
  return reason;
}

ToolRow read_tool(Reader& reader, const Value& value) {
  Members m(reader, value);
  ToolRow row;
  row.tool = m.text("tool");
  row.category = m.text("category");
  row.what = m.text("what");
  row.path = m.text("path");
  row.digest = m.optional_text("digest");
  row.layer = m.layer("layer");
  row.bytes = m.number("bytes");
  row.names = m.texts("names");
  row.commands = m.texts("commands");
  row.owner = m.optional_text("owner");
  row.executable = m.flag("executable");
  row.needed = m.flag("needed");
  row.evidence = m.rows("evidence", read_evidence);
  m.done();
  return row;
}

Ability read_ability(Reader& reader, const Value& value) {
  Members m(reader, value);
  Ability ability;
  ability.id = m.text("id");
  ability.what = m.text("what");
  ability.evidence = m.rows("evidence", read_evidence);
  m.done();
  return ability;
}

ProgramRow read_program(Reader& reader, const Value& value) {
  Members m(reader, value);
  ProgramRow row;
  row.path = m.text("path");
  row.digest = m.optional_text("digest");
  row.layer = m.layer("layer");
  row.bytes = m.number("bytes");
  row.libraries = m.texts("libraries");
  row.abilities = m.rows("abilities", read_ability);
  m.done();
  return row;
}

Execution read_execution(Reader& reader, const Value& value) {
  Members m(reader, value);
  Execution execution;
  m.object("start", [&](Members& start) {
    execution.start.arguments = start.texts("arguments");
    execution.user = start.optional_text("user");
    execution.start.program = start.optional_text("program");
    execution.start.steps = start.rows("steps", read_step);
    execution.start.problems = start.texts("problems");
  });
  m.object("shell", [&](Members& shell) {
    execution.shell.verdict = shell.word("verdict", kShellVerdicts);
    execution.shell.programs = shell.number("programs");
    execution.shell.excluded = shell.rows("excluded", read_reason);
    execution.shell.shells = shell.rows("shells", read_evidence);
    execution.shell.doubts = shell.rows("doubts", read_evidence);
    execution.shell.interpreters = shell.rows("interpreters", read_evidence);
  });
  execution.tools = m.rows("tools", read_tool);
  execution.programs = m.rows("programs", read_program);
  m.done();
  return execution;
}

BundleRow read_bundle(Reader& reader, const Value& value) {
  Members m(reader, value);
  BundleRow row;
  row.path = m.text("path");
  row.digest = m.text("digest");
  row.layer = m.layer("layer");
  row.owner = m.optional_text("owner");
  row.authorities = m.number("authorities");
  row.expired = m.number("expired");
  row.distrusted = m.number("distrusted");
  row.unknown = m.number("unknown");
  row.missing = m.number("missing");
  row.unreadable = m.number("unreadable");
  m.done();
  return row;
}

TimeZoneRow read_time_zone(Reader& reader, const Value& value) {
  Members m(reader, value);
  TimeZoneRow row;
  row.release = m.text("release");
  std::vector<Evidence> evidence = m.rows("evidence", read_evidence);
  if (!evidence.empty()) row.evidence = std::move(evidence.front());
  m.done();
  return row;
}

Trust read_trust(Reader& reader, const Value& value) {
  Members m(reader, value);
  Trust trust;
  trust.bundles = m.rows("bundles", read_bundle);
  trust.time_zones = m.rows("time_zones", read_time_zone);
  m.done();
  return trust;
}

ConfigurationRow read_configuration(Reader& reader, const Value& value) {
  Members m(reader, value);
  ConfigurationRow row;
  row.id = m.text("id");
  row.severity = m.text("severity");
  row.title = m.text("title");
  row.why = m.text("why");
  row.fix = m.text("fix");
  row.count = m.number("count");
  row.evidence = m.rows("evidence", read_evidence);
  m.done();
  return row;
}

Report read_document(Reader& reader, const Value& value) {
  Members m(reader, value);
  Report report;
  if (m.has("schema") && value["schema"].natural() != kSchema)
    m.fail("schema", "this fathom reads " + std::to_string(kSchema));
  m.number("schema");
  m.object("tool", [&](Members& tool) {
    if (tool.text("name") != "fathom") tool.fail("name", "not a fathom report");
    tool.text("version");
  });
  report.target = m.text("target");
  report.now = m.text("now");
  if (!reader.failed() && !is_time(report.now))
    m.fail("now", "expected a time like 2026-11-24T12:00:00Z");
  const std::uint64_t status = m.number("exit_status");
  if (status > 4) m.fail("exit_status", "expected 0 to 4");
  report.exit_status = static_cast<int>(status);
  report.incomplete = m.flag("incomplete");
  m.object("policy", [&](Members& policy) {
    report.policy.failed = policy.flag("failed");
    report.policy.reasons = policy.texts("reasons");
  });
  report.image = m.one("image", read_image);
  report.coverage = m.one("coverage", read_coverage);
  report.findings = m.rows("findings", read_finding);
  report.components = m.rows("components", read_component);
  report.hardening = m.rows("hardening", read_hardening);
  report.unloaded = m.rows("unloaded", read_unloaded);
  report.sboms = m.rows("sboms", read_sbom);
  report.gaps = m.rows("gaps", read_gap);
  report.execution = m.one("execution", read_execution);
  report.trust = m.one("trust", read_trust);
  report.origin = m.one("origin", read_origins);
  report.configuration = m.rows("configuration", read_configuration);
  report.mentions = m.rows("mentions", read_mention);
  report.files = m.rows("files", read_file);
  report.data = m.rows("data", read_data);
  report.notes = m.texts("notes");
  if (!reader.failed()) check_references(m, report);
  m.done();
  return report;
}

}  // namespace

Result<Report> read_report(std::string_view json, const Limits& limits) {
  if (json.size() > limits.report_bytes)
    return Error{ErrorCode::limit_exceeded,
                 "a report of more than " + human_bytes(limits.report_bytes)};
  Limits nodes = limits;
  nodes.json_nodes = limits.report_nodes;
  const Value document = TRY(json::parse(json, nodes));
  // Said first: everything else would be wrong as well and say less.
  if (!document.has("schema") || !document["tool"].has("name"))
    return Error{ErrorCode::malformed, "not a fathom report; write one with -o json"};
  Reader reader;
  Report report = read_document(reader, document);
  if (reader.failed()) return reader.take_error();
  return report;
}

}  // namespace fathom
