"""Writes container images, byte for byte the same each time: tar layers, OCI layouts and archives,
and both forms of docker archives. examples/make.py makes its images with it, and the tests theirs.

Well-formed by default, and every part can be replaced by a broken one: an entry may carry a raw
header, a layer may state any digest, a manifest any document.
"""

import dataclasses
import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
import zlib

EPOCH = 1577836800  # 2020-01-01T00:00:00Z, the time of everything in an image
CREATED = "2020-01-01T00:00:00Z"

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def canonical(document):
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


# Entries of a layer ---------------------------------------------------------------------------


@dataclasses.dataclass
class Entry:
    path: str
    type: bytes = tarfile.REGTYPE
    content: bytes = b""
    mode: int = 0o644
    link: str = ""
    uid: int = 0
    raw: bytes = None  # written in place of header and content
    pax: dict = dataclasses.field(default_factory=dict)  # extended header records


def file(path, content, mode=0o644):
    return Entry(path, content=content if isinstance(content, bytes) else content.encode(), mode=mode)


def program(path, content):
    return file(path, content, 0o755)


def folder(path, mode=0o755, uid=0):
    return Entry(path.rstrip("/") + "/", tarfile.DIRTYPE, mode=mode, uid=uid)


def symlink(path, target):
    return Entry(path, tarfile.SYMTYPE, link=target, mode=0o777)


def hardlink(path, target):
    return Entry(path, tarfile.LNKTYPE, link=target)


def device(path, kind=tarfile.CHRTYPE):
    return Entry(path, kind)


def whiteout(path):
    head, _, name = path.rpartition("/")
    return file(f"{head}/.wh.{name}".lstrip("/"), b"")


def opaque(path):
    return file(path.rstrip("/") + "/.wh..wh..opq", b"")


def raw(data):
    return Entry("", raw=data)


def tar(entries, end=True, form=tarfile.PAX_FORMAT):
    """The entries as a tar, in the given order, with or without the two zero blocks."""
    out = bytearray()
    for entry in entries:
        if entry.raw is not None:
            out += entry.raw
            continue
        info = tarfile.TarInfo(entry.path)
        info.type, info.mode, info.uid, info.gid, info.mtime = entry.type, entry.mode, entry.uid, entry.uid, EPOCH
        info.linkname, info.size = entry.link, len(entry.content)
        info.pax_headers = dict(entry.pax)
        out += info.tobuf(form, "utf-8", "surrogateescape") + entry.content + bytes(-len(entry.content) % 512)
    return bytes(out) + (bytes(1024) if end else b"")


def tree(*paths):
    """Folder entries for every parent of the given paths, parents first."""
    parents = {p[: i] for p in paths for i, c in enumerate(p) if c == "/"}
    return [folder(p) for p in sorted(parents)]


# Compression ------------------------------------------------------------------------------------


def gzipped(data, level=9):
    return gzip.compress(data, level, mtime=0)


def gzipped_members(data, pieces=3):
    """One gzip file of several members, as pigz -i, estargz and concatenation make them."""
    step = max(1, len(data) // pieces)
    return b"".join(gzipped(data[i : i + step]) for i in range(0, len(data), step))


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c", "-3"], input=data, stdout=subprocess.PIPE, check=True).stdout


def zip_file(members, method=8):
    """A zip of (name, content) pairs; written with the standard library, times fixed."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, content in members:
            info = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            info.compress_type = method
            z.writestr(info, content)
    return out.getvalue()


# Images -----------------------------------------------------------------------------------------


@dataclasses.dataclass
class Layer:
    tar: bytes
    blob: bytes = None
    suffix: str = "+gzip"
    digest: str = ""  # as the manifest states it
    diff_id: str = ""  # as the config states it
    size: int = -1  # as the manifest states it
    created_by: str = ""
    media_type: str = ""
    extra: dict = dataclasses.field(default_factory=dict)  # further keys of the descriptor

    def __post_init__(self):
        if self.blob is None:
            self.blob = {"+gzip": gzipped, "+zstd": zstd, "": bytes}[self.suffix](self.tar)
        self.digest = self.digest or sha256(self.blob)
        self.diff_id = self.diff_id or sha256(self.tar)
        self.size = len(self.blob) if self.size < 0 else self.size
        self.media_type = self.media_type or LAYER + self.suffix


def layer(*entries, **how):
    return Layer(tar(entries), **how)


@dataclasses.dataclass
class Image:
    layers: list
    entrypoint: list = dataclasses.field(default_factory=list)
    user: str = ""
    env: list = dataclasses.field(default_factory=lambda: ["PATH=/usr/local/bin:/usr/bin:/bin"])
    tag: str = "example:latest"
    platform: tuple = ("linux", "amd64")
    labels: dict = dataclasses.field(default_factory=dict)
    settings: dict = dataclasses.field(default_factory=dict)  # further keys of the config's "config"
    history: list = dataclasses.field(default_factory=list)  # further lines, without a layer

    def config(self):
        settings = {"Env": self.env, **self.settings}
        for key, value in (("Entrypoint", self.entrypoint), ("User", self.user), ("Labels", self.labels)):
            if value:
                settings[key] = value
        return canonical({
            "created": CREATED, "os": self.platform[0], "architecture": self.platform[1], "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [each.diff_id for each in self.layers]},
            "history": [{"created": CREATED, "created_by": each.created_by or f"layer {i}"} for i, each in enumerate(self.layers)]
            + [{"created": CREATED, "created_by": line, "empty_layer": True} for line in self.history]})

    def manifest(self):
        config = self.config()
        return {
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": sha256(config), "size": len(config)},
            "layers": [{"mediaType": each.media_type, "digest": each.digest, "size": each.size, **each.extra} for each in self.layers]}

    def oci_files(self, manifest=None, index=None):
        """{path: bytes} of an OCI layout; `manifest` and `index` replace the honest documents."""
        config = self.config()
        manifest = canonical(manifest if manifest is not None else self.manifest())
        files = {"oci-layout": canonical({"imageLayoutVersion": "1.0.0"})}
        for blob, digest in [(config, sha256(config)), (manifest, sha256(manifest))] + [(each.blob, each.digest) for each in self.layers]:
            files["blobs/" + digest.replace(":", "/")] = blob
        files["index.json"] = canonical(index if index is not None else self.index(manifest))
        return files

    def index(self, manifest):
        return {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{
            "mediaType": MANIFEST, "digest": sha256(manifest), "size": len(manifest),
            "platform": {"os": self.platform[0], "architecture": self.platform[1]},
            "annotations": {"org.opencontainers.image.ref.name": self.tag}}]}

    def oci_archive(self, **replaced):
        return archive(self.oci_files(**replaced))

    def write_layout(self, path, **replaced):
        write_files(path, self.oci_files(**replaced))

    def docker_archive(self):
        """As `docker save` wrote it before 25: <id>/layer.tar, uncompressed, and manifest.json."""
        config = self.config()
        name = hashlib.sha256(config).hexdigest() + ".json"
        files, paths = {}, []
        for i, each in enumerate(self.layers):
            path = hashlib.sha256(f"{i}{each.diff_id}".encode()).hexdigest()
            paths.append(path + "/layer.tar")
            files[path + "/VERSION"] = b"1.0"
            files[path + "/json"] = canonical({"id": path})
            files[path + "/layer.tar"] = each.tar
        files[name] = config
        files["manifest.json"] = canonical([{"Config": name, "RepoTags": [self.tag], "Layers": paths}])
        return archive(files)


def archive(files):
    """{path: bytes} as a tar with its folders, sorted."""
    return tar(tree(*files) + [file(path, files[path]) for path in sorted(files)])


def write_files(root, files):
    for path, content in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
        with open(os.path.join(root, path), "wb") as out:
            out.write(content)


def write(path, data):
    with open(path, "wb") as out:
        out.write(data)
    return path


def read_layers(path):
    """The layer tars of an OCI archive, base first."""
    with tarfile.open(path) as t:
        def blob(digest):
            return t.extractfile("blobs/" + digest.replace(":", "/")).read()

        index = json.load(t.extractfile("index.json"))
        manifest = json.loads(blob(index["manifests"][0]["digest"]))
        return [zlib.decompress(blob(each["digest"]), 31) for each in manifest["layers"]]


def load(path):
    """An image that make.py wrote, as an Image again."""
    with tarfile.open(path) as t:
        def blob(digest):
            return t.extractfile("blobs/" + digest.replace(":", "/")).read()

        descriptor = json.load(t.extractfile("index.json"))["manifests"][0]
        manifest = json.loads(blob(descriptor["digest"]))
        config = json.loads(blob(manifest["config"]["digest"]))
    settings = config["config"]
    history = config["history"]
    return Image(
        [Layer(data, created_by=history[i]["created_by"]) for i, data in enumerate(read_layers(path))],
        entrypoint=settings.get("Entrypoint", []), user=settings.get("User", ""), env=settings.get("Env", []),
        labels=settings.get("Labels", {}), tag=descriptor["annotations"]["org.opencontainers.image.ref.name"],
        platform=(config["os"], config["architecture"]))


def unpack(image, root):
    """The root file system of an honest image as a folder (no whiteouts across names needed)."""
    for each in image.layers:
        with tarfile.open(fileobj=io.BytesIO(each.tar)) as t:
            t.extractall(root, filter="fully_trusted") if hasattr(tarfile, "fully_trusted_filter") else t.extractall(root)
