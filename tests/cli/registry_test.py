"""Images in registries: Debian's docker-registry, and one of our own that is honest or hostile on demand."""

import base64
import concurrent.futures
import ctypes
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time

import harness
import images
import registry_server
from harness import NOW, call, example, fathom, scan, tool
from registry_server import Registry, Server, want_basic, want_token
from sources_test import essence

USER, PASSWORD = "canary-user", "canary-pässword:with colon"
CANARIES = (USER, PASSWORD, base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(), "canary-")


def small_image(text="one", **how):
    return images.Image([images.layer(images.folder("etc"), images.file("etc/motd", text + "\n")),
                         images.layer(images.file("etc/more", "more\n"))], **how)


def large_image(size=600_000):
    """One layer that does not fit into one piece of anything."""
    noise = b"".join(hash_of(i) for i in range(size // 32))
    return images.Image([images.layer(images.folder("srv"), images.file("srv/noise", noise), suffix="")])


def hash_of(number):
    import hashlib

    return hashlib.sha256(str(number).encode()).digest()


class RegistryCase(harness.Case):
    def each(self, cases, check):
        """`check(*case)` for all cases, some at a time: most of a hostile server's time is waiting."""

        def run(case):
            try:
                check(*case)
            except AssertionError as failure:
                return f"{str(case)[:100]}: {failure}"

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            failures = [text for text in pool.map(run, cases) if text]
        self.assertEqual(failures, [], "\n".join(failures))

    def registry(self, image=None, **how):
        server = Registry(**how)
        self.addCleanup(server.close)
        if image is not None:
            server.add("team/app", image, "1")
        return server

    def target(self, server):
        return f"registry:{server.host}/team/app:1"

    def auth_file(self, name="auth.json", **document):
        return self.write(name, json.dumps(document))

    def login(self, server, user=USER, password=PASSWORD):
        """The environment of a user who has logged in."""
        auth = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"REGISTRY_AUTH_FILE": self.auth_file(f"auth-{server.port}.json", auths={server.host: {"auth": auth}})}

    def fails(self, pattern, target, *arguments, **how):
        """No report, exit status 2, one message that matches and gives nothing away."""
        run = fathom("scan", target, "--now", NOW, "--quiet", *arguments, **how)
        self.assertEqual((run.status, run.out), (2, b""), run.err)
        self.assertRegex(run.err, pattern)
        self.assert_silent(run)
        return run

    def assert_silent(self, *runs):
        for run in runs:
            for text in (run.out.decode("utf-8", "replace"), run.err):
                for canary in CANARIES:
                    self.assertNotIn(canary, text)

    def motd(self, report):
        return [r["state"] for r in report["files"] if r["path"] == "etc/motd"]


class DockerRegistry(RegistryCase):
    """The registry that Debian packages, filled by skopeo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = cls.start("plain", "")
        secrets = call(tool("htpasswd"), "-Bbn", "-C", "4", "tester", "canary-docker")
        path = images.write(os.path.join(cls.folder, "htpasswd"), secrets.encode())
        cls.closed = cls.start("closed", f"auth: {{htpasswd: {{realm: test, path: {path}}}}}\n")

    @classmethod
    def start(cls, name, more):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        config = images.write(os.path.join(cls.folder, name + ".yml"), (
            f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {cls.folder}/{name}}}}}\n"
            f"http: {{addr: '127.0.0.1:{port}'}}\n{more}").encode())
        process = subprocess.Popen([tool("docker-registry"), "serve", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.kill)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"127.0.0.1:{port}"
            time.sleep(0.05)
        raise AssertionError("docker-registry does not start")

    def push(self, archive, host, name, *how):
        call(tool("skopeo"), "copy", "-q", "--insecure-policy", "--dest-tls-verify=false", "--preserve-digests", *how, f"oci-archive:{archive}", f"docker://{host}/{name}")

    def test_the_same_image_from_its_archive(self):
        for name in ("distroless-base", "sqlite-service", "rust-auditable"):
            with self.subTest(name):
                self.push(example(name), self.plain, f"examples/{name}:1")
                wanted = scan(example(name)).report
                report = scan(f"{self.plain}/examples/{name}:1").report
                self.assertEqual(report["image"]["source"], "registry")
                self.assertEqual(essence(report), essence(wanted))
                self.assertEqual(report["image"]["digest"], wanted["image"]["digest"])
                self.assertEqual(report["image"]["layers"], wanted["image"]["layers"])
                by_digest = scan(f"registry:{self.plain}/examples/{name}@{wanted['image']['digest']}").report
                self.assertEqual(essence(by_digest), essence(wanted))

    def test_behind_a_password(self):
        archive = self.save("small.tar", small_image())
        self.push(archive, self.closed, "team/app:1", "--dest-creds", "tester:canary-docker")
        self.fails("wants a login: no credentials", f"{self.closed}/team/app:1")
        wrong = {"REGISTRY_AUTH_FILE": self.auth_file(auths={self.closed: {"auth": base64.b64encode(b"tester:canary-wrong").decode()}})}
        self.fails(r"refused the credentials of .*auth\.json.*401", f"{self.closed}/team/app:1", env=wrong)
        right = {"REGISTRY_AUTH_FILE": self.auth_file(auths={self.closed: {"auth": base64.b64encode(b"tester:canary-docker").decode()}})}
        run = scan(f"{self.closed}/team/app:1", env=right)
        self.assertEqual(essence(run.report), essence(scan(archive).report))
        self.assert_silent(run)

    def test_what_is_not_there(self):
        self.fails("has no nobody/nothing with 1 \\(404", f"{self.plain}/nobody/nothing:1")


class Login(RegistryCase):
    def closed(self):
        server = self.registry(small_image())
        want_basic(server, USER, PASSWORD)
        return server

    def test_where_credentials_come_from(self):
        server = self.closed()
        auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        os.makedirs(self.path("home/.docker"), exist_ok=True)
        self.write("home/.docker/config.json", json.dumps({"auths": {f"http://{server.host}/v2/": {"auth": auth}}}))
        for name, env in {
            "docker's file": {"HOME": self.path("home")},
            "DOCKER_CONFIG": {"DOCKER_CONFIG": self.path("home/.docker")},
            "a namespace": {"REGISTRY_AUTH_FILE": self.auth_file(auths={f"{server.host}/team": {"auth": auth}, server.host: {"auth": "d3Jvbmc6d3Jvbmc="}})},
            "user and password": {"REGISTRY_AUTH_FILE": self.auth_file("plain.json", auths={server.host: {"username": USER, "password": PASSWORD}})},
        }.items():
            with self.subTest(name):
                run = scan(self.target(server), env=env)
                self.assertEqual(self.motd(run.report), ["inert"])
                self.assert_silent(run)

    def helper(self, name, script):
        path = self.path("docker-credential-" + name)
        images.write(path, ("#!/bin/sh\n" + script).encode())
        os.chmod(path, 0o755)
        return {"PATH": self.folder + ":/usr/bin:/bin"}

    def test_helpers(self):
        server = self.closed()
        answer = json.dumps({"ServerURL": server.host, "Username": USER, "Secret": PASSWORD})
        path = self.helper("good", f"read server; [ \"$1 $server\" = 'get {server.host}' ] || exit 1; echo canary-noise >&2; cat <<'EOF'\n{answer}\nEOF\n")
        for document in ({"credsStore": "good"}, {"credHelpers": {server.host: "good"}}):
            run = scan(self.target(server), env={**path, "REGISTRY_AUTH_FILE": self.auth_file(**document)})
            self.assertEqual(self.motd(run.report), ["inert"])
            self.assert_silent(run)

    def test_helpers_are_told_nothing_by_arguments_or_environment(self):
        """What any user of the machine may read of a process has neither a secret nor the name of the image."""
        server = self.closed()
        answer = json.dumps({"Username": USER, "Secret": PASSWORD})
        seen = self.path("seen")
        path = self.helper("spy", f"tr '\\0' ' ' </proc/$$/cmdline >{seen}; tr '\\0' ' ' </proc/$PPID/cmdline >>{seen}; ls -l /proc/$$/fd >>{seen}; cat >/dev/null; cat <<'EOF'\n{answer}\nEOF\n")
        files = self.auth_file("spy.json", auths={server.host: {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}}, credsStore="spy")
        run = scan(self.target(server), env={**path, "REGISTRY_AUTH_FILE": files})
        self.assertEqual(self.motd(run.report), ["inert"])
        with open(seen) as file:
            text = file.read()
        self.assertIn("docker-credential-spy get", text)
        for canary in CANARIES:
            self.assertNotIn(canary, text)
        self.assertNotIn("socket:", text, "a connection in the hands of the helper")

    def test_helpers_that_fail(self):
        server = self.closed()
        def check(name, script, pattern):
            path = self.helper(name, script)
            self.fails(pattern, self.target(server), env={**path, "REGISTRY_AUTH_FILE": self.auth_file(name + ".json", credsStore=name)})

        self.each((
                ("knows-nothing", "echo 'credentials not found in native keychain'; exit 1", "wants a login: no credentials"),
                ("broken", "echo canary-secret; exit 3", "docker-credential-broken failed"),
                ("garbled", "echo canary-secret", "its answer is no JSON object"),
                ("endless", "while :; do echo canary-canary-canary-canary-canary-canary; done", "took too long or said too much")), check)
        self.fails("docker-credential-missing cannot be run", self.target(server), env={"REGISTRY_AUTH_FILE": self.auth_file(credsStore="missing")})
        self.fails("is no name", self.target(server), env={"REGISTRY_AUTH_FILE": self.auth_file(credsStore="../../bin/sh")})

    def test_files_that_are_broken(self):
        server = self.closed()
        self.fails("is no JSON object", self.target(server), env={"REGISTRY_AUTH_FILE": self.write("broken.json", '{"auths": {"canary-')})
        self.fails("not base64", self.target(server), env={"REGISTRY_AUTH_FILE": self.auth_file(auths={server.host: {"auth": "canary-"}})})
        self.fails("cannot be read", self.target(server), env={"REGISTRY_AUTH_FILE": self.path("nowhere.json")})

    def test_credentials_of_another_registry_stay_at_home(self):
        server = self.closed()
        other = {"REGISTRY_AUTH_FILE": self.auth_file(auths={"127.0.0.1:1": {"username": USER, "password": PASSWORD}})}
        self.fails("no credentials", self.target(server), env=other)
        self.assertEqual({e.headers.get("authorization") for e in server.requests()}, {None})

    def test_names_with_credentials_are_not_repeated(self):
        self.fails("no user and no password", "registry:canary-user:canary-secret@127.0.0.1:1/app")
        self.fails("no user and no password", "canary-user:canary-secret@127.0.0.1:1/app")


class Tokens(RegistryCase):
    def test_anonymous_and_with_a_password(self):
        for user, env in ((None, False), (USER, True)):
            server = self.registry(small_image())
            service = Server()
            self.addCleanup(service.close)
            want_token(server, service=service, user=user, password=PASSWORD)
            run = scan(self.target(server), env=self.login(server) if env else None)
            self.assertEqual(self.motd(run.report), ["inert"])
            self.assert_silent(run)
            asked = service.requests("GET /token")
            self.assertEqual(len(asked), 1, "one token serves the whole image")
            # What we need, whatever the challenge says.
            self.assertEqual(asked[0].query, "service=test.example&scope=repository%3Ateam%2Fapp%3Apull")
            self.assertFalse([e for e in server.requests() if "Basic" in e.headers.get("authorization", "")])

    def test_a_token_that_expires_on_the_way(self):
        server = self.registry(small_image())
        want_token(server)

        def expire(exchange):
            server.token = "canary-token-two"
            server.hooks.remove(once)
            return False

        server.on("GET .*/blobs/", expire)
        once = server.hooks[0]
        self.assertEqual(self.motd(scan(self.target(server)).report), ["inert"])
        self.assertEqual(len(server.requests("GET /token")), 2)

    def test_identity_tokens(self):
        server = self.registry(small_image())
        want_token(server)

        def give(exchange):
            if b"grant_type=refresh_token" not in exchange.body or b"refresh_token=canary-identity" not in exchange.body:
                return exchange.send(401)
            exchange.send(200, {}, json.dumps({"access_token": server.token}).encode())

        server.on("POST /token", give)
        run = scan(self.target(server), env={"REGISTRY_AUTH_FILE": self.auth_file(auths={server.host: {"identitytoken": "canary-identity"}})})
        self.assertEqual(self.motd(run.report), ["inert"])
        self.assert_silent(run)

    def test_refused(self):
        server = self.registry(small_image())
        want_token(server, user=USER, password=PASSWORD)
        self.fails("wants a login: no credentials", self.target(server))
        self.fails("refused the credentials", self.target(server), env=self.login(server, password="canary-wrong"))

    def test_answers_that_are_no_tokens(self):
        def check(body, pattern):
            server = self.registry(small_image())
            want_token(server)
            server.on("/token", lambda e: e.send(200, {}, body))
            self.fails(pattern, self.target(server))

        self.each(((b"{", "no JSON"), (b"[]", "no token"), (b'{"token": "canary-\\r\\nX: y"}', "no token"), (b'{"token": 7}', "no token"),
                              (b'{"token":"' + b"x" * 300_000 + b'"}', "a body of more than"), (b"[" * 100_000, "no JSON")), check)

    def test_realms_that_lead_astray(self):
        def check(realm, pattern):
            server = self.registry(small_image())
            server.on("/v2/", lambda e: e.send(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'}))
            self.fails(pattern, self.target(server), env=self.login(server))

        self.each((("http://169.254.169.254/latest", "link-local"), ("file:///etc/passwd", "a file: address"), ("http://canary-u:canary-p@127.0.0.1/", "user name"),
                               ("", "no absolute address"), ("http://[fe80::1]/token", "link-local")), check)


class Redirects(RegistryCase):
    def store(self, image):
        """Another server that has the blobs."""
        other = self.registry()
        other.add("team/app", image, "1")
        return other

    def test_credentials_stay(self):
        image = small_image()
        server, other = self.registry(image), self.store(image)
        want_basic(server, USER, PASSWORD)
        # Behind the check of the password.
        server.hooks.append((re.compile("GET .*/blobs/"), lambda e: e.send(307, {"Location": other.origin + e.target})))
        run = scan(self.target(server), env=self.login(server))
        self.assertEqual(self.motd(run.report), ["inert"])
        self.assertEqual(len(other.requests("/blobs/")), 3)
        self.assertEqual({e.headers.get("authorization") for e in other.requests()}, {None})
        self.assert_silent(run)

    def test_credentials_do_not_come_back(self):
        """Away and back again: what had left the host may have been steered by another."""
        image = small_image()
        server, other = self.registry(image), self.registry()
        want_basic(server, USER, PASSWORD)
        server.on("GET .*/blobs/", lambda e: False if "back" in e.query else e.send(302, {"Location": other.origin + e.path}))
        other.on("/blobs/", lambda e: e.send(302, {"Location": server.origin + e.path + "?back"}))
        self.fails("answers 401|wants a login", self.target(server), env=self.login(server))
        self.assertEqual({e.headers.get("authorization") for e in server.requests(r"\?back")}, {None})

    def test_within_the_host_they_stay_valid(self):
        server = self.registry(small_image())
        want_basic(server, USER, PASSWORD)
        server.hooks.append((re.compile("GET .*/blobs/"), lambda e: False if "here" in e.query else e.send(302, {"Location": e.path + "?here"})))
        self.assertEqual(self.motd(scan(self.target(server), env=self.login(server)).report), ["inert"])

    def test_where_no_redirect_leads(self):
        def check(location, pattern):
            server = self.registry(small_image())
            server.on("GET .*/manifests/", lambda e: e.send(307, {"Location": location}))
            self.fails(pattern, self.target(server))

        self.each((("http://169.254.169.254/latest/meta-data/", "link-local address \\(169.254.169.254\\)"), ("http://[::ffff:169.254.169.254]/", "link-local"),
                                  ("http://[fe80::1]/x", "link-local"), ("http://0.0.0.0:1/x", "special address"), ("http://100.100.100.200/", "link-local"),
                                  ("file:///etc/passwd", "a file: address"), ("gopher://127.0.0.1/", "a gopher: address"), ("http://canary-u:canary-p@127.0.0.1/x", "user name"),
                                  ("http://127.0.0.1:99999/", "broken port"), ("", "is not followed|circle"), ("http:///x", "proper host|without a host"), ("http://a b/", "characters")), check)

    def test_circles_and_long_ways(self):
        server = self.registry(small_image())
        server.on("GET .*/manifests/1", lambda e: e.send(307, {"Location": e.target}))
        self.fails("in a circle", self.target(server))
        server.on("GET .*/manifests/1", lambda e: e.send(307, {"Location": e.path + f"?{len(server.requests())}"}))
        self.fails("more than 6 times", self.target(server))
        server.on("GET .*/manifests/1", lambda e: e.send(307))
        self.fails("without saying where", self.target(server))


class Hostile(RegistryCase):
    def layer_gap(self, server, pattern, image, *arguments):
        """The layer is a gap that says why; the rest of the image is there."""
        report = scan(self.target(server), *arguments).report
        self.assert_gap(report, pattern)
        self.assert_accounted(report)
        self.assertEqual(len(report["image"]["layers"]), len(image.layers))
        return report

    def test_cut_connections_are_resumed(self):
        image = large_image()
        wanted = scan(self.save("large.tar", image)).report
        server = self.registry(image)
        server.on("GET .*/blobs/", lambda e: e.send_ranged({}, server.blobs[e.path.rpartition("/")[2]], cut_after=90_000))
        self.assertEqual(essence(scan(self.target(server)).report), essence(wanted))
        self.assertGreaterEqual(len([e for e in server.requests("/blobs/") if "range" in e.headers]), 6)

    def test_cut_connections_without_ranges(self):
        image = large_image()
        wanted = scan(self.save("large.tar", image)).report
        server = self.registry(image)

        def cut_twice(exchange):
            body = server.blobs[exchange.path.rpartition("/")[2]]
            tries = len(server.requests(exchange.path))
            if tries > 2 or len(body) < 100_000:
                return exchange.send(200, {}, body)
            exchange.send(200, {}, body[:200_000 * tries], length=len(body))
            exchange.cut()

        server.on("GET .*/blobs/", cut_twice)
        self.assertEqual(essence(scan(self.target(server)).report), essence(wanted))

    def test_a_blob_that_never_comes_to_its_end(self):
        image = large_image()
        server = self.registry(image)
        digest = image.layers[0].digest
        server.on("GET .*/blobs/" + digest, lambda e: (e.send(200, {}, image.layers[0].blob[:1000], length=len(image.layers[0].blob)), e.cut()))
        self.layer_gap(server, "layer .*truncated the layer breaks off.*blobs/sha256:.*the connection ended in the middle", image)

    def test_another_part_than_asked_for(self):
        image = large_image()
        server = self.registry(image)
        blob = image.layers[0].blob

        def lie(exchange):
            if "range" in exchange.headers:
                return exchange.send(206, {"Content-Range": f"bytes 5-{len(blob) - 1}/{len(blob)}"}, blob[5:])
            exchange.send(200, {}, blob[:70_000], length=len(blob))
            exchange.cut()

        server.on("GET .*/blobs/" + image.layers[0].digest, lie)
        self.layer_gap(server, "sends another part", image)

    def test_wrong_digests(self):
        server = self.registry(small_image())
        server.on("GET .*/manifests/1", lambda e: e.send(200, {"Docker-Content-Digest": "sha256:" + "0" * 64}, server.manifests["team/app", "1"]))
        self.fails("wrong digest: .* it should be sha256:0000", self.target(server))
        other = small_image("two")
        server = self.registry(small_image())
        digest = server.add("team/app", other, "2")["digest"]
        server.on("GET .*/manifests/" + digest, lambda e: e.send(200, {}, server.manifests["team/app", "1"]))
        self.fails("wrong digest", f"registry:{server.host}/team/app@{digest}")
        config = images.sha256(other.config())
        server = self.registry(other)
        server.on("GET .*/blobs/" + config, lambda e: e.send(200, {}, b"{}" + b" " * (len(other.config()) - 2)))
        self.fails("wrong digest", self.target(server))

    def test_a_layer_of_a_wrong_digest_is_a_gap(self):
        image = small_image()
        server = self.registry(image)
        blob = bytearray(image.layers[0].blob)
        blob[4] ^= 1  # the time in the gzip header: the same files, other bytes
        server.on("GET .*/blobs/" + image.layers[0].digest, lambda e: e.send(200, {}, bytes(blob)))
        self.layer_gap(server, "layer .*malformed the layer has the digest sha256:.* but its digest is", image)

    def test_lengths_that_lie(self):
        image = small_image()
        digest, blob = image.layers[0].digest, image.layers[0].blob
        def check(length, pattern):
            server = self.registry(image)
            server.on("GET .*/blobs/" + digest, lambda e: (e.send(200, {}, blob, length=length), e.cut()))
            self.layer_gap(server, pattern, image)

        self.each(((len(blob) + 5, "announces .* its descriptor says"), (len(blob) - 5, "announces .* its descriptor says"), (2**62, "announces"), (2**64, "no number")), check)

    def test_bodies_without_end(self):
        image = small_image()

        def endless(exchange):
            exchange.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(300):
                exchange.raw(b"10000\r\n" + b" " * 65536 + b"\r\n")
            exchange.cut()

        server = self.registry(image)
        server.on("GET .*/blobs/" + image.layers[0].digest, endless)
        self.layer_gap(server, "sends more for blobs/sha256:", image)
        server = self.registry(image)
        server.on("GET .*/manifests/", endless)
        self.fails("sends more for manifests/1 than the 4.2 MB of the limit", self.target(server))

    def test_answers_that_are_no_http(self):
        ok = b"HTTP/1.1 200 OK\r\n"

        def check(answer, pattern):
            server = self.registry(small_image())
            server.on("GET .*/manifests/", lambda e: (e.raw(answer), e.cut()))
            self.fails(pattern, self.target(server))

        self.each(((b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not speak HTTP"), (ok + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "more than one way"),
                                (ok + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", "more than one way"), (ok + b"Content-Length: +2\r\n\r\n{}", "no number"),
                                (ok + b" folded: 1\r\n\r\n", "proper name"), (ok + b"a b: 1\r\n\r\n", "proper name"), (ok + b"X: 1\n\r\n\r\n", "line end inside"),
                                (ok + b"X: " + b"y" * 70_000 + b"\r\n\r\n", "larger than the limit"), (ok + b"".join(b"X%d: 1\r\n" % i for i in range(300)) + b"\r\n", "more headers"),
                                (ok + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "transfer encoding"), (ok + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "encoded"),
                                (ok + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "size is no number"), (b"HTTP/1.1 100 Continue\r\n\r\n" * 20, "interim"), (ok, "in.* head"), (b"", "closed the connection")), check)

    def test_stalls(self):
        """Nothing, half a head, a byte now and then, half a body: each ends within the time that the user allows."""

        def slowly(exchange):
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(60):
                exchange.raw(b" ")
                time.sleep(0.1)

        def check(name, answer, pattern):
            server = self.registry(small_image())
            server.on("GET .*/manifests/", answer)
            began = time.monotonic()
            self.fails(pattern, self.target(server), "--network-timeout", "1")
            self.assertLess(time.monotonic() - began, 30)

        self.each((("silent", lambda e: time.sleep(6), "sends nothing"), ("half a head", lambda e: (e.raw(b"HTTP/1.1 200"), time.sleep(6)), "sends nothing"),
                                      ("half a body", lambda e: (e.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), time.sleep(6)), "sends nothing"), ("byte by byte", slowly, "too slowly")), check)

    def test_manifests_are_parsed_behind_the_walls(self):
        for document, pattern in ((b"{" * 5000, "manifest: "), (b'{"manifests":[],"layers":[],"config":{}}', "ambiguous"), (b"[]", "not a JSON object")):
            server = self.registry(small_image())
            server.on("GET .*/manifests/", lambda e, d=document: e.send(200, {}, d))
            self.fails(pattern, self.target(server))

    def test_nobody_there(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.fails(f"cannot connect to 127.0.0.1 port {port}: Connection refused", f"registry:127.0.0.1:{port}/app")
        self.fails("name no-such-host.invalid cannot be resolved", "registry:no-such-host.invalid/app")


class Documents(RegistryCase):
    """Manifests and indexes that lead somewhere else, or round and round."""

    def index_of(self, server, *descriptors, tag=None):
        return server.add_manifest("team/app", {"schemaVersion": 2, "mediaType": images.INDEX, "manifests": list(descriptors)}, *([tag] if tag else []))

    def test_indexes_in_indexes(self):
        server = self.registry()
        image = server.add("team/app", small_image())
        inner = self.index_of(server, {**image, "platform": {"os": "linux", "architecture": "amd64"}})
        self.index_of(server, inner, tag="1")
        self.assertEqual(self.motd(scan(self.target(server)).report), ["inert"])

    def test_an_index_that_leads_to_itself(self):
        """By digest that would be a collision; by a server that lies it is not."""
        server = self.registry()
        digest = "sha256:" + "a" * 64
        entry = {"mediaType": images.INDEX, "digest": digest, "size": 400}
        index = images.canonical({"schemaVersion": 2, "mediaType": images.INDEX, "manifests": [entry]})
        server.on("GET .*/manifests/", lambda e: e.send(200, {"Content-Type": images.INDEX}, index))
        self.fails("wrong digest|deep|circle", self.target(server))
        self.assertLess(len(server.requests("/manifests/")), 40)

    def test_a_very_long_chain_of_indexes(self):
        server = self.registry()
        inner = server.add("team/app", small_image())
        for _ in range(60):
            inner = self.index_of(server, inner)
        self.index_of(server, inner, tag="1")
        self.fails("index", self.target(server))

    def test_a_manifest_that_is_an_index_too(self):
        server = self.registry()
        manifest = json.loads(images.canonical(small_image().manifest()))
        both = {**manifest, "manifests": [{"mediaType": images.MANIFEST, "digest": "sha256:" + "b" * 64, "size": 3}]}
        server.on("GET .*/manifests/", lambda e: e.send(200, {"Content-Type": images.MANIFEST}, images.canonical(both)))
        self.fails("ambiguous", self.target(server))

    def test_addresses_in_a_manifest_are_not_followed(self):
        """Foreign layers name other servers; only the repository that the user named is asked."""
        image = small_image()
        server, other = self.registry(image), self.registry()
        other.blobs[image.layers[1].digest] = server.blobs.pop(image.layers[1].digest)
        manifest = json.loads(images.canonical(image.manifest()))
        manifest["layers"][1]["urls"] = [f"{other.origin}/v2/team/app/blobs/{image.layers[1].digest}", "file:///etc/passwd", "http://169.254.169.254/"]
        server.add_manifest("team/app", manifest, "1")
        report = scan(self.target(server)).report
        self.assert_gap(report, "layer .*404")
        self.assertEqual(other.requests(), [])

    def test_digests_and_sizes_that_are_none(self):
        for change in ({"digest": "sha256:../../../etc/passwd"}, {"digest": "sha256:" + "A" * 64}, {"digest": "md5:" + "a" * 32}, {"size": -1}, {"size": 2**63}, {"size": "12"}, {"digest": None}):
            server = self.registry(small_image())
            manifest = json.loads(images.canonical(small_image().manifest()))
            manifest["config"].update(change)
            server.on("GET .*/manifests/", lambda e, m=manifest: e.send(200, {"Content-Type": images.MANIFEST}, images.canonical(m)))
            with self.subTest(change):
                self.fails("manifest|digest|size|config", self.target(server))
            self.assertFalse([e for e in server.requests() if "passwd" in e.target or "md5" in e.target])

    def test_storms_end(self):
        """A server that is busy for ever is given up after a few tries, and the layer is a gap."""
        image = small_image()
        server = self.registry(image)
        server.on("GET .*/blobs/" + image.layers[1].digest, lambda e: e.send(503, {"Retry-After": "0"}))
        self.assert_gap(scan(self.target(server)).report, "layer .*503 Service Unavailable")
        self.assertLess(len(server.requests("/blobs/" + image.layers[1].digest)), 20)
        server = self.registry(image)
        server.on("GET ", lambda e: e.send(429, {"Retry-After": "0"}))
        self.fails("limits requests \\(429 Too Many Requests\\)", self.target(server))
        self.assertLess(len(server.requests()), 20)


class Statuses(RegistryCase):
    def answering(self, status, headers=None, image=None):
        server = self.registry(image or small_image())
        server.on("GET .*/manifests/", lambda e: e.send(status, headers or {}))
        return server

    def test_messages(self):
        def check(status, headers, pattern):
            self.fails(pattern, self.target(self.answering(status, headers)))

        self.each(((403, {}, r"denies access to team/app \(403 Forbidden\)"), (404, {}, r"has no team/app with 1 \(404 Not Found\)"),
                                         (429, {"Retry-After": "120"}, r"limits requests \(429 Too Many Requests\); try again in 120 s"), (429, {}, "try again later"),
                                         (429, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}, r"try again in \d+ s"), (418, {}, "answers 418"), (500, {}, "500 Internal Server Error"),
                                         (401, {"WWW-Authenticate": "Negotiate"}, "no way to log in"), (401, {}, "no way to log in")), check)

    def test_what_passes_is_waited_for(self):
        server = self.registry(small_image())
        answers = [(429, {"Retry-After": "1"}), (502, {}), (503, {"Retry-After": "0"})]
        server.on("GET .*/manifests/", lambda e: e.send(*answers.pop(0)) if answers else False)
        self.assertEqual(self.motd(scan(self.target(server)).report), ["inert"])
        self.assertEqual(answers, [])


class Tls(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = registry_server.make_certificates(cls.folder)

    def test_authorities(self):
        server = self.registry(small_image(), tls=self.certificates["good"])
        run = scan(self.target(server), "--ca-file", self.path("ca.pem"))
        self.assertEqual(self.motd(run.report), ["inert"])
        self.fails("is not trusted: .*--ca-file", self.target(server))
        self.assertEqual(self.motd(scan(self.target(server), "--insecure").report), ["inert"])
        self.fails("is no file of certificates", self.target(server), "--ca-file", self.write("nothing.pem", "nothing"))

    def test_certificates_of_others(self):
        for name, pattern in (("other", "IP address mismatch"), ("expired", "has expired")):
            server = self.registry(small_image(), tls=self.certificates[name])
            want_basic(server, USER, PASSWORD)
            self.fails(pattern, self.target(server), "--ca-file", self.path("ca.pem"), env=self.login(server))
            self.assertEqual(server.requests(), [])

    def test_no_way_from_https_to_http(self):
        server = self.registry(small_image(), tls=self.certificates["good"])
        plain = self.registry(small_image())
        server.on("GET .*/blobs/", lambda e: e.send(307, {"Location": plain.origin + e.target}))
        self.fails("from https to plain http", self.target(server), "--ca-file", self.path("ca.pem"))
        self.assertEqual(plain.requests(), [])

    def test_proxies(self):
        server = self.registry(small_image(), tls=self.certificates["good"])
        proxy = registry_server.Proxy(server.port, "canary-proxy")
        self.addCleanup(proxy.close)
        target = "registry:registry.test/team/app:1"
        env = {"HTTPS_PROXY": f"http://proxyuser:canary-proxy@{proxy.host}"}
        run = scan(target, "--ca-file", self.path("ca.pem"), env=env)
        self.assertEqual(self.motd(run.report), ["inert"])
        self.assert_silent(run)
        self.assertEqual({e.target for e in proxy.requests("CONNECT")}, {"registry.test:443"})
        self.assertFalse([e for e in server.requests() if "proxy-authorization" in e.headers])
        self.fails("wants a user name and a password", target, "--ca-file", self.path("ca.pem"), env={"HTTPS_PROXY": proxy.host})
        self.fails("registry.test cannot be resolved", target, env={**env, "NO_PROXY": "other.test,.test"})
        self.fails("HTTPS_PROXY: only http:// proxies", target, env={"HTTPS_PROXY": "socks5://canary-u:canary-p@127.0.0.1:1"})

    def test_a_proxy_does_not_hide_where_a_redirect_leads(self):
        server = self.registry(small_image(), tls=self.certificates["good"])
        proxy = registry_server.Proxy(server.port)
        self.addCleanup(proxy.close)

        def check(host):
            self.fails("not followed", f"registry:registry.test/team/{host.lower().replace('.', '-')}:1", "--ca-file", self.path("ca.pem"), env={"HTTPS_PROXY": proxy.host})

        hosts = ("169.254.169.254", "2852039166", "127.1", "localhost", "0xa9fea9fe")
        for host in hosts:
            server.on(f"GET /v2/team/{host.replace('.', '-')}/manifests/", lambda e, h=host: e.send(307, {"Location": f"https://{h}/"}))
        self.each([(host,) for host in hosts], check)
        self.assertEqual({e.target for e in proxy.requests("CONNECT")}, {"registry.test:443"})


class Mirrors(RegistryCase):
    def test_the_mirror_first(self):
        image = small_image()
        server, mirror = self.registry(image), self.registry()
        mirror.add("cache/team/app", image, "1")
        option = f"{server.host}={mirror.origin}/cache/"
        self.assertEqual(self.motd(scan(self.target(server), "--registry-mirror", option).report), ["inert"])
        self.assertEqual(server.requests("/(manifests/1|blobs/)"), [])

    def test_what_a_mirror_lacks_or_has_wrong(self):
        image = small_image()
        def check(_, spoil):
            server, mirror = self.registry(image), self.registry()
            mirror.add("team/app", image, "1")
            spoil(mirror)
            run = scan(self.target(server), "--registry-mirror", f"{server.host}={mirror.origin}")
            self.assertEqual(self.motd(run.report), ["inert"])
            self.assertEqual([g for g in run.report["gaps"] if g["stage"] == "layer"], [])

        self.each({"empty": lambda m: m.manifests.clear(), "no layers": lambda m: m.blobs.clear(), "broken": lambda m: m.on("/v2/", lambda e: e.send(500)),
                            "another manifest": lambda m: m.on("GET .*/manifests/", lambda e: e.send(200, {"Docker-Content-Digest": "sha256:" + "1" * 64}, b"{}")),
                            "cuts": lambda m: m.on("GET .*/blobs/", lambda e: (e.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"), e.cut())), "gone": lambda m: m.close()}.items(), check)

    def test_credentials_do_not_go_to_mirrors(self):
        image = small_image()
        server, mirror = self.registry(image), self.registry(image)
        want_basic(mirror, USER, PASSWORD)
        want_basic(server, USER, PASSWORD)
        run = scan(self.target(server), "--registry-mirror", f"{server.host}={mirror.origin}", env=self.login(server))
        self.assertEqual(self.motd(run.report), ["inert"])
        self.assertEqual({e.headers.get("authorization") for e in mirror.requests()}, {None})
        self.assert_silent(run)

    def test_usage(self):
        self.fails("mirror's address is no absolute address", "registry:127.0.0.1:1/app", "--registry-mirror", "mirror.example")


class Indexes(RegistryCase):
    def setUp(self):
        self.server = self.registry()
        self.built = {("linux", "amd64"): small_image("amd"), ("linux", "arm64"): small_image("arm", platform=("linux", "arm64"))}
        listed = []
        for (system, machine), image in self.built.items():
            listed.append({**self.server.add("team/app", image), "platform": {"os": system, "architecture": machine}})
        note = self.server.add("team/app", small_image("note"))
        listed.append({**note, "platform": {"os": "unknown", "architecture": "unknown"}, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}})
        self.index = self.server.add_manifest("team/app", {"schemaVersion": 2, "mediaType": images.INDEX, "manifests": listed}, "1")

    def test_platforms(self):
        for machine in ("amd64", "arm64"):
            report = scan(self.target(self.server), "--platform", "linux/" + machine).report
            self.assertEqual(report["image"]["platform"], "linux/" + machine)
        self.fails("no image for linux/s390x; there are: .*linux/amd64.*linux/arm64", self.target(self.server), "--platform", "linux/s390x")

    def test_all_platforms(self):
        wanted = {machine: scan(self.target(self.server), "--platform", "linux/" + machine).report for machine in ("amd64", "arm64")}
        run = fathom("scan", self.target(self.server), "--all-platforms", "-o", "json=" + self.path("report-{platform}.json"), "--now", NOW, "--quiet")
        self.assertEqual((run.status, run.err), (scan(self.target(self.server)).status, ""))
        for machine, report in wanted.items():
            with open(self.path(f"report-linux-{machine}.json")) as f:
                self.assertEqual(essence(json.load(f)), essence(report))
        both = fathom("scan", self.target(self.server), "--all-platforms", "-o", "json", "--now", NOW, "--quiet").out.decode()
        first, end = json.JSONDecoder().raw_decode(both)
        second, _ = json.JSONDecoder().raw_decode(both[end:].lstrip())
        self.assertEqual([r["image"]["platform"] for r in (first, second)], ["linux/amd64", "linux/arm64"])
        self.fails("needs {platform} in its name", self.target(self.server), "--all-platforms", "-o", "json=" + self.path("one.json"))

    def test_all_platforms_of_a_layout(self):
        layout = self.path("layout")
        call(tool("skopeo"), "copy", "-q", "--all", "--insecure-policy", "--src-tls-verify=false", f"docker://{self.server.host}/team/app:1", f"oci:{layout}:1")
        fathom("scan", layout, "--all-platforms", "-o", "json=" + self.path("layout-{platform}.json"), "--now", NOW, "--quiet")
        for machine in ("amd64", "arm64"):
            with open(self.path(f"layout-linux-{machine}.json")) as f:
                self.assertEqual(essence(json.load(f)), essence(scan(self.target(self.server), "--platform", "linux/" + machine).report))

    def test_one_platform_that_fails_does_not_hide_the_others(self):
        arm = self.built["linux", "arm64"]
        del self.server.blobs[images.sha256(arm.config())]
        run = fathom("scan", self.target(self.server), "--all-platforms", "-o", "table", "--now", NOW, "--quiet")
        self.assertEqual(run.status, 2)
        self.assertIn(b"linux/amd64", run.out)
        self.assertIn("404", run.err)

    def test_a_tag_that_moves_while_it_is_read(self):
        """What was read first counts: manifests are asked for by digest from then on."""
        scan(self.target(self.server), "--platform", "linux/arm64")
        self.assertEqual(len(self.server.requests("GET .*/manifests/1$")), 1)


class Attached(RegistryCase):
    def setUp(self):
        self.server = self.registry(small_image())
        self.subject = images.sha256(self.server.manifests["team/app", "1"])

    def artifact(self, artifact_type, layer_type, *tags, annotations=None, note=None, content=None):
        blob = self.server.add_blob(content or b"{}" + str(artifact_type).encode())
        layer = {"mediaType": layer_type, "digest": blob, "size": 2}
        if note:
            layer["annotations"] = note
        document = {"schemaVersion": 2, "mediaType": images.MANIFEST, "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": self.server.add_blob(b"{}"), "size": 2}, "layers": [layer]}
        if artifact_type:
            document["artifactType"] = artifact_type
        return {**self.server.add_manifest("team/app", document, *tags), **({"artifactType": artifact_type} if artifact_type else {}), **({"annotations": annotations} if annotations else {})}

    def listed(self, **how):
        report = scan(self.target(self.server), **how).report
        self.assertEqual({a["status"] for a in report["image"]["attached"]} - {"not verified"}, set())
        return sorted((a["kind"], a["type"], a["found"].replace(self.subject[7:], "HEX")) for a in report["image"]["attached"])

    def test_none(self):
        self.assertEqual(self.listed(), [])

    def test_referrers_api(self):
        bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
        self.server.referrers = {self.subject: [
            self.artifact("application/spdx+json", "application/spdx+json"),
            # Some registries list the type of the empty config in place of the artifact's.
            {**self.artifact(bundle, bundle, annotations={"dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1"}), "artifactType": "application/vnd.oci.empty.v1+json"},
            self.artifact("application/x-unheard-of", "text/plain")]}
        self.assertEqual(self.listed(), [
            ("artifact", "application/x-unheard-of", "referrers API"), ("sbom", "application/spdx+json", "referrers API"),
            ("signature", "https://sigstore.dev/cosign/sign/v1", "referrers API")])

    def test_tag_fallback(self):
        entry = self.artifact("application/vnd.cyclonedx+json", "application/vnd.cyclonedx+json")
        self.server.add_manifest("team/app", {"schemaVersion": 2, "mediaType": images.INDEX, "manifests": [entry]}, self.subject.replace(":", "-"))
        self.assertEqual(self.listed(), [("sbom", "application/vnd.cyclonedx+json", "tag sha256-HEX")])

    def test_tags_of_cosign(self):
        tag = self.subject.replace(":", "-")
        self.artifact(None, "application/vnd.dev.cosign.simplesigning.v1+json", tag + ".sig")
        self.artifact(None, "application/vnd.dsse.envelope.v1+json", tag + ".att", note={"predicateType": "https://slsa.dev/provenance/v1"})
        self.assertEqual(self.listed(), [
            ("attestation", "https://slsa.dev/provenance/v1", "tag sha256-HEX.att"), ("signature", "application/vnd.dev.cosign.simplesigning.v1+json", "tag sha256-HEX.sig")])

    SBOM = b'{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"zlib","version":"1.3","purl":"pkg:generic/zlib@1.3"}]}'

    def test_an_attached_sbom_is_held_against_the_image(self):
        self.server.referrers = {self.subject: [self.artifact("application/vnd.cyclonedx+json", "application/vnd.cyclonedx+json", content=self.SBOM)]}
        report = scan(self.target(self.server)).report
        self.assertEqual([(row["origin"], row["form"]) for row in report["sboms"]], [("attached", "CycloneDX 1.5 JSON")])
        self.assertEqual([claim["state"] for claim in report["sboms"][0]["claims"]], ["not_found"])
        self.assertNotIn("zlib", [c["name"] for c in report["components"]], "a claim is no component")

    def test_an_attested_sbom_of_cosign(self):
        statement = b'{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://cyclonedx.org/bom","predicate":' + self.SBOM + b"}"
        envelope = json.dumps({"payloadType": "application/vnd.in-toto+json", "payload": base64.b64encode(statement).decode(), "signatures": []}).encode()
        self.artifact(None, "application/vnd.dsse.envelope.v1+json", self.subject.replace(":", "-") + ".att", note={"predicateType": "https://cyclonedx.org/bom"}, content=envelope)
        report = scan(self.target(self.server)).report
        self.assertEqual([row["origin"] for row in report["sboms"]], ["attached"])

    def test_an_attached_sbom_that_is_none_is_a_gap(self):
        self.server.referrers = {self.subject: [self.artifact("application/spdx+json", "application/spdx+json")]}
        self.assert_gap(scan(self.target(self.server)).report, "sbom .*the attached sbom could not be read")
        entry = self.artifact("application/spdx+json", "application/spdx+json", content=self.SBOM)
        self.server.blobs[images.sha256(self.SBOM)] = self.SBOM + b" "
        self.server.referrers = {self.subject: [entry]}
        self.assert_gap(scan(self.target(self.server)).report, "sbom .*digest")

    def test_broken_answers_are_gaps(self):
        self.server.on("GET .*/referrers/", lambda e: e.send(200, {}, b"["))
        report = scan(self.target(self.server)).report
        self.assert_gap(report, "referrers .*could not all be listed")
        self.server.on("GET .*/referrers/", lambda e: e.send(403, {}))
        self.assert_gap(scan(self.target(self.server)).report, "referrers .*denies access")


class NoSockets(RegistryCase):
    """A filter of the kernel ends the process that asks for a socket of the internet."""

    @staticmethod
    def forbid_sockets():
        # BPF: 64-bit system call 41 (socket) or 53 (socketpair) with a domain other than AF_UNIX.
        class Program(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

        def instruction(code, jt, jf, k):
            return code.to_bytes(2, sys.byteorder) + bytes((jt, jf)) + k.to_bytes(4, sys.byteorder)

        code = (instruction(0x20, 0, 0, 0) + instruction(0x15, 0, 3, 41) + instruction(0x20, 0, 0, 16) + instruction(0x15, 1, 0, 1) +
                instruction(0x06, 0, 0, 0x80000000) + instruction(0x06, 0, 0, 0x7FFF0000))
        buffer = ctypes.create_string_buffer(code, len(code))
        program = Program(len(code) // 8, ctypes.addressof(buffer))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.byref(program), 0, 0) != 0:
            os._exit(97)

    def run_without_sockets(self, target):
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "HTTPS_PROXY": "http://127.0.0.1:1"}
        return subprocess.run([os.path.abspath(harness.BINARY), "scan", target, "-o", "json", "--quiet", "--now", NOW], capture_output=True, env=environment, preexec_fn=self.forbid_sockets, timeout=60)

    def test_local_targets(self):
        done = self.run_without_sockets(example("musl-hello"))
        self.assertEqual(done.returncode, scan(example("musl-hello")).status, done.stderr)

    def test_the_filter_works(self):
        server = self.registry(small_image())
        self.assertEqual(self.run_without_sockets(self.target(server)).returncode, -signal.SIGSYS)


class Canary(RegistryCase):
    def test_no_format_has_a_secret(self):
        server = self.registry(small_image())
        want_token(server, user=USER, password=PASSWORD)
        formats = fathom("scan", "x", "-o", "none").err.partition("there are: ")[2].split()
        self.assertGreaterEqual(len(formats), 3)

        def check(name):
            run = fathom("scan", self.target(server), "-o", name, "--now", NOW, env=self.login(server))
            self.assertTrue(run.out, run.err)
            self.assert_silent(run)

        self.each([(name,) for name in formats], check)


if __name__ == "__main__":
    harness.main()
