"""`fathom convert`: a saved report gives, in every format, the bytes that the scan itself writes."""

import json
import os

import harness
import images
from harness import NOW, fathom

EXAMPLES = sorted(name[:-4] for name in os.listdir(os.path.join(harness.ROOT, "examples")) if name.endswith(".tar"))
FORMATS = ("table", "json", "cyclonedx-json", "cyclonedx-1.7-json", "spdx-json", "spdx-tag-value", "spdx-3-json", "sarif", "gitlab", "junit", "markdown",
           "html", "csv", "openvex", "openvex-components")


class Convert(harness.Case):
    def scan_all(self, target, *arguments):
        """Every format in one scan; the folder that has them."""
        folder = self.path(os.path.basename(str(target)) + str(len(os.listdir(self.folder))))
        os.mkdir(folder)
        outputs = [word for name in FORMATS for word in ("-o", f"{name}={folder}/{name}")]
        run = fathom("scan", target, *outputs, *arguments, "--now", NOW, "--quiet")
        self.assertEqual(run.out, b"", "all went to files")
        return folder, run.status

    def assert_same(self, folder, *arguments):
        os.mkdir(folder + "/again")
        outputs = [word for name in FORMATS for word in ("-o", f"{name}={folder}/again/{name}")]
        run = fathom("convert", folder + "/json", *outputs, *arguments)
        self.assertEqual((run.status, run.out), (0, b""), run.err)
        for name in FORMATS:
            with open(f"{folder}/{name}", "rb") as first, open(f"{folder}/again/{name}", "rb") as second:
                self.assertTrue(first.read() == second.read(), f"{folder} {name}")

    def test_the_list_of_formats_is_complete(self):
        self.assertIn("Formats: " + " ".join(FORMATS), " ".join(fathom("scan", "--help").out.decode().split()))

    def test_every_example_in_every_format(self):
        self.assertGreaterEqual(len(EXAMPLES), 6)
        for name in EXAMPLES:
            with self.subTest(name):
                folder, status = self.scan_all(harness.example(name))
                self.assertIn(status, (0, 3))
                self.assert_same(folder)

    def test_with_rules_baseline_and_gates(self):
        folder, _ = self.scan_all(harness.example("sqlite-service"))
        with open(folder + "/json") as file:
            report = json.load(file)
        rules = self.write("ignore.yaml", f"- id: {report['findings'][0]['id']}\n  reason: \"a | b `c` <d>\"\n- id: CVE-1\n  reason: x\n  expires: 2020-01-01\n")
        report["findings"] = report["findings"][1:3]
        baseline = self.write("baseline.json", json.dumps(report))
        folder, status = self.scan_all(harness.example("sqlite-service"), "--ignore-file", rules, "--baseline", baseline, "--fail-on", "low", "--show-suppressed")
        self.assertEqual(status, 1)
        self.assert_same(folder, "--show-suppressed")

    def test_names_that_are_no_utf8(self):
        image = images.load(harness.example("musl-hello"))
        image.layers.append(images.layer(images.file(os.fsdecode(b"srv/\xff\xfe\\name"), b"\x00\x01\xfe\xff" * 9), images.file("srv/\u202e\x1b[31m", b"\x00\x01" * 9)))
        folder, _ = self.scan_all(self.save("names.tar", image))
        self.assert_same(folder)

    def test_from_standard_input_and_to_standard_output(self):
        folder, _ = self.scan_all(harness.example("musl-hello"))
        with open(folder + "/json", "rb") as file:
            text = file.read()
        self.assertEqual(fathom("convert", "-", "-o", "json", stdin=text).out, text)
        self.assertEqual(fathom("convert", "-", "-o", "json=-", stdin=text).out, text)
        with open(folder + "/cyclonedx-json", "rb") as file:
            self.assertEqual(fathom("convert", folder + "/json", "-o", "cyclonedx=-").out, file.read())

    def test_says_what_is_wrong_and_where(self):
        folder, _ = self.scan_all(harness.example("musl-hello"))
        with open(folder + "/json") as file:
            report = json.load(file)
        for name, change, says in (
            ("newer", {"schema": 2}, "/schema: this fathom reads 1"),
            ("more", {"surprise": 1}, 'the document: unknown member "surprise"'),
            ("gaps", {"gaps": [{"stage": 1}]}, "/gaps/0/stage: expected a text"),
            ("other", {"tool": {"name": "other", "version": "1"}}, "/tool/name: not a fathom report"),
        ):
            path = self.write(name, json.dumps({**report, **change}))
            run = fathom("convert", path)
            self.assertEqual((run.status, run.out), (2, b""))
            self.assertIn(f"{name}: {says}", run.err)
        for name, data, says in (("none", b"", "the file is empty"), ("deep", b"[" * 100_000, "nested deeper than"), ("bom", b'{"bomFormat": "CycloneDX"}', "not a fathom report"), ("zero", b"\0" * 4096, "at byte")):
            run = fathom("convert", self.write(name, data))
            self.assertEqual((run.status, run.out), (2, b""))
            self.assertIn(says, run.err)
        self.assertIn("No such file", fathom("convert", self.path("nowhere")).err)
        self.assertIn("no report was named", fathom("convert").err)

    def test_what_kills_the_reader_is_an_error(self):
        if os.environ.get("FATHOM_PLANTED") not in ("1", "ON"):
            return  # a release build has no fault to plant; the dev build runs this
        run = fathom("convert", self.write("crash", "FATHOM-PLANT crash"))
        self.assertEqual((run.status, run.out), (2, b""))
        self.assertRegex(run.err, "crash: .*died")

    def test_several_outputs_at_once(self):
        one, two = self.path("one.md"), self.path("two.csv")
        run = fathom("scan", harness.example("sqlite-service"), "-o", f"markdown={one}", "-o", "sarif", "-o", f"csv={two}", "--now", NOW, "--quiet")
        self.assertEqual(json.loads(run.out)["version"], "2.1.0")
        with open(one) as first, open(two) as second:
            self.assertTrue(first.read().startswith("### fathom\n"))
            self.assertTrue(second.read().startswith('"id","severity"'))
        for outputs, says in ((("-o", "json", "-o", "csv"), "only one format can go to stdout"), (("-o", "json=-", "-o", "csv"), "only one format"), (("-o", f"json={one}", "-o", f"csv={one}"), "two formats for the file")):
            run = fathom("scan", harness.example("sqlite-service"), *outputs)
            self.assertEqual(run.status, 2)
            self.assertIn(says, run.err)


if __name__ == "__main__":
    harness.main()
