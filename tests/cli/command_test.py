"""Exit statuses, gates, outputs: what a pipeline relies on."""

import json
import os
import subprocess

import harness
import images
from harness import NOW, example, fathom, scan

SQLITE = example("sqlite-service")
OLD_BUG = "CVE-2022-35737"  # in SQLite 3.38.5, high


class Gates(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = scan(SQLITE).report
        cls.findings = cls.report["findings"]

    def status(self, *arguments, target=SQLITE):
        return scan(target, *arguments).status

    def write_yaml(self, name, rules):
        return self.write(name, "\n".join("- " + "\n  ".join(f"{k}: {json.dumps(v)}" for k, v in r.items()) for r in rules) + "\n")

    def test_the_sample_has_the_bug(self):
        self.assertIn(OLD_BUG, [f["id"] for f in self.findings])
        bug = next(f for f in self.findings if f["id"] == OLD_BUG)
        self.assertEqual(bug["severity"], "high")
        self.assertIn("3.39.2", bug["fixed_in"])

    def test_assessed_without_a_gate(self):
        self.assertEqual(self.status(), 0)
        self.assertEqual(self.report["exit_status"], 0)

    def test_fail_on_severity(self):
        for word, status in (("low", 1), ("high", 1), ("critical", int(any(f["severity"] == "critical" and not f["range_uncertain"] for f in self.findings)))):
            with self.subTest(word):
                self.assertEqual(self.status("--fail-on", word), status)

    def test_fail_on_kev(self):
        self.assertEqual(self.status("--fail-on", "kev"), int(any(f["kev"] and not f["range_uncertain"] for f in self.findings)))

    def test_fail_on_gaps(self):
        image = images.load(example("musl-hello"))
        image.layers.append(images.layer(images.file("etc/motd", "hello\n")))
        clean = self.save("clean.tar", image)
        image.layers.append(images.layer(images.file("srv/unknown", b"\x00\x01\xfe\xff" * 9)))
        unclear = self.save("unclear.tar", image)
        self.assertFalse([g for g in scan(clean).report["gaps"] if g.get("file")])
        self.assertEqual(self.status("--fail-on", "gaps", target=unclear), 1)
        self.assertEqual(self.status("--strict", target=unclear), 4)
        self.assertEqual(self.status("--strict", "--fail-on", "gaps", target=unclear), 1)  # 1 comes before 4
        self.assertEqual(self.status(target=unclear), 0)

    def test_fail_on_says_why(self):
        run = scan(SQLITE, "--fail-on", "high")
        self.assertTrue(run.report["policy"]["failed"])
        self.assertRegex(" ".join(run.report["policy"]["reasons"]), r"high")
        self.assertEqual(run.report["exit_status"], 1)

    def test_ci_is_high_and_kev(self):
        self.assertEqual(self.status("--ci"), 1)

    def test_ignore_everything_of_sqlite(self):
        rules = [{"id": f["id"], "component": "sqlite", "reason": "not used"} for f in self.findings]
        path = self.write_yaml("ignore.yaml", rules)
        run = scan(SQLITE, "--fail-on", "low", "--ignore-file", path)
        left = [f for f in run.report["findings"] if not f["ignored"]]
        components = {c["id"]: c["name"] for c in run.report["components"]}
        self.assertFalse([f["id"] for f in left if components[f["component"]] == "sqlite"])
        ignored = next(f for f in run.report["findings"] if f["id"] == OLD_BUG)
        self.assertIn("not used", ignored["ignored_because"])
        self.assertEqual(len(run.report["findings"]), len(self.findings))  # ignored is not gone

    def test_ignoring_expires(self):
        rule = {"id": OLD_BUG, "reason": "until the update", "expires": "2026-12-31"}
        path = self.write_yaml("expires.yaml", [rule])
        for now, ignored in (("2026-11-24", True), ("2026-12-30", True), ("2026-12-31", False)):
            with self.subTest(now):
                run = fathom("scan", SQLITE, "-o", "json", "--now", now, "--quiet", "--ignore-file", path)
                self.assertEqual(next(f for f in run.report["findings"] if f["id"] == OLD_BUG)["ignored"], ignored)
                self.assertEqual(bool(run.report["notes"]), not ignored)  # expired: said

    def test_trivyignore(self):
        path = self.write(".trivyignore", f"# accepted\n{OLD_BUG} exp:2027-01-31\n")
        run = scan(SQLITE, "--ignore-file", path)
        self.assertEqual([f["id"] for f in run.report["findings"] if f["ignored"]], [OLD_BUG])

    def test_the_trivyignore_of_the_folder_is_taken(self):
        folder = self.path("with-trivyignore")
        os.makedirs(folder)
        self.write("with-trivyignore/.trivyignore", f"\ufeff{OLD_BUG}\r\n# a comment\r\n\r\n")
        run = scan(SQLITE, cwd=folder)
        self.assertEqual([f["id"] for f in run.report["findings"] if f["ignored"]], [OLD_BUG])
        self.assertIn(".trivyignore:1", next(f for f in run.report["findings"] if f["ignored"])["ignored_because"])
        self.assertIn("taking the ignore rules of .trivyignore", fathom("scan", SQLITE, cwd=folder).err)
        named = self.write_yaml("named.yaml", [{"id": "CVE-2025-6965", "reason": "x"}])
        run = scan(SQLITE, "--ignore-file", named, cwd=folder)  # naming one leaves the other out
        self.assertEqual([f["id"] for f in run.report["findings"] if f["ignored"]], ["CVE-2025-6965"])
        self.write("with-trivyignore/.trivyignore", "CVE-2022-35737 exp:someday\n")
        broken = fathom("scan", SQLITE, "--quiet", cwd=folder)
        self.assertEqual((broken.status, broken.out), (2, b""))
        self.assertRegex(broken.err, r"\.trivyignore:1: .*exp:someday")

    def test_expired_rules_warn_in_every_format(self):
        path = self.write_yaml("old.yaml", [{"id": OLD_BUG, "reason": "x", "expires": "2020-01-01"}])
        for output in ("sarif", "csv", "table"):
            run = fathom("scan", SQLITE, "-o", output, "--now", NOW, "--quiet", "--ignore-file", path)
            self.assertRegex(run.err, rf"old\.yaml:1: the rule for {OLD_BUG} expired on 2020-01-01")

    def test_gates_joined_by_commas(self):
        self.assertEqual(self.status("--fail-on", "critical,kev"), 0)
        self.assertEqual(self.status("--fail-on", "critical, high+fixable"), 1)
        self.assertEqual(self.status("--fail-on", "critical,reachable"), 1)

    def test_files_of_windows_editors(self):
        for name, text in (("bom.yaml", f"\ufeff- id: {OLD_BUG}\r\n  reason: said\r\n"), ("bom", f"\ufeff{OLD_BUG} exp:2027-01-31\r\n")):
            run = scan(SQLITE, "--ignore-file", self.write(name, text))
            self.assertEqual([f["id"] for f in run.report["findings"] if f["ignored"]], [OLD_BUG])
        for name, text in (("nothing", ""), ("blank.yaml", "\r\n\r\n"), ("only-comments", "# nothing yet\r\n")):
            self.assertEqual(scan(SQLITE, "--ignore-file", self.write(name, text)).report["notes"], [])
        report = fathom("scan", SQLITE, "-o", "json", "--now", NOW, "--quiet").out
        self.assertEqual(self.status("--fail-on", "low", "--baseline", self.write("windows.json", b"\xef\xbb\xbf" + report.replace(b"\n", b"\r\n"))), 0)

    def test_very_many_rules(self):
        many = self.write("many", "".join(f"CVE-2020-{i}\n" for i in range(150_000)) + OLD_BUG + "\n")
        report = scan(SQLITE, "--ignore-file", many).report
        self.assertEqual([f["id"] for f in report["findings"] if f["ignored"]], [OLD_BUG])
        self.assertEqual(len(report["notes"]), 11)
        self.assertIn("149,990 more rules that nothing in this image needs", report["notes"][-1])
        too_many = self.write("too-many", "".join(f"CVE-2020-{i}\n" for i in range(400_000)))
        run = fathom("scan", SQLITE, "--ignore-file", too_many, "--quiet")
        self.assertEqual((run.status, run.out), (2, b""))
        self.assertRegex(run.err, "too-many: an ignore file of more than 4.2 MB")

    def test_files_that_are_empty(self):
        for flag in ("--baseline", "--vex"):
            for name, text in (("empty.json", ""), ("blank.json", " \n")):
                run = fathom("scan", SQLITE, flag, self.write(name, text), "--quiet")
                self.assertEqual((run.status, run.out), (2, b""))
                self.assertRegex(run.err, rf"{name}: the file is empty")

    def test_an_ignore_rule_without_a_reason_is_refused(self):
        path = self.write_yaml("bad.yaml", [{"id": OLD_BUG}])
        run = fathom("scan", SQLITE, "--ignore-file", path, "--quiet")
        self.assertEqual((run.status, run.out), (2, b""))
        self.assertRegex(run.err, r"bad\.yaml.*reason")

    def test_baseline(self):
        baseline = self.write("baseline.json", fathom("scan", SQLITE, "-o", "json", "--now", NOW, "--quiet").out)
        self.assertEqual(self.status("--fail-on", "low", "--baseline", baseline), 0)
        old = json.loads(open(baseline).read())
        old["findings"] = [f for f in old["findings"] if f["id"] != OLD_BUG]
        shorter = self.write("shorter.json", json.dumps(old))
        run = scan(SQLITE, "--fail-on", "high", "--baseline", shorter)
        self.assertEqual(run.status, 1)
        self.assertEqual([f["id"] for f in run.report["findings"] if not f["in_baseline"]], [OLD_BUG])

    def test_vex(self):
        sqlite = next(c for c in self.report["components"] if c["name"] == "sqlite")
        document = {
            "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "test", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
            "statements": [{"vulnerability": {"name": OLD_BUG}, "products": [{"@id": sqlite["purl"]}],
                            "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"}]}
        path = self.write("vex.json", json.dumps(document))
        run = scan(SQLITE, "--vex", path)
        self.assertEqual([f["id"] for f in run.report["findings"] if f["ignored"]], [OLD_BUG])
        document["statements"][0]["status"] = "affected"
        del document["statements"][0]["justification"]
        run = scan(SQLITE, "--vex", self.write("affected.json", json.dumps(document)))
        self.assertFalse([f["id"] for f in run.report["findings"] if f["ignored"]])

    def test_min_coverage(self):
        self.assertEqual(self.status("--min-coverage", "0"), 0)
        self.assertEqual(self.status("--min-coverage", "100", target=example("distroless-base")), 3)

    def test_an_executable_without_a_component_is_not_assessed(self):
        nameless = subprocess.run(["gcc", "-x", "c", "-", "-nostdlib", "-static", "-s", "-Wl,--build-id=none", "-fno-ident", "-o", self.path("nameless")],
                                  input=b"void _start(void) { for (;;); }", capture_output=True)
        self.assertEqual(nameless.returncode, 0, nameless.stderr)
        with open(self.path("nameless"), "rb") as f:
            image = images.Image([images.layer(images.program("nameless", f.read()))])
        self.assertEqual(self.status(target=self.save("nameless.tar", image)), 3)


class Usage(harness.Case):
    def refused(self, *arguments, says):
        run = fathom(*arguments)
        self.assertEqual((run.status, run.out), (2, b""))
        self.assertRegex(run.err, says)

    def test_refusals(self):
        self.refused(says=r"help|Usage")
        self.refused("scan", says="target")
        self.refused("scan", "a", "b", says="one target")
        self.refused("scan", SQLITE, "--no-such-flag", says="no-such-flag")
        self.refused("scan", SQLITE, "-o", "xyz", says="xyz.*cyclonedx-json")
        self.refused("scan", SQLITE, "-o", "json", "-o", "table", says="stdout")
        self.refused("scan", SQLITE, "--fail-on", "bad", says="bad")
        self.refused("scan", SQLITE, "--jobs", "0", says="jobs")
        self.refused("scan", SQLITE, "--now", "yesterday", says="now")
        self.refused("scan", self.path("none.tar"), says=r"none\.tar")
        self.refused("scan", SQLITE, "--ignore-file", self.path("none.yaml"), says=r"none\.yaml")
        self.refused("frobnicate", says="frobnicate")
        self.refused("scan", "docker://alpine", says=r'no file or folder "docker://alpine"; an image in a registry is named without "://"')

    def test_help_and_version_go_to_stdout(self):
        for arguments, says in ((("help",), b"scan"), (("help", "scan"), b"--fail-on"), (("scan", "--help"), b"--fail-on"), (("--version",), b"fathom "), (("version",), b"fathom ")):
            run = fathom(*arguments)
            self.assertEqual((run.status, run.err), (0, ""), arguments)
            self.assertIn(says, run.out)


class Configuration(harness.Case):
    """.fathom.yaml of the working folder: as strict as the command line, with the line."""

    def run_with(self, text, *arguments, **env):
        folder = self.path(f"config{len(os.listdir(self.folder))}")
        os.makedirs(folder)
        images.write(os.path.join(folder, ".fathom.yaml"), text if isinstance(text, bytes) else text.encode())
        return fathom("scan", SQLITE, "-o", "csv=/dev/null", "--now", NOW, "--quiet", *arguments, cwd=folder, env=env)

    def test_it_counts(self):
        for text in ("fail-on: high\n", "fail-on: [critical, high]\n", "\ufefffail-on:\r\n  - high\r\n", "ci: true\n"):
            self.assertEqual(self.run_with(text).status, 1, text)
        self.assertEqual(self.run_with("fail-on: high\n", "--fail-on", "critical").status, 0)  # what is typed wins
        self.assertEqual(self.run_with("fail-on: high\n", FATHOM_FAIL_ON="critical,").status, 0)
        for text in ("", "\ufeff", "# nothing\n", "---\n"):
            self.assertEqual(self.run_with(text).status, 0, text)

    def test_what_is_wrong(self):
        for text, says in (
            ("fail-on: high\nfail-on: kev\n", r"line 2: fail-on stands here twice; several values are a list"),
            ("now: 2026-01-01\nnow: 2026-01-02\n", r"line 2: now stands here twice"),
            ("faill-on: high\n", r'line 1: there is no flag "faill-on"; did you mean fail-on\?'),
            ("strict: maybe\n", r"line 1: strict wants true or false"), ("strict: [true]\n", r"strict wants true or false"),
            ("fail-on: {a: b}\n", r"line 1: fail-on wants a text"), ("fail-on: [[high]]\n", r"fail-on wants a text"), ("fail-on:\n", r"fail-on wants a text, and there is nothing"),
            ("fail-on: &a [*a]\n", r"fail-on wants a text"), ("? [a]\n: b\n", r"line 1: the name of a flag was expected"),
            ("now: [a, b]\n", r"line 1: now takes one value"), ("- fail-on\n", r"a map of flag names"), ("fail-on: [high\n", r"line \d: not YAML"), ("\tfail-on: high\n", r"not YAML|a map of flag"),
            ("a: " + "[" * 100_000, r"not YAML"), (b"\xff\xfea\x00", r"\.fathom\.yaml: "), (b"x" * 2_000_000, r"larger than expected"),
            ("fail-on: sometimes\n", r"--fail-on takes .* not \"sometimes\""), ("jobs: -1\n", r"--jobs wants a number"),
        ):
            with self.subTest(text[:40]):
                run = self.run_with(text)
                self.assertEqual((run.status, run.out), (2, b""), run.err)
                self.assertRegex(run.err, says)

    def test_a_folder_of_that_name(self):
        folder = self.path("config-folder")
        os.makedirs(os.path.join(folder, ".fathom.yaml"))
        run = fathom("scan", SQLITE, "--quiet", cwd=folder)
        self.assertEqual(run.status, 2)
        self.assertRegex(run.err, r"\.fathom\.yaml: .*directory")


class Outputs(harness.Case):
    def test_files_and_stdout_at_once(self):
        json_file, sbom = self.path("r.json"), self.path("bom.json")
        run = fathom("scan", SQLITE, "-o", "table", "-o", f"json={json_file}", "-o", f"cyclonedx-json={sbom}", "--now", NOW, "--quiet")
        self.assertEqual(run.status, 0, run.err)
        self.assertIn(b"sqlite", run.out)
        with open(json_file, "rb") as f:
            self.assertEqual(f.read(), scan(SQLITE).out)
        with open(sbom) as f:
            self.assertEqual(json.load(f)["bomFormat"], "CycloneDX")

    def test_an_output_file_that_cannot_be_written(self):
        run = fathom("scan", SQLITE, "-o", f"json={self.path('no/such/folder.json')}", "--quiet")
        self.assertEqual(run.status, 2)
        self.assertIn("folder.json", run.err)

    def test_a_failing_gate_still_writes_every_output(self):
        run = fathom("scan", SQLITE, "-o", f"json={self.path('failed.json')}", "--fail-on", "high", "--now", NOW, "--quiet")
        self.assertEqual(run.status, 1)
        with open(self.path("failed.json")) as f:
            self.assertEqual(json.load(f)["exit_status"], 1)

    def test_results_to_stdout_and_messages_to_stderr(self):
        run = fathom("scan", SQLITE, "-o", "json", "--now", NOW)
        json.loads(run.out)
        self.assertNotIn("\x1b", run.err)

    def test_nobody_reads(self):
        """A closed stdout is an error with a message, not SIGPIPE's silence, and no success either."""
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([os.path.abspath(harness.BINARY), "scan", SQLITE, "-o", "json", "--quiet"], stdout=write, stderr=subprocess.PIPE, timeout=harness.SECONDS)
        os.close(write)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertTrue(done.stderr)

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([os.path.abspath(harness.BINARY), "scan", SQLITE, "-o", "json", "--quiet"], stdout=full, stderr=subprocess.PIPE, timeout=harness.SECONDS)
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_stdout_not_there(self):
        done = subprocess.run(["sh", "-c", '"$0" scan "$1" -o json --quiet >&-', os.path.abspath(harness.BINARY), SQLITE], capture_output=True, timeout=harness.SECONDS)
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_no_colour_unless_asked(self):
        plain = fathom("scan", SQLITE, "--now", NOW, "--quiet")
        self.assertNotIn(b"\x1b", plain.out)
        loud = fathom("scan", SQLITE, "--now", NOW, "--quiet", "--color", "always")
        self.assertIn(b"\x1b[", loud.out)

    def test_the_table_keeps_to_the_page(self):
        for columns in (60, 80, 100, 140):
            out = fathom("scan", SQLITE, "--now", NOW, "--quiet", env={"COLUMNS": str(columns)}).out.decode()
            self.assertLessEqual(max(map(len, out.splitlines())), columns)


if __name__ == "__main__":
    harness.main()
