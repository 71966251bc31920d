// Debian's security tracker: source package → vulnerability → release → what Debian knows of it.
// The document is one object of some 60 MB, so it is cut at its packages first.
//
//   "curl": {"CVE-2023-38545": {"scope": "remote", "releases": {"bookworm": {
//      "status": "resolved", "fixed_version": "7.88.1-10+deb12u4", "urgency": "not yet
//      assigned"}}}}
//
// status: "resolved" (fixed_version "0": never affected), "open", "undetermined". nodsa and
// nodsa_reason say that no advisory is planned: "" (minor, may come with another update),
// "postponed", "ignored". Source: security-tracker.debian.org/tracker/data/json, and the tracker's
// own lib/python/security_db.py.

#include "base/text.h"
#include "feeds/collector.h"
#include "json/outline.h"

namespace fathom::feeds {
namespace {

using json::Value;
using vuln::Advisory;

constexpr std::string_view kSource = "debian";

// Affects all versions, none of them: Debian has looked and says so.
void set_not_affected(Advisory& a) {
  a.ranges = {{}};
  a.unaffected = {{}};
}

void set_open(Advisory& a, const Value& release) {
  a.ranges = {{}};
  a.fix = FixState::not_fixed;
  const std::string_view reason = release["nodsa_reason"].text_or();
  if (reason == "ignored") {
    a.fix = FixState::will_not_fix;
    a.note = "ignored";
  } else if (reason == "postponed") {
    a.fix = FixState::deferred;
    a.note = "postponed";
  } else if (release.has("nodsa")) {
    a.fix = FixState::deferred;
    a.note = "no advisory planned";
  }
  if (std::string_view text = release["nodsa"].text_or(); !text.empty() && text.size() < 80)
    a.note += ": " + std::string(text);
}

void set_urgency(Advisory& a, std::string_view urgency) {
  while (urgency.ends_with('*')) urgency.remove_suffix(1);  // "medium**": rated by a machine
  a.severity = parse_severity(urgency).value_or(Severity::unknown);
  if (urgency == "unimportant") {
    a.severity = Severity::none;
    a.note = a.note.empty() ? "unimportant" : "unimportant, " + a.note;
  }
  if (urgency == "end-of-life" && a.fix != FixState::fixed) {
    a.fix = FixState::end_of_life;
    a.note = a.note.empty() ? "end of life" : "end of life, " + a.note;
  }
}

// False when the status is none that is known.
bool set_status(Advisory& a, const Value& release, const FeedLimits& limits) {
  const std::string_view status = release["status"].text_or();
  const std::string_view fixed = release["fixed_version"].text_or();
  if (status == "open") {
    set_open(a, release);
  } else if (status == "undetermined") {
    a.unreadable = {"undetermined"};
  } else if (status != "resolved") {
    return false;
  } else if (fixed == "0" || fixed.empty()) {
    set_not_affected(a);
  } else if (!is_usable_version(fixed, limits) || !vuln::is_version(vuln::Scheme::dpkg, fixed)) {
    a.unreadable = {"< " + printable(fixed, 80)};
  } else {
    vuln::Range range;
    range.fixed = fixed;
    a.ranges = {range};
    a.fixed_in = {std::string(fixed)};
    a.fix = FixState::fixed;
  }
  set_urgency(a, release["urgency"].text_or());
  return true;
}

Done add_package(std::string_view package, const Value& vulnerabilities, Collector& out) {
  if (!vulnerabilities.object()) {
    out.add_problem({ErrorCode::malformed, printable(package) + ": no vulnerabilities"});
    return Ok{};
  }
  for (const auto& [id, vulnerability] : *vulnerabilities.object()) {
    const json::Object* releases = vulnerability["releases"].object();
    if (releases == nullptr) continue;
    for (const auto& [codename, release] : *releases) {
      Advisory a;
      a.id = id;
      a.ecosystem = out.context().tables.ecosystem_of_codename("Debian", codename);
      a.package = package;
      a.scheme = vuln::Scheme::dpkg;
      a.source = kSource;
      if (set_status(a, release, out.context().limits))
        TRY(out.add(std::move(a)));
      else
        out.add_problem({ErrorCode::malformed, printable(package) + ": " + printable(id) + ": " +
                                                   printable(codename) + ": unknown status"});
    }
  }
  return Ok{};
}

}  // namespace

Done read_debian(std::string_view text, Collector& out) {
  const json::Outline packages = TRY(json::outline(text, out.context().limits));
  out.name_part(std::string(kSource), "", true, out.context().file_day);
  for (const json::Piece& piece : packages.pieces) {
    // The file is one statement; a part that cannot be read would silence a package.
    const Value value = TRY(json::parse(piece.text, out.context().limits).in(printable(piece.key)));
    TRY(add_package(piece.key, value, out));
  }
  return Ok{};
}

}  // namespace fathom::feeds
