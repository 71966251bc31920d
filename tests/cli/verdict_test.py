"""From a finding to a verdict by the code of the example, and the argument that `fathom why` shows for it."""

import json
import re
import subprocess
import tarfile

import harness
from harness import NOW, example, fathom, scan

SQLITE = example("sqlite-service")
CVE, FUNCTION = "CVE-2022-35737", "sqlite3_str_vappendf"


class Verdicts(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = scan(SQLITE).report
        cls.finding = next(f for f in cls.report["findings"] if f["id"] == CVE)

    def test_a_way_leads_from_main_through_cgo(self):
        verdict = self.finding["verdict"]
        self.assertEqual(verdict["status"], "reachable", verdict["why"])
        self.assertEqual((verdict["path"][0], verdict["path"][-1]), ("main.main", FUNCTION))
        self.assertIn(FUNCTION, verdict["functions"])
        proof = [p for p in verdict["proof"] if p["analyzer"] == "verdict"]
        self.assertGreaterEqual(len(proof), len(verdict["path"]))
        self.assertTrue(any("Go's runtime call the C function" in p["seen"] for p in proof), proof)

    def test_findings_are_sorted_by_verdict(self):
        order = {"reachable": 0, "reachable_indirectly": 1, "affected_by_version": 2, "unknown": 2, "present_unreachable": 3}
        ranks = [order[f["verdict"]["status"]] for f in self.report["findings"] if not f["range_uncertain"]]
        self.assertEqual(ranks, sorted(ranks))

    def test_a_gate_asks_for_it(self):
        run = scan(SQLITE, "--fail-on", "reachable")
        self.assertEqual(run.status, 1)
        self.assertTrue(any("reachable" in r for r in run.report["policy"]["reasons"]), run.report["policy"])

    def test_what_a_person_states_counts_more(self):
        statement = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "a", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
                     "statements": [{"vulnerability": {"name": CVE}, "status": "not_affected", "justification": "vulnerable_code_not_present",
                                     "products": [{"@id": "pkg:generic/sqlite@3.38.5"}]}]}
        path = self.write("vex.json", json.dumps(statement))
        finding = next(f for f in scan(SQLITE, "--vex", path).report["findings"] if f["id"] == CVE)
        self.assertEqual((finding["stated"], finding["verdict"]["status"]), ("not_affected", "reachable"))
        out = json.loads(fathom("scan", SQLITE, "-q", "--now", NOW, "--vex", path, "-o", "openvex").out)
        stated = next(s for s in out["statements"] if s["vulnerability"]["name"] == CVE)
        self.assertEqual(stated["status"], "not_affected")
        self.assertIn("stated", stated["impact_statement"])

    def test_functions_that_the_user_knows_come_first(self):
        row = {"library": "sqlite", "cve": CVE, "functions": [{"name": "no_such_function"}]}
        path = self.write("rows.jsonl", json.dumps(row) + "\n")
        finding = next(f for f in scan(SQLITE, "--vulnerable-functions", path).report["findings"] if f["id"] == CVE)
        self.assertEqual((finding["verdict"]["status"], finding["verdict"]["functions"]), ("unknown", ["no_such_function"]))
        run = fathom("scan", SQLITE, "--vulnerable-functions", self.write("bad.jsonl", "{}\n"))
        self.assertEqual(run.status, 2)
        self.assertIn("line 1", run.err)


class Why(harness.Case):
    def test_the_argument_fits_on_a_screen_and_can_be_checked(self):
        run = fathom("why", CVE, SQLITE, "-q")
        self.assertEqual(run.status, 0, run.err)
        text = run.out.decode()
        self.assertLessEqual(len(text.splitlines()), 100)
        for part in ("AFFECTED", "notesd", "main.main", FUNCTION, "3.39.2", "objdump -d", "sha256sum"):
            self.assertIn(part, text)

    def test_each_step_is_where_it_says(self):
        text = fathom("why", CVE, SQLITE, "-q").out.decode()
        program = self.path_of_program()
        steps = re.findall(r"^ +(0x[0-9a-f]+)  \S+ (?:calls|jumps)", text, re.M)
        self.assertTrue(steps, text)
        for address in steps:
            shown = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "--start-address=" + address, "--stop-address=%#x" % (int(address, 16) + 8), program],
                                   capture_output=True, text=True, check=True).stdout
            self.assertRegex(shown, address[2:] + r":\s+(?:call|jmp|j\w+)")

    def path_of_program(self):
        with tarfile.open(SQLITE) as image:
            for member in image:
                inner = image.extractfile(member) if member.isfile() and member.size > 100000 else None
                if inner is None:
                    continue
                with tarfile.open(fileobj=inner) as layer:
                    for file in layer:
                        if file.name.endswith("notesd"):
                            return self.write("notesd", layer.extractfile(file).read())
        self.fail("no program in the example")

    def test_what_it_does_not_know(self):
        run = fathom("why", "CVE-1999-0001", SQLITE, "-q")
        self.assertEqual((run.status, run.out), (1, b""))
        self.assertIn("no finding is called CVE-1999-0001", run.err)
        self.assertEqual(fathom("why", CVE).status, 2)


if __name__ == "__main__":
    harness.main()
