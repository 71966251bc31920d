#include "vuln/databases.h"

#include <algorithm>
#include <map>
#include <set>

namespace fathom::vuln {
namespace {

std::string newest_of(const Database& database, std::string_view ecosystem) {
  std::optional<EcosystemInfo> info = database.ecosystem(ecosystem);
  return info ? info->newest : std::string();
}

// The newest row of this name; nothing when the pack has none.
std::optional<SourceRow> source_of(const Database& database, std::string_view name) {
  std::optional<SourceRow> newest;
  for (SourceRow& row : database.sources())
    if (row.name == name && (!newest || row.newest > newest->newest)) newest = std::move(row);
  return newest;
}

bool names_any(const Advisory& a, const std::set<std::string_view>& names) {
  return names.contains(a.id) || std::ranges::any_of(a.aliases, [&](const std::string& alias) {
           return names.contains(alias);
         });
}

void drop_secondary(std::vector<Advisory>& advisories) {
  std::set<std::string_view> spoken_of;
  for (const Advisory& a : advisories) {
    if (a.secondary) continue;
    spoken_of.insert(a.id);
    spoken_of.insert(a.aliases.begin(), a.aliases.end());
  }
  std::vector<Advisory> kept;
  for (const Advisory& a : advisories)
    if (!a.secondary || !names_any(a, spoken_of)) kept.push_back(a);
  advisories = std::move(kept);
}

}  // namespace

std::vector<Advisory> Databases::advisories_for(std::string_view ecosystem,
                                                std::string_view package) const {
  std::vector<Advisory> out = built_in_.advisories_for(ecosystem, package);
  if (user_) {
    std::vector<Advisory> theirs = user_->advisories_for(ecosystem, package);
    const bool user_wins = newest_of(*user_, ecosystem) >= newest_of(built_in_, ecosystem);
    if (user_wins)
      std::erase_if(out, [&](const Advisory& a) { return user_->has_record(a.record()); });
    else
      std::erase_if(theirs, [&](const Advisory& a) { return built_in_.has_record(a.record()); });
    std::ranges::move(theirs, std::back_inserter(out));
  }
  std::erase_if(out, [](const Advisory& a) { return a.withdrawn; });
  if (std::ranges::any_of(out, &Advisory::secondary)) drop_secondary(out);
  return out;
}

bool Databases::user_has_newer(std::string_view source) const {
  if (!user_) return false;
  std::optional<SourceRow> theirs = source_of(*user_, source);
  if (!theirs) return false;
  std::optional<SourceRow> ours = source_of(built_in_, source);
  return !ours || theirs->newest >= ours->newest;
}

bool Databases::is_known_exploited(std::string_view cve) const {
  return user_has_newer("kev") ? user_->is_known_exploited(cve) : built_in_.is_known_exploited(cve);
}

std::optional<Epss> Databases::epss(std::string_view cve) const {
  return user_has_newer("epss") ? user_->epss(cve) : built_in_.epss(cve);
}

std::optional<CveFacts> Databases::cve(std::string_view name) const {
  if (user_)
    if (std::optional<CveFacts> facts = user_->cve(name)) return facts;
  return built_in_.cve(name);
}

std::optional<EcosystemInfo> Databases::ecosystem(std::string_view name) const {
  std::optional<EcosystemInfo> ours = built_in_.ecosystem(name);
  std::optional<EcosystemInfo> theirs = user_ ? user_->ecosystem(name) : std::nullopt;
  if (!ours || !theirs) return ours ? ours : theirs;
  ours->advisories += theirs->advisories;
  ours->newest = std::max(ours->newest, theirs->newest);
  return ours;
}

std::vector<EcosystemInfo> Databases::ecosystems() const {
  std::map<std::string, EcosystemInfo> rows;
  for (const std::optional<Database>& database : {std::optional(built_in_), user_}) {
    if (!database) continue;
    for (EcosystemInfo& info : database->ecosystems()) {
      EcosystemInfo& row = rows[info.name];
      row.name = info.name;
      row.advisories += info.advisories;
      row.newest = std::max(row.newest, info.newest);
    }
  }
  std::vector<EcosystemInfo> out;
  for (auto& [name, row] : rows) out.push_back(std::move(row));
  return out;
}

std::string Databases::newest() const {
  return std::max(built_in_.newest(), user_ ? user_->newest() : std::string());
}

}  // namespace fathom::vuln
