#!/usr/bin/env python3
"""How long `fathom db import` takes for a synthetic OSV export, and how much memory.

    bench/db_import.py FATHOM [MEGABYTES [FOLDER]]

Writes a zip of OSV records with that many megabytes of JSON (100), imports it into an empty database, then again into the
full one, scans nothing. Records have prose of random words, so that they compress about as well as real ones. CPU time of
program and confined child together; peak memory of the larger of the two.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile


def record(i, words, rng):
    package = f"package-{rng.randrange(20_000)}"
    major = rng.randrange(9)
    return {"schema_version": "1.6.0", "id": f"GHSA-{i >> 20:04x}-{(i >> 10) & 1023:04x}-{i & 1023:04x}", "modified": f"2026-{1 + i % 11:02}-{1 + i % 28:02}T00:00:00Z",
            "published": "2025-05-05T00:00:00Z", "aliases": [f"CVE-2025-{10_000 + i}"], "summary": " ".join(rng.choices(words, k=8)), "details": " ".join(rng.choices(words, k=220)),
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "affected": [{"package": {"ecosystem": "PyPI", "name": package, "purl": f"pkg:pypi/{package}"},
                          "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": f"{major}.{rng.randrange(40)}.{rng.randrange(9)}"}]}],
                          "versions": [f"{m}.{n}.0" for m in range(major + 1) for n in range(4)]}],
            "references": [{"type": "WEB", "url": f"https://example.org/{i}/{k}"} for k in range(4)], "database_specific": {"severity": "HIGH"}}


def generate(path, megabytes):
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randrange(2, 12))) for _ in range(4000)]
    total = count = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        while total < megabytes * 1_000_000:
            text = json.dumps(record(count, words, rng))
            archive.writestr(f"{count}.json", text)
            total, count = total + len(text), count + 1
    return count, total


def measure(*command):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=False)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024


def main():
    fathom, megabytes = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100
    with tempfile.TemporaryDirectory(dir=sys.argv[3] if len(sys.argv) > 3 else None) as folder:
        feed, data = os.path.join(folder, "osv.zip"), os.path.join(folder, "data")
        count, total = generate(feed, megabytes)
        print(f"{count} records, {total / 1e6:.0f} MB of JSON, {os.path.getsize(feed) / 1e6:.0f} MB as zip")
        for name in ("into an empty database", "into the full one"):
            wall, cpu, peak = measure(fathom, "db", "import", feed, "--data", data, "-q", "--now", "2026-11-25")
            print(f"{name}: {wall:.1f} s, {cpu:.1f} s CPU, peak {peak:.0f} MiB")
        print(f"advisories.pack: {os.path.getsize(os.path.join(data, 'advisories.pack')) / 1e6:.1f} MB")
        wall, cpu, peak = measure(fathom, "db", "search", "pkg:pypi/package-7@1.0.0", "--data", data, "-o", "json=/dev/null")
        print(f"search: {wall:.2f} s, {cpu:.2f} s CPU")


main()
