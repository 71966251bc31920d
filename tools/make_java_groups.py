#!/usr/bin/env python3
"""Makes data/java/groups.tsv: to which group a Java artifact belongs, for archives that do not say.

  tools/make_java_groups.py REPOSITORY [ARTIFACTS]

Reads the POMs of a local Maven repository: of each its own coordinates, and what its dependencyManagement lists. Fill the
repository with the bills of materials of the frameworks (spring-boot-dependencies, quarkus-bom …). ARTIFACTS: lines
"group:artifact" to add.
"""
import collections, pathlib, re, sys

TOP = pathlib.Path(__file__).resolve().parent.parent
MOST_GROUPS = 4  # of one name: "core" is no name that tells anything

HEAD = """# Which group a Java artifact belongs to. Archives that no Maven built do not state it, and advisories name both.
# An artifact of several groups has a line for each; the packages of the classes decide.
# Made by tools/make_java_groups.py from the bills of materials of Maven Central; facts, without licence.
# artifact	group
"""


def main():
    repository = pathlib.Path(sys.argv[1])
    groups = collections.defaultdict(set)
    for pom in repository.rglob("*.pom"):
        parts = pom.relative_to(repository).parts
        group = ".".join(parts[:-3])
        groups[parts[-3]].add(group)
        text = pom.read_text(errors="replace")
        for listed, artifact in re.findall(
                r"<dependency>\s*<groupId>([^<]+)</groupId>\s*<artifactId>([^<$]+)</artifactId>", text):
            listed = listed.strip().replace("${project.groupId}", group).replace("${pom.groupId}", group)
            if "$" not in listed:
                groups[artifact.strip()].add(listed)
    if len(sys.argv) > 2:
        for line in pathlib.Path(sys.argv[2]).read_text().splitlines():
            if line and not line.startswith("#"):
                group, artifact = line.strip().split(":")
                groups[artifact].add(group)
    rows = []
    for artifact, names in sorted(groups.items()):
        ends = ("-parent", "-bom", "-dependencies", "-maven-plugin", "-deployment")
        if len(names) > MOST_GROUPS or artifact.endswith(ends) or not re.fullmatch(r"[A-Za-z0-9._-]+", artifact):
            continue
        rows += [f"{artifact}\t{group}" for group in sorted(names)]
    (TOP / "data/java/groups.tsv").write_text(HEAD + "\n".join(rows) + "\n")
    print(f"{len(rows)} lines")


main()
