#include "audit/lookup.h"

#include "base/text.h"

namespace fathom::audit {

Lookup::Lookup(const Input& input) : input_(input) {
  for (const FileRow& row : input.report.files)
    if (!row.shadowed) rows_.emplace(row.path, &row);
  for (const Component& component : input.report.components)
    components_.emplace(component.id, &component);
  user_ = read_user();
}

const FileFacts* Lookup::facts_of(const image::TreeFile& file) const {
  auto found = input_.facts.find(file.entry.digest);
  return found == input_.facts.end() ? nullptr : &found->second;
}

const FileFacts* Lookup::facts_at(std::string_view path) const {
  const image::TreeFile* file = input_.tree.find(path);
  return file == nullptr ? nullptr : facts_of(*file);
}

const AuditFacts* Lookup::settings_at(std::string_view path, SettingsKind kind) const {
  const FileFacts* facts = facts_at(path);
  return facts != nullptr && facts->audit.settings == kind ? &facts->audit : nullptr;
}

const std::string& Lookup::owner_of(std::string_view path) const {
  static const std::string kNobody;
  auto row = rows_.find(path);
  return row == rows_.end() ? kNobody : row->second->owner;
}

const Component* Lookup::component(std::string_view id) const {
  auto found = components_.find(id);
  return found == components_.end() ? nullptr : found->second;
}

// "USER name[:group]", each a name or a number. A number needs no passwd line; a name without one
// cannot start at all.
RunsAs Lookup::read_user() const {
  RunsAs out{.text = input_.info.user, .uid = {}, .gid = {}, .name = {}};
  const std::string_view text = out.text;
  const std::string_view name = text.substr(0, text.find(':'));
  const std::string_view group =
      text.find(':') == text.npos ? std::string_view() : text.substr(text.find(':') + 1);
  if (name.empty()) out.uid = 0, out.gid = 0;
  if (!name.empty()) out.uid = parse_unsigned(name);
  if (const AuditFacts* passwd = settings_at("etc/passwd", SettingsKind::passwd)) {
    for (const Account& account : passwd->accounts) {
      const bool here = out.uid ? account.uid == *out.uid : account.name == name;
      if (!here) continue;
      out.uid = account.uid;
      out.gid = account.gid;
      out.name = account.name;
      break;
    }
  }
  if (!out.uid && name == "root") out.uid = 0, out.gid = 0;
  if (auto number = parse_unsigned(group); number) out.gid = number;
  if (out.uid && !out.gid) out.gid = 0;  // as container runtimes do
  return out;
}

bool Lookup::may_write(const image::Entry& entry) const {
  if (user_.is_root()) return true;
  if (user_.uid && entry.uid == *user_.uid) return (entry.mode & 0200) != 0;
  if (user_.gid && entry.gid == *user_.gid) return (entry.mode & 0020) != 0;
  return (entry.mode & 0002) != 0;
}

bool Lookup::may_execute(const image::Entry& entry) const {
  if (user_.is_root()) return (entry.mode & 0111) != 0;
  if (user_.uid && entry.uid == *user_.uid) return (entry.mode & 0100) != 0;
  if (user_.gid && entry.gid == *user_.gid) return (entry.mode & 0010) != 0;
  return (entry.mode & 0001) != 0;
}

std::string Lookup::variable(std::string_view name, std::string_view fallback) const {
  for (const std::string& setting : input_.info.env)
    if (setting.size() > name.size() && setting.starts_with(name) && setting[name.size()] == '=')
      return setting.substr(name.size() + 1);
  return std::string(fallback);
}

bool is_file(const image::TreeFile& file) {
  return file.entry.type == archive::TarType::regular ||
         file.entry.type == archive::TarType::hard_link;
}

Evidence evidence_at(const image::TreeFile& file, Place place, std::string seen) {
  return {"audit", file.entry.path, file.entry.digest, std::move(place), std::move(seen)};
}

}  // namespace fathom::audit
