"""data/features/NAME.json.zst: reading, adding releases, writing. docs/feature-format.md states the form.

Sets of releases are numbers here, one bit for each release: merging is "or".
"""

import json
import re
import subprocess

import lex
from source import ASSERTION, flags_of

_EARLY = {"dev": 0, "alpha": 1, "a": 1, "beta": 2, "b": 2, "pre": 3, "preview": 3, "rc": 4, "cr": 4}
_MOST_FILES = 8


def order_of(version):
    """Sorts versions: numbers by value, 1.0rc1 < 1.0 < 1.0a1."""
    parts = []
    for word in re.findall(r"\d+|[A-Za-z]+", version.lstrip("v")):
        if word.isdigit():
            parts.append((3, int(word), ""))
        elif word.lower() in _EARLY and not (word in "ab" and parts and not re.search(r"\d[.-]?[ab]\d", version)):
            parts.append((0, _EARLY[word.lower()], ""))
        else:
            parts.append((2, 0, word))
    return parts + [(1, 0, "")]


class Library:
    """All facts of a library's releases."""

    def __init__(self, name, purl, source, note=""):
        self.head = {"format": 2, "library": name, "purl": purl, "source": source, "note": note}
        self.tags, self.nfiles, self.vendored = [], [], {}
        self.extra = {}      # further keys, kept as they are
        self.texts = {}      # hash: [flags, bytes, releases, {path: None}, whether in more files]
        self.functions = {}  # (name, path): {(body hash, (hash, …)): releases}
        self.tables = {}     # (name, path, width, count, (hash, …)): releases
        self.lines = {}      # path: {((line, span, macro, function), …): releases}
        self.macros = {}     # name: kind

    @classmethod
    def read(cls, path):
        text = subprocess.run(["zstd", "-dcq", "--long=27", path], capture_output=True, check=True).stdout
        data = json.loads(text)
        out = cls(data["library"], data["purl"], data["source"], data.get("note", ""))
        out.tags, out.nfiles, out.vendored = data["tags"], data["nfiles"], data["vendored"]
        known = {"format", "library", "purl", "source", "note", "tags", "nfiles", "vendored", "sets", "literals", "files",
                 "macros", "locations", "tables", "functions"}
        out.extra = {k: v for k, v in data.items() if k not in known}
        masks = [sum((1 << z + 1) - (1 << a) for a, z in zip(s[::2], s[1::2])) for s in data["sets"]]
        files, literals = data["files"], data["literals"]
        hashes = [int(literals["h"][i:i + 16], 16) for i in range(0, 16 * literals["n"], 16)]
        for i, number in enumerate(hashes):
            where = literals["lf"][i]
            out.texts[number] = [literals["f"][i], literals["l"][i], masks[literals["s"][i]],
                                 {files[x]: None for x in where if x >= 0}, -1 in where]
        for name, file, bodies in data["functions"]:
            rows = out.functions.setdefault((name, files[file]), {})
            for set_, body, steps in bodies:
                at, found = 0, []
                for step in steps:
                    at += step
                    found.append(hashes[at])
                key = (int(body, 16), tuple(found))
                rows[key] = rows.get(key, 0) | masks[set_]
        for name, file, width, count, set_, text in data["tables"]:
            key = (name, files[file], width, count, tuple(int(text[i:i + 16], 16) for i in range(0, len(text), 16)))
            out.tables[key] = out.tables.get(key, 0) | masks[set_]
        out.macros = {name: kind for name, kind in data["macros"]}
        names = [name for name, _ in data["macros"]]
        for path, versions in data["locations"]:
            rows = out.lines.setdefault(path, {})
            for set_, steps, macros, spans, runs in versions:
                rows_key, line = [], 0
                span = dict(zip(spans[::2], spans[1::2]))
                inside = [f for f, n in zip(runs[::2], runs[1::2]) for _ in range(n)]
                for i, step in enumerate(steps):
                    line += step
                    rows_key.append((line, span.get(i, 0), names[macros[i]],
                                     data["functions"][inside[i]][0] if inside[i] >= 0 else None))
                key = tuple(rows_key)
                rows[key] = rows.get(key, 0) | masks[set_]
        return out

    def has(self, tag, version):
        return any(t[0] == tag and t[1] == version for t in self.tags)

    def add(self, tag, version, date, facts, kinds, with_local_tables=True):
        """One more release: facts = {path: Facts}. It is put behind the releases that are not newer."""
        place = len(self.tags)
        key = order_of(version)
        while place and order_of(self.tags[place - 1][1]) > key:
            place -= 1
        self._make_room(place)
        self.tags.insert(place, [tag, version, date, ""])
        self.nfiles.insert(place, len(facts))
        bit = 1 << place
        for path in sorted(facts):
            self._add_file(path, facts[path], bit, with_local_tables)
        for name in sorted({row[2] for f in facts.values() for row in f.lines}):
            self.macros.setdefault(name, kinds.get(name, "error"))

    def _add_file(self, path, found, bit, with_local_tables):
        for number, flags, length in found.texts:
            row = self.texts.get(number)
            if row is None:
                self.texts[number] = [flags, length, bit, {path: None}, False]
                continue
            row[2] |= bit
            if not flags & ASSERTION:
                row[0] &= ~ASSERTION
            if path not in row[3]:
                if len(row[3]) < _MOST_FILES:
                    row[3][path] = None
                else:
                    row[4] = True
        for name, body, texts in found.functions:
            rows = self.functions.setdefault((name, path), {})
            key = (body, texts)
            if key not in rows:
                same = [k for k in rows if k[0] == body and set(k[1]) == set(texts)]
                key = same[0] if same else key
            rows[key] = rows.get(key, 0) | bit
        for name, width, count, hashes, local in found.tables:
            if with_local_tables or not local:
                key = (name, path, width, count, hashes)
                self.tables[key] = self.tables.get(key, 0) | bit
        if found.lines:
            rows = self.lines.setdefault(path, {})
            key = tuple(found.lines)
            rows[key] = rows.get(key, 0) | bit

    def _make_room(self, place):
        """All bits from `place` on move up by one."""
        if place == len(self.tags):
            return
        low = (1 << place) - 1

        def moved(mask):
            return (mask & low) | ((mask & ~low) << 1)

        for row in self.texts.values():
            row[2] = moved(row[2])
        for rows in (self.tables, *self.functions.values(), *self.lines.values()):
            for key in rows:
                rows[key] = moved(rows[key])

    def bridge(self, version, texts, path):
        """Texts of a generated file, which trees lack: known in an earlier release and in `version`, so also between."""
        place = next(i for i, t in enumerate(self.tags) if t[1] == version)
        for text in texts:
            number = lex.xxh3(text)
            row = self.texts.setdefault(number, [flags_of(text), len(text), 0, {path: None}, False])
            before = row[2] & ((1 << place) - 1)
            start = before.bit_length() if before else place
            row[2] |= (1 << place + 1) - (1 << start)

    def add_variant(self, base, tag, date, facts, changed, kinds):
        """A release of the same version as number `base`, which differs from it in the files `changed` only."""
        self._make_room(base + 1)
        self.tags.insert(base + 1, [tag, self.tags[base][1], date, ""])
        self.nfiles.insert(base + 1, self.nfiles[base])
        old, new = 1 << base, 1 << base + 1
        for row in self.texts.values():
            if row[2] & old and (row[4] or any(p not in changed for p in row[3])):
                row[2] |= new
        for rows, path in [(r, k[1]) for k, r in self.functions.items()] + [(r, p) for p, r in self.lines.items()]:
            if path not in changed:
                for key in rows:
                    rows[key] |= (rows[key] & old) << 1
        for key in self.tables:
            if key[1] not in changed:
                self.tables[key] |= (self.tables[key] & old) << 1
        for path in sorted(facts):
            self._add_file(path, facts[path], new, False)
        for name in sorted({row[2] for f in facts.values() for row in f.lines}):
            self.macros.setdefault(name, kinds.get(name, "error"))

    def write(self, path):
        text = json.dumps(self._form(), separators=(",", ":"), ensure_ascii=True).encode()
        packed = subprocess.run(["zstd", "-19", "--long=27", "-q", "-T1", "-c"], input=text, capture_output=True, check=True)
        with open(path, "wb") as file:
            file.write(packed.stdout)
        return len(packed.stdout)

    def _form(self):
        sets, numbers = [], {}

        def set_of(mask):
            if mask not in numbers:
                numbers[mask] = len(sets)
                sets.append(_spans(mask))
            return numbers[mask]

        files = {}

        def file_of(path):
            return files.setdefault(path, len(files))

        for _, path in self.functions:
            file_of(path)
        index = {number: i for i, number in enumerate(self.texts)}
        literals = {"n": len(index), "h": "".join("%016x" % h for h in self.texts), "f": [], "l": [], "s": [], "lf": []}
        for flags, length, mask, where, more in self.texts.values():
            literals["f"].append(flags)
            literals["l"].append(length)
            literals["s"].append(set_of(mask))
            literals["lf"].append(sorted(file_of(p) for p in where) + ([-1] if more else []))
        functions, at_path = [], {}
        for (name, path), bodies in self.functions.items():
            at_path.setdefault((name, path), len(functions))
            functions.append([name, file_of(path), [[set_of(mask), "%016x" % body, _steps(sorted(index[h] for h in texts))]
                                                    for (body, texts), mask in bodies.items()]])
        macros = {name: i for i, name in enumerate(self.macros)}
        locations = [[path, [self._lines_form(path, key, mask, set_of, macros, at_path) for key, mask in rows.items()]]
                     for path, rows in sorted(self.lines.items())]
        tables = [[name, file_of(path), width, count, set_of(mask), "".join("%016x" % h for h in hashes)]
                  for (name, path, width, count, hashes), mask in self.tables.items()]
        return {**self.head, "tags": self.tags, "nfiles": self.nfiles, "vendored": self.vendored, "sets": sets,
                "literals": literals, "files": list(files), "macros": [[n, k] for n, k in self.macros.items()],
                "locations": locations, "tables": tables, "functions": functions, **self.extra}

    @staticmethod
    def _lines_form(path, rows, mask, set_of, macros, at_path):
        steps, spans, runs, before = [], [], [], 0
        for i, (line, span, _, function) in enumerate(rows):
            steps.append(line - before)
            before = line
            if span:
                spans += [i, span]
            number = at_path.get((function, path), -1) if function is not None else -1
            if runs and runs[-2] == number:
                runs[-1] += 1
            else:
                runs += [number, 1]
        return [set_of(mask), steps, [macros[m] for _, _, m, _ in rows], spans, runs]


def _steps(numbers):
    return [b - a for a, b in zip([0] + numbers, numbers)]


def _spans(mask):
    out, at = [], 0
    while mask >> at:
        if mask >> at & 1:
            end = at
            while mask >> end + 1 & 1:
                end += 1
            out += [at, end]
            at = end
        at += 1
    return out
