"""Where sources come from: registries, by their ordinary clients. Everything is kept in a cache and fetched once.

Each origin yields Tree values: what the tag is called, which version it is, and the files in memory.
"""

import datetime
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from typing import NamedTuple


class Tree(NamedTuple):
    tag: str
    version: str
    date: str
    files: dict  # path: bytes


def _run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(command[:4]), (done.stderr or done.stdout).strip()[-300:]))
    return done.stdout


def unpack(path, choice, strip=1):
    """({path: bytes} of the chosen files, newest date). `strip` leading folders are taken off."""
    files, newest = {}, 0
    data = None
    if str(path).endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                name = member.filename.split("/", strip)[-1] if strip else member.filename
                if not member.is_dir() and choice.takes(name):
                    files[name] = archive.read(member)
                newest = max(newest, int(datetime.datetime(*member.date_time).timestamp()))
        return files, _day(newest)
    if str(path).endswith(".zst"):
        data = io.BytesIO(subprocess.run(["zstd", "-dcq", "--long=31", str(path)], capture_output=True, check=True).stdout)
    with tarfile.open(None if data else path, fileobj=data) as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            parts = name.split("/", strip)
            if len(parts) <= strip:
                continue
            name = parts[-1]
            if member.isfile():
                newest = max(newest, int(member.mtime))
                if choice.takes(name):
                    files[name] = archive.extractfile(member).read()
    return files, _day(newest)


def unpack_inner(path, inner, choice):
    """As unpack, of an archive that is a file in the archive `path`."""
    with tarfile.open(path) as archive:
        member = next((m for m in archive if m.name.split("/", 1)[-1] == inner), None)
        if member is None:
            return {}, ""
        with tempfile.NamedTemporaryFile(suffix=os.path.basename(inner)) as copy:
            shutil.copyfileobj(archive.extractfile(member), copy)
            copy.flush()
            return unpack(copy.name, choice)


def _day(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d") if seconds > 86400 * 365 else ""


def rooted(files, roots):
    """The files below the first of `roots` that exists, named from there."""
    for root in roots:
        found = {p[len(root):]: b for p, b in files.items() if p.startswith(root)}
        if found:
            return found
    return {}


class Debian:
    """Source packages of the suites in a private apt configuration in the cache."""

    SUITES = ("bullseye", "bookworm", "bookworm-backports", "trixie", "trixie-backports", "sid", "experimental")
    SECURITY = ("bullseye", "bookworm", "trixie")

    def __init__(self, cache):
        self.cache = pathlib.Path(cache)
        self.folder = self.cache / "debian"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.env = dict(os.environ, APT_CONFIG=str(self._configure()))
        self.known = {}

    def _configure(self):
        apt = self.cache / "apt"
        config = apt / "apt.conf"
        if config.exists():
            return config
        for folder in ("lists/partial", "archives/partial"):
            (apt / folder).mkdir(parents=True, exist_ok=True)
        key = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
        rows = ["deb-src %s http://deb.debian.org/debian %s main" % (key, s) for s in self.SUITES]
        rows += ["deb %s http://deb.debian.org/debian %s main" % (key, s) for s in ("bullseye", "bookworm", "trixie", "sid")]
        rows += ["deb-src %s http://deb.debian.org/debian-security %s-security main" % (key, s) for s in self.SECURITY]
        (apt / "sources.list").write_text("\n".join(rows) + "\n")
        config.write_text('Dir::Etc::sourcelist "%s/sources.list";\nDir::Etc::sourceparts "-";\nDir::State::lists "%s/lists";\n'
                          'Dir::Cache "%s";\nDir::State::status "/dev/null";\nAcquire::Languages "none";\n'
                          'APT::Sandbox::User "root";\n' % (apt, apt, apt))
        _run(["apt-get", "update", "-q"], env=dict(os.environ, APT_CONFIG=str(config)))
        return config

    def prepare(self, packages):
        """Asks for all packages at once: apt reads its lists for every question."""
        missing = [p for p in packages if not self._stored(p).exists()]
        if not missing:
            return
        self._stored(missing[0]).parent.mkdir(exist_ok=True)
        out = {p: {} for p in missing}
        done = subprocess.run(["apt-cache", "showsrc", "--only-source"] + missing, env=self.env, capture_output=True, text=True)
        for paragraph in done.stdout.split("\n\n"):
            package, version = (re.search(r"^%s: (\S+)" % k, paragraph, re.M) for k in ("Package", "Version"))
            files = re.search(r"^(?:Files|Checksums-Sha256):\n((?: .*\n?)+)", paragraph, re.M)
            if package and version and files and "Extra-Source-Only: yes" not in paragraph:
                out[package[1]][version[1]] = [row.split()[2] for row in files[1].strip().split("\n")]
        for package, versions in out.items():
            self._stored(package).write_text(json.dumps(versions, sort_keys=True))

    def _stored(self, package):
        return self.cache / "showsrc" / (package + ".json")

    def _sources(self, package):
        """{version: [file name]} of a source package."""
        if package not in self.known:
            self.prepare([package])
            self.known[package] = json.loads(self._stored(package).read_text())
        return self.known[package]

    def fetch(self, packages):
        """Brings the archives of all versions; what the mirror has no more is left out."""
        want = []
        for package in packages:
            for version, files in self._sources(package).items():
                if not all((self.folder / f).exists() for f in files) and not (self.folder / (files[0] + ".gone")).exists():
                    want.append((package, version, files))
        for i in range(0, len(want), 25):
            some = want[i:i + 25]
            subprocess.run(["apt-get", "source", "-qq", "--download-only", "--only-source"] + ["%s=%s" % w[:2] for w in some],
                           cwd=self.folder, env=self.env, capture_output=True)
            for _, _, files in some:
                if not all((self.folder / f).exists() for f in files):
                    (self.folder / (files[0] + ".gone")).touch()

    def trees(self, package, choice, recipe):
        """Upstream's sources, once for each upstream version, and for `patched` ones with Debian's patches."""
        seen = set()
        for version, files in sorted(self._sources(package).items()):
            upstream = upstream_version(version, recipe)
            archives = [f for f in files if re.search(r"\.orig(?:-\w[\w.-]*)?\.tar\.(?:gz|xz|bz2|lzma)$", f)]
            if not archives and (native := [f for f in files if re.search(r"\.tar\.(?:gz|xz|bz2)$", f) and ".debian." not in f]):
                archives = native
            main = [f for f in sorted(archives, key=lambda f: ".orig-" in f) if (self.folder / f).exists()]
            if upstream is None or not main or (".orig-" in main[0] and ".orig." in "".join(archives)):
                continue
            if main[0] not in seen:
                seen.add(main[0])
                yield lambda v=version, u=upstream, a=main: self._upstream(v, u, a, choice, recipe)
            patches = [f for f in files if ".debian.tar." in f]
            if recipe.get("patched") and patches and (self.folder / patches[0]).exists():
                yield lambda v=version, u=upstream, a=main, p=patches[0]: self._patched(v, u, a, p, choice, recipe)

    def _upstream(self, version, upstream, archives, choice, recipe):
        files, date = unpack(self.folder / archives[0], choice)
        for archive in archives[1:]:
            part = re.search(r"\.orig-([\w.-]+)\.tar", archive)[1]
            more, _ = unpack(self.folder / archive, _Below(choice, part + "/"))
            files.update((part + "/" + p, b) for p, b in more.items())
        return Tree("debian:" + re.sub(r"^\d+:", "", version).rsplit("-", 1)[0], upstream, date, files)

    def _patched(self, version, upstream, archives, patches, choice, recipe):
        files, _ = unpack(self.folder / archives[0], choice)
        with tempfile.TemporaryDirectory(dir=self.cache) as folder:
            for path, content in files.items():
                target = os.path.join(folder, "tree", path)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "wb") as out:
                    out.write(content)
            with tarfile.open(self.folder / patches) as archive:
                members = {m.name.removeprefix("./"): m for m in archive if m.isfile()}
                date = _day(max(int(m.mtime) for m in members.values()))
                series = members.get("debian/patches/series")
                for row in archive.extractfile(series).read().decode().split("\n") if series else []:
                    words = row.split("#")[0].split()
                    if not words or "debian/patches/" + words[0] not in members:
                        continue
                    level = next((w for w in words[1:] if w.startswith("-p")), "-p1")
                    subprocess.run(["patch", "-s", "-f", "-N", "-r", "-", "--no-backup-if-mismatch", level], cwd=folder + "/tree",
                                   input=archive.extractfile(members["debian/patches/" + words[0]]).read(), capture_output=True)
            out = {}
            for base, _, names in os.walk(folder + "/tree"):
                for name in names:
                    path = os.path.relpath(os.path.join(base, name), folder + "/tree")
                    if choice.takes(path) and os.path.isfile(os.path.join(base, name)):
                        with open(os.path.join(base, name), "rb") as file:
                            out[path] = file.read()
        return Tree("debian:" + re.sub(r"^\d+:", "", version), upstream, date, out)


class _Below:
    def __init__(self, choice, prefix):
        self.choice, self.prefix = choice, prefix

    def takes(self, path):
        return self.choice.takes(self.prefix + path)


def upstream_version(version, recipe):
    """Upstream's own version in a Debian version; None if the recipe does not want it."""
    version = re.sub(r"^\d+:", "", version).rsplit("-", 1)[0]
    really = re.search(r"\+really(.*)", version)
    version = really[1] if really else version
    version = re.sub(r"[+~.](?:dfsg|ds|repack|repacked|debian|clean|~cs|really|git|svn|nopath|free|p1-0|orig)[\w.+~]*$", "", version)
    version = re.sub(r"\+~cs.*|~cs.*", "", version).replace("~", "")
    if "version" in recipe:
        found = re.match(recipe["version"], version)
        if not found:
            return None
        version = ".".join(g for g in found.groups() if g) if found.groups() else found[0]
    return version


class Cargo:
    """Crates, each version by a project of its own that depends on it and nothing else."""

    def __init__(self, cache, offline):
        self.offline = offline
        self.home = pathlib.Path(cache) / "cargo"
        self.home.mkdir(parents=True, exist_ok=True)
        self.env = dict(os.environ, CARGO_HOME=str(self.home), CARGO_NET_RETRY="3")

    def versions(self, name):
        """All versions that are not yanked, as cargo's own index copy states them."""
        stored = self._index_file(name)
        if not stored:
            self._fetch(name, "*")
            stored = self._index_file(name)
        if not stored:
            return []
        out = []
        for part in stored.read_bytes().split(b"\0"):
            if part.startswith(b"{"):
                row = json.loads(part)
                if not row.get("yanked"):
                    out.append(row["vers"])
        return out

    def _index_file(self, name):
        low = name.lower()
        folder = {1: "1", 2: "2", 3: "3/" + low[:1]}.get(len(low), low[:2] + "/" + low[2:4])
        return next(iter(sorted(self.home.glob("registry/index/*/.cache/%s/%s" % (folder, low)))), None)

    def _fetch(self, name, version):
        if self.offline:
            return
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "src").mkdir()
            pathlib.Path(folder, "src/lib.rs").touch()
            pathlib.Path(folder, "Cargo.toml").write_text(
                '[package]\nname = "x"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n"%s" = { version = "%s", '
                'default-features = false }\n' % (name, version if version == "*" else "=" + version))
            subprocess.run(["cargo", "fetch", "-q"], cwd=folder, env=self.env, capture_output=True)

    def archive(self, name, version):
        def found():
            return next(iter(sorted(self.home.glob("registry/cache/*/%s-%s.crate" % (name, version)))), None)
        if not found():
            self._fetch(name, version)
            shutil.rmtree(self.home / "registry" / "src", ignore_errors=True)
        return found()


class Go:
    def __init__(self, cache, offline):
        self.env = dict(os.environ, GOPROXY="off" if offline else os.environ.get("GOPROXY", ""), GOMODCACHE=str(pathlib.Path(cache) / "go"), GOFLAGS="-mod=mod -modcacherw", GOTOOLCHAIN="local")
        os.makedirs(self.env["GOMODCACHE"], exist_ok=True)

    def versions(self, name):
        stored = pathlib.Path(self.env["GOMODCACHE"]) / (name.replace("/", "-") + ".versions.json")
        if self.env["GOPROXY"] != "off":
            with tempfile.TemporaryDirectory() as folder:
                stored.write_text(_run(["go", "list", "-m", "-versions", "-json", name], cwd=folder, env=self.env))
        return json.loads(stored.read_text()).get("Versions", []) if stored.exists() else []

    def archive(self, name, version):
        with tempfile.TemporaryDirectory() as folder:
            return json.loads(_run(["go", "mod", "download", "-json", "%s@%s" % (name, version)], cwd=folder, env=self.env))["Zip"]


class Npm:
    def __init__(self, cache, offline):
        self.offline = offline
        self.folder = pathlib.Path(cache) / "npm"
        self.folder.mkdir(parents=True, exist_ok=True)

    def versions(self, name):
        stored = self.folder / (name.replace("/", "-").lstrip("@") + ".versions.json")
        if not self.offline:
            stored.write_text(_run(["npm", "view", name, "versions", "--json"], cwd=self.folder))
        out = json.loads(stored.read_text()) if stored.exists() else []
        return out if isinstance(out, list) else [out]

    def archive(self, name, version):
        target = self.folder / ("%s-%s.tgz" % (name.replace("/", "-").lstrip("@"), version))
        if not target.exists() and not self.offline:
            _run(["npm", "pack", "--silent", "%s@%s" % (name, version), "--pack-destination", str(self.folder)], cwd=self.folder)
        return target if target.exists() else None
