// What the user decided about findings: which to ignore and until when, which are old news, what a
// vendor's VEX says, and what makes a scan fail. Changes only the policy fields of a report and
// its exit status.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/report.h"

namespace fathom::policy {

// What a finding must be, all of it, to fail a gate.
struct Condition {
  std::optional<Severity> severity;  // this one or above
  bool kev = false, reachable = false, fixable = false;
  std::optional<double> epss;  // this probability or above
};

struct Gates {
  std::optional<Severity> severity;  // --fail-on high: this severity or above
  bool kev = false, reachable = false, gaps = false, unknown = false;
  bool fixable = false;                // some release has a fix
  std::optional<double> epss;          // --fail-on epss>=0.1
  std::vector<Condition> combined;     // --fail-on high+fixable
  std::optional<double> min_coverage;  // per cent of executable bytes
  bool strict = false;                 // gaps give exit status 4
};

// Adds one --fail-on word: a severity, "kev", "epss>=0.1", "fixable", "reachable", "gaps",
// "unknown"; or several of the first five joined by "+", which must then all be true of a finding.
Done add_gate(Gates& gates, std::string_view word);

struct IgnoreRule {
  std::string id;         // advisory id or alias
  std::string component;  // component name or purl; empty = any
  std::string path;       // the file, or a folder above it; empty = any
  std::string reason;     // required in fathom's own form
  std::string expires;    // "2027-01-31": from that day on (UTC) it does not apply; empty = never
  std::string origin;     // "ignore.yaml:12", for messages
  // VEX only:
  std::vector<std::string> aliases;  // other names of `id`
  std::string product;               // purl or IRI of the image or of a component; empty = any
  std::string status;                // what it states: "not_affected", "fixed"
  bool imported = false;  // of the database, not named for this image: no note when unused
};

// Whether its day has come; `now` is a time like "2026-11-24T12:00:00Z".
bool is_expired(const IgnoreRule& rule, std::string_view now);

// fathom's YAML form (a list of maps with the keys id, component, path, reason, expires; id and
// reason are required), or .trivyignore's lines (one id a line, "exp:2027-01-31", # comments). The
// first thing that is not understood is an error: a rule that is silently dropped, or silently
// wider than meant, is worse than none.
Result<std::vector<IgnoreRule>> parse_ignore_file(std::string_view text, std::string_view name);

// Statements not_affected and fixed of an OpenVEX document, as rules. Of several statements on the
// same vulnerability and product the latest counts, so that a vendor can take one back.
// https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md
Result<std::vector<IgnoreRule>> parse_openvex(std::string_view text, std::string_view name);

// The same of any form of VEX that is read: OpenVEX, CycloneDX, CSAF 2.0; told apart by what is in
// the document.
Result<std::vector<IgnoreRule>> parse_vex(std::string_view text, std::string_view name);

// Keys of findings in an earlier JSON report. A key names the advisory, the component without its
// version, and the file: the same flaw in a newer release of the same component is old news.
Result<std::vector<std::string>> parse_baseline(std::string_view json, std::string_view name);

struct Policy {
  Gates gates;
  std::vector<IgnoreRule> ignore;
  std::vector<std::string> baseline;  // finding keys
  bool has_baseline = false;
};

// Sets ignored / in_baseline on findings, policy outcome and exit status (design: 2 usage, 1 policy
// failed, 3 not assessed, 4 gaps and strict, 0). Findings with an uncertain range never fail a
// severity, kev or reachable gate; the gate "unknown" is for them. Ignored findings, those of the
// baseline and those that are proven to do no harm fail no gate. An expired rule is a note, not an
// ignore; so is a rule that matched nothing. What led to exit status 3 or 4 is a note too.
void apply(Report& report, const Policy& policy);

}  // namespace fathom::policy
