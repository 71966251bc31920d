#!/usr/bin/env python3
"""False alarms of the configuration audit: which rows it gives for images as people build them, against
bench/audit_false_alarms.tsv, where each row that is right stands with its reason.

    bench/audit_false_alarms.py FATHOM FOLDER_OF_DEBS

FOLDER_OF_DEBS: apt-get download of the packages named in IMAGES. Prints each image's rows, says which are
not in the table (false alarms, until somebody looked) and which of the table are missing (misses), and the
time that exec and config add. Exit status 1 when there are any.
"""

import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import images  # noqa: E402
from images import Entry, Image, file, folder, layer, symlink, whiteout  # noqa: E402

NOW = "2026-11-24"
LABELS = {f"org.opencontainers.image.{key}": "https://example.org/x" for key in ("source", "revision", "version")}
SYSTEM = ["libc6", "base-files", "base-passwd", "bash", "dash", "coreutils", "dpkg", "perl-base", "zlib1g", "libssl3", "sed", "login", "passwd", "util-linux"]


def control_and_data(deb):
    names = subprocess.run(["ar", "t", deb], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    out = {}
    for kind in ("control", "data"):
        name = next(n for n in names if n.startswith(kind + ".tar"))
        blob = subprocess.run(["ar", "p", deb, name], stdout=subprocess.PIPE, check=True).stdout
        out[kind] = tarfile.open(fileobj=io.BytesIO(blob))
    return out["control"], out["data"]


class Debian:
    def __init__(self, folder):
        self.debs = {p.name.split("_")[0]: p for p in pathlib.Path(folder).glob("*.deb")}

    def layer(self, packages, database="status"):
        """One layer with the packages installed, usr merged, and dpkg's or distroless' form of the database."""
        entries = {}
        entries["tmp"] = folder("tmp", 0o1777)
        status = {}
        for package in packages:
            if package not in self.debs:
                sys.exit(f"no {package} in the folder of packages; apt-get download {package}")
            control, data = control_and_data(str(self.debs[package]))
            paragraph = control.extractfile("./control").read().decode().strip()
            listed = []
            status[package] = (paragraph + "\nStatus: install ok installed\n\n").encode()
            sums = control.extractfile("./md5sums").read() if "./md5sums" in control.getnames() else b""
            for member in data:
                path = member.name.removeprefix("./").rstrip("/")
                for top in ("bin", "sbin", "lib", "lib64"):
                    if path == top or path.startswith(top + "/"):
                        path = "usr/" + path
                if path:
                    listed.append("/" + path)
                if not path or path in ("usr/bin", "usr/lib"):
                    continue
                entry = Entry(path, type=member.type, mode=member.mode, uid=member.uid, link=member.linkname)
                if member.isfile():
                    entry.content = data.extractfile(member).read()
                if member.isdir():
                    entry.path += "/"
                if member.islnk():
                    entry.link = member.linkname.removeprefix("./")
                entries[path] = entry
            base = "var/lib/dpkg/status.d/" if database == "status.d" else "var/lib/dpkg/info/"
            entries[base + package + ".md5sums"] = file(base + package + ".md5sums", sums)
            if database == "status":
                entries[base + package + ".list"] = file(base + package + ".list", "/.\n" + "".join(p + "\n" for p in listed))
            if database == "status.d":
                entries[base + package] = file(base + package, status[package])
        if database == "status":
            entries["var/lib/dpkg/status"] = file("var/lib/dpkg/status", b"".join(status.values()))
        # What maintainer scripts make.
        if "usr/share/base-passwd/passwd.master" in entries:
            passwd = entries["usr/share/base-passwd/passwd.master"].content.replace(b":*:", b":x:")
            group = entries["usr/share/base-passwd/group.master"].content.replace(b":*:", b":x:")
            entries["etc/passwd"], entries["etc/group"] = file("etc/passwd", passwd + b"nonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n"), file("etc/group", group)
            entries["etc/shadow"] = file("etc/shadow", b"root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n", 0o640)
            entries["etc/nsswitch.conf"] = file("etc/nsswitch.conf", "passwd:         files\ngroup:          files\nhosts:          files dns\n")
        crts = [e.content for p, e in sorted(entries.items()) if p.startswith("usr/share/ca-certificates/mozilla/") and p.endswith(".crt")]
        if crts:
            entries["etc/ssl/certs/ca-certificates.crt"] = file("etc/ssl/certs/ca-certificates.crt", b"".join(crts))
        if "bash" in packages or "dash" in packages:
            entries["usr/bin/sh"] = symlink("usr/bin/sh", "dash")
        for name in ("bin", "sbin", "lib", "lib64"):
            if any(path.startswith("usr/" + name + "/") for path in entries):
                entries[name] = symlink(name, "usr/" + name)
        order = sorted(entries, key=lambda p: (entries[p].type == tarfile.LNKTYPE, p))
        return layer(*[entries[p] for p in order])


def sound(layers, **how):
    return Image(layers, **{"user": "65532:65532", "tag": "registry.example/app:1.2.3", "labels": LABELS, **how})


def build(debian):
    app = file("app/main.py", "import os\nprint(os.environ.get('TOKEN'))\n")
    tool = debian.layer
    yield "debian-slim", Image([tool(SYSTEM)], settings={"Cmd": ["bash"]}, tag="debian:bookworm-slim")
    yield "static-base", sound([tool(["base-files", "netbase", "tzdata", "ca-certificates", "base-passwd"], "status.d")])
    yield "cc-base", sound([tool(["base-files", "tzdata", "ca-certificates", "base-passwd", "libc6", "libssl3", "zlib1g"], "status.d"),
                            layer(images.program("app/server", pathlib.Path("/bin/true").read_bytes()))], entrypoint=["/app/server"])
    yield "python-app", sound([tool(SYSTEM + ["python3.11-minimal"]), layer(folder("app"), app, file("app/README.md", "Set API_KEY=your-key; tokens look like ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"))],
                              entrypoint=["python3.11", "/app/main.py"],
                              env=["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D", "PYTHON_VERSION=3.11.9", "PYTHON_SHA256=9b1e896523fc510691126c864406d9360a3d1e986acbda59cda57b5abda45b87"])
    yield "nginx-like", sound([tool(SYSTEM + ["openssl", "ca-certificates"])], user="", settings={"ExposedPorts": {"80/tcp": {}}}, entrypoint=["openssl"], tag="nginx:1.25.3")
    yield "postgres-like", sound([tool(SYSTEM)], entrypoint=["bash"], env=["PATH=/usr/bin:/bin", "PGDATA=/var/lib/postgresql/data", "PGPASSFILE=/run/secrets/pg", "POSTGRES_PASSWORD_FILE=/run/secrets/pw"])
    yield "builder", Image([tool(SYSTEM + ["gcc-12", "cpp-12", "binutils-x86-64-linux-gnu", "make", "git", "curl", "ca-certificates", "apt"]),
                            layer(file("src/.git/HEAD", "ref: refs/heads/main\n"), file("src/main.o", pathlib.Path("/bin/true").read_bytes()),
                                  file("var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease", bytes(200_000)))], settings={"Cmd": ["bash"]}, tag="builder:latest")
    slim = tool(SYSTEM)
    yield "docs-removed", sound([slim, layer(whiteout("usr/share/doc"), whiteout("usr/share/man"))], entrypoint=["bash"])
    yield "upgraded", sound([tool([p for p in SYSTEM if p != "sed"]), tool(SYSTEM)], entrypoint=["bash"])
    yield "toolbox", Image([tool(SYSTEM + ["curl", "wget", "netcat-openbsd", "socat", "openssh-client", "strace", "gdb", "vim-tiny", "tcpdump", "sudo"])],
                           settings={"Cmd": ["bash"]}, tag="toolbox:2024.1", labels=LABELS)


def targets(debian, work):
    for example in sorted((ROOT / "examples").glob("*.tar")):
        yield "examples/" + example.stem, str(example)
    for name, image in build(debian):
        path = os.path.join(work, name + ".tar")
        pathlib.Path(path).write_bytes(image.oci_archive())
        yield name, path


def main():
    binary, debs = sys.argv[1:3]
    expected = {}
    for line in (ROOT / "bench" / "audit_false_alarms.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            image, rule, reason = line.split("\t")
            expected.setdefault(image, {})[rule] = reason
    alarms = misses = checked = 0
    with tempfile.TemporaryDirectory() as work:
        for name, path in targets(Debian(debs), work):
            done = subprocess.run([binary, "scan", path, "-q", "-o", "json", "--now", NOW], stdout=subprocess.PIPE)
            report = json.loads(done.stdout)
            found = {row["id"]: row for row in report["configuration"]}
            right = expected.get(name, {})
            checked += len(right)
            print(f"{name}: shell {report['execution']['shell']['verdict']}, {len(report['execution']['tools'])} tools, rows: {', '.join(found) or 'none'}")
            for rule in sorted(found.keys() - right.keys()):
                alarms += 1
                for e in found[rule]["evidence"][:4]:
                    print(f"  NOT IN THE TABLE {rule} ({found[rule]['count']}): {e.get('file', '')} {e['seen'][:120]}")
            for rule in sorted(right.keys() - found.keys()):
                misses += 1
                print(f"  MISSING {rule}: {right[rule]}")
    print(f"{checked} rows expected; {alarms} not in the table, {misses} missing")
    return 1 if alarms or misses else 0


sys.exit(main())
