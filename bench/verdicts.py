#!/usr/bin/env python3
"""Verdicts against builds whose truth is known:  verdicts.py {seed|suite|go|table} [LIBRARY …] [--fathom FILE] [--cache DIR]

  seed    go-sqlite3's program built with {-s -w, musl, static-PIE, clang -Os, LTO}, with the release that has the fix, with only the
          fix applied, and with the version text overwritten: what is said of one CVE
  suite   C libraries of a distribution before and after its patches, under compilers and flags that no reference has, with drivers
          that call the function directly, through a table of pointers, or not at all
  go      Go programs beside govulncheck with a database made of the same facts
  table   what the results so far amount to, as Markdown

Builds are kept in the cache ($FATHOM_CACHE/verdicts or --cache) and made once; results are appended to results.jsonl there. Each
build runs alone. Needs gcc, clang-19, musl-tools, go; sources from the registries.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CVE = "CVE-2022-35737"
SQLITE = {"3.38.5": "v1.14.14", "3.39.2": "v1.14.15"}  # release → go-sqlite3
# What upstream's fix changes, as far as it is in this release: the counters of one function are as wide as its pointers.
WIDER = ("    case etSQLESCAPE:", "        int i, j, k, n, isnull;\n", "        i64 i, j, k, n;\n        int isnull;\n")


def run(command, cwd=None, env=None, seconds=1800):
    done = subprocess.run(command, cwd=cwd, env=dict(os.environ, **(env or {})), capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise RuntimeError("%s\n%s" % (" ".join(map(str, command)), done.stderr[-2000:]))
    return done.stdout


class Bench:
    def __init__(self, arguments):
        self.fathom, self.cache = arguments.fathom, pathlib.Path(arguments.cache)
        self.cache.mkdir(parents=True, exist_ok=True)
        self.results, self.libraries = self.cache / "results.jsonl", getattr(arguments, "libraries", [])

    def rows(self, part):
        if not self.results.exists():
            return []
        rows = [json.loads(line) for line in self.results.read_text().splitlines()]
        return [r for r in rows if r.get("part") == part and "verdicts" in r]

    def findings(self, program):
        """{id: finding} of a file, with the seconds of processor time that took."""
        folder = self.cache / ("root-%d" % os.getpid())
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(program, folder / "program")
        start = time.perf_counter()
        report = json.loads(subprocess.run([self.fathom, "scan", "-q", "dir:" + str(folder), "-o", "json", "--now", "2026-11-24"],
                                           capture_output=True, text=True, timeout=600).stdout)
        names = {c["id"]: c["name"] + " " + c.get("version", "?") for c in report["components"]}
        out = {}
        for finding in report["findings"]:
            finding["of"] = names[finding["component"]]
            for name in [finding["id"]] + finding["aliases"]:
                out.setdefault(name, finding)
        return out, names, time.perf_counter() - start

    def note(self, **row):
        with open(self.results, "a") as out:
            out.write(json.dumps(row, sort_keys=True) + "\n")
        print(" ".join("%s=%s" % item for item in row.items()), flush=True)


# ---- The seed


def with_fix(text):
    """go-sqlite3's source with only the fix applied."""
    at = text.index(WIDER[0], text.index("sqlite3_str_vappendf("))
    found = text.index(WIDER[1], at)
    if found - at > 1500:
        raise RuntimeError("the place of the fix is not where it was")
    return text[:found] + WIDER[2] + text[found + len(WIDER[1]):]


VARIANTS = {
    "stripped": {},
    "musl": {"CC": "musl-gcc", "external": "-static"},
    "static-pie": {"buildmode": "pie", "external": "-static-pie"},
    "clang-Os": {"CC": "clang-19", "CGO_CFLAGS": "-Os"},
    "lto": {"CGO_CFLAGS": "-O2 -flto", "CGO_LDFLAGS": "-O2 -flto", "external": ""},
}


def build_seed(bench, name, release, variant, fixed=False):
    target = bench.cache / ("seed-" + name)
    if target.exists():
        return target
    work = bench.cache / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(ROOT / "examples" / "src" / "sqlite-service", work)
    run(["go", "mod", "edit", "-require=github.com/mattn/go-sqlite3@" + SQLITE[release]], cwd=work)
    run(["go", "mod", "tidy"], cwd=work)
    if fixed:
        module = pathlib.Path(run(["go", "list", "-m", "-f", "{{.Dir}}", "github.com/mattn/go-sqlite3"], cwd=work).strip())
        shutil.copytree(module, work / "sqlite3")
        for path in [work / "sqlite3", *(work / "sqlite3").rglob("*")]:
            path.chmod(0o755)
        source = work / "sqlite3" / "sqlite3-binding.c"
        source.write_text(with_fix(source.read_text()))
        run(["go", "mod", "edit", "-replace=github.com/mattn/go-sqlite3=./sqlite3"], cwd=work)
    flags = "-s -w" + (" -linkmode external" if "external" in variant else "")
    if variant.get("external"):
        flags += " -extldflags '%s'" % variant["external"]
    command = ["go", "build", "-trimpath", "-tags", "netgo,osusergo,sqlite_omit_load_extension", "-ldflags", flags, "-o", str(target)]
    if "buildmode" in variant:
        command.append("-buildmode=" + variant["buildmode"])
    run(command + ["."], cwd=work, env={"CGO_ENABLED": "1", **{k: v for k, v in variant.items() if k.isupper()}})
    return target


def overwritten(bench, program):
    """The same with every text of the version replaced by another of the same length."""
    target = program.with_name(program.name + "-overwritten")
    target.write_bytes(program.read_bytes().replace(b"3.38.5", b"3.99.9"))
    return target


def seed(bench):
    wanted = [("old-" + name, "3.38.5", variant, False, "reachable") for name, variant in VARIANTS.items()]
    wanted += [("new-" + name, "3.39.2", variant, False, "patched") for name, variant in list(VARIANTS.items())[:1]]
    wanted += [("fixed-" + name, "3.38.5", variant, True, "patched") for name, variant in VARIANTS.items() if name in ("stripped", "clang-Os")]
    for name, release, variant, fixed, truth in wanted:
        try:
            program = build_seed(bench, name, release, variant, fixed)
        except RuntimeError as problem:
            bench.note(part="seed", name=name, failed=str(problem)[-300:])
            continue
        note_seed(bench, name, program, truth)
        if name == "old-stripped":
            note_seed(bench, name + "-overwritten", overwritten(bench, program), truth)


def note_seed(bench, name, program, truth):
    findings, names, seconds = bench.findings(program)
    finding = findings.get(CVE)
    verdict = finding["verdict"]["status"] if finding else "no finding"
    path = finding["verdict"].get("path", []) if finding else []
    bench.note(part="seed", name=name, truth=truth, verdict=verdict, steps=len(path), begins=path[0] if path else "",
               ends=path[-1] if path else "", of=finding["of"] if finding else ", ".join(sorted(names.values())),
               seconds=round(seconds, 2))


# ---- Libraries before and after their distribution's patches

BUILDS = {
    "gcc -O3 v3": (["gcc", "-O3", "-march=x86-64-v3"], []),
    "clang -O1 gc-sections": (["clang-19", "-O1", "-ffunction-sections"], ["-Wl,--gc-sections"]),
    "gcc LTO": (["gcc", "-O2", "-flto"], ["-flto", "-O2"]),
}
DRIVERS = {"direct": "call(argc);", "table": "void (*table[2])(int) = {none, call}; table[argc & 1](argc);", "none": "none(argc);"}

# The library's sources, what one calls of it, and what it is linked with.
LIBRARIES = {
    "zlib": ("adler32.c crc32.c deflate.c infback.c inffast.c inflate.c inftrees.c trees.c zutil.c compress.c uncompr.c gzclose.c gzlib.c "
             "gzread.c gzwrite.c", """#include "zlib.h"
static char in[64], out[64];
static void call(int n) { z_stream s = {0}; gz_header h = {0}; inflateInit2(&s, n + 30); inflateGetHeader(&s, &h); s.next_in = (void *)in;
  s.avail_in = n; s.next_out = (void *)out; s.avail_out = 64; inflate(&s, 0); inflateEnd(&s); deflateInit2(&s, n, 8, 15, 8, n); deflatePrime(&s, n, n);
  deflate(&s, n); deflateCopy(&s, &s); deflateEnd(&s); }""", []),
    "libexpat": ("expat/lib/xmlparse.c expat/lib/xmlrole.c expat/lib/xmltok.c", """#include "expat.h"
static void call(int n) { XML_Parser p = XML_ParserCreateNS(0, '|'); XML_GetBuffer(p, n); XML_Parse(p, "<a/>", n, 1); XML_ParserFree(p); }""", []),
    "libpng": ("png.c pngerror.c pngget.c pngmem.c pngpread.c pngread.c pngrio.c pngrtran.c pngrutil.c pngset.c pngtrans.c pngwio.c pngwrite.c "
               "pngwtran.c pngwutil.c", """#include "png.h"
static void call(int n) { png_image i = {0}; i.version = 1; png_image_begin_read_from_memory(&i, "x", n); png_image_finish_read(&i, 0, &n, n, 0);
  png_image_write_to_memory(&i, 0, 0, n, &n, 0, 0);
  png_structp p = png_create_read_struct(PNG_LIBPNG_VER_STRING, 0, 0, 0); png_infop f = png_create_info_struct(p); png_read_png(p, f, n, 0); }""", ["-lz", "-lm"]),
    "libxml2": (None, """#include <libxml/parser.h>
#include <libxml/xpath.h>
static void call(int n) { xmlDocPtr d = xmlReadMemory("<a/>", n, "x", 0, n); xmlXPathEvalExpression((void *)"a", xmlXPathNewContext(d)); }""", ["-lz", "-lm"]),
    "libssh2": (None, """#include "libssh2.h"
static void call(int n) { LIBSSH2_SESSION *s = libssh2_session_init(); libssh2_session_handshake(s, n); libssh2_userauth_password(s, "a", "b");
  libssh2_channel_open_session(s); }""", ["-lssl", "-lcrypto", "-lz"]),
    "tiff": (None, """#include "tiffio.h"
static void call(int n) { TIFF *t = TIFFOpen("x", "r"); unsigned r[4]; TIFFReadRGBAImage(t, n, n, r, 0); TIFFReadDirectory(t); TIFFClose(t); }""",
             ["-lz", "-lm"]),
}
SKIPPED = re.compile(r"(?:^|/)(?:test|run|xmllint|xmlcatalog|mkg3states|tif_win32|tif_vms|example|pngtest|wincng|mbedtls|libgcrypt|os400|"
                     r"agent_win|trionan|triostr|rngparser)[^/]*\.c$")


def objects_of(bench, key, tree, sources, compiler, flags):
    folder = bench.cache / "suite" / key
    archive = folder / "lib.a"
    if archive.exists():
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    objects = []
    for source in sources:
        target = folder / (source.replace("/", "_")[:-2] + ".o")
        done = subprocess.run(compiler + ["-w", "-fPIE", *flags, "-c", "-o", str(target), source], cwd=tree, capture_output=True, text=True)
        if done.returncode:
            print("  %s: %s" % (source, done.stderr.split("\n")[0][:160]), file=sys.stderr)
        else:
            objects.append(str(target))
    run(["gcc-ar", "rcs", str(archive)] + objects)
    for name in objects:
        os.unlink(name)
    return archive


def program_of(bench, key, tree, archive, driver, call, compiler, link, flags, libraries):
    program = bench.cache / "suite" / key / driver
    if program.exists():
        return program
    source = bench.cache / "suite" / key / (driver + ".c")
    source.write_text(call + "\nstatic void none(int n) { (void)n; }\nint main(int argc, char **argv) { (void)call; (void)argv; "
                      + DRIVERS[driver] + " return 0; }\n")
    whole = ["-Wl,--whole-archive", str(archive), "-Wl,--no-whole-archive"]
    run(compiler + ["-w", "-fPIE", "-pie", *flags, str(source), "-o", str(program)] + whole + link + libraries, cwd=tree)
    return program


def symbols_of(program):
    out = subprocess.run(["nm", str(program)], capture_output=True, text=True).stdout
    return {re.sub(r"\.(?:part|constprop|isra|cold|lto_priv).*", "", row.split()[-1]) for row in out.splitlines() if " t " in row.lower()}


def suite(bench):
    sys.path.insert(0, str(ROOT / "tools"))
    import make_fixes
    import tomllib
    recipes = tomllib.loads((ROOT / "data" / "verdicts" / "fixes.toml").read_text())
    debian = make_fixes.origins.Debian(make_fixes.CACHE)
    done = {(r["library"], r["from"], r["side"], r["build"], r["driver"]) for r in bench.rows("suite")}
    for name in bench.libraries or LIBRARIES:
        sources, call, libraries = LIBRARIES[name]
        recipe = recipes[name]
        for tree, sides in make_fixes.debian_of(name, recipe, debian):
            sides = iter(sides)
            files = sources.split() if sources else sorted(
                str(p.relative_to(tree)) for p in tree.rglob("*.c")
                if re.search(recipe.get("compiled", recipe["files"]), str(p.relative_to(tree))) and not SKIPPED.search(str(p.relative_to(tree))))
            fixes, origin = None, None
            for side in ("vulnerable", "fixed"):
                if side == "fixed":
                    fixes = list(sides)  # applies all patches
                    if not fixes:
                        break
                    origin = fixes[0].origin
                for build, (compiler, link) in BUILDS.items():
                    key = "%s/%s/%s" % (tree.name, side, re.sub(r"\W+", "-", build))
                    try:
                        archive = objects_of(bench, key, tree, files, compiler, recipe["flags"])
                        for driver in DRIVERS:
                            program = program_of(bench, key, tree, archive, driver, call, compiler, link, recipe["flags"], libraries)
                    except RuntimeError as problem:
                        bench.note(part="suite", failed=key, why=str(problem)[-400:])
            if not fixes:
                continue
            truth = {}
            for one in fixes:
                truth.setdefault(one.cve, set()).update(f for _, f, *_ in make_fixes.changed_functions(one))
            for side in ("vulnerable", "fixed"):
                for build in BUILDS:
                    for driver in DRIVERS:
                        key = "%s/%s/%s" % (tree.name, side, re.sub(r"\W+", "-", build))
                        program = bench.cache / "suite" / key / driver
                        if program.exists() and (name, origin, side, build, driver) not in done:
                            judge_suite(bench, program, truth, library=name, side=side, build=build, driver=driver, **{"from": origin})


def judge_suite(bench, program, truth, **row):
    symbols = symbols_of(program)
    stripped = program.with_name(program.name + ".stripped")
    run(["strip", "-o", str(stripped), str(program)])
    findings, names, seconds = bench.findings(stripped)
    verdicts = {}
    for cve, functions in truth.items():
        finding = findings.get(cve)
        why = finding["verdict"]["why"] if finding else ""
        fix = "fixed" if "the fix is in the code" in why else "vulnerable" if "as it was before the fix" in why else ""
        verdicts[cve] = [finding["verdict"]["status"] if finding else "no finding", fix, bool(functions & symbols)]
    bench.note(part="suite", seconds=round(seconds, 2), verdicts=verdicts, **row)


# ---- Go beside govulncheck

# Module, version, import, what main does with it.
GO_PROGRAMS = [
    ("golang.org/x/text", "v0.3.5", "golang.org/x/text/language", "language.Parse(s)"),
    ("golang.org/x/text", "v0.3.5", "golang.org/x/text/unicode/norm", "norm.NFC.String(s)"),
    ("golang.org/x/text", "v0.3.0", "golang.org/x/text/encoding/unicode", "unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().String(s)"),
    ("golang.org/x/net", "v0.0.0-20210428140749-89ef3d95e781", "golang.org/x/net/html", "html.Parse(strings.NewReader(s))"),
    ("golang.org/x/net", "v0.7.0", "golang.org/x/net/http2", "new(http2.Server).ServeConn(nil, nil)"),
    ("golang.org/x/net", "v0.7.0", "golang.org/x/net/idna", "idna.ToASCII(s)"),
    ("golang.org/x/crypto", "v0.0.0-20200220183623-bac4c82f6975", "golang.org/x/crypto/ssh", "ssh.ParsePublicKey([]byte(s))"),
    ("golang.org/x/crypto", "v0.16.0", "golang.org/x/crypto/ssh", "ssh.Dial(s, s, nil)"),
    ("golang.org/x/crypto", "v0.16.0", "golang.org/x/crypto/bcrypt", "bcrypt.GenerateFromPassword([]byte(s), 4)"),
    ("golang.org/x/image", "v0.5.0", "golang.org/x/image/tiff", "tiff.Decode(strings.NewReader(s))"),
    ("golang.org/x/image", "v0.5.0", "golang.org/x/image/bmp", "bmp.Decode(strings.NewReader(s))"),
    ("gopkg.in/yaml.v2", "v2.2.2", "gopkg.in/yaml.v2", "yaml.Unmarshal([]byte(s), &s)"),
    ("gopkg.in/yaml.v3", "v3.0.0-20200313102051-9f266ea9e77c", "gopkg.in/yaml.v3", "yaml.Unmarshal([]byte(s), &s)"),
    ("github.com/tidwall/gjson", "v1.6.4", "github.com/tidwall/gjson", "gjson.Get(s, s)"),
    ("github.com/dgrijalva/jwt-go", "v3.2.0+incompatible", "github.com/dgrijalva/jwt-go", "jwt.Parse(s, nil)"),
    ("github.com/gorilla/websocket", "v1.4.0", "github.com/gorilla/websocket", "websocket.DefaultDialer.Dial(s, nil)"),
    ("github.com/miekg/dns", "v1.1.22", "github.com/miekg/dns", "new(dns.Client).Exchange(new(dns.Msg), s)"),
    ("github.com/gogo/protobuf", "v1.3.1", "github.com/gogo/protobuf/proto", "proto.Marshal(nil)"),
    ("github.com/ulikunitz/xz", "v0.5.7", "github.com/ulikunitz/xz", "xz.NewReader(strings.NewReader(s))"),
    ("github.com/russellhaering/goxmldsig", "v1.1.0", "github.com/russellhaering/goxmldsig", "dsig.NewDefaultValidationContext(nil).Validate(nil)"),
    ("github.com/nats-io/nkeys", "v0.4.4", "github.com/nats-io/nkeys", "nkeys.FromSeed([]byte(s))"),
    ("github.com/pion/dtls/v2", "v2.2.3", "github.com/pion/dtls/v2", "dtls.Client(nil, nil)"),
]
GO_MAIN = """package main

import (
	"os"
	"strings"

	%s"%s"
)

var _ = strings.NewReader

func main() {
	s := os.Args[0]
	_ = s
	%s
}
"""


def go_database(bench):
    """The advisories of the program in the form that govulncheck reads."""
    folder = bench.cache / "godb"
    if (folder / "index" / "db.json").exists():
        return folder
    for name in ("index", "ID"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    modules, vulns = collections.defaultdict(list), []
    text = subprocess.run(["zstd", "-dcq", str(ROOT / "data" / "advisories" / "go.jsonl.zst")], capture_output=True, check=True).stdout.decode()
    time_of_all = "2026-08-21T00:00:00Z"
    for row in map(json.loads, text.splitlines()):
        if row.get("withdrawn"):
            continue
        affected = []
        for one in row["affected"]:
            events, fixed = [], ""
            for pair in one.get("r", []):
                events.append({"introduced": pair[0]})
                if pair[1]:
                    events.append({"fixed": pair[1]})
                    fixed = pair[1]
            imports = [dict({"path": i["p"]}, **({"symbols": i["s"]} if "s" in i else {}), **({"goos": i["os"]} if "os" in i else {}),
                            **({"goarch": i["arch"]} if "arch" in i else {})) for i in one.get("imp", [])]
            affected.append({"package": {"name": one["pkg"], "ecosystem": "Go"}, "ranges": [{"type": "SEMVER", "events": events}],
                             "ecosystem_specific": {"imports": imports}})
            modules[one["pkg"]].append({"id": row["id"], "modified": time_of_all, "fixed": fixed})
        entry = {"schema_version": "1.3.1", "id": row["id"], "modified": time_of_all, "published": time_of_all, "aliases": row.get("aliases", []),
                 "details": row["id"], "affected": affected, "references": [], "database_specific": {"url": "", "review_status": "REVIEWED"}}
        (folder / "ID" / (row["id"] + ".json")).write_text(json.dumps(entry))
        vulns.append({"id": row["id"], "modified": time_of_all, "aliases": row.get("aliases", [])})
    (folder / "index" / "modules.json").write_text(json.dumps([{"path": m, "vulns": v} for m, v in sorted(modules.items())]))
    (folder / "index" / "vulns.json").write_text(json.dumps(vulns))
    (folder / "index" / "db.json").write_text(json.dumps({"modified": time_of_all}))
    return folder


def build_go(bench, index, flags, name):
    module, version, path, statement = GO_PROGRAMS[index]
    target = bench.cache / ("go-%02d%s" % (index, name))
    if target.exists():
        return target
    work = bench.cache / "gowork"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    alias = "dsig " if "goxmldsig" in path else "jwt " if "jwt-go" in path else "yaml " if "yaml." in path else ""
    (work / "go.mod").write_text("module example.com/p\n\ngo 1.21\n\nrequire %s %s\n" % (module, version))
    (work / "main.go").write_text(GO_MAIN % (alias, path, statement))
    run(["go", "mod", "tidy"], cwd=work)
    run(["go", "build", "-p", "1", "-trimpath", *flags, "-o", str(target), "."], cwd=work, env={"CGO_ENABLED": "0"})
    return target


def second_opinion(bench, program):
    """Advisories of which govulncheck says that a vulnerable symbol is in the program."""
    tool = shutil.which("govulncheck") or str(bench.cache.parent / "gobin" / "govulncheck")
    out = run([tool, "-mode", "binary", "-db", "file://" + str(go_database(bench)), "-format", "json", str(program)])
    found, decoder, at = set(), json.JSONDecoder(), 0
    while at < len(out):
        while at < len(out) and out[at].isspace():
            at += 1
        if at == len(out):
            break
        message, at = decoder.raw_decode(out, at)
        trace = message.get("finding", {}).get("trace", [{}])
        if trace[0].get("function"):
            found.add(message["finding"]["osv"])
    return found


def go(bench):
    for index, (module, version, path, _) in enumerate(GO_PROGRAMS):
        try:
            plain = build_go(bench, index, [], "")
            stripped = build_go(bench, index, ["-ldflags=-s -w"], "-stripped")
            theirs = second_opinion(bench, plain)
        except (RuntimeError, subprocess.TimeoutExpired) as problem:
            bench.note(part="go", program=path, failed=str(problem)[-300:])
            continue
        sides = []
        for program in (plain, stripped):
            findings, _, seconds = bench.findings(program)
            statuses = {}
            for name, finding in findings.items():
                if name.startswith("GO-"):
                    statuses[name] = finding["verdict"]["status"]
            sides.append(statuses)
        present = {k for k, v in sides[0].items() if v.startswith(("reachable", "present")) or v == "affected_by_version"}
        absent = {k for k, v in sides[0].items() if v == "not_present"}
        bench.note(part="go", program="%s %s" % (path, version), both=len(present & theirs), only_theirs=sorted(theirs - present),
                   only_ours=sorted(present - theirs), absent=len(absent), absent_but_theirs=sorted(absent & theirs),
                   same_when_stripped=sides[0] == sides[1], statuses=dict(collections.Counter(sides[0].values())), verdicts={})


# ---- What it amounts to


def table(bench):
    rows = bench.rows("suite")
    decided, statuses, wrong = collections.Counter(), collections.Counter(), []
    for row in rows:
        for cve, (status, fix, present) in row["verdicts"].items():
            if status == "no finding":
                decided["no finding"] += 1
                continue
            place = "%s %s, %s, %s, %s, driver %s: %s%s" % (row["library"], cve, row["from"], row["side"], row["build"], row["driver"], status,
                                                            ", fix " + fix if fix else "")
            decided["fix undecided" if not fix else "fix right" if fix == row["side"] else "fix wrong"] += 1
            statuses[row["driver"], row["side"], status] += 1
            bad = (fix and fix != row["side"]) or (status == "not_present" and present) or \
                (status == "present_unreachable" and row["driver"] != "none") or \
                (status.startswith("reachable") and row["driver"] == "none")
            if bad:
                wrong.append(place)
    print("%d programs, %d CVEs" % (len(rows), len({c for r in rows for c in r["verdicts"]})))
    for name, count in sorted(decided.items()):
        print("| %s | %d |" % (name, count))
    for (driver, side, status), count in sorted(statuses.items()):
        print("| %s | %s | %s | %d |" % (driver, side, status, count))
    print("wrong: %d" % len(wrong))
    for place in wrong:
        print("- " + place)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", choices=["seed", "suite", "go", "table"])
    parser.add_argument("--fathom", default=str(ROOT / "build" / "release" / "fathom"))
    parser.add_argument("--cache", default=os.path.join(os.environ.get("FATHOM_CACHE", os.path.expanduser("~/.cache/fathom")), "verdicts"))
    parser.add_argument("libraries", nargs="*")
    arguments = parser.parse_args()
    {"seed": seed, "suite": suite, "go": go, "table": table}[arguments.part](Bench(arguments))


if __name__ == "__main__":
    main()
