#!/usr/bin/env python3
"""Programs linked from Debian's static archives, stripped: which package revision does fathom name, and which functions?

  debian_objects.py --cache CACHE --tool object_matches --pack PACK [--most N] [--library NAME …] [--machine amd64] [--without]

CACHE is what tools/make_objects.py has fetched. Each program is a small driver that points at functions of one library, linked
-static with that archive and with the C library of the same suite, and stripped; the twin with symbols is the truth. A symbol
that other libraries would have to give stays unresolved, as --unresolved-symbols=ignore-all leaves it.

With --without the revision that a program is linked from is taken out of the data first: "none of the known" is then the right
answer, a neighbour with other code is a wrong one.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import subprocess
import sys

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "tools"
sys.path.insert(0, str(TOOLS))

COMPILERS = {"amd64": "gcc", "arm64": "aarch64-linux-gnu-gcc"}
# Functions that a driver points at, at most.
MOST_WANTED = 6


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


def functions_of(archives, nm):
    """Global functions that the archives define."""
    names = set()
    for path in archives:
        for line in run(nm, "--defined-only", "--extern-only", str(path)).stdout.splitlines():
            parts = line.split()
            if len(parts) == 3 and parts[1] in "T":
                names.add(parts[2])
    return sorted(name for name in names if re.fullmatch(r"[A-Za-z]\w*", name) and name not in ("main", "_start", "_init", "_fini"))


def link(work, name, compiler, archives, libc, wanted):
    """(program with symbols, stripped) or None."""
    source, out, stripped = (work / (name + suffix) for suffix in (".c", ".full", ".stripped"))
    lines = [f"extern int {symbol}();" for symbol in wanted]
    lines.append("int (*table[])() = {%s};" % ", ".join(wanted))
    lines.append("int main(int count, char **values) { (void)values; return table[count & 1](); }")
    source.write_text("\n".join(lines) + "\n")
    where = lambda file: run(compiler, "-print-file-name=" + file).stdout.strip()
    done = run(compiler, "-w", "-O1", "-static", "-nostdlib", "-o", str(out), str(libc / "crt1.o"), str(libc / "crti.o"),
               where("crtbeginT.o"), str(source), "-fno-builtin", "-Wl,--unresolved-symbols=ignore-all", "-Wl,--start-group",
               *map(str, archives), str(libc / "libc.a"), where("libgcc.a"), where("libgcc_eh.a"), "-Wl,--end-group",
               where("crtend.o"), str(libc / "crtn.o"))
    if done.returncode:
        print("link", name, done.stderr.strip().splitlines()[-1:], file=sys.stderr)
        return None
    strip = compiler.replace("gcc", "strip")
    run(strip, "-o", str(stripped), str(out))
    return out, stripped


def c_library(cache, work, version, machine):
    """The folder with libc.a and the start files of a revision, from its package."""
    folder = work / f"libc_{machine}_{version.replace(':', '%3a')}"
    if not (folder / "crt1.o").exists():
        folder.mkdir(parents=True, exist_ok=True)
        deb = cache / "debs" / f"libc6-dev_{version.replace(':', '%3a')}_{machine}.deb"
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as unpack:
            subprocess.run(["tar", "-x", "-C", str(folder), "--strip-components=4", "--wildcards", "*/crt1.o", "*/crti.o", "*/crtn.o",
                            "*/libc.a"], stdin=unpack.stdout, check=False)
    return folder


def truth_of(program, nm):
    """{address: set of names} of the twin."""
    out = collections.defaultdict(set)
    for line in run(nm, str(program)).stdout.splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[1] in "tTwWi":
            out[int(parts[0], 16)].add(parts[2])
    return out


def plain(name):
    return re.sub(r"\.(part|constprop|isra|cold|lto_priv)(\.\d+)*", "", name)


def judge(answer, package, version):
    if answer is None:
        return "none"
    builds, unknown = answer
    if unknown:
        return "unknown"
    versions = {build.split("=", 1)[1] for build in builds}
    if versions == {version}:
        return "exact"
    return "one of several" if version in versions else "wrong"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--pack", required=True)
    parser.add_argument("--most", type=int, default=150)
    parser.add_argument("--library", nargs="*")
    parser.add_argument("--machine", nargs="*", default=list(COMPILERS))
    parser.add_argument("--without", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    os.environ["FATHOM_CACHE"] = str(arguments.cache)
    import make_objects

    known = {tuple(key): row for key, row in json.loads((arguments.cache / "packages.json").read_text())}
    work = arguments.cache / "programs"
    work.mkdir(exist_ok=True)
    libcs = {}  # (release, machine): newest libc6-dev
    for (package, version, machine), row in sorted(known.items()):
        if package == "libc6-dev" and make_objects.file_of(package, version, machine).exists():
            libcs[make_objects.distribution_release(row["suites"]), machine] = version
    cases = []
    for row in make_objects.recipes():
        if row["library"] in ("glibc", "libgcc", "musl", "libstdc++") or (arguments.library and row["library"] not in arguments.library):
            continue
        for (package, version, machine), found in sorted(known.items()):
            if machine not in arguments.machine or not re.fullmatch(row["packages"], package):
                continue
            if make_objects.file_of(package, version, machine).exists():
                cases.append((row, package, version, machine, found))
    random.Random(1).shuffle(cases)
    revisions, libc_revisions = collections.Counter(), collections.Counter()
    names = collections.Counter()
    times = [0.0, 0.0, 0.0]
    made = 0
    for row, package, version, machine, found in cases:
        if made >= arguments.most:
            break
        release = make_objects.distribution_release(found["suites"])
        libc_version = libcs.get((release, machine))
        archives = make_objects.archives_of(make_objects.file_of(package, version, machine), row.get("archives"))
        if libc_version is None or not archives:
            continue
        compiler = COMPILERS[machine]
        nm = compiler.replace("gcc", "nm")
        candidates = functions_of(archives, nm)
        if not candidates:
            continue
        name = f"{package}_{version}_{machine}".replace(":", "%3a")
        wanted = random.Random(name).sample(candidates, min(MOST_WANTED, len(candidates)))
        linked = link(work, name, compiler, archives, c_library(arguments.cache, work, libc_version, machine), wanted)
        if linked is None:
            continue
        made += 1
        extra = ["--without", f"{package}={version}"] if arguments.without else []
        output = run(arguments.tool, arguments.pack, *extra, str(linked[1])).stdout
        answers, functions = {}, {}
        for line in output.splitlines():
            fields = line.split("\t")
            if fields[0] == "library":
                answers[fields[2]] = (fields[3].split(","), fields[7] == "1")
                if arguments.verbose:
                    print("   ", fields[2:], file=sys.stderr)
            elif fields[0] == "function":
                functions[int(fields[2], 16)] = (fields[4], fields[5], {fields[6], *fields[7].split(",")})
            else:
                times = [a + float(b) for a, b in zip(times, fields[3:6])]
        verdict = judge(answers.get(row["library"]), package, version)
        revisions[verdict] += 1
        libc_revisions[judge(answers.get("glibc"), "libc6-dev", libc_version)] += 1
        for library in answers.keys() - {row["library"], "glibc", "libgcc"}:
            revisions["false library"] += 1
            print("false", library, "in", name, file=sys.stderr)
        if verdict in ("wrong", "none") or (arguments.verbose and verdict != "exact"):
            print(verdict, name, answers.get(row["library"]), file=sys.stderr)
        truth = truth_of(linked[0], nm)
        names["functions"] += len(truth)
        for address, (by, _library, given) in functions.items():
            own = truth.get(address)
            right = own is not None and bool({plain(n) for n in own} & {plain(n) for n in given})
            names[by + (" right" if right else " no function" if own is None else " wrong")] += 1
            if not right and arguments.verbose:
                print("   name", hex(address), by, given, own, file=sys.stderr)
    print(made, "programs; revision of the library:", dict(revisions), "; of glibc:", dict(libc_revisions))
    print("functions:", dict(sorted(names.items())))
    print("seconds: recovery %.2f, hashing %.2f, matching %.2f" % tuple(times))


if __name__ == "__main__":
    main()
