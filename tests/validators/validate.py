#!/usr/bin/env python3
"""Second opinions on what fathom writes.

  validate.py REPORT.json --schema docs/report.schema.json   a fathom report
  validate.py BOM.json --cyclonedx 1.6                       a CycloneDX document
  validate.py VEX.json --openvex                             an OpenVEX document
  validate.py FILE --sarif | --gitlab | --junit | --spdx | --spdx-tag-value | --spdx3   the format of that name

Prints what is wrong, one line each, and exits with 1; with 0 when nothing is. A report and a
CycloneDX document are also checked for what a schema cannot say: that references lead somewhere,
that ids are unique, that counts add up.
"""

import argparse
import collections
import json
import pathlib
import sys

import jsonschema
import referencing
import referencing.jsonschema

OWN_SCHEMAS = pathlib.Path(__file__).resolve().parents[1] / "data" / "schemas"
SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "data" / "schemas"


def load(path):
    """The document; a repeated key is an error, because readers differ on which one counts."""

    def unique(pairs):
        repeated = [k for k, n in collections.Counter(k for k, _ in pairs).items() if n > 1]
        if repeated:
            raise ValueError(f"repeated key {repeated[0]!r}")
        return dict(pairs)

    with open(path, encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=unique)


def schema_errors(document, schema, others=()):
    registry = referencing.Registry().with_resources(
        (other["$id"], referencing.Resource.from_contents(
            other, default_specification=referencing.jsonschema.DRAFT7)) for other in others)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    checker = kind(schema, registry=registry, format_checker=kind.FORMAT_CHECKER)
    for error in checker.iter_errors(document):
        yield f"{error.json_path}: {error.message[:300]}"


def repeated(what, ids):
    for name, count in collections.Counter(ids).items():
        if count > 1:
            yield f"{what} {name!r} occurs {count} times"


def report_errors(report, schema):
    found = list(schema_errors(report, schema))
    yield from found
    if found:
        return
    components = [c["id"] for c in report["components"]]
    yield from repeated("component", components)
    for finding in report["findings"]:
        if finding["component"] not in components:
            yield f"finding {finding['id']}: no component {finding['component']!r}"
    for file in report["files"]:
        if "owner" in file and file["owner"] not in components:
            yield f"file {file['path']!r}: no owner {file['owner']!r}"
        if file.get("attributed", 0) > file.get("executable", 0):
            yield f"file {file['path']!r}: more bytes attributed than executable"
    files = report["coverage"]["files"]
    if files["identified"] + files["inert"] + files["gaps"] != files["total"]:
        yield f"coverage: {files} does not add up"
    share = report["coverage"]["executable_bytes"]
    if share["attributed"] > share["total"]:
        yield "coverage: more bytes attributed than executable"
    for row in report["coverage"]["ecosystems"]:
        if (row["status"] == "assessed") != (row["advisories"] > 0):
            yield f"coverage: ecosystem {row['name']} is {row['status']!r} by {row['advisories']} advisories"
    if report["policy"]["failed"] != (report["exit_status"] == 1):
        yield f"policy failed: {report['policy']['failed']}, exit status {report['exit_status']}"


def cyclonedx_errors(path, version):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = pathlib.Path(path).read_text(encoding="utf-8")
    problem = JsonStrictValidator(SchemaVersion.from_version(version)).validate_str(text)
    if problem:
        yield f"cyclonedx-python-lib: {str(problem)[:300]}"
    bom = load(path)
    if bom.get("specVersion") != version:
        yield f"specVersion {bom.get('specVersion')!r} is not {version}"
    main = load(SCHEMAS / f"cyclonedx-bom-{version}.schema.json")
    others = [load(SCHEMAS / f"cyclonedx-{name}.schema.json") for name in ("jsf-0.82", "spdx", "cryptography-defs")]
    yield from schema_errors(bom, main, [main, *others])
    yield from reference_errors(bom)


def sarif_errors(path):
    """The schema, and what GitHub demands beyond it."""
    log = load(path)
    yield from schema_errors(log, load(SCHEMAS / "sarif-2.1.0.json"))
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        yield from repeated("rule", [rule["id"] for rule in rules])
        yield from repeated("fingerprint", [r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]])
        for rule in rules:
            for name in ("shortDescription", "fullDescription", "help"):
                if not rule.get(name, {}).get("text"):
                    yield f"rule {rule['id']}: GitHub wants {name}"
            if not 0 <= float(rule["properties"]["security-severity"]) <= 10:
                yield f"rule {rule['id']}: security-severity {rule['properties']['security-severity']!r}"
        for number, result in enumerate(run["results"]):
            if not result["ruleIndex"] < len(rules) or rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                yield f"result {number}: ruleIndex does not lead to {result['ruleId']}"
            for location in result["locations"]:
                if "startLine" not in location["physicalLocation"]["region"]:
                    yield f"result {number}: GitHub wants a startLine"


def gitlab_errors(path):
    report = load(path)
    yield from schema_errors(report, load(OWN_SCHEMAS / "gitlab-container-scanning.json"))
    yield from repeated("vulnerability", [v["id"] for v in report.get("vulnerabilities", ())])


def junit_errors(path):
    import xml.etree.ElementTree

    import xmlschema

    for error in xmlschema.XMLSchema(str(OWN_SCHEMAS / "junit.xsd")).iter_errors(str(path)):
        yield f"{error.path}: {error.reason}"
    root = xml.etree.ElementTree.parse(path).getroot()
    for suite in root.iter("testsuite"):
        counts = {"tests": len(suite.findall("testcase"))}
        counts |= {name: len(suite.findall(f"testcase/{tag}")) for name, tag in
                   (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))}
        for name, count in counts.items():
            if int(suite.get(name)) != count:
                yield f"suite {suite.get('name')}: {name}={suite.get(name)} for {count}"


def spdx_errors(path):
    from spdx_tools.spdx.parser.error import SPDXParsingError
    from spdx_tools.spdx.parser.json.json_parser import parse_from_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    try:
        document = parse_from_file(str(path))
    except SPDXParsingError as problem:
        yield from map(str, problem.get_messages())
        return
    for message in validate_full_spdx_document(document):
        yield f"spdx-tools: {message.validation_message[:300]}"


def spdx_tag_value_errors(path):
    from spdx_tools.spdx.parser.error import SPDXParsingError
    from spdx_tools.spdx.parser.tagvalue.tagvalue_parser import parse_from_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    try:
        document = parse_from_file(str(path))
    except SPDXParsingError as problem:
        yield from map(str, problem.get_messages())
        return
    for message in validate_full_spdx_document(document):
        yield f"spdx-tools: {message.validation_message[:300]}"


def spdx3_errors(path):
    """The model checks types, cardinality and words; that references lead somewhere is checked here."""
    from spdx_python_model import v3_0_1 as spdx3

    graph = load(path)["@graph"]
    objects = spdx3.SHACLObjectSet()
    try:
        with open(path, "rb") as file:
            spdx3.JSONLDDeserializer().read(file, objects)
    except Exception as problem:  # whatever it raises, the document is not valid
        yield f"spdx-python-model: {str(problem)[:300]}"
        return
    ids = [element["spdxId"] for element in graph if "spdxId" in element]
    yield from repeated("spdxId", ids)
    for element in graph:
        used = [element["from"], *element["to"]] if "from" in element else element.get("rootElement", [])
        for ref in sorted(set(used) - set(ids)):
            yield f"no element {ref!r}"
    if sum(element.get("type") == "SpdxDocument" for element in graph) != 1:
        yield "not one SpdxDocument"


def openvex_errors(path):
    """An image without findings has no statements; everything else of the schema holds."""
    document = load(path)
    schema = load(SCHEMAS / "openvex-0.2.0.json")
    if document.get("statements") == []:
        del schema["properties"]["statements"]["minItems"]
    yield from schema_errors(document, schema)


def reference_errors(bom):
    defined, used = [], []
    pending = [bom]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            defined += [value["bom-ref"]] if "bom-ref" in value else []
            used += [value["ref"]] if "ref" in value else []
            for key in ("dependsOn", "assemblies"):
                used += value.get(key, [])
            pending.extend(value.values())
    yield from repeated("bom-ref", defined)
    for ref in sorted(set(used) - set(defined)):
        yield f"no bom-ref {ref!r}"


BY_PATH = {"openvex": openvex_errors, "sarif": sarif_errors, "gitlab": gitlab_errors,
           "junit": junit_errors, "spdx": spdx_errors, "spdx-tag-value": spdx_tag_value_errors,
           "spdx3": spdx3_errors}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--schema", metavar="FILE", help="a fathom report, by this schema")
    what.add_argument("--cyclonedx", metavar="VERSION", help="a CycloneDX document")
    for name in BY_PATH:
        what.add_argument(f"--{name}", action="store_true")
    arguments = parser.parse_args()
    try:
        if arguments.schema:
            errors = list(report_errors(load(arguments.file), load(arguments.schema)))
        elif arguments.cyclonedx:
            errors = list(cyclonedx_errors(arguments.file, arguments.cyclonedx))
        else:
            kind = next(name for name in BY_PATH if getattr(arguments, name.replace("-", "_")))
            errors = list(BY_PATH[kind](arguments.file))
    except (OSError, ValueError) as problem:
        errors = [str(problem)]
    for error in errors:
        print(f"{arguments.file}: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
