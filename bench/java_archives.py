#!/usr/bin/env python3
"""Java archives in an image beside Syft:  java_archives.py --fathom build/release/fathom --syft syft ARCHIVE.jar

Compared are (artifact, version, place) of the archive and of all that lie in it; groups are counted apart, because Syft
guesses them where no pom.properties is. Rows that only one of the two has are printed.
"""

import argparse
import json
import subprocess
import sys


def fathom_says(fathom, path):
    done = subprocess.run([fathom, "scan", "file:" + path, "-o", "json", "--quiet"], capture_output=True, check=False)
    rows = {}
    for c in json.loads(done.stdout)["components"]:
        if c["ecosystem"] == "Maven":
            group, _, artifact = c["name"].rpartition(":")
            rows[(artifact, c.get("version", ""), c["file"].rsplit("!/", 1)[-1].rsplit("/", 1)[-1])] = group
    return rows


def syft_says(syft, path):
    done = subprocess.run([syft, "scan", "file:" + path, "-o", "syft-json", "-q"], capture_output=True, check=True)
    rows = {}
    for a in json.loads(done.stdout)["artifacts"]:
        if a["type"] != "java-archive":
            continue
        meta = a.get("metadata") or {}
        place = (meta.get("virtualPath") or "").split(":")[-1].rsplit("/", 1)[-1]
        rows[(a["name"], a["version"], place)] = (meta.get("pomProperties") or {}).get("groupId", "")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fathom", required=True)
    parser.add_argument("--syft", required=True)
    parser.add_argument("archive")
    options = parser.parse_args()
    ours, theirs = fathom_says(options.fathom, options.archive), syft_says(options.syft, options.archive)
    ours_pairs, theirs_pairs = {k[:2] for k in ours}, {k[:2] for k in theirs}
    print(f"Syft {len(theirs_pairs)}, fathom {len(ours_pairs)}, both {len(ours_pairs & theirs_pairs)}")
    for key in sorted(theirs_pairs - ours_pairs):
        print("only Syft:  ", *key)
    for key in sorted(ours_pairs - theirs_pairs):
        print("only fathom:", *key)
    stated = {k[:2]: g for k, g in theirs.items() if g}
    known = {k[:2]: g for k, g in ours.items()}
    same = sum(known.get(k) == g for k, g in stated.items())
    print(f"groups that Syft read from pom.properties: {len(stated)}, the same here: {same}")
    print(f"components here without a group: {sum(not g for g in ours.values())}")
    sys.exit(1 if theirs_pairs - ours_pairs else 0)


main()
