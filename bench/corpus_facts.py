#!/usr/bin/env python3
"""Chooses the files whose facts are committed under tests/corpus:

    corpus_facts.py --tool build/release/tests/corpus/corpus_facts CORPUS FACTS

CORPUS is the folder with open.jsonl and corpus.py, FACTS holds the recovered facts of its files (`corpus_facts recover`).
Of every family the smallest and some evenly spread by size, of each kind (original, overwritten, negative); facts are
trimmed to what identification asks for. Writes tests/corpus/facts/ and tests/corpus/truth.json. floor.json is written by
hand from what the test then measures.
"""

import argparse
import collections
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile

PER_FAMILY = {"original": 4, "scrubbed": 2, "negative": 6}
SUFFIX = ".facts.zst"
LARGEST = 400 * 1024  # bytes of one file's trimmed facts
# The corpus names some libraries otherwise than advisories and classifiers do.
NAMES = {"expat": "libexpat"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True)
    parser.add_argument("corpus")
    parser.add_argument("facts")
    options = parser.parse_args()
    spec = importlib.util.spec_from_file_location("corpus", os.path.join(options.corpus, "corpus.py"))
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "corpus")
    rows = [r for r in scorer.rows(os.path.join(options.corpus, "open.jsonl")) if os.path.exists(os.path.join(options.facts, r["id"] + SUFFIX))]
    name_of = lambda library: NAMES.get(scorer.name_of(library), scorer.name_of(library))
    universe = {name_of(t["library"]) for r in rows for t in r["truth"]} | {name_of(m) for r in rows for m in r.get("must_not", [])}
    with tempfile.TemporaryDirectory() as trimmed:
        subprocess.run([options.tool, "trim", options.facts, trimmed], check=True)
        size = lambda r: os.path.getsize(os.path.join(trimmed, r["id"] + SUFFIX))
        groups = collections.defaultdict(list)
        for r in rows:
            if size(r) <= LARGEST:
                groups[r["family"], r["kind"]].append(r)
        chosen = []
        for (family, kind), members in sorted(groups.items()):
            members.sort(key=lambda r: (size(r), r["id"]))
            count = min(PER_FAMILY[kind], len(members))
            chosen += [members[i * len(members) // count] for i in range(count)]
        shutil.rmtree(os.path.join(target, "facts"), ignore_errors=True)
        os.makedirs(os.path.join(target, "facts"))
        truth = []
        for r in sorted(chosen, key=lambda r: r["id"]):
            shutil.copyfile(os.path.join(trimmed, r["id"] + SUFFIX), os.path.join(target, "facts", r["id"] + SUFFIX))
            there = {name_of(t["library"]) for t in r["truth"]}
            banned = {name_of(m) for m in r.get("must_not", [])} | (universe if r["kind"] == "negative" or r.get("complete") else set())
            libraries = [{"name": name_of(t["library"]), **({"version": t["version"]} if t["version"] else {})} for t in r["truth"]]
            truth.append({"id": r["id"], "family": r["family"], "kind": r["kind"], "arch": r["arch"], "libraries": libraries, "not": sorted(banned - there)})
    with open(os.path.join(target, "truth.json"), "w") as out:
        json.dump(truth, out, indent=1)
        out.write("\n")
    total = sum(os.path.getsize(os.path.join(target, "facts", f)) for f in os.listdir(os.path.join(target, "facts")))
    print(f"{len(truth)} files, {total / 1e6:.1f} MB, {sum(len(t['libraries']) for t in truth)} libraries")


if __name__ == "__main__":
    main()
