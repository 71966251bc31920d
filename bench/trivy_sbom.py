#!/usr/bin/env python3
"""What Trivy keeps of fathom's CycloneDX: feeds every example to `trivy sbom` and compares.

  bench/trivy_sbom.py --fathom build/release/fathom --trivy /usr/bin/trivy [IMAGE.tar …]

Trivy needs no data for this: it reads the SBOM and writes it again as it understood it. Its model has
no CPE, so what is compared are package URLs. Exits with 1 when one is lost.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]


def purls(path):
    pending, found = list(json.loads(path.read_text())["components"]), set()
    while pending:
        component = pending.pop()
        pending += component.get("components", ())
        if "purl" in component:
            found.add(urllib.parse.unquote(component["purl"]))  # Trivy writes ":" as %3A
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fathom", default=ROOT / "build/release/fathom")
    parser.add_argument("--trivy", default="trivy")
    parser.add_argument("images", nargs="*", default=sorted((ROOT / "examples").glob("*.tar")))
    arguments = parser.parse_args()
    lost = 0
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = pathlib.Path(folder, "ours.json"), pathlib.Path(folder, "theirs.json")
        for image in arguments.images:
            subprocess.run([arguments.fathom, "scan", image, "-o", f"cyclonedx-json={ours}", "--quiet"], check=False)
            subprocess.run([arguments.trivy, "sbom", ours, "--format", "cyclonedx", "--output", theirs, "--skip-db-update", "--offline-scan", "--quiet", "--cache-dir", folder + "/cache"], check=True)
            missing = purls(ours) - purls(theirs)
            lost += len(missing)
            print(f"{pathlib.Path(image).name}: {len(purls(ours))} package URLs, {len(missing)} lost", *sorted(missing))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
