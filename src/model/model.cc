#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/component.h"
#include "model/evidence.h"
#include "model/hardening.h"
#include "model/links.h"
#include "model/report.h"
#include "model/sbom.h"

namespace fathom {

std::string text_of(const Place& place) {
  switch (place.kind) {
    case Place::Kind::whole_file:
      return "whole file";
    case Place::Kind::offset:
      return "offset " + hex_number(place.value) +
             (place.text.empty() ? "" : " (" + place.text + ")");
    case Place::Kind::address:
      return "address " + hex_number(place.value) +
             (place.text.empty() ? "" : " (" + place.text + ")");
    case Place::Kind::line:
      return "line " + std::to_string(place.value);
    case Place::Kind::pointer:
    case Place::Kind::name:
      return place.text;
  }
  return {};
}

std::string_view name_of(ShellVerdict verdict) {
  switch (verdict) {
    case ShellVerdict::present:
      return "present";
    case ShellVerdict::absent:
      return "absent";
    case ShellVerdict::not_excluded:
      return "not_excluded";
  }
  return {};
}

std::string_view name_of(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::package:
      return "package";
    case ComponentKind::module:
      return "module";
    case ComponentKind::embedded_library:
      return "embedded_library";
    case ComponentKind::runtime:
      return "runtime";
    case ComponentKind::application:
      return "application";
  }
  return {};
}

std::string_view name_of(Confidence confidence) {
  switch (confidence) {
    case Confidence::low:
      return "low";
    case Confidence::medium:
      return "medium";
    case Confidence::high:
      return "high";
  }
  return {};
}

std::string_view name_of(Rating rating) {
  switch (rating) {
    case Rating::good:
      return "good";
    case Rating::partial:
      return "partial";
    case Rating::missing:
      return "missing";
    case Rating::bad:
      return "bad";
    case Rating::neutral:
      return "neutral";
    case Rating::unknown:
      return "unknown";
  }
  return {};
}

const HardeningCheck* HardeningRow::find(std::string_view id) const {
  for (const HardeningCheck& check : checks)
    if (check.id == id) return &check;
  return nullptr;
}

std::string_view name_of(LinkKind kind) {
  switch (kind) {
    case LinkKind::dynamic:
      return "dynamic";
    case LinkKind::static_file:
      return "static";
    case LinkKind::static_pie:
      return "static-pie";
    case LinkKind::not_linked:
      return "not linked";
    case LinkKind::not_dynamic:
      return "not a dynamic executable";
  }
  return {};
}

bool LinkRow::complete() const {
  for (const LinkedLibrary& library : libraries)
    if (library.path.empty()) return false;
  return problems.empty();
}

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::unknown:
      return "unknown";
    case Severity::none:
      return "none";
    case Severity::low:
      return "low";
    case Severity::medium:
      return "medium";
    case Severity::high:
      return "high";
    case Severity::critical:
      return "critical";
  }
  return {};
}

std::optional<Severity> parse_severity(std::string_view text) {
  std::string word = to_lower(text);
  if (word == "moderate") return Severity::medium;
  if (word == "important") return Severity::high;
  if (word == "negligible" || word == "minor") return Severity::low;
  for (Severity severity : {Severity::unknown, Severity::none, Severity::low, Severity::medium,
                            Severity::high, Severity::critical})
    if (word == name_of(severity)) return severity;
  return {};
}

std::string_view name_of(FixState state) {
  switch (state) {
    case FixState::unknown:
      return "unknown";
    case FixState::fixed:
      return "fixed";
    case FixState::not_fixed:
      return "not_fixed";
    case FixState::deferred:
      return "deferred";
    case FixState::will_not_fix:
      return "will_not_fix";
    case FixState::end_of_life:
      return "end_of_life";
  }
  return "unknown";
}

std::optional<FixState> parse_fix_state(std::string_view text) {
  for (FixState state : {FixState::unknown, FixState::fixed, FixState::not_fixed,
                         FixState::deferred, FixState::will_not_fix, FixState::end_of_life})
    if (text == name_of(state)) return state;
  return {};
}

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::not_present:
      return "not_present";
    case Verdict::present_unreachable:
      return "present_unreachable";
    case Verdict::reachable:
      return "reachable";
    case Verdict::reachable_indirectly:
      return "reachable_indirectly";
    case Verdict::patched:
      return "patched";
    case Verdict::affected_by_version:
      return "affected_by_version";
    case Verdict::unknown:
      return "unknown";
  }
  return {};
}

std::string_view name_of(FileState state) {
  switch (state) {
    case FileState::identified:
      return "identified";
    case FileState::inert:
      return "inert";
    case FileState::gap:
      return "gap";
  }
  return {};
}

std::string_view name_of(Side side) {
  switch (side) {
    case Side::unknown:
      return "unknown";
    case Side::base:
      return "base";
    case Side::yours:
      return "yours";
  }
  return {};
}

std::string_view name_of(Checksum checksum) {
  switch (checksum) {
    case Checksum::none:
      return "none";
    case Checksum::same:
      return "same";
    case Checksum::changed:
      return "changed";
    case Checksum::not_recorded:
      return "not_recorded";
    case Checksum::unread:
      return "unread";
  }
  return {};
}

std::string_view name_of(Explained explained) {
  switch (explained) {
    case Explained::no:
      return "unexplained";
    case Explained::package:
      return "package";
    case Explained::attested:
      return "attested";
    case Explained::revision:
      return "revision";
    case Explained::database:
      return "database";
    case Explained::base:
      return "base";
  }
  return {};
}

std::string_view name_of(BaseBy by) {
  switch (by) {
    case BaseBy::nothing:
      return "nothing";
    case BaseBy::layers:
      return "layers";
    case BaseBy::stated:
      return "stated";
    case BaseBy::packages:
      return "packages";
    case BaseBy::distribution:
      return "distribution";
  }
  return {};
}

std::string_view name_of(ClaimState state) {
  switch (state) {
    case ClaimState::confirmed:
      return "confirmed";
    case ClaimState::other_version:
      return "other_version";
    case ClaimState::version_unknown:
      return "version_unknown";
    case ClaimState::other_digest:
      return "other_digest";
    case ClaimState::not_found:
      return "not_found";
    case ClaimState::not_checked:
      return "not_checked";
  }
  return {};
}

std::uint64_t count_of(const SbomRow& row, ClaimState state, bool files) {
  return static_cast<std::uint64_t>(std::ranges::count_if(row.claims, [&](const ClaimRow& claim) {
    return claim.state == state && claim.entry.is_file() == files;
  }));
}

std::int64_t precision_of(const SbomRow& row) {
  const std::uint64_t right = count_of(row, ClaimState::confirmed);
  const std::uint64_t wrong = count_of(row, ClaimState::other_version) +
                              count_of(row, ClaimState::other_digest) +
                              count_of(row, ClaimState::not_found);
  if (right + wrong == 0) return -1;
  return static_cast<std::int64_t>(right * 10'000 / (right + wrong));
}

std::int64_t recall_of(const SbomRow& row) {
  if (row.found == 0) return -1;
  const std::uint64_t missed = std::min<std::uint64_t>(row.unclaimed.size(), row.found);
  return static_cast<std::int64_t>((row.found - missed) * 10'000 / row.found);
}

}  // namespace fathom
