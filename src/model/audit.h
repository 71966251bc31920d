// What an image lets run, and what its configuration does: the sections "execution",
// "trust" and "configuration" of the report. Plain values.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/evidence.h"

namespace fathom {

// One hop from the configured command to the program that runs.
struct StartStep {
  std::string what;  // "search path", "symlink", "script", "interpreter", "loader", "program"
  std::string path;  // in the image, without the leading slash
  std::string seen;  // the link's target, the #! line, the PT_INTERP text
  std::int64_t layer = -1;
};

struct Start {
  std::vector<std::string> arguments;  // entrypoint and command, as configured
  std::string program;                 // path of the file the kernel runs first; empty: none
  std::vector<StartStep> steps;
  std::vector<std::string> problems;  // why it cannot run: "no file …", "not executable for uid 10"
};

// A file that helps whoever can run things in the container.
struct ToolRow {
  std::string tool;      // row of data/audit/tools.toml: "busybox"; "setuid", "writable-program" …
  std::string category;  // "shell", "interpreter", "downloader", "elevation", "writable" …
  std::string what;      // for people
  std::string path, digest;
  std::int64_t layer = -1;
  std::uint64_t bytes = 0;            // what leaving it out of its layer saves, unpacked
  std::vector<std::string> names;     // links that lead to it, sorted
  std::vector<std::string> commands;  // of a program that is many: its own table of their names
  std::string owner;                  // Component::id of its package, or empty
  bool executable = true;             // false: no execute permission; a loader can still start it
  bool needed = false;                // on the way from the configured command
  std::vector<Evidence> evidence;
};

// What a program can ask the system for.
struct Ability {
  std::string id;    // row of data/audit/abilities.toml: "exec", "connect"
  std::string what;  // for people: "starts other programs"
  std::vector<Evidence> evidence;
};

struct ProgramRow {
  std::string path, digest;
  std::int64_t layer = -1;
  std::uint64_t bytes = 0;
  std::vector<std::string> libraries;  // DT_NEEDED
  std::vector<Ability> abilities;
};

enum class ShellVerdict {
  present,
  absent,        // every program was examined and excluded
  not_excluded,  // none was recognised, but some programs cannot be excluded
};
std::string_view name_of(ShellVerdict verdict);

struct ShellProof {
  ShellVerdict verdict = ShellVerdict::not_excluded;
  std::uint64_t programs = 0;  // ELF files with code, distinct contents
  struct Reason {
    std::string why;  // "cannot start another program"
    std::uint64_t programs = 0;
  };
  std::vector<Reason> excluded;
  std::vector<Evidence> shells;  // present: what was recognised
  std::vector<Evidence> doubts;  // not_excluded: file, and in `seen` why it stays open
  // Programs that are no shell and run what is given to them all the same.
  std::vector<Evidence> interpreters;
};

struct Execution {
  Start start;
  std::string user;  // as configured; empty: root
  ShellProof shell;
  std::vector<ToolRow> tools;        // by (category, tool, path)
  std::vector<ProgramRow> programs;  // programs with an entry point, by path
};

// A file with many certificate authorities, which programs take for those they may trust.
struct BundleRow {
  std::string path, digest;
  std::int64_t layer = -1;
  std::string owner;  // Component::id of its package, or empty
  std::uint64_t authorities = 0;
  std::uint64_t expired = 0;     // of them, at the report's time
  std::uint64_t distrusted = 0;  // … removed by browsers for wrong-doing
  std::uint64_t unknown = 0;     // … that neither a package nor a public programme has
  std::uint64_t missing = 0;     // that a package of the image has, and the bundle has not
  std::uint64_t unreadable = 0;  // certificates that could not be read
};

struct TimeZoneRow {
  std::string release;  // "2024a"
  Evidence evidence;    // the file, or the package, that says so
};

// Whom and what the programs of the image take for true.
struct Trust {
  std::vector<BundleRow> bundles;       // by path
  std::vector<TimeZoneRow> time_zones;  // in the order of the tree
};

// A row of the configuration audit.
struct ConfigurationRow {
  std::string id;        // row of data/audit/rules.toml: "user-root"
  std::string severity;  // "info", "low", "medium", "high", "critical"
  std::string title, why, fix;
  std::uint64_t count = 0;         // of what it speaks of
  std::vector<Evidence> evidence;  // at least one; the first `kMostEvidence` of `count`
  static constexpr std::size_t kMostEvidence = 20;
};

}  // namespace fathom
