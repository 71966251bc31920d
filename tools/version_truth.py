#!/usr/bin/env python3
"""Recomputes the relations in tests/data/versions/<scheme>.tsv with the tool that owns the scheme.

  tools/version_truth.py dpkg pep440 …     rewrite the named files
  tools/version_truth.py --check dpkg …    only say what differs (exit 1 if anything does)

The pairs of versions stand in the files; only the middle column is made here:
  dpkg    dpkg --compare-versions
  apk     apk version -t, apk version -c (apk-tools 3)
  semver  golang.org/x/mod/semver, or the standard library's go/version for "go1.21rc2"
  pep440  Python's packaging.version
  gem     Ruby's Gem::Version
  rpm     rpm.ver of python3-rpm (Debian's package, so of the system's Python)
  maven   ComparableVersion of maven-artifact 3.9.11, which mvn fetches
  npm_ranges, gem_ranges
          whether a version satisfies a range ("+" or "-"; "?" for what is none): npm's semver package,
          Ruby's Gem::Requirement
openssl.tsv and dotted.tsv have no such tool; their headers say where the truth comes from.
"""

import pathlib
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests/data/versions"


def sign(order):
    return "<" if order < 0 else ">" if order > 0 else "="


def run_filter(command, pairs, **more):
    text = "".join(f"{a}\t{b}\n" for a, b in pairs)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, **more)
    return done.stdout.split("\n")[: len(pairs)]


def dpkg(pairs):
    def is_version(text):
        # "does not start with digit" is a warning only, and old packages have such versions.
        done = subprocess.run(["dpkg", "--validate-version", text], capture_output=True, text=True)
        return done.returncode == 0 or "does not start with digit" in done.stderr

    def holds(a, op, b):
        return subprocess.run(["dpkg", "--compare-versions", a, op, b],
                              stderr=subprocess.DEVNULL).returncode == 0

    def relation(a, b):
        if not is_version(a) or not is_version(b):
            return "?"
        return "<" if holds(a, "lt", b) else "=" if holds(a, "eq", b) else ">"

    return [relation(a, b) for a, b in pairs]


def apk(pairs):
    def is_version(text):
        return subprocess.run(["apk", "version", "-c", "--", text],
                              capture_output=True).returncode == 0

    def relation(a, b):
        if not is_version(a) or not is_version(b):
            return "?"
        return subprocess.run(["apk", "version", "-t", "--", a, b],
                              capture_output=True, text=True).stdout.strip()

    return [relation(a, b) for a, b in pairs]


GO_PROGRAM = """package main

import (
	"bufio"
	"fmt"
	goversion "go/version"
	"os"
	"strings"

	"golang.org/x/mod/semver"
)

func isGo(v string) bool { return strings.HasPrefix(v, "go") }

func withV(v string) string {
	if strings.HasPrefix(v, "v") {
		return v
	}
	return "v" + v
}

func relation(a, b string) string {
	var order int
	if isGo(a) && isGo(b) {
		if !goversion.IsValid(a) || !goversion.IsValid(b) {
			return "?"
		}
		order = goversion.Compare(a, b)
	} else {
		a, b = withV(a), withV(b)
		if !semver.IsValid(a) || !semver.IsValid(b) {
			return "?"
		}
		order = semver.Compare(a, b)
	}
	return string("<=>"[order+1])
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		a, b, _ := strings.Cut(lines.Text(), "\\t")
		fmt.Println(relation(a, b))
	}
}
"""


def semver(pairs):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "main.go").write_text(GO_PROGRAM)
        subprocess.run("go mod init truth && go mod tidy", shell=True, cwd=folder, check=True,
                       capture_output=True)
        return run_filter(["go", "run", "."], pairs, cwd=folder)


def pep440(pairs):
    from packaging.version import InvalidVersion, Version

    def relation(a, b):
        try:
            a, b = Version(a), Version(b)
        except InvalidVersion:
            return "?"
        return "<" if a < b else "=" if a == b else ">"

    return [relation(a, b) for a, b in pairs]


RUBY_PROGRAM = r"""
STDIN.each_line do |line|
  a, b = line.chomp.split("\t", 2)
  if Gem::Version.correct?(a) && Gem::Version.correct?(b)
    puts "<=>"[(Gem::Version.new(a) <=> Gem::Version.new(b)) + 1]
  else
    puts "?"
  end
end
"""


def gem(pairs):
    return run_filter(["ruby", "-e", RUBY_PROGRAM], pairs)


RPM_PROGRAM = r"""
import sys, re, rpm
def parts(text):
    body = re.sub(r"^[0-9]*:", "", text)
    return body.rsplit("-", 1) if "-" in body else [body]
def proper(text):
    return all("!" <= c <= "~" for c in text) and all(parts(text))
for line in sys.stdin:
    a, b = line.rstrip("\n").split("\t")
    if not proper(a) or not proper(b):
        print("?")
        continue
    a, b = rpm.ver(a), rpm.ver(b)
    print("<" if a < b else ">" if a > b else "=")
"""


def rpm(pairs):
    return run_filter(["/usr/bin/python3", "-c", RPM_PROGRAM], pairs)


MAVEN_VERSION = "3.9.11"
MAVEN_PROGRAM = r"""
import org.apache.maven.artifact.versioning.ComparableVersion;
public class Truth {
  static boolean proper(String text) {
    return text.matches("[\\x21-\\x7e&&[^\\[\\](),\"'\\\\/:;<>|]]+");
  }
  public static void main(String[] arguments) throws Exception {
    var lines = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
    for (String line; (line = lines.readLine()) != null;) {
      String[] pair = line.split("\t", -1);
      if (!proper(pair[0]) || !proper(pair[1])) { System.out.println("?"); continue; }
      int order = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
      System.out.println("<=>".charAt(Integer.signum(order) + 1));
    }
  }
}
"""


def maven(pairs):
    name = f"org.apache.maven:maven-artifact:{MAVEN_VERSION}"
    subprocess.run(["mvn", "-q", "dependency:get", f"-Dartifact={name}"], check=True, capture_output=True)
    jar = next(pathlib.Path.home().glob(f".m2/repository/org/apache/maven/maven-artifact/{MAVEN_VERSION}/*{MAVEN_VERSION}.jar"))
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "Truth.java").write_text(MAVEN_PROGRAM)
        return run_filter(["java", "-cp", str(jar), folder + "/Truth.java"], pairs)


NPM_PROGRAM = """
const semver = require("semver");
for (const line of require("fs").readFileSync(0, "utf8").split("\\n")) {
  if (!line) continue;
  const [range, version] = line.split("\\t");
  if (semver.validRange(range) === null || semver.valid(version) === null) console.log("?");
  else console.log(semver.satisfies(version, range, {includePrerelease: true}) ? "+" : "-");
}
"""


def npm_ranges(pairs):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "install", "--silent", "--prefix", folder, "semver@7.7.3"], check=True, capture_output=True)
        return run_filter(["node", "-e", NPM_PROGRAM], pairs, cwd=folder)


GEM_RANGES_PROGRAM = r"""
STDIN.each_line do |line|
  range, version = line.chomp.split("\t", 2)
  begin
    requirement = Gem::Requirement.new(range.split(",").map(&:strip))
    puts requirement.satisfied_by?(Gem::Version.new(version)) ? "+" : "-"
  rescue ArgumentError
    puts "?"
  end
end
"""


def gem_ranges(pairs):
    return run_filter(["ruby", "-e", GEM_RANGES_PROGRAM], pairs)


OWNERS = {"dpkg": dpkg, "apk": apk, "semver": semver, "pep440": pep440, "gem": gem, "rpm": rpm,
          "maven": maven, "npm_ranges": npm_ranges, "gem_ranges": gem_ranges}


def main(arguments):
    check = "--check" in arguments
    differences = 0
    for scheme in [a for a in arguments if a != "--check"]:
        path = FOLDER / f"{scheme}.tsv"
        lines = path.read_text().splitlines()
        rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
        relations = OWNERS[scheme]([(a, b) for a, _, b in rows])
        for (a, old, b), new in zip(rows, relations):
            if old != new:
                differences += 1
                print(f"{scheme}: {a} {new} {b}, the file said {old}")
        if not check:
            header = [line for line in lines if line.startswith("#")]
            body = [f"{a}\t{new}\t{b}" for (a, _, b), new in zip(rows, relations)]
            path.write_text("\n".join(header + body) + "\n")
    return 1 if check and differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
