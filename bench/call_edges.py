#!/usr/bin/env python3
"""Whether the call graph of a stripped program has every call that its unstripped twin shows or makes.

    bench/call_edges.py --tool build/release/call_edges [--trace build/release/call_trace] TWIN … [--run NAME COMMAND]

Direct calls: every call and jump from one FUNC symbol to the start of another in `objdump -d` of the twin. Traced calls
(--trace, static programs): the twin runs step by step, and each pair of caller and callee that a call or jump instruction
makes must be an edge, or the callee a candidate of an indirect call there. Share of indirect calls that are resolved."""
import argparse
import bisect
import collections
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile


def symbols_of(path):
    """Start to end of every function with a symbol."""
    out = {}
    for fields in (line.split() for line in subprocess.run(["readelf", "-sW", path], capture_output=True, text=True,
                                                            check=True).stdout.splitlines()):
        if len(fields) >= 8 and fields[3] in ("FUNC", "IFUNC") and fields[6].isdigit():
            start = int(fields[1], 16)
            out[start] = max(out.get(start, 0), start + int(fields[2], 0))
    return out


def direct_calls(path, symbols):
    """(place, target) of calls and jumps that leave their function for the start of another."""
    starts = sorted(symbols)
    pattern = re.compile(r"^\s*([0-9a-f]+):\s+(?:call|jmp|j[a-z]+|bl?|b\.[a-z]+|cbn?z|tbn?z)\s.*?([0-9a-f]{4,})\s+<")
    run = subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", path], stdout=subprocess.PIPE, text=True)
    for line in run.stdout:
        match = pattern.match(line)
        if not match:
            continue
        place, target = int(match[1], 16), int(match[2], 16)
        owner = bisect.bisect_right(starts, place) - 1
        if target in symbols and owner >= 0 and place < symbols[starts[owner]] and starts[owner] != target:
            yield place, target


class Graph:
    def __init__(self, tool, path):
        run = subprocess.run([tool, path], capture_output=True, text=True, check=True)
        self.targets, self.indirect, self.candidates = collections.defaultdict(set), {}, {}
        self.kinds = collections.Counter()
        for fields in (line.split() for line in run.stdout.splitlines()):
            if fields[0] == "E":
                self.targets[int(fields[1], 16)].add(int(fields[3], 16))
                self.kinds[fields[4]] += 1
            elif fields[0] == "I":
                self.indirect[int(fields[1], 16)] = (fields[3], fields[4])
            elif fields[0] == "C":
                self.candidates[fields[1], fields[2]] = {int(one, 16) for one in fields[3:]}

    def has(self, place, target):
        return target in self.targets.get(place, ()) or target in self.candidates.get(self.indirect.get(place), ())


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tool", required=True)
    arguments.add_argument("--trace")
    arguments.add_argument("--steps", default="3000000")
    arguments.add_argument("--run", nargs=2, action="append", default=[], metavar=("PROGRAM", "ARGUMENTS"))
    arguments.add_argument("twins", nargs="*")
    options = arguments.parse_args()
    commands = [(twin, None) for twin in options.twins] + [(twin, shlex.split(rest)) for twin, rest in options.run]
    missed = 0
    for twin, rest in commands:
        with tempfile.NamedTemporaryFile(delete=False) as stripped:
            pass
        subprocess.run(["strip", "-o", stripped.name, twin], check=True)
        graph, symbols = Graph(options.tool, stripped.name), symbols_of(twin)
        os.unlink(stripped.name)
        name = pathlib.Path(twin).name
        if rest is None:
            wanted = set(direct_calls(twin, symbols))
        else:
            run = subprocess.run([options.trace, options.steps, twin, *rest], capture_output=True, text=True, check=False,
                                 stdin=subprocess.DEVNULL)
            pairs = (line.split() for line in run.stdout.splitlines() if line.startswith("T "))
            wanted = {(int(pair[1], 16), int(pair[2], 16)) for pair in pairs if int(pair[2], 16) in symbols}
            starts = sorted(symbols)
            inside = lambda place, target: starts[bisect.bisect_right(starts, place) - 1] == target
            wanted = {(place, target) for place, target in wanted if not inside(place, target)}
        lost = sorted(pair for pair in wanted if not graph.has(*pair))
        missed += len(lost)
        sure = graph.kinds["table"] + graph.kinds["cgo"]
        print(f"{name:36} {'traced' if rest is not None else 'direct'} {len(wanted):7} missing {len(lost):5}  indirect "
              f"{len(graph.indirect)} unresolved, edges {dict(graph.kinds)}", flush=True)
        for place, target in lost[:8]:
            print(f"    {place:#x} -> {target:#x}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
