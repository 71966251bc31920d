"""fathom db: feeds in their official forms from files, folders and web servers; what is broken changes nothing; what
is imported decides findings, coverage and gates."""

import gzip
import hashlib
import http.server
import io
import json
import os
import signal
import subprocess
import threading
import time
import zipfile

import harness
from harness import NOW, call, fathom, scan, tool
from images import Image, file, layer

import jsonschema


def osv(id, package="left-pad", ecosystem="npm", fixed="1.3.0", modified="2026-11-20T00:00:00Z", **more):
    return {"schema_version": "1.6.0", "id": id, "modified": modified, "published": "2026-01-01T00:00:00Z",
            "summary": "made up", "details": "made up", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "affected": [{"package": {"ecosystem": ecosystem, "name": package},
                          "ranges": [{"type": "SEMVER" if ecosystem == "npm" else "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}],
            "references": [{"type": "WEB", "url": "https://example.org/"}], **more}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def zipped(members, **how):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **how) as archive:
        for name, content in members.items():
            archive.writestr(name, content if isinstance(content, (bytes, str)) else json.dumps(content))
    return out.getvalue()


def nvd(*cves):
    return {"resultsPerPage": len(cves), "startIndex": 0, "totalResults": len(cves), "format": "NVD_CVE", "version": "2.0",
            "timestamp": "2026-11-20T00:00:00.000", "vulnerabilities": [{"cve": cve} for cve in cves]}


def nvd_cve(id, status="Analyzed", tags=(), vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", score=7.5):
    return {"id": id, "sourceIdentifier": "cve@example.org", "published": "2026-01-01T00:00:00.000", "lastModified": "2026-11-19T00:00:00.000",
            "vulnStatus": status, "cveTags": [{"sourceIdentifier": "x", "tags": list(tags)}] if tags else [], "descriptions": [],
            "metrics": {"cvssMetricV31": [{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {"version": "3.1", "vectorString": vector, "baseScore": score, "baseSeverity": "HIGH"}}]},
            "references": []}


def kev(*cves):
    return {"title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": "2026.11.19", "dateReleased": "2026-11-19T10:00:00.0000Z",
            "count": len(cves), "vulnerabilities": [{"cveID": cve, "vendorProject": "v", "product": "p", "vulnerabilityName": "n", "dateAdded": "2026-11-19",
                                                    "shortDescription": "s", "requiredAction": "a", "dueDate": "2026-12-10", "knownRansomwareCampaignUse": "Unknown"} for cve in cves]}


EPSS = "#model_version:v2025.03.14,score_date:2026-11-18T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1000,0.52345,0.98\n"

DEBIAN = {
    "curl": {
        "CVE-2026-1000": {"description": "made up", "scope": "remote", "releases": {
            "bookworm": {"status": "resolved", "repositories": {"bookworm": "7.88.1-10+deb12u4"}, "fixed_version": "7.88.1-10+deb12u4", "urgency": "not yet assigned"}}},
        "CVE-2026-1001": {"releases": {"bookworm": {"status": "open", "nodsa": "Minor issue", "nodsa_reason": "postponed", "urgency": "low"}}},
        "CVE-2026-1002": {"releases": {"bookworm": {"status": "open", "nodsa": "", "nodsa_reason": "ignored", "urgency": "medium"}}},
        "CVE-2026-1003": {"releases": {"bookworm": {"status": "open", "urgency": "unimportant"}}},
        "CVE-2026-1004": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "0", "urgency": "low"}}},
        "CVE-2026-1005": {"releases": {"trixie": {"status": "open", "urgency": "high"}}}}}

SECDB = {"apkurl": "{{urlprefix}}/{{distroversion}}/{{reponame}}/{{arch}}/{{pkg.name}}-{{pkg.ver}}.apk", "archs": ["x86_64"], "reponame": "main",
         "urlprefix": "https://dl-cdn.alpinelinux.org/alpine", "distroversion": "v3.20",
         "packages": [{"pkg": {"name": "openssl", "secfixes": {"3.3.2-r0": ["CVE-2026-2000"], "0": ["CVE-2026-2001"]}}}]}

OPENVEX = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex/1", "author": "V", "timestamp": "2026-11-01T00:00:00Z", "version": 1,
           "statements": [{"vulnerability": {"name": "CVE-2026-1002"}, "products": [{"@id": "pkg:deb/debian/libcurl4"}], "status": "not_affected",
                           "justification": "vulnerable_code_not_in_execute_path"}]}

CSAF = {"document": {"category": "csaf_security_advisory", "csaf_version": "2.0", "title": "t", "publisher": {"category": "vendor", "name": "V", "namespace": "https://example.org"},
                     "tracking": {"id": "V-2026-1", "current_release_date": "2026-11-01T00:00:00Z", "initial_release_date": "2026-11-01T00:00:00Z", "status": "final", "version": "1",
                                  "revision_history": [{"date": "2026-11-01T00:00:00Z", "number": "1", "summary": "s"}]}},
        "product_tree": {"full_product_names": [{"product_id": "P", "name": "left-pad", "product_identification_helper": {"purl": "pkg:npm/left-pad@1.2.9"}}]},
        "vulnerabilities": [{"cve": "CVE-2026-3000", "product_status": {"known_affected": ["P"]}, "remediations": [{"category": "no_fix_planned", "details": "d", "product_ids": ["P"]}]}]}

STATUS = """Package: libcurl4
Status: install ok installed
Architecture: amd64
Source: curl
Version: 7.88.1-10+deb12u1
Description: x

"""


def debian_image(release='ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n', status=STATUS):
    return Image(layers=[layer(file("etc/os-release", release), file("var/lib/dpkg/status", status))])


def alpine_image():
    return Image(layers=[layer(file("etc/os-release", 'ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n'),
                               file("lib/apk/db/installed", "C:Q1pSfk5CUBHtBcDEYbvbjWhUYG2Xs=\nP:libssl3\nV:3.3.1-r0\nA:x86_64\no:openssl\nF:usr\nF:usr/lib\nR:libssl.so.3\n\n"))])


class Server(http.server.ThreadingHTTPServer):
    """Serves a dictionary; a value may be a function of the handler."""

    daemon_threads = True

    def __init__(self, files):
        self.files, self.asked = files, []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path=""):
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        body = self.server.files.get(self.path.lstrip("/").split("?")[0])
        if callable(body):
            return body(self)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Fri, 20 Nov 2026 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" " * 65536)
    except OSError:
        pass


def cut(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b"{" * 100)
    handler.close_connection = True


class Db(harness.Case):
    def setUp(self):
        self.data = self.path(self.id().split(".")[-1])

    def db(self, *arguments, data=None, **how):
        return fathom("db", *arguments, "--data", data or self.data, "--now", NOW, "-q", **how)

    def put(self, name, value, mtime=None):
        path = self.write(name, value if isinstance(value, (bytes, str)) else json.dumps(value))
        stamp = mtime or time.mktime((2026, 11, 20, 12, 0, 0, 0, 0, 0))
        os.utime(path, (stamp, stamp))
        return path

    def imported(self, *feeds, **how):
        paths = [feed if isinstance(feed, str) and feed.startswith("/") else self.put(f"feed-{i}.json", feed) for i, feed in enumerate(feeds)]
        run = self.db("import", *paths, **how)
        self.assertEqual(run.status, 0, run.err)
        return run

    def ids(self, word):
        return sorted(row["id"] for row in json.loads(self.db("search", word, "-o", "json").out)["advisories"] if row["pack"] == "imported")

    def pack(self):
        with open(os.path.join(self.data, "advisories.pack"), "rb") as f:
            return f.read()

    def refused(self, pattern, *arguments, **how):
        """It fails, says why, and leaves the data as they were."""
        before = self.pack() if os.path.exists(os.path.join(self.data, "advisories.pack")) else None
        run = self.db("import", *arguments, **how)
        self.assertEqual(run.status, 2, run.err)
        self.assertRegex(run.err, pattern)
        self.assertIn("unchanged", run.err)
        if before is not None:
            self.assertEqual(self.pack(), before)
        left = [name for name in os.listdir(self.data) if name not in ("advisories.pack", "lock")] if os.path.isdir(self.data) else []
        self.assertEqual(left, [])
        return run

    def scan(self, image, *arguments, name="image.tar"):
        return scan(self.save(name, image), "--data", self.data, *arguments)


class Forms(Db):
    def test_every_form_is_imported(self):
        for name, feed, word in (("osv", osv("GHSA-1111-2222-3333"), "GHSA-1111-2222-3333"), ("debian", DEBIAN, "CVE-2026-1001"), ("secdb", SECDB, "CVE-2026-2000"),
                                 ("csaf", CSAF, "CVE-2026-3000"), ("zip", zipped({"a.json": osv("GHSA-4444-5555-6666")}), "GHSA-4444-5555-6666"),
                                 ("gzip", gzip.compress(json.dumps(osv("GHSA-7777-8888-9999")).encode()), "GHSA-7777-8888-9999"),
                                 ("lines", "\n".join(json.dumps(osv(f"GHSA-aaaa-bbbb-ccc{i}")) for i in range(3)), "GHSA-aaaa-bbbb-ccc2")):
            with self.subTest(name):
                self.imported(self.put("feed-" + name, feed))
                self.assertEqual(self.ids(word), [word])
        self.imported(nvd(nvd_cve("CVE-2026-1000")), kev("CVE-2026-1000"), gzip_path := self.put("epss.csv.gz", gzip.compress(EPSS.encode())), OPENVEX)
        status = json.loads(self.db("status", "-o", "json").out)
        names = {row["name"] for row in status["imported"]["sources"]}
        self.assertEqual(names, {"osv", "debian", "alpine-main", "csaf", "nvd", "kev", "epss", "openvex"})
        row = {r["name"]: r for r in status["imported"]["sources"]}
        self.assertEqual(row["epss"]["newest"], "2026-11-18")
        self.assertEqual(row["epss"]["origin"], gzip_path)
        self.assertEqual(row["kev"]["newest"], "2026-11-19")
        self.assertEqual(row["debian"]["newest"], "2026-11-20")
        self.assertRegex(row["kev"]["digest"], "^sha256:[0-9a-f]{64}$")

    def test_the_synthetic_files_are_valid(self):
        for schema, document in (("openvex-0.2.0.json", OPENVEX), ("csaf-2.0.json", CSAF), ("osv.json", osv("GHSA-1111-1111-1111")),
                                 ("osv.json", osv("USN-1-1", ecosystem="Ubuntu:22.04:LTS", upstream=["CVE-2026-1", "CVE-2026-2"]))):
            with self.subTest(schema):
                jsonschema.validate(document, self.schema(schema))

    def schema(self, name):
        with open(os.path.join(harness.ROOT, "data", "schemas", name)) as f:
            return json.load(f)

    def test_only_what_is_there_is_replaced(self):
        self.imported(osv("GHSA-1111-1111-1111"), osv("GHSA-2222-2222-2222"), DEBIAN, kev("CVE-2026-1000"))
        self.imported(osv("GHSA-2222-2222-2222", package="other"))
        self.assertEqual(self.ids("left-pad"), ["GHSA-1111-1111-1111"])
        self.assertEqual(self.ids("other"), ["GHSA-2222-2222-2222"])
        self.assertEqual(len(self.ids("curl")), 6)
        self.imported({"curl": {"CVE-2026-1001": DEBIAN["curl"]["CVE-2026-1001"]}})
        self.assertEqual(self.ids("curl"), ["CVE-2026-1001"])  # a tracker is whole
        self.assertEqual(self.ids("left-pad"), ["GHSA-1111-1111-1111"])

    def test_a_withdrawn_record_finds_nothing_and_is_shown(self):
        self.imported(osv("GHSA-1111-1111-1111"))
        self.assertEqual(self.db("search", "pkg:npm/left-pad@1.2.0").status, 0)
        self.imported(osv("GHSA-1111-1111-1111", withdrawn="2026-11-21T00:00:00Z"))
        self.assertNotIn("GHSA-1111", self.db("search", "pkg:npm/left-pad@1.2.0").out.decode())
        self.assertIn("withdrawn", self.db("search", "GHSA-1111-1111-1111").out.decode())

    def test_a_record_that_cannot_be_read_is_named(self):
        lines = json.dumps(osv("GHSA-1111-1111-1111")) + "\n" + '{"id": "GHSA-x", "id": "GHSA-y", "modified": "2026-01-01T00:00:00Z"}\n' + json.dumps(osv("GHSA-3333-3333-3333"))
        run = self.imported(self.put("lines", lines))
        self.assertIn("duplicate key", run.err)
        self.assertEqual(self.ids("left-pad"), ["GHSA-1111-1111-1111", "GHSA-3333-3333-3333"])

    def test_export_and_import_give_the_same_bytes(self):
        self.imported(osv("GHSA-1111-1111-1111"), osv("USN-1-1", ecosystem="Ubuntu:22.04:LTS", package="curl", upstream=["CVE-2026-1", "CVE-2026-22222"], aliases=[]),
                      DEBIAN, SECDB, CSAF, OPENVEX, nvd(nvd_cve("CVE-2026-1000", tags=["disputed"])), kev("CVE-2026-1000"), self.put("e.csv", EPSS))
        for name in ("out.jsonl", "out.zip"):
            with self.subTest(name):
                out, other = self.path(name), self.data + name
                self.assertEqual(self.db("export", out).status, 0)
                run = self.db("import", out, data=other)
                self.assertEqual(run.status, 0, run.err)
                with open(os.path.join(other, "advisories.pack"), "rb") as f:
                    self.assertEqual(f.read(), self.pack())
        with open(self.path("out.jsonl")) as f:
            records = [json.loads(line) for line in f]
        self.assertTrue(any(r.get("id") == "USN-1-1" for r in records))
        validator = jsonschema.Draft202012Validator(self.schema("osv.json"))
        for record in records:
            if "id" in record:
                self.assertEqual([e.message for e in validator.iter_errors(record)], [])
        self.assertEqual(self.db("export").out.decode().count("\n"), len(records))


class Broken(Db):
    def test_leaves_the_old_data_in_use(self):
        self.imported(osv("GHSA-1111-1111-1111"))
        good = zipped({f"{i}.json": osv(f"GHSA-0000-0000-{i:04}") for i in range(50)})
        gz = gzip.compress(json.dumps(DEBIAN).encode())
        bad = bytearray(good)
        bad[300] ^= 0xFF
        deep = "[" * 5000 + "]" * 5000
        for name, feed, pattern in (
            ("truncated.zip", good[: len(good) // 2], "zip|directory"), ("bad.zip", bytes(bad), "bad.zip"), ("truncated.gz", gz[: len(gz) // 2], "truncated.gz"),
            ("truncated.json", json.dumps(DEBIAN)[:-20], "byte|ends"), ("empty", b"", "empty"), ("deep.json", '{"a": ' + deep + "}", "deep"),
            ("deep-osv.json", json.dumps(osv("GHSA-d"))[:-1] + ', "database_specific": {"x": ' + deep + "}}", "deep"),
            ("duplicate.json", '{"curl": {}, "curl": {}}', "duplicate key"), ("text.txt", "hello", "text.txt"),
            ("bomb.json.gz", gzip.compress(b"[" + b" " * (300 << 20) + b"]"), "times the input"), ("kev.json", {**kev("CVE-2026-1"), "count": 7}, "7 entries"),
            ("epss.csv", EPSS + "CVE-2026-1001,2.0,0.5\n", "line 4"), ("long.json", osv("GHSA-l", fixed="9" * 100_000), "limit"),
            ("many.json", {**osv("GHSA-m"), "affected": [{"package": {"ecosystem": "npm", "name": "x"}, "versions": [f"1.0.{i}" for i in range(30_000)]}]}, "limit"),
        ):
            with self.subTest(name):
                self.refused(pattern, self.put(name, feed))
        self.assertEqual(self.ids("left-pad"), ["GHSA-1111-1111-1111"])

    def test_one_bad_file_of_several_refuses_all(self):
        self.imported(osv("GHSA-1111-1111-1111"))
        self.refused("kev", self.put("good.json", osv("GHSA-2222-2222-2222")), self.put("kev.json", {**kev(), "count": 3}))
        self.assertEqual(self.ids("left-pad"), ["GHSA-1111-1111-1111"])

    def test_a_damaged_database_is_refused_and_never_used(self):
        self.imported(DEBIAN)
        path = os.path.join(self.data, "advisories.pack")
        whole = self.pack()
        image = self.save("image.tar", debian_image())
        for name, damaged in (("flipped", whole[:900] + bytes([whole[900] ^ 1]) + whole[901:]), ("cut", whole[:-64]), ("empty", b""), ("other", b"hello" * 100),
                              ("version", whole[:16] + b"\x63" + whole[17:])):
            with self.subTest(name):
                with open(path, "wb") as f:
                    f.write(damaged)
                for run in (fathom("scan", image, "--data", self.data, "-q"), self.db("status"), self.db("search", "curl"), self.db("import", self.put("k.json", kev("CVE-2026-1")))):
                    self.assertEqual(run.status, 2)
                    self.assertIn("advisories.pack", run.err)
                    self.assertRegex(run.err, "import again")
                with open(path, "rb") as f:
                    self.assertEqual(f.read(), damaged)

    def test_killed_in_the_middle(self):
        self.imported(osv("GHSA-1111-1111-1111"))
        before = self.pack()
        feed = self.put("large.zip", zipped({f"{i}.json": osv(f"GHSA-0000-{i // 10000:04}-{i % 10000:04}") for i in range(6000)}))
        for delay in (0.02, 0.1, 0.2, 0.3, 0.4):
            child = subprocess.Popen([os.path.abspath(harness.BINARY), "db", "import", feed, "--data", self.data, "-q", "--now", NOW], stderr=subprocess.DEVNULL)
            time.sleep(delay)
            child.send_signal(signal.SIGKILL)
            child.wait()
            self.assertEqual(self.db("status").status, 0)
            if self.pack() != before:
                self.assertEqual(len(self.ids("left-pad")), 6001)
        self.imported(feed)
        self.assertEqual(len(self.ids("left-pad")), 6001)
        self.assertEqual(sorted(os.listdir(self.data)), ["advisories.pack", "lock"])

    def test_a_half_written_file_is_overwritten(self):
        self.imported(osv("GHSA-1111-1111-1111"))
        with open(os.path.join(self.data, "advisories.pack.part"), "w") as f:
            f.write("half")
        self.imported(osv("GHSA-2222-2222-2222"))
        self.assertEqual(sorted(os.listdir(self.data)), ["advisories.pack", "lock"])

    def test_two_writers(self):
        feeds = [self.put(f"w{i}.json", osv(f"GHSA-0000-0000-{i:04}")) for i in range(6)]
        children = [subprocess.Popen([os.path.abspath(harness.BINARY), "db", "import", feed, "--data", self.data, "-q", "--now", NOW], stderr=subprocess.PIPE) for feed in feeds]
        for child in children:
            _, err = child.communicate(timeout=120)
            self.assertEqual(child.returncode, 0, err)
        self.assertEqual(len(self.ids("left-pad")), 6)

    def test_full_and_read_only_disks(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to mount")
        os.makedirs(self.data)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", self.data], capture_output=True).returncode:
            self.skipTest("cannot mount here")
        try:
            self.imported(osv("GHSA-1111-1111-1111"))
            before = self.pack()
            large = self.put("large.json", "\n".join(json.dumps(osv(f"GHSA-0000-{i:04}-0000")) for i in range(4000)))
            self.refused("No space left", large)
            # It fits as it comes and not as a pack.
            self.refused("No space left", self.put("large.gz", gzip.compress(read(large))))
            call("mount", "-o", "remount,ro", self.data)
            run = self.db("import", self.put("k.json", kev("CVE-2026-1")))
            self.assertEqual(run.status, 2)
            self.assertIn("Read-only", run.err)
            self.assertEqual(self.pack(), before)
            self.assertEqual(self.db("status").status, 0)
        finally:
            call("umount", self.data)


class Trust(Db):
    def key(self):
        private, public = self.path("private.pem"), self.path("public.pem")
        if not os.path.exists(public):
            call(tool("openssl"), "genpkey", "-algorithm", "ed25519", "-out", private)
            call("openssl", "pkey", "-in", private, "-pubout", "-out", public)
        return private, public

    def sign(self, path):
        call("openssl", "pkeyutl", "-sign", "-inkey", self.key()[0], "-rawin", "-in", path, "-out", path + ".sig")

    def test_checksums(self):
        feed = self.put("sum.json", osv("GHSA-1111-1111-1111"))
        with open(feed, "rb") as f:
            right = hashlib.sha256(f.read()).hexdigest()
        self.imported(feed, self.put("x.json", osv("GHSA-x")))
        self.refused("its SHA-256 is " + right, feed, "--checksum", "0" * 64)
        self.assertEqual(self.db("import", feed, "--checksum", right.upper()).status, 0)
        self.put("sum.json.sha256", "0" * 64 + "  sum.json\n")
        self.refused("its SHA-256 is", feed)
        self.put("sum.json.sha256", right + "  sum.json\n")
        self.imported(feed)

    def test_signatures(self):
        feed, public = self.put("signed.json", osv("GHSA-1111-1111-1111")), self.key()[1]
        self.imported(self.put("first.json", osv("GHSA-0000-0000-0000")))
        self.refused("there is no signature", feed, "--key", public)
        self.sign(feed)
        self.assertEqual(self.db("import", feed, "--key", public).status, 0)
        self.put("signed.json", osv("GHSA-2222-2222-2222"))
        self.refused("does not fit", feed, "--key", public)
        other = self.path("other.pem")
        call("openssl", "genpkey", "-algorithm", "ed25519", "-out", other)
        call("openssl", "pkey", "-in", other, "-pubout", "-out", other + ".pub")
        self.sign(feed)
        self.refused("does not fit", feed, "--key", other + ".pub")
        self.refused("--key", feed, "--key", "RWnonsense")

    def test_a_signed_mirror(self):
        sums = self.path("SHA256SUMS")
        files = {"m/osv.zip": zipped({"a.json": osv("GHSA-1111-1111-1111")}), "m/kev.json": json.dumps(kev("CVE-2026-1000")).encode(), "m/README.md": b"hello"}
        self.put("SHA256SUMS", "".join(f"{hashlib.sha256(v).hexdigest()}  {k[2:]}\n" for k, v in files.items()))
        self.sign(sums)
        files["m/SHA256SUMS"], files["m/SHA256SUMS.sig"] = read(sums), read(sums + ".sig")
        server = Server(files)
        run = self.db("import", "--from", server.url("m/"), "--key", self.key()[1])
        self.assertEqual(run.status, 0, run.err)
        self.assertNotIn("/m/README.md", server.asked)
        self.assertEqual(self.ids("left-pad"), ["GHSA-1111-1111-1111"])
        files["m/kev.json"] = json.dumps(kev("CVE-2026-1000", "CVE-2026-1001")).encode()
        self.refused("its SHA-256 is", "--from", server.url("m/"), "--key", self.key()[1])
        # Later the mirror has newer files, and update knows where it is.
        files["m/osv.zip"] = zipped({"a.json": osv("GHSA-1111-1111-1111", package="renamed")})
        self.put("SHA256SUMS", "".join(f"{hashlib.sha256(files[k]).hexdigest()}  {k[2:]}\n" for k in ("m/osv.zip", "m/kev.json")))
        self.sign(sums)
        files["m/SHA256SUMS"], files["m/SHA256SUMS.sig"] = read(sums), read(sums + ".sig")
        run = self.db("update", "--key", self.key()[1])
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(self.ids("renamed"), ["GHSA-1111-1111-1111"])
        del files["m/SHA256SUMS"]
        run = self.db("update", "--key", self.key()[1])
        self.assertEqual(run.status, 2)
        self.assertRegex(run.err, "SHA256SUMS.*unchanged")

    def test_web_servers_that_are_broken(self):
        self.imported(osv("GHSA-1111-1111-1111"))
        server = Server({"endless.json": endless, "cut.json": cut, "good.json": json.dumps(osv("GHSA-2222-2222-2222")).encode()})
        self.refused("404", "--from", server.url("none.json"))
        self.refused("cut.json", "--from", server.url("cut.json"))
        self.assertEqual(self.db("import", "--from", server.url("good.json?token=canary-secret")).status, 0)
        self.assertNotIn("canary", self.db("status").out.decode())
        self.assertNotIn(b"canary", self.pack())
        self.refused("plain HTTP", "--from", "http://mirror.invalid/x.json")

    def test_an_endless_answer_ends(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to mount")
        # Where it ends is the limit of 8 GiB or the disk, whichever is smaller.
        os.makedirs(self.data)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", self.data], capture_output=True).returncode:
            self.skipTest("cannot mount here")
        try:
            self.imported(osv("GHSA-1111-1111-1111"))
            self.refused("No space left", "--from", Server({"endless.json": endless}).url("endless.json"))
        finally:
            call("umount", self.data)


class Folders(Db):
    def test_a_folder_of_documents(self):
        folder = self.path("feeds")
        os.makedirs(os.path.join(folder, "2026"), exist_ok=True)
        self.put("feeds/2026/v-2026-1.json", CSAF)
        self.put("feeds/changes.csv", '"2026/v-2026-1.json","2026-11-01T00:00:00Z"\n')
        self.put("feeds/openvex.json", OPENVEX)
        run = self.imported(folder)
        self.assertIn("not used", run.err)
        self.assertEqual(self.ids("left-pad"), ["CVE-2026-3000"])


class Distributions(Db):
    def findings(self, report):
        return {f["id"]: f for f in report["findings"]}

    def ecosystem(self, report, name):
        return next(row for row in report["coverage"]["ecosystems"] if row["name"] == name)

    def test_debian(self):
        before = self.scan(debian_image()).report
        self.assertEqual(self.ecosystem(before, "deb")["status"], "not assessed")
        self.imported(DEBIAN, kev("CVE-2026-1000"), self.put("e.csv", EPSS), nvd(nvd_cve("CVE-2026-1000")))
        report = self.scan(debian_image()).report
        findings = self.findings(report)
        self.assertEqual(sorted(findings), ["CVE-2026-1000", "CVE-2026-1001", "CVE-2026-1002", "CVE-2026-1003"])
        self.assertEqual(findings["CVE-2026-1000"]["fixed_in"], ["7.88.1-10+deb12u4"])
        self.assertEqual(findings["CVE-2026-1000"]["fix"], "fixed")
        self.assertEqual(findings["CVE-2026-1000"]["severity"], "high")  # of the CVE: Debian has not rated it
        self.assertTrue(findings["CVE-2026-1000"]["kev"])
        self.assertEqual(findings["CVE-2026-1000"]["epss"]["score"], "0.52345")
        self.assertEqual(findings["CVE-2026-1001"]["fix"], "deferred")
        self.assertIn("postponed", findings["CVE-2026-1001"]["verdict"]["why"])
        self.assertEqual(findings["CVE-2026-1002"]["fix"], "will_not_fix")
        self.assertEqual(findings["CVE-2026-1003"]["severity"], "none")
        row = self.ecosystem(report, "deb")
        self.assertEqual((row["status"], row["release"], row["newest"]), ("assessed", "Debian:12", "2026-11-20"))
        self.assertEqual(row["advisories"], 5)
        self.assertNotIn("not assessed: the data has no advisories for 1 component of ecosystem deb", json.dumps(report["gaps"]))
        table = fathom("scan", self.save("t.tar", debian_image()), "--data", self.data, "--now", NOW, "-q").out.decode()
        self.assertIn("deb judged as Debian:12: 5 advisories to 2026-11-20", table)
        self.assertIn("none planned", table)

    def test_gates_know_what_can_be_fixed(self):
        self.imported(DEBIAN, kev("CVE-2026-1002"))
        self.assertEqual(self.scan(debian_image(), "--fail-on", "fixable").status, 1)
        self.assertEqual(self.scan(debian_image(), "--fail-on", "kev+fixable").status, 0)
        fixed = debian_image(status=STATUS.replace("deb12u1", "deb12u4"))
        self.assertEqual(self.scan(fixed, "--fail-on", "fixable", name="fixed.tar").status, 0)

    def test_other_releases_are_not_mixed(self):
        self.imported(DEBIAN)
        trixie = debian_image('ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian 13"\n')
        self.assertEqual(sorted(self.findings(self.scan(trixie, name="trixie.tar").report)), ["CVE-2026-1005"])
        kali = debian_image('ID=kali\nID_LIKE=debian\nVERSION_ID="2026.1"\nPRETTY_NAME="Kali"\n')
        self.assertEqual(self.ecosystem(self.scan(kali, name="kali.tar").report, "deb")["status"], "not assessed")

    def test_end_of_life(self):
        self.imported({"curl": {"CVE-2026-1001": {"releases": {"buster": {"status": "open", "urgency": "end-of-life"}}}}})
        report = self.scan(debian_image('ID=debian\nVERSION_ID="10"\nPRETTY_NAME="Debian 10"\n')).report
        self.assertEqual(self.ecosystem(report, "deb")["end_of_life"], "2024-06-30")
        self.assert_gap(report, "Debian:10 reached its end of life on 2024-06-30")
        self.assertEqual(self.findings(report)["CVE-2026-1001"]["fix"], "end_of_life")

    def test_alpine(self):
        self.imported(SECDB)
        report = self.scan(alpine_image()).report
        self.assertEqual(list(self.findings(report)), ["CVE-2026-2000"])
        self.assertEqual(self.ecosystem(report, "apk")["release"], "Alpine:v3.20")

    def test_disputed_rejected_and_vex(self):
        self.imported(DEBIAN, nvd(nvd_cve("CVE-2026-1000", tags=["disputed"]), nvd_cve("CVE-2026-1001", status="Rejected")), OPENVEX)
        findings = self.findings(self.scan(debian_image()).report)
        self.assertTrue(findings["CVE-2026-1000"]["disputed"])
        self.assertTrue(findings["CVE-2026-1001"]["withdrawn"])
        self.assertTrue(findings["CVE-2026-1001"]["range_uncertain"])
        self.assertTrue(findings["CVE-2026-1002"]["ignored"])
        self.assertIn("https://example.org/vex/1", findings["CVE-2026-1002"]["ignored_because"])

    def test_old_data_are_noted(self):
        self.imported(DEBIAN)
        self.assertNotIn("days old", json.dumps(self.scan(debian_image()).report["notes"]))
        self.assertIn("Debian:12 are 4 days old", json.dumps(self.scan(debian_image(), "--max-data-age", "3").report["notes"]))
        self.assertIn("is 4 days old", self.db("status", "--max-data-age", "3").err)


class Questions(Db):
    def test_diff_of_a_saved_report(self):
        self.imported(DEBIAN)
        report = self.path("old.json")
        self.scan(debian_image(), "-o", "json=" + report)
        run = self.db("diff", report)
        self.assertEqual((run.status, "0 added, 0 removed, 0 changed" in run.out.decode()), (0, True), run.out)
        self.assertEqual(fathom("db", "export", self.path("unused"), "--data", self.data).status, 0)
        old = self.path("old.pack")
        with open(old, "wb") as f:
            f.write(self.pack())
        newer = json.loads(json.dumps(DEBIAN))
        del newer["curl"]["CVE-2026-1003"]
        newer["curl"]["CVE-2026-1001"]["releases"]["bookworm"] = {"status": "resolved", "fixed_version": "7.88.1-10+deb12u9", "urgency": "low"}
        newer["curl"]["CVE-2026-1999"] = {"releases": {"bookworm": {"status": "open", "urgency": "high"}}}
        self.imported(newer)
        run = self.db("diff", report, "-o", "json")
        self.assertEqual(run.status, 1)
        changes = {c["id"]: c for c in run.report["compared"][0]["changes"]}
        self.assertEqual({k: c["change"] for k, c in changes.items()}, {"CVE-2026-1003": "removed", "CVE-2026-1001": "changed", "CVE-2026-1999": "added"})
        self.assertIn("fixed in none → 7.88.1-10+deb12u9", changes["CVE-2026-1001"]["details"])
        packs = {c["id"]: c["change"] for c in self.db("diff", old, "-o", "json").report["compared"][0]["changes"]}
        self.assertEqual(packs, {"CVE-2026-1003": "removed", "CVE-2026-1001": "changed", "CVE-2026-1999": "added"})
        self.assertEqual(self.db("diff", old, os.path.join(self.data, "advisories.pack"), report).status, 1)
        self.assertEqual(self.db("diff", self.path("nowhere.json")).status, 2)

    def test_search(self):
        self.imported(osv("GHSA-1111-1111-1111", aliases=["CVE-2026-6666"]), DEBIAN)
        for word, ids in (("CVE-2026-6666", ["GHSA-1111-1111-1111"]), ("ghsa-1111-1111-1111", ["GHSA-1111-1111-1111"]), ("left-pad", ["GHSA-1111-1111-1111"]),
                          ("pkg:npm/left-pad", ["GHSA-1111-1111-1111"]), ("pkg:npm/left-pad@1.2.0", ["GHSA-1111-1111-1111"]), ("pkg:npm/left-pad@1.3.0", []),
                          ("pkg:deb/debian/curl@7.88.1-10+deb12u1?distro=debian-12", ["CVE-2026-1000", "CVE-2026-1001", "CVE-2026-1002", "CVE-2026-1003"])):
            with self.subTest(word):
                self.assertEqual(self.ids(word), ids)
        self.assertEqual(self.db("search", "nothing-like-it").status, 1)
        self.assertEqual(self.db("search", "pkg:nothing").status, 2)

    def test_help_and_mistakes(self):
        text = fathom("db", "--help").out.decode()
        for word in ("status", "import", "update", "export", "diff", "search", "--from", "--key", "--checksum", "SHA256SUMS"):
            self.assertIn(word, text)
        for words in ((), ("improt",), ("import",), ("search",), ("diff",), ("status", "x"), ("export",), ("update",)):
            with self.subTest(words):
                run = self.db(*words)
                self.assertEqual(run.status, 2)
                self.assertTrue(run.err)
        self.assertRegex(self.db("import", self.path("nowhere")).err, "no such file")

    def test_names_from_feeds_are_harmless(self):
        self.imported(osv("GHSA-1111-1111-1111", package="a\x1b[31mred\u202e"))
        out = self.db("search", "GHSA-1111-1111-1111").out + self.db("status").out
        self.assertNotIn(b"\x1b", out)
        self.assertNotIn("\u202e".encode(), out)

    def test_scan_asks_nobody(self):
        server = Server({"good.json": json.dumps(osv("GHSA-2222-2222-2222")).encode()})
        self.assertEqual(self.db("import", "--from", server.url("good.json")).status, 0)
        asked = len(server.asked)
        self.scan(debian_image())
        self.assertEqual(len(server.asked), asked)

    def test_the_environment_names_the_folder(self):
        self.imported(DEBIAN)
        image = self.save("image.tar", debian_image())
        for env in ({"FATHOM_DATA": self.data}, {"XDG_DATA_HOME": self.link()}):
            with self.subTest(env):
                run = fathom("scan", image, "-o", "json", "--now", NOW, "-q", env=env)
                self.assertEqual(len(run.report["findings"]), 4)

    def link(self):
        home = self.path("xdg")
        os.makedirs(home, exist_ok=True)
        if not os.path.lexists(home + "/fathom"):
            os.symlink(self.data, home + "/fathom")
        return home


if __name__ == "__main__":
    harness.main()
