"""Images in the registry of go-containerregistry, which speaks the referrers API, or leaves it out, as it is told."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli"))

import harness  # noqa: E402
import images  # noqa: E402
import fetched  # noqa: E402
from harness import call, example, fathom, scan, tool  # noqa: E402
from sources_test import essence  # noqa: E402

PROGRAM = """// A registry in memory: the address comes on standard output. With an argument it has the referrers API.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	quiet := registry.Logger(log.New(io.Discard, "", 0))
	log.Fatal(http.Serve(listener, registry.New(quiet, registry.WithReferrersSupport(len(os.Args) > 1))))
}
"""


class GoRegistry(harness.Case):
    def serve(self, *arguments):
        program = fetched.go("refreg", PROGRAM, "github.com/google/go-containerregistry", "v0.20.6")
        process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        return process.stdout.readline().strip()

    def push(self, archive, host, name, *how):
        call(tool("skopeo"), "copy", "-q", "--insecure-policy", "--dest-tls-verify=false", "--preserve-digests", *how, f"oci-archive:{archive}", f"docker://{host}/{name}")

    def attach(self, host, repository, subject, size, artifact_type, tag=None):
        """An artifact whose manifest names the image as its subject, put there by hand."""
        import urllib.request

        def put(path, data, content_type):
            request = urllib.request.Request(f"http://{host}/v2/{repository}/{path}", data=data, method="PUT", headers={"Content-Type": content_type})
            urllib.request.urlopen(request).close()

        def upload(data):
            request = urllib.request.Request(f"http://{host}/v2/{repository}/blobs/uploads/?digest={images.sha256(data)}", data=data, method="POST", headers={"Content-Type": "application/octet-stream"})
            urllib.request.urlopen(request).close()
            return {"digest": images.sha256(data), "size": len(data)}

        document = images.canonical({
            "schemaVersion": 2, "mediaType": images.MANIFEST, "artifactType": artifact_type,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", **upload(b"{}")},
            "layers": [{"mediaType": artifact_type, **upload(b"{}")}],
            "subject": {"mediaType": images.MANIFEST, "digest": subject, "size": size}})
        put("manifests/" + (tag or images.sha256(document)), document, images.MANIFEST)
        return {"mediaType": images.MANIFEST, "artifactType": artifact_type, "digest": images.sha256(document), "size": len(document)}

    def test_the_same_image_from_its_archive(self):
        for arguments in ((), ("referrers",)):
            host = self.serve(*arguments)
            for name in ("distroless-base", "musl-hello"):
                with self.subTest(f"{name} {arguments}"):
                    self.push(example(name), host, f"examples/{name}:1")
                    wanted, report = scan(example(name)).report, scan(f"{host}/examples/{name}:1").report
                    self.assertEqual(essence(report), essence(wanted))
                    self.assertEqual(report["image"]["digest"], wanted["image"]["digest"])
                    self.assertEqual(report["image"]["attached"], [])
                    self.assertEqual([g for g in report["gaps"] if g["stage"] == "referrers"], [])

    def test_attached_by_the_referrers_api(self):
        host = self.serve("referrers")
        self.push(example("musl-hello"), host, "team/app:1")
        subject = scan(f"{host}/team/app:1").report["image"]["digest"]
        self.attach(host, "team/app", subject, 1, "application/spdx+json")
        self.attach(host, "team/app", subject, 1, "application/vnd.dev.sigstore.bundle.v0.3+json")
        attached = scan(f"{host}/team/app:1").report["image"]["attached"]
        # This registry lists the type of the empty config in place of the artifact's. A bundle that does not say what it
        # claims is an attestation.
        self.assertEqual(sorted((a["kind"], a["status"], a["found"]) for a in attached), [
            ("attestation", "not verified", "referrers API"), ("sbom", "not verified", "referrers API")])

    def test_attached_by_tags_where_there_is_no_api(self):
        host = self.serve()
        self.push(example("musl-hello"), host, "team/app:1")
        subject = scan(f"{host}/team/app:1").report["image"]["digest"]
        tag = subject.replace(":", "-")
        self.attach(host, "team/app", subject, 1, "application/vnd.dev.cosign.simplesigning.v1+json", tag + ".sig")
        attached = scan(f"{host}/team/app:1").report["image"]["attached"]
        self.assertEqual([(a["kind"], a["status"], a["found"]) for a in attached], [("signature", "not verified", f"tag {tag}.sig")])

    def test_an_index_with_two_platforms(self):
        host = self.serve()
        for machine in ("amd64", "arm64"):
            image = images.Image([images.layer(images.folder("etc"), images.file("etc/motd", machine))], platform=("linux", machine))
            self.push(self.save(machine + ".tar", image), host, f"team/{machine}:1")
        listed = []
        for machine in ("amd64", "arm64"):
            digest = scan(f"{host}/team/{machine}:1").report["image"]["digest"]
            size = len(call("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{host}/team/{machine}@{digest}"))
            call("skopeo", "copy", "-q", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests", f"docker://{host}/team/{machine}:1", f"docker://{host}/team/both:{machine}")
            listed.append({"mediaType": images.MANIFEST, "digest": digest, "size": size, "platform": {"os": "linux", "architecture": machine}})
        import urllib.request

        index = json.dumps({"schemaVersion": 2, "mediaType": images.INDEX, "manifests": listed}).encode()
        urllib.request.urlopen(urllib.request.Request(f"http://{host}/v2/team/both/manifests/1", data=index, method="PUT", headers={"Content-Type": images.INDEX})).close()
        run = fathom("scan", f"{host}/team/both:1", "--all-platforms", "-o", "json=" + self.path("{platform}.json"), "--quiet")
        self.assertNotEqual(run.status, 2, run.err)
        for machine in ("amd64", "arm64"):
            with open(self.path(f"linux-{machine}.json")) as file:
                self.assertEqual(json.load(file)["image"]["platform"], "linux/" + machine)


if __name__ == "__main__":
    harness.main()
