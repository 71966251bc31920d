#!/usr/bin/env python3
"""Fixes of vulnerabilities -> data/verdicts/fixes.jsonl.zst: what tells, in compiled code, whether a fix is there.

  make_fixes.py fetch [LIBRARY …]    bring the sources that data/verdicts/fixes.toml names into the cache
  make_fixes.py make [LIBRARY …]     derive the features; what was derived before and is not asked for stays

Both sides of a fix are the sources of a distribution right before and right after the patch that is called by the CVE, or two
releases of a registry package. Each file that the fix touches is compiled by itself, before and after, by several compilers; the
functions whose source changed are then looked at with fathom's own eyes (`fathom functions -o json`). Kept is what comes out the
same under all compilers on one side and differently on the other. Sources and objects stay in the cache ($FATHOM_CACHE or
~/.cache/fathom-features); a file that is unchanged is not compiled again. Needs gcc, clang-19, aarch64-linux-gnu-gcc, patch, zstd.
"""

import argparse
import collections
import hashlib
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib

TOOLS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS / "feature_maker"))

import functions  # noqa: E402
import lex  # noqa: E402
import origins  # noqa: E402
import source  # noqa: E402

DATA = TOOLS.parent / "data"
CACHE = pathlib.Path(os.environ.get("FATHOM_CACHE", pathlib.Path.home() / ".cache" / "fathom-features"))
OUT = DATA / "verdicts" / "fixes.jsonl.zst"
BUILDS = {"gcc -O2": ["gcc", "-O2"], "gcc -O3": ["gcc", "-O3"], "gcc -Os": ["gcc", "-Os"], "clang -O2": ["clang-19", "-O2"],
          "clang -Os": ["clang-19", "-Os"], "aarch64 gcc -O2": ["aarch64-linux-gnu-gcc", "-O2"]}
FEWEST_BUILDS = 5   # that have the function under its name, on both sides
MOST_CONTROLS = 12  # counts that the fix leaves alone, by which code is known to be this function and no more
CVE = re.compile(r"CVE-\d{4}-\d{4,}")
CLONE = re.compile(r"\.(?:part|constprop|isra|cold|lto_priv)\b.*")


def run(command, cwd=None, seconds=300):
    return subprocess.run(command, cwd=cwd, capture_output=True, timeout=seconds)


# ---- Sides of fixes


class Patch:
    """One of a package's patches: what it is called by, which C files it touches."""

    def __init__(self, name, text, level):
        self.name, self.text, self.level = name, text, level
        head = text.split(b"\n--- ")[0].decode("utf8", "replace")[:4000]
        self.cves = sorted(set(CVE.findall(name.upper())) or set(CVE.findall(head)))
        strip = int(level[2:])
        self.files = sorted({m.decode("utf8", "replace").split("/", strip)[-1]
                             for m in re.findall(rb"^\+\+\+ (\S+)", text, re.M) if m != b"/dev/null"})

    def apply(self, tree):
        subprocess.run(["patch", "-s", "-f", "-N", "-r", "-", "--no-backup-if-mismatch", self.level], cwd=tree, input=self.text,
                       capture_output=True)


def series_of(path):
    with tarfile.open(path) as archive:
        members = {m.name.removeprefix("./"): m for m in archive if m.isfile()}
        series = members.get("debian/patches/series")
        for row in archive.extractfile(series).read().decode().split("\n") if series else []:
            words = row.split("#")[0].split()
            if words and "debian/patches/" + words[0] in members:
                level = next((w for w in words[1:] if re.fullmatch(r"-p\d", w)), "-p1")
                yield Patch(words[0], archive.extractfile(members["debian/patches/" + words[0]]).read(), level)


def unpack(archive, tree):
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    with tarfile.open(archive) as packed:
        for member in packed:
            parts = member.name.removeprefix("./").split("/", 1)
            if len(parts) == 2 and parts[1] and (member.isfile() or member.isdir()):
                member.name = parts[1]
                packed.extract(member, tree, filter="data")


class Sides:
    """Both sides of one fix: {file: bytes} of the C files and headers that it touches."""

    def __init__(self, cve, origin):
        self.cve, self.origin, self.before, self.after, self.is_clean = cve, origin, {}, {}, True
        self.bodies = {}  # by function: hashes on both sides
        self.only = set()  # functions that the fix concerns; empty: all that changed


def contents(tree, files):
    return {f: (tree / f).read_bytes() for f in files if (tree / f).is_file()}


def sides_of_patches(tree, patches, origin, wanted):
    """Applies the series and yields the sides of each CVE, at the moment when its last patch is in; the tree is as it was then."""
    touched = collections.defaultdict(set)
    last = {}
    for i, patch in enumerate(patches):
        for cve in patch.cves:
            touched[cve] |= {f for f in patch.files if wanted.search(f)}
            last[cve] = i
    open_sides = {}
    for i, patch in enumerate(patches):
        for cve in patch.cves:
            if cve not in open_sides and touched[cve]:
                open_sides[cve] = Sides(cve, origin)
                open_sides[cve].before = contents(tree, touched[cve])
        patch.apply(tree)
        for cve, sides in open_sides.items():
            if cve not in patch.cves and i < last[cve] and touched[cve] & set(patch.files):
                sides.is_clean = False
        for cve in patch.cves:
            if last[cve] == i and cve in open_sides:
                sides = open_sides.pop(cve)
                sides.after = contents(tree, touched[cve])
                if sides.is_clean and sides.before != sides.after:
                    yield sides


# ---- Source


def bodies_of(text):
    """{function: (hash of its body, texts in it)}; several of one name are joined."""
    decoded = text.decode("utf8", "surrogateescape")
    tokens = lex.tokens(decoded)
    out = {}
    for name, start, end in functions.functions(tokens):
        texts = set()
        for kind, word, _ in tokens[start:end]:
            value = lex.text_of(word) if kind == "s" else None
            texts |= set(source.pieces_of(value)) if value is not None else set()
        body = "%016x" % lex.body_hash(tokens[start:end + 1])
        old = out.get(name, ((), set()))
        out[name] = (old[0] + (body,), old[1] | texts)
    return out


def releases_with(library, function, file, hashes):
    """Releases of which the features say that the function has one of these bodies."""
    names = {}
    for row in (DATA / "features" / "names.tsv").read_text().splitlines():
        if row and not row.startswith("#"):
            names.setdefault(row.split("\t")[1], []).append(row.split("\t")[0])
    out = []
    for stem in names.get(library, []) + [library]:
        path = DATA / "features" / (stem + ".json.zst")
        if not path.exists():
            continue
        if path not in _FEATURES:
            _FEATURES[path] = json.loads(run(["zstd", "-dcq", "--long=27", str(path)]).stdout)
        data = _FEATURES[path]
        for name, at, bodies in data["functions"]:
            if name != function or not (data["files"][at].endswith(file.rsplit("/", 1)[-1]) or file.startswith("sqlite3")):
                continue
            for releases, body, _ in bodies:
                if body in hashes:
                    spans = data["sets"][releases]
                    out += [data["tags"][t][1] for a, z in zip(spans[::2], spans[1::2]) for t in range(a, z + 1)]
    return sorted(set(out), key=out.index)


_FEATURES = {}


def changed_functions(sides):
    """[(file, function, texts that the fix adds, texts that it takes away)]"""
    out = []
    for file, before in sides.before.items():
        after = sides.after.get(file)
        if after is None or after == before or not file.endswith((".c", ".cc", ".cpp")):
            continue
        old, new = bodies_of(before), bodies_of(after)
        for name in sorted(old.keys() & new.keys()):
            if old[name][0] != new[name][0]:
                sides.bodies[name] = set(old[name][0] + new[name][0])
                out.append((file, name, new[name][1] - old[name][1], old[name][1] - new[name][1]))
    return out


# ---- Compiled


class Eyes:
    """What fathom sees of the functions of a file, compiled by itself."""

    def __init__(self, fathom, tree, flags):
        self.fathom, self.tree, self.flags = fathom, tree, flags
        self.cache = CACHE / "fixes"
        self.cache.mkdir(parents=True, exist_ok=True)
        self.key = hashlib.sha256(run([fathom, "version"]).stdout + "\0".join(flags).encode())

    def functions(self, file, build):
        """{function: Counter}, or None when it does not compile."""
        content = (self.tree / file).read_bytes()
        key = self.key.copy()
        key.update(build.encode() + b"\0" + str(self.tree).encode() + file.encode() + b"\0" + content)
        stored = self.cache / (key.hexdigest()[:32] + ".json")
        if not stored.exists():
            stored.write_text(json.dumps(self._compile(file, build)))
        found = json.loads(stored.read_text())
        return None if found is None else {name: collections.Counter(counts) for name, counts in found.items()}

    def _compile(self, file, build):
        program = self.cache / ("build-%d.so" % os.getpid())
        done = run(BUILDS[build] + ["-w", "-fPIC", "-shared", "-nostdlib", "-o", str(program), *self.flags, file], cwd=self.tree)
        if done.returncode:
            print("    %s: %s" % (build, done.stderr.decode("utf8", "replace").strip().split("\n")[0][:200]), file=sys.stderr)
            return None
        seen = json.loads(run([self.fathom, "functions", str(program), "-o", "json"]).stdout)
        program.unlink()
        out = {}
        for function in seen["functions"]:
            name = CLONE.sub("", function.get("name", ""))
            if name:
                out.setdefault(name, collections.Counter()).update(counts_of(function))
        return out


def counts_of(function):
    counts = collections.Counter()
    for one in function["comparisons"]:
        if "field" in one:
            counts["f%d/%d" % (one["field"], one["bytes"])] += 1
        if "number" in one and abs(one["number"]) > 1:
            counts["n%d/%d" % (one["number"], one["bytes"])] += 1
    for one in function["strings"]:
        counts["t" + one["text"]] += 1
    return counts


def interval(values):
    return [min(values), max(values)]


def next_of(key):
    number, width = key[1:].split("/")
    return "n%d/%s" % (int(number) + 1, width)


def compare(before, after):
    """(counts that tell the sides apart, counts that are the same): [[key, lowest, highest, …]]."""
    telling, same = [], []
    for side in (before, after):
        for counts in side:  # "> 70" is ">= 71" to some compilers
            for key in [k for k in counts if k[0] == "n"]:
                number, width = key[1:].split("/")
                for first in (int(number), int(number) - 1):
                    counts["m%d/%s" % (first, width)] = counts["n%d/%s" % (first, width)] + counts["n%d/%s" % (first + 1, width)]
    for key in sorted(set().union(*before, *after)):
        old, new = interval([b[key] for b in before]), interval([a[key] for a in after])
        if old[1] < new[0] or new[1] < old[0]:
            telling.append([key, *old, *new])
        elif old == new and old[0] == old[1] > 0 and key[0] in "fn":
            same.append([key, old[0]])
    plain = {row[0] for row in telling if row[0][0] == "n"}
    telling = [row for row in telling if row[0][0] != "m" or not plain & {"n" + row[0][1:], next_of(row[0])}]
    taken = set()
    for row in [r for r in telling if r[0][0] == "m"]:  # of "70 or 71" and "71 or 72" the first
        if "m" + next_of(row[0])[1:] in taken or "m%d/%s" % (int(row[0][1:].split("/")[0]) - 1, row[0].split("/")[1]) in taken:
            telling.remove(row)
        else:
            taken.add(row[0])
    same.sort(key=lambda row: (-row[1], row[0]))
    return telling, same[:MOST_CONTROLS]


def row_of(library, sides, file, function, eyes, sources):
    builds, before, after = [], [], []
    for build in BUILDS:
        pair = []
        for side in (sides.before, sides.after):
            for name, content in side.items():
                (eyes.tree / name).write_bytes(content)
            seen = eyes.functions(file, build)
            pair.append(seen.get(function) if seen else None)
        if all(one is not None for one in pair):
            builds.append(build)
            before.append(pair[0])
            after.append(pair[1])
    compilers = {b.split()[0] for b in builds}
    if len(builds) < FEWEST_BUILDS or len(compilers) < 2:
        return None
    telling, same = compare(before, after)
    added, removed = sources
    texts = {"fixed": [], "vulnerable": []}
    for text, is_in, side in [(t, after, "fixed") for t in added] + [(t, before, "vulnerable") for t in removed]:
        shown = text.decode("utf8", "replace")
        if all(one["t" + shown] for one in is_in) and not any(one["t" + shown] for one in (before if is_in is after else after)):
            texts[side].append("%016x" % lex.xxh3(text))
    counts = [row for row in telling if row[0][0] != "t"]
    if not counts and not texts["fixed"] and not texts["vulnerable"]:
        return None
    return {"library": library, "cve": sides.cve, "function": function, "file": file, "from": sides.origin,
            "versions": releases_with(library, function, file, sides.bodies[function]), "builds": builds,
            "texts": {k: sorted(v) for k, v in texts.items()}, "counts": counts, "same": same}


# ---- Packages


def debian_of(name, recipe, debian):
    package = recipe["debian"]
    wanted = re.compile(recipe.get("files", r"\.(?:c|h|cc|cpp)$"))
    for version, files in sorted(debian._sources(package).items()):
        archives = [debian.folder / f for f in files if re.search(r"\.orig\.tar\.", f) and not f.endswith(".asc")]
        patches = [debian.folder / f for f in files if ".debian.tar." in f]
        if not archives or not patches or not archives[0].exists() or not patches[0].exists():
            continue
        series = list(series_of(patches[0]))
        if not any(p.cves for p in series):
            continue
        origin = "debian:" + re.sub(r"^\d+:", "", version)
        tree = CACHE / "fixes" / "trees" / (package + "_" + re.sub(r"\W", "_", version))
        unpack(archives[0], tree)
        for step in recipe.get("prepare", []):
            done = subprocess.run(step, shell=True, cwd=tree, capture_output=True)
            if done.returncode:
                print("  %s %s: %s: %s" % (package, version, step, done.stderr.decode("utf8", "replace")[-300:]), file=sys.stderr)
        yield tree, sides_of_patches(tree, series, origin, wanted)


def side_of_package(text, pair, clients):
    """The file of one side: of `crate:NAME@VERSION` or `go:NAME@VERSION`, up to the line that `until` is in."""
    kind, package, version = re.fullmatch(r"(crate|go):(.+)@(.+)", text).groups()
    archive = clients[kind].archive(package, version)

    class Only:
        def takes(self, path):
            return path.endswith(pair["file"])

    files, _ = origins.unpack(archive, Only(), strip=1 if kind == "crate" else 0)
    content = next(iter(files.values()))
    if pair.get("until"):
        at = content.index(pair["until"].encode())
        content = content[:content.index(b"\n", at) + 1]
    return content


def pairs_of(name, recipe, offline=False):
    """[(folder, sides)] of releases that the recipe puts beside each other."""
    clients = {"crate": origins.Cargo(CACHE, offline), "go": origins.Go(CACHE, offline)}
    for pair in recipe.get("pairs", []):
        tree = CACHE / "fixes" / "trees" / (name + "_" + pair["cve"])
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir(parents=True)
        sides = Sides(pair["cve"], pair["before"] + " " + pair["after"])
        sides.only = set(pair["functions"])
        file = pathlib.PurePosixPath(pair["file"]).name
        sides.before = {file: side_of_package(pair["before"], pair, clients)}
        sides.after = {file: side_of_package(pair["after"], pair, clients)}
        yield tree, [sides]


def make(name, recipe, debian, fathom):
    rows, tried = [], collections.Counter()
    both = itertools.chain(debian_of(name, recipe, debian) if "debian" in recipe else [], pairs_of(name, recipe))
    for tree, all_sides in both:
        eyes = Eyes(fathom, tree, recipe.get("flags", []))
        compiled = re.compile(recipe.get("compiled", "."))
        for sides in all_sides:
            kept = dict(sides.after)
            for file, function, *sources in changed_functions(sides):
                if not compiled.search(file) or (sides.only and function not in sides.only):
                    continue
                tried[sides.cve] += 1
                row = row_of(recipe.get("library", name), sides, file, function, eyes, sources)
                if row:
                    rows.append(row)
                    print("  %s %s %s %s: %s%s" % (sides.cve, function, sides.origin, len(row["builds"]), row["counts"][:4],
                                                   " texts" if any(row["texts"].values()) else ""))
            for file, content in kept.items():
                (tree / file).write_bytes(content)
    print("%s: %d of %d CVEs have features" % (name, len({r["cve"] for r in rows}), len(tried)))
    return rows


def read_rows():
    if not OUT.exists():
        return []
    return [json.loads(line) for line in run(["zstd", "-dcq", str(OUT)]).stdout.decode().splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["fetch", "make"])
    parser.add_argument("libraries", nargs="*")
    parser.add_argument("--fathom", default=str(TOOLS.parent / "build" / "release" / "fathom"))
    arguments = parser.parse_args()
    recipes = tomllib.loads((DATA / "verdicts" / "fixes.toml").read_text())
    names = arguments.libraries or sorted(recipes)
    debian = origins.Debian(CACHE)
    if arguments.what == "fetch":
        debian.fetch([recipes[n]["debian"] for n in names if "debian" in recipes[n]])
        for name in names:
            list(pairs_of(name, recipes[name]))
        return
    made = {recipes[n].get("library", n) for n in names}
    rows = [r for r in read_rows() if r["library"] not in made]
    for name in names:
        rows += make(name, recipes[name], debian, arguments.fathom)
    rows.sort(key=lambda r: (r["library"], r["cve"], r["function"], r["from"]))
    text = "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in rows).encode()
    subprocess.run(["zstd", "-19", "-q", "-f", "-o", str(OUT)], input=text, check=True)


if __name__ == "__main__":
    main()
