#!/usr/bin/env python3
"""Fails when a room includes a room that is not of a lower level.

The order is read from ARCHITECTURE.md: the table rows `| level | room … |` between the two marks. A room that is not
in the table, and a table row without a room in src/, fail too."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def levels():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    table = text.split("<!-- rooms -->")[1].split("<!-- /rooms -->")[0]
    found = {}
    for level, rooms in re.findall(r"^\| *(\d+) *\| *([^|]+)\|", table, re.M):
        for room in re.findall(r"`(\w+)/`", rooms):
            found[room] = int(level)
    return found


def problems(level):
    folders = {p.name for p in (ROOT / "src").iterdir() if p.is_dir()}
    for room in sorted(folders ^ level.keys()):
        yield f"{room}: in {'src/ but not in ARCHITECTURE.md' if room in folders else 'ARCHITECTURE.md but not in src/'}"
    for path in sorted((ROOT / "src").rglob("*.[hc]*")):
        room = path.relative_to(ROOT / "src").parts[0]
        is_test = path.name.endswith("_test.cc")
        for number, line in enumerate(path.read_text().splitlines(), 1):
            include = re.match(r'#include "(\w+)/', line)
            other = include and include[1]
            if not other or other == room or other not in level or room not in level or is_test:
                continue
            if level[other] >= level[room]:
                yield f"{path.relative_to(ROOT)}:{number}: {room} (level {level[room]}) must not include {other} (level {level[other]})"


def main():
    bad = list(problems(levels()))
    print("\n".join(bad) or "layers ok")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
