"""Bills of materials: those that fathom writes, those of others as targets, and both held against the bytes."""

import io
import json
import os
import sys
import tarfile

import harness
import images
from harness import NOW, ROOT, example, fathom, scan

SAMPLES = os.path.join(ROOT, "tests", "data", "sbom")
FORMATS = ("cyclonedx-json", "cyclonedx-1.7-json", "spdx-json", "spdx-tag-value", "spdx-3-json")


def sample(name):
    return os.path.join(SAMPLES, name)


def everything(components):
    for each in components:
        yield each
        yield from everything(each.get("components", ()))


class Written(harness.Case):
    def test_the_validators_of_others_accept_every_form(self):
        sys.path.insert(0, os.path.join(ROOT, "tests", "validators"))
        import validate

        kinds = {"cyclonedx-1.7-json": lambda path: validate.cyclonedx_errors(path, "1.7"), "spdx-json": validate.spdx_errors,
                 "spdx-tag-value": validate.spdx_tag_value_errors, "spdx-3-json": validate.spdx3_errors}
        for name in ("sqlite-service", "distroless-base", "rust-auditable"):
            fathom("sbom", example(name), *(word for kind in kinds for word in ("-o", f"{kind}={self.path(kind)}")), "--quiet")
            for kind, errors in kinds.items():
                with self.subTest(f"{name} {kind}"):
                    self.assertEqual(list(errors(self.path(kind))), [])

    def test_the_same_bytes_whatever_the_time(self):
        for kind in FORMATS:
            with self.subTest(kind):
                runs = [fathom("sbom", example("musl-hello"), "-o", kind, "--now", now, "--quiet").out for now in ("2026-01-01", "2027-01-01")]
                self.assertEqual(runs[0], runs[1])
                timed = [fathom("sbom", example("musl-hello"), "-o", kind, "--timestamp", "--now", now, "--quiet").out for now in ("2026-01-01", "2027-01-01")]
                self.assertNotEqual(timed[0], timed[1])
                self.assertIn(b"2026-01-01T00:00:00Z", timed[0])

    def test_every_component_has_its_names(self):
        for name in ("sqlite-service", "distroless-base", "rust-auditable"):
            for component in json.loads(fathom("sbom", example(name), "--quiet").out)["components"]:
                if component["type"] == "file":
                    self.assertTrue(component["hashes"])
                    continue
                self.assertRegex(component["purl"], "^pkg:", component["name"])
                self.assertRegex(component["cpe"], "^cpe:2[.]3:", component["name"])
                self.assertTrue(component["evidence"]["occurrences"], component["name"])

    def test_a_distributions_build_has_the_name_of_its_package(self):
        components = json.loads(fathom("sbom", example("distroless-base"), "--quiet").out)["components"]
        builds = [c for c in components if any(p["name"] == "fathom:packaged_as" for p in c.get("properties", ()))]
        self.assertTrue(builds)
        for build in builds:
            self.assertRegex(build["purl"], "^pkg:deb/debian/", build["name"])

    def test_licences_come_from_copyright_files_and_the_table(self):
        report = scan(example("distroless-base")).report
        packages = {c["name"]: c for c in report["components"] if c["ecosystem"] == "deb"}
        self.assertTrue([c for c in packages.values() if c["licenses"]])
        for component in packages.values():
            if component["licenses"]:
                self.assertRegex(component["licenses_from"], "^usr/share/doc/.*/copyright:[0-9]+$")
        sqlite = next(c for c in scan(example("sqlite-service")).report["components"] if c["name"] == "sqlite")
        self.assertEqual((sqlite["licenses"], sqlite["licenses_from"]), (["blessing"], "data/licenses/libraries.tsv"))

    def test_nested_has_the_same_components_below_their_files(self):
        flat = json.loads(fathom("sbom", example("sqlite-service"), "--quiet").out)["components"]
        nested = json.loads(fathom("sbom", example("sqlite-service"), "--nested", "--quiet").out)["components"]
        self.assertLess(len(nested), len(flat))
        self.assertEqual({c["bom-ref"] for c in everything(nested)}, {c["bom-ref"] for c in flat})

    def test_lines_of_the_library_are_a_callstack(self):
        components = json.loads(fathom("sbom", example("openssl-static"), "--quiet").out)["components"]
        frames = next(c for c in components if c["name"] == "openssl")["evidence"]["callstack"]["frames"]
        self.assertRegex(frames[0]["fullFilename"], "[.]c$")
        self.assertGreater(frames[0]["line"], 0)

    def test_only_formats_of_bills_of_materials(self):
        run = fathom("sbom", example("musl-hello"), "-o", "sarif")
        self.assertEqual(run.status, 2)
        self.assertIn("spdx-3-json", run.err)

    def test_a_saved_report_gives_the_same_document(self):
        fathom("scan", example("sqlite-service"), "-o", "json=" + self.path("r.json"), "-o", "spdx-json=" + self.path("a"), "--now", NOW, "--quiet")
        fathom("convert", self.path("r.json"), "-o", "spdx-json=" + self.path("b"))
        with open(self.path("a")) as a, open(self.path("b")) as b:
            self.assertEqual(a.read(), b.read())


class Read(harness.Case):
    def test_every_form_is_a_target_with_the_same_components(self):
        for kind in FORMATS:
            fathom("sbom", example("distroless-base"), "-o", f"{kind}={self.path(kind)}", "--quiet")
        for kind in FORMATS:
            with self.subTest(kind):
                report = scan("sbom:" + self.path(kind)).report
                self.assertEqual(report["image"]["source"], "sbom")
                self.assertTrue(all(c["claimed"] for c in report["components"]))
                deb = {(c["name"], c.get("version")) for c in report["components"] if c["ecosystem"] == "deb"}
                self.assertIn("libc6", {name for name, _ in deb})
                self.assertEqual(scan(self.path(kind)).report["image"]["source"], "sbom", "found by looking")

    def test_claims_are_matched_with_advisories(self):
        fathom("sbom", example("sqlite-service"), "-o", "cyclonedx-json=" + self.path("s.json"), "--quiet")
        found = {f["id"] for f in scan("sbom:" + self.path("s.json")).report["findings"]}
        self.assertIn("CVE-2022-35737", found)

    def test_what_is_none_is_an_error(self):
        run = fathom("scan", "sbom:" + self.write("x.json", "{}"))
        self.assertEqual(run.status, 2)
        self.assertIn("is no SBOM", run.err)


class Audit(harness.Case):
    def audit(self, target, *arguments):
        run = fathom("audit", target, *arguments, "-o", "json", "--now", NOW, "--quiet")
        self.assertTrue(run.out, run.err)
        return run, run.report["sboms"]

    def states(self, row):
        return {(c["name"], c.get("version", "")): c["state"] for c in row["claims"] if c.get("type") != "file"}

    def test_our_own_document_is_confirmed(self):
        for kind in FORMATS:
            with self.subTest(kind):
                fathom("sbom", example("sqlite-service"), "-o", f"{kind}={self.path(kind)}", "--quiet")
                run, rows = self.audit(example("sqlite-service"), "--sbom", self.path(kind))
                self.assertEqual((run.status, rows[0]["precision"], rows[0]["recall"]), (0, "100.00", "100.00"))
                self.assertGreater(rows[0]["executable_bytes"]["explained"], 0)
                for claim in rows[0]["claims"]:
                    self.assertTrue(claim["evidence"], claim["name"])

    def test_the_forms_of_other_tools(self):
        """What they claim of the example is true, and SQLite is what they miss."""
        for name in ("syft.json", "syft.spdx.json", "syft.spdx", "syft.cdx.xml", "trivy.cdx.json", "trivy.spdx.json", "ko.spdx.json"):
            with self.subTest(name):
                run, rows = self.audit(example("sqlite-service"), "--sbom", sample(name), "--fail-if", "none")
                self.assertEqual(self.states(rows[0])[("github.com/mattn/go-sqlite3", "v1.14.14")], "confirmed")
                self.assertEqual([s for s in self.states(rows[0]).values() if s not in ("confirmed", "not_checked")], [])
                names = {c["id"]: c["name"] for c in run.report["components"]}
                self.assertIn("sqlite", [names[id] for id in rows[0]["unclaimed"]])
                self.assertNotEqual(rows[0]["recall"], "100.00")

    def test_a_buildpacks_document_in_its_layer(self):
        with open(sample("buildpack.cdx.json"), "rb") as file:
            document = file.read()
        image = images.Image([images.layer(images.file("layers/sbom/launch/paketo-buildpacks_go-build/sbom.cdx.json", document))])
        report = scan(self.save("cnb.tar", image)).report
        self.assertEqual([(row["origin"], row["tool"]) for row in report["sboms"]], [("file", "syft [not provided]")])
        self.assertEqual({c["state"] for c in report["sboms"][0]["claims"]}, {"not_found"}, "there is no Go program")
        self.assertEqual(report["components"], [], "a claim is no component")

    def test_apko_with_and_without_the_package(self):
        installed = b"C:Q1pSfxPRqxGXnZpJxbcGqvmFzyQPc=\nP:zlib\nV:1.3.1-r0\nA:x86_64\nL:Zlib\no:zlib\nF:lib\nR:libz.so.1\na:0:0:755\n\n"
        image = images.Image([images.layer(images.file("lib/apk/db/installed", installed),
                                           images.file("etc/os-release", b"ID=wolfi\nVERSION_ID=20230201\n"))])
        _, rows = self.audit(self.save("apko.tar", image), "--sbom", sample("apko.spdx.json"), "--fail-if", "none")
        states = self.states(rows[0])
        self.assertEqual(states[("zlib", "1.3.1-r0")], "confirmed")
        self.assertEqual(states[("busybox", "1.36.1-r9")], "not_found")
        self.assertEqual(states[("wolfi", "20230201")], "confirmed")
        self.assertEqual(states[("zlib.yaml", "23e8ff8479b39f3f2e97fdca28d814f0c434c39b")], "not_checked")

    def wrong(self):
        """A document that is wrong in every way at once."""
        def component(name, version, purl, **more):
            return {"type": "library", "name": name, "version": version, "purl": purl, **more}

        return self.write("wrong.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
            component("sqlite", "3.40.0", "pkg:generic/sqlite@3.40.0"),
            component("openssl", "3.0.0", "pkg:generic/openssl@3.0.0"),
            component("left-pad", "1", "pkg:npm/left-pad@1"),
            {"type": "file", "name": "/notesd", "hashes": [{"alg": "SHA-256", "content": "0" * 64}]}]}))

    def test_a_wrong_document_fails_with_reasons(self):
        run, rows = self.audit(example("sqlite-service"), "--sbom", self.wrong())
        self.assertEqual(run.status, 1)
        self.assertEqual(self.states(rows[0]), {("sqlite", "3.40.0"): "other_version", ("openssl", "3.0.0"): "not_found", ("left-pad", "1"): "not_checked"})
        self.assertEqual([c["state"] for c in rows[0]["claims"] if c.get("type") == "file"], ["other_digest"])
        self.assertEqual(rows[0]["precision"], "0.00")
        self.assertEqual(len(run.report["policy"]["reasons"]), 3)

    def test_the_policy_is_what_was_asked_for(self):
        target, wrong = example("sqlite-service"), self.wrong()
        for words, status in (("none", 0), ("unclaimed", 1), ("precision<1", 1), ("recall<0", 0), ("not_found,recall<100", 1)):
            with self.subTest(words):
                self.assertEqual(fathom("audit", target, "--sbom", wrong, "--fail-if", words, "--quiet").status, status)
        for words in ("high", "precision", "precision<x", "recall<101"):
            self.assertEqual(fathom("audit", target, "--sbom", wrong, "--fail-if", words, "--quiet").status, 2, words)

    def test_the_page_for_people(self):
        out = fathom("audit", example("sqlite-service"), "--sbom", self.wrong(), "--quiet", env={"COLUMNS": "160"}).out.decode()
        for words in ("claimed in another version", "claimed and not found", "found and not claimed", "not checked", "precision 0.00 %", "policy failed"):
            self.assertIn(words, out)

    def test_without_a_document_there_is_nothing_to_hold(self):
        run = fathom("audit", example("musl-hello"), "--quiet")
        self.assertEqual(run.status, 2)
        self.assertIn("--sbom", run.err)

    def test_the_report_with_sboms_keeps_to_its_schema(self):
        import jsonschema

        with open(os.path.join(ROOT, "docs", "report.schema.json")) as file:
            validator = jsonschema.Draft202012Validator(json.load(file))
        run, _ = self.audit(example("sqlite-service"), "--sbom", self.wrong())
        self.assertEqual([e.message for e in validator.iter_errors(run.report)], [])
        path = self.write("report.json", run.out)
        self.assertEqual(fathom("convert", path, "-o", "json").out, run.out)

    def test_a_wheel_is_held_against_its_own_files(self):
        document = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.4", "components": [
            {"type": "library", "name": "sqlite", "purl": "pkg:rpm/almalinux/sqlite@3.38.5-1.el9", "version": "3.38.5-1.el9"}]})
        wheel = images.zip_file([("pkg.libs/x.so", notesd()), ("pkg-1.0.dist-info/RECORD", b""), ("pkg-1.0.dist-info/sboms/auditwheel.cdx.json", document.encode())])
        run, rows = self.audit(self.write("pkg-1.0-py3-none-any.whl", wheel), "--fail-if", "none")
        self.assertEqual(rows[0]["scope"], "pkg-1.0-py3-none-any.whl!/")
        self.assertEqual(rows[0]["claims"][0]["state"], "confirmed", rows[0]["claims"][0]["why"])


def notesd():
    """The program of an example."""
    with tarfile.open(fileobj=io.BytesIO(images.read_layers(example("sqlite-service"))[0])) as layer:
        return layer.extractfile("notesd").read()


if __name__ == "__main__":
    harness.main()
