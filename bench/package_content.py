#!/usr/bin/env python3
"""Images as distroless makes them, without any package data: which packages does fathom name, and at which revision?

  package_content.py --cache CACHE --fathom build/release/fathom [--release 12] [--machine amd64]

CACHE is what tools/make_objects.py has fetched. Each image holds the files of some packages of one release of Debian, in one of
the revisions that the cache has, and nothing else: no dpkg database, no status.d. The truth is what was unpacked.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "tools"
# What gcr.io/distroless/cc and the images of interpreters hold.
SETS = {"static": ["base-files", "netbase", "tzdata", "media-types"],
        "base": ["base-files", "netbase", "tzdata", "media-types", "libc6", "libssl3"],
        "cc": ["base-files", "netbase", "tzdata", "media-types", "libc6", "libssl3", "libgcc-s1", "libstdc++6", "libgomp1", "gcc-12-base"],
        "server": ["base-files", "netbase", "tzdata", "libc6", "zlib1g", "libexpat1", "libsqlite3-0", "libxml2", "libnghttp2-14"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--fathom", required=True)
    parser.add_argument("--release", default="12")
    parser.add_argument("--machine", default="amd64")
    arguments = parser.parse_args()
    os.environ["FATHOM_CACHE"] = str(arguments.cache)
    sys.path.insert(0, str(TOOLS))
    import make_objects

    known = {tuple(key): row for key, row in json.loads((arguments.cache / "packages.json").read_text())}
    revisions = collections.defaultdict(list)
    for (package, version, machine), row in sorted(known.items()):
        usable = machine in (arguments.machine, "all") and make_objects.distribution_release(row["suites"]) == arguments.release
        if usable and make_objects.file_of(package, version, machine).exists():
            revisions[package].append((package, version, machine))
    total = collections.Counter()
    for name, packages in SETS.items():
        with tempfile.TemporaryDirectory() as folder:
            truth = {}
            for package in packages:
                if not revisions[package]:
                    print("not in the cache:", package)
                    continue
                chosen = random.Random(name + package).choice(revisions[package])
                subprocess.run(["dpkg-deb", "-x", str(make_objects.file_of(*chosen)), folder], check=True)
                truth[package] = chosen[1]
            done = subprocess.run([arguments.fathom, "scan", "dir:" + folder, "-o", "json", "--quiet", "--now", "2026-11-26"],
                                  capture_output=True, text=True)
            found = {c["name"]: c for c in json.loads(done.stdout)["components"] if c["ecosystem"] == "deb" and c["kind"] == "package"}
        row = collections.Counter()
        for package, version in truth.items():
            component = found.pop(package, None)
            if component is None:
                row["none"] += 1
                print("   none:", package, version)
            elif component.get("version") == version:
                row["right"] += 1
            elif version in component.get("versions", {}).get("candidates", []):
                row["one of several"] += 1
            else:
                row["wrong"] += 1
                print("   wrong:", package, version, component.get("version"), component.get("versions"))
        row["false"] = len(found)
        print(f"{name}: {len(truth)} packages: {dict(row)}", sorted(found) or "")
        total += row
    print("all:", dict(total))


if __name__ == "__main__":
    main()
