"""Packages of the worlds that images are made of: RPM's database in its three forms, Java archives and runtimes, Go."""

import io
import json
import lzma
import os
import struct
import zipfile

import harness
from harness import NOW, ROOT, fathom, scan
from images import Image, file, folder, layer, program, symlink


def fixture(name):
    """Made by rpm itself: tools/make_rpm_fixtures.py."""
    with open(os.path.join(ROOT, "tests", "data", "rpm", name + ".xz"), "rb") as f:
        return lzma.decompress(f.read())


ALPHA = b"#!/bin/sh\necho alpha\n"
OS = file("etc/os-release", b'ID="rhel"\nVERSION_ID="9.4"\nNAME=x\n')


class RpmTest(harness.Case):
    FORMS = {"Packages": "Berkeley DB", "Packages.db": "ndb", "rpmdb.sqlite": "SQLite"}

    def rpm_image(self, name, *more, where="var/lib/rpm/"):
        return Image([layer(OS, file(where + name, fixture(name)), program("usr/bin/alpha", ALPHA), *more)])

    def test_every_form_lists_the_same_packages(self):
        for name, form in self.FORMS.items():
            report = scan(self.save(name + ".tar", self.rpm_image(name))).report
            rows = {c["name"]: c for c in report["components"] if c["ecosystem"] == "rpm"}
            self.assertEqual({n: c["version"] for n, c in rows.items()},
                             {"alpha": "1:1.2-3.el9", "alpha-libs": "1:1.2-3.el9", "beta": "0.9~rc1-1"}, form)
            self.assertEqual(rows["alpha-libs"]["purl"],
                             "pkg:rpm/rhel/alpha-libs@1.2-3.el9?arch=noarch&distro=rhel-9.4&epoch=1&upstream=alpha-1.2-3.el9.src.rpm")
            owner = {f["path"]: f.get("owner") for f in report["files"]}
            self.assertEqual(owner["usr/bin/alpha"], rows["alpha"]["id"], form)
            database = next(f for f in report["files"] if f["path"].endswith(name))
            self.assertEqual((database["state"], database["kind"]), ("identified", "database"))
            self.assertIn(form, database["type"])
            self.assert_gap(report, "advisories - not_found not assessed: .* of ecosystem rpm")
            self.assert_accounted(report)

    def test_a_changed_file_is_nobodys(self):
        image = Image([layer(OS, file("usr/lib/sysimage/rpm/Packages.db", fixture("Packages.db")),
                             symlink("var/lib/rpm", "../../usr/lib/sysimage/rpm"),
                             program("usr/bin/alpha", ALPHA + b"echo more\n"))])
        report = scan(self.save("changed.tar", image)).report
        row = next(f for f in report["files"] if f["path"] == "usr/bin/alpha")
        self.assertFalse(row.get("owner"))
        self.assert_gap(report, "packages usr/bin/alpha malformed changed since it was installed by alpha")

    def test_a_copy_of_a_database_installs_nothing(self):
        report = scan(self.save("copy.tar", self.rpm_image("Packages", where="srv/backup/"))).report
        self.assertFalse([c for c in report["components"] if c["ecosystem"] == "rpm"])
        self.assertIn("alpha", {m["library"] for m in report["mentions"]})

    def test_broken_databases_are_gaps(self):
        for name in self.FORMS:
            whole = fixture(name)
            for at in (len(whole) // 3, len(whole) // 2):
                image = Image([layer(OS, file("var/lib/rpm/" + name, whole[:at]))])
                report = scan(self.save("cut.tar", image)).report
                self.assert_gap(report, "(rpm|packages) var/lib/rpm/" + name)
                self.assert_accounted(report)


def class_file(name):
    """The smallest class that Java would load: a name and a super class."""
    words = [name.encode(), b"java/lang/Object"]
    pool = b"".join(b"\1" + struct.pack(">H", len(w)) + w for w in words) + b"\7\0\1\7\0\2"
    return b"\xca\xfe\xba\xbe\0\0\0\x34" + struct.pack(">H", 5) + pool + b"\0\x21\0\3\0\4" + bytes(8)


def pom(group, artifact, version):
    return f"META-INF/maven/{group}/{artifact}/pom.properties", f"groupId={group}\nartifactId={artifact}\nversion={version}\n"


def jar(*members, manifest=""):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF"), "Manifest-Version: 1.0\r\n" + manifest)
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=zipfile.ZIP_DEFLATED)
    return out.getvalue()


def osv_of_maven(folder_of):
    """One record in the form of OSV's export, https://ossf.github.io/osv-schema/."""
    record = {"schema_version": "1.6.0", "id": "GHSA-jfh8-c2jp-5v3q", "aliases": ["CVE-2021-44228"],
              "modified": "2026-11-20T00:00:00Z", "published": "2021-12-10T00:00:00Z", "summary": "made up for a test",
              "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],
              "affected": [{"package": {"ecosystem": "Maven", "name": "org.apache.logging.log4j:log4j-core"},
                            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2.13.0"}, {"fixed": "2.15.0"}]}]}]}
    path = os.path.join(folder_of, "osv-maven.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("GHSA-jfh8-c2jp-5v3q.json", json.dumps(record))
    return path


class ManifestsTest(harness.Case):
    def test_what_python_and_node_installed(self):
        site = "usr/lib/python3.11/site-packages/"
        image = Image([layer(file(site + "requests-2.19.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: requests\nVersion: 2.19.0\n\n"),
                             file("app/node_modules/left-pad/package.json", b'{"name": "left-pad", "version": "1.3.0"}'),
                             file("app/node_modules/left-pad/test/package.json", b'{"name": "fixture", "version": "9.0.0"}'),
                             file("srv/App.deps.json", b'{"runtimeTarget": {}, "targets": {}, "libraries": {"Newtonsoft.Json/12.0.1": {"type": "package"}}}'),
                             file("opt/cut/package.json", b'{"name": "x", "version": '))])
        report = scan(self.save("manifests.tar", image)).report
        found = {c["purl"]: c["id"] for c in report["components"]}
        self.assertEqual(set(found), {"pkg:pypi/requests@2.19.0", "pkg:npm/left-pad@1.3.0", "pkg:nuget/Newtonsoft.Json@12.0.1"})
        self.assertIn("CVE-2018-18074", {f["id"] for f in report["findings"] if f["component"] == found["pkg:pypi/requests@2.19.0"]})
        self.assertIn("fixture", {m["library"] for m in report["mentions"]})
        self.assert_gap(report, "node-package opt/cut/package.json")
        self.assert_accounted(report)


class JavaTest(harness.Case):
    LOG4J = ("BOOT-INF/lib/log4j-core-2.14.1.jar", jar(pom("org.apache.logging.log4j", "log4j-core", "2.14.1"),
                                                       ("org/apache/x/A.class", class_file("org/apache/x/A"))))

    def components(self, report):
        return {(c["name"], c.get("version", "")): c for c in report["components"] if c["ecosystem"] == "Maven"}

    def application(self):
        return Image([layer(file("app/app.jar", jar(
            ("BOOT-INF/classes/com/example/Demo.class", class_file("com/example/Demo")), self.LOG4J,
            ("BOOT-INF/lib/spring-core-6.1.5.jar", jar(("org/springframework/core/B.class", class_file("org/springframework/core/B")),
                                                       manifest="Implementation-Title: spring-core\r\nImplementation-Version: 6.1.5\r\n")),
            ("BOOT-INF/lib/native.jar", jar(("lib/x.so", b"\x7fELF\2\1\1" + bytes(57)))),
            manifest="Start-Class: com.example.Demo\r\nImplementation-Title: demo\r\nImplementation-Version: 0.1\r\n")))])

    def test_a_spring_boot_application_is_all_its_archives(self):
        report = scan(self.save("boot.tar", self.application())).report
        found = self.components(report)
        self.assertIn(("org.apache.logging.log4j:log4j-core", "2.14.1"), found)
        self.assertIn(("org.springframework:spring-core", "6.1.5"), found)
        self.assertIn(("com.example:app", "0.1"), found)
        log4j = found[("org.apache.logging.log4j:log4j-core", "2.14.1")]
        self.assertEqual(log4j["file"], "app/app.jar!/BOOT-INF/lib/log4j-core-2.14.1.jar")
        self.assertEqual(log4j["purl"], "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1")
        states = {f["path"]: f["state"] for f in report["files"]}
        self.assertEqual(states["app/app.jar!/BOOT-INF/classes/com/example/Demo.class"], "identified")
        self.assertEqual(states["app/app.jar!/BOOT-INF/lib/native.jar!/lib/x.so"], "gap")
        self.assert_accounted(report)

    def test_what_cannot_be_judged_is_said_until_advisories_are_imported(self):
        target = self.save("judged.tar", self.application())
        report = scan(target).report
        self.assertFalse(report["findings"])
        self.assert_gap(report, "not assessed: the data has no advisories for .* of ecosystem Maven")
        table = fathom("scan", target, "--now", NOW).out.decode()
        self.assertIn("Maven", table[:table.find("log4j-core")] if "log4j-core" in table else table)
        home = {"XDG_DATA_HOME": self.path("data"), "HOME": self.folder}
        done = fathom("db", "import", osv_of_maven(self.folder), env=home)
        self.assertEqual(done.status, 0, done.err)
        report = scan(target, env=home).report
        self.assertEqual([f["id"] for f in report["findings"]], ["CVE-2021-44228"])
        self.assertFalse([g for g in report["gaps"] if "ecosystem Maven" in g["reason"]])

    def test_a_renamed_archive_says_the_same(self):
        report = scan(self.save("renamed.tar", Image([layer(file("opt/data.bin", self.LOG4J[1]))]))).report
        self.assertIn(("org.apache.logging.log4j:log4j-core", "2.14.1"), self.components(report))

    def test_wars_and_unpacked_classes(self):
        war = jar(("WEB-INF/lib/log4j-core-2.14.1.jar", self.LOG4J[1]), ("WEB-INF/classes/a/B.class", class_file("a/B")))
        report = scan(self.save("war.tar", Image([layer(file("srv/shop-2.0.war", war),
                                                       file("srv/open/WEB-INF/classes/c/D.class", class_file("c/D")))]))).report
        found = self.components(report)
        self.assertIn(("org.apache.logging.log4j:log4j-core", "2.14.1"), found)
        self.assertTrue(any(name.endswith(":shop") or name == "shop" for name, _ in found), found)
        self.assert_gap(report, "identify - not_found no component recognised in 1 file of Java class below srv/open")
        self.assert_accounted(report)

    def test_the_runtime_is_one_component(self):
        release = b'JAVA_VERSION="17.0.15"\nMODULES="java.base"\n'
        report = scan(self.save("jre.tar", Image([layer(file("opt/java/release", release))]))).report
        runtime = [c for c in report["components"] if c["name"] == "openjdk"]
        self.assertEqual([(c["version"], c["kind"]) for c in runtime], [("17.0.15", "runtime")])
        self.assertTrue([f for f in report["findings"] if f["component"] == runtime[0]["id"]], "its advisories are built in")

    def test_hostile_archives_are_gaps(self):
        bomb = jar(("a/B.class", class_file("a/B") + bytes(64 << 20)))
        slip = jar(("../../etc/passwd", "x"), ("/abs", "y"), pom("../../g", "a\tb", "1"))
        nested = jar()
        for _ in range(8):
            nested = jar(("inner.jar", nested))
        report = scan(self.save("hostile.tar", Image([layer(file("bomb.jar", bomb), file("slip.jar", slip), file("nested.jar", nested))]))).report
        self.assert_gap(report, "archive bomb.jar limit_exceeded")
        self.assert_gap(report, "archive nested.jar.*limit_exceeded archives in archives")
        self.assert_accounted(report)
        self.assertFalse(os.path.exists("/abs"))


if __name__ == "__main__":
    harness.main()
