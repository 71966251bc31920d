#!/usr/bin/env python3
"""Runs whole-program cases:  run.py FATHOM [CASE…]  (all of them without a name)

A case is a folder with `cmd`: shell words behind `fathom`, run from the top of the repository; words like COLUMNS=80
before the command are its environment, which holds nothing else. Beside it stand expected.stdout, expected.stderr
(nothing expected when missing) and expected.status (0 when missing). FATHOM_REBASE=1 rewrites them.
"""

import difflib
import os
import re
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
SECONDS = 120
# The identity of the built-in data changes with every row of it, and says nothing about the case.
DATA_ID = re.compile(rb'("kind": "(?:advisories|signatures)",\s+"id": ")sha256:[0-9a-f]{64}')


def run_case(binary, case):
    with open(os.path.join(HERE, case, "cmd")) as f:
        words = shlex.split(f.read(), comments=True)
    settings = []
    while words and re.match(r"[A-Z_]+=", words[0]):
        settings.append(words.pop(0))
    environment = {**ENVIRONMENT, **dict(s.split("=", 1) for s in settings)}
    done = subprocess.run([binary, *words], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
    stdout = DATA_ID.sub(rb"\1sha256:(of the built-in data)", done.stdout)
    return {"stdout": stdout, "stderr": done.stderr, "status": b"%d\n" % done.returncode}


def expected(case, name):
    path = os.path.join(HERE, case, "expected." + name)
    if os.path.exists(path):
        with open(path, "rb") as f:
            return f.read()
    if name == "stdout":
        return b"(expected.stdout is missing)\n"
    return b"0\n" if name == "status" else b""


def rebase(case, got):
    for name, data in got.items():
        path = os.path.join(HERE, case, "expected." + name)
        if name != "stdout" and data == (b"0\n" if name == "status" else b""):
            if os.path.exists(path):
                os.remove(path)
            continue
        with open(path, "wb") as f:
            f.write(data)


def difference(case, name, got):
    def lines(data):
        return data.decode("utf-8", "backslashreplace").splitlines(keepends=True)

    wanted = expected(case, name)
    if wanted == got:
        return ""
    shown = list(difflib.unified_diff(lines(wanted), lines(got), f"{case}/expected.{name}", "now"))
    more = f"… and {len(shown) - 60} lines more\n" if len(shown) > 60 else ""
    return "".join(shown[:60]) + more or "the bytes differ\n"


def main(binary, *names):
    cases = sorted(names or (c for c in os.listdir(HERE) if os.path.exists(os.path.join(HERE, c, "cmd"))))
    if not cases:
        sys.exit("there are no cases")
    failed = 0
    for case in cases:
        got = run_case(os.path.abspath(binary), case)
        if os.environ.get("FATHOM_REBASE") == "1":
            rebase(case, got)
            continue
        text = "".join(difference(case, name, got[name]) for name in ("status", "stderr", "stdout"))
        failed += bool(text)
        print(f"{case}: {'differs' if text else 'as expected'}\n{text}", end="")
    if failed:
        sys.exit(f"{failed} of {len(cases)} differ; when the new output is right: FATHOM_REBASE=1 ./dev test, and read the diff")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
