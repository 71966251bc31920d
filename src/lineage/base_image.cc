// An image does not say where its base ends. Digests of layers do, where they are known. Otherwise
// the history line of the layer that brings the system's os-release shows how that layer was made:
// by the tool of a distribution, as one import of a root file system, or by somebody's COPY. Only
// the first two are taken for a base with an end; a squashed image, a folder or a tar has none, and
// then a file's side is not known. A label that names a base says who it is and not where it ends:
// layers behind the system's own may be its as well.

#include "lineage/base_image.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "lineage/lineage.h"

namespace fathom::lineage {
namespace {

using Kind = BaseRow::Kind;
constexpr std::string_view kAnalyzer = "base-image";

struct System {
  std::string id, version;
  std::size_t layer = 0;
  Evidence evidence;
};

bool is_os_release(std::string_view path) {
  return path == "etc/os-release" || path == "usr/lib/os-release";
}

bool is_package_claim(const PackageClaim& claim) {
  return claim.installed &&
         (claim.component.ecosystem == "deb" || claim.component.ecosystem == "apk");
}

std::string filled(std::string text, std::string_view version) {
  auto numbers = [&](std::size_t count) {
    std::size_t end = 0;
    for (; count > 0 && end != version.npos; --count) end = version.find('.', end + (end > 0));
    return std::string(version.substr(0, end));
  };
  for (const auto& [mark, value] : std::map<std::string, std::string>{
           {"{version}", std::string(version)}, {"{major}", numbers(1)}, {"{minor}", numbers(2)}})
    if (const std::size_t at = text.find(mark); at != text.npos)
      text.replace(at, mark.size(), value);
  while (text.ends_with(':')) text.pop_back();
  return text;
}

// "2026-11-24" of a time; clocks that a reproducible build has set to nothing say nothing.
std::string day_of(std::string_view time) {
  return time.size() >= 10 && time.substr(0, 4) > "1990" ? std::string(time.substr(0, 10)) : "";
}

// debuerreotype's history lines end in '@1716768000'.
std::string day_in_history(std::string_view line) {
  const std::size_t at = line.find("'@");
  if (at == line.npos) return {};
  const std::string_view rest = line.substr(at + 2);
  const std::optional<std::uint64_t> seconds = parse_unsigned(rest.substr(0, rest.find('\'')));
  constexpr std::uint64_t kDay = 24 * 60 * 60;
  if (!seconds || *seconds < 20 * 365 * kDay || *seconds > 200 * 365 * kDay) return {};
  // Days to a date: H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
  const std::int64_t z = static_cast<std::int64_t>(*seconds / kDay) + 719468;
  const std::int64_t era = z / 146097, doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  const std::int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
  const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(yoe + era * 400 + (month <= 2 ? 1 : 0)) + "-" + two(month) + "-" + two(day);
}

class Finder {
 public:
  Finder(const ImageView& view, const std::vector<BaseRow>& rows) : view_(view), rows_(rows) {}

  FoundBase run() {
    find_system();
    if (!by_layers()) {
      by_history();
      by_system();
      by_label();
    }
    collect_packages();
    if (base_.by == BaseBy::distribution || base_.by == BaseBy::nothing) by_packages();
    if (base_.by == BaseBy::nothing) base_.end_is_known = has_layers();
    if (base_.layers > 0 && base_.created.empty()) find_day();
    return {std::move(base_), std::move(packages_)};
  }

 private:
  const std::vector<LayerRow>& layers() const { return view_.image.layers; }
  // A folder, a tar or a file is one "layer" that nobody has made as one.
  bool has_layers() const {
    return std::ranges::any_of(layers(), [](const LayerRow& l) { return !l.diff_id.empty(); });
  }

  void add_evidence(std::string file, Place place, std::string seen) {
    base_.evidence.push_back(
        {std::string(kAnalyzer), std::move(file), {}, std::move(place), std::move(seen)});
  }
  void add_layer_evidence(std::size_t layer, std::string seen) {
    add_evidence("", Place::named("layer " + std::to_string(layer)), std::move(seen));
  }

  // The first layer with an os-release, which is the base's own even where a later one replaced it.
  void find_system() {
    for (const image::TreeFile& file : view_.tree.files()) {
      if (!is_os_release(file.entry.path) || file.layer < 0) continue;
      const FileFacts* facts = view_.facts_of(file.entry.digest);
      if (facts == nullptr) continue;
      const auto layer = static_cast<std::size_t>(file.layer);
      if (system_ && system_->layer <= layer) continue;
      for (const PackageClaim& claim : facts->packages) {
        if (claim.component.ecosystem != "os") continue;
        Evidence seen = claim.component.evidence.empty() ? Evidence() : claim.component.evidence[0];
        seen.file = file.entry.path;
        seen.file_digest = file.entry.digest;
        system_ = {claim.component.name, claim.component.version.exact, layer, std::move(seen)};
      }
    }
  }

  bool by_layers() {
    const BaseRow* best = nullptr;
    for (const BaseRow& row : rows_)
      if (row.kind == Kind::layers && matches(row) &&
          (best == nullptr || row.values.size() >= best->values.size()))
        best = &row;
    if (best == nullptr) return false;
    base_.name = best->name;
    base_.created = best->key;
    base_.by = BaseBy::layers;
    base_.layers = best->values.size();
    base_.end_is_known = true;
    for (std::size_t i = 0; i < best->values.size(); ++i) add_layer_evidence(i, best->values[i]);
    return true;
  }

  bool matches(const BaseRow& row) const {
    if (row.values.size() > layers().size()) return false;
    for (std::size_t i = 0; i < row.values.size(); ++i)
      if (row.values[i] != layers()[i].digest && row.values[i] != layers()[i].diff_id) return false;
    return true;
  }

  void by_history() {
    for (std::size_t i = 0; i < layers().size(); ++i)
      for (const BaseRow& row : rows_) {
        if (row.kind != Kind::history ||
            layers()[i].created_by.find(row.values[0]) == std::string::npos)
          continue;
        base_.name = row.name;
        base_.by = BaseBy::stated;
        base_.layers = i + 1;
        base_.end_is_known = true;
        base_.evidence.clear();
        add_layer_evidence(i, layers()[i].created_by);
        return;
      }
  }

  void by_system() {
    if (!system_ || base_.by != BaseBy::nothing) return;
    base_.by = BaseBy::distribution;
    base_.name = filled("{id}:{version}", system_->version);
    base_.name.replace(base_.name.find("{id}"), 4, system_->id);
    for (const BaseRow& row : rows_)
      if (row.kind == Kind::os && row.key == system_->id)
        base_.name = filled(row.name, system_->version);
    base_.evidence.push_back(system_->evidence);
    const std::size_t at = system_->layer;
    if (!has_layers() || (!is_made(Kind::made, at) && !is_made(Kind::more, at))) return;
    base_.layers = at + 1;
    base_.end_is_known = true;
    add_layer_evidence(at, layers()[at].created_by);
    while (base_.layers < layers().size() && is_made(Kind::more, base_.layers)) ++base_.layers;
  }

  bool is_made(Kind kind, std::size_t layer) const {
    return std::ranges::any_of(rows_, [&](const BaseRow& row) {
      return row.kind == kind && (row.key == "*" || row.key == system_->id) &&
             layers()[layer].created_by.find(row.values[0]) != std::string::npos;
    });
  }

  // Annotations of the manifest, then labels of the config: who builds on an image inherits its
  // labels, who writes annotations means this one.
  void by_label() {
    const std::string name = stated("name"), digest = stated("digest");
    if (name.empty() && digest.empty()) return;
    const bool same = !name.empty() && name == base_.name;
    base_.by = BaseBy::stated;
    base_.name = name.empty() ? base_.name : name;
    base_.digest = digest;
    if (!same) base_.end_is_known = false;
  }

  std::string stated(std::string_view key) {
    for (const BaseRow& row : rows_) {
      if (row.kind != Kind::label || row.key != key) continue;
      for (const auto* list : {&view_.info.annotations, &view_.info.labels})
        for (const auto& [label, value] : *list) {
          if (label != row.values[0] || value.empty()) continue;
          add_evidence("", Place::named(list == &view_.info.labels ? "label" : "annotation"),
                       label + "=" + value);
          return value;
        }
    }
    return {};
  }

  // Databases that lie in the base's layers, whether or not a later one replaced them.
  void collect_packages() {
    for (const image::TreeFile& file : view_.tree.files()) {
      const bool of_base = file.layer >= 0 && static_cast<std::uint64_t>(file.layer) < base_.layers;
      if (!of_base && (base_.layers > 0 || file.shadowed || has_layers())) continue;
      const FileFacts* facts = view_.facts_of(file.entry.digest);
      if (facts == nullptr) continue;
      for (const PackageClaim& claim : facts->packages)
        if (is_package_claim(claim))
          packages_.emplace(claim.component.ecosystem, claim.component.name,
                            claim.component.version.exact);
    }
  }

  // With a known end the base has exactly these packages; without one it has at least these, and
  // whose the others are is not known.
  void by_packages() {
    std::map<std::string, std::set<std::string>> names;
    for (const auto& [ecosystem, name, version] : packages_) names[ecosystem].insert(name);
    const BaseRow* best = nullptr;
    for (const BaseRow& row : rows_) {
      if (row.kind != Kind::packages) continue;
      const std::set<std::string>& have = names[row.key];
      const std::set<std::string> want(row.values.begin(), row.values.end());
      const bool fits =
          base_.end_is_known && base_.layers > 0 ? have == want : std::ranges::includes(have, want);
      if (fits && (best == nullptr || row.values.size() >= best->values.size())) best = &row;
    }
    if (best == nullptr) {
      if (base_.layers == 0) packages_.clear();
      return;
    }
    base_.name = best->name;
    base_.by = BaseBy::packages;
    add_evidence("", Place::named(best->key + " packages"), join(best->values, " "));
    if (base_.layers > 0) return;
    const std::set<std::string> want(best->values.begin(), best->values.end());
    std::erase_if(packages_, [&](const PackageKey& key) {
      return std::get<0>(key) != best->key || !want.contains(std::get<1>(key));
    });
  }

  void find_day() {
    const LayerRow& last = layers()[base_.layers - 1];
    base_.created = day_of(last.created);
    if (base_.created.empty()) base_.created = day_in_history(last.created_by);
  }

  const ImageView& view_;
  const std::vector<BaseRow>& rows_;
  std::optional<System> system_;
  BaseImage base_;
  std::set<PackageKey> packages_;
};

}  // namespace

FoundBase find_base(const ImageView& view, const std::vector<BaseRow>& rows) {
  return Finder(view, rows).run();
}

Side side_of_layer(const BaseImage& base, std::int64_t layer) {
  if (layer < 0) return Side::unknown;
  if (static_cast<std::uint64_t>(layer) < base.layers) return Side::base;
  return base.end_is_known ? Side::yours : Side::unknown;
}

}  // namespace fathom::lineage
