"""What an image lets run, and the audit of its configuration: each row with a planted fixture, and with a
legal look-alike that must stay quiet."""

import binascii
import base64
import hashlib
import io
import json
import os
import ssl
import struct
import subprocess
import tarfile

import harness
import images
from harness import NOW, fathom, scan, tool
from images import Image, Entry, file, folder, layer, program, symlink, whiteout

USER = "65532:65532"
LABELS = {f"org.opencontainers.image.{key}": "x" for key in ("source", "revision", "version")}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def program_with(example, text):
    """The program of an example's image that holds the text."""
    for blob in images.read_layers(harness.example(example)):
        with tarfile.open(fileobj=io.BytesIO(blob)) as t:
            for member in t:
                content = t.extractfile(member).read() if member.isfile() else b""
                if content.startswith(b"\x7fELF") and text in content:
                    return content
    raise AssertionError(f"no program of {example} holds {text}")


def rows(report):
    return {row["id"]: row for row in report["configuration"]}


def audit(case, name, image, now=NOW):
    return rows(json.loads(fathom("scan", case.save(name + ".tar", image), "-o", "json", "--now", now, "-q").out))


def tools(report):
    return {(row["tool"], row["path"]) for row in report["execution"]["tools"]}


def crc_token(prefix, body):
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    value, out = binascii.crc32(body.encode()), ""
    while value:
        value, rest = divmod(value, 62)
        out = digits[rest] + out
    return prefix + body + out.rjust(6, "0")


TOKEN = crc_token("ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ")


def elf(code, section_headers=False, extra=b""):
    """A static x86_64 program with one segment: header, program header, `extra`, `code`."""
    body = extra + code
    size = 64 + 56 + len(body)
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400078 + len(extra), 64,
                                                            size if section_headers else 0, 0, 64, 56, 1, 64, 1 if section_headers else 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 4096)
    return header + segment + body + (bytes(64) if section_headers else b"")


# mov eax, 60; syscall: leaves, and can start nothing.
EXIT = bytes.fromhex("b83c000000") + b"\x0f\x05"


class Execution(harness.Case):
    def scan(self, name, image):
        return scan(self.save(name, image)).report

    def test_a_program_that_only_exits_proves_that_there_is_no_shell(self):
        report = self.scan("exit.tar", Image([layer(program("app", elf(EXIT)))], ["/app"], user=USER))
        shell = report["execution"]["shell"]
        self.assertEqual(shell["verdict"], "absent")
        self.assertEqual(shell["excluded"], [{"why": "cannot start another program", "programs": 1}])
        self.assertEqual(report["execution"]["start"]["program"], "app")
        self.assertEqual(report["execution"]["start"]["problems"], [])

    def test_a_renamed_shell_is_found_by_its_content(self):
        for name, path in (("dash", "/bin/dash"), ("bash", "/bin/bash")):
            with self.subTest(name):
                image = Image([layer(program("app", elf(EXIT)), file("usr/lib/data.bin", read(path)))], ["/app"], user=USER)
                report = self.scan(name + ".tar", image)
                self.assertEqual(report["execution"]["shell"]["verdict"], "present")
                self.assertIn((name, "usr/lib/data.bin"), tools(report))
                row = next(r for r in report["execution"]["tools"] if r["tool"] == name)
                self.assertFalse(row["executable"])
                self.assertTrue(row["evidence"])

    def test_what_is_called_a_shell_and_is_none_is_none(self):
        report = self.scan("false.tar", Image([layer(program("bin/sh", elf(EXIT)))], ["/bin/sh"], user=USER))
        self.assertEqual(report["execution"]["shell"]["verdict"], "absent")
        self.assertEqual(tools(report), set())

    def test_an_unknown_shell_keeps_the_verdict_open(self):
        # execve, and a table of reserved words.
        words = b"\0".join([b"", b"case", b"do", b"done", b"elif", b"else", b"esac", b"until", b""])
        code = bytes.fromhex("b83b000000") + b"\x0f\x05"
        report = self.scan("own.tar", Image([layer(program("app", elf(code, extra=words)))], ["/app"], user=USER))
        shell = report["execution"]["shell"]
        self.assertEqual(shell["verdict"], "not_excluded")
        self.assertEqual([d["file"] for d in shell["doubts"]], ["app"])

    def test_a_script_inside_a_program_is_no_table_of_words(self):
        script = b"\0case $x in a) until done; do :; done ;; esac\nif a; then b; elif c; then d; fi\n\0"
        code = bytes.fromhex("b83b000000") + b"\x0f\x05"
        report = self.scan("completion.tar", Image([layer(program("app", elf(code, extra=script)))], ["/app"], user=USER))
        self.assertEqual(report["execution"]["shell"]["verdict"], "absent")

    def test_an_interpreter_is_named_beside_the_verdict(self):
        perl = read("/usr/bin/perl")
        report = self.scan("perl.tar", Image([layer(program("app", elf(EXIT)), file("data.bin", perl))], ["/app"], user=USER))
        shell = report["execution"]["shell"]
        self.assertNotEqual(shell["verdict"], "present")
        self.assertEqual([e["file"] for e in shell["interpreters"]], ["data.bin"])
        self.assertTrue(shell["interpreters"][0]["seen"].startswith("perl: "))

    def test_the_command_is_followed_to_the_program(self):
        image = Image([layer(
            folder("usr"), folder("usr/bin"), symlink("bin", "usr/bin"), program("usr/bin/env-1", elf(EXIT)), symlink("usr/bin/env", "env-1"),
            program("usr/bin/tool", elf(EXIT)), program("srv/run", "#!/usr/bin/env -S tool -x\n"))],
            ["run"], user=USER, env=["PATH=/nowhere:/srv:/bin"])
        start = self.scan("start.tar", image)["execution"]["start"]
        self.assertEqual(start["problems"], [])
        self.assertEqual([(s["what"], s["path"]) for s in start["steps"]], [
            ("search path", "srv/run"), ("script", "srv/run"), ("symlink", "usr/bin/env"), ("interpreter", "usr/bin/env-1"), ("program", "usr/bin/env-1"),
            ("search path", "bin/tool"), ("interpreter", "usr/bin/tool"), ("program", "usr/bin/tool")])

    def test_a_start_that_cannot_work_is_said(self):
        for name, entries, command, pattern in (
                ("missing", [], ["/app"], "there is no file /app"),
                ("path", [program("opt/app", elf(EXIT))], ["app"], "no app in the folders of PATH"),
                ("mode", [file("app", elf(EXIT))], ["/app"], "may not be executed by uid 65532"),
                ("shebang", [program("app", "#!/bin/nosh\n")], ["/app"], "wants /bin/nosh"),
                ("arch", [program("app", elf(EXIT).replace(b"\x3e\x00", b"\xb7\x00", 1))], ["/app"], "is for aarch64"),
                ("loop", [symlink("app", "app")], ["/app"], "there is no file /app"),
                ("text", [program("app", "hello\n")], ["/app"], "neither a program nor a script")):
            with self.subTest(name):
                report = self.scan(name + ".tar", Image([layer(file("x", "x"), *entries)], command, user=USER))
                self.assertRegex(" ".join(report["execution"]["start"]["problems"]), pattern)
                self.assertIn("start-broken", rows(report))

    def test_elevation_and_writable_programs(self):
        capability = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0).decode("latin-1")
        image = Image([layer(
            Entry("suid", content=elf(EXIT + b"1"), mode=0o4755), Entry("sgid", content=elf(EXIT + b"2"), mode=0o2755),
            Entry("ping", content=elf(EXIT + b"3"), mode=0o755, pax={"SCHILY.xattr.security.capability": capability}),
            Entry("mine", content=elf(EXIT + b"4"), mode=0o755, uid=65532), Entry("open", content=elf(EXIT + b"5"), mode=0o757),
            folder("lib", 0o777), program("lib/x.so", elf(EXIT + b"6")), folder("tmp", 0o1777), program("tmp/y", elf(EXIT + b"7")),
            # What is set on data runs nothing.
            Entry("note", content=b"text\n", mode=0o4644))], ["/suid"], user=USER)
        report = self.scan("elevation.tar", image)
        self.assertEqual(tools(report), {
            ("setuid", "suid"), ("setgid", "sgid"), ("file-capabilities", "ping"), ("writable-program", "mine"), ("writable-program", "open"),
            ("writable-folder", "lib")})
        capability = next(r for r in report["execution"]["tools"] if r["tool"] == "file-capabilities")
        self.assertEqual(capability["evidence"][0]["seen"], "security.capability cap_net_raw")

    def test_links_are_names_of_one_file_that_is_counted_once(self):
        dash = read("/bin/dash")
        image = Image([layer(program("app", elf(EXIT)), program("box", dash), symlink("sh", "box"), symlink("ash", "/box"))], ["/app"], user=USER)
        report = self.scan("links.tar", image)
        found = [r for r in report["execution"]["tools"] if r["tool"] == "dash"]
        self.assertEqual([(r["path"], r["names"], r["bytes"]) for r in found], [("box", ["ash", "sh"], len(dash))])

    def test_a_single_file_says_what_it_could_do(self):
        report = scan("file:/bin/bash").report
        abilities = {a["id"] for a in report["execution"]["programs"][0]["abilities"]}
        self.assertLessEqual({"exec", "change-user"}, abilities)
        imported = subprocess.run([tool("nm"), "-D", "--undefined-only", "/bin/bash"], stdout=subprocess.PIPE, check=True).stdout.decode()
        for ability in report["execution"]["programs"][0]["abilities"]:
            for evidence in ability["evidence"]:
                if evidence["place"].get("name") == "dynamic symbols":
                    self.assertRegex(imported, rf"\b{evidence['seen']}\b", "a second opinion: nm")
        quiet = scan("file:" + self.write("exit", elf(EXIT))).report
        self.assertEqual(quiet["execution"]["programs"][0]["abilities"], [])

    def test_the_commands_print_their_pages(self):
        target = self.save("page.tar", Image([layer(program("app", elf(EXIT)))], ["/app"]))
        text = fathom("exec", target, "--now", NOW, "-q").out.decode()
        self.assertIn("Shell: none, shown for 1 program", text)
        text = fathom("config", target, "--now", NOW, "-q").out.decode()
        self.assertIn("no-user", text)
        self.assertEqual(fathom("config", "/nonexistent", "-q").status, 2)
        self.assertIn("execution", json.loads(fathom("exec", target, "-o", "json", "--now", NOW, "-q").out))


class Configuration(harness.Case):
    def rows(self, name, image, now=NOW):
        return audit(self, name, image, now)

    def image(self, *entries, **how):
        how = {"user": USER, "tag": "app:1.2.3", "labels": LABELS, **how}
        return Image([layer(program("app", elf(EXIT)), *entries)], ["/app"], **how)

    def test_a_sound_image_has_no_row(self):
        self.assertEqual(self.rows("sound", self.image(
            folder("tmp", 0o1777), file("etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n"),
            file("etc/nsswitch.conf", "passwd: files\nhosts: files dns\n"), file("etc/os-release", "ID=own\nNAME=own\nVERSION_ID=1\n"))), {})

    def test_users(self):
        passwd = file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/srv:/bin/false\n")
        for user, row in (("", "no-user"), ("root", "user-root"), ("0:0", "user-root"), ("web", "user-name-only"), ("nobody", "user-unknown"), ("33", None)):
            with self.subTest(user):
                found = self.rows("user" + str(row), self.image(passwd, user=user))
                self.assertEqual({r for r in found if r.startswith(("no-user", "user-"))}, {row} - {None})

    def test_users_that_are_not_quite_there(self):
        passwd = file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/srv:/bin/false\n")
        group = file("etc/group", "root:x:0:\nweb:x:33:\n")
        for user, row in (("65532", "user-no-account"), ("33:nobody", "user-unknown"), ("33:web", None), ("33:1000", None)):
            with self.subTest(user):
                found = self.rows("there" + user.replace(":", "-"), self.image(passwd, group, user=user))
                self.assertEqual({r for r in found if r.startswith("user-")}, {row} - {None})
        self.assertEqual(self.rows("scratch", self.image()), {}, "an image without accounts")
        twice = file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/srv:/bin/false\nweb:x:34:33::/srv:/bin/false\n")
        self.assertEqual(self.rows("twice", self.image(twice, group, user="33"))["passwd-odd"]["evidence"][0]["seen"], "web for the second time")
        self.assertIn("passwd-odd", self.rows("torn", self.image(file("etc/passwd", "root:x:0:0:root\n"), group)))
        self.assertNotIn("passwd-odd", self.rows("empty", self.image(file("etc/passwd", ""))))
        self.assertIn("name-service-odd", self.rows("nss", self.image(file("etc/nsswitch.conf", "passwd: ldap\nhosts: files dns\n"))))
        self.assertNotIn("name-service-odd", self.rows("compat", self.image(file("etc/nsswitch.conf", "passwd: compat systemd\nhosts: files dns\n"))))

    def test_what_an_image_does_not_say(self):
        image = self.image()
        image.entrypoint = None
        self.assertEqual(set(self.rows("idle", image)), {"no-command"})
        path = os.path.join(self.folder, "docker.tar")
        with open(path, "wb") as f:
            f.write(self.image().docker_archive())
        found = rows(json.loads(fathom("scan", path, "-o", "json", "--now", NOW, "-q").out))
        self.assertLessEqual(set(found), {"no-digest", "mutable-tag"})

    def test_accounts(self):
        found = self.rows("accounts", self.image(
            file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\nopen::7:7::/:/bin/sh\n"),
            file("etc/shadow", "root:$6$abcdefgh$0123456789:19000:0:99999:7:::\nweb:!:19000::::::\nlocked:*:19000:0:99999:7:::\n"),
            file("etc/nsswitch.conf", "passwd: files\nhosts: dns\n")))
        self.assertEqual({k: found[k]["count"] for k in ("second-root", "empty-password", "password-hash", "name-service-odd")},
                         {"second-root": 1, "empty-password": 1, "password-hash": 1, "name-service-odd": 1})
        self.assertEqual(found["second-root"]["evidence"][0]["place"], {"kind": "line", "value": 2})

    def test_settings(self):
        found = self.rows("settings", self.image(tag="app:latest", labels={"org.opencontainers.image.base.name": "docker.io/library/debian:12"},
                                                 settings={"ExposedPorts": {"443/tcp": {}, "8080/tcp": {}}}))
        self.assertEqual(set(found), {"mutable-tag", "missing-labels", "no-base-digest", "privileged-port"})
        self.assertEqual(found["missing-labels"]["count"], 3)
        self.assertEqual([e["seen"] for e in found["privileged-port"]["evidence"]], ["443/tcp"])

    def test_secrets_in_the_configuration(self):
        found = self.rows("env", self.image(
            env=["PATH=/bin", "GITHUB=" + TOKEN, "DB_PASSWORD=correct-horse", "PASSWORD_FILE=/run/secrets/x", "API_KEY=", "SECRET_KEY=${OTHER}"],
            labels={**LABELS, "note": "see " + TOKEN}, history=["RUN |1 NPM_TOKEN=" + crc_token("npm_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5") + " /bin/sh -c npm ci",
                                                                "RUN /bin/sh -c pip install --index-url https://ci:hunter22@pypi.corp/simple x"]))
        self.assertEqual({k: v["count"] for k, v in found.items()}, {
            "secret-in-environment": 1, "secret-in-label": 1, "secret-in-history": 2, "secret-name-in-environment": 1})
        text = json.dumps(found)
        for secret in (TOKEN, TOKEN[10:30], "correct-horse", "hunter22"):
            self.assertNotIn(secret, text, "a report must not hold the credential")

    def test_secrets_in_files_and_deleted_files(self):
        key = subprocess.run([tool("openssl"), "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, check=True).stdout
        sealed = subprocess.run([tool("openssl"), "rsa", "-aes128", "-passout", "pass:abcd", "-traditional"], input=key, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, check=True).stdout
        account = json.dumps({"type": "service_account", "private_key": key.decode()}).encode()
        image = self.image(file("srv/key.pem", key), file("srv/sealed.pem", sealed), file("srv/account.json", account), file("srv/gone", "token=" + TOKEN + "\n"))
        image.layers.append(layer(whiteout("srv/gone")))
        found = self.rows("secrets", image)
        self.assertEqual({k: v["count"] for k, v in found.items()}, {"secret-in-file": 2, "secret-sealed": 1, "secret-in-deleted-file": 1})
        self.assertEqual({e["file"] for e in found["secret-in-file"]["evidence"]}, {"srv/key.pem", "srv/account.json"})

    def test_hints(self):
        found = self.rows("hint", self.image(file("app.js", "key = 'AIzaSyD9aB3xK7mQ2wE5rT8yU1iO4pL6jH0gF2s'\n")))
        self.assertEqual({k: v["severity"] for k, v in found.items()}, {"secret-hint": "info"})

    def test_what_only_looks_like_a_secret(self):
        public = b"-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL\n-----END PUBLIC KEY-----\n"
        self.assertEqual(self.rows("lookalikes", self.image(
            file("doc.md", "use ghp_" + "x" * 36 + " or\n-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----\nAKIAIOSFODNN7EXAMPLE\n"),
            file("wrong", TOKEN[:-1] + ("0" if TOKEN[-1] != "0" else "1") + "\n"), file("public.pem", public),
            file("broken.pem", b"-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(bytes(range(200))) + b"\n-----END PRIVATE KEY-----\n"),
            file("sums", "\n".join(hashlib.sha256(bytes([i])).hexdigest() + "  f" for i in range(50)) + "\n"),
            file("url.txt", "https://user:password@example.org/\n"))), {})

    def test_permissions_links_and_leftovers(self):
        core = elf(EXIT)
        core = core[:16] + b"\x04\x00" + core[18:]
        found = self.rows("leftovers", self.image(
            file("etc/conf", "x\n", 0o666), folder("srv", 0o777), folder("tmp", 0o1777), symlink("broken", "nowhere/at/all"), symlink("etc/mtab", "/proc/self/mounts"),
            symlink("var/run", "/run"), symlink("fine", "etc/conf"), symlink("dir", "srv"), file("src/.git/HEAD", "ref: refs/heads/main\n"),
            file("root/.bash_history", "ls\n"), file("var/cache/apt/archives/x.deb", b"!<arch>\n"), file("var/lib/apt/lists/empty", ""), file("core.17", core),
            file("home/me/.aws/credentials", "[default]\n")))
        self.assertEqual({k: [e["file"] for e in v["evidence"]] for k, v in found.items()}, {
            "world-writable-file": ["etc/conf"], "world-writable-folder": ["srv"], "dangling-symlink": ["broken"], "repository": ["src/.git/HEAD"],
            "shell-history": ["root/.bash_history"], "package-cache": ["var/cache/apt/archives/x.deb"], "core-dump": ["core.17"],
            "credential-file": ["home/me/.aws/credentials"]})

    def test_objects_are_leftovers_and_notes_are_none(self):
        self.assertEqual(set(self.rows("objects", self.image(file("src/main.o", elf(EXIT))))), {"build-leftover"})
        self.assertEqual(self.rows("notes", self.image(file("src/main.o", "see main.c\n"))), {})

    def test_wasted_bytes(self):
        image = self.image(file("big", bytes(2_000_000)), file("small", "x"))
        image.layers.append(layer(whiteout("big")))
        self.assertEqual(self.rows("waste", image)["wasted-bytes"]["count"], 1)
        image = self.image(file("small", bytes(1000)))
        image.layers.append(layer(whiteout("small")))
        self.assertNotIn("wasted-bytes", self.rows("little", image))

    def certificate(self, name, days):
        return subprocess.run([tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "/dev/null", "-days", str(days),
                               "-subj", "/CN=" + name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout

    def test_certificates(self):
        # Debian's own, without those that the data knows to be distrusted and those that this machine added.
        with open(os.path.join(harness.ROOT, "data", "audit", "roots.toml")) as f:
            known, _, distrusted = f.read().partition("[[distrusted]]")
        good, bad = [], []
        folder_of_roots = "/usr/share/ca-certificates/mozilla"
        for name in sorted(os.listdir(folder_of_roots)):
            pem = read(os.path.join(folder_of_roots, name))
            digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode())).hexdigest()
            self.assertIn(digest, known, name)
            (bad if digest in distrusted else good).append(pem)
        public = b"".join(good)
        self.assertEqual(self.rows("public", self.image(file("etc/ssl/certs/ca-certificates.crt", public)), "2023-04-01"), {})
        if bad:
            found = self.rows("bad", self.image(file("bundle.crt", public + b"".join(bad))), "2023-02-01")
            self.assertEqual({k: v["count"] for k, v in found.items()}, {"ca-distrusted": len(bad)})
        own = self.certificate("Snooper", 3650)
        found = self.rows("own", self.image(file("etc/ssl/certs/ca-certificates.crt", public + own)), "2023-04-01")
        self.assertEqual(set(found), {"ca-unknown"})
        self.assertIn("CN=Snooper", found["ca-unknown"]["evidence"][0]["seen"])
        # A server's own certificate is no bundle.
        self.assertEqual(self.rows("server", self.image(file("srv/cert.pem", own))), {})
        found = self.rows("later", self.image(file("etc/ssl/certs/ca-certificates.crt", public)), "2060-01-01")
        self.assertGreater(found["ca-expired"]["count"], 100)
        found = self.rows("cut", self.image(file("bundle.crt", public + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")), "2023-04-01")
        self.assertEqual(set(found), {"ca-unreadable"})

    def test_a_bundle_is_counted_and_held_against_the_distribution(self):
        folder_of_roots = "/usr/share/ca-certificates/mozilla"
        roots = {name: read(os.path.join(folder_of_roots, name)) for name in sorted(os.listdir(folder_of_roots))[:40]}
        paths = {"usr/share/ca-certificates/mozilla/" + name: pem for name, pem in roots.items()}
        sums = "".join(f"{hashlib.md5(pem).hexdigest()}  {path}\n" for path, pem in paths.items())
        package = [file(path, pem) for path, pem in paths.items()] + [
            file("var/lib/dpkg/status", STATUS.format("ca-certificates")), file("var/lib/dpkg/info/ca-certificates.md5sums", sums),
            file("var/lib/dpkg/info/ca-certificates.list", "".join(f"/{path}\n" for path in paths)),
            file("etc/os-release", "ID=debian\nNAME=Debian\nVERSION_ID=12\n")]
        everything = list(roots.values())

        def report(name, bundle):
            image = self.image(*package, file("etc/ssl/certs/ca-certificates.crt", b"".join(bundle)))
            return json.loads(fathom("scan", self.save(name + ".tar", image), "-o", "json", "--now", "2023-04-01", "-q").out)

        whole = report("whole", everything)
        (bundle,) = whole["trust"]["bundles"]
        self.assertEqual((bundle["path"], bundle["authorities"], bundle["missing"], bundle["unknown"]), ("etc/ssl/certs/ca-certificates.crt", 40, 0, 0))
        self.assertNotIn("ca-left-out", rows(whole))
        cut = report("cut-out", everything[2:])
        self.assertEqual(cut["trust"]["bundles"][0]["missing"], 2)
        self.assertEqual(rows(cut)["ca-left-out"]["count"], 2)

    def test_who_speaks_tls_and_trusts_nobody(self):
        source, client = os.path.join(self.folder, "client.c"), os.path.join(self.folder, "client")
        self.write("client.c", b"int connect(); int main(void) { return connect(); }\n")
        harness.call(tool("gcc"), "-w", source, "-o", client, "-Wl,--no-as-needed", "-lssl")
        self.assertIn("ca-missing", self.rows("tls", self.image(program("usr/bin/x", read(client)))))
        self.assertNotIn("ca-missing", self.rows("no-tls", self.image(program("usr/bin/x", read("/bin/bash")))))

    def test_time_zones(self):
        zones = file("usr/share/zoneinfo/tzdata.zi", "# version 2022a\nR d 1916 o - Jun 14 23s 1 S\n")
        self.assertEqual(set(self.rows("zones", self.image(zones))), {"time-zones-old"})
        self.assertEqual(self.rows("zones-new", self.image(zones), "2023-06-01"), {})
        # Where the data does not say it, the package does.
        status = "Package: tzdata\nStatus: install ok installed\nVersion: {}-0+deb12u1\nArchitecture: all\n\n"
        release = file("etc/os-release", "ID=debian\nNAME=Debian\nVERSION_ID=12\n")
        old = self.rows("tzdata", self.image(file("var/lib/dpkg/status", status.format("2021a")), release))
        self.assertEqual(old["time-zones-old"]["evidence"][0]["seen"], "package tzdata 2021a-0+deb12u1")
        self.assertNotIn("time-zones-old", self.rows("tzdata-new", self.image(file("var/lib/dpkg/status", status.format("2026a")), release)))


STATUS = "Package: {0}\nStatus: install ok installed\nVersion: 1.0\nArchitecture: amd64\n\n"


class Doctored(harness.Case):
    def rows(self, name, image, now=NOW):
        return audit(self, name, image, now)

    def base(self, content=elf(EXIT)):
        sums = hashlib.md5(elf(EXIT)).hexdigest() + "  usr/bin/tool\n"
        return layer(program("usr/bin/tool", content), program("app", elf(EXIT + b"app")), file("var/lib/dpkg/status", STATUS.format("tool") + STATUS.format("other")),
                     file("var/lib/dpkg/info/tool.md5sums", sums), file("etc/os-release", "ID=debian\nNAME=Debian\nVERSION_ID=12\n"))

    def image(self, *layers):
        return Image(list(layers), ["/app"], user=USER, tag="app:1.2.3", labels=LABELS)

    def test_an_untouched_database_is_quiet(self):
        self.assertEqual(self.rows("plain", self.image(self.base())), {})

    def test_a_removed_database(self):
        found = self.rows("removed", self.image(self.base(), layer(whiteout("var/lib/dpkg"))))
        self.assertIn("package-database-removed", found)
        self.assertIn("1 of 2 packages whose files stay: tool", found["package-database-removed"]["evidence"][0]["seen"])

    def test_an_emptied_database(self):
        found = self.rows("emptied", self.image(self.base(), layer(file("var/lib/dpkg/status", STATUS.format("other")))))
        self.assertIn("package-database-emptied", found)

    def test_a_package_that_was_removed_with_its_files_is_quiet(self):
        image = self.image(self.base(), layer(file("var/lib/dpkg/status", STATUS.format("other")), whiteout("usr/bin/tool"), whiteout("var/lib/dpkg/info/tool.md5sums")))
        self.assertEqual(self.rows("purged", image), {})

    def test_an_image_that_never_had_a_database_is_quiet(self):
        self.assertEqual(self.rows("apko", self.image(layer(program("app", elf(EXIT)), file("etc/os-release", "ID=wolfi\nNAME=Wolfi\nVERSION_ID=1\n")))), {})

    def test_a_changed_program(self):
        self.assertIn("owned-file-changed", self.rows("changed", self.image(self.base(elf(EXIT + b"patched")))))

    def test_a_changed_release_text(self):
        text = "ID=debian\nNAME=Debian\nVERSION_ID={}\n"
        self.assertIn("release-text-changed", self.rows("release", self.image(self.base(), layer(file("etc/os-release", text.format(13))))))
        upgrade = layer(file("etc/os-release", text.format(13)), file("var/lib/dpkg/status", STATUS.format("tool") + STATUS.format("other") + STATUS.format("new")))
        self.assertEqual(self.rows("upgrade", self.image(self.base(), upgrade)), {})
        variant = layer(file("etc/os-release", text.format(12) + "VARIANT=mine\n"))
        self.assertEqual(self.rows("variant", self.image(self.base(), variant)), {})

    # A key that a package brings is in everybody's copy of it.
    def test_a_key_of_a_package(self):
        key = subprocess.run([tool("openssl"), "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, check=True).stdout
        base = self.base()
        sums = f"{hashlib.md5(elf(EXIT)).hexdigest()}  usr/bin/tool\n{hashlib.md5(key).hexdigest()}  usr/share/tool/snakeoil.key\n"
        owned = layer(file("usr/share/tool/snakeoil.key", key), file("var/lib/dpkg/info/tool.md5sums", sums))
        self.assertEqual(set(self.rows("owned-key", self.image(base, owned))), {"secret-in-package"})

    def test_go_programs_without_their_build_information(self):
        go = program_with("sqlite-service", b"\xff Go buildinf:")
        quiet = self.image(layer(program("app", go)))
        self.assertNotIn("build-info-removed", self.rows("go", quiet))
        found = self.rows("go-wiped", self.image(layer(program("app", go.replace(b"\xff Go buildinf:", bytes(14))))))
        self.assertIn("build-info-removed", found)

    # The code of the release stays whatever the text says.
    def test_an_overwritten_version_text(self):
        openssl = program_with("openssl-static", b"OpenSSL 1.1.1t")
        self.assertNotIn("version-text-contradicted", self.rows("true-text", self.image(layer(program("app", openssl)))))
        lie = openssl.replace(b"OpenSSL 1.1.1t", b"OpenSSL 1.1.1a")
        self.assertIn("version-text-contradicted", self.rows("lie", self.image(layer(program("app", lie)))))

    def test_packed_programs(self):
        header = struct.pack("<I4sHBB", 0, b"UPX!", 4096, 13, 22) + struct.pack("<III", 0, 900000, 900000)
        noise = b"".join(hashlib.sha256(struct.pack("<I", i)).digest() for i in range(2000))
        packed = elf(noise, extra=header)
        image = self.image(layer(program("app", packed)))
        report = scan(self.save("upx.tar", image)).report
        self.assertEqual(rows(report)["packed-program"]["evidence"][0]["seen"], "UPX: UPX!")
        self.assertEqual(report["execution"]["shell"]["verdict"], "not_excluded", "what is packed may be anything")
        # The mark wiped: noise and no section headers remain.
        wiped = elf(noise, extra=header.replace(b"UPX!", b"\0\0\0\0"))
        self.assertIn("packed-program", self.rows("wiped", self.image(layer(program("app", wiped)))))
        # A program that names UPX, and a stripped one.
        self.assertNotIn("packed-program", self.rows("names", self.image(layer(program("app", elf(EXIT, extra=b"this is UPX! packed\0"))))))
        self.assertNotIn("packed-program", self.rows("stripped", self.image(layer(program("app", elf(EXIT * 4000))))))


if __name__ == "__main__":
    harness.main()
