#!/usr/bin/env python3
"""Scores fathom on the open accuracy corpus:  corpus_accuracy.py --fathom build/release/fathom CORPUS FOLDER

CORPUS is the folder with open.jsonl and corpus.py, the scorer, which is used as it is; FOLDER receives the binaries
(1 GB, fetched by `corpus.py fetch` when they are not there) and fathom's answers. Every binary is scanned as a lone
file: no path, no package and no neighbour helps. What is printed is the scorer's table; --json keeps it.
"""

import argparse
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys

SECONDS = 600


def answer(fathom, file, out):
    """CycloneDX of one binary; why not, when there is none."""
    try:
        done = subprocess.run([fathom, "scan", "file:" + file, "-o", "cyclonedx-json=" + out, "--now", "2026-11-24", "--quiet"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"more than {SECONDS} s"
    # 3 says that nothing was found in it, which is an answer.
    return "" if done.returncode in (0, 3) and os.path.exists(out) else f"exit {done.returncode}: {done.stderr.strip()[-200:]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fathom", required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="fetch only families that match")
    parser.add_argument("--json", help="also write the scores there")
    parser.add_argument("corpus")
    parser.add_argument("folder")
    options = parser.parse_args()
    manifest, scorer = (os.path.join(options.corpus, name) for name in ("open.jsonl", "corpus.py"))
    with open(manifest) as f:
        rows = [json.loads(line) for line in f]
    binaries, results = os.path.join(options.folder, "bin"), os.path.join(options.folder, "fathom")
    if not os.path.isdir(binaries) or len(os.listdir(binaries)) < len(rows):
        subprocess.run([sys.executable, scorer, "fetch", manifest, options.folder] + (["--only", options.only] if options.only else []), check=True)
    shutil.rmtree(results, ignore_errors=True)
    os.makedirs(results)
    there = [r["id"] for r in rows if os.path.exists(os.path.join(binaries, r["id"]))]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        why = pool.map(lambda name: answer(os.path.abspath(options.fathom), os.path.join(binaries, name), os.path.join(results, name + ".json")), there)
        for name, reason in zip(there, why):
            if reason:
                print(f"{name}: {reason}", file=sys.stderr)
    print(f"{len(there)} of {len(rows)} files scanned", flush=True)
    sys.exit(subprocess.run([sys.executable, scorer, "score", manifest, results] + (["--json", options.json] if options.json else [])).returncode)


if __name__ == "__main__":
    main()
