#!/usr/bin/env python3
"""Modules of Go programs beside `go version -m`:  go_modules.py --fathom build/release/fathom FOLDER…

Every ELF file below the folders that Go calls a Go program is one row. Compared are (path, version) of all modules that were
compiled, a replacement in the stead of what it replaces, and the Go release. The main module's version is compared only
where Go states one.
"""

import argparse
import json
import os
import re
import subprocess
import sys


def go_says(path):
    done = subprocess.run(["go", "version", "-m", path], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    if done.returncode or not lines or not re.search(r": (go|devel)", lines[0]):
        return None
    release = re.search(r": (?:go)?(\S+)", lines[0]).group(1)
    modules, main = [], None
    for line in lines[1:]:
        cells = line.strip("\t").split("\t")
        if cells[0] == "mod":
            main = [cells[1], cells[2] if len(cells) > 2 else ""]
        elif cells[0] == "dep":
            modules.append((cells[1], cells[2] if len(cells) > 2 else ""))
        elif cells[0] == "=>" and modules:
            folder = cells[1].startswith((".", "/"))
            modules[-1] = (modules[-1][0], "") if folder else (cells[1], cells[2])
    return release, main, {(path, "" if version == "(devel)" else version) for path, version in modules}


def fathom_says(fathom, path):
    done = subprocess.run([fathom, "scan", "file:" + path, "-o", "json", "--quiet"], capture_output=True)
    report = json.loads(done.stdout)
    rows = [c for c in report["components"] if c["ecosystem"] == "Go"]
    listed = {(c["name"], c.get("version", "")) for c in rows if c["kind"] == "module"
              and c.get("confidence") != "medium" or c["kind"] == "module" and not c.get("version")}
    extra = [c for c in rows if c["kind"] == "module" and (c["name"], c.get("version", "")) not in listed]
    stdlib = next((c.get("version", "") for c in rows if c["name"] == "stdlib"), "")
    main = next(([c["name"], c.get("version", "")] for c in rows if c["kind"] == "application"), None)
    return stdlib, main, listed, {(c["name"], c.get("version", "")) for c in extra}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fathom", required=True)
    parser.add_argument("folders", nargs="+")
    options = parser.parse_args()
    programs = wrong = modules = 0
    print("program\tGo\tmodules\tequal\tmain module")
    for folder in options.folders:
        for top, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                path = os.path.join(top, name)
                if os.path.islink(path):
                    continue
                with open(path, "rb") as f:
                    if f.read(4) != b"\x7fELF":
                        continue
                said = go_says(path)
                if said is None:
                    continue
                release, main_module, expected = said
                stdlib, own, found, extra = fathom_says(options.fathom, path)
                programs += 1
                modules += len(expected)
                equal = expected == found | (extra & expected) and stdlib.split("-")[0].startswith(re.match(r"[\d.]+", release).group(0).rstrip("."))
                if main_module and main_module[1] not in ("", "(devel)") and not main_module[1].startswith("v0.0.0-"):
                    equal = equal and own == main_module
                wrong += not equal
                note = "" if equal else f"  missing {sorted(expected - found - extra)[:5]}, too many {sorted(found - expected)[:5]}, stdlib {stdlib}"
                print(f"{os.path.relpath(path, folder)}\t{release}\t{len(expected)}\t{'yes' if equal else 'NO'}\t{' '.join(own or [])}{note}")
    print(f"{programs} programs, {modules} modules, {programs - wrong} equal", file=sys.stderr)
    sys.exit(1 if wrong else 0)


main()
