// OpenVEX 0.2.0 (https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md): what the code of the
// image says about each advisory. not_affected and fixed are said only with proof; a version that
// is in a range is under_investigation, because a range says nothing about this image.
//
// A statement names a vulnerability in a component of a product and knows no files. Where two
// files of the image hold the same component and the answers differ, the worse one is given. The
// product is the image, by its package URL, and the component stands below it; an image without a
// digest or a name has none, and then the component itself is the product.
//
// Scanners that are given an SBOM do not always know which image it is of (Trivy 0.74 matches the
// packages of an SBOM and nothing above them). For them there is a second form, in which the
// product is the component: good for the SBOM of this image, and too wide for any other.

#include <algorithm>
#include <map>

#include "base/digest.h"
#include "base/text.h"
#include "json/writer.h"
#include "report/escape.h"
#include "report/formats.h"
#include "report/rows.h"
#include "report/uuid.h"

namespace fathom {
namespace {

using json::Writer;

// In the order in which one outweighs the other.
enum class Status { not_affected, fixed, under_investigation, affected };

std::string_view name_of(Status status) {
  switch (status) {
    case Status::not_affected:
      return "not_affected";
    case Status::fixed:
      return "fixed";
    case Status::under_investigation:
      return "under_investigation";
    case Status::affected:
      return "affected";
  }
  return {};
}

Status status_of(const Finding& finding) {
  // Who stated something knows more than the code tells.
  if (finding.stated == "fixed") return Status::fixed;
  if (finding.stated == "not_affected") return Status::not_affected;
  switch (finding.verdict) {
    case Verdict::not_present:
    case Verdict::present_unreachable:
      return finding.evidence.empty() ? Status::under_investigation : Status::not_affected;
    case Verdict::patched:
      return finding.evidence.empty() ? Status::under_investigation : Status::fixed;
    case Verdict::reachable:
    case Verdict::reachable_indirectly:
      return Status::affected;
    case Verdict::affected_by_version:
    case Verdict::unknown:
      break;
  }
  return Status::under_investigation;
}

std::string_view justification_of(const Finding& finding) {
  return finding.verdict == Verdict::not_present ? "vulnerable_code_not_present"
                                                 : "vulnerable_code_not_in_execute_path";
}

std::string notes_of(const Finding& finding) {
  if (!finding.stated.empty()) return "stated: " + printable(finding.ignored_because, 1000);
  std::string text = printable(finding.why, 1000);
  for (const Evidence& proof : finding.evidence)
    text += (text.empty() ? "" : "; ") + printable(proof.analyzer) + ", " + printable(proof.file) +
            ", " + printable(text_of(proof.place)) + ": " + printable(proof.seen);
  return text;
}

// The package URL, else the CPE, else a name of our own: something a reader can compare.
struct Identity {
  std::string id, cpe;
  bool operator<(const Identity& other) const {
    return std::tie(id, cpe) < std::tie(other.id, other.cpe);
  }
};

Identity identity_of(const Component& component) {
  if (!component.purl.empty()) return {component.purl, component.cpe};
  return {"urn:fathom:component:" + uri_path(component.name) + ":" +
              uri_path(version_text(component.version)),
          component.cpe};
}

struct Statement {
  const Finding* finding = nullptr;
  Identity component;
};

std::vector<Statement> statements_of(const Report& report) {
  std::map<std::pair<std::string_view, Identity>, std::size_t> index;
  std::vector<Statement> statements;
  for (const FindingRow& row : rows_of(report, {.show_suppressed = true})) {
    Identity component = identity_of(*row.component);
    auto [at, is_new] =
        index.emplace(std::pair(std::string_view(row.finding->id), component), statements.size());
    if (is_new)
      statements.push_back({row.finding, std::move(component)});
    else if (status_of(*row.finding) > status_of(*statements[at->second].finding))
      statements[at->second].finding = row.finding;
  }
  return statements;
}

void write_identity(Writer& w, const Identity& identity) {
  w.member("@id", identity.id);
  const bool is_purl = identity.id.starts_with("pkg:");
  if (!is_purl && identity.cpe.empty()) return;
  w.key("identifiers").begin_object();
  if (is_purl) w.member("purl", identity.id);
  w.optional_member("cpe23", identity.cpe);
  w.end_object();
}

void write_products(Writer& w, const Identity& component, const std::string& image) {
  w.key("products").begin_array().begin_object();
  if (image.empty()) {
    write_identity(w, component);
  } else {
    write_identity(w, {image, {}});
    w.key("subcomponents").begin_array().begin_object();
    write_identity(w, component);
    w.end_object().end_array();
  }
  w.end_object().end_array();
}

std::string action_of(const Finding& finding) {
  if (finding.fixed_in.empty()) return "No release with a fix is known.";
  return "Update to " + printable(join(finding.fixed_in, ", ")) + ".";
}

void write_statement(Writer& w, const Statement& statement, const std::string& image) {
  const Finding& finding = *statement.finding;
  const Status status = status_of(finding);
  w.begin_object();
  w.key("vulnerability").begin_object();
  w.optional_member("@id", advisory_url(finding.id)).member("name", finding.id);
  if (!finding.aliases.empty()) w.strings("aliases", finding.aliases);
  w.end_object();
  write_products(w, statement.component, image);
  w.member("status", name_of(status));
  if (status == Status::not_affected) {
    if (finding.stated.empty()) w.member("justification", justification_of(finding));
    w.optional_member("impact_statement", notes_of(finding));
  } else {
    w.optional_member("status_notes", notes_of(finding));
  }
  if (status == Status::affected) w.member("action_statement", action_of(finding));
  w.end_object();
}

// `image` is its package URL, or empty when components are the products.
std::string document(const Report& report, const std::string& image, std::string_view id) {
  Writer w;
  w.begin_object();
  w.member("@context", "https://openvex.dev/ns/v0.2.0");
  w.member("@id", id);
  w.member("author", "fathom").member("role", "scanner");
  w.member("timestamp", report.now);
  w.member("version", 1);
  w.member("tooling", "fathom " FATHOM_VERSION);
  w.key("statements").begin_array();
  for (const Statement& statement : statements_of(report)) write_statement(w, statement, image);
  w.end_array();
  w.end_object();
  return w.finish();
}

// The id is made of the content: the same report, the same document.
std::string with_id(const Report& report, const std::string& image) {
  const std::string name = "urn:" + sha256_of(ByteView::of(document(report, image, ""))).text();
  return document(report, image, "urn:uuid:" + uuid_of(kUrlNamespace, name));
}

std::string run(const Report& report, const ReportOptions&) {
  return with_id(report, image_purl(report.image));
}

std::string run_components(const Report& report, const ReportOptions&) {
  return with_id(report, {});
}

}  // namespace

const Reporter kOpenvexReporter = {
    .name = "openvex",
    .version = 1,
    .summary = "OpenVEX 0.2.0: a statement per advisory and component",
    .run = run,
};

const Reporter kOpenvexComponentsReporter = {
    .name = "openvex-components",
    .version = 1,
    .summary = "the same with components as products, for scanners of this image's SBOM",
    .run = run_components,
};

}  // namespace fathom
