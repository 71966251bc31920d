#!/usr/bin/env python3
"""Makes the example images from registry packages:  make.py [name…]  (all of them without a name)

Each image is one function below: what is fetched (by the ordinary clients go, cargo and apt-get, at
pinned versions and digests), how it is compiled, and what goes into which layer. The same toolchains
give the same bytes; SHA256SUMS holds the digests, `make.py --check` says whether they still hold,
and README.md names the toolchains that were used. Work happens in build/examples.
"""

import hashlib
import io
import lzma
import os
import shutil
import subprocess
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
WORK = os.path.join(ROOT, "build", "examples")
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

from images import EPOCH, Image, file, folder, layer, program, symlink, tree  # noqa: E402

MOST_BYTES = 4_000_000  # of one archive
ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH), "LC_ALL": "C", "TZ": "UTC"}


# The images -------------------------------------------------------------------------------------


def sqlite_service(work):
    """A Go HTTP service with SQLite compiled in by cgo, alone in a scratch image."""
    binary = build_go("sqlite-service", work, "notesd", tags="netgo,osusergo,sqlite_omit_load_extension")
    return Image(
        [layer(folder("data", 0o750, uid=65532), program("notesd", binary), created_by="COPY notesd /notesd")],
        entrypoint=["/notesd"], user="65532", tag="sqlite-service:1")


def musl_hello(work):
    """A static C program on musl, the smallest image that holds somebody else's code."""
    target = os.path.join(work, "hello")
    run("musl-gcc", "-Os", "-static", "-s", "-Wl,--build-id=none", "-o", target, source("musl-hello", "hello.c"))
    return Image([layer(program("hello", read(target)), created_by="COPY hello /hello")], entrypoint=["/hello"], tag="musl-hello:1")


def openssl_static(work):
    """A C program with OpenSSL 1.1.1t and zlib 1.2.11 linked in statically, stripped."""
    crates = fetch_crates("openssl-static", work)
    openssl = build_openssl(crates["openssl-src"], work)
    zlib = build_zlib(crates["libz-sys"], work)
    target = os.path.join(work, "seal")
    run("gcc", "-O2", "-static", "-s", "-Wl,--build-id=none", "-Wl,--gc-sections",
        "-I", os.path.join(openssl, "include"), "-I", zlib, "-o", target, source("openssl-static", "seal.c"),
        os.path.join(openssl, "libssl.a"), os.path.join(openssl, "libcrypto.a"), os.path.join(zlib, "libz.a"), "-lpthread")
    return Image([layer(*tree("usr/local/bin/seal"), program("usr/local/bin/seal", read(target)), created_by="COPY seal /usr/local/bin/seal")],
                 entrypoint=["/usr/local/bin/seal"], user="65532", tag="openssl-static:1")


def distroless_base(work):
    """Debian packages without dpkg, as distroless images have them, below a program that brings an old zlib of its own."""
    zlib = build_zlib(fetch_crates("openssl-static", work)["libz-sys"], work)
    shared = os.path.join(work, "libz.so.1")
    run("gcc", "-shared", "-s", "-Wl,-soname,libz.so.1", "-Wl,--build-id=none", "-o", shared, "-Wl,--whole-archive", os.path.join(zlib, "libz.a"), "-Wl,--no-whole-archive")
    app = os.path.join(work, "crc")
    run("gcc", "-O2", "-s", "-Wl,--build-id=none", "-Wl,-rpath,/app/lib", "-I", zlib, "-o", app, source("distroless-base", "crc.c"), shared)
    return Image(
        [debian_layer(work, "base-files", "netbase"), debian_layer(work, "tzdata"), debian_layer(work, "libc6", "libgcc-s1", "zlib1g"),
         layer(*tree("app/bin/crc", "app/lib/libz.so.1"), program("app/bin/crc", read(app)), file("app/lib/libz.so.1", read(shared)), created_by="COPY app /app")],
        entrypoint=["/app/bin/crc"], user="65532", tag="distroless-base:1",
        env=["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"])


def rust_static(work):
    """A Rust program with five crates, statically linked and stripped."""
    return rust_image(work, "rust-static", ["cargo", "build"])


def rust_auditable(work):
    """The same program built by cargo-auditable, which leaves its list of crates in the file."""
    return rust_image(work, "rust-auditable", ["cargo", "auditable", "build"])


IMAGES = {f.__name__.replace("_", "-"): f for f in (sqlite_service, musl_hello, openssl_static, distroless_base, rust_static, rust_auditable)}

# Debian moves on: a package that was superseded can no longer be fetched by this version, and then
# the line below is to be brought up to date together with SHA256SUMS and README.md.
PACKAGES = {
    "base-files": ("12.4+deb12u15", "3eb1ea6d85488f488cc2a163b98ad640ef88cee4c79287cf14e361aaf6206f47"),
    "netbase": ("6.4", "29b23c48c0fe6f878e56c5ddc9f65d1c05d729360f3690a593a8c795031cd867"),
    "tzdata": ("2026f-0+deb12u1", "3254eb870c8a949518214805aee5e4276af7699988ea8b9a3a583cd0f1eab31c"),
    "zlib1g": ("1:1.2.13.dfsg-1", "d7dd1d1411fedf27f5e27650a6eff20ef294077b568f4c8c5e51466dc7c08ce4"),
    "libc6": ("2.36-9+deb12u14", "ba4f88f73dbc3ae9055f3c20f4523bfdbaf1ad13ff95e258924f77d20b4fbedf"),
    "libgcc-s1": ("12.2.0-14+deb12u1", "3016e62cb4b7cd8038822870601f5ed131befe942774d0f745622cc77d8a88f7"),
}
LEFT_OUT = ("usr/share/lintian", "usr/share/man", "usr/share/common-licenses", "usr/lib/x86_64-linux-gnu/gconv", "usr/lib/x86_64-linux-gnu/audit",
            "lib/x86_64-linux-gnu/gconv", "lib/x86_64-linux-gnu/audit", "lib/x86_64-linux-gnu/libmvec", "lib/x86_64-linux-gnu/libnsl")
ZONES = ("Etc/UTC", "Etc/GMT", "UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo")  # of tzdata; the rest is left out


# Compilers --------------------------------------------------------------------------------------


def build_go(name, work, output, tags):
    folder_ = copy_source(name, work)
    target = os.path.join(work, output)
    environment = {**ENVIRONMENT, "CGO_ENABLED": "1", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local", "GOAMD64": "v1",
                   "GOOS": "linux", "GOARCH": "amd64", "CGO_CFLAGS": "-O2 -g"}
    run("go", "build", "-trimpath", "-tags", tags, "-ldflags", '-s -w -linkmode external -extldflags "-static"', "-o", target, ".",
        cwd=folder_, env=environment)
    return read(target)


def rust_image(work, name, command):
    folder_ = copy_source("rust-static", work)
    cargo_home = os.path.abspath(os.environ.get("CARGO_HOME", os.path.expanduser("~/.cargo")))
    flags = ["-Ctarget-feature=+crt-static", f"--remap-path-prefix={cargo_home}=/usr/local/cargo", f"--remap-path-prefix={folder_}=/src"]
    environment = {**ENVIRONMENT, "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags), "CARGO_TARGET_DIR": os.path.join(work, "target")}
    run(*command, "--release", "--locked", "--target", "x86_64-unknown-linux-gnu", cwd=folder_, env=environment)
    binary = read(os.path.join(work, "target", "x86_64-unknown-linux-gnu", "release", "logcount"))
    return Image([layer(program("logcount", binary), created_by="COPY logcount /logcount")], entrypoint=["/logcount"], user="65532", tag=name + ":1")


def fetch_crates(name, work):
    """{crate: folder} of what Cargo.lock pins; cargo checks the digests."""
    folder_ = copy_source(name, work)
    vendor = os.path.join(work, "vendor")
    if not os.path.isdir(vendor):
        run("cargo", "vendor", "--quiet", "--locked", vendor, cwd=folder_, stdout=subprocess.DEVNULL)
    return {crate: os.path.join(vendor, crate) for crate in os.listdir(vendor)}


def build_openssl(crate, work):
    folder_ = os.path.join(work, "openssl")
    if not os.path.exists(os.path.join(folder_, "libssl.a")):
        shutil.rmtree(folder_, ignore_errors=True)
        shutil.copytree(os.path.join(crate, "openssl"), folder_)
        run("perl", "./Configure", "linux-x86_64", "no-shared", "no-dso", "no-tests", "no-engine", "no-idea",
            "--prefix=/usr/local", "--openssldir=/etc/ssl", "-ffunction-sections", "-fdata-sections", cwd=folder_)
        run("make", "-s", f"-j{os.cpu_count()}", "build_libs", cwd=folder_)
    return folder_


def build_zlib(crate, work):
    folder_ = os.path.join(work, "zlib")
    target = os.path.join(folder_, "libz.a")
    if not os.path.exists(target):
        shutil.rmtree(folder_, ignore_errors=True)
        shutil.copytree(os.path.join(crate, "src", "zlib"), folder_)
        sources = "adler32 compress crc32 deflate gzclose gzlib gzread gzwrite infback inffast inflate inftrees trees uncompr zutil".split()
        run("gcc", "-c", "-O2", "-fPIC", "-DHAVE_UNISTD_H", "-D_LARGEFILE64_SOURCE=1", *(s + ".c" for s in sources), cwd=folder_)
        run("ar", "rcsD", target, *(s + ".o" for s in sources), cwd=folder_)
    return folder_


# Debian packages --------------------------------------------------------------------------------


def debian_layer(work, *names):
    """The files of packages, with var/lib/dpkg/status.d/<name> and .md5sums in place of a database."""
    entries = {}
    for name in names:
        data, control = debian_package(work, name)
        entries.update({e.path: e for e in data})
        status = "var/lib/dpkg/status.d/" + name
        entries[status] = file(status, control["control"])
        entries[status + ".md5sums"] = file(status + ".md5sums", kept_sums(control["md5sums"], entries))
    parents = {e.path: e for e in tree(*entries)}
    return layer(*(entries.get(p) or parents[p] for p in sorted({*entries, *parents})), created_by="bazel build " + " ".join(names))


def kept_sums(text, entries):
    """Distroless lists what it ships; documentation that was left out is not in the sums either."""
    return b"".join(line for line in text.splitlines(True) if line.split(None, 1)[1].strip().decode() in entries)


def debian_package(work, name):
    version, digest = PACKAGES[name]
    path = os.path.join(work, f"{name}.deb")
    if not os.path.exists(path):
        download = os.path.join(work, "download-" + name)
        os.makedirs(download, exist_ok=True)
        run("apt-get", "download", "-q", "-q", f"{name}={version}", cwd=download)
        os.rename(os.path.join(download, os.listdir(download)[0]), path)
    if hashlib.sha256(read(path)).hexdigest() != digest:
        sys.exit(f"{name} {version}: the digest is {hashlib.sha256(read(path)).hexdigest()}, not {digest}")
    members = dict(ar_members(read(path)))
    data = [convert(t, info) for t, info in tar_members(members["data.tar.xz"])]
    control = {info.name.removeprefix("./"): t.extractfile(info).read() for t, info in tar_members(members["control.tar.xz"]) if info.isfile()}
    return [e for e in data if e and wanted(e.path)], control


def wanted(path):
    """Nothing of the documentation but the licences, and few time zones."""
    if path.startswith("usr/share/zoneinfo/"):
        zone = path.removeprefix("usr/share/zoneinfo/").rstrip("/")
        return any(each == zone or each.startswith(zone + "/") for each in ZONES)
    if path.startswith("usr/share/doc/"):
        return path.endswith("/copyright") or path.count("/") <= 4 and path.endswith("/")
    return path and not path.startswith(LEFT_OUT)


def convert(t, info):
    path = info.name.removeprefix("./")
    if path in ("", "."):
        return None
    if info.isdir():
        return folder(path, info.mode)
    if info.issym():
        return symlink(path, info.linkname)
    return file(path, t.extractfile(info).read(), info.mode)


def tar_members(data):
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(data))) as t:
        yield from ((t, info) for info in t)


def ar_members(data):
    at = 8
    while at < len(data):
        name, size = data[at : at + 16].decode().strip().rstrip("/"), int(data[at + 48 : at + 58])
        yield name, data[at + 60 : at + 60 + size]
        at += 60 + size + size % 2


# Steps ------------------------------------------------------------------------------------------


def source(*parts):
    return os.path.join(HERE, "src", *parts)


def copy_source(name, work):
    target = os.path.join(work, "src-" + name)
    shutil.rmtree(target, ignore_errors=True)
    return shutil.copytree(source(name), target)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def run(*command, cwd=None, env=None, stdout=None):
    try:
        done = subprocess.run(command, cwd=cwd or WORK, env=env or ENVIRONMENT, stdout=stdout or subprocess.PIPE, stderr=subprocess.STDOUT if not stdout else subprocess.PIPE)
    except FileNotFoundError:
        sys.exit(f"make.py needs the program {command[0]}, which is not installed")
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{(done.stdout or done.stderr or b'').decode(errors='replace')[-3000:]}")


def make(name, out):
    work = os.path.join(WORK, name)
    os.makedirs(work, exist_ok=True)
    data = IMAGES[name](work).oci_archive()
    if len(data) > MOST_BYTES:
        sys.exit(f"{name}.tar has {len(data)} bytes, more than {MOST_BYTES}")
    with open(os.path.join(out, name + ".tar"), "wb") as f:
        f.write(data)
    return hashlib.sha256(data).hexdigest(), len(data)


def main(words):
    check = "--check" in words
    names = [w for w in words if w != "--check"] or list(IMAGES)
    unknown = [n for n in names if n not in IMAGES]
    if unknown:
        sys.exit(f"no such example: {', '.join(unknown)}; there are {', '.join(IMAGES)}")
    out = os.path.join(WORK, "again") if check else HERE
    os.makedirs(out, exist_ok=True)
    sums_path = os.path.join(HERE, "SHA256SUMS")
    sums = dict(reversed(line.split()) for line in open(sums_path)) if os.path.exists(sums_path) else {}
    differs = 0
    for name in names:
        digest, size = make(name, out)
        same = sums.get(name + ".tar") == digest
        differs += not same
        print(f"{digest}  {name}.tar  {size:>9,} bytes{'' if same else '  differs from SHA256SUMS'}")
        sums[name + ".tar"] = digest
    if check:
        sys.exit(1 if differs else 0)
    with open(sums_path, "w") as f:
        f.writelines(f"{sums[n]}  {n}\n" for n in sorted(sums))


if __name__ == "__main__":
    main(sys.argv[1:])
