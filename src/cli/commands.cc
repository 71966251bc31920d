// The tables of commands and flags, in the order in which --help shows them.

#include "cli/commands.h"

#include <array>

#include "base/log.h"
#include "cli/generate.h"
#include "cli/output.h"
#include "vuln/database.h"
#include "vuln/embedded_pack.h"

namespace fathom::cli {
namespace {

constexpr std::array kScanFlags{
    Flag{"output", 'o', "FORMAT[=FILE]", true, "write the report in FORMAT, to FILE or stdout",
         "May be given more than once; at most one of them goes to stdout. Without it, a table. "
         "FILE is replaced as a whole or not at all.",
         "{formats}"},
    Flag{"platform", 0, "OS/ARCH[/VARIANT]", false, "which image of an index to scan",
         "Default: linux on this machine's architecture, or the only one there is.",
         "linux/amd64 linux/arm64"},
    Flag{"all-platforms", 0, "", false, "scan every image of an index, one after the other",
         "Each has a report of its own: a FILE needs {platform} in its name (linux-arm64-v8), on "
         "stdout they follow one another. The exit status is that of the worst.",
         ""},
    Flag{"fail-on", 0, "WORD", true, "exit with 1 when a finding is of this kind",
         "A severity (low, medium, high, critical: that one or above), kev (known to be "
         "exploited), epss>=0.1 (that probability of exploitation or above), fixable (a release "
         "has a fix), reachable, unknown (no verdict), gaps (something could not be read). "
         "high+fixable means both at once; high,kev is the same as giving the flag twice. Findings "
         "with an uncertain version range fail only "
         "unknown.",
         "low medium high critical kev epss>=0.1 fixable reachable unknown gaps"},
    Flag{"ci", 0, "", false, "the same as --fail-on high --fail-on kev --quiet",
         "Gates given beside it replace its own.", ""},
    Flag{"ignore-file", 0, "FILE", true, "findings to ignore, with reason and expiry",
         "YAML: a list of {id, component, path, reason, expires}, where id and reason must be "
         "there; or the lines of a .trivyignore. Without this flag the .trivyignore of the working "
         "folder is taken, if there is one.",
         ""},
    Flag{"baseline", 0, "FILE", false, "an earlier JSON report: only what is new fails", "", ""},
    Flag{"vex", 0, "FILE", true, "VEX statements to apply: OpenVEX, CycloneDX or CSAF 2.0",
         "not_affected and fixed take a finding out of the gates; it stays in the report.", ""},
    Flag{"vulnerable-functions", 0, "FILE", true,
         "which functions a vulnerability is in, where you know better",
         "Lines of JSON: {\"library\": \"zlib\", \"cve\": \"CVE-2022-37434\", \"functions\": "
         "[{\"name\": "
         "\"inflate\"}]}; docs/verdicts.md.",
         ""},
    Flag{"compare", 0, "WITH", false, "show what package data tell beside what the code tells",
         "WITH is manifest: what scanners that read package data and build information see. A "
         "picture and both lists instead of the table; -o html has it always.",
         "manifest"},
    Flag{"bases", 0, "FILE", true, "rows of base images, beside the built-in ones",
         "Lines as fathom base IMAGE --as NAME writes them; docs/origin.md has the form.", ""},
    Flag{"min-coverage", 0, "PERCENT", false,
         "exit with 3 when less of the executable bytes is attributed to a component", "", ""},
    Flag{"strict", 0, "", false, "exit with 4 when anything could not be read", "", ""},
    Flag{
        "show-suppressed", 0, "", false, "also list findings that are ignored or do not apply",
        "Those an ignore rule, a VEX statement or a proof takes out of the count, with the reason. "
        "Formats for machines that read everything (json, cyclonedx-json, openvex) have them "
        "always.",
        ""},
    Flag{"signatures", 0, "PACK", true, "recognise compiled libraries of your own, too",
         "A file that fathom signatures learn has written. May be given more than once.", ""},
    Flag{"timestamp", 0, "", false, "put the time of the scan into SBOM formats",
         "Without it they carry the time at which the image was made, so that the same image gives "
         "the same bytes.",
         ""},
    Flag{"nested", 0, "", false, "CycloneDX: what a file contains below the file",
         "The list is flat without it, because readers that match advisories drop what is nested.",
         ""},
    Flag{"data", 0, "PATH", false, "the imported advisories to use beside the built-in ones",
         "A folder that fathom db import has filled, or a pack in one. Default: fathom below "
         "$XDG_DATA_HOME or ~/.local/share. Damaged data end the scan.",
         ""},
    Flag{"max-data-age", 0, "DAYS", false, "note advisories that are older than this (180)", "",
         ""},
    Flag{"now", 0, "TIME", false, "the time of the scan, as 2026-11-24 or 2026-11-24T12:00:00Z",
         "What depends on time (expiry of ignore rules) uses it; the same time, data and image "
         "give the same bytes.",
         ""},
    Flag{"insecure", 0, "", false, "let a registry speak plain HTTP, or with any certificate",
         "Registries on this machine (localhost, 127.0.0.1, ::1) may speak plain HTTP without it.",
         ""},
    Flag{"ca-file", 0, "FILE", false, "certificates to trust beside the system's, PEM",
         "For registries with a certificate of a private authority.", ""},
    Flag{"registry-mirror", 0, "[REGISTRY=]URL", true, "a server to ask before the registry itself",
         "Without a registry it is a mirror of docker.io. What a mirror does not have, or has "
         "wrong, "
         "comes from the registry.",
         ""},
    Flag{"network-timeout", 0, "SECONDS", false,
         "give up on a server that is silent for longer than this (30)", "", ""},
    Flag{"jobs", 'j', "N", false, "how many files to examine at once", "Default: all cores.", ""},
    Flag{"stall-timeout", 0, "SECONDS", false,
         "give up on a file that takes longer than this (300)",
         "A last resort, the report is marked incomplete. All other limits count work, not time.",
         ""},
    Flag{"color", 0, "WHEN", false, "colours: auto, always, never",
         "auto: on a terminal, unless NO_COLOR is set.", "auto always never"},
    Flag{"quiet", 'q', "", false, "no progress on stderr, only warnings and errors", "", ""},
};

constexpr std::array kConvertFlags{
    Flag{"output", 'o', "FORMAT[=FILE]", true, "write the report in FORMAT, to FILE or stdout",
         "May be given more than once, as for scan. Without it, a table.", "{formats}"},
    Flag{"show-suppressed", 0, "", false, "also list findings that are ignored or do not apply",
         "See fathom scan --help.", ""},
    Flag{"timestamp", 0, "", false, "put the time of the scan into SBOM formats", "", ""},
    Flag{"nested", 0, "", false, "CycloneDX: what a file contains below the file", "", ""},
    Flag{"color", 0, "WHEN", false, "colours: auto, always, never",
         "auto: on a terminal, unless NO_COLOR is set.", "auto always never"},
};

// The flags of commands that show one part of what scan finds.
consteval Flag scan_flag(std::string_view name) {
  for (const Flag& flag : kScanFlags)
    if (flag.name == name) return flag;
  throw "there is no such flag";  // does not compile
}
constexpr std::array kViewFlags{
    scan_flag("output"),   scan_flag("platform"), scan_flag("data"),
    scan_flag("now"),      scan_flag("jobs"),     scan_flag("stall-timeout"),
    scan_flag("insecure"), scan_flag("ca-file"),  scan_flag("quiet")};
constexpr std::array kWhyFlags{
    scan_flag("platform"), scan_flag("vex"),   scan_flag("vulnerable-functions"),
    scan_flag("data"),     scan_flag("jobs"),  scan_flag("insecure"),
    scan_flag("ca-file"),  scan_flag("color"), scan_flag("quiet")};
constexpr std::array kOriginFlags{Flag{"output", 'o', "FORMAT[=FILE]", false,
                                       "table or json, to FILE or stdout", "", "table json"},
                                  scan_flag("bases"),
                                  scan_flag("platform"),
                                  scan_flag("data"),
                                  scan_flag("now"),
                                  scan_flag("jobs"),
                                  scan_flag("insecure"),
                                  scan_flag("ca-file"),
                                  scan_flag("quiet")};
constexpr std::array kBaseFlags{
    Flag{"output", 'o', "FORMAT[=FILE]", false, "table, json or watch, to FILE or stdout",
         "watch: what to look after, a line for the base, its updates and each component; a job "
         "compares it with the one of yesterday.",
         "table json watch"},
    Flag{"as", 0, "NAME", false, "write the row by which images built on this one are recognised",
         "To be added to a file for --bases.", ""},
    Flag{"fail-on", 0, "WORD", true, "exit with 1 when this is so",
         "updates (a package of the base would get a fix), end-of-life (its release gets none any "
         "more), unknown (no base was recognised).",
         "updates end-of-life unknown"},
    Flag{"max-age", 0, "DAYS", false, "exit with 1 when the base is older, or of unknown age", "",
         ""},
    scan_flag("bases"),
    scan_flag("platform"),
    scan_flag("data"),
    scan_flag("now"),
    scan_flag("jobs"),
    scan_flag("insecure"),
    scan_flag("ca-file"),
    scan_flag("quiet")};
constexpr std::array kDiffFlags{
    Flag{"output", 'o', "FORMAT[=FILE]", false, "table or json, to FILE or stdout", "",
         "table json"},
    Flag{"all", 0, "", false, "list everything, not the first of each kind", "", ""},
    scan_flag("bases"),
    scan_flag("platform"),
    scan_flag("data"),
    scan_flag("now"),
    scan_flag("jobs"),
    scan_flag("insecure"),
    scan_flag("ca-file"),
    scan_flag("quiet")};
constexpr std::array kSbomFlags{
    Flag{"output", 'o', "FORMAT[=FILE]", true,
         "write in FORMAT, to FILE or stdout (cyclonedx-json)",
         "cyclonedx-json (1.6), cyclonedx-1.7-json, spdx-json (2.3), spdx-tag-value, spdx-3-json. "
         "May be given more than once; at most one of them goes to stdout.",
         "cyclonedx-json cyclonedx-1.7-json spdx-json spdx-tag-value spdx-3-json"},
    scan_flag("nested"),
    scan_flag("timestamp"),
    scan_flag("platform"),
    scan_flag("now"),
    scan_flag("jobs"),
    scan_flag("stall-timeout"),
    scan_flag("insecure"),
    scan_flag("ca-file"),
    scan_flag("registry-mirror"),
    scan_flag("network-timeout"),
    scan_flag("quiet")};
constexpr std::array kAuditFlags{
    Flag{"sbom", 0, "FILE", true, "the bill of materials to hold against the bytes",
         "CycloneDX (JSON, XML), SPDX (JSON, tag-value, 3.0 JSON-LD) or Syft's JSON. Without it, "
         "those that lie in the image or are attached to it in its registry.",
         ""},
    Flag{"output", 'o', "FORMAT[=FILE]", false, "table or json, to FILE or stdout", "",
         "table json"},
    Flag{
        "fail-if", 0, "WORD", true, "exit with 1 when this is so",
        "not_found, other_version, other_digest (a claim is wrong in that way), unclaimed "
        "(something is there and not claimed), precision<N, recall<N, explained<N (per cent). "
        "Without it the exit status is 1 when any claim is wrong. none: never.",
        "not_found other_version other_digest unclaimed precision<100 recall<90 explained<50 none"},
    scan_flag("platform"),
    scan_flag("now"),
    scan_flag("jobs"),
    scan_flag("stall-timeout"),
    scan_flag("insecure"),
    scan_flag("ca-file"),
    scan_flag("registry-mirror"),
    scan_flag("network-timeout"),
    scan_flag("quiet")};
constexpr std::array kInspectFlags{
    Flag{"output", 'o', "FORMAT[=FILE]", false, "table or json, to FILE or stdout", "",
         "table json"},
    Flag{"platform", 0, "OS/ARCH[/VARIANT]", false, "which image of an index to look into",
         "Default: linux on this machine's architecture, or the only one there is.",
         "linux/amd64 linux/arm64"},
    Flag{"jobs", 'j', "N", false, "how many files to examine at once", "Default: all cores.", ""},
    Flag{"color", 0, "WHEN", false, "colours: auto, always, never",
         "auto: on a terminal, unless NO_COLOR is set.", "auto always never"},
    Flag{"quiet", 'q', "", false, "no progress on stderr, only warnings and errors", "", ""},
};

constexpr std::array kLddFlags{
    Flag{"output", 'o', "FORMAT[=FILE]", false,
         "table (the form of ldd) or json, to FILE or stdout", "", "table json"},
    Flag{"platform", 0, "OS/ARCH[/VARIANT]", false, "which image of an index to look into",
         "Default: linux on this machine's architecture, or the only one there is.",
         "linux/amd64 linux/arm64"},
    Flag{"cpu", 0, "LEVEL", false, "the processor's level, as glibc-hwcaps subfolders are named",
         "x86-64-v3 takes in x86-64-v2. Default: the baseline, which every processor has.",
         "x86-64-v2 x86-64-v3 x86-64-v4"},
    Flag{"jobs", 'j', "N", false, "how many files to examine at once", "Default: all cores.", ""},
    Flag{"quiet", 'q', "", false, "no progress on stderr, only warnings and errors", "", ""},
};

constexpr std::array kSignaturesFlags{
    Flag{"output", 'o', "PACK", false, "learn: the file to write", "", ""},
    Flag{"name", 0, "NAME", false, "learn: what the library is called", "", ""},
    Flag{"release", 0, "VERSION", false, "learn: which release of it this is", "", ""},
    Flag{"purl", 0, "PURL", false, "learn: the package URL that reports shall give it",
         "Its name and version are taken where --name and --release do not say others.", ""},
    scan_flag("signatures"),
};
constexpr std::array kFunctionsFlags{
    scan_flag("signatures"),
    Flag{"output", 'o', "FORMAT", false, "table (the default) or json", "", "table json"},
    Flag{"function", 0, "NAME|ADDRESS", false,
         "show one function: instructions, callers, callees, strings",
         "An address, as 0x401000, names the function that contains it.", ""},
    Flag{"dot", 0, "", false, "write the graph of calls for Graphviz",
         "With --function only the calls of and to that function.", ""},
    Flag{"platform", 0, "OS/ARCH[/VARIANT]", false, "which image of an index to look into",
         "Default: linux on this machine's architecture, or the only one there is.",
         "linux/amd64 linux/arm64"},
};

constexpr std::array kSandboxFlags{
    Flag{"seccomp", 0, "FILE", false, "write a seccomp profile as OCI runtimes read it (JSON)",
         "For docker and podman --security-opt seccomp=FILE, and Kubernetes. - is stdout.", ""},
    Flag{"systemd", 0, "FILE", false, "write a drop-in for a systemd unit (SystemCallFilter=)", "",
         ""},
    Flag{"kubernetes", 0, "FILE", false, "write a securityContext that names the profile", "", ""},
    Flag{"platform", 0, "OS/ARCH[/VARIANT]", false, "which image of an index to look into",
         "Default: linux on this machine's architecture, or the only one there is.",
         "linux/amd64 linux/arm64"},
    Flag{"jobs", 'j', "N", false, "how many files to examine at once", "Default: all cores.", ""},
    Flag{"quiet", 'q', "", false, "no progress on stderr, only errors", "", ""},
};

constexpr std::array kDbFlags{
    scan_flag("data"),
    Flag{"from", 0, "URL", true, "import, update: a file or a mirror on a web server",
         "An address that ends in / is a mirror: SHA256SUMS in it says which files there are. "
         "Plain HTTP only from this machine, with --key, or with --insecure.",
         ""},
    Flag{"checksum", 0, "SHA256", false, "import: what the file's SHA-256 must be, in hex",
         "Without it, FILE.sha256 or the folder's SHA256SUMS is used where there is one.", ""},
    Flag{
        "key", 0, "KEY", false, "import, update: only what is signed with this key",
        "A minisign public key (the file, or its text beginning with RW), or the PEM of an Ed25519 "
        "key. Then SHA256SUMS, or else every file, needs NAME.minisig or NAME.sig beside it.",
        ""},
    Flag{"output", 'o', "FORMAT[=FILE]", false, "status, diff, search: table or json", "",
         "table json"},
    Flag{"max-data-age", 0, "DAYS", false, "status: warn of data that are older than this (180)",
         "", ""},
    Flag{"now", 0, "TIME", false, "the time, as 2026-11-24 or 2026-11-24T12:00:00Z",
         "What age is measured against, and what import notes as its time.", ""},
    Flag{"insecure", 0, "", false, "let a server speak plain HTTP, or with any certificate", "",
         ""},
    Flag{"ca-file", 0, "FILE", false, "certificates to trust beside the system's, PEM", "", ""},
    Flag{"network-timeout", 0, "SECONDS", false,
         "give up on a server that is silent for longer than this (30)", "", ""},
    scan_flag("jobs"),
    Flag{"quiet", 'q', "", false, "no progress on stderr, only warnings and errors", "", ""},
};

constexpr std::array kCommands{
    Command{"scan", "TARGET", "say what code is in an image and which vulnerabilities it has",
            "TARGET is [SCHEME:]PATH[:TAG|@DIGEST], or - for a tar archive on standard input. "
            "Schemes: {schemes}; found by looking when none is given. What is no file and does not "
            "look like a path is the name of an image in a registry, as in debian:12.\n\n"
            "Registries are logged in to with what docker login and podman login have stored "
            "($REGISTRY_AUTH_FILE, ~/.docker/config.json, credential helpers); HTTPS_PROXY and "
            "NO_PROXY are followed. What is attached to an image (signatures, SBOMs, attestations) "
            "is listed, not verified.\n\n"
            "Exit status: 0 assessed and policy met; 1 a gate failed; 2 usage, or could not run; "
            "3 nothing was recognised, an executable file yielded no component, or too little is "
            "attributed; 4 gaps and --strict. The first of 2, 1, 3, 4 that applies wins.\n\n"
            "Examples:\n"
            "  fathom scan app.tar\n"
            "  fathom scan registry.example/team/app:1 --fail-on high+fixable,kev\n"
            "  fathom scan app.tar --ci -o sarif=app.sarif -o markdown=app.md\n"
            "  fathom scan app.tar -o json=accepted.json\n"
            "  fathom scan app.tar --ci --baseline accepted.json",
            kScanFlags, run_scan},
    Command{"why", "ID TARGET", "show the whole argument about one vulnerability in an image",
            "ID is what scan calls it, or an alias (CVE, GHSA, GO, RUSTSEC); TARGET as for scan. "
            "Where the component is and how it was recognised, the functions that the fix changes, "
            "the way to them from where the program begins, and the commands (readelf, objdump, "
            "strings) by which each step can be checked. Exit status: 0; 1 when the scan has no "
            "such finding; 2 when it could not run.",
            kWhyFlags, run_why},
    Command{"convert", "REPORT.json", "write a saved report in other formats",
            "REPORT.json is what fathom scan -o json wrote, or - for standard input; the output is "
            "the same as if the scan had written it. The exit status says whether that worked, not "
            "what is in the report.",
            kConvertFlags, run_convert},
    Command{"sbom", "TARGET", "write a bill of materials of an image",
            "TARGET as for scan. Libraries that were compiled in are in it, with the file they are "
            "in and how they were recognised; each component has a package URL and a CPE. The same "
            "image gives the same bytes. docs/sbom.md explains the formats.\n\n"
            "Exit status: 0, or 2 when the target could not be read. What could not be read of it "
            "makes the document say that it is incomplete.\n\n"
            "Examples:\n"
            "  fathom sbom app.tar -o cyclonedx-json=app.cdx.json -o spdx-json=app.spdx.json",
            kSbomFlags, run_sbom},
    Command{"audit", "TARGET", "hold a bill of materials against the bytes of an image",
            "TARGET as for scan. Each claim is confirmed, found in another version or with another "
            "digest, not found, or not checked because fathom could not recognise it; what is "
            "there and not claimed is listed. With precision and recall of the document, and the "
            "share of the executable bytes that it explains. docs/sbom.md has the rules.\n\n"
            "Exit status: 0 policy met; 1 not met (see --fail-if); 2 usage, or could not run, or "
            "there is no SBOM.\n\n"
            "Examples:\n"
            "  fathom audit app.tar --sbom app.cdx.json\n"
            "  fathom audit app.tar --sbom app.spdx --fail-if not_found --fail-if 'recall<90'",
            kAuditFlags, run_audit},
    Command{"exec", "TARGET", "say what can be executed in an image",
            "How the configured command becomes a program; whether there is a shell, with the "
            "proof; every tool that somebody who got in could use, recognised by its content; what "
            "programs can ask the system for. Without --output a text for people.",
            kViewFlags, run_exec},
    Command{"config", "TARGET", "audit the configuration and the files of an image",
            "Users, credentials, permissions, leftovers, certificates, and signs that the image "
            "was tampered with; each row with evidence, why it matters and how to fix it. Without "
            "--output a text for people.",
            kViewFlags, run_config},
    Command{"origin", "TARGET [PATH...]", "say where the files of an image come from",
            "Of each file: its layer and the line of the build that made it, whether it is the "
            "base's or yours, the package that owns it and whether its content is what was "
            "installed, build-id, compilers, the revision of its sources, statements that name it. "
            "With PATH these files in full; without, the sums and what stays unexplained. "
            "docs/origin.md says what counts as explained.",
            kOriginFlags, run_origin},
    Command{"base", "TARGET", "say on which base image an image was built, and how old that is",
            "Recognised by the digests of its layers, labels and annotations, os-release and "
            "package sets. Which components are the base's and which are yours, what its packages "
            "would get from an update (fathom db import), and a list to watch for CI. Exit status: "
            "1 when --fail-on or --max-age says so.\n\n"
            "  fathom base app.tar\n"
            "  fathom base our-base.tar --as our/base:3 >> bases.tsv\n"
            "  fathom base app.tar --bases bases.tsv --fail-on updates",
            kBaseFlags, run_base},
    Command{"diff", "A B [PATH...]", "say what differs between two images, files or reports",
            "A and B are targets as for scan, or reports that fathom scan -o json wrote. Files, "
            "components, findings, hardening, sizes by component; of programs that differ, or of "
            "those at PATH, also the functions: identical, relocated only, changed, added, "
            "removed, with system calls, imports, IFUNCs and texts. Build-ids, folders, dates and "
            "addresses count for nothing. docs/diff.md says how functions are paired. Exit "
            "status: 0 no difference, 1 a difference, 2 could not run.\n\n"
            "  fathom diff old.tar new.tar\n"
            "  fathom diff shipped/app rebuilt/app\n"
            "  fathom diff old.tar new.tar usr/bin/app",
            kDiffFlags, run_diff},
    Command{
        "hardening", "TARGET [PATH...]",
        "say how programs and shared objects are hardened, and how that is known",
        "TARGET as for scan. With PATH only files there: a file, or everything in a folder. One "
        "file is shown with all evidence. The values are explained in docs/hardening.md.",
        kInspectFlags, run_hardening},
    Command{
        "ldd", "TARGET [PATH...]",
        "say what programs would be linked with, without running anything",
        "TARGET as for scan. PATH is a program or shared object in it; without one, every program. "
        "What ldd prints, without addresses and the vdso. Exit status: 1 when a library or a "
        "symbol version is missing. docs/ldd.md has the rules.",
        kLddFlags, run_ldd},
    Command{"functions", "FILE | TARGET PATH", "list the functions of a program, stripped or not",
            "FILE is an ELF program, shared library or object for x86_64 or AArch64, or a member "
            "of an archive, as FILE.a(NAME); or PATH is one in "
            "TARGET, which is named as for scan. For each function: "
            "where it is, how it was found (symbol, unwind_table, entry, initializer, call, jump, "
            "pointer, gap), what it calls, which strings it refers to, and the numbers of its "
            "system calls. Functions without a name get that of known code that is the same, with "
            "its library in brackets. An object's addresses are offsets in its file. "
            "Exit status: 0, or 2 when the file could not be read.",
            kFunctionsFlags, run_functions},
    Command{"sandbox", "TARGET [PROGRAM...]",
            "say which system calls programs can make, as filters",
            "TARGET as for scan; a program with its libraries, or an image. Without PROGRAM, what "
            "the image's configuration starts. Everything that can run counts, with the libraries "
            "it is linked with, and what the container's runtime needs besides; anything else gets "
            "ENOSYS. What cannot be followed makes the profile incomplete: it then logs instead, "
            "lists why, and the exit status is 1. Without a flag a table with the place of each "
            "system call. docs/sandbox.md has the method and its limits.",
            kSandboxFlags, run_sandbox},
    Command{"signatures", "info|list|check|learn [PATH...]",
            "say what libraries are recognised by, and learn others",
            "info: how much there is. list: one line for each library, with its first and last "
            "known release, and one for each package revision whose compiled code is known. check: "
            "decodes everything and tries every classifier on its samples.\n"
            "learn PATH... -o PACK --name NAME --release VERSION: reads a library as compiled (.a, "
            ".o, .so with symbols), so that --signatures PACK finds its code in stripped programs. "
            "Exit status: 0; 1 when check finds the data damaged; 2 when it could not be done.",
            kSignaturesFlags, run_signatures},
    Command{
        "db", "status|import|update|export|diff|search [...]",
        "keep advisories of your own beside the built-in ones",
        "status: what data there are, how old, from where.\n"
        "import FILE|FOLDER... [--from URL]: read what others publish: OSV (records, JSON lines, "
        "zip), "
        "NVD 2.0 JSON, KEV JSON, EPSS CSV, the Debian security tracker's JSON, Alpine secdb, CSAF "
        "2.0, "
        "OpenVEX, and fathom's own export; compressed or not; told apart by content. Only what is "
        "in "
        "it is replaced: a catalogue as a whole, a record by the same record. All or nothing.\n"
        "update: import again from where each source came from, or from --from URL.\n"
        "export [FILE]: what was imported, as OSV: JSON lines, or a zip when FILE ends in .zip; "
        "importing it elsewhere gives the same data.\n"
        "diff [OLD.pack] [NEW.pack] [REPORT.json...]: what changed between two databases, or in "
        "the "
        "findings of saved reports; what is not named is the present data, or what the report "
        "says. "
        "Exit status: 0 nothing, 1 something.\n"
        "search WORD: an advisory by its id or alias, those of a package by its name, or by a "
        "purl; "
        "with a version in the purl, those that affect it. Exit status: 0 found, 1 nothing.\n\n"
        "  fathom db import all.zip --checksum 9f86d0...\n"
        "  fathom db import --from https://mirror.example/advisories/ --key mirror.pub\n"
        "  fathom db status\n"
        "  fathom db search pkg:pypi/django@4.2.1\n"
        "  fathom db diff yesterday.json\n\n"
        "Nothing is ever sent, and scan opens no connection for data. docs/database.md has the "
        "forms, "
        "which data win, and how to run a mirror.",
        kDbFlags, run_db},
    Command{
        "version", "", "print the version and the date of the built-in data", "", {}, run_version},
    Command{"help", "[COMMAND]", "print help", "", {}, run_help},
    Command{"completion",
            "bash|zsh|fish",
            "print a completion script for a shell",
            "For bash: source <(fathom completion bash).",
            {},
            run_completion},
    Command{"man", "", "print the manual page (roff)", "fathom man | man -l -", {}, run_man},
};

}  // namespace

std::span<const Command> all_commands() { return kCommands; }

int run_version(const Arguments&) {
  std::string text = "fathom " FATHOM_VERSION "\n";
  Result<vuln::Database> database = vuln::Database::open(vuln::embedded_pack());
  if (database) text += "advisories to " + database->newest() + " (" + database->id() + ")\n";
  return write_stdout(text) ? 0 : kExitUsage;
}

int run_help(const Arguments& arguments) {
  if (arguments.operands.empty()) return write_stdout(overview()) ? 0 : kExitUsage;
  const Command* command = find_command(arguments.operands[0]);
  if (command == nullptr) {
    log::error("there is no command \"" + arguments.operands[0] + "\"; see fathom help");
    return kExitUsage;
  }
  return write_stdout(help_of(*command)) ? 0 : kExitUsage;
}

int run_completion(const Arguments& arguments) {
  std::string script =
      arguments.operands.empty() ? std::string() : completion(arguments.operands[0]);
  if (script.empty()) {
    log::error("completion is for bash, zsh or fish");
    return kExitUsage;
  }
  return write_stdout(script) ? 0 : kExitUsage;
}

int run_man(const Arguments&) { return write_stdout(man_page()) ? 0 : kExitUsage; }

}  // namespace fathom::cli
