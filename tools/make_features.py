#!/usr/bin/env python3
"""Sources of libraries from the registries -> data/features/NAME.json.zst.

  make_features.py fetch [NAME …]    bring the sources that data/features/recipes.toml names into the cache
  make_features.py make [NAME …]     derive the features from what the cache has; without names: of every recipe
  make_features.py names             add the CPE names of the recipes to data/advisories/libs.jsonl.zst
  make_features.py compare NAME      derive releases that the committed file has, and print how far both agree

The cache is $FATHOM_CACHE or ~/.cache/fathom-features; nothing in it is needed again. A file is read once for all releases that
have it unchanged. Same sources, same bytes. Needs zstd, libxxhash, and the clients of the registries (apt, cargo, go, npm).
"""

import argparse
import json
import os
import pathlib
import pickle
import re
import subprocess
import sys
import time
import tomllib

TOOLS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS / "feature_maker"))

import lex  # noqa: E402
import origins  # noqa: E402
import store  # noqa: E402
import tree  # noqa: E402

DATA = TOOLS.parent / "data" / "features"
CACHE = pathlib.Path(os.environ.get("FATHOM_CACHE", pathlib.Path.home() / ".cache" / "fathom-features"))
READER = "1"  # changes when the reading of a file does: cached facts are void then


class Registries:
    def __init__(self, cache, offline):
        self.debian, self.cargo = origins.Debian(cache), origins.Cargo(cache, offline)
        self.go, self.npm = origins.Go(cache, offline), origins.Npm(cache, offline)

    def packages_of(self, recipe):
        """[(kind, name, settings)] in the order of the recipe."""
        out = [("debian", name, {}) for name in recipe.get("debian", [])]
        for origin in recipe.get("from", []):
            kind = next(k for k in ("debian", "crate", "go", "npm") if k in origin)
            out.append((kind, origin[kind], origin))
        return out

    def versions(self, kind, name, origin, known):
        """The versions of a package that a recipe means and that are not `known`, the newest where there is a limit."""
        client = {"crate": self.cargo, "go": self.go, "npm": self.npm}[kind]
        wanted, out = origin.get("version"), {}
        for version in sorted(client.versions(name), key=store.order_of):
            found = re.search(wanted, version) if wanted else None
            if wanted and not found:
                continue
            own = ".".join(g for g in found.groups() if g) if found and found.groups() else version
            out[own] = version  # the newest package of a version
        rows = [row for row in out.items() if row[0] not in known]
        return rows[-origin["at_most"]:] if "at_most" in origin else rows

    def fetch(self, recipe, known):
        self.debian.fetch([n for k, n, _ in self.packages_of(recipe) if k == "debian"])
        for kind, name, origin in self.packages_of(recipe):
            if kind == "debian":
                continue
            client = {"crate": self.cargo, "go": self.go, "npm": self.npm}[kind]
            for _, version in self.versions(kind, name, origin, known):
                try:
                    client.archive(name, version)
                except RuntimeError as problem:
                    print("  not there: %s" % problem)

    def trees(self, recipe, choice, known):
        """Functions that give one Tree each, or None."""
        for kind, name, origin in self.packages_of(recipe):
            roots = [origin["root"]] if "root" in origin else recipe.get("roots", [""])
            within = _Within(choice, roots, origin.get("version_file"))
            if kind == "debian":
                settings = {k: v for k, v in recipe.items() if k != "version"} if origin else recipe
                loads = self.debian.trees(name, within, settings)
            else:
                client = {"crate": self.cargo, "go": self.go, "npm": self.npm}[kind]
                loads = (lambda own=own, v=version: self._package(kind, name, origin, own, v, client, within)
                         for own, version in self.versions(kind, name, origin, known))
            for load in loads:
                yield lambda load=load, roots=roots, origin=origin: _finished(load(), roots, origin, choice)

    @staticmethod
    def _package(kind, name, origin, own, version, client, choice):
        archive = client.archive(name, version)
        if not archive:
            return None
        if "inner" in origin:
            files, date = origins.unpack_inner(archive, origin["inner"], choice)
        else:
            files, date = origins.unpack(archive, choice, name.count("/") + 1 if kind == "go" else 1)
        return origins.Tree("%s:%s@%s" % (kind, name, version), own, date, files)


class _Within:
    """A choice of files below the library's folder in a larger tree."""

    def __init__(self, choice, roots, version_file):
        self.choice, self.roots, self.version_file = choice, roots, version_file

    def takes(self, path):
        for root in self.roots:
            if path.startswith(root):
                inner = path[len(root):]
                return inner == self.version_file or self.choice.takes(inner)
        return False


def _finished(found, roots, origin, choice):
    """The tree below its root, with the version that it states itself; None if it has none."""
    if found is None:
        return None
    files = origins.rooted(found.files, roots)
    version = found.version
    if "version_file" in origin:
        text = files.get(origin["version_file"], b"").decode("utf8", "replace")
        stated = re.search(origin["version_text"], text, re.S)
        if not stated:
            return None
        version = ".".join(stated.groups())
    files = {p: b for p, b in files.items() if choice.takes(p)}
    return found._replace(version=version, files=files) if files else None


def one_text(releases):
    """Macros that are one text in all releases: {name: bytes}."""
    values = {}
    for release in releases:
        for name, texts in release.texts().items():
            values.setdefault(name, set()).update(texts)
    out = {}
    for name, texts in values.items():
        if len(texts) == 1:
            parts = [lex.text_of(word) for kind, word, _ in lex.tokens(next(iter(texts))) if kind in "sr"]
            if None not in parts:
                out[name] = b"".join(parts)
    return out


def make(name, recipe, registries):
    begun = time.process_time()
    path = DATA / (name + ".json.zst")
    if recipe.get("base") and path.exists():
        library = store.Library.read(str(path))
    else:
        library = store.Library(name, recipe["purl"], "registries: " + ", ".join(
            dict.fromkeys("%s %s" % (k, n) for k, n, _ in registries.packages_of(recipe))))
    base = bool(library.tags)
    folders = {p.rpartition("/")[0] for _, p in library.functions} if base else None
    choice = tree.Choice(recipe, folders)
    library.vendored.update({k: v or None for k, v in recipe.get("vendored", {}).items()})
    known = {t[1] for t in library.tags}
    trees, patched = {}, []
    for load in registries.trees(recipe, choice, known):
        try:
            found = load()
        except Exception as problem:  # a broken archive costs one release, not the library
            print("  %s: %s" % (name, problem))
            continue
        if found is None:
            continue
        if recipe.get("patched") and _is_patched(found.tag):
            patched.append(found)
        elif found.version not in trees:
            trees[found.version] = found
    trees = sorted(trees.values(), key=lambda t: (store.order_of(t.version), t.tag))
    new = [t for t in trees if t.version not in known]
    generated = [t.files.pop(recipe.get("generated_from"), b"") for t in new]
    releases = [tree.Release(t.files) for t in new]
    texts = one_text(releases)
    cache_file = CACHE / "facts" / (name + ".pickle")
    cache = _read_cache(cache_file)
    for found, release in zip(new, releases):
        facts, kinds = release.read(texts, cache, recipe)
        library.add(found.tag, found.version, found.date, facts, kinds, not base)
    for found, content in zip(new, generated):
        library.bridge(found.version, re.findall(rb'"([^"\\\n]{6,})"', content), recipe.get("generated_from"))
    added = _add_patched(library, patched, {t.version: t for t in trees}, texts, cache, recipe)
    cache_file.parent.mkdir(parents=True, exist_ok=True)
    cache_file.write_bytes(pickle.dumps((READER, cache)))
    if not library.tags:
        print("%-18s nothing" % name)
        return
    size = library.write(str(path))
    print("%-18s releases %4d (%s new, %s patched)  texts %6d  functions %6d  rows %7d  tables %5d  %8d bytes  %.1f s" % (
        name, len(library.tags), len(new), added, len(library.texts), len(library.functions),
        sum(len(k) for v in library.lines.values() for k in v), len(library.tables), size, time.process_time() - begun), flush=True)


def _known(name, recipe):
    """Versions that the committed file has."""
    path = DATA / (name + ".json.zst")
    return {t[1] for t in store.Library.read(str(path)).tags} if recipe.get("base") and path.exists() else set()


def _add_patched(library, patched, upstream, texts, cache, recipe):
    """Packagings whose files differ from upstream's: what did not change is taken from upstream's release."""
    added = 0
    for found in sorted(patched, key=lambda t: (store.order_of(t.version), store.order_of(t.tag))):
        base = upstream.get(found.version)
        place = next((i for i, t in enumerate(library.tags) if t[1] == found.version and not _is_patched(t[0])), None)
        if base is None or place is None or any(t[0] == found.tag for t in library.tags):
            continue
        changed = {p for p in base.files.keys() | found.files.keys() if base.files.get(p) != found.files.get(p)}
        if not changed:
            continue
        facts, kinds = tree.Release(found.files).read(texts, cache, recipe)
        old, _ = tree.Release(base.files).read(texts, cache, recipe)
        changed = {p for p in changed if facts.get(p) != old.get(p)}
        if changed:
            library.add_variant(place, found.tag, found.date, {p: facts[p] for p in changed if p in facts}, changed, kinds)
            added += 1
    return added


def compare(name, recipe, registries):
    """Prints how far the maker agrees with releases of the committed file that it did not make."""
    library = store.Library.read(str(DATA / (name + ".json.zst")))
    choice = tree.Choice(recipe, {p.rpartition("/")[0] for _, p in library.functions})
    print("%-12s %-10s %s" % ("library", "version", "of the file's facts, how many does the maker find (and how many more)"))
    for load in registries.trees(recipe, choice, set()):
        found = load()
        place = next((i for i, t in enumerate(library.tags) if found and t[1] == found.version), None)
        if place is None or _is_patched(found.tag) or library.tags[place][0] == found.tag:
            continue
        release = tree.Release(found.files)
        facts, _ = release.read(one_text([release]), {}, recipe)
        bit, paths = 1 << place, set(facts)
        pairs = {
            "texts": ({h for h, row in library.texts.items() if row[2] & bit and row[3].keys() & paths},
                      {h for f in facts.values() for h, _, _ in f.texts}),
            "functions": ({(p, n, b) for (n, p), rows in library.functions.items() if p in paths
                           for (b, _), m in rows.items() if m & bit},
                          {(p, n, b) for p, f in facts.items() for n, b, _ in f.functions}),
            "lines": ({(p, *row[:3]) for p, rows in library.lines.items() if p in paths
                       for key, m in rows.items() if m & bit for row in key},
                      {(p, *row[:3]) for p, f in facts.items() for row in f.lines}),
            "tables": ({(k[1], k[0], k[4]) for k, m in library.tables.items() if m & bit and k[1] in paths},
                       {(p, n, h) for p, f in facts.items() for n, _, _, h, local in f.tables if not local})}
        print("%-12s %-10s " % (name, found.version) + "  ".join(
            "%s %d/%d (+%d)" % (what, len(a & b), len(a), len(b - a)) for what, (a, b) in pairs.items()), flush=True)


def add_names(recipes):
    """Rows of libs.jsonl for the recipes that state a CPE name and have none there."""
    path = DATA.parent / "advisories" / "libs.jsonl.zst"
    text = subprocess.run(["zstd", "-dcq", str(path)], capture_output=True, check=True).stdout.decode()
    rows = {json.loads(row)["lib"]: row for row in text.splitlines()}
    ids = dict(row.split("\t")[:2] for row in (DATA / "names.tsv").read_text().split("\n") if row and row[0] != "#")
    for name, recipe in recipes.items():
        library = ids.get(name, name)
        if "cpe" in recipe and library not in rows and (DATA / (name + ".json.zst")).exists():
            rows[library] = json.dumps({"lib": library, "cpe": [recipe["cpe"]], "src_packages": recipe.get("debian", [])},
                                       separators=(",", ":"))
    packed = "".join(rows[k] + "\n" for k in sorted(rows)).encode()
    path.write_bytes(subprocess.run(["zstd", "-19", "-q", "-c"], input=packed, capture_output=True, check=True).stdout)


def _is_patched(tag):
    return tag.startswith("debian:") and bool(re.search(r"-[\w.+~]+$", tag))


def _read_cache(path):
    if path.exists():
        reader, cache = pickle.loads(path.read_bytes())
        if reader == READER:
            return cache
    return {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["fetch", "make", "compare", "names"])
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    recipes = tomllib.loads((DATA / "recipes.toml").read_text())
    if arguments.what == "names":
        add_names(recipes)
        return
    registries = Registries(CACHE, arguments.what != "fetch")
    wanted = [recipes[n] for n in arguments.names or recipes if n in recipes]
    registries.debian.prepare(sorted({n for r in wanted for k, n, _ in registries.packages_of(r) if k == "debian"}))
    for name in arguments.names or recipes:
        if name not in recipes:
            sys.exit("%s: no such recipe in %s" % (name, DATA / "recipes.toml"))
        if arguments.what == "fetch":
            registries.fetch(recipes[name], _known(name, recipes[name]))
        elif arguments.what == "compare":
            compare(name, recipes[name], registries)
        else:
            make(name, recipes[name], registries)


if __name__ == "__main__":
    main()
