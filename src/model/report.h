// The report: plain values from which every output format is written. Nothing here computes, and
// nothing points into the bytes of an image. docs/report.schema.json is the same in JSON.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/audit.h"
#include "model/component.h"
#include "model/evidence.h"
#include "model/hardening.h"
#include "model/links.h"
#include "model/origin.h"
#include "model/sbom.h"

namespace fathom {

enum class Severity { unknown, none, low, medium, high, critical };
std::string_view name_of(Severity severity);
// "HIGH", "high", "Moderate" …; nothing for other words.
std::optional<Severity> parse_severity(std::string_view text);

enum class Verdict {
  not_present,
  present_unreachable,
  reachable,
  reachable_indirectly,
  patched,
  affected_by_version,
  unknown,
};
std::string_view name_of(Verdict verdict);

// What whoever maintains the package says about a fix, for the release that is in the image.
enum class FixState {
  unknown,       // nothing is said
  fixed,         // a version with the fix is there
  not_fixed,     // affected, no fix yet
  deferred,      // a fix comes with another one, or at the next occasion
  will_not_fix,  // no fix is planned
  end_of_life,   // the release gets none any more
};
std::string_view name_of(FixState state);
std::optional<FixState> parse_fix_state(std::string_view text);

struct Finding {
  std::string id;                    // "CVE-2022-35737", "GO-2022-0502"
  std::vector<std::string> aliases;  // sorted
  std::string component;             // Component::id
  Severity severity = Severity::unknown;
  std::string cvss;                   // vector text, or empty
  std::string cvss_score;             // "7.5", decimal text, or empty
  bool kev = false;                   // in CISA's known-exploited list
  std::string epss, epss_percentile;  // "0.01234", or empty
  std::vector<std::string>
      fixed_in;  // releases with a fix, not older than the component, ascending
  FixState fix = FixState::unknown;
  std::string published;   // "2022-08-03", or empty
  bool disputed = false;   // whoever maintains the software says that it is no vulnerability
  bool withdrawn = false;  // the CVE was rejected by those who assign them
  Verdict verdict = Verdict::unknown;
  std::string why;               // one sentence: the range that matched, or why unknown
  bool range_uncertain = false;  // low-confidence range, or none at all
  std::string source;            // advisory source: "nvd-override", "go-vulndb"
  std::vector<Evidence> evidence;
  std::vector<std::string> functions;  // that the vulnerability is in, as far as the data say
  std::vector<std::string> path;       // in names, from where the program begins to one of them
  // Filled by policy:
  bool ignored = false;
  std::string ignored_because;
  std::string stated;  // by a VEX statement that somebody gave: "not_affected", "fixed"; or empty
  bool in_baseline = false;
};

enum class FileState { identified, inert, gap };
std::string_view name_of(FileState state);

struct FileRow {
  std::string path;    // "usr/bin/app"; members: "app.jar!/lib/x.so"
  std::string digest;  // "sha256:…", empty for what has no content
  std::uint64_t size = 0;
  std::int64_t layer = -1;
  std::string kind;  // "elf", "script", "text", "archive", "data", "symlink", "directory" …
  std::string type;  // "ELF x86_64 executable, static, stripped", "PNG image"
  FileState state = FileState::gap;
  std::string owner;  // Component::id of the package that installed it, or empty
  // A shadowed file was replaced or deleted by a later layer; it still ships.
  bool shadowed = false;
  std::int64_t shadowed_by = -1;
  std::uint64_t executable_bytes = 0;  // bytes of segments or sections mapped executable
  std::uint64_t attributed_bytes = 0;  // of these, explained by a component
  FileOrigin origin;                   // of regular files
};

struct LayerRow {
  std::string digest;   // of the blob as shipped
  std::string diff_id;  // of the tar inside
  std::uint64_t size = 0;
  std::string created_by;  // history line, or empty
  std::uint64_t files = 0;
  std::string created = {};  // when, as the history says it, or empty
};

// Something that a registry keeps beside the image. Listed, and no more: nobody has checked that a
// signature fits or that an SBOM is true.
struct Attachment {
  std::string kind;    // "signature", "sbom", "attestation", "vex", "artifact"
  std::string type;    // media type, or the predicate of an attestation
  std::string digest;  // of its manifest, or of the blob that is it
  std::uint64_t size = 0;
  std::string subject;  // digest of what it is about
  std::string found;    // "referrers API", "tag sha256-….sig"

  auto operator<=>(const Attachment&) const = default;
};

struct ImageRow {
  std::string digest;              // of the manifest, or of the config for old docker archives
  std::string platform;            // "linux/amd64"
  std::string source;              // "docker-archive", "oci-archive", "oci-dir", "dir", "file", …
  std::string created;             // as the config says it, or empty
  std::vector<std::string> names;  // tags inside the archive
  std::vector<std::string> entrypoint, command;
  std::vector<LayerRow> layers;
  bool asked_for_attached = false;   // only registries are
  std::vector<Attachment> attached;  // sorted
};

// Whether the data could judge an ecosystem at all.
struct EcosystemCoverage {
  std::string ecosystem;
  std::uint64_t components = 0;
  std::uint64_t advisories = 0;  // 0: "not assessed"
  std::string newest;            // date of the newest advisory, or empty
  std::string release;      // deb, apk, rpm: whose advisories, "Debian:12"; empty where none are
  std::string end_of_life;  // the day from which the release gets no fixes, once it has come
};

struct Coverage {
  std::uint64_t files = 0;  // regular files with content, shadowed ones and members included
  std::uint64_t identified = 0, inert = 0, gaps = 0;  // add up to files
  std::uint64_t executable_files = 0;
  std::uint64_t executable_bytes = 0, attributed_bytes = 0;
  std::vector<EcosystemCoverage> ecosystems;  // sorted by name
};

// A text that names a library in a file where the library's code was not confirmed.
struct Mention {
  std::string library, version, file;
  Evidence evidence;
  std::string why;  // "the file links libcrypto.so.3", "no other text of the library is there"
};

struct DataRow {
  std::string kind;  // "advisories", "classifiers"
  std::string id;    // digest of the data
  std::string date;  // newest entry
};

// What the gates decided (policy/).
struct PolicyOutcome {
  bool failed = false;
  std::vector<std::string> reasons;  // "3 findings of severity high or above"
};

struct Report {
  std::string target;  // as the user typed it
  std::string now;     // "2026-11-24T12:00:00Z"
  ImageRow image;
  Coverage coverage;
  std::vector<FileRow> files;             // by (path, layer)
  std::vector<Component> components;      // by (file, ecosystem, name, version)
  std::vector<Finding> findings;          // what matters first; see judge()
  std::vector<Mention> mentions;          // by (file, library)
  std::vector<HardeningRow> hardening;    // by path
  std::vector<UnloadedLibrary> unloaded;  // by path
  std::vector<SbomRow> sboms;             // the given one first, then by (file, digest)
  Execution execution;
  Trust trust;
  Origins origin;
  std::vector<ConfigurationRow> configuration;  // gravest first, then by id
  std::vector<Gap> gaps;                        // by (stage, file, reason)
  std::vector<std::string> notes;  // how the scan itself went: "Landlock not available: …"
  std::vector<DataRow> data;
  bool incomplete = false;  // a last-resort limit ended the scan early
  PolicyOutcome policy;
  int exit_status = 0;
};

}  // namespace fathom
