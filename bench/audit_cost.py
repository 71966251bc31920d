#!/usr/bin/env python3
"""What hardening, what can be executed, and the audit add to a scan:  audit_cost.py --build build/quick [--runs 9] TARGET...

Makes a second program beside the one of the build folder: the same objects, but of three files a version without the rows
of these analyzers (src/analyzer/list.cc) and without the calls of the image stages (src/scan/scan.cc, assemble.cc). Both
scan each target in turns, run by run, and write JSON; a first turn of each is not counted. CPU is user + system of the
program and its confined child. Shown are medians, and the share that the rows add: the median of the differences of each
pair of runs, over the median without.
"""

import argparse
import json
import os
import re
import shlex
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROWS = ["program_traits", "settings", "secrets", "certificates", "loader_cache", "loading", "hardening_facts"]
CALLS = {
    "src/scan/assemble.cc": [r"  report\.hardening = .*?;\n", r"  report\.unloaded = .*?;\n"],
    "src/scan/scan.cc": [
        r"    recogniser\.profiles\[digest\] = .*?;\n",
        r"  audit::Knowledge knowledge =\n.*?;\n",
        r"  const audit::Input input\{.*?;\n",
        r"  report\.execution = .*?;\n",
        r"  audit::Configuration configuration = .*?;\n",
        r"  report\.(trust|configuration) = .*?;\n",
    ],
}


def without(path):
    """The file's text with what is measured taken out; every pattern must be there."""
    with open(os.path.join(ROOT, path)) as f:
        text = f.read()
    if path == "src/analyzer/list.cc":
        for row in ROWS:
            text, count = re.subn(rf"^ +&{row},\n", "", text, flags=re.M)
            if count != 1:
                sys.exit(f"{path}: no row {row}")
    for pattern in CALLS.get(path, []):
        text, count = re.subn(pattern, "", text, flags=re.S)
        if count == 0:
            sys.exit(f"{path}: nothing fits {pattern}")
    # What the taken-out calls were given.
    return text.replace("Recogniser recogniser{classifiers, features, objects, knowledge, {}, {}};",
                        "const audit::Knowledge knowledge;\n  Recogniser recogniser{classifiers, features, objects, knowledge, {}, {}};")


def build_without(build):
    """A program beside build/fathom, linked from the same archives with the changed objects in front of them."""
    with open(os.path.join(build, "compile_commands.json")) as f:
        commands = {os.path.relpath(c["file"], ROOT): c for c in json.load(f)}
    folder = os.path.join(build, "without_audit")
    os.makedirs(folder, exist_ok=True)
    objects = []
    for path in ["src/analyzer/list.cc", *CALLS]:
        source = os.path.join(folder, path.replace("/", "_"))
        with open(source, "w") as f:
            f.write(without(path))
        words = shlex.split(commands[path]["command"])
        output = source + ".o"
        words[words.index("-o") + 1] = output
        words[words.index("-c") + 1] = source
        subprocess.run([*words, "-Wno-unused", "-Wno-unused-parameter", "-I" + os.path.dirname(os.path.join(ROOT, path))], cwd=commands[path]["directory"], check=True)
        objects.append(output)
    link = subprocess.run(["ninja", "-C", build, "-t", "commands", "fathom"], stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()[-1]
    program = os.path.join(folder, "fathom")
    link = link.replace(" -o fathom ", f" -o {shlex.quote(program)} {shlex.join(objects)} ", 1)
    subprocess.run(link, shell=True, cwd=build, check=True)
    return program


def cpu_seconds(program, target):
    process = subprocess.Popen([program, "scan", target, "-q", "-o", "json"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode == 2:
        sys.exit(f"{program} could not scan {target}")
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="a build folder with fathom in it")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("targets", nargs="+")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    programs = [build_without(build), os.path.join(build, "fathom")]
    print("| target | without, CPU s | with, CPU s | added |\n|---|---:|---:|---:|")
    for target in options.targets:
        runs = [[cpu_seconds(program, target) for program in programs] for _ in range(options.runs + 1)][1:]
        off, on = (statistics.median(column) for column in zip(*runs))
        added = statistics.median(b - a for a, b in runs) / off
        print(f"| {os.path.basename(target.rstrip('/'))} | {off:.3f} | {on:.3f} | {added:+.1%} |", flush=True)


if __name__ == "__main__":
    main()
