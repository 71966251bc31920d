#!/usr/bin/env python3
"""Libraries that fathom names in the programs of this machine, against a table made by hand:

    false_names.py --tool build/release/tests/corpus/corpus_facts WORK [FOLDER...]

Reads every ELF file of the folders (/usr/bin and /usr/sbin), each once, and names what is compiled into it; WORK keeps the
facts. Programs of a distribution link their libraries, so hardly any holds one. Those that do are listed in
false_names.tsv with the reason; every other name is false. A file that links the library dynamically is never right.
"""

import argparse
import collections
import hashlib
import json
import os
import subprocess
import sys

SUFFIX = ".facts.zst"


def programs(folders):
    seen, out = set(), []
    for folder in folders:
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                if f.read(4) != b"\x7fELF":
                    continue
                f.seek(0)
                digest = hashlib.sha256(f.read()).hexdigest()
            if digest not in seen:
                seen.add(digest)
                out.append(path)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True)
    parser.add_argument("work")
    parser.add_argument("folders", nargs="*", default=["/usr/bin", "/usr/sbin"])
    options = parser.parse_args()
    facts, answers = os.path.join(options.work, "facts"), os.path.join(options.work, "answers")
    files = programs(options.folders)
    todo = [f for f in files if not os.path.exists(os.path.join(facts, os.path.basename(f) + SUFFIX))]
    for start in range(0, len(todo), 100):
        subprocess.run([options.tool, "recover", facts] + todo[start:start + 100], check=True)
    subprocess.run([options.tool, "identify", facts, answers], check=True)
    true = collections.defaultdict(dict)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "false_names.tsv")) as table:
        for line in table:
            if line.strip() and not line.startswith("#"):
                library, program, why = line.rstrip("\n").split("\t")
                true[library][program] = why
    right, false = [], []
    for file in files:
        name = os.path.basename(file)
        with open(os.path.join(answers, name + ".json")) as f:
            for component in json.load(f)["components"]:
                known = true.get(component["name"], {})
                (right if name in known or "*" in known else false).append((component["name"], name, component.get("version", ""), component["evidence"][:3]))
    print(f"{len(files)} programs, {len(right)} names that are true, {len(false)} that are not")
    for library, name, version, evidence in sorted(false):
        print(f"{library}\t{name}\t{version}\t{evidence}")
    return 1 if len(false) > 3 else 0


if __name__ == "__main__":
    sys.exit(main())
