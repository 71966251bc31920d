#!/usr/bin/env python3
"""RPM databases beside another reader:  rpm_databases.py --fathom build/release/fathom [--go-rpmdb PROGRAM] FOLDER

Every Packages, Packages.db and rpmdb.sqlite below FOLDER is one row. The second opinion is rpm itself where it still reads
the form (Debian's rpm: SQLite and Berkeley DB of little-endian machines), and a program that prints "name version" lines with
the library that Syft and Trivy use (--go-rpmdb).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

FORMS = {"Packages": "bdb_ro", "Packages.db": "", "rpmdb.sqlite": "sqlite"}


def fathom_says(fathom, path):
    with tempfile.TemporaryDirectory() as root:
        folder = os.path.join(root, "var/lib/rpm")
        os.makedirs(folder)
        shutil.copy(path, folder)
        done = subprocess.run([fathom, "scan", "dir:" + root, "-o", "json", "--quiet"], capture_output=True)
        report = json.loads(done.stdout)
    return sorted((c["name"], c["version"]) for c in report["components"] if c["ecosystem"] == "rpm"), \
        [g["reason"] for g in report["gaps"] if g["stage"] == "rpm"]


def rpm_says(path):
    form = FORMS[os.path.basename(path)]
    if not form:
        return None
    with tempfile.TemporaryDirectory() as root:
        shutil.copy(path, root)
        done = subprocess.run(["rpm", "--dbpath", root, "--define", f"_db_backend {form}", "-qa", "--qf",
                               "%{name} %|epoch?{%{epoch}:}:{}|%{version}-%{release}\\n"], capture_output=True, text=True)
    rows = [tuple(line.split(" ", 1)) for line in done.stdout.splitlines()]
    rows = [(n, v[2:] if v.startswith("0:") else v) for n, v in rows if n != "gpg-pubkey"]
    return sorted(rows) or None


def other_says(program, path):
    done = subprocess.run([program, path], capture_output=True, text=True)
    return sorted(tuple(line.split(" ", 1)) for line in done.stdout.splitlines() if not line.startswith("gpg-pubkey ")) or None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fathom", required=True)
    parser.add_argument("--go-rpmdb")
    parser.add_argument("folder")
    options = parser.parse_args()
    failed = 0
    print("database\tpackages\trpm\tgo-rpmdb\tgaps")
    for top, _, names in sorted(os.walk(options.folder)):
        for name in sorted(set(names) & set(FORMS)):
            path = os.path.join(top, name)
            found, gaps = fathom_says(options.fathom, path)
            cells = []
            for said in (rpm_says(path), other_says(options.go_rpmdb, path) if options.go_rpmdb else None):
                cells.append("-" if said is None else "equal" if said == found else f"{len(said)}, differ by {len(set(said) ^ set(found))}")
            failed += any(c not in ("-", "equal") for c in cells)
            print(os.path.relpath(path, options.folder), len(found), *cells, len(gaps), sep="\t")
    sys.exit(1 if failed else 0)


main()
