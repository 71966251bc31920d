#include "report/iceberg.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "report/rows.h"

namespace fathom {
namespace {

// What package data and build information never are: evidence that comes from code.
bool is_from_code(const Component& component) {
  if (component.kind == ComponentKind::embedded_library) return true;
  return std::ranges::all_of(component.evidence, [](const Evidence& evidence) {
    return evidence.analyzer == "classifier" || evidence.analyzer == "features" ||
           evidence.analyzer == "compiled-code" || evidence.analyzer == "go-pclntab";
  });
}

std::string counted(std::size_t count, std::string_view what) {
  return with_thousands(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

class Sorter {
 public:
  explicit Sorter(const Report& report) : report_(report) {
    for (const Component& component : report.components) by_id_.emplace(component.id, &component);
    for (const FileRow& file : report.files)
      if (!file.owner.empty() && !file.shadowed) ++intact_[file.owner];
    for (const Component& component : report.components)
      if (!component.packaged_as.empty()) confirmed_.emplace(component.packaged_as, &component);
    for (const Finding& finding : report.findings) count(finding);
  }

  Iceberg run() {
    Iceberg out;
    for (const Component& component : report_.components) {
      if (component.ecosystem == "os") continue;  // a name for the whole, not a part
      if (is_from_code(component))
        add_code(component, out);
      else
        add_listed(component, out);
    }
    std::ranges::stable_sort(out.rows, [](const SightRow& a, const SightRow& b) {
      auto order = [](Sight sight) {
        return sight == Sight::hidden ? 0 : sight == Sight::both ? 1 : 2;
      };
      return std::tuple(order(a.sight), -static_cast<int>(a.worst),
                        -static_cast<std::int64_t>(a.findings)) <
             std::tuple(order(b.sight), -static_cast<int>(b.worst),
                        -static_cast<std::int64_t>(b.findings));
    });
    const Coverage& coverage = report_.coverage;
    out.dark_bytes =
        coverage.executable_bytes - std::min(coverage.executable_bytes, coverage.attributed_bytes);
    return out;
  }

 private:
  struct Count {
    std::size_t findings = 0;
    Severity worst = Severity::none;
  };

  void count(const Finding& finding) {
    if (suppression_of(finding) != Suppression::none || finding.range_uncertain ||
        finding.in_baseline || finding.withdrawn)
      return;
    Count& count = counts_[finding.component];
    ++count.findings;
    count.worst = std::max(count.worst, finding.severity);
  }

  void add(Iceberg& out, SightRow row) const {
    std::set<std::string_view> ids = {row.component->id};
    if (row.counterpart != nullptr) ids.insert(row.counterpart->id);
    for (std::string_view id : ids) {
      auto found = counts_.find(id);
      if (found == counts_.end()) continue;
      row.findings += found->second.findings;
      row.worst = std::max(row.worst, found->second.worst);
    }
    SightTotals& totals = row.sight == Sight::both     ? out.both
                          : row.sight == Sight::hidden ? out.hidden
                                                       : out.claimed;
    ++totals.components;
    totals.findings += row.findings;
    out.rows.push_back(std::move(row));
  }

  void add_code(const Component& component, Iceberg& out) const {
    auto package =
        component.packaged_as.empty() ? by_id_.end() : by_id_.find(component.packaged_as);
    if (package == by_id_.end())
      return add(
          out, {&component, Sight::hidden, nullptr, "its code is in the file", 0, Severity::none});
    add(out, {&component, Sight::both, package->second,
              "its code is in the file, which the package owns", 0, Severity::none});
  }

  void add_listed(const Component& component, Iceberg& out) const {
    if (confirmed_.contains(component.id)) return;  // its code stands for it
    auto intact = intact_.find(component.id);
    if (intact != intact_.end())
      return add(out, {&component, Sight::both, nullptr,
                       counted(intact->second, "file") + " of it as installed", 0, Severity::none});
    const bool is_package = component.kind == ComponentKind::package;
    add(out, {&component, Sight::claimed, nullptr,
              is_package ? "no file of it is here as it was installed"
                         : "named by the build; its code was not told apart",
              0, Severity::none});
  }

  const Report& report_;
  std::map<std::string_view, const Component*> by_id_;
  std::map<std::string_view, std::size_t> intact_;
  std::multimap<std::string_view, const Component*> confirmed_;
  std::map<std::string_view, Count> counts_;
};

}  // namespace

std::string_view name_of(Sight sight) {
  switch (sight) {
    case Sight::both:
      return "both";
    case Sight::hidden:
      return "hidden";
    case Sight::claimed:
      return "claimed";
  }
  return {};
}

Iceberg iceberg_of(const Report& report) { return Sorter(report).run(); }

}  // namespace fathom
