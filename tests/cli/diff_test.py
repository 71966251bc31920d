"""`fathom diff` on programs that are compiled here twice, and on images that differ in known ways."""

import json
import os
import unittest

import harness
import images
from harness import NOW, call, example, fathom, tool

SOURCE = r"""
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static const char *kind = KIND;
__attribute__((noinline)) int checked(const char *text, char *to, int room) {
#ifdef FIXED
  if (strlen(text) >= (size_t)room) return -1;
#endif
  strcpy(to, text);
  return room;
}
__attribute__((noinline)) int counted(const char *text) {
  int n = 0;
  for (; *text; ++text) n += *text == 'a' || *text == 'b';
  return n;
}
__attribute__((noinline)) void said(int n) { printf("%s counted %d in %s\n", kind, n, __FILE__); }
int main(int argc, char **argv) {
  char room[64];
#ifdef EXTRA
  if (argc > 7) chroot("/var/empty");
#endif
  checked(argv[argc - 1], room, sizeof room);
  said(counted(room));
  return 0;
}
"""


class Diff(harness.Case):
    def compiled(self, name, *flags, folder="source", before=""):
        """The program, from a folder of its own, with other code linked in front of it."""
        os.makedirs(self.path(folder), exist_ok=True)
        source, other = self.path(folder + "/program.c"), self.path(folder + "/other.c")
        for path, text in ((source, SOURCE), (other, before)):
            with open(path, "w") as f:
                f.write(text)
        program = self.path(name)
        kind = [] if any(flag.startswith("-DKIND") for flag in flags) else ['-DKIND="kind"']
        call(tool("gcc"), "-O2", "-w", "-fno-toplevel-reorder", *kind, *flags, other, source, "-o", program)
        return program

    def diff(self, a, b, *arguments):
        run = fathom("diff", a, b, *arguments, "-o", "json", "--quiet", "--now", NOW)
        self.assertIn(run.status, (0, 1), run.err)
        document = run.report
        self.assertEqual(document["different"], run.status == 1)
        return document

    def functions(self, a, b):
        (program,) = self.diff(a, b)["programs"]
        return program

    def names(self, rows, side="after"):
        return sorted(row.get(side, row.get("function", {})).get("name", "?") for row in rows)

    def test_a_program_is_the_same_as_itself(self):
        program = self.compiled("a")
        copy = self.path("renamed")
        call("cp", program, copy)
        document = self.diff(program, copy)
        self.assertFalse(document["different"])

    def test_a_rebuild_elsewhere_is_the_same_program(self):
        for flags in ((), ("-static",), ("-no-pie",)):
            a = self.compiled("a", *flags)
            b = self.compiled("b", *flags, "-Wl,--build-id=0x" + "1234" * 10, folder="another/folder")
            program = self.functions(a, b)
            self.assertTrue(program["same_program"], (flags, program))
            self.assertEqual(program["functions"]["changed_count"], 0)

    def test_moved_code_is_relocated_only(self):
        for flags in ((), ("-no-pie",)):
            for strip in ((), ("-s",)):
                a = self.compiled("a", *flags, *strip)
                b = self.compiled("b", *flags, *strip, before="int pushed(int a) { return a * 77 + 3; }\nint pushed_too(int a) { return a * 91 + 5; }\n")
                functions = self.functions(a, b)["functions"]
                self.assertEqual(functions["changed"], [], (flags, strip))
                self.assertGreater(functions["relocated"], 0)
                self.assertEqual(functions["removed"], [])
                # gcc may put no pointer to them anywhere: stripped, they may count as code of no function.
                if not strip:
                    self.assertEqual(self.names(functions["added"], "function"), ["pushed", "pushed_too"])

    def test_a_fix_is_the_one_changed_function(self):
        a, b = self.compiled("a"), self.compiled("b", "-DFIXED")
        program = self.functions(a, b)
        self.assertEqual(self.names(program["functions"]["changed"]), ["checked"])
        self.assertIn("strlen", program["imports"]["new"])
        self.assertEqual(program["texts"], {"lost": [], "new": []})

    def test_stripped_too(self):
        a, b = self.compiled("a", "-s"), self.compiled("b", "-DFIXED", "-s")
        functions = self.functions(a, b)["functions"]
        self.assertEqual(len(functions["changed"]), 1, functions["changed"])

    def test_another_text_and_another_system_call_show(self):
        a = self.compiled("a", "-static")
        b = self.compiled("b", "-static", '-DKIND="other kind"', "-DEXTRA")
        program = self.functions(a, b)
        self.assertIn("main", self.names(program["functions"]["changed"]))
        self.assertNotIn("counted", self.names(program["functions"]["changed"]))
        self.assertIn("chroot", program["system_calls"]["new"])
        self.assertIn("chroot", self.names(program["functions"]["added"], "function"))
        self.assertIn("/var/empty", program["texts"]["new"])

    def test_images_by_their_files_and_components(self):
        old = images.load(example("distroless-base"))
        new = images.load(example("distroless-base"))
        new.layers.append(images.layer(images.file("etc/motd", "x"), images.whiteout("app/lib/libz.so.1")))
        a, b = self.write("a.tar", old.oci_archive()), self.write("b.tar", new.oci_archive())
        document = self.diff(a, b)
        changes = {(c["change"], c["what"]) for c in document["files"]}
        self.assertEqual(changes, {("added", "etc/motd"), ("removed", "app/lib/libz.so.1")})
        self.assertIn("app/lib/libz.so.1", [c["component"] for c in document["sizes"]["components"]])
        text = fathom("diff", a, b, "--quiet", "--now", NOW)
        self.assertEqual(text.status, 1)
        self.assertIn(b"etc/motd", text.out)

    def test_saved_reports_are_compared_as_their_images_are(self):
        reports = []
        for name in ("rust-static", "rust-auditable"):
            out = self.path(name + ".json")
            fathom("scan", example(name), "-o", "json=" + out, "--now", NOW, "--quiet")
            reports.append(out)
        saved = self.diff(*reports)
        live = self.diff(example("rust-static"), example("rust-auditable"))
        for part in ("components", "findings", "files", "hardening", "gaps", "image"):
            self.assertEqual(saved[part], live[part], part)
        self.assertTrue(saved["notes"])
        self.assertFalse(self.diff(reports[0], reports[0])["different"])

    def test_one_program_of_two_images(self):
        document = self.diff(example("rust-static"), example("rust-auditable"), "logcount")
        (program,) = document["programs"]
        self.assertEqual(program["path"], "logcount")
        # The code of every function is the same. Some are told as changed all the same, for what they refer to.
        functions = program["functions"]
        self.assertEqual([f for f in functions["changed"] if not f["same_code"]], [])
        self.assertEqual((functions["added"], functions["removed"]), ([], []))

    def test_what_cannot_be_compared_is_an_error(self):
        for arguments in ((example("musl-hello"),), (example("musl-hello"), "no/such/file"),
                          (example("musl-hello"), example("musl-hello"), "no/such/path"),
                          (example("musl-hello"), example("musl-hello"), "-o", "yaml")):
            self.assertEqual(fathom("diff", *arguments, "--quiet").status, 2, arguments)


if __name__ == "__main__":
    unittest.main()
