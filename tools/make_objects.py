#!/usr/bin/env python3
"""Functions of the static archives of Debian's packages, of every suite in reach → data/objects/.

  make_objects.py fetch               library packages of all suites, both machines, into the cache
  make_objects.py make [LIBRARY …]    reads the archives and rewrites data/objects/LIBRARY.zst
  make_objects.py packages            reads the files of data/recipes/packages.toml and rewrites data/packages/debian.json.zst
  options: --tool FILE                fathom_make_objects (cmake --build … --target fathom_make_objects)

data/recipes/debian.toml says which. Resumable: what is in the cache is not fetched again, and what apt's lists no longer have
stays, so that revisions add up over the years. The same packages make the same bytes.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("FATHOM_CACHE", pathlib.Path.home() / ".cache" / "fathom-objects"))
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
SUITES = ["bullseye", "bullseye-updates", "bookworm", "bookworm-updates", "bookworm-proposed-updates", "bookworm-backports",
          "trixie", "trixie-updates", "trixie-backports", "forky", "sid", "experimental"]
SECURITY = ["bullseye-security", "bookworm-security", "trixie-security"]
# Files without code of one package that are kept.
MOST_PLAIN_FILES = 40
MIRROR = "http://deb.debian.org"


def recipes():
    return tomllib.loads((ROOT / "data" / "recipes" / "debian.toml").read_text())["library"]


def apt_environment():
    """An apt of its own, with the lists of all suites and both machines."""
    home = CACHE / "apt"
    for name in ("lists/partial", "archives/partial", "etc"):
        (home / name).mkdir(parents=True, exist_ok=True)
    options = f"[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg arch={','.join(MACHINES)}]"
    lines = [f"deb {options} {MIRROR}/debian {suite} main" for suite in SUITES]
    lines += [f"deb {options} {MIRROR}/debian-security {suite} main" for suite in SECURITY]
    (home / "etc" / "sources.list").write_text("\n".join(lines) + "\n")
    (home / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{home}/etc/sources.list";\nDir::Etc::sourceparts "-";\nDir::State::lists "{home}/lists";\n'
        f'Dir::Cache "{home}";\nDir::State::status "/dev/null";\nAPT::Architecture "amd64";\n'
        'APT::Architectures { "amd64"; "arm64"; };\nAcquire::Languages "none";\nAPT::Sandbox::User "root";\n'
        'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";\n')
    return os.environ | {"APT_CONFIG": str(home / "apt.conf")}


def offered(environment):
    """Every (package, version, machine) that the lists have: {key: {"source", "suites", "size"}}."""
    out = {}
    for path in sorted((CACHE / "apt" / "lists").glob("*_Packages*")):
        suite = re.search(r"_dists_(.*)_main_binary-(\w+)_Packages", path.name)
        text = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", str(path)], capture_output=True, check=True,
                              env=environment).stdout.decode()
        for paragraph in text.split("\n\n"):
            fields = dict(re.findall(r"^(Package|Version|Architecture|Source|Size): (.*)$", paragraph, re.M))
            if fields.get("Architecture") not in {*MACHINES, "all"}:
                continue
            source, _, source_version = fields.get("Source", fields["Package"]).partition(" ")
            key = (fields["Package"], fields["Version"], fields["Architecture"])
            row = out.setdefault(key, {"source": source, "source_version": source_version.strip("()") or fields["Version"],
                                       "suites": set(), "size": int(fields["Size"])})
            row["suites"].add(suite.group(1))
    return out


def runtime_packages():
    """Expressions of the packages that are known by their files."""
    return tomllib.loads((ROOT / "data" / "recipes" / "packages.toml").read_text())["packages"]


def wanted(packages):
    patterns = [re.compile(text) for text in [row["packages"] for row in recipes()] + runtime_packages()]
    return {key: row for key, row in packages.items() if any(p.fullmatch(key[0]) for p in patterns)}


def file_of(package, version, machine):
    return CACHE / "debs" / f"{package}_{version.replace(':', '%3a')}_{machine}.deb"


def fetch(_arguments):
    environment = apt_environment()
    subprocess.run(["apt-get", "-qq", "update"], env=environment, check=True)
    (CACHE / "debs").mkdir(parents=True, exist_ok=True)
    known_path = CACHE / "packages.json"
    known = {tuple(k): v for k, v in json.loads(known_path.read_text())} if known_path.exists() else {}
    packages = wanted(offered(environment))
    for key, row in sorted(packages.items()):
        old = known.get(key, {"suites": []})
        known[key] = row | {"suites": sorted(set(old["suites"]) | row["suites"])}
    known_path.write_text(json.dumps(sorted([list(k), v] for k, v in known.items())))
    missing = [key for key in sorted(packages) if not file_of(*key).exists()]
    print(f"{len(packages)} packages, {len(missing)} to fetch,", sum(packages[k]["size"] for k in missing) >> 20, "MiB")
    for start in range(0, len(missing), 20):
        names = [f"{name}{'' if machine == 'all' else ':' + machine}={version}" for name, version, machine in missing[start:start + 20]]
        subprocess.run(["apt-get", "-qq", "download", *names], env=environment, cwd=CACHE / "debs", check=False)
    gone = [key for key in sorted(packages) if not file_of(*key).exists()]
    print("not to be had:", gone) if gone else print("complete")


RELEASES = {"bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14"}


def distribution_release(suites):
    """The oldest release that has the package; none for those that only unstable suites have."""
    numbers = [RELEASES[suite.split("-")[0]] for suite in suites if suite.split("-")[0] in RELEASES]
    return min(numbers, default="")


def library_release(version):
    """Debian's version of a package without what Debian adds: "1:1.3.dfsg+really1.3.1-1" is 1.3.1."""
    version = version.split(":", 1)[-1].rsplit("-", 1)[0]
    if "+really" in version:
        version = version.split("+really", 1)[1]
    return re.split(r"[.+~](?:dfsg|ds|repack|git|dev)", version)[0]


def archives_of(deb, pattern):
    """Paths of the static archives of a package, unpacked into the cache."""
    folder = CACHE / "archives" / deb.stem
    done = folder / ".complete"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as unpack:
            with tarfile.open(fileobj=unpack.stdout, mode="r|") as tar:
                for member in tar:
                    if member.isfile() and member.name.endswith(".a"):
                        (folder / pathlib.Path(member.name).name).write_bytes(tar.extractfile(member).read())
        done.touch()
    names = [path for path in sorted(folder.glob("*.a")) if re.fullmatch(pattern or r".*", path.name)]
    return [path for path in names if path.read_bytes()[:8] == b"!<arch>\n"]


def list_of(row, known):
    lines = []
    for (package, version, machine), found in sorted(known.items()):
        deb = file_of(package, version, machine)
        if not re.fullmatch(row["packages"], package) or not deb.exists():
            continue
        if found["source"] != row["source"] and not re.fullmatch(row["source"] + r"-[0-9.]+", found["source"]):
            continue
        for path in archives_of(deb, row.get("archives")):
            lines.append("\t".join([str(path), package, version, found["source"], found["source_version"],
                                    library_release(found["source_version"]), "debian", distribution_release(found["suites"])]))
    return lines


def make(arguments):
    known = {tuple(key): row for key, row in json.loads((CACHE / "packages.json").read_text())}
    for row in recipes():
        if arguments.library and row["library"] not in arguments.library:
            continue
        begun = time.time()
        lines = list_of(row, known)
        if not lines:
            print(row["library"], "no archives")
            continue
        plain = CACHE / (row["library"] + ".objects")
        done = subprocess.run([arguments.tool, row["library"], str(plain)], input="\n".join(lines) + "\n", text=True,
                              capture_output=True, check=True)
        output = ROOT / "data" / "objects" / (row["library"] + ".zst")
        output.parent.mkdir(exist_ok=True)
        subprocess.run(["zstd", "-19", "--ultra", "-22", "--long=27", "-q", "-f", "--no-check", str(plain), "-o", str(output)],
                       check=True)
        (CACHE / (row["library"] + ".log")).write_text(done.stderr)
        builds = len({tuple(line.split("\t")[1:3]) + (line.split("\t")[0].rsplit("_", 1)[1].split("/")[0],) for line in lines})
        print(f"{row['library']:16} {builds:3} builds, {plain.stat().st_size / 1e6:6.1f} MB, {output.stat().st_size / 1e6:5.2f} "
              f"compressed, {len(done.stderr.splitlines())} problems, {time.time() - begun:.0f} s", flush=True)


def build_id_of(head):
    """Hex of the GNU build id, from the first bytes of an ELF file; or nothing."""
    at = head.find(b"\4\0\0\0\x14\0\0\0\3\0\0\0GNU\0")
    return head[at + 16:at + 36].hex() if at >= 0 else ""


def files_of(deb):
    """[(path, MD5, build id or "")] of the regular files of a package that are long enough to say anything; kept in the cache."""
    kept = CACHE / "files" / (deb.stem + ".json")
    if kept.exists():
        return json.loads(kept.read_text())
    out = []
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as unpack:
        with tarfile.open(fileobj=unpack.stdout, mode="r|") as tar:
            for member in tar:
                if member.isfile() and member.size >= 32:
                    data = tar.extractfile(member).read()
                    build_id = build_id_of(data[:8192]) if data[:4] == b"\x7fELF" else ""
                    out.append((member.name.removeprefix("./"), hashlib.md5(data).hexdigest(), build_id))
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(out))
    return out


def packages(_arguments):
    """The files of the packages of data/recipes/packages.toml → data/packages/debian.json.zst."""
    known = {tuple(key): row for key, row in json.loads((CACHE / "packages.json").read_text())}
    patterns = [re.compile(text) for text in runtime_packages()]
    chosen = [(key, row) for key, row in sorted(known.items())
              if any(p.fullmatch(key[0]) for p in patterns) and file_of(*key).exists()]
    revisions, contents, build_ids, where = [], collections.defaultdict(set), collections.defaultdict(set), {}
    for index, ((package, version, machine), row) in enumerate(chosen):
        revisions.append([package, version, row["source"], row["source_version"], distribution_release(row["suites"]), machine])
        plain = []
        for path, md5, build_id in files_of(file_of(package, version, machine)):
            if build_id:
                contents[md5].add(index)
                build_ids[build_id].add(index)
                where[md5] = where[build_id] = path
            else:
                plain.append((path, md5))
        # Of the other files a share, the same in every revision, is enough.
        for path, md5 in sorted(plain, key=lambda file: hashlib.md5(file[0].encode()).digest())[:MOST_PLAIN_FILES]:
            contents[md5].add(index)
            where[md5] = path
    paths = sorted(set(where.values()))
    number = {path: index for index, path in enumerate(paths)}

    def rows(table):
        return [[key[:16], number[where[key]], spans_of(table[key])] for key in sorted(table)]

    data = {"revisions": revisions, "paths": paths, "contents": rows(contents), "build_ids": rows(build_ids)}
    plain = CACHE / "packages.plain"
    plain.write_text(json.dumps(data, separators=(",", ":")) + "\n")
    output = ROOT / "data" / "packages" / "debian.json.zst"
    output.parent.mkdir(exist_ok=True)
    subprocess.run(["zstd", "--ultra", "-22", "-q", "-f", "--no-check", str(plain), "-o", str(output)], check=True)
    print(f"{len(revisions)} revisions, {len(contents)} contents, {len(build_ids)} build ids, {output.stat().st_size / 1e6:.2f} MB")


def spans_of(numbers):
    """[first, last, first, last, ...] of a set of numbers."""
    out = []
    for number in sorted(numbers):
        if out and out[-1] + 1 == number:
            out[-1] = number
        else:
            out += [number, number]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch").set_defaults(run=fetch)
    commands.add_parser("packages").set_defaults(run=packages)
    making = commands.add_parser("make")
    making.add_argument("library", nargs="*")
    making.add_argument("--tool", default=str(ROOT / "build" / "release" / "tools" / "fathom_make_objects"))
    making.set_defaults(run=make)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
