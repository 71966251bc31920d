#include "report/sbom_json.h"

#include "report/json_parts.h"

namespace fathom {
namespace {

using json::Writer;
using WriteEvidence = void (*)(Writer&, const Evidence&);

void write_claim(Writer& w, const ClaimRow& claim, WriteEvidence write_evidence) {
  const SbomEntry& entry = claim.entry;
  w.begin_object();
  w.member("name", entry.name);
  w.optional_member("version", entry.version);
  w.optional_member("type", entry.type);
  w.optional_member("purl", entry.purl);
  w.optional_member("cpe", entry.cpe);
  w.strings("licenses", entry.licenses);
  w.strings("digests", entry.digests);
  w.strings("files", entry.files);
  write_place(w, entry.place);
  w.member("state", name_of(claim.state));
  w.optional_member("component", claim.component);
  w.member("why", claim.why);
  w.key("evidence").begin_array();
  for (const Evidence& evidence : claim.evidence) write_evidence(w, evidence);
  w.end_array();
  w.end_object();
}

void write_row(Writer& w, const SbomRow& row, WriteEvidence write_evidence) {
  w.begin_object();
  w.member("origin", row.origin);
  w.optional_member("file", row.file);
  w.optional_member("digest", row.digest);
  if (row.layer >= 0) w.member("layer", row.layer);
  w.member("form", row.form);
  w.optional_member("tool", row.tool);
  w.optional_member("subject", row.subject);
  w.optional_member("scope", row.scope);
  w.optional_member("precision", percent_text(precision_of(row)));
  w.optional_member("recall", percent_text(recall_of(row)));
  w.member("found", row.found);
  w.key("executable_bytes").begin_object();
  w.member("total", row.executable_bytes).member("explained", row.explained_bytes);
  w.end_object();
  w.strings("unclaimed", row.unclaimed);
  w.key("claims").begin_array();
  for (const ClaimRow& claim : row.claims) write_claim(w, claim, write_evidence);
  w.end_array();
  w.end_object();
}

}  // namespace

void write_sboms(Writer& w, const std::vector<SbomRow>& rows, WriteEvidence write_evidence) {
  w.key("sboms").begin_array();
  for (const SbomRow& row : rows) write_row(w, row, write_evidence);
  w.end_array();
}

std::string percent_text(std::int64_t ten_thousandths) {
  if (ten_thousandths < 0) return {};
  const std::string cents = std::to_string(ten_thousandths % 100);
  return std::to_string(ten_thousandths / 100) + "." + (cents.size() == 1 ? "0" : "") + cents;
}

}  // namespace fathom
