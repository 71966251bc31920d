#!/usr/bin/env python3
"""Precision and recall of function starts: programs compiled here, stripped, against their unstripped twins.

    bench/function_starts.py [--fathom build/release/fathom] [--with FILE.c …] [--twin PROGRAM …]

Compiles a small program of its own and every --with source (one that needs nothing but libc, or is preceded by its own
include folder) with -O0 … -Os, static glibc and static musl, and the latter also without unwind tables. --twin takes
programs that are already there, unstripped. Truth are the FUNC symbols of the twin; symbols without a type (assembly)
count neither way, and a `.cold` part that is reported as a function is a false positive."""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
OWN = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int compare(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
static int classify(int c) {
  switch (c % 7) { case 0: return puts("zero"); case 1: return puts("one"); case 2: return 40; case 3: return abs(c);
                   case 4: return puts("four"); case 5: exit(3); default: return c; }
}
int main(int argc, char **argv) {
  qsort(argv, argc, sizeof *argv, compare);
  for (int i = 0; i < argc; i++) printf("%s %d\\n", argv[i], classify(argv[i][0]));
}
"""


def truth_of(path):
    """Starts of functions; addresses of assembly symbols."""
    lines = subprocess.run(["readelf", "-sW", path], capture_output=True, text=True, check=True).stdout.splitlines()
    functions, neutral = set(), set()
    for fields in (line.split() for line in lines):
        if len(fields) < 8 or not fields[6].isdigit():
            continue
        if fields[3] in ("FUNC", "IFUNC") and ".cold" not in fields[7]:
            functions.add(int(fields[1], 16))
        elif fields[3] == "NOTYPE":
            neutral.add(int(fields[1], 16))
    return functions, neutral - functions


def found_in(fathom, path):
    run = subprocess.run([fathom, "functions", "-o", "json", path], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(run.stderr)
    return {int(function["start"], 16) for function in json.loads(run.stdout)["functions"]}


def compile_all(sources, folder):
    for source in sources:
        for level in ("-O0", "-O1", "-O2", "-O3", "-Os"):
            for compiler, flags in (("gcc", []), ("musl-gcc", []), ("musl-gcc", ["-fno-asynchronous-unwind-tables"])):
                if not shutil.which(compiler):
                    continue
                name = f"{pathlib.Path(source).stem}{level}-{compiler}{'-bare' if flags else ''}"
                command = [compiler, level, "-w", "-static", *flags, source, "-o", folder / name, "-lm"]
                if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                    yield folder / name
                else:
                    print(f"{name}: does not compile", file=sys.stderr)


def measure(fathom, twin, folder):
    stripped = folder / "stripped"
    subprocess.run(["strip", "-o", stripped, twin], check=True)
    truth, neutral = truth_of(twin)
    found = found_in(fathom, stripped) - neutral
    both = len(truth & found)
    recall, precision = both / max(1, len(truth)), both / max(1, len(found))
    print(f"{pathlib.Path(twin).name:40} {len(truth):7} functions  recall {recall:.4f}  precision {precision:.4f}")
    return both, len(truth), len(found)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--fathom", default=ROOT / "build/release/fathom")
    arguments.add_argument("--with", dest="sources", action="append", default=[])
    arguments.add_argument("--twin", action="append", default=[])
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        own = folder / "own.c"
        own.write_text(OWN)
        twins = [*options.twin, *compile_all([own, *options.sources], folder)]
        sums = [sum(column) for column in zip(*(measure(options.fathom, twin, folder) for twin in twins))]
    print(f"{len(twins)} programs: recall {sums[0] / sums[1]:.4f}, precision {sums[0] / sums[2]:.4f}")


if __name__ == "__main__":
    main()
