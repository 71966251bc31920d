// What the image's configuration says: user, ports, names, labels, and whether the command can run.

#include <algorithm>

#include "audit/rows.h"
#include "base/text.h"

namespace fathom::audit {
namespace {

constexpr std::uint64_t kFirstFreePort = 1024;

bool has_configuration(const image::ImageInfo& info) {
  return info.source != "dir" && info.source != "file" && info.source != "tar";
}

void audit_user(const Lookup& lookup, Rows& rows) {
  const RunsAs& user = lookup.user();
  if (user.text.empty()) return rows.add_setting("no-user", "/config/User", "not set");
  if (!user.uid || user.group_unknown)
    return rows.add_setting("user-unknown", "/config/User", printable(user.text));
  if (user.is_root()) return rows.add_setting("user-root", "/config/User", printable(user.text));
  if (!parse_unsigned(user.text.substr(0, user.text.find(':'))))
    return rows.add_setting("user-name-only", "/config/User", printable(user.text));
  // An image without accounts (from scratch) has nothing that asks for them.
  if (user.name.empty() && lookup.settings_at("etc/passwd", SettingsKind::passwd) != nullptr)
    rows.add_setting("user-no-account", "/config/User", printable(user.text));
}

void audit_ports(const image::ImageInfo& info, Rows& rows) {
  for (const std::string& port : info.exposed_ports) {
    const auto number = parse_unsigned(port.substr(0, port.find_first_of("/-")));
    if (number && *number > 0 && *number < kFirstFreePort)
      rows.add_setting("privileged-port", "/config/ExposedPorts", printable(port));
  }
}

// "app" and "app:latest" move by convention. A name with a digest does not, and a version is taken
// at its word.
bool is_mutable(std::string_view name) {
  if (name.find('@') != name.npos) return false;
  const std::string_view last = name.substr(name.rfind('/') + 1);
  const std::size_t colon = last.find(':');
  // Inside a layout the tag may stand alone.
  const std::string_view tag = colon == last.npos ? last : last.substr(colon + 1);
  return tag == "latest" || tag == "stable" || tag == "edge" || tag == "nightly" || tag == "main" ||
         tag == "master";
}

void audit_names(const image::ImageInfo& info, Rows& rows) {
  for (const std::string& name : info.names)
    if (is_mutable(name)) rows.add_setting("mutable-tag", "/names", printable(name));
  if (info.digest.empty()) rows.add_setting("no-digest", "/digest", "not stated");
}

std::string_view label(const image::ImageInfo& info, std::string_view key) {
  for (const auto& [name, value] : info.labels)
    if (name == key) return value;
  return {};
}

void audit_labels(const Lookup& lookup, Rows& rows) {
  const image::ImageInfo& info = lookup.input().info;
  for (const std::string& key : lookup.input().knowledge.labels)
    if (label(info, key).empty()) rows.add_setting("missing-labels", "/config/Labels", key);
  constexpr std::string_view kBase = "org.opencontainers.image.base.name";
  const std::string_view base = label(info, kBase);
  if (!base.empty() && base.find('@') == base.npos &&
      label(info, "org.opencontainers.image.base.digest").empty())
    rows.add_setting("no-base-digest", "/config/Labels", printable(base));
}

}  // namespace

void audit_settings(const Lookup& lookup, Rows& rows) {
  const Input& in = lookup.input();
  if (!has_configuration(in.info)) return;
  // A base image may leave the command to what is built on it.
  const Start& start = in.report.execution.start;
  if (start.arguments.empty())
    rows.add_setting("no-command", "/config/Cmd", "not set");
  else
    for (const std::string& problem : start.problems)
      rows.add_setting("start-broken", "/config/Entrypoint", problem);
  audit_user(lookup, rows);
  audit_ports(in.info, rows);
  audit_names(in.info, rows);
  audit_labels(lookup, rows);
}

}  // namespace fathom::audit
