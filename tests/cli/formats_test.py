"""Every output of every example, held against the schema of its format by validators that others wrote."""

import json
import os
import sys

import harness
from harness import NOW, ROOT, fathom

EXAMPLES = sorted(name[:-4] for name in os.listdir(os.path.join(ROOT, "examples")) if name.endswith(".tar"))


def needed(module):
    try:
        return __import__(module, fromlist=["_"])
    except ImportError as error:
        raise AssertionError(f"{error}; ./dev test installs tests/requirements.txt into build/venv") from None


class Schemas(harness.Case):
    def each(self, output):
        self.assertTrue(EXAMPLES)
        for name in EXAMPLES:
            yield name, fathom("scan", harness.example(name), "-o", output, "--now", NOW, "--quiet").out.decode("utf-8")

    def test_json_report(self):
        validator_type = needed("jsonschema").Draft202012Validator
        with open(os.path.join(ROOT, "docs", "report.schema.json")) as f:
            schema = json.load(f)
        validator_type.check_schema(schema)
        validator = validator_type(schema)
        for name, text in self.each("json"):
            with self.subTest(name):
                self.assertEqual([f"{list(e.absolute_path)}: {e.message}" for e in validator.iter_errors(json.loads(text))], [])

    def test_the_schema_refuses_what_is_wrong(self):
        with open(os.path.join(ROOT, "docs", "report.schema.json")) as f:
            validator = needed("jsonschema").Draft202012Validator(json.load(f))
        report = json.loads(fathom("scan", harness.example("musl-hello"), "-o", "json", "--now", NOW, "--quiet").out)
        self.assertTrue(validator.is_valid(report))
        for change in ({"schema": 2}, {"surprise": 1}, {"findings": [{}]}, {"gaps": "none"}):
            self.assertFalse(validator.is_valid({**report, **change}), change)

    def test_every_other_format(self):
        """All in one scan; tests/validators shows that these validators find what is wrong."""
        sys.path.insert(0, os.path.join(ROOT, "tests", "validators"))
        needed("spdx_tools"), needed("xmlschema")
        import validate

        kinds = {"sarif": validate.sarif_errors, "gitlab": validate.gitlab_errors, "junit": validate.junit_errors, "spdx-json": validate.spdx_errors, "openvex": validate.openvex_errors, "openvex-components": validate.openvex_errors}
        for name in EXAMPLES:
            outputs = [word for kind in kinds for word in ("-o", f"{kind}={self.path(kind)}")]
            fathom("scan", harness.example(name), *outputs, "--show-suppressed", "--now", NOW, "--quiet")
            for kind, errors in kinds.items():
                with self.subTest(f"{name} {kind}"):
                    self.assertEqual(list(errors(self.path(kind))), [])

    def test_cyclonedx(self):
        needed("cyclonedx")
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator

        for name, text in self.each("cyclonedx-json"):
            with self.subTest(name):
                document = json.loads(text)
                version = SchemaVersion.from_version(document["specVersion"])
                self.assertIsNone(JsonStrictValidator(version).validate_str(text))
                references = [c["bom-ref"] for c in document["components"]]
                self.assertEqual(len(references), len(set(references)))
                self.assertTrue(references)

    def test_cyclonedx_names_what_the_report_names(self):
        for name, text in self.each("cyclonedx-json"):
            with self.subTest(name):
                report = json.loads(fathom("scan", harness.example(name), "-o", "json", "--now", NOW, "--quiet").out)
                listed = {(c["name"], c.get("version")) for c in everything(json.loads(text)["components"])}
                self.assertEqual({(c["name"], c["version"]) for c in report["components"] if "version" in c} - listed, set())


def everything(components):
    """What is in a file stands below the file."""
    for each in components:
        yield each
        yield from everything(each.get("components", ()))


if __name__ == "__main__":
    harness.main()
