#!/usr/bin/env python3
"""Scores answers on the open accuracy corpus as this project reports them:

    corpus_split.py CORPUS RESULTS [--covered data/features] [--false] [--versions LIBRARY] [--part development|test]

CORPUS is the folder with open.jsonl and corpus.py, whose rules are used as they are: an interval counts if it spans five
releases or fewer, a file with more than two versions of one library counts as wrong. The corpus is split by family:
thresholds are set with the development families only, the others are reported apart. --covered counts only libraries that
the feature data have, releases that they have apart from others.
"""

import argparse
import collections
import importlib.util
import json
import os
import statistics
import subprocess
import sys

DEVELOPMENT = {"debian-archives", "pillow", "zstd-jni", "apsw", "grpcio", "Brotli", "uvloop", "rocksdbjni", "negative"}


def scorer_of(corpus):
    spec = importlib.util.spec_from_file_location("corpus", os.path.join(corpus, "corpus.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def releases_of(folder, name_of):
    names = {}
    for line in open(os.path.join(folder, "names.tsv")):
        if not line.startswith("#") and line.strip():
            cells = line.rstrip("\n").split("\t")
            names[cells[0]] = cells[1]
    out = collections.defaultdict(set)
    for file in sorted(os.listdir(folder)):
        if file.endswith(".json.zst"):
            stem = file[:-len(".json.zst")]
            data = json.loads(subprocess.run(["zstd", "-dcq", "--long=27", os.path.join(folder, file)], capture_output=True, check=True).stdout)
            out[name_of(names.get(stem, stem))] |= {tag[1] for tag in data["tags"]}
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("results")
    parser.add_argument("--covered")
    parser.add_argument("--false", action="store_true", dest="show_false")
    parser.add_argument("--missed", action="store_true")
    parser.add_argument("--versions", help="print the answers of this library (all: every wrong one)")
    parser.add_argument("--part", default="")
    parser.add_argument("--libraries", action="store_true")
    options = parser.parse_args()
    s = scorer_of(options.corpus)
    rows = s.rows(os.path.join(options.corpus, "open.jsonl"))
    cache = os.path.join(options.results, "..", "releases.json")
    releases = {}
    if options.covered:
        releases = releases_of(options.covered, s.name_of)
    universe = {s.name_of(t["library"]) for r in rows for t in r["truth"]} | {s.name_of(m) for r in rows for m in r.get("must_not", [])}
    table = collections.defaultdict(collections.Counter)
    widths = collections.defaultdict(list)
    calibration = collections.defaultdict(lambda: [0, 0])
    for r in rows:
        path = os.path.join(options.results, r["id"] + ".json")
        part = "development" if r["family"] in DEVELOPMENT else "test"
        if not os.path.exists(path) or (options.part and part != options.part):
            continue
        found = s.components(path)
        raw = json.load(open(path))["components"]
        truths = {s.name_of(t["library"]): t for t in r["truth"]}
        groups = ["all", part, r["kind"], part + " " + r["kind"], r["arch"]]
        for library, t in truths.items():
            if options.covered and library not in releases:
                continue
            version = t["version"]
            known = not options.covered or (version and any(s.same_version(version, x) for x in releases[library]))
            answers = found.get(library, [])
            sprayed = len({v or i for v, i in answers if v or i}) > s.MOST_COPIES
            exact = bool(version) and not sprayed and any(v and s.same_version(v, version) for v, _ in answers)
            inside = bool(version) and not sprayed and any(s.contains(a, version) for a in answers)
            # An interval of any width.
            wide = []
            for c in raw:
                if s.name_of(c["name"]) == library:
                    p = {x["name"]: x["value"] for x in c.get("properties", [])}
                    wide.append((c.get("version"), p.get("fathom:version-range"), int(p.get("fathom:version-candidates", 1 if c.get("version") else 0))))
            in_wide = bool(version) and (not wide or all(not v and not i for v, i, _ in wide) or any(s.contains((v, i), version) for v, i, _ in wide))
            for g in groups + (["library " + library] if options.libraries else []):
                c = table[g]
                c["truths"] += 1
                c["named"] += bool(answers)
                if version and known:
                    c["versions"] += 1
                    c["exact"] += exact
                    c["inside"] += inside
                    c["wide"] += in_wide
                    if wide:
                        widths[g].append(min(n if n else 999 for _, _, n in wide))
                elif version:
                    c["unknown"] += 1
                    c["unknown exact"] += exact
                    c["unknown wrong"] += any(v or i for v, i in answers) and not inside
            for c in raw:
                if s.name_of(c["name"]) == library and version:
                    level = c.get("confidence")
                    p = {x["name"]: x["value"] for x in c.get("properties", [])}
                    if c.get("version"):
                        calibration[level][0] += 1
                        calibration[level][1] += any(s.same_version(c["version"], t2["version"]) for t2 in r["truth"] if s.name_of(t2["library"]) == library)
            if options.versions and (options.versions == library or (options.versions == "all" and version and known and not in_wide) or (options.versions == "open" and version and known and not inside)):
                print("exact" if exact else "inside" if inside else "wide" if in_wide else "WRONG", r["id"], r["family"], r["kind"], r["arch"], library, "true", version, t.get("debian_version", ""),
                      "known" if known else "not in the data", wide)
            if options.missed and not answers:
                print("missed", r["id"], r["family"], r["kind"], r["arch"], library, version)
        banned = {s.name_of(m) for m in r.get("must_not", [])}
        for library in found:
            if options.covered and library not in releases:
                continue
            false = library not in truths and (library in banned or r["kind"] == "negative" and library in universe or r.get("complete") and library in universe)
            for g in groups:
                table[g]["right"] += library in truths
                table[g]["false"] += bool(false)
                table[g]["unasked"] += library not in truths and not false
            if options.show_false and library not in truths:
                print("FALSE" if false else "unasked", r["id"], r["family"], r["kind"], library, [(c.get("version"), c["evidence"][:3]) for c in raw if s.name_of(c["name"]) == library] if "evidence" in raw[0] else "")
    share = lambda a, b: f"{100 * a / b:6.1f}" if b else "     -"
    print(f"{'':26s} truths  named precis  exact inside   wide  width | not in data  wrong  (unasked names)")
    for g in sorted(table):
        c = table[g]
        print(f"{g:26s} {c['truths']:6d} {share(c['named'], c['truths'])} {share(c['right'], c['right'] + c['false'])} {share(c['exact'], c['versions'])} "
              f"{share(c['inside'], c['versions'])} {share(c['wide'], c['versions'])} {statistics.median(widths[g]) if widths[g] else 0:6.0f} | {c['unknown']:6d} {c['unknown wrong']:6d}  {c['unasked']}")
    for level, (all_, right) in sorted(calibration.items(), key=lambda x: str(x[0])):
        print(f"confidence {level}: {right} of {all_} stated versions right = {right / all_:.3f}")


if __name__ == "__main__":
    sys.exit(main())
