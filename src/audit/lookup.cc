#include "audit/lookup.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::audit {

Lookup::Lookup(const Input& input) : input_(input) {
  for (const Component& component : input.report.components) {
    components_.emplace(component.id, &component);
    for (const std::string& path : component.owned_files) owners_.emplace(path, &component);
  }
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
  auto owner = owners_.find(path);
  return owner == owners_.end() ? kNobody : owner->second->id;
}

const Component* Lookup::component(std::string_view id) const {
  auto found = components_.find(id);
  return found == components_.end() ? nullptr : found->second;
}

// "USER name[:group]", each a name or a number. A number needs no passwd line; a name without one
// cannot start at all.
RunsAs Lookup::read_user() const {
  RunsAs out;
  out.text = input_.info.user;
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
  if (!group.empty() && !parse_unsigned(group) && group != "root") {
    const AuditFacts* groups = settings_at("etc/group", SettingsKind::group);
    out.group_unknown = groups == nullptr ||
                        std::ranges::find(groups->group_names, group) == groups->group_names.end();
  }
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

std::string octal(std::uint32_t mode) {
  std::string out;
  for (int shift = 9; shift >= 0; shift -= 3) out += static_cast<char>('0' + (mode >> shift & 7));
  return out;
}

// Names and numbers of linux/capability.h.
std::string capabilities_text(std::uint64_t permitted) {
  static constexpr std::string_view kNames[] = {"chown",
                                                "dac_override",
                                                "dac_read_search",
                                                "fowner",
                                                "fsetid",
                                                "kill",
                                                "setgid",
                                                "setuid",
                                                "setpcap",
                                                "linux_immutable",
                                                "net_bind_service",
                                                "net_broadcast",
                                                "net_admin",
                                                "net_raw",
                                                "ipc_lock",
                                                "ipc_owner",
                                                "sys_module",
                                                "sys_rawio",
                                                "sys_chroot",
                                                "sys_ptrace",
                                                "sys_pacct",
                                                "sys_admin",
                                                "sys_boot",
                                                "sys_nice",
                                                "sys_resource",
                                                "sys_time",
                                                "sys_tty_config",
                                                "mknod",
                                                "lease",
                                                "audit_write",
                                                "audit_control",
                                                "setfcap",
                                                "mac_override",
                                                "mac_admin",
                                                "syslog",
                                                "wake_alarm",
                                                "block_suspend",
                                                "audit_read",
                                                "perfmon",
                                                "bpf",
                                                "checkpoint_restore"};
  std::vector<std::string> out;
  for (std::size_t bit = 0; bit < 64; ++bit)
    if ((permitted >> bit & 1) != 0)
      out.push_back("cap_" +
                    (bit < std::size(kNames) ? std::string(kNames[bit]) : std::to_string(bit)));
  return out.empty() ? "(unreadable)" : join(out, ", ");
}

bool is_file(const image::TreeFile& file) {
  return file.entry.type == archive::TarType::regular ||
         file.entry.type == archive::TarType::hard_link;
}

Evidence evidence_at(const image::TreeFile& file, Place place, std::string seen) {
  return {"audit", file.entry.path, file.entry.digest, std::move(place), std::move(seen)};
}

}  // namespace fathom::audit
