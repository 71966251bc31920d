#!/usr/bin/env python3
"""Compares fathom's instruction decoders with objdump over the code of whole programs.

    bench/decoder_difference.py [--tool build/dev/src/code/decoder_difference] FILE|FOLDER…

AArch64 needs an objdump that reads it: aarch64-linux-gnu-objdump or that of binutils-multiarch, or what OBJDUMP_AARCH64
names. Exits with 1 when anything differs that bench/decoder_classes.tsv does not allow, with 77 when nothing could be
compared."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MACHINES = {62: "x86_64", 183: "aarch64"}


def machine_of(path):
    with open(path, "rb") as file:
        head = file.read(20)
    if len(head) < 20 or not head.startswith(b"\x7fELF\x02\x01"):
        return None
    return MACHINES.get(int.from_bytes(head[18:20], "little"))


def disassembler(machine):
    if machine == "aarch64":
        tool = os.environ.get("OBJDUMP_AARCH64") or shutil.which("aarch64-linux-gnu-objdump")
        return tool and [tool, "-d", "-w"]
    tool = shutil.which("objdump")
    return tool and [tool, "-d", "-w", "-M", "intel,intel64"]


def files_in(paths, most_bytes):
    for path in map(pathlib.Path, paths):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.stat().st_size <= most_bytes:
                yield file


def compare(tool, machine, files):
    """One process of the tool for all files of a machine, so that it counts and shows each difference once."""
    command = disassembler(machine)
    if not command:
        print(f"{machine}: no objdump that reads it")
        return None
    with subprocess.Popen([tool, ROOT / "bench/decoder_classes.tsv", machine], stdin=subprocess.PIPE) as comparison:
        for file in files:
            subprocess.run([*command, file], stdout=comparison.stdin, stderr=subprocess.DEVNULL, check=False)
        comparison.stdin.close()
        return comparison.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tool", default=ROOT / "build/dev/src/code/decoder_difference")
    arguments.add_argument("--most-bytes", type=int, default=1 << 40, help="skip larger files")
    arguments.add_argument("paths", nargs="+")
    options = arguments.parse_args()
    by_machine = {}
    for file in files_in(options.paths, options.most_bytes):
        by_machine.setdefault(machine_of(file), []).append(file)
    by_machine.pop(None, None)
    outcomes = []
    for machine, files in sorted(by_machine.items()):
        print(f"{machine}: {len(files)} files", flush=True)
        outcomes.append(compare(options.tool, machine, files))
    outcomes = [outcome for outcome in outcomes if outcome is not None]
    sys.exit(77 if not outcomes else max(outcomes))


if __name__ == "__main__":
    main()
