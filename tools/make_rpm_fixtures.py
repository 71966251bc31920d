#!/usr/bin/env python3
"""Makes tests/data/rpm/: the same packages in the three forms of RPM's database, by RPM itself.

  tools/make_rpm_fixtures.py FOLDER

Needs rpm and rpmbuild (4.18), and db5.3_load (db5.3-util). RPM writes the SQLite form; it no longer writes Berkeley DB, so that
form is loaded from the same headers and read back by RPM. Debian's RPM has no ndb: that file is laid out here as
lib/backend/ndb/rpmpkg.c does it. The packages are installed below FOLDER/root, as `dnf --installroot` does.
"""
import pathlib, shutil, sqlite3, struct, subprocess, sys, zlib

TOP = pathlib.Path(__file__).resolve().parent.parent
SPEC = """Name: {name}
Version: {version}
Release: {release}
{extra}
License: {license}
Summary: a package for tests
BuildArch: noarch
Vendor: Example
%description
For tests.
{sub}
%install
{install}
%files
{files}
{subfiles}
"""
PACKAGES = [
    dict(name="alpha", version="1.2", release="3.el9", extra="Epoch: 1", license="MIT",
         install="mkdir -p %{buildroot}/usr/bin %{buildroot}/etc\nprintf '#!/bin/sh\\necho alpha\\n' > %{buildroot}/usr/bin/alpha\n"
                 "printf 'a=1\\n' > %{buildroot}/etc/alpha.conf\nln -s alpha %{buildroot}/usr/bin/alfa",
         files="%attr(755,root,root) /usr/bin/alpha\n/usr/bin/alfa\n%config /etc/alpha.conf\n%ghost /var/log/alpha",
         sub="%package libs\nSummary: libraries\n%description libs\nLibraries.", subfiles="%files libs"),
    dict(name="beta", version="0.9~rc1", release="1", extra="", license="Apache-2.0 AND BSD-2-Clause",
         install="mkdir -p %{buildroot}/usr/share/beta\nfor i in $(seq 120); do echo $i > %{buildroot}/usr/share/beta/file-with-a-long-name-$i; done",
         files="/usr/share/beta", sub="", subfiles=""),
]


def run(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, **options).stdout


def build(folder):
    for package in PACKAGES:
        spec = folder / (package["name"] + ".spec")
        spec.write_text(SPEC.format(**package))
        run("rpmbuild", "-bb", "--define", f"_topdir {folder}/build", "--define", "_buildhost example",
            "--define", "source_date_epoch_from_changelog 0", "--define", "use_source_date_epoch_as_buildtime 1",
            "--define", "_binary_payload w9.gzdio", spec, env={"SOURCE_DATE_EPOCH": "1700000000", "PATH": "/usr/bin:/bin",
                                                                 "HOME": str(folder)})
    return sorted((folder / "build/RPMS").rglob("*.rpm"))


def install(folder, form, rpms):
    root = folder / f"root-{form}"
    run("rpm", "--root", root, "--define", f"_db_backend {form}", "--define", "_dbpath /var/lib/rpm",
        "-i", "--nodeps", "--noscripts", "--nosignature", *rpms)
    return root / "var/lib/rpm"


def headers(sqlite_file):
    return sqlite3.connect(sqlite_file).execute("select hnum, blob from Packages order by hnum").fetchall()


def write_ndb(folder, rows):
    """A page of slots, then a blob for each package in blocks of 16 bytes."""
    slots, blobs, block = b"", b"", 4096 // 16
    for key, value in rows:
        head = struct.pack("<4sIII", b"BlbS", key, 1, len(value)) + value
        count = (len(head) + 12 + 15) // 16
        blob = head + bytes(count * 16 - 12 - len(head))
        blobs += blob + struct.pack("<II4s", zlib.adler32(blob), len(value), b"BlbE")
        slots += struct.pack("<4sIII", b"Slot", key, block, count)
        block += count
    head = struct.pack("<4sIIII", b"RpmP", 0, 1, 1, max(key for key, _ in rows) + 1).ljust(32, b"\0")
    free = struct.pack("<4sIII", b"Slot", 0, 0, 0) * (254 - len(rows))
    target = folder / "Packages.db"
    target.write_bytes(head + slots + free + blobs)
    return target


def write_bdb(folder, rows):
    highest = max(key for key, _ in rows)
    lines = ["VERSION=3", "format=bytevalue", "type=hash", "db_pagesize=4096", "HEADER=END"]
    for key, value in [(0, highest.to_bytes(4, "little"))] + rows:
        lines += [" " + key.to_bytes(4, "little").hex(), " " + value.hex()]
    target = folder / "Packages"
    target.unlink(missing_ok=True)
    run(shutil.which("db5.3_load") or folder / "usr/bin/db5.3_load", target, input="\n".join(lines + ["DATA=END", ""]).encode())
    check = folder / "root-bdb/var/lib/rpm"
    check.mkdir(parents=True, exist_ok=True)
    shutil.copy(target, check / "Packages")
    listed = run("rpm", "--root", folder / "root-bdb", "--define", "_db_backend bdb_ro", "--define", "_dbpath /var/lib/rpm", "-qa")
    assert len(listed.split()) == len(rows), listed
    return target


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    rpms = build(folder)
    sqlite_file = install(folder, "sqlite", rpms) / "rpmdb.sqlite"
    rows = headers(sqlite_file)
    target = TOP / "tests/data/rpm"
    for file, name in ((sqlite_file, "rpmdb.sqlite"), (write_ndb(folder, rows), "Packages.db"), (write_bdb(folder, rows), "Packages")):
        (target / (name + ".xz")).write_bytes(run("xz", "-9", "-c", file))


main()
