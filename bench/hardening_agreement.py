#!/usr/bin/env python3
"""fathom hardening beside four other tools:  hardening_agreement.py --fathom build/release/fathom [--json OUT] ROOT...

Every ELF program and shared object below each ROOT (a Debian root folder, a folder of binaries) is given to
checksec (Debian), hardening-check (devscripts), checksec.py and blint (PyPI, installed into build/bench/). Their words
are mapped to yes, no, partial or unknown, and each check's agreement is counted. Where they differ, the class of the
difference is named by what fathom saw, so that docs/hardening.md can say who is right; --show N lists N files of each.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.path.join(os.path.dirname(HERE), "build", "bench")
PACKAGES = ["checksec.py==0.7.5", "blint"]


def elf_files(root):
    """Regular files of type ET_EXEC or ET_DYN."""
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                head = f.read(20)
            if head[:4] == b"\x7fELF" and len(head) == 20:
                kind = int.from_bytes(head[16:18], "big" if head[5] == 2 else "little")
                if kind in (2, 3):
                    yield path


def venv_tool(name):
    tool = os.path.join(WORK, "venv", "bin", name)
    if not os.path.exists(tool):
        subprocess.run([sys.executable, "-m", "venv", os.path.join(WORK, "venv")], check=True)
        subprocess.run([os.path.join(WORK, "venv", "bin", "pip"), "-q", "--disable-pip-version-check", "install", *PACKAGES], check=True)
    return tool


def output_of(command, **how):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace", **how).stdout


# What each tool says, as {path: {check: word}} ------------------------------------------------------

YES_NO = {True: "yes", False: "no"}


def fathom(binary, root):
    report = json.loads(output_of([binary, "hardening", "dir:" + root, "-o", "json", "--quiet"]))
    rows = {}
    for row in report["hardening"]:
        if "!/" not in row["path"]:
            rows[os.path.join(root, row["path"])] = row
    return rows


def words_of(row):
    """fathom's values in the common words."""
    checks = row["checks"]

    def value(name):
        return checks[name]["value"]

    fortify = {"good": "yes", "partial": "yes", "missing": "no", "neutral": "n/a", "unknown": "unknown"}[checks["fortify"]["rating"]]
    return {
        "pie": {"pie": "yes", "static-pie": "yes", "shared object": "dso"}.get(value("pie"), "no"),
        "relro": {"full": "full", "partial": "partial", "none": "none", "not applied": "none"}.get(value("relro"), "unknown"),
        "nx": {"non-executable": "yes"}.get(value("nx_stack"), "no"),
        "canary": {"yes": "yes", "none": "no", "not applicable": "n/a"}.get(value("stack_protector"), "unknown"),
        "fortify": fortify,
        "clash": {"yes": "yes", "some code": "yes", "no": "no", "not applicable": "n/a"}.get(value("stack_clash"), "unknown"),
        "cet": {"yes": "yes", "some code": "no", "no": "no"}.get(value("ibt"), "n/a"),
        "rpath": "no" if value("library_path") == "none" else "yes",
    }


def checksec(paths):
    """One JSON object a file; the tool is a shell script that starts readelf a dozen times for each."""

    def one(path):
        try:
            said = next(iter(json.loads(output_of(["checksec", "--file=" + path, "--output=json"])).values()))
        except (ValueError, StopIteration):
            return path, None
        return path, {
            "pie": {"yes": "yes", "dso": "dso", "no": "no", "rel": "rel"}.get(said["pie"], said["pie"]),
            "relro": {"no": "none"}.get(said["relro"], said["relro"]),
            "nx": said["nx"],
            "canary": said["canary"],
            "fortify": {"n/a": "n/a"}.get(said["fortify_source"], said["fortify_source"]),
            "rpath": "yes" if "yes" in (said["rpath"], said["runpath"]) else "no",
        }

    return parallel(one, paths)


def hardening_check(paths):
    def one(path):
        text = output_of(["hardening-check", path])
        said = dict(re.findall(r"^ ([A-Za-z -]+): (.*)$", text, re.M))
        if not said:
            return path, None

        def word(name):
            answer = said.get(name, "unknown")
            return "yes" if answer.startswith("yes") else "no" if answer.startswith("no") else "unknown"

        pie = said.get("Position Independent Executable", "")
        relro, now = word("Read-only relocations"), word("Immediate binding")
        return path, {
            "pie": "dso" if "shared library" in pie else word("Position Independent Executable"),
            "relro": "none" if relro == "no" else "full" if now == "yes" else "partial",
            "canary": word("Stack protected"),
            "fortify": word("Fortify Source functions"),
            "clash": word("Stack clash protection"),
            "cet": word("Control flow integrity"),
        }

    return parallel(one, paths)


def checksec_py(paths):
    rows = {}
    for batch in batches(paths, 200):
        said = json.loads(output_of([venv_tool("checksec"), "-w", "2", "-j", *batch]) or "{}")
        for path, row in said.items():
            rows[path] = {
                "pie": {"PIE": "yes", "No": "no", "DSO": "dso"}.get(row["pie"], "unknown"),
                "relro": {"Full": "full", "Partial": "partial", "No": "none"}.get(row["relro"], "unknown"),
                "nx": YES_NO[row["nx"]],
                "canary": YES_NO[row["canary"]],
                "fortify": YES_NO[row["fortify_source"]] if row["fortify-able"] else "n/a",
                "rpath": "yes" if row["rpath"] or row["runpath"] else "no",
            }
    return {path: rows.get(os.path.realpath(path)) for path in paths}


def blint(paths):
    """It names its results by the file's base name: every file gets a folder and a run of its own name."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        source, reports = os.path.join(folder, "in"), os.path.join(folder, "out")
        os.makedirs(source)
        for number, path in enumerate(paths):
            shutil.copy(path, os.path.join(source, f"f{number}"))
        subprocess.run([venv_tool("blint"), "--no-banner", "--no-reviews", "--quiet", "-i", source, "-o", reports], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for number, path in enumerate(paths):
            try:
                with open(os.path.join(reports, f"f{number}-metadata.json")) as f:
                    said = json.load(f)
            except (OSError, ValueError):
                rows[path] = None
                continue
            rows[path] = {
                "pie": YES_NO.get(said.get("is_pie"), "unknown"),
                "relro": {"full": "full", "partial": "partial", "no": "none"}.get(str(said.get("relro")).lower(), "unknown"),
                "nx": YES_NO.get(said.get("has_nx"), "unknown"),
                "canary": YES_NO.get(said.get("has_canary"), "unknown"),
                "rpath": "yes" if said.get("has_rpath") or said.get("has_runpath") else "no",
            }
    return rows


def parallel(one, paths):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(pool.map(one, paths))


def batches(items, size):
    for start in range(0, len(items), size):
        yield items[start : start + size]


# Comparing ------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fathom", required=True)
    parser.add_argument("--show", type=int, default=1, help="files named for each class of difference")
    parser.add_argument("--json", help="also write everything there")
    parser.add_argument("--without", action="append", default=[], help="leave a tool out")
    parser.add_argument("roots", nargs="+")
    options = parser.parse_args()
    os.makedirs(WORK, exist_ok=True)
    tools = {"checksec": checksec, "hardening-check": hardening_check, "checksec.py": checksec_py, "blint": blint}
    everything = {}
    for root in map(os.path.realpath, options.roots):
        ours = fathom(os.path.abspath(options.fathom), root)
        paths = sorted(set(elf_files(root)))
        missing = [p for p in paths if p not in ours]
        print(f"{root}: {len(paths)} ELF files, {len(missing)} of them not in fathom's report", flush=True)
        for path in missing[:5]:
            print(f"  not there: {path}")
        paths = [p for p in paths if p in ours]
        theirs = {name: run(paths) for name, run in tools.items() if name not in options.without}
        everything[root] = {"fathom": {p: ours[p] for p in paths}, "tools": theirs}
        compare(ours, theirs, paths, options.show)
    if options.json:
        with open(options.json, "w") as f:
            json.dump(everything, f, indent=1)


def compare(ours, theirs, paths, show):
    for tool, rows in theirs.items():
        answered = [p for p in paths if rows.get(p)]
        print(f"\n{tool}: answered for {len(answered)} of {len(paths)}")
        for check in ("pie", "relro", "nx", "canary", "fortify", "clash", "cet", "rpath"):
            classes = collections.defaultdict(list)
            for path in answered:
                if check in rows[path]:
                    classes[(words_of(ours[path])[check], rows[path][check])].append(path)
            if not classes:
                continue
            same = sum(len(v) for (a, b), v in classes.items() if a == b)
            total = sum(map(len, classes.values()))
            print(f"  {check:8} {same:5} of {total} the same")
            for (a, b), members in sorted(classes.items(), key=lambda item: -len(item[1])):
                if a != b:
                    print(f"           {len(members):5} fathom {a}, {tool} {b}: " + ", ".join(members[:show]))


if __name__ == "__main__":
    main()
