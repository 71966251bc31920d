"""`fathom ldd` beside ldd, on programs of this machine that are copied into a root folder with what they need."""

import json
import os
import re
import shutil
import subprocess
import unittest

import harness
from harness import call, fathom, tool

PROGRAMS = ["ls", "bash", "tar", "python3", "perl", "gcc", "git", "readelf", "cmake", "curl", "openssl", "gpg", "ssh", "sed", "find", "xz"]
LINE = re.compile(r"^\t(?:(\S+) => )?(\S+|not found)(?: \(0x[0-9a-f]+\))?$")


def libraries(text):
    """What ldd lists, without addresses and the vdso."""
    rows = []
    for line in text.splitlines():
        match = LINE.match(line)
        if match and "vdso" not in line:
            rows.append((match.group(1) or match.group(2), match.group(2)))
    return rows


class Ldd(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = os.path.join(cls.folder, "root")
        os.makedirs(os.path.join(cls.root, "etc"))
        shutil.copy("/etc/ld.so.cache", os.path.join(cls.root, "etc"))
        for name in ("bin", "lib", "lib64"):  # as the machine has them: links into usr, or folders
            if os.path.islink("/" + name):
                os.symlink(os.readlink("/" + name), os.path.join(cls.root, name))
        cls.said = {}
        for name in PROGRAMS:
            program = shutil.which(name, path="/usr/bin")
            if program is None:
                continue
            program = os.path.realpath(program)
            done = subprocess.run([tool("ldd"), program], capture_output=True, text=True)
            if done.returncode:
                continue
            cls.said[program] = libraries(done.stdout)
            for path in [program] + [path for _, path in cls.said[program]]:
                cls.copy(path)

    @classmethod
    def copy(cls, path):
        """A file, and the symlinks that lead to it."""
        while os.path.islink(path):
            cls.place(path)
            path = os.path.join(os.path.dirname(path), os.readlink(path))
        cls.place(path)

    @classmethod
    def place(cls, path):
        real_folder = os.path.realpath(os.path.dirname(path))
        target = cls.root + os.path.join(real_folder, os.path.basename(path))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            shutil.copy(path, target, follow_symlinks=False)

    def test_the_same_as_ldd(self):
        self.assertGreaterEqual(len(self.said), 8)
        run = fathom("ldd", "dir:" + self.root, *self.said, "-q")
        self.assertEqual(run.status, 0, run.out.decode() + run.err)
        parts = re.split(r"^(?=\S+:$)", run.out.decode(), flags=re.M)
        ours = {"/" + part.split(":\n")[0]: libraries(part) for part in parts if part.startswith("usr/")}
        self.assertEqual(ours, self.said)

    def compiled(self, name, text, *flags):
        source = os.path.join(self.folder, "source.c")
        with open(source, "w") as f:
            f.write(text)
        target = os.path.join(self.folder, name)
        call(tool("gcc"), "-O1", "-w", source, "-o", target, *flags)
        return target

    def test_version_that_is_not_there(self):
        root = os.path.join(self.folder, "versions")
        os.makedirs(root)
        script = os.path.join(self.folder, "map")
        with open(script, "w") as f:
            f.write("V_1 { global: f; }; V_2 { global: g; } V_1;")
        new = self.compiled("libv.so", "int f(void) { return 1; } int g(void) { return 2; }", "-shared", "-fPIC", "-Wl,-soname,libv.so", "-Wl,--version-script," + script)
        program = self.compiled("uses-v", "int g(void); int main(void) { return g(); }", new, "-Wl,-rpath,$ORIGIN")
        shutil.move(program, os.path.join(root, "uses-v"))
        with open(script, "w") as f:
            f.write("V_1 { global: f; };")
        old = self.compiled("libv.so", "int f(void) { return 1; }", "-shared", "-fPIC", "-Wl,-soname,libv.so", "-Wl,--version-script," + script)
        shutil.move(old, os.path.join(root, "libv.so"))
        run = fathom("ldd", "dir:" + root, "uses-v", "-q")
        self.assertEqual(run.status, 1)
        self.assertIn("uses-v: /libv.so: version `V_2' not found (required by /uses-v)", run.out.decode())
        self.assertIn("libc.so.6 => not found", run.out.decode())
        said = subprocess.run([tool("ldd"), os.path.join(root, "uses-v")], capture_output=True, text=True)
        self.assertIn("version `V_2' not found (required by", said.stdout + said.stderr)

    def test_json_says_how_each_library_was_found(self):
        program = next(iter(self.said))
        report = fathom("ldd", "dir:" + self.root, program, "-o", "json", "-q").report
        (row,) = report["programs"]
        self.assertEqual(row["rules"], "glibc")
        self.assertTrue(row["interpreter"]["found"])
        self.assertEqual({l["found_by"] for l in row["libraries"]} - {"ld.so.cache", "interpreter"}, set())

    def test_json_is_as_the_schema_says(self):
        from jsonschema import Draft202012Validator  # ./dev test installs it

        with open(os.path.join(harness.ROOT, "docs", "ldd.schema.json")) as f:
            validator = Draft202012Validator(json.load(f))
        lonely = os.path.join(self.folder, "lonely")
        os.makedirs(lonely)
        shutil.copy(next(iter(self.said)), os.path.join(lonely, "program"))
        shutil.copy(os.path.join(harness.ROOT, "README.md"), lonely)
        for run in (fathom("ldd", "dir:" + self.root, "-o", "json", "-q"), fathom("ldd", "dir:" + lonely, "program", "-o", "json", "-q"),
                    fathom("ldd", "dir:" + lonely, "README.md", "-o", "json", "-q")):
            self.assertEqual([e.message for e in validator.iter_errors(run.report)], [])

    def test_an_interpreter_that_is_not_there(self):
        root = os.path.join(self.folder, "bare")
        os.makedirs(root)
        shutil.copy(next(iter(self.said)), os.path.join(root, "program"))
        run = fathom("ldd", "dir:" + root, "-q")
        self.assertEqual(run.status, 1)
        self.assertRegex(run.out.decode(), r"^\t/\S+/ld-\S+ => not found\n\t")

    def test_what_is_no_program(self):
        with open(os.path.join(self.folder, "text"), "w") as f:
            f.write("#!/bin/sh\necho\n")
        run = fathom("ldd", "dir:" + self.folder, "text", "-q")
        self.assertEqual(run.out.decode(), "\tnot a dynamic executable\n")
        missing = fathom("ldd", "dir:" + self.folder, "no-such", "-q")
        self.assertEqual(missing.status, 2)
        self.assertIn('there is no "no-such" in the target', missing.err)


if __name__ == "__main__":
    unittest.main()
