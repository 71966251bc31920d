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


def cyclonedx_errors(document):
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        return list(validate.cyclonedx_errors(file.name, "1.6"))


def report_errors(document):
    return list(validate.report_errors(document, SCHEMA))


def closed_everywhere(schema, path="$"):
    """Every object of our schema says what it may have, and that it may have nothing else."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            yield f"{path}: additionalProperties is not false"
        for key, value in schema.items():
            yield from closed_everywhere(value, f"{path}.{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from closed_everywhere(value, f"{path}[{index}]")


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
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
