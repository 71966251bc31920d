#!/usr/bin/env python3
"""The examples that the unit tests of src/report/ write are valid, and the validators can tell.

Every example must pass. Then each of them is broken in one place at a time, and every break must be
found: a validator that lets everything through proves nothing.
"""

import copy
import pathlib
import sys
import tempfile
import json

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
import validate  # noqa: E402

EXAMPLES = ROOT / "src" / "report" / "testdata"
SCHEMA = validate.load(ROOT / "docs" / "report.schema.json")


def set_at(*path):
    """A break: sets the member at path[:-1] to path[-1]; DELETE takes it away."""
    *where, last, value = path

    def apply(document):
        for key in where:
            document = document[key]
        if value is DELETE:
            del document[last]
        else:
            document[last] = value

    apply.name = "/".join(map(str, path[:-1])) + f" = {'(gone)' if value is DELETE else value!r}"
    return apply


DELETE = object()

REPORT_BREAKS = [
    set_at("schema", 2),
    set_at("surprise", 1),
    set_at("exit_status", 0),
    set_at("exit_status", 9),
    set_at("image", "digest", "sha256:123"),
    set_at("components", 0, "evidence", []),
    set_at("components", 0, "evidence", 0, "place", "kind", "somewhere"),
    set_at("components", 0, "evidence", 0, "place", "value", "12"),
    set_at("components", 0, "versions", {"candidates": []}),
    set_at("components", 0, "id", "c2"),
    set_at("components", 0, "purl", "sqlite"),
    set_at("findings", 0, "component", "c999"),
    set_at("findings", 0, "cvss", "score", 7.5),
    set_at("findings", 0, "verdict", "status", "fine"),
    set_at("findings", 0, "verdict", DELETE),
    set_at("findings", 0, "severity", "urgent"),
    set_at("files", 0, "state", "unknown"),
    set_at("files", 0, "attributed", 10**12),
    set_at("files", 0, "attributed", DELETE),
    set_at("coverage", "files", "identified", 0),
    set_at("coverage", "ecosystems", 2, "status", "assessed"),
    set_at("gaps", 0, "code", "tired"),
]

CYCLONEDX_BREAKS = [
    set_at("specVersion", "1.5"),
    set_at("surprise", 1),
    set_at("serialNumber", "urn:uuid:1"),
    set_at("components", 0, "type", "thing"),
    set_at("components", 0, "bom-ref", "image"),
    set_at("components", 0, "evidence", "identity", 0, "methods", 0, "technique", "guess"),
    set_at("components", 0, "evidence", "identity", 0, "confidence", 2),
    set_at("vulnerabilities", 0, "affects", 0, "ref", "c999"),
    set_at("vulnerabilities", 0, "analysis", "state", "fine"),
    set_at("vulnerabilities", 2, "ratings", 0, "score", "9.8"),
    set_at("vulnerabilities", 2, "ratings", 0, "method", "CVSSv9"),
    set_at("vulnerabilities", 3, "published", "2022-08-03"),
    set_at("dependencies", 0, "dependsOn", ["nowhere"]),
]


def cyclonedx_errors(document, version="1.6"):
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        return list(validate.cyclonedx_errors(file.name, version))


def report_errors(document):
    return list(validate.report_errors(document, SCHEMA))


def closed_everywhere(schema, path="$"):
    """Every object of our schema says what it may have, and that it may have nothing else. (Or it is a table, whose
    members are all described alike.)"""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False and not schema.get("additionalProperties"):
            yield f"{path}: additionalProperties is not false"
        for key, value in schema.items():
            yield from closed_everywhere(value, f"{path}.{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from closed_everywhere(value, f"{path}[{index}]")


SARIF_BREAKS = [
    set_at("version", "2.2.0"),
    set_at("runs", 0, "surprise", 1),
    set_at("runs", 0, "results", 0, "message", DELETE),
    set_at("runs", 0, "results", 0, "level", "fatal"),
    set_at("runs", 0, "results", 0, "ruleIndex", 1),
    set_at("runs", 0, "results", 0, "baselineState", "old"),
    set_at("runs", 0, "results", 0, "locations", 0, "physicalLocation", "artifactLocation", "uri", 7),
    set_at("runs", 0, "results", 0, "locations", 0, "physicalLocation", "region", {}),
    set_at("runs", 0, "tool", "driver", "rules", 0, "help", DELETE),
    set_at("runs", 0, "tool", "driver", "rules", 0, "properties", "security-severity", "11"),
    set_at("runs", 0, "invocations", 0, "endTimeUtc", "noon"),
]

GITLAB_BREAKS = [
    set_at("version", "15"),
    set_at("scan", "type", "sast"),
    set_at("scan", "end_time", "2026-11-24T12:00:00Z"),
    set_at("vulnerabilities", 0, "severity", "high"),
    set_at("vulnerabilities", 0, "identifiers", []),
    set_at("vulnerabilities", 0, "identifiers", 0, "url", "javascript:x"),
    set_at("vulnerabilities", 0, "location", "image", ""),
    set_at("vulnerabilities", 0, "name", "x" * 256),
    set_at("vulnerabilities", 1, "id", "1"),
]

SPDX_BREAKS = [
    set_at("spdxVersion", "SPDX-9"),
    set_at("documentNamespace", "here"),
    set_at("creationInfo", "creators", []),
    set_at("packages", 0, "downloadLocation", DELETE),
    set_at("packages", 1, "SPDXID", "f 1"),
    set_at("packages", 2, "licenseDeclared", "LicenseRef-nowhere"),
    set_at("packages", 3, "externalRefs", [{"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "sqlite"}]),
    set_at("relationships", 0, "relatedSpdxElement", "SPDXRef-nobody"),
    set_at("relationships", 1, "relationshipType", "NEAR"),
]

SPDX3_BREAKS = [
    set_at("@graph", 0, "created", "today"),
    set_at("@graph", 1, "type", "Robot"),
    set_at("@graph", 3, "rootElement", ["https://example.com/nobody"]),
    set_at("@graph", 5, "software_primaryPurpose", "ornament"),
    set_at("@graph", 6, "name", 7),
    set_at("@graph", 6, "surprise", 1),
]

OPENVEX_BREAKS = [
    set_at("timestamp", "today"),
    set_at("surprise", 1),
    set_at("statements", 0, "status", "fine"),
    set_at("statements", 0, "products", 0, "surprise", 1),
    set_at("statements", 0, "vulnerability", DELETE),
    set_at("statements", 4, "justification", "because"),
]


def by_path(errors_of):
    def errors(document):
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            try:
                return list(errors_of(file.name))
            except (KeyError, ValueError) as problem:
                return [repr(problem)]

    return errors


def junit_failures():
    """The same for XML: every example is valid, and every break is found."""
    paths = sorted(EXAMPLES.glob("*.junit.xml"))
    failures = [f"{path.name}: {error}" for path in paths for error in validate.junit_errors(path)]
    if len(paths) < 3:
        failures.append(f"only {len(paths)} examples of junit")
    full = (EXAMPLES / "full.junit.xml").read_text(encoding="utf-8")
    for old, new in (('tests="', 'tests="1'), ("<failure ", "<failed "), ('classname="', 'class="'), ('time="0"', 'time="0,5"'), (' message="', ' msg="')):
        with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
            # The second count is that of a suite; the first is of all suites.
            file.write(full.replace(old, new))
            file.flush()
            try:
                if not list(validate.junit_errors(file.name)):
                    failures.append(f"junit: nobody noticed {new!r}")
            except Exception:  # not XML any more, or no number: noticed
                pass
    return failures


def tag_value_failures():
    paths = sorted(EXAMPLES.glob("*.spdx"))
    failures = [f"{path.name}: {error}" for path in paths for error in validate.spdx_tag_value_errors(path)]
    if len(paths) < 3:
        failures.append(f"only {len(paths)} examples of tag-value")
    full = (EXAMPLES / "full.spdx").read_text(encoding="utf-8")
    for old, new in (("SPDX-2.3", "SPDX-9"), ("FilesAnalyzed: false", "FilesAnalyzed: perhaps"), ("PrimaryPackagePurpose: LIBRARY", "PrimaryPackagePurpose: ORNAMENT"), (" CONTAINS SPDXRef-c1", " CONTAINS SPDXRef-nobody"), ("Created: ", "Created: on ")):
        with tempfile.NamedTemporaryFile("w", suffix=".spdx", encoding="utf-8") as file:
            file.write(full.replace(old, new, 1))
            file.flush()
            if not list(validate.spdx_tag_value_errors(file.name)):
                failures.append(f"tag-value: nobody noticed {new!r}")
    return failures


def check(pattern, errors_of, breaks):
    failures = []
    paths = sorted(EXAMPLES.glob(pattern))
    if len(paths) < 3:
        failures.append(f"only {len(paths)} examples {pattern}")
    for path in paths:
        failures += [f"{path.name}: {error}" for error in errors_of(validate.load(path))]
    full = validate.load(EXAMPLES / pattern.replace("*", "full"))
    for change in breaks:
        broken = copy.deepcopy(full)
        change(broken)
        if not errors_of(broken):
            failures.append(f"{pattern}: nobody noticed {change.name}")
    return failures


def main():
    failures = list(closed_everywhere(SCHEMA))
    failures += check("*.report.json", report_errors, REPORT_BREAKS)
    failures += check("*.cdx.json", cyclonedx_errors, CYCLONEDX_BREAKS)
    failures += check("*.sarif", by_path(validate.sarif_errors), SARIF_BREAKS)
    failures += check("*.gitlab.json", by_path(validate.gitlab_errors), GITLAB_BREAKS)
    failures += check("*.spdx.json", by_path(validate.spdx_errors), SPDX_BREAKS)
    failures += check("*.cdx17.json", lambda document: cyclonedx_errors(document, "1.7"), CYCLONEDX_BREAKS)
    failures += check("*.spdx3.json", by_path(validate.spdx3_errors), SPDX3_BREAKS)
    failures += tag_value_failures()
    failures += check("*.openvex.json", by_path(validate.openvex_errors), OPENVEX_BREAKS)
    failures += junit_failures()
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
