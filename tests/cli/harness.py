"""What the tests of this folder share: running fathom, and reading its report.

Run one file by hand:  FATHOM_BINARY=build/dev/src/cli/fathom python3 tests/cli/sources_test.py [Class.test]
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

import images  # noqa: E402

NOW = "2026-11-24"
SECONDS = 120
BINARY = os.environ.get("FATHOM_BINARY", "")


class Run:
    def __init__(self, done, usage):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr.decode("utf-8", "backslashreplace")
        self.peak_kib = usage

    @property
    def report(self):
        return json.loads(self.out)


def fathom(*arguments, stdin=None, env=None, cwd=None, seconds=SECONDS):
    """Runs fathom in an environment that holds only `env`."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "TZ": "UTC", **(env or {})}
    how = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    done = subprocess.run([os.path.abspath(BINARY), *map(str, arguments)], capture_output=True, env=environment, cwd=cwd, timeout=seconds, **how)
    if done.returncode < 0 or "Sanitizer" in done.stderr.decode("utf-8", "replace"):
        raise AssertionError(f"fathom {' '.join(map(str, arguments))} died with {done.returncode}:\n{done.stderr.decode('utf-8', 'replace')[-3000:]}")
    return Run(done, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def scan(target, *arguments, **how):
    """`fathom scan TARGET -o json`, which must have produced a report."""
    run = fathom("scan", target, "-o", "json", "--now", NOW, "--quiet", *arguments, **how)
    if not run.out:
        raise AssertionError(f"no report of {target}: exit status {run.status}: {run.err}")
    return run


def tool(name):
    """A program that a test needs. Missing it is a failure: a skipped test proves nothing."""
    if not shutil.which(name):
        raise AssertionError(f"the program {name} is not installed; ./dev test installs it (apt-get install {name})")
    return name


def call(*command, **how):
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stdout.decode('utf-8', 'replace')[-2000:]}")
    return done.stdout.decode().strip()


def example(name):
    return os.path.join(ROOT, "examples", name + ".tar")


def gap_texts(report):
    return [f"{g['stage']} {g.get('file', '-')} {g['code']} {g['reason']}" for g in report["gaps"]]


class Case(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="fathom-test-")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        return images.write(self.path(name), data if isinstance(data, bytes) else data.encode())

    def save(self, name, image, **replaced):
        return self.write(name, image.oci_archive(**replaced))

    def assert_gap(self, report, pattern):
        """Some gap, as "stage file code reason", matches."""
        self.assertRegex("\n".join(gap_texts(report)), re.compile(pattern, re.MULTILINE))

    def assert_accounted(self, report):
        """Every file is identified, inert or a gap; the counts add up; gaps have a reason."""
        files = report["coverage"]["files"]
        self.assertEqual(files["identified"] + files["inert"] + files["gaps"], files["total"])
        explained = "\n".join(g.get("file", "") for g in report["gaps"])
        reasons = "\n".join(g["reason"] for g in report["gaps"])
        for row in report["files"]:
            self.assertIn(row["state"], ("identified", "inert", "gap"))
            if row["state"] == "gap" and f" of {row.get('type')}" not in reasons:  # one reason for all source of a language
                self.assertIn(row["path"], explained, "a gap without a reason")
        for component in report["components"]:
            self.assertTrue(component["evidence"], component["name"] + " without evidence")


def main():
    if not BINARY:
        sys.exit("FATHOM_BINARY must name the program under test")
    unittest.main(verbosity=1)
