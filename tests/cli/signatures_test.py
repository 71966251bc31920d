"""Compiled references as a user meets them: a library of their own, learned, found in a stripped program; objects and archives."""

import json
import os
import unittest

from harness import Case, call, fathom, scan, tool

LIBRARY = """
int acme_table[64];
__attribute__((noinline)) int acme_mix(const unsigned char *data, int size, int seed) {
  unsigned state = seed;
  for (int i = 0; i < size; ++i) {
    state = (state ^ data[i]) * 2654435761u;
    if (state & 1) state += acme_table[i & 63] ^ (state >> 7);
    if (i % 5 == 0) state = state << 3 | state >> 29;
  }
  return state;
}
int acme_check(const unsigned char *data, int size) {
  int first = acme_mix(data, size, 17), second = acme_mix(data, size, 4711);
  int all = 0;
  for (int i = 0; i < 64; ++i) {
    acme_table[i] ^= first + i * second;
    all += acme_table[i] > first ? acme_table[i] : -second;
    if (all < 0) all = all * 3 + i;
  }
  return acme_mix((const unsigned char *)acme_table, sizeof acme_table, all);
}
"""
PROGRAM = "int acme_check(const unsigned char *, int); int main(int n, char **v) { return acme_check((unsigned char *)v[0], n); }\n"
PURL = "pkg:generic/acme-hash@2.1"


class OwnLibrary(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        gcc = tool("gcc")
        at = lambda name: os.path.join(cls.folder, name)
        for name, text in (("acme.c", LIBRARY), ("main.c", PROGRAM)):
            with open(at(name), "w") as file:
                file.write(text)
        call(gcc, "-O2", "-c", at("acme.c"), "-o", at("acme.o"))
        call(tool("ar"), "rcD", at("libacme.a"), at("acme.o"))
        os.mkdir(at("root"))
        call(gcc, "-O1", at("main.c"), at("libacme.a"), "-s", "-o", at("root/app"))
        cls.at = staticmethod(at)

    def learn(self, pack, *more):
        return fathom("signatures", "learn", self.at("libacme.a"), "-o", self.at(pack), "--purl", PURL, *more)

    def test_code_is_found_in_a_stripped_program(self):
        learned = self.learn("acme.pack")
        self.assertEqual(learned.status, 0, learned.err)
        self.assertIn("acme-hash 2.1: 2 functions in 1 members", learned.out.decode())
        report = scan("dir:" + self.at("root"), "--signatures", self.at("acme.pack")).report
        own = [c for c in report["components"] if c["name"] == "acme-hash"]
        self.assertEqual([(c["version"], c["purl"]) for c in own], [("2.1", PURL)])
        self.assertIn("libacme.a(acme.o)", json.dumps(own[0]["evidence"]))
        without = scan("dir:" + self.at("root")).report
        self.assertFalse([c for c in without["components"] if c["name"] == "acme-hash"])

    def test_functions_get_their_names(self):
        self.learn("names.pack")
        listed = json.loads(fathom("functions", self.at("root/app"), "-o", "json", "--signatures", self.at("names.pack")).out)
        named = {f["name"]: f for f in listed["functions"] if f.get("library") == "acme-hash"}
        self.assertEqual(sorted(named), ["acme_check", "acme_mix"])
        self.assertEqual(named["acme_mix"]["named_by"], "exact")

    def test_the_same_input_makes_the_same_pack(self):
        self.learn("one.pack")
        self.learn("two.pack")
        with open(self.at("one.pack"), "rb") as one, open(self.at("two.pack"), "rb") as two:
            self.assertEqual(one.read(), two.read())

    def test_what_cannot_be_used_is_said(self):
        nameless = fathom("signatures", "learn", self.at("libacme.a"), "-o", self.at("x.pack"))
        self.assertEqual(nameless.status, 2)
        self.assertIn("--name and --release", nameless.err)
        text = fathom("signatures", "learn", self.at("acme.c"), "-o", self.at("x.pack"), "--purl", PURL)
        self.assertEqual(text.status, 2)
        self.assertFalse(os.path.exists(self.at("x.pack")))
        damaged = self.at("damaged.pack")
        self.learn("damaged.pack")
        with open(damaged, "r+b") as file:
            file.truncate(60)
        run = fathom("scan", "dir:" + self.at("root"), "--signatures", damaged)
        self.assertEqual(run.status, 2)
        self.assertIn("damaged.pack", run.err)

    def test_objects_and_members_of_archives(self):
        for name in ("acme.o", "libacme.a(acme.o)"):
            listed = json.loads(fathom("functions", self.at(name), "-o", "json").out)
            self.assertEqual([f["name"] for f in listed["functions"]], ["acme_mix", "acme_check"])
        whole = fathom("functions", self.at("libacme.a"))
        self.assertEqual(whole.status, 2)
        self.assertIn("FILE.a(NAME): acme.o", whole.err)
        missing = fathom("functions", self.at("libacme.a(none.o)"))
        self.assertIn("no member none.o; there are: acme.o", missing.err)


if __name__ == "__main__":
    unittest.main()
