#!/usr/bin/env python3
"""Verdicts against builds whose truth is known:  verdicts.py {seed|suite|go|table} [--fathom FILE] [--cache DIR]

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
        self.results = self.cache / "results.jsonl"

    def findings(self, program):
        """{id: finding} of a file, with the seconds of processor time that took."""
        folder = self.cache / "root"
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", choices=["seed", "suite", "go", "table"])
    parser.add_argument("--fathom", default=str(ROOT / "build" / "release" / "fathom"))
    parser.add_argument("--cache", default=os.path.join(os.environ.get("FATHOM_CACHE", os.path.expanduser("~/.cache/fathom")), "verdicts"))
    bench = Bench(parser.parse_args())
    {"seed": seed}[parser.parse_args().part](bench)


if __name__ == "__main__":
    main()
