"""What `-o openvex` and `-o cyclonedx-json` say can be given back as --vex, and each gate has its exit status."""

import json

import harness
from harness import NOW, example, fathom, scan

SQLITE = example("sqlite-service")


class Vex(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = scan(SQLITE).report
        cls.high = [f for f in cls.report["findings"] if f["severity"] == "high" and not f["range_uncertain"]]

    def write_document(self, name, output, change):
        document = json.loads(fathom("scan", SQLITE, "-o", output, "--now", NOW, "--quiet").out)
        change(document)
        return self.write(name, json.dumps(document))

    def assert_takes_out(self, path, reason):
        run = scan(SQLITE, "--vex", path, "--fail-on", "high")
        self.assertEqual(run.status, 0, run.report["policy"])
        ignored = [f for f in run.report["findings"] if f["ignored"]]
        self.assertGreaterEqual(len(ignored), len(self.high))
        for finding in ignored:
            self.assertIn(reason, finding["ignored_because"])
        self.assertFalse([n for n in run.report["notes"] if "matched nothing" in n and self.high[0]["id"] in n], run.report["notes"][:3])

    def test_openvex_comes_back(self):
        def judge(document):
            self.assertTrue(document["statements"])
            for statement in document["statements"]:
                # A range proves nothing, and a way to the function does.
                self.assertIn(statement["status"], ("under_investigation", "affected"))
                self.assertTrue(statement["products"][0]["@id"].startswith("pkg:oci/sqlite-service@sha256:"))
                statement.update(status="not_affected", justification="vulnerable_code_not_present")

        self.assertEqual(scan(SQLITE, "--vex", self.write_document("as-is.json", "openvex", lambda d: None), "--fail-on", "high").status, 1)
        self.assert_takes_out(self.write_document("openvex.json", "openvex", judge), "VEX not_affected, vulnerable_code_not_present")

    def test_cyclonedx_comes_back(self):
        def judge(document):
            for vulnerability in document["vulnerabilities"]:
                self.assertIn(vulnerability["analysis"]["state"], ("in_triage", "exploitable"))
                vulnerability["analysis"] = {"state": "false_positive", "detail": "checked"}

        self.assert_takes_out(self.write_document("cdx.json", "cyclonedx-json", judge), "VEX false_positive: checked")

    def test_csaf(self):
        purls = sorted({c["purl"] for c in self.report["components"] if "purl" in c})
        tree = {"full_product_names": [{"product_id": f"P{i}", "name": p, "product_identification_helper": {"purl": p}} for i, p in enumerate(purls)]}
        of = {c["id"]: f"P{purls.index(c['purl'])}" for c in self.report["components"] if "purl" in c}
        vulnerabilities = [{"cve": f["id"], "product_status": {"known_not_affected": [of[f["component"]]]}, "flags": [{"label": "component_not_present"}]} for f in self.report["findings"]]
        document = {"document": {"category": "csaf_vex", "csaf_version": "2.0"}, "product_tree": tree, "vulnerabilities": vulnerabilities}
        self.assert_takes_out(self.write("csaf.json", json.dumps(document)), "VEX known_not_affected, component_not_present")

    def test_suppressed_findings_are_shown_on_request(self):
        rules = self.write("ignore.yaml", f"- id: {self.high[0]['id']}\n  reason: accepted by the team\n")
        for name in ("csv", "sarif", "gitlab", "markdown"):
            with self.subTest(name):
                arguments = ("scan", SQLITE, "-o", name, "--ignore-file", rules, "--now", NOW, "--quiet")
                self.assertNotIn(b"accepted by the team", fathom(*arguments).out)
                self.assertIn(b"accepted by the team", fathom(*arguments, "--show-suppressed").out)

    def test_a_broken_document_is_an_error_and_no_pass(self):
        for name, text, says in (
            ("empty", "", "the file is empty"),
            ("other", "{}", "none of the forms of VEX"),
            ("state", '{"bomFormat": "CycloneDX", "vulnerabilities": [{"analysis": {"state": "ok"}}]}', "/vulnerabilities/0: /analysis/state"),
            ("crash", "FATHOM-PLANT crash", "at byte" if not harness.os.environ.get("FATHOM_PLANTED") in ("1", "ON") else "died"),
        ):
            run = fathom("scan", SQLITE, "--vex", self.write(name, text), "--now", NOW)
            self.assertEqual((run.status, run.out), (2, b""))
            self.assertIn(says, run.err)


class Gates(harness.Case):
    def test_each_word(self):
        findings = [f for f in scan(SQLITE).report["findings"] if not f["range_uncertain"]]
        highest = max(float(f["epss"]["score"]) for f in findings if "epss" in f)
        for word, fails in (
            ("epss>=0", True), (f"epss>={highest}", True), (f"epss>={(1 + highest) / 2}", False),
            ("fixable", any(f["fixed_in"] for f in findings)), ("kev", any(f["kev"] for f in findings)),
            ("high+fixable", any(f["severity"] == "high" and f["fixed_in"] for f in findings)),
            ("critical+fixable", any(f["severity"] == "critical" and f["fixed_in"] for f in findings)),
            ("high+kev", any(f["severity"] == "high" and f["kev"] for f in findings)),
            ("reachable", any(f["verdict"]["status"].startswith("reachable") for f in findings)), ("unknown", True), ("gaps", True),
        ):
            with self.subTest(word):
                run = scan(SQLITE, "--fail-on", word)
                self.assertEqual(run.status, int(fails))
                self.assertEqual(bool(run.report["policy"]["reasons"]), fails)

    def test_each_class_of_exit_status(self):
        nothing = self.write("nothing.bin", b"\x7fELF\x02\x01\x01" + bytes(200))
        for status, arguments in (
            (0, (SQLITE,)),
            (1, (SQLITE, "--fail-on", "low")),
            (1, (SQLITE, "--fail-on", "low", "--strict", "--min-coverage", "100")),  # 1 before 3 and 4
            (2, (SQLITE, "--fail-on", "epss>=7")),
            (2, (self.path("nowhere"), "--fail-on", "low")),
            (3, ("file:" + nothing,)),
            (3, (SQLITE, "--min-coverage", "100", "--strict")),  # 3 before 4
            (4, (SQLITE, "--strict")),
        ):
            with self.subTest(arguments):
                self.assertEqual(fathom("scan", *arguments, "--now", NOW, "--quiet").status, status)


if __name__ == "__main__":
    harness.main()
