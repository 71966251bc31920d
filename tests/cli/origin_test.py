"""`fathom origin` and `fathom base` on images whose makers we are, and the page of `-o html`."""

import base64
import hashlib
import html.parser
import json
import os
import re
import unittest

import harness
import images
from harness import NOW, example, fathom, scan

OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n'
EVIL = "<img src=x onerror=alert(1)>\"'\u202egnp</td></script>"


def status(*packages):
    return "".join(f"Package: {n}\nStatus: install ok installed\nVersion: {v}\nArchitecture: amd64\nMaintainer: x\nDescription: x\n\n" for n, v in packages)


def base_layer():
    return images.layer(
        images.file("etc/os-release", OS_RELEASE), images.file("etc/motd", "welcome\n"), images.file("usr/bin/tool", "#!/bin/sh\n"),
        images.file("var/lib/dpkg/status", status(("base-files", "12.4"), ("bash", "5.2"))),
        images.file("var/lib/dpkg/info/bash.md5sums", hashlib.md5(b"#!/bin/sh\n").hexdigest() + "  usr/bin/tool\n"),
        created_by="/bin/sh -c #(nop) ADD file:1f0 in / ")


def built(*entries, labels=None):
    """Debian, and a layer on it that installs curl and brings some files."""
    top = images.layer(
        images.file("var/lib/dpkg/status", status(("base-files", "12.4"), ("bash", "5.2"), ("curl", "7.88"))), *entries,
        created_by="COPY app /srv # buildkit")
    return images.Image([base_layer(), top], labels=labels or {})


class Origin(harness.Case):
    def archive(self, image, name="image.tar", **how):
        return images.write(self.path(name), image.oci_archive(**how))

    def origin(self, target, *arguments):
        run = fathom("origin", target, *arguments, "--quiet", "--now", NOW)
        self.assertEqual(run.status, 0, run.err)
        return run.out.decode()

    def test_each_file_says_whose_it_is_and_who_vouches_for_it(self):
        target = self.archive(built(images.file("srv/app.conf", "x=1\n")))
        files = {f["path"]: f for f in json.loads(self.origin(target, "-o", "json"))["files"]}
        self.assertEqual(files["etc/motd"]["origin"]["from"], "base")
        self.assertEqual(files["etc/motd"]["origin"]["explained"], "base")
        self.assertEqual(files["usr/bin/tool"]["origin"]["explained"], "package")
        self.assertEqual(files["usr/bin/tool"]["origin"]["checksum"], "same")
        self.assertEqual(files["srv/app.conf"]["origin"]["from"], "yours")
        self.assertEqual(files["srv/app.conf"]["origin"]["explained"], "unexplained")
        self.assertEqual(files["srv/app.conf"]["created_by"], "COPY app /srv # buildkit")
        text = self.origin(target, "srv")
        self.assertIn("/srv/app.conf", text)
        self.assertIn("from you", text)
        self.assertNotIn("motd", text)

    def test_a_changed_file_is_not_the_packages(self):
        target = self.archive(built(images.file("usr/bin/tool", "#!/bin/sh\nevil\n")))
        (file,) = [f for f in json.loads(self.origin(target, "-o", "json", "usr/bin/tool"))["files"] if not f.get("shadowed")]
        self.assertEqual(file["origin"]["checksum"], "changed")
        self.assertEqual(file["origin"]["explained"], "unexplained")
        self.assertNotIn("owner", file)

    def test_a_statement_in_the_image_names_a_file(self):
        content = "x=1\n"
        statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1",
                     "subject": [{"name": "app.conf", "digest": {"sha256": hashlib.sha256(content.encode()).hexdigest()}}],
                     "predicate": {"runDetails": {"builder": {"id": "https://builder.example"}}}}
        envelope = {"payloadType": "application/vnd.in-toto+json", "payload": base64.b64encode(json.dumps(statement).encode()).decode(), "signatures": [{"sig": "AA=="}]}
        target = self.archive(built(images.file("srv/app.conf", content), images.file("srv/app.json", json.dumps(envelope))))
        (file,) = json.loads(self.origin(target, "-o", "json", "srv/app.conf"))["files"]
        self.assertEqual(file["origin"]["explained"], "attested")
        (attested,) = file["origin"]["attested"]
        self.assertEqual((attested["builder"], attested["status"], attested["in_envelope"]), ("https://builder.example", "not verified", True))

    def test_a_buildkit_attestation_beside_the_image_is_read(self):
        image = built()
        manifest = images.canonical(image.manifest())
        digest = images.sha256(manifest)
        blob = images.canonical({"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v0.2",
                                 "subject": [{"name": "pkg:docker/x", "digest": {"sha256": digest.split(":")[1]}}], "predicate": {"builder": {"id": "me"}}})
        config = images.canonical({"architecture": "unknown", "os": "unknown"})
        attestation = images.canonical({
            "schemaVersion": 2, "mediaType": images.MANIFEST, "config": {"mediaType": images.CONFIG, "digest": images.sha256(config), "size": len(config)},
            "layers": [{"mediaType": "application/vnd.in-toto+json", "digest": images.sha256(blob), "size": len(blob)}]})
        index = image.index(manifest)
        index["manifests"].append({"mediaType": images.MANIFEST, "digest": images.sha256(attestation), "size": len(attestation),
                                   "platform": {"os": "unknown", "architecture": "unknown"},
                                   "annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest}})
        files = image.oci_files(index=index)
        for data in (blob, config, attestation):
            files["blobs/" + images.sha256(data).replace(":", "/")] = data
        report = scan(images.write(self.path("attested.tar"), images.archive(files))).report
        (attested,) = report["origin"]["attested"]
        self.assertEqual(attested["builder"], "me")
        del files["blobs/" + images.sha256(blob).replace(":", "/")]
        report = scan(images.write(self.path("cut.tar"), images.archive(files))).report
        self.assertTrue([g for g in report["gaps"] if g["stage"] == "attestation"])

    def test_a_path_that_is_not_there_is_an_error(self):
        run = fathom("origin", example("musl-hello"), "no/such", "--quiet")
        self.assertEqual(run.status, 2)
        self.assertIn("no/such", run.err)


class Base(harness.Case):
    def base(self, image, *arguments, status=0):
        target = images.write(self.path("image.tar"), image.oci_archive())
        run = fathom("base", target, "--quiet", "--now", NOW, *arguments)
        self.assertEqual(run.status, status, run.err)
        return run.out.decode()

    def test_the_base_and_whose_each_package_is(self):
        document = json.loads(self.base(built(), "-o", "json"))
        base = document["origin"]["base"]
        self.assertEqual((base["name"], base["by"], base["layers"], base["end_is_known"]), ("debian:12", "distribution", 1, True))
        self.assertEqual({c["name"]: c["from"] for c in document["components"] if c["ecosystem"] == "deb"},
                         {"base-files": "base", "bash": "base", "curl": "yours"})

    def test_rows_of_ones_own_are_recognised_by_layers(self):
        own = images.Image([base_layer(), images.layer(images.file("opt/agent", "x"), created_by="RUN agent")])
        base = images.write(self.path("base.tar"), own.oci_archive())
        rows = self.path("bases.tsv")
        run = fathom("base", base, "--as", "our/base:3", "-o", "table=" + rows, "--quiet", "--now", NOW)
        self.assertEqual(run.status, 0, run.err)
        child = images.Image(own.layers + [images.layer(images.file("srv/app", "x"), created_by="COPY app /srv")])
        document = json.loads(self.base(child, "-o", "json", "--bases", rows))
        self.assertEqual((document["origin"]["base"]["name"], document["origin"]["base"]["layers"]), ("our/base:3", 2))
        self.assertEqual(json.loads(self.base(child, "-o", "json"))["origin"]["base"]["name"], "debian:12")

    def test_bad_rows_are_an_error_that_names_the_line(self):
        rows = self.write("bad.tsv", b"# rows\nlayers\tx\t-\tnodigest\n")
        run = fathom("base", example("musl-hello"), "--bases", rows, "--quiet")
        self.assertEqual(run.status, 2)
        self.assertIn("line 2", run.err)

    def test_updates_come_from_imported_advisories(self):
        tracker = {"bash": {"CVE-2099-0001": {"description": "x", "scope": "local", "releases": {"bookworm": {
            "status": "resolved", "repositories": {"bookworm": "5.2"}, "fixed_version": "5.3", "urgency": "high"}}}}}
        feed = self.write("debian.json", json.dumps(tracker).encode())
        run = fathom("db", "import", feed, "--data", self.path("data"), "--now", NOW, "--quiet")
        self.assertEqual(run.status, 0, run.err)
        data = ("--data", self.path("data"))
        (update,) = json.loads(self.base(built(), "-o", "json", *data))["origin"]["base"]["updates"]
        self.assertEqual((update["name"], update["installed"], update["available"], update["fixes"]), ("bash", "5.2", "5.3", ["CVE-2099-0001"]))
        self.base(built(), "--fail-on", "updates", *data, status=1)
        self.base(built(), "--fail-on", "updates")
        self.assertIn("update\tbash\t5.3\t-\t5.2\n", self.base(built(), "-o", "watch", *data))

    def test_age_and_the_watch_list(self):
        watch = self.base(built(), "-o", "watch").splitlines()
        self.assertEqual(watch, sorted(watch))
        self.assertIn("base\tdebian:12\t-\t-\t2020-01-01", watch)
        self.assertTrue([line for line in watch if line.startswith("package\tcurl\t7.88\tpkg:deb/debian/curl@7.88") and line.endswith("\tyours")])
        self.base(built(), "--max-age", "100", status=1)
        self.base(images.Image([images.layer(images.file("app", "x"))]), "--max-age", "100", status=1)  # unknown is not young
        self.base(images.Image([images.layer(images.file("app", "x"))]), "--fail-on", "unknown", status=1)


class Reader(html.parser.HTMLParser):
    """What a browser would make of the page: elements, attributes, text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.attributes, self.texts, self.open, self.contents = [], [], [], [], {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            self.contents[self.open[-1]] = self.contents.get(self.open[-1], "") + data
        else:
            self.texts.append(data)


class Page(harness.Case):
    def page(self, target):
        out = self.path("page.html")
        run = fathom("scan", target, "-o", "html=" + out, "--now", NOW, "--quiet")
        self.assertIn(run.status, (0, 3), run.err)
        with open(out, encoding="utf-8") as f:
            return f.read()

    def test_the_policy_of_the_page_lets_nothing_in(self):
        text = self.page(example("sqlite-service"))
        page = Reader(text)
        self.assertEqual(page.open, [])
        (policy,) = [v for t, n, v in page.attributes if t == "meta" and n == "content" and "default-src" in v]
        wanted = [f"'sha256-{base64.b64encode(hashlib.sha256(page.contents[e].encode()).digest()).decode()}'" for e in ("style", "script")]
        self.assertEqual(policy, f"default-src 'none'; style-src {wanted[0]}; script-src {wanted[1]}; base-uri 'none'; form-action 'none'")
        self.assertFalse({"img", "link", "iframe", "object", "embed", "form", "base", "audio", "video"} & set(page.elements))
        self.assertFalse([a for a in page.attributes if a[1] in ("src", "style", "srcset") or a[1].startswith("on")])
        self.assertTrue(all(v.startswith(("https://", "#")) for t, n, v in page.attributes if n == "href"))

    def test_hostile_names_stay_text(self):
        plain = Reader(self.page(images.write(self.path("plain.tar"), built(images.program("srv/name", b"\x7fELF" + b"x" * 90)).oci_archive())))
        evil = built(images.program("srv/" + EVIL, b"\x7fELF" + b"x" * 90), labels={EVIL: EVIL, "org.opencontainers.image.base.name": EVIL})
        evil.layers[1].created_by = EVIL
        evil.tag = "x:" + re.sub("[^a-z]", "", EVIL)
        text = self.page(images.write(self.path("evil.tar"), evil.oci_archive()))
        page = Reader(text)
        self.assertEqual(set(page.elements), set(plain.elements))
        self.assertEqual({(t, n) for t, n, v in page.attributes}, {(t, n) for t, n, v in plain.attributes})
        self.assertEqual(page.open, [])
        self.assertNotIn("\u202e", text)
        self.assertTrue([t for t in page.texts if "<img src=x onerror=alert(1)>" in t])

    def test_the_iceberg_counts_what_the_report_has(self):
        text = self.page(example("sqlite-service"))
        report = scan(example("sqlite-service")).report
        hidden = [c for c in report["components"] if c["kind"] == "embedded_library" and "packaged_as" not in c]
        self.assertIn(f"/ {len(hidden)} hidden", " ".join(Reader(text).texts))
        run = fathom("scan", example("sqlite-service"), "--compare", "manifest", "--now", NOW, "--quiet", "--color", "never")
        lines = run.out.decode().splitlines()
        self.assertTrue([line for line in lines if line.startswith("Hidden") and f"({len(hidden)})" in line])
        self.assertTrue([line for line in lines if "sqlite 3.38.5" in line and line.startswith("  -")])

    def test_compare_knows_the_manifest_only(self):
        self.assertEqual(fathom("scan", example("musl-hello"), "--compare", "moon", "--quiet").status, 2)


if __name__ == "__main__":
    unittest.main()
