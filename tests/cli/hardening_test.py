"""`fathom hardening` on programs whose hardening is known because they are compiled here."""

import json
import os
import unittest

import harness
from harness import call, fathom, tool

SOURCE = r"""
#include <stdio.h>
#include <string.h>
int fill(const char *text) {
  char small[64], large[20000];
  strcpy(small, text);
  memset(large, small[0], sizeof large);
  __asm__ volatile("" : : "r"(large) : "memory");
  return printf("%s %c\n", small, large[9999]);
}
int main(int argc, char **argv) { return fill(argv[argc - 1]); }
"""


class Hardening(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.compiler = tool("gcc")
        cls.source = os.path.join(cls.folder, "program.c")
        with open(cls.source, "w") as f:
            f.write(SOURCE)

    def compiled(self, *flags):
        program = os.path.join(self.folder, "program")
        call(self.compiler, "-O2", "-w", *flags, self.source, "-o", program)
        return program

    def checks(self, *flags):
        run = fathom("hardening", "file:" + self.compiled(*flags), "-o", "json", "--quiet")
        self.assertEqual(run.status, 0, run.err)
        (row,) = run.report["hardening"]
        for name, check in row["checks"].items():
            self.assertTrue(check["value"] and check["seen"], name)
        return {name: check["value"] for name, check in row["checks"].items()}

    def expect(self, checks, **values):
        self.assertEqual({name: checks[name] for name in values}, values)

    def test_everything_on(self):
        on = self.checks("-fPIE", "-pie", "-Wl,-z,relro,-z,now", "-fstack-protector-all", "-D_FORTIFY_SOURCE=2", "-fstack-clash-protection", "-fcf-protection")
        self.expect(on, pie="pie", relro="full", nx_stack="non-executable", wx_segments="none", stack_protector="yes", stack_clash="yes", cfi="no", library_path="none")
        self.assertTrue(on["fortify"].startswith("2 of "), on["fortify"])

    def test_everything_off(self):
        off = self.checks("-fno-pie", "-no-pie", "-Wl,-z,norelro,-z,lazy,-z,execstack", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-fno-stack-clash-protection", "-fcf-protection=none")
        self.expect(off, pie="fixed-address", aslr="0 of 28 bits", relro="none", nx_stack="executable", rwx_by_stack="before Linux 5.8", stack_protector="none", stack_clash="no", ibt="no")
        self.assertTrue(off["fortify"].startswith("0 of "), off["fortify"])

    def test_partial_relro(self):
        self.expect(self.checks("-Wl,-z,relro,-z,lazy"), relro="partial")

    def test_static(self):
        self.expect(self.checks("-static", "-Wl,-z,now"), pie="fixed-address static", aslr="0 of 28 bits", relro="full", interpreter="none", fortify="unknown")
        self.expect(self.checks("-static-pie", "-fPIE", "-Wl,-z,now"), pie="static-pie", aslr="28 of 28 bits", relro="full")

    # glibc's own code has a stack protector: a static program cannot be told by it.
    def test_static_stack_protector_is_not_taken_from_libc(self):
        self.expect(self.checks("-static", "-fno-stack-protector"), stack_protector="some code")

    def test_search_paths(self):
        self.expect(self.checks("-Wl,--enable-new-dtags,-rpath,."), library_path="relative")
        self.expect(self.checks("-Wl,--disable-new-dtags,-rpath,/opt/lib"), library_path="absent folder")

    def test_properties_agree_with_readelf(self):
        program = self.compiled("-fcf-protection", "-Wl,-z,ibt,-z,shstk")
        said = call(tool("readelf"), "-n", program)
        checks = json.loads(fathom("hardening", "file:" + program, "-o", "json", "-q").out)["hardening"][0]["checks"]
        for name in ("ibt", "shstk"):
            self.assertEqual(checks[name]["value"] == "yes", name.upper() in said, said)

    def test_table_of_one_file_shows_the_evidence(self):
        run = fathom("hardening", "file:" + self.compiled("-Wl,-z,execstack"), "-q")
        self.assertIn("nx_stack          executable", run.out.decode())
        self.assertIn("PT_GNU_STACK at 0x0, size 0x0, RWE [program header", run.out.decode())

    def test_table_of_a_folder_and_its_paths(self):
        root = os.path.join(self.folder, "root")
        os.makedirs(os.path.join(root, "bin"))
        os.makedirs(os.path.join(root, "opt"))
        os.rename(self.compiled("-Wl,-z,execstack"), os.path.join(root, "bin", "weak"))
        os.rename(self.compiled(), os.path.join(root, "opt", "plain"))
        text = fathom("hardening", "dir:" + root, "-q", env={"COLUMNS": "120"}).out.decode()
        self.assertIn("2 files\n", text)
        self.assertIn("bin/weak: nx_stack executable", text)
        self.assertIn("bin/weak: interpreter missing", text)
        only = fathom("hardening", "dir:" + root, "/opt", "-o", "json", "-q").report
        self.assertEqual([row["path"] for row in only["hardening"]], ["opt/plain"])
        wrong = fathom("hardening", "dir:" + root, "sbin", "-q")
        self.assertEqual(wrong.status, 2)
        self.assertIn('no program and no shared object at "sbin"', wrong.err)


if __name__ == "__main__":
    unittest.main()
