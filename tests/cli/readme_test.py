"""What the README shows is what the program prints: every line of its first console block, in this order; "…" stands for
lines that are left out."""

import os

import harness


class Readme(harness.Case):
    def test_the_first_block_is_real_output(self):
        with open(os.path.join(harness.ROOT, "README.md"), encoding="utf-8") as f:
            text = f.read()
        self.assertLess(text[: text.index("\n```\n")].count("\n"), 20)
        block = text.split("```\n")[1].splitlines()
        command, *shown = block
        self.assertTrue(command.startswith("$ ./dev scan "), command)
        target = command.split()[3]
        self.assertLess(text[: text.index(shown[0])].count("\n"), 15)
        run = harness.fathom("scan", target, "--now", harness.NOW, "--quiet", cwd=harness.ROOT)
        printed = iter(run.out.decode().splitlines())
        for line in shown:
            if line != "…":
                self.assertIn(line, printed)  # consumes: the order counts


if __name__ == "__main__":
    harness.main()
