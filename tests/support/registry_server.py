"""A registry for tests, honest unless told otherwise: every answer can be replaced by one that stalls, lies, is cut,
or is not HTTP at all. Reads requests by itself, so that nothing between the test and the wire makes an answer proper."""

import base64
import hashlib
import json
import re
import socket
import ssl
import subprocess
import threading

import images


class Exchange:
    """One request, and the connection to answer it on."""

    def __init__(self, connection, method, target, headers, body):
        self.connection, self.method, self.target, self.headers, self.body = connection, method, target, headers, body
        self.path, _, self.query = target.partition("?")

    def raw(self, data):
        try:
            self.connection.sendall(data)
        except OSError:
            pass  # the client has seen enough

    def send(self, status=200, headers=None, body=b"", length=None):
        body = b"" if self.method == "HEAD" else body
        lines = [f"HTTP/1.1 {status} Whatever"] + [f"{k}: {v}" for k, v in (headers or {}).items()]
        lines.append(f"Content-Length: {len(body) if length is None else length}")
        self.raw(("\r\n".join(lines) + "\r\n\r\n").encode() + body)

    def send_ranged(self, headers, body, cut_after=None):
        """`body`, or the part that a Range header asks for; the connection is cut after so many bytes of it."""
        start = 0
        wanted = re.match(r"bytes=(\d+)-", self.headers.get("range", ""))
        if wanted:
            start = int(wanted[1])
            headers = {**headers, "Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        rest = body[start:]
        if cut_after is None or cut_after >= len(rest):
            return self.send(206 if wanted else 200, headers, rest)
        self.send(206 if wanted else 200, headers, rest[:cut_after], length=len(rest))
        self.cut()

    def cut(self):
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Server:
    """Answers on a port of 127.0.0.1 until closed. `tls`: (certificate, key)."""

    def __init__(self, tls=None):
        self.hooks, self.seen, self.lock = [], [], threading.Lock()
        self.closing = threading.Event()
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.origin = f"{'https' if tls else 'http'}://{self.host}"
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.closing.set()
        self.listener.close()

    def on(self, pattern, answer):
        """`answer(exchange)` for what matches "METHOD /path"; it returns False to leave it to others."""
        self.hooks.insert(0, (re.compile(pattern), answer))

    def requests(self, pattern=""):
        with self.lock:
            return [e for e in self.seen if re.search(pattern, f"{e.method} {e.target}")]

    def accept(self):
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if not self.context and connection.recv(1, socket.MSG_PEEK) == b"\x16":
                return  # a TLS greeting
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            self.converse(connection)
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            connection.close()

    def converse(self, connection):
        stream = connection.makefile("rb")
        while True:
            line = stream.readline(65536).decode("latin-1").strip()
            if not line:
                return
            method, target, _ = line.split(" ", 2)
            headers = {}
            while (line := stream.readline(65536).decode("latin-1").strip()):
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = stream.read(int(headers.get("content-length", 0)))
            exchange = Exchange(connection, method, target, headers, body)
            with self.lock:
                self.seen.append(exchange)
            self.answer(exchange)

    def answer(self, exchange):
        for pattern, answer in self.hooks:
            if pattern.search(f"{exchange.method} {exchange.path}") and answer(exchange) is not False:
                return
        self.default(exchange)

    def default(self, exchange):
        exchange.send(404, {}, b"{}")


class Registry(Server):
    """Holds images, manifests and blobs in memory."""

    def __init__(self, tls=None):
        super().__init__(tls)
        self.manifests, self.blobs, self.referrers = {}, {}, None

    def add_blob(self, data):
        self.blobs[images.sha256(data)] = data
        return images.sha256(data)

    def add_manifest(self, repository, document, *tags):
        """A document or its bytes; its descriptor."""
        data = document if isinstance(document, bytes) else images.canonical(document)
        digest = images.sha256(data)
        for name in (digest, *tags):
            self.manifests[repository, name] = data
        return {"mediaType": json.loads(data)["mediaType"], "digest": digest, "size": len(data)}

    def add(self, repository, image, *tags):
        self.add_blob(image.config())
        for layer in image.layers:
            self.blobs[layer.digest] = layer.blob
        return self.add_manifest(repository, image.manifest(), *tags)

    def default(self, exchange):
        found = re.fullmatch(r"/v2/(.+)/(manifests|blobs|referrers)/([^/]+)", exchange.path)
        if not found:
            return exchange.send(200 if exchange.path == "/v2/" else 404, {}, b"{}")
        repository, kind, name = found.groups()
        if kind == "manifests" and (repository, name) in self.manifests:
            data = self.manifests[repository, name]
            return exchange.send(200, {"Content-Type": json.loads(data)["mediaType"], "Docker-Content-Digest": images.sha256(data)}, data)
        if kind == "blobs" and name in self.blobs:
            return exchange.send_ranged({"Content-Type": "application/octet-stream"}, self.blobs[name])
        if kind == "referrers" and self.referrers is not None:
            listed = self.referrers.get(name, [])
            return exchange.send(200, {"Content-Type": images.INDEX}, images.canonical({"schemaVersion": 2, "mediaType": images.INDEX, "manifests": listed}))
        exchange.send(404, {}, b'{"errors":[{"code":"NAME_UNKNOWN"}]}')


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def want_basic(server, user, password):
    def check(exchange):
        if exchange.headers.get("authorization") == basic(user, password):
            return False
        exchange.send(401, {"WWW-Authenticate": 'Basic realm="test"'})

    server.on("/v2/", check)


def want_token(server, token="canary-token-one", service=None, user=None, password=None):
    """Token authentication, with the token service on `service` (default: the registry itself)."""
    service = service or server

    def check(exchange):
        if exchange.headers.get("authorization") == "Bearer " + server.token:
            return False
        exchange.send(401, {"WWW-Authenticate": f'Bearer realm="{service.origin}/token",service="test.example",scope="repository:other/thing:pull,push"'})

    def give(exchange):
        if user is not None and exchange.headers.get("authorization") != basic(user, password):
            return exchange.send(401)
        exchange.send(200, {"Content-Type": "application/json"}, json.dumps({"token": server.token, "expires_in": 300}).encode())

    server.token = token
    server.on("/v2/", check)
    service.on("/token", give)


def make_certificates(folder):
    """An authority, and what it (or nobody) has signed: {name: (certificate, key)}."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    def key(name):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key")

    key("ca")
    openssl("req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=Test Authority", "-days", "3650", "-out", "ca.pem", "-addext", "basicConstraints=critical,CA:TRUE")
    made = {}
    for name, names, days in (("good", "IP:127.0.0.1,DNS:localhost,DNS:registry.test", "3650"), ("other", "DNS:other.test", "3650"), ("expired", "IP:127.0.0.1", "-1")):
        key(name)
        with open(f"{folder}/{name}.ext", "w") as out:
            out.write("subjectAltName=" + names)
        openssl("req", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-out", name + ".csr")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", days, "-extfile", name + ".ext", "-out", name + ".pem")
        made[name] = (f"{folder}/{name}.pem", f"{folder}/{name}.key")
    return made


class Proxy(Server):
    """A proxy that connects every name to one place."""

    def __init__(self, port, password=None):
        super().__init__()
        self.to, self.password = port, password

    def default(self, exchange):
        if self.password and exchange.headers.get("proxy-authorization") != basic("proxyuser", self.password):
            return exchange.send(407)
        with socket.create_connection(("127.0.0.1", self.to)) as other:
            self.connect(exchange, other)

    def connect(self, exchange, other):
        if exchange.method == "CONNECT":
            exchange.raw(b"HTTP/1.1 200 Connected\r\n\r\n")
        else:
            target = re.sub(r"^http://[^/]+", "", exchange.target)
            lines = [f"{exchange.method} {target} HTTP/1.1"] + [f"{k}: {v}" for k, v in exchange.headers.items()] + ["Connection: close"]
            other.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        there = threading.Thread(target=self.pump, args=(exchange.connection, other), daemon=True)
        there.start()
        self.pump(other, exchange.connection)
        there.join()

    @staticmethod
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for each in (source, sink):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
