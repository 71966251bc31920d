#include "audit/rows.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "audit/audit.h"

namespace fathom::audit {
namespace {

std::size_t gravity(std::string_view severity) {
  constexpr auto kOrder =
      std::to_array<std::string_view>({"critical", "high", "medium", "low", "info"});
  return static_cast<std::size_t>(std::ranges::find(kOrder, severity) - kOrder.begin());
}

}  // namespace

void Rows::add(std::string_view rule, Evidence evidence) {
  auto known = knowledge_.rules.find(rule);
  assert(known != knowledge_.rules.end());
  if (known == knowledge_.rules.end()) return;
  ConfigurationRow& row = rows_[known->first];
  if (row.count == 0) {
    const Rule& text = known->second;
    row.id = text.id;
    row.severity = text.severity;
    row.title = text.title;
    row.why = text.why;
    row.fix = text.fix;
  }
  ++row.count;
  if (row.evidence.size() < ConfigurationRow::kMostEvidence)
    row.evidence.push_back(std::move(evidence));
}

void Rows::add_setting(std::string_view rule, std::string pointer, std::string seen) {
  add(rule, {"audit", "", "", {Place::Kind::pointer, 0, std::move(pointer)}, std::move(seen)});
}

std::vector<ConfigurationRow> Rows::take() {
  std::vector<ConfigurationRow> out;
  for (auto& [id, row] : rows_) out.push_back(std::move(row));
  std::ranges::stable_sort(out, {},
                           [](const ConfigurationRow& row) { return gravity(row.severity); });
  return out;
}

Configuration audit_configuration(const Input& input) {
  Configuration out;
  const Lookup lookup(input);
  Rows rows(input.knowledge);
  audit_settings(lookup, rows);
  audit_files(lookup, rows);
  audit_accounts(lookup, rows);
  audit_secrets(lookup, rows);
  out.trust = audit_trust(lookup, rows);
  audit_doctored(lookup, rows);
  audit_go_builds(lookup, rows);
  out.rows = rows.take();
  return out;
}

}  // namespace fathom::audit
