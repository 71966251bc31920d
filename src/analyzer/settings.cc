// Files of the system's configuration, recognised by their content: passwd(5), shadow(5), group(5),
// nsswitch.conf(5), the source of the time-zone data, and the first line of a script as the kernel
// reads it (execve(2): at most 255 bytes, one argument).
//
// A file is passwd's only when every line has its form: seven fields, numbers where they belong. A
// text that has one such line by chance says nothing.

#include <algorithm>

#include "analyzer/analyzer.h"
#include "analyzer/line_reader.h"

namespace fathom {
namespace {

constexpr std::uint64_t kMostBytes = 1 * kMiB;
constexpr std::uint64_t kMostShebang = 255;
constexpr std::uint64_t kMostField = 256;

using Fields = std::vector<std::string_view>;

std::string field(std::string_view text) { return utf8_or_escaped(text.substr(0, kMostField)); }

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || text[0] == '-') return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '$' || c == '@';
  });
}

bool is_number_or_empty(std::string_view text) { return text.empty() || parse_unsigned(text); }

// "x" and "*" stand for a hash elsewhere, "!" locks; what crypt(5) makes starts with "$" or is the
// 13 characters of DES.
bool is_hash(std::string_view text) {
  if (text.starts_with('!')) text.remove_prefix(text.find_first_not_of('!') % (text.size() + 1));
  return (text.starts_with('$') && text.size() > 8) || text.size() == 13;
}

std::optional<Account> passwd_line(const Fields& fields) {
  if (fields.size() != 7 || !is_name(fields[0])) return std::nullopt;
  const auto uid = parse_unsigned(fields[2]), gid = parse_unsigned(fields[3]);
  if (!uid || !gid || (!fields[5].empty() && fields[5][0] != '/')) return std::nullopt;
  Account account;
  account.name = field(fields[0]);
  account.uid = *uid;
  account.gid = *gid;
  account.home = field(fields[5]);
  account.shell = field(fields[6]);
  account.no_password = fields[1].empty();
  account.has_hash = is_hash(fields[1]);
  return account;
}

std::optional<Account> shadow_line(const Fields& fields) {
  if (fields.size() != 9 || !is_name(fields[0])) return std::nullopt;
  for (std::size_t i = 2; i < 9; ++i)
    if (!is_number_or_empty(fields[i])) return std::nullopt;
  Account account;
  account.name = field(fields[0]);
  account.no_password = fields[1].empty();
  account.has_hash = is_hash(fields[1]);
  return account;
}

bool is_group_line(const Fields& fields) {
  return fields.size() == 4 && is_name(fields[0]) && parse_unsigned(fields[2]).has_value();
}

using ReadLine = std::optional<Account> (*)(const Fields&);

bool read_accounts(std::string_view text, ReadLine read, std::vector<Account>& out) {
  LineReader lines(text);
  while (lines.next()) {
    const std::string_view line = lines.line();
    if (line.empty() || line.starts_with('#')) continue;
    std::optional<Account> account = read(split(line, ':'));
    if (!account) return false;
    account->line = lines.number();
    if (out.size() < AuditFacts::kMostAccounts) out.push_back(std::move(*account));
  }
  return !out.empty();
}

bool read_groups(std::string_view text, AuditFacts& out) {
  LineReader lines(text);
  while (lines.next()) {
    if (lines.line().empty() || lines.line().starts_with('#')) continue;
    const Fields fields = split(lines.line(), ':');
    if (!is_group_line(fields)) return false;
    if (out.group_names.size() < AuditFacts::kMostAccounts)
      out.group_names.push_back(field(fields[0]));
  }
  return !out.group_names.empty();
}

// "hosts: files dns" beside a line for passwd or group.
bool read_name_service(std::string_view text, AuditFacts& out) {
  bool has_hosts = false, has_accounts = false;
  LineReader lines(text);
  while (lines.next()) {
    const std::string_view line = trim(lines.line().substr(0, lines.line().find('#')));
    if (line.empty()) continue;
    const std::size_t colon = line.find(':');
    if (colon == line.npos || !is_name(trim(line.substr(0, colon)))) return false;
    const std::string_view database = trim(line.substr(0, colon));
    has_accounts |= database == "passwd" || database == "group";
    if (database == "passwd") out.passwd_sources = field(trim(line.substr(colon + 1)));
    if (database != "hosts") continue;
    has_hosts = true;
    out.hosts_sources = field(trim(line.substr(colon + 1)));
  }
  return has_hosts || (has_accounts && !text.empty());
}

// The comment that zic's source starts with: "# version 2024a"; "+VERSION" and "version" files have
// the release alone and are recognised by it.
std::string time_zone_release(std::string_view text) {
  constexpr std::string_view kMark = "# version ";
  if (text.starts_with(kMark))
    text.remove_prefix(kMark.size());
  else if (text.size() > 8)
    return {};
  text = trim(text.substr(0, text.find('\n')));
  const bool form = text.size() == 5 && parse_unsigned(text.substr(0, 4)) && text[4] >= 'a' &&
                    text[4] <= 'z' && (text.starts_with("20") || text.starts_with("19"));
  return form ? std::string(text) : std::string();
}

void read_settings(std::string_view text, AuditFacts& out) {
  out.time_zone_release = time_zone_release(text);
  if (!out.time_zone_release.empty()) {
    out.settings = SettingsKind::time_zones;
    return;
  }
  std::vector<Account> accounts;
  if (read_accounts(text, passwd_line, accounts)) {
    out.settings = SettingsKind::passwd;
    out.accounts = std::move(accounts);
    return;
  }
  accounts.clear();
  if (read_accounts(text, shadow_line, accounts)) {
    out.settings = SettingsKind::shadow;
    out.accounts = std::move(accounts);
    return;
  }
  if (read_groups(text, out)) {
    out.settings = SettingsKind::group;
    return;
  }
  out.group_names.clear();
  if (read_name_service(text, out)) out.settings = SettingsKind::name_service;
}

Done run(const FileInput& in, FileFacts& facts) {
  const std::string_view text = in.bytes.as_text();
  if (text.starts_with("#!")) {
    const std::string_view line = text.substr(2, kMostShebang);
    facts.audit.shebang = utf8_or_escaped(trim(line.substr(0, line.find('\n'))));
    return Ok{};
  }
  if (text.size() <= kMostBytes && text.find(':') != text.npos)
    read_settings(text, facts.audit);
  else
    facts.audit.time_zone_release = time_zone_release(text.substr(0, 64));
  if (!facts.audit.time_zone_release.empty()) facts.audit.settings = SettingsKind::time_zones;
  return Ok{};
}

}  // namespace

extern const FileAnalyzer settings = {
    .name = "settings",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "accounts, name service and time-zone release of a configuration file; #! lines",
    .wants =
        [](const FileInput& in) {
          return !in.elf && (in.kind == FileKind::script || in.kind == FileKind::text);
        },
    .run = run,
};

}  // namespace fathom
