"""One image whose every name is an attack, in every format: nothing of it does anything, and no secret gets out."""

import base64
import csv
import html.parser
import io
import json
import os
import re
import sys
import tarfile
import xml.etree.ElementTree

import harness
import images
from convert_test import FORMATS
from harness import NOW, fathom

NAMES = (
    b"=cmd|'_c calc'!A0",
    b"+1+1\t@SUM(1)",
    b"\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    b"\xc2\x9b31m\xc2\x85",
    "\u202egnp.exe\u2066\u2069\u200b\ufeff\u2028\U000e0041".encode(),
    b"<script>alert(1)<_script><img src=x onerror=alert(1)>",
    b"`|`|x|](http:__evil.example)![i](http:__evil.example)",
    b"a\\|b\\\\|c\\`d",
    b"@everyone #1 www.evil.example",
    b"{0}{1} %s %n ${HOME} $(id) ]]> -->",
    b"line\r\n::set-output name=x::y\n##vso[task.setvariable]",
    b"\xff\xfe\xc0\xaf",
    b"\xef\xbf\xbe\xef\xbf\xbf",
)
# What no output may hold: terminals, editors and spreadsheets act on these.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
CANARY = "canary-7f3a9c"


def named(folder, name):
    return folder + "/" + os.fsdecode(name.replace(b"/", b"_"))


def in_all_formats(folder, *arguments, **how):
    """What one run writes, by format, and the run."""
    paths = {name: os.path.join(folder, "all." + name) for name in FORMATS}
    for path in paths.values():
        if os.path.exists(path):
            os.remove(path)
    run = fathom(*arguments, *(word for name, path in paths.items() for word in ("-o", f"{name}={path}")), **how)
    written = {}
    for name, path in paths.items():
        if os.path.exists(path):
            with open(path, "rb") as file:
                written[name] = file.read()
    return written, run


class Hostile(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        image = images.load(harness.example("musl-hello"))
        content = cls.program(image)
        members = [images.program(named("srv", name), content + name) for name in NAMES]
        members += [images.program(named("broken", name), b"\x7fELF\x02\x01\x01" + name) for name in NAMES]
        image.layers.append(images.layer(*members))
        cls.target = images.write(os.path.join(cls.folder, "evil\x1b[31m\u202e<b>`.tar"), image.oci_archive())
        cls.out, run = in_all_formats(cls.folder, "scan", cls.target, "--now", NOW, "--show-suppressed", "--fail-on", "low")
        cls.err = run.err

    @staticmethod
    def program(image):
        for layer in image.layers:
            with tarfile.open(fileobj=io.BytesIO(layer.tar)) as tar:
                for member in tar:
                    content = tar.extractfile(member).read() if member.isfile() else b""
                    if content[:4] == b"\x7fELF":
                        return content
        raise AssertionError("no program in the example")

    def test_the_names_are_there(self):
        report = json.loads(self.out["json"])
        files = [f["path"] for f in report["files"] if f["path"].startswith("srv/")]
        self.assertEqual(len(files), len(NAMES))
        self.assertGreaterEqual(len([c for c in report["components"] if c["file"].startswith("srv/")]), len(NAMES))
        self.assertGreaterEqual(len([g for g in report["gaps"] if g.get("file", "").startswith("broken/")]), len(NAMES) - 1)

    def test_nothing_that_acts_on_a_terminal_or_an_editor(self):
        for name, out in self.out.items():
            text = out.decode("utf-8")
            if name == "csv":
                text = text.replace("\r\n", "\n")
            found = FORBIDDEN.search(text)
            self.assertIsNone(found, f"{name}: {text[max(0, found.start() - 60):found.start() + 20]!r}" if found else "")
            self.assertNotIn("\r", text, name)
        progress = self.err.replace("\r", "").replace("\x1b[K", "")
        self.assertIsNone(FORBIDDEN.search(progress), repr(progress))

    def test_no_line_of_a_build_log_is_a_command(self):
        for name in ("table", "markdown", "junit", "csv"):
            for line in self.out[name].decode().splitlines():
                self.assertFalse(re.match(r"\s*(::|##vso|##teamcity)", line), f"{name}: {line}")

    def test_csv(self):
        rows = list(csv.reader(io.StringIO(self.out["csv"].decode(), newline="")))
        self.assertGreater(len(rows), len(NAMES))
        for row in rows:
            self.assertEqual(len(row), len(rows[0]))
            for field in row:
                self.assertFalse(field.lstrip().startswith(("=", "+", "-", "@", "|", "%", "\t")), field)

    def test_xml(self):
        root = xml.etree.ElementTree.fromstring(self.out["junit"])
        self.assertEqual({e.tag for e in root.iter()} - {"testsuites", "testsuite", "testcase", "failure", "error", "skipped"}, set())

    def test_markdown_has_no_foreign_markup(self):
        outside = re.sub(r"`[^`\n]*`", "CODE", self.out["markdown"].decode())
        self.assertNotIn("`", outside)
        for match in re.finditer(r"\]\(([^)]*)\)", outside):
            self.assertRegex(match[1], r"^https://(nvd\.nist\.gov/vuln/detail|github\.com/advisories|osv\.dev/vulnerability)/[A-Za-z0-9-]+$")
        for tag in re.findall(r"<[^>]*>", outside):
            self.assertIn(tag, ("<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>"))
        self.assertNotIn("@", outside)
        for line in outside.splitlines():
            if line.startswith("| "):
                self.assertEqual(line.count("|"), 7, line)

    def test_sarif_has_no_foreign_links(self):
        run = json.loads(self.out["sarif"])["runs"][0]
        for result in run["results"]:
            self.assertIsNone(re.search(r"(?<!\\)[\[\]]", result["message"]["text"]), result["message"]["text"])
            self.assertIsNone(re.search(r"(?<!\{)(\{\{)*\{(?!\{)", result["message"]["text"]))
            for location in result["locations"]:
                self.assertRegex(location["physicalLocation"]["artifactLocation"]["uri"], r"^[A-Za-z0-9._~/%-]+$")

    def test_gitlab_shows_names_as_code(self):
        for vulnerability in json.loads(self.out["gitlab"])["vulnerabilities"]:
            outside = re.sub(r"`[^`\n]*`", "", vulnerability["description"])
            for bad in ("`", "<", "](", "@", "evil"):
                self.assertNotIn(bad, outside)
            names = html.parser.HTMLParser()
            names.handle_starttag = lambda tag, _: self.fail(tag)
            names.feed(outside)

    def test_the_validators_take_it(self):
        folder = os.path.join(harness.ROOT, "tests", "validators")
        sys.path.insert(0, folder)
        import validate

        checks = {"sarif": validate.sarif_errors, "gitlab": validate.gitlab_errors, "junit": validate.junit_errors, "spdx-json": validate.spdx_errors, "openvex": validate.openvex_errors, "openvex-components": validate.openvex_errors, "cyclonedx-json": lambda p: validate.cyclonedx_errors(p, "1.6")}
        for name, errors in checks.items():
            with self.subTest(name):
                self.assertEqual(list(errors(self.write("hostile." + name, self.out[name]))), [])

    def test_convert_gives_the_same(self):
        saved = self.write("hostile.json", self.out["json"])
        again, _ = in_all_formats(self.folder, "convert", saved, "--show-suppressed")
        for name in FORMATS:
            self.assertTrue(again[name] == self.out[name], name)


class Secrets(harness.Case):
    def test_no_secret_gets_out(self):
        """What the user's machine knows of registries, proxies and tokens is in no output and no message."""
        home = self.path("home")
        os.makedirs(home + "/.docker")
        auth = base64.b64encode(f"user:{CANARY}".encode()).decode()
        config = json.dumps({"auths": {"registry.example": {"auth": auth, "identitytoken": CANARY}}})
        for name in ("/.docker/config.json", "/auth.json"):
            with open(home + name, "w") as file:
                file.write(config)
        env = {"HOME": home, "DOCKER_CONFIG": home + "/.docker", "REGISTRY_AUTH_FILE": home + "/auth.json", "HTTPS_PROXY": f"http://user:{CANARY}@127.0.0.1:9", "GITHUB_TOKEN": CANARY, "CI_JOB_TOKEN": CANARY, "FATHOM_PASSWORD": CANARY}
        targets = [harness.example("sqlite-service"), self.write("broken.tar", b"\x1f\x8bnothing"), self.path("nowhere")]
        texts = []
        for target in targets:
            written, run = in_all_formats(self.folder, "scan", target, "--now", NOW, env=env)
            texts += [run.err, *(out.decode() for out in written.values())]
            if written:
                saved = self.write("saved.json", written["json"])
        written, run = in_all_formats(self.folder, "convert", saved, env=env)
        texts += [run.err, fathom("scan", targets[0], env=env).out.decode(), *(out.decode() for out in written.values())]
        self.assertGreater(len(texts), 2 * len(FORMATS))
        for text in texts:
            for secret in (CANARY, auth, home):
                self.assertNotIn(secret, text)


if __name__ == "__main__":
    harness.main()
