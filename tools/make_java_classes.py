#!/usr/bin/env python3
"""Makes data/java/classes.tsv.zst: a sample of the classes of Java libraries that are often copied into other archives.

  tools/make_java_classes.py FOLDER            fetches releases of data/java/libraries.tsv with Maven, then makes the file
  tools/make_java_classes.py FOLDER --offline  makes it from what FOLDER has

The releases are those that Maven's metadata lists, without pre-releases; of more than MOST, an even choice with the last
release of every line. fathom_java_classes (tools/java_classes.cc) reads the archives, with the code that scans use.
"""
import argparse, collections, pathlib, re, subprocess, sys

TOP = pathlib.Path(__file__).resolve().parent.parent
MOST = 26          # releases of one library
SAMPLE = 24        # classes of one library
PRE_RELEASE = re.compile(r"(alpha|beta|[.-]rc|[.-]cr|[.-]m\d|snapshot|-b\d|incubating|pre|\d{8})", re.I)


def libraries():
    lines = (TOP / "data/java/libraries.tsv").read_text().splitlines()
    return [line.strip() for line in lines if line and not line.startswith("#")]


def maven(folder, *arguments):
    run = subprocess.run(["mvn", "-B", "-q", "-fae", f"-Dmaven.repo.local={folder / 'repository'}", *arguments],
                         cwd=folder, capture_output=True, text=True)
    return run.returncode


def pom(folder, body):
    (folder / "pom.xml").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>x</groupId><artifactId>x</artifactId><version>1</version><packaging>pom</packaging>{body}</project>")


def order(version):
    return [(0, int(part), "") if part.isdigit() else (-1, 0, part) for part in re.findall(r"\d+|[A-Za-z]+", version)]


def listed_versions(folder, library, offline):
    """Asks for the newest release, for which Maven fetches the list of all."""
    group, artifact = library.split(":")
    home = folder / "repository" / group.replace(".", "/") / artifact
    if not offline and not list(home.glob("maven-metadata-*.xml")):
        pom(folder, "")
        maven(folder, "dependency:get", f"-Dartifact={library}:RELEASE", "-Dtransitive=false")
    versions = set()
    for file in home.glob("maven-metadata-*.xml"):
        versions |= set(re.findall(r"<version>([^<]+)</version>", file.read_text()))
    return sorted((v for v in versions if not PRE_RELEASE.search(v) and "android" not in v), key=order)


def chosen(versions):
    if len(versions) <= MOST:
        return versions
    last = {}
    for version in versions:
        last[tuple(re.findall(r"\d+", version)[:2])] = version
    keep = sorted(last.values(), key=order)
    if len(keep) > MOST:
        keep = [keep[i * (len(keep) - 1) // (MOST - 1)] for i in range(MOST)]
    rest = [v for v in versions if v not in keep]
    step = max(1, len(rest) // max(1, MOST - len(keep)))
    return sorted(set(keep) | set(rest[::-1][::step][:MOST - len(keep)]), key=order)


def fetch(folder, wanted):
    """One artifact may stand many times in a list of copies, as it may not among dependencies."""
    for library, versions in wanted.items():
        group, artifact = library.split(":")
        missing = [v for v in versions if not (folder / "jars" / f"{artifact}-{v}.jar").exists()]
        if not missing:
            continue
        items = "".join(f"<artifactItem><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
                        f"<version>{v}</version></artifactItem>" for v in missing)
        pom(folder, "<build><plugins><plugin><groupId>org.apache.maven.plugins</groupId>"
                    "<artifactId>maven-dependency-plugin</artifactId><configuration>"
                    f"<artifactItems>{items}</artifactItems><outputDirectory>{folder / 'jars'}</outputDirectory>"
                    "</configuration></plugin></plugins></build>")
        if maven(folder, "dependency:copy"):
            print(f"{library}: not everything could be fetched", file=sys.stderr)


def read_classes(tool, folder, library, versions):
    """class name -> version index -> (digest, shape)"""
    artifact = library.split(":")[1]
    out = collections.defaultdict(dict)
    jars = [(i, folder / "jars" / f"{artifact}-{v}.jar") for i, v in enumerate(versions)]
    jars = [(i, jar) for i, jar in jars if jar.exists()]
    for i, jar in jars:
        lines = subprocess.run([tool, jar], capture_output=True, text=True, check=True).stdout.splitlines()
        for line in lines:
            name, digest, shape = line.split("\t")
            if shape.strip("0"):
                out[name][i] = (digest, shape)
    return out


def choose_sample(classes, known):
    """Classes that split the releases most finely, then those that most releases have."""
    wide = {name: by for name, by in classes.items() if len(by) * 3 >= len(known)} or classes
    parts, sample = [frozenset(known)], []
    names = sorted(wide, key=lambda n: (-len(set(wide[n].values())), -len(wide[n]), n))
    while names and len(sample) < SAMPLE:
        def refined(name):
            return len({(k, wide[name].get(i)) for k, part in enumerate(parts) for i in part})
        best = max(names[:400], key=lambda n: (refined(n), len(wide[n]), n))
        if refined(best) == len(parts):
            best = max(names[:400], key=lambda n: (len(wide[n]), len(set(wide[n].values())), n))
        groups = collections.defaultdict(set)
        for k, part in enumerate(parts):
            for i in part:
                groups[(k, wide[best].get(i))].add(i)
        parts = [frozenset(group) for group in groups.values()]
        sample.append(best)
        names.remove(best)
    return sorted(sample)


def ranges(indexes):
    out, indexes = [], sorted(indexes)
    while indexes:
        end = 0
        while end + 1 < len(indexes) and indexes[end + 1] == indexes[end] + 1:
            end += 1
        out.append(f"{indexes[0]}-{indexes[end]}" if end else str(indexes[0]))
        indexes = indexes[end + 1:]
    return ",".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--offline", action="store_true")
    parser.add_argument("--fetch-only", action="store_true")
    parser.add_argument("--tool", type=pathlib.Path, default=TOP / "build/release/tools/fathom_java_classes",
                        help="ninja -C build/release fathom_java_classes makes it")
    options = parser.parse_args()
    folder = options.folder.resolve()
    (folder / "jars").mkdir(parents=True, exist_ok=True)
    wanted = {}
    for library in libraries():
        versions = listed_versions(folder, library, options.offline)
        if not options.offline:
            fetch(folder, {library: chosen(versions)})
        wanted[library] = versions
    if options.fetch_only:
        return
    rows, count, releases = [], 0, 0
    for library, versions in sorted(wanted.items()):
        classes = read_classes(options.tool, folder, library, versions)
        known = sorted({i for by in classes.values() for i in by})
        if not known:
            print(f"{library}: no classes", file=sys.stderr)
            continue
        count += 1
        releases += len(known)
        rows.append(f"L\t{library}\t" + ",".join(v if i in known else "?" + v for i, v in enumerate(versions)))
        for name in choose_sample(classes, known):
            contents = collections.defaultdict(set)
            for i, content in classes[name].items():
                contents[content].add(i)
            cells = [f"{d}:{s}:{ranges(at)}" for (d, s), at in sorted(contents.items(), key=lambda c: min(c[1]))]
            rows.append(f"C\t{name}\t{';'.join(cells)}")
    target = TOP / "data/java/classes.tsv.zst"
    subprocess.run(["zstd", "-q", "-f", "-19", "-o", target], input="\n".join(rows).encode() + b"\n", check=True)
    print(f"{count} libraries, {releases} releases, {len(rows) - count} classes")


main()
