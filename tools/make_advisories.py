#!/usr/bin/env python3
"""Makes data/advisories/ from the collected facts: make_advisories.py FOLDER

FOLDER holds c-libs.jsonl, go.jsonl, rust.jsonl, pypi.jsonl, ruby.jsonl, npm-wg.jsonl, js-libs.jsonl,
bitnami.jsonl, kev.tsv, epss.csv and libs.json. The same input makes the same bytes (with the same
zstd). Rows that rest on the Ubuntu tracker alone are left out: the copy they were made from states
no licence.
"""

import json
import pathlib
import subprocess
import sys

# Library ids that are not what the library's users and other tools call it.
RENAMED = {"nodejs": "node"}
OUT = pathlib.Path(__file__).resolve().parent.parent / "data/advisories"


def rests_on_ubuntu(row):
    return row.get("src") == "ubuntu" or ("src" not in row and row.get("also") == ["ubuntu"])


def compact(row):
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def compress(name, text):
    data = subprocess.run(["zstd", "-19", "-q", "-c"], input=text.encode(), capture_output=True,
                          check=True).stdout
    (OUT / f"{name}.zst").write_bytes(data)
    print(f"{name}: {text.count(chr(10))} lines, {len(data)} bytes")


def main(folder):
    OUT.mkdir(parents=True, exist_ok=True)
    for name in ["c-libs", "go", "rust", "pypi", "ruby", "npm-wg", "js-libs", "bitnami"]:
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        kept = [row for row in rows if not (name == "c-libs" and rests_on_ubuntu(row))]
        for row in kept:
            row.pop("fn", None)  # points into a table that is not here
            if "lib" in row:
                row["lib"] = RENAMED.get(row["lib"], row["lib"])
        if len(kept) != len(rows):
            print(f"{name}: {len(rows) - len(kept)} rows rest on the Ubuntu tracker alone")
        kept = [row for row in kept if row.get("lib") != "retire-example"]
        compress(f"{name}.jsonl", "".join(compact(row) + "\n" for row in kept))
    for name in ["kev.tsv", "epss.csv"]:
        compress(name, (folder / name).read_text())
    libs = json.loads((folder / "libs.json").read_text())
    compress("libs.jsonl", "".join(compact({"lib": RENAMED.get(lib, lib), **names}) + "\n"
                                   for lib, names in sorted(libs.items())))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
