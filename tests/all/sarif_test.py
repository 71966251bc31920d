"""SARIF under the rules of its own tool and of GitHub: no error and no warning on any example."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli"))

import harness  # noqa: E402
import fetched  # noqa: E402
from formats_test import EXAMPLES  # noqa: E402
from harness import NOW, example, fathom  # noqa: E402


class Multitool(harness.Case):
    def complaints(self, path):
        # The native program: the shim of the npm package breaks at the ";".
        tool = fetched.npm("@microsoft/sarif-multitool-linux", "5.7.0", "Sarif.Multitool")
        found = self.path("found.sarif")
        if os.path.exists(found):
            os.remove(found)
        # Its exit status tells whether there was anything to say, which is read from the file instead.
        subprocess.run([tool, "validate", path, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--kind", "Fail", "--output", found, "--log", "ForceOverwrite"], capture_output=True, timeout=300)
        with open(found, encoding="utf-8-sig") as file:
            runs = json.load(file)["runs"]
        return [(r["ruleId"], r.get("level", "warning"), r["message"]) for run in runs for r in run.get("results", ())]

    def test_examples(self):
        for name in EXAMPLES:
            with self.subTest(name):
                path = self.path(name + ".sarif")
                fathom("scan", example(name), "-o", "sarif=" + path, "--show-suppressed", "--now", NOW, "--quiet")
                self.assertEqual(self.complaints(path), [])

    def test_it_can_tell(self):
        path = self.path("broken.sarif")
        fathom("scan", example("musl-hello"), "-o", "sarif=" + path, "--now", NOW, "--quiet")
        with open(path) as file:
            document = json.load(file)
        for rule in document["runs"][0]["tool"]["driver"]["rules"]:
            rule.pop("help", None)
        self.assertIn("GH", " ".join(rule for rule, _, _ in self.complaints(self.write("broken.sarif", json.dumps(document)))))


if __name__ == "__main__":
    harness.main()
