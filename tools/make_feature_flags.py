#!/usr/bin/env python3
"""Which literals of data/features/ are seen in compiled files: flags 8 (live), 16 (generic), 32 (shared).

  make_feature_flags.py fetch                  library packages of the Debian suites in reach, into the cache
  make_feature_flags.py scan [--also DIR …]    looks at all of them (and at ELF files below DIR) and rewrites the flags
  options: --exclude FILE   lines of JSON with sha256: files not to look at (those of an accuracy corpus)

live: seen whole in a file in which the library is present. generic: seen in two or more files in which no library that has it is
present. shared: three or more groups of libraries have it. Flags once set stay: they come from other files too.
A library is present where a sixth of its own texts is, or where a tenth is and nobody else has as many of them.
"""

import argparse
import collections
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tomllib

TOOLS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS / "feature_maker"))

import lex  # noqa: E402
import origins  # noqa: E402
import store  # noqa: E402

DATA = TOOLS.parent / "data" / "features"
CACHE = pathlib.Path(os.environ.get("FATHOM_CACHE", pathlib.Path.home() / ".cache" / "fathom-features"))
LIVE, GENERIC, SHARED, SILENT = 8, 16, 32, 1 | 2 | 4
_RUN = re.compile(rb"[\x07-\x0d\x1b\x20-\x7e\x80-\xff]{6,}(?=\0)")
_LARGEST = 9 << 20


def binary_packages(debian, sources):
    """{(name, version): size} of the library packages that the given source packages make, in all suites."""
    out = {}
    for path in sorted((CACHE / "apt").resolve().glob("lists/*_Packages*")) or sorted(
            pathlib.Path(debian.env["APT_CONFIG"]).resolve().parent.glob("lists/*_Packages*")):
        text = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", str(path)], capture_output=True, check=True).stdout.decode()
        for paragraph in text.split("\n\n"):
            name = re.match(r"Package: (\S+)", paragraph)
            if not name:
                continue
            source = re.search(r"^Source: (\S+)", paragraph, re.M)
            if (source[1] if source else name[1]) not in sources or not _is_library(name[1], source is None):
                continue
            size = int(re.search(r"^Size: (\d+)", paragraph, re.M)[1])
            if size <= _LARGEST:
                out[name[1], re.search(r"^Version: (\S+)", paragraph, re.M)[1]] = size
    return out


def _is_library(name, own_source):
    if re.search(r"-(doc|dbg|dbgsym|data|common|locale|tests?|examples|java|jni|python|perl|cross|source|udeb|headers|fixtures|dev|"
                 r"openmp|pthread|mpich|openmpi|mingw|extra|contrib|devtools|tools|utils|bin|plugins?|mod|x32|i386|emulator|viz)\b|"
                 r"^python3?-|-perl$|-ruby$|-cil|-ocaml|-guile|-tcl|-lua|openblas64|^lib(32|64|n32|x32)|modules-", name):
        return False
    return name.startswith("lib") or own_source or name.endswith("-static")


def fetch():
    recipes = tomllib.loads((DATA / "recipes.toml").read_text())
    listed = (DATA / "live_sources.txt").read_text().split("\n")
    sources = {n for r in recipes.values() for n in r.get("debian", [])} | {x for x in listed if x and not x.startswith("#")}
    debian = origins.Debian(CACHE)
    folder = CACHE / "debs"
    folder.mkdir(exist_ok=True)
    have = set(os.listdir(folder))
    want = ["%s=%s" % key for key in sorted(binary_packages(debian, sources))
            if not any(h.startswith("%s_%s_" % (key[0], key[1].replace(":", "%3a"))) for h in have)]
    print("%d packages to fetch" % len(want), flush=True)
    for i in range(0, len(want), 40):
        subprocess.run(["apt-get", "download", "-qq"] + want[i:i + 40], cwd=folder, env=debian.env, capture_output=True)


def runs_of(data):
    return {lex.xxh3(run) for run in set(_RUN.findall(data))}


def files_of(folders, excluded):
    """(name, hashes of the texts) of each compiled file."""
    cache = CACHE / "runs"
    cache.mkdir(exist_ok=True)
    for deb in sorted((CACHE / "debs").glob("*.deb")):
        stored = cache / (deb.name + ".json")
        if not stored.exists():
            rows = {}
            piped = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], capture_output=True).stdout
            if piped:
                with tarfile.open(fileobj=io.BytesIO(piped)) as archive:
                    for member in archive:
                        if member.isfile() and member.size > 4096:
                            data = archive.extractfile(member).read()
                            if data[:4] == b"\x7fELF" or data[:8] == b"!<arch>\n":
                                rows[member.name] = [hashlib.sha256(data).hexdigest(), sorted(runs_of(data))]
            stored.write_text(json.dumps(rows))
        for name, (digest, found) in json.loads(stored.read_text()).items():
            if digest not in excluded:
                yield deb.name + ":" + name, set(found)
    for folder in folders:
        for path in sorted(p for p in pathlib.Path(folder).rglob("*") if p.is_file() and not p.is_symlink()):
            with open(path, "rb") as file:
                if file.read(4) != b"\x7fELF":
                    continue
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() not in excluded:
                yield str(path), runs_of(data)


def families():
    out = {}
    for row in (DATA / "names.tsv").read_text().split("\n"):
        cells = row.split("\t")
        if len(cells) == 3 and not row.startswith("#"):
            out[cells[0]] = cells[2] or cells[1]
    return out


def scan(folders, excluded):
    names, family = [], families()
    owners, sizes = collections.defaultdict(list), []
    for number, path in enumerate(sorted(DATA.glob("*.json.zst"))):
        names.append(path.name.removesuffix(".json.zst"))
        literals = json.loads(subprocess.run(["zstd", "-dcq", "--long=27", str(path)], capture_output=True,
                                             check=True).stdout)["literals"]
        for i in range(literals["n"]):
            owners[int(literals["h"][16 * i:16 * i + 16], 16)].append((number, literals["f"][i]))
    groups = [family.get(n, n) for n in names]
    shared = {h for h, rows in owners.items() if len({groups[n] for n, _ in rows}) >= 3}
    core = collections.Counter(n for h, rows in owners.items() if h not in shared for n, f in rows if not f & SILENT)
    live, strange, files = collections.defaultdict(set), collections.Counter(), 0
    for _, found in files_of(folders, excluded):
        files += 1
        known = [h for h in found if h in owners]
        hits, alone = collections.Counter(), collections.Counter()
        for h in known:
            if h in shared:
                continue
            rows = [n for n, f in owners[h] if not f & SILENT]
            hits.update(rows)
            if len({groups[n] for n in rows}) == 1:
                alone.update(rows)
        present = {n for n in hits if alone[n] >= 5 and (hits[n] >= core[n] / 6 or hits[n] >= 40 or
                                                         (hits[n] >= core[n] / 10 and alone[n] >= hits[n] / 2))}
        for h in known:
            mine = [n for n, _ in owners[h] if n in present]
            for n in mine:
                live[n].add(h)
            if not mine and not any(hits[n] >= 3 and hits[n] > core[n] * 0.03 for n, _ in owners[h]):
                strange[h] += 1
    generic = {h for h, n in strange.items() if n >= 2}
    print("%d files, %d literals: %d live, %d generic, %d shared" % (
        files, len(owners), len(set().union(*live.values())), len(generic), len(shared)))
    for number, name in enumerate(names):
        _rewrite(DATA / (name + ".json.zst"), live[number], generic, shared)


def _rewrite(path, live, generic, shared):
    library = store.Library.read(str(path))
    changed = False
    for h, row in library.texts.items():
        flags = row[0] | LIVE * (h in live) | GENERIC * (h in generic) | SHARED * (h in shared)
        changed |= flags != row[0]
        row[0] = flags
    if changed:
        library.write(str(path))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["fetch", "scan"])
    parser.add_argument("--also", action="append", default=[])
    parser.add_argument("--exclude", action="append", default=[])
    arguments = parser.parse_args()
    if arguments.what == "fetch":
        fetch()
        return
    excluded = {json.loads(row)["sha256"] for path in arguments.exclude for row in open(path)}
    scan(arguments.also, excluded)


if __name__ == "__main__":
    main()
