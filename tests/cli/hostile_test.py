"""Images made to mislead or to break a scanner. Each has an expected exit status and expected gaps, ends in time, stays
small in memory, and does not cost what stands beside the trap: the file `bin/hello` in the first layer is always found."""

import io
import json
import os
import struct
import tarfile
import zlib

import harness
import images
from harness import example, fathom, scan

MOST_KIB = 1536 * 1024  # of any fathom process so far, sanitizers included


def hello():
    with tarfile.open(fileobj=io.BytesIO(images.load(example("musl-hello")).layers[0].tar)) as t:
        return t.extractfile("hello").read()


HELLO = hello()


class Hostile(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.good = images.layer(images.folder("bin"), images.program("bin/hello", HELLO))
        wanted = scan(images.write(os.path.join(cls.folder, "good.tar"), images.Image([cls.good]).oci_archive())).report
        cls.wanted = [(c["name"], c["file"]) for c in wanted["components"]]

    def scan_layers(self, *layers, status=0, **replaced):
        target = self.save("image.tar", images.Image([self.good, *layers]), **replaced)
        run = scan(target)
        self.assertEqual(run.status, status, json.dumps(run.report["gaps"], indent=1))
        self.check(run)
        return run.report

    def check(self, run):
        self.assertLess(run.peak_kib, MOST_KIB)
        self.assert_accounted(run.report)
        found = [(c["name"], c["file"]) for c in run.report["components"]]
        self.assertTrue(self.wanted)
        self.assertEqual([c for c in self.wanted if c not in found], [])

    def paths(self, report):
        return [r["path"] for r in report["files"]]

    # Layers ---------------------------------------------------------------------------------

    def test_a_layer_that_breaks_off(self):
        layer = images.layer(images.file("a.txt", "a\n"), images.file("b.txt", os.urandom(9000)))
        cut = layer.blob[: len(layer.blob) // 2]
        report = self.scan_layers(images.Layer(layer.tar, blob=cut))
        self.assert_gap(report, r"layer .*breaks off")
        self.assertIn("a.txt", self.paths(report))

    def test_a_layer_that_is_no_archive(self):
        report = self.scan_layers(images.Layer(b"x" * 3000))
        self.assert_gap(report, r"^(?m:layer )")

    def test_a_missing_blob(self):
        image = images.Image([self.good, images.layer(images.file("lost", "x"))])
        files = image.oci_files()
        del files["blobs/" + image.layers[1].digest.replace(":", "/")]
        run = scan(self.write("missing.tar", images.archive(files)))
        self.check(run)
        self.assert_gap(run.report, r"not_found")

    def test_a_wrong_digest(self):
        report = self.scan_layers(images.layer(images.file("a.txt", "a\n"), digest="sha256:" + "0" * 64))
        self.assert_gap(report, r"layer .*digest")
        self.assertIn("a.txt", self.paths(report))

    def test_a_wrong_diff_id_and_size(self):
        report = self.scan_layers(images.layer(images.file("a.txt", "a\n"), diff_id="sha256:" + "1" * 64, size=7))
        self.assert_gap(report, r"diff_id")
        self.assert_gap(report, r"descriptor says 7")

    def test_a_gzip_bomb(self):
        """600 MiB of zeros in 600 KB, where a file should be."""
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        blob = bytearray(packer.compress(tarfile.TarInfo("bomb").tobuf()[:124] + b"%011o\0" % (600 << 20) + bytes(376)))
        for _ in range(600):
            blob += packer.compress(bytes(1 << 20))
        blob += packer.flush()
        self.scan_layers(images.Layer(b"", blob=bytes(blob)))

    def test_a_layer_in_a_layer_in_a_layer(self):
        data = b"deepest"
        for i in range(12):
            data = images.gzipped(images.tar([images.file(f"level{i}.tar.gz", data)]))
        report = self.scan_layers(images.layer(images.file("nest.tar.gz", data)))
        self.assert_gap(report, r"nest\.tar\.gz")

    def test_a_size_that_lies(self):
        header = bytearray(images.tar([images.file("liar", b"")], end=False))
        header[124:136] = b"\x80" + b"\x7f" * 11  # base-256, about 2^87
        header[148:156] = b"        "
        header[148:156] = b"%06o\0 " % sum(header)
        report = self.scan_layers(images.layer(images.file("before", "b\n"), images.raw(bytes(header)), images.file("behind", "x")))
        self.assert_gap(report, r"layer ")
        self.assertIn("before", self.paths(report))

    def test_a_long_name_header_of_a_gigabyte(self):
        header = bytearray(images.tar([images.Entry("././@LongLink", b"L")], end=False))
        header[124:136] = b"%011o\0" % (1 << 30)
        header[148:156] = b"        "
        header[148:156] = b"%06o\0 " % sum(header)
        report = self.scan_layers(images.layer(images.file("before", "b\n"), images.raw(bytes(header)), images.file("behind", "x")))
        self.assert_gap(report, r"layer ")

    def test_garbage_behind_the_last_member(self):
        layer = images.layer(images.file("a.txt", "a\n"))
        report = self.scan_layers(images.Layer(layer.tar, blob=layer.blob + b"garbage" * 99))
        self.assertIn("a.txt", self.paths(report))
        self.assert_gap(report, r"layer ")

    # Names ----------------------------------------------------------------------------------

    def test_whiteout_oddities(self):
        report = self.scan_layers(images.layer(
            images.file(".wh.", b""), images.file("etc/.wh..", b""), images.file(".wh...", b""), images.file(".wh..wh.x", b""),
            images.whiteout("never/was"), images.file("etc/kept", "k\n")))
        self.assert_gap(report, r"whiteout")
        self.assertIn("etc/kept", self.paths(report))
        self.assertFalse([r for r in report["files"] if r["path"] == "bin/hello" and r.get("shadowed")])

    def test_an_opaque_mark_behind_the_files_of_its_own_layer(self):
        report = self.scan_layers(images.layer(images.file("bin/new", "n\n"), images.opaque("bin")))
        rows = {r["path"]: r for r in report["files"]}
        self.assertTrue(rows["bin/hello"]["shadowed"])
        self.assertFalse(rows["bin/new"].get("shadowed", False))

    def test_paths_that_lead_out(self):
        report = self.scan_layers(images.layer(
            images.file("../../etc/cron.d/evil", "x\n"), images.file("a/../../b", "x\n"), images.hardlink("shadow", "../../../etc/shadow"),
            images.hardlink("self", "self"), images.hardlink("none", "not/there"), images.symlink("loop", "loop"), images.symlink("out", "/../../etc/passwd")))
        self.assert_gap(report, r"leads out")
        self.assert_gap(report, r"none .*not/there")
        self.assertFalse([p for p in self.paths(report) if ".." in p])

    def test_devices_and_pipes(self):
        report = self.scan_layers(images.layer(images.device("dev/null"), images.device("pipe", tarfile.FIFOTYPE), images.device("disk", tarfile.BLKTYPE)))
        self.assertEqual({r["state"] for r in report["files"] if r["path"] in ("dev/null", "pipe", "disk")}, {"inert"})

    def test_a_pipe_in_a_root_file_system_does_not_hang(self):
        root = self.path("with-pipe")
        images.unpack(images.Image([self.good]), root)
        os.mkfifo(os.path.join(root, "pipe"))
        os.symlink("/etc/passwd", os.path.join(root, "passwd"))
        run = scan(root)
        self.check(run)
        self.assertEqual({r["kind"] for r in run.report["files"] if r["path"] == "passwd"}, {"symlink"})

    def test_names_with_escapes(self):
        names = ["\x1b[31mred\x1b[0m", "a\nb", "bell\x07", "\u202egnp.exe", "<script>alert(1)</script>", "%s%n", "caf\u00e9", "\udcff\udcfe", "c1\u009b31m"]
        layer = images.layer(*(images.file(f"names/{n}", b"\x00\x01\xfe\xffunknown" * 3) for n in names))
        target = self.save("names.tar", images.Image([self.good, layer], tag="\x1b[2Jcleared"))
        run = scan(target)
        self.check(run)
        self.assertEqual(len([p for p in self.paths(run.report) if p.startswith("names/")]), len(names))
        table = fathom("scan", target, "--now", harness.NOW, "--color", "never").out.decode("utf-8")
        for bad in "\x1b\x07\u202e\u009b":
            self.assertNotIn(bad, table)
        self.assertNotIn(b"\x1b", run.out)

    def test_a_path_of_ten_thousand_folders(self):
        report = self.scan_layers(images.layer(images.file("d/" * 10000 + "x", "x\n"), images.file("behind", "b\n")))
        self.assert_gap(report, r"(limit_exceeded|malformed)")

    def test_the_same_name_twice_and_a_folder_that_becomes_a_file(self):
        report = self.scan_layers(images.layer(
            images.file("etc/a", "one\n"), images.file("etc/a", "two\n"), images.folder("x"), images.file("x/y", "y\n"), images.file("x", "file\n")))
        self.assertEqual([r.get("shadowed", False) for r in report["files"] if r["path"] == "etc/a"].count(False), 1)

    # Documents ------------------------------------------------------------------------------

    def test_a_manifest_that_is_an_index_too(self):
        image = images.Image([self.good])
        manifest = {**image.manifest(), "manifests": [{"mediaType": images.MANIFEST, "digest": "sha256:" + "2" * 64, "size": 2}]}
        run = fathom("scan", self.save("both.tar", image, manifest=manifest), "-o", "json", "--quiet")
        self.assertEqual((run.status, run.out), (2, b""))
        self.assertRegex(run.err, r"manifests.*layers|layers.*manifests")

    def test_an_index_that_contains_itself(self):
        """It cannot truly (its digest), so the blob under that name is another index that names it."""
        image = images.Image([self.good])
        loop = "sha256:" + "3" * 64
        index = {"schemaVersion": 2, "mediaType": images.INDEX, "manifests": [{"mediaType": images.INDEX, "digest": loop, "size": 300}]}
        files = image.oci_files(index=index)
        files["blobs/sha256/" + "3" * 64] = images.canonical(index)
        run = fathom("scan", self.write("loop.tar", images.archive(files)), "-o", "json", "--quiet")
        self.assertEqual((run.status, run.out), (2, b""))
        self.assertTrue(run.err)

    def test_documents_that_are_too_deep_or_too_large_or_doubled(self):
        image = images.Image([self.good])
        for name, index in (("deep", b"[" * 100_000), ("large", b'{"manifests":["' + b"x" * (6 << 20) + b'"]}'), ("cut", b'{"schemaVersion":2,"manif'),
                            ("list", b"[]"), ("null", b"null"), ("number", b"1e999999")):
            with self.subTest(name):
                files = {**image.oci_files(), "index.json": index}
                run = fathom("scan", self.write("documents.tar", images.archive(files)), "-o", "json", "--quiet")
                self.assertEqual((run.status, run.out), (2, b""))
                self.assertTrue(run.err)
                self.assertLess(run.peak_kib, MOST_KIB)

    def test_a_foreign_layer_is_not_fetched(self):
        lost = images.layer(images.file("lost", "x"), extra={"urls": ["http://169.254.169.254/latest/meta-data/"]},
                            media_type="application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")
        image = images.Image([self.good, lost])
        files = image.oci_files()
        del files["blobs/" + lost.digest.replace(":", "/")]
        run = scan(self.write("foreign.tar", images.archive(files)))
        self.check(run)
        self.assert_gap(run.report, r"not_found")

    def test_an_archive_in_which_paths_of_blobs_lead_out(self):
        image = images.Image([self.good])
        manifest = image.manifest()
        manifest["layers"].append({"mediaType": images.LAYER, "digest": "sha256:../../../etc/passwd", "size": 3})
        run = fathom("scan", self.save("slip.tar", image, manifest=manifest), "-o", "json", "--quiet")
        self.assertIn(run.status, (0, 2))
        self.assertNotIn(b"root:", run.out)

    # Files ----------------------------------------------------------------------------------

    def test_truncated_elf_files(self):
        """Every one of them is an executable file that yielded nothing: not assessed, never silently passed."""
        entries = [images.program(f"cut/{n}", HELLO[:n]) for n in (5, 16, 63, 64, 200)]
        report = self.scan_layers(images.layer(*entries), status=3)
        self.assertEqual({r["state"] for r in report["files"] if r["path"].startswith("cut/")}, {"gap"})

    def test_an_elf_file_whose_tables_lie(self):
        elf = bytearray(HELLO)
        struct.pack_into("<Q", elf, 0x28, 2**63)  # e_shoff
        struct.pack_into("<Q", elf, 0x20, 2**64 - 8)  # e_phoff
        struct.pack_into("<HHH", elf, 0x38, 0xFFFF, 0, 0xFFFF)  # e_phnum, e_shentsize, e_shnum
        report = self.scan_layers(images.layer(images.program("bin/liar", bytes(elf))))
        self.assertIn("bin/liar", [c["file"] for c in report["components"]])  # its texts are as they were
        self.assert_gap(report, r"elf bin/liar")

    def test_an_unreadable_zip(self):
        data = images.zip_file([("a.txt", b"a" * 999), ("b.txt", b"b" * 999)])
        report = self.scan_layers(images.layer(images.file("cut.zip", data[:150]), images.file("noise.jar", b"PK\x03\x04" + os.urandom(200))))
        self.assert_gap(report, r"cut\.zip")
        self.assert_gap(report, r"noise\.jar")

    def test_a_zip_bomb_and_names_in_it_that_lead_out(self):
        data = images.zip_file([("../../etc/passwd", b"x"), ("/abs", b"y"), ("zeros", bytes(64 << 20))])
        report = self.scan_layers(images.layer(images.file("bomb.zip", data)))
        self.assert_gap(report, r"bomb\.zip")

    def test_a_zip_whose_members_overlap(self):
        """One compressed member, named by a thousand directory records."""
        good = images.zip_file([("one", bytes(1 << 20))])
        end = good.rindex(b"PK\x05\x06")
        start = struct.unpack_from("<I", good, end + 16)[0]
        record, count = good[start:end], 1000
        tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(record) * count, start, 0)
        report = self.scan_layers(images.layer(images.file("overlap.zip", good[:start] + record * count + tail)))
        self.assert_gap(report, r"overlap\.zip")

    def test_a_version_text_in_a_file_without_code(self):
        report = self.scan_layers(images.layer(images.file("notes.txt", "OpenSSL 1.0.2 22 Jan 2015\nSQLite format 3\n3.6.0 deflate 1.1.3 Copyright 1995-1998 Jean-loup Gailly\n")))
        self.assertFalse([c["name"] for c in report["components"] if c["file"] == "notes.txt"])
        self.assertFalse([c["name"] for c in report["components"] if c["name"] in ("openssl", "sqlite")])

    def test_a_package_database_with_nonsense(self):
        report = self.scan_layers(images.layer(
            images.file("var/lib/dpkg/status.d/evil", b"Package: \x1b[31mevil\nVersion: 1\n\nPackage\n:\n" + b"X: " + b"y" * 100_000 + b"\n"),
            images.file("var/lib/dpkg/status.d/good", "Package: good\nVersion: 1.0-1\nArchitecture: amd64\n")))
        self.assertIn("good", [c["name"] for c in report["components"]])
        self.assertNotIn("\x1b", json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    harness.main()
