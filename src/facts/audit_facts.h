// What the bytes of one file say beyond what it is made of: what a program can ask the system for,
// and what a configuration file, certificate or credential states. Part of FileFacts; plain values,
// bounded by the named constants, in the order said here. Secrets are never kept: what crosses the
// channel is the kind of secret, where it stands, and a few of its characters.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/evidence.h"

namespace fathom {

// A system call whose number the code loads right before the instruction that makes it.
struct SystemCall {
  std::uint32_t number = 0;  // of the machine's own table
  std::uint64_t offset = 0;  // of the first such instruction, in the file
  auto operator<=>(const SystemCall&) const = default;
};

// A credential that stands in the file.
struct SecretSighting {
  std::string rule;  // row of data/audit/secrets.tsv: "github-token"
  Place place;       // line in texts, else offset
  std::string seen;  // the first characters, the rest as dots: "ghp_Ab12…(40 characters)"
  // A check of its form passed (checksum, structure that parses), or nothing else begins like it;
  // false: a hint.
  bool checked = false;
  // A credential that others cannot use as it is: an encrypted private key.
  bool sealed = false;
  auto operator<=>(const SecretSighting&) const = default;
};

struct Certificate {
  std::string subject;     // "CN=ISRG Root X1,O=Internet Security Research Group,C=US"
  std::string sha256;      // of the DER, hex
  std::string not_after;   // "2035-06-04T11:04:38Z"
  std::string not_before;  // the same form
  bool authority = false;  // basicConstraints CA, or an X.509 v1 certificate
  std::uint64_t line = 0;  // of its BEGIN; 0 in DER files
  auto operator<=>(const Certificate&) const = default;
};

// A line of passwd(5), or of shadow(5), where uid and gid are not stated.
struct Account {
  std::string name;
  std::uint64_t uid = 0, gid = 0;
  std::string home, shell;
  bool no_password = false;  // the field is empty: anybody may log in
  bool has_hash = false;     // a password hash stands in the file
  std::uint64_t line = 0;
  auto operator<=>(const Account&) const = default;
};

// What a file is as a piece of the system's configuration; at most one of these.
enum class SettingsKind { none, passwd, shadow, group, name_service, time_zones };

struct AuditFacts {
  static constexpr std::uint64_t kMostImports = 20'000;
  static constexpr std::uint64_t kMostSystemCalls = 1024;
  static constexpr std::uint64_t kMostSecrets = 64;
  static constexpr std::uint64_t kMostCertificates = 4096;
  static constexpr std::uint64_t kMostAccounts = 4096;
  static constexpr std::uint64_t kMostGrammars = 16;
  static constexpr std::uint64_t kMostCommands = 1024;

  // ELF: names of the undefined dynamic symbols, sorted. `imports_unread`: there is a dynamic
  // section whose symbols could not be read.
  std::vector<std::string> imports;
  bool imports_unread = false;
  std::vector<SystemCall> system_calls;  // by number; x86_64 and aarch64
  std::uint64_t undetermined_calls = 0;  // instructions whose number is not known
  std::vector<std::string> grammars;  // rows of data/audit/grammars.tsv whose words are all there
  std::vector<std::string> commands;  // a table of names of commands (busybox's applets), sorted
  std::string packer;                 // "UPX 4.02", "unknown": the code is packed
  std::string packer_seen;            // what says so
  std::uint64_t packer_offset = 0;
  bool go_runtime = false;  // has Go's function table
  // Scripts: the first line behind "#!", as the kernel takes it (at most 255 bytes).
  std::string shebang;
  std::vector<SecretSighting> secrets;    // by place
  std::vector<Certificate> certificates;  // in the order of the file
  std::uint64_t unread_certificates = 0;  // BEGIN CERTIFICATE without one behind it
  SettingsKind settings = SettingsKind::none;
  std::vector<Account> accounts;         // by line
  std::vector<std::string> group_names;  // settings == group
  std::string hosts_sources;             // nsswitch: the hosts line, "files dns"
  std::string passwd_sources;            // … the passwd line
  std::string time_zone_release;         // "2024a"
};

}  // namespace fathom
