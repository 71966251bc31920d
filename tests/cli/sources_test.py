"""The same image, however it is packed: equal components, findings and gaps."""

import gzip
import os
import subprocess
import tarfile

import harness
import images
from harness import call, example, scan, tool


def essence(report, layers=True, verdicts=True):
    """What may not depend on the packing. A root file system has no layers."""

    def plain(row):
        row = {k: v for k, v in row.items() if k != "id" and (layers or k not in ("layer", "from"))}
        row["evidence"] = row.get("evidence", [])
        return row

    keys = {c["id"]: (c["name"], c.get("version"), c["file"]) for c in report["components"]}
    findings = [{**f, "component": keys[f["component"]]} for f in report["findings"]]
    if not verdicts:
        findings = sorted((f["id"], str(f["component"])) for f in findings)
    gaps = [{k: v for k, v in g.items() if layers or k != "layer"} for g in report["gaps"] if verdicts or g["stage"] != "code"]
    return {"components": [plain(c) for c in report["components"]], "findings": findings, "gaps": gaps, "exit_status": report["exit_status"]}


def sample():
    """The distroless example with, on top, files that an analyzer cannot place: gaps must agree too."""
    image = images.load(example("distroless-base"))
    image.layers.append(images.layer(
        images.folder("srv"), images.program("srv/unknown.bin", b"\x00\x01\x02unknown magic\xff" * 40),
        images.file("srv/readme.txt", "nothing to see\n"), images.file("srv/broken.zip", b"PK\x03\x04" + b"\xff" * 60),
        images.hardlink("srv/again.bin", "srv/unknown.bin"), images.symlink("srv/link", "/srv/readme.txt")))
    image.tag = "latest"
    return image


class SourcesAgree(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.image = sample()
        cls.archive = images.write(os.path.join(cls.folder, "image.tar"), cls.image.oci_archive())
        cls.wanted = scan(cls.archive).report

    def agrees(self, target, source, layers=True, **how):
        report = scan(target, **how).report
        self.assertEqual(report["image"]["source"], source)
        # Standard input is read once: no second look at the code, from which verdicts come.
        verdicts = target != "-"
        self.assertEqual(essence(report, layers, verdicts), essence(self.wanted, layers, verdicts))

    def test_the_sample_has_something_of_everything(self):
        """Otherwise the comparisons below would compare nothing with nothing."""
        self.assertEqual(self.wanted["image"]["source"], "oci-archive")
        self.assertGreaterEqual(len(self.wanted["components"]), 7)
        self.assertTrue(self.wanted["findings"])
        self.assertTrue([g for g in self.wanted["gaps"] if g.get("file", "").startswith("srv/")])

    def test_the_scheme_is_found_or_given(self):
        self.agrees("oci-archive:" + self.archive, "oci-archive")

    def test_oci_layout(self):
        self.image.write_layout(self.path("layout"))
        self.agrees(self.path("layout"), "oci-dir")
        self.agrees("oci-dir:" + self.path("layout"), "oci-dir")
        self.agrees("oci-dir:" + self.path("layout") + ":latest", "oci-dir")

    def test_docker_archive_of_skopeo(self):
        target = self.path("skopeo.tar")
        call(tool("skopeo"), "copy", "-q", "--insecure-policy", f"oci-archive:{self.archive}", f"docker-archive:{target}:example:latest")
        self.agrees(target, "docker-archive")
        self.agrees("docker-archive:" + target, "docker-archive")

    def test_docker_archive_of_old(self):
        target = self.write("old.tar", self.image.docker_archive())
        with tarfile.open(target) as t:  # what we wrote is what docker wrote
            self.assertIn("manifest.json", t.getnames())
        self.agrees(target, "docker-archive")

    def test_umoci_repacked(self):
        layout, bundle = self.path("umoci"), self.path("bundle")
        self.image.write_layout(layout)
        call(tool("umoci"), "unpack", "--rootless", "--image", layout + ":latest", bundle)
        with open(os.path.join(bundle, "rootfs/srv/added.txt"), "w") as f:
            f.write("added\n")
        call("umoci", "repack", "--image", layout + ":more", bundle)
        self.agrees(f"oci-dir:{layout}:more", "oci-dir")

    def test_buildah_pushed(self):
        target = self.path("buildah.tar")
        buildah = [tool("buildah"), "--root", self.path("b"), "--runroot", self.path("r"), "--storage-driver", "vfs"]
        environment = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
        call(*buildah, "pull", "-q", "--policy=always", "oci-archive:" + self.archive, env=environment)
        identity = call(*buildah, "images", "-q", env=environment).split()[0]
        call(*buildah, "push", "-q", identity, f"oci-archive:{target}:latest", env=environment)
        self.agrees(target, "oci-archive")

    def test_skopeo_recompressed_with_zstd(self):
        target = self.path("zstd-layout")
        call(tool("skopeo"), "copy", "-q", "--insecure-policy", "--dest-compress", "--dest-compress-format", "zstd", f"oci-archive:{self.archive}", f"oci:{target}:latest")
        self.agrees(target, "oci-dir")

    def test_root_file_system(self):
        root = self.path("rootfs")
        images.unpack(self.image, root)
        self.agrees(root, "dir", layers=False)
        self.agrees("dir:" + root, "dir", layers=False)

    def test_root_file_system_as_tar(self):
        """`docker export`: one tar of everything, from standard input and from a file."""
        entries = [each.tar[:-1024] for each in self.image.layers]
        data = b"".join(entries) + bytes(1024)
        self.agrees("-", "tar", layers=False, stdin=data)
        self.agrees(self.write("export.tar", data), "tar", layers=False)

    def test_standard_input(self):
        with open(self.archive, "rb") as f:
            self.agrees("-", "oci-archive", stdin=f.read())

    def test_layers_plain_and_compressed(self):
        tool("zstd")
        for name, suffix in (("plain", ""), ("zstd", "+zstd"), ("gzip", "+gzip")):
            with self.subTest(name):
                self.agrees(self.save(f"{name}.tar", self.packed(suffix)), "oci-archive")

    def packed(self, suffix, blob=None):
        layers = [images.Layer(each.tar, blob=blob and blob(each.tar), suffix=suffix, created_by=each.created_by) for each in self.image.layers]
        return images.Image(layers, self.image.entrypoint, self.image.user, self.image.env, self.image.tag)

    def test_layers_of_many_gzip_members(self):
        self.agrees(self.save("members.tar", self.packed("+gzip", images.gzipped_members)), "oci-archive")

    def test_layers_whose_media_type_says_another_compression(self):
        """The bytes decide, and the lie is told."""
        image = self.packed("")
        for each in image.layers:
            each.media_type = "application/vnd.docker.image.rootfs.diff.tar.gzip"
        report = scan(self.save("lies.tar", image)).report
        lies = [g for g in report["gaps"] if "media type" in g["reason"]]
        self.assertEqual(len(lies), len(image.layers))
        report["gaps"] = [g for g in report["gaps"] if g not in lies]
        self.assertEqual(essence(report), essence(self.wanted))

    def test_the_whole_archive_compressed(self):
        with open(self.archive, "rb") as f:
            data = f.read()
        self.agrees(self.write("image.tar.gz", gzip.compress(data, 1, mtime=0)), "oci-archive")
        zstd = subprocess.run([tool("zstd"), "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
        self.agrees(self.write("image.tar.zst", zstd), "oci-archive")


class ShadowedFiles(harness.Case):
    """Layers that replace and delete: the layered forms agree, and hidden files still count."""

    def test_layered_forms_agree(self):
        hello = images.load(example("musl-hello"))
        with_hello = images.layer(images.folder("bin"), images.program("bin/hello", next(iter_files(hello))), images.file("bin/list", "one\n"))
        image = images.Image([with_hello, images.layer(images.whiteout("bin/hello"), images.file("bin/list", "two\n"))], tag="latest")
        reports = [scan(self.save("shadow.tar", image)).report, scan(self.write("shadow-docker.tar", image.docker_archive())).report]
        self.assertEqual(essence(reports[0]), essence(reports[1]))
        rows = {(r["path"], r["layer"]): r for r in reports[0]["files"]}
        self.assertTrue(rows[("bin/hello", 0)]["shadowed"])
        self.assertEqual(rows[("bin/hello", 0)]["shadowed_by"], 1)
        self.assertTrue(rows[("bin/list", 0)]["shadowed"])
        self.assertFalse(rows[("bin/list", 1)].get("shadowed", False))
        self.assertIn("bin/hello", [c["file"] for c in reports[0]["components"]])


def iter_files(image):
    import io

    for each in image.layers:
        with tarfile.open(fileobj=io.BytesIO(each.tar)) as t:
            for info in t:
                if info.isfile():
                    yield t.extractfile(info).read()


if __name__ == "__main__":
    harness.main()
