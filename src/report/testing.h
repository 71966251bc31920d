// Reports made by hand, for the tests of this room.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/report.h"

namespace fathom::testing {

inline std::string digest_of(char digit) { return "sha256:" + std::string(64, digit); }

inline Evidence seen(std::string analyzer, std::string file, Place place, std::string text) {
  return {std::move(analyzer), std::move(file), digest_of('a'), std::move(place), std::move(text)};
}

inline Component component(std::string id, ComponentKind kind, std::string name,
                           std::string version, std::string file) {
  Component c;
  c.id = std::move(id);
  c.kind = kind;
  c.name = std::move(name);
  c.version.exact = std::move(version);
  c.ecosystem = kind == ComponentKind::package            ? "deb"
                : kind == ComponentKind::embedded_library ? "C"
                                                          : "Go";
  c.file = file;
  c.file_digest = digest_of('a');
  c.layer = 0;
  c.evidence = {seen("made-by-hand", std::move(file), Place::at_line(1), c.name)};
  return c;
}

inline Finding finding(std::string id, std::string of, Severity severity) {
  Finding f;
  f.id = std::move(id);
  f.component = std::move(of);
  f.severity = severity;
  f.verdict = Verdict::affected_by_version;
  f.why = "the version is in the affected range";
  f.source = "made-by-hand";
  return f;
}

// One static program with SQLite compiled in: the smallest report that is worth reading.
inline Report small_report() {
  Report r;
  r.target = "sqlite-service.tar";
  r.now = "2026-11-24T12:00:00Z";
  r.image.digest = digest_of('1');
  r.image.platform = "linux/amd64";
  r.image.source = "docker-archive";
  r.image.names = {"example/sqlite-service:1.0"};
  r.image.entrypoint = {"/sqlite-service"};
  r.image.layers = {{digest_of('2'), digest_of('3'), 1'234'567, "COPY sqlite-service /", 1}};
  r.coverage = {1, 1, 0, 0, 1, 3'100'000, 1'922'000, {{"C", 1, 2410, "2026-08-31", "", ""}}};
  FileRow file;
  file.path = "sqlite-service";
  file.digest = digest_of('a');
  file.size = 4'000'000;
  file.layer = 0;
  file.kind = "elf";
  file.type = "ELF x86_64 executable, static, stripped";
  file.state = FileState::identified;
  file.executable_bytes = 3'100'000;
  file.attributed_bytes = 1'922'000;
  r.files = {file};
  Component c =
      component("c1", ComponentKind::embedded_library, "sqlite", "3.31.1", "sqlite-service");
  c.purl = "pkg:generic/sqlite@3.31.1";
  c.cpe = "cpe:2.3:a:sqlite:sqlite:3.31.1:*:*:*:*:*:*:*";
  c.licenses = {"blessing"};
  c.evidence = {
      seen("classifier", "sqlite-service", Place::at_offset(0x1f0040, ".rodata"),
           "2020-01-27 19:55:54 3bfa9cc97da10598521b342961df8f5f68c7388fa117345eeb516eaa837bb4d6"),
      {"classifier",
       "sqlite-service",
       digest_of('a'),
       {Place::Kind::address, 0x401a20, ".text"},
       "mov eax, 3031001; ret"}};
  r.components = {c};
  Finding a = finding("CVE-2022-35737", "c1", Severity::high);
  a.cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";
  a.cvss_score = "7.5";
  a.epss = "0.01234";
  a.epss_percentile = "0.84";
  a.fixed_in = {"3.39.2"};
  a.published = "2022-08-03";
  Finding b = finding("CVE-2020-11656", "c1", Severity::critical);
  b.cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
  b.cvss_score = "9.8";
  b.epss = "0.02891";
  b.fixed_in = {"3.32.0"};
  r.findings = {b, a};
  for (int i = 0; i < 20; ++i) {
    Finding u = finding("CVE-2019-" + std::to_string(19000 + i), "c1", Severity::medium);
    u.range_uncertain = true;
    r.findings.push_back(u);
  }
  r.data = {{"advisories", digest_of('d'), "2026-08-31"}, {"classifiers", digest_of('e'), ""}};
  return r;
}

// Everything that a report can have, at once.
inline Report full_report() {
  Report r = small_report();
  r.target = "registry-mirror/team/billing-service-with-a-long-name-2026.11.24.tar";
  r.image.platform = "linux/arm64/v8";
  r.image.layers.push_back({digest_of('4'), digest_of('5'), 77, "", 3});
  r.coverage = {412,
                355,
                52,
                5,
                18,
                48'200'000,
                31'330'000,
                {{"C", 3, 2410, "2026-08-31", "", ""},
                 {"Go", 2, 3100, "2026-08-30", "", ""},
                 {"deb", 60, 0, "", "", ""},
                 {"npm", 12, 0, "", "", ""}}};
  // The package that owns nothing else, in the database.
  Component libc = component("c2", ComponentKind::package, "libc6", "2.36-9+deb12u8",
                             "var/lib/dpkg/status.d/libc6");
  libc.purl = "pkg:deb/debian/libc6@2.36-9%2Bdeb12u8?arch=amd64&distro=debian-12";
  libc.source_name = "glibc";
  libc.licenses = {"LGPL-2.1-or-later", "GPL-2.0-only WITH Classpath-exception-2.0"};
  libc.owned_files = {"usr/lib/aarch64-linux-gnu/libc.so.6"};
  r.components.push_back(libc);
  // The same library in two files, by range only.
  for (int i = 0; i < 2; ++i) {
    const std::string file = i == 0 ? "opt/vendor/some-deeply/nested/folder/lib/libimaging.so.7"
                                    : "opt/vendor/bin/convert";
    Component zlib =
        component("c" + std::to_string(3 + i), ComponentKind::embedded_library, "zlib", "", file);
    zlib.version = {"", "1.2.8", "1.2.11", {"1.2.8", "1.2.9", "1.2.10", "1.2.11"}};
    zlib.confidence = Confidence::medium;
    zlib.evidence = {seen("classifier", file, Place::at_offset(0x88f0),
                          " inflate 1.2 Copyright 1995-2017 Mark Adler ")};
    r.components.push_back(zlib);
  }
  Component module =
      component("c5", ComponentKind::module, "github.com/gin-gonic/gin", "v1.5.0", "usr/bin/api");
  module.purl = "pkg:golang/github.com/gin-gonic/gin@v1.5.0";
  module.licenses = {"MIT style, see LICENSE"};
  module.evidence = {
      seen("go-buildinfo", "usr/bin/api", Place::named(".go.buildinfo"),
           "dep github.com/gin-gonic/gin v1.5.0 h1:fi+bqFAx/oLK54somfCtEZs9HeH1LHVoEPUgARpTqyc=")};
  r.components.push_back(module);
  Component runtime = component("c6", ComponentKind::runtime, "stdlib", "1.21.3", "usr/bin/api");
  r.components.push_back(runtime);
  for (int i = 0; i < 58; ++i) {
    const std::string name = "libpackage" + std::to_string(i);
    Component c = component("c" + std::to_string(7 + i), ComponentKind::package, name,
                            "1." + std::to_string(i) + "-2", "var/lib/dpkg/status");
    r.components.push_back(c);
  }

  Finding kev = finding("CVE-2018-25032", "c3", Severity::high);
  kev.kev = true;
  kev.cvss_score = "7.5";
  kev.epss = "0.93";
  kev.fixed_in = {"1.2.12"};
  Finding again = kev;
  again.component = "c4";
  Finding module_flaw = finding("CVE-2020-28483", "c5", Severity::high);
  module_flaw.aliases = {"GHSA-h395-qcrw-5vmq", "GO-2021-0052"};
  module_flaw.verdict = Verdict::not_present;
  module_flaw.why = "the function the advisory names is not in the program";
  module_flaw.evidence = {seen("go-pclntab", "usr/bin/api", Place::named(".gopclntab"),
                               "4,211 functions, none of them gin.(*Context).ClientIP")};
  module_flaw.fixed_in = {"1.7.7", "1.6.3-backport.2", "1.5.1-lts.20210510"};
  r.findings.insert(r.findings.begin(), {kev, again});
  r.findings.insert(r.findings.begin() + 4, module_flaw);
  for (int i = 0; i < 12; ++i) {
    Finding f = finding("CVE-2021-44" + std::to_string(100 + i), "c1", Severity::low);
    f.epss = "0.00012";
    r.findings.insert(r.findings.begin() + 5 + i, f);
  }
  Finding ignored = finding("CVE-2023-4911", "c2", Severity::high);
  ignored.ignored = true;
  ignored.ignored_because = "not set-user-id here (ignore.yaml:3)";
  Finding known = finding("CVE-2024-2961", "c2", Severity::high);
  known.in_baseline = true;
  r.findings.insert(r.findings.end(), {ignored, known});

  FileRow shadowed = r.files[0];
  shadowed.path = "opt/old-tool";
  shadowed.shadowed = true;
  shadowed.shadowed_by = 1;
  shadowed.state = FileState::gap;
  r.files.insert(r.files.begin(), shadowed);
  FileRow link;
  link.path = "usr/bin/sh";
  link.kind = "symlink";
  link.state = FileState::inert;
  r.files.push_back(link);

  r.mentions = {{"openssl", "1.1.1k", "usr/bin/api",
                 seen("classifier", "usr/bin/api", Place::at_offset(12), "OpenSSL 1.1.1k"),
                 "no other text of the library is there"}};
  r.gaps = {{"confine", "opt/vendor/broken.bin", digest_of('b'), 1, ErrorCode::crashed,
             "the confined child died while it examined this file"},
            {"elf", "opt/vendor/some-deeply/nested/folder/lib/libtruncated-in-the-middle.so.3", "",
             0, ErrorCode::truncated,
             "section headers at offset 0x4f2000 run 1,216 bytes past the end of the file"},
            {"layer", "", "", 1, ErrorCode::unsupported, "encrypted layer"}};
  r.notes = {
      "ignore.yaml:9: the rule for CVE-2019-8457 expired on 2026-10-01; its findings count "
      "again"};
  r.policy = {true, {"2 findings of severity high or above", "2 findings known to be exploited"}};
  r.exit_status = 1;
  return r;
}

// An image in which nothing was recognised, named by somebody who wishes us ill.
inline Report hostile_report() {
  Report r;
  r.target =
      "evil\x1b[2J\x1b]0;owned\x07\xe2\x80\xae"
      "gnp.tar";
  r.now = "2026-11-24T12:00:00Z";
  r.image.source = "dir";
  r.coverage = {2, 0, 0, 2, 1, 4096, 0, {}};
  FileRow file;
  file.path = "bin/\xff\xfe\nname";
  file.digest = digest_of('f');
  file.size = 4096;
  file.layer = 0;
  file.kind = "elf";
  file.executable_bytes = 4096;
  r.files = {file};
  r.gaps = {{"elf\n", "漢字/漢字漢字/\x1b[31mрусский", "", 0, ErrorCode::malformed,
             "\"quoted\" \\ <script>\xc2\x9b 1m\r\n"}};
  r.notes = {"\x1b[1mnote\x7f"};
  return r;
}

}  // namespace fathom::testing
