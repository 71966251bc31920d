"""Completion in the three shells, and the manual page, as their own programs read them."""

import os
import re
import subprocess

import harness
from harness import call, fathom, tool

GATES = {"low", "medium", "high", "critical", "kev", "epss>=0.1", "fixable", "reachable", "unknown", "gaps"}


class Completion(harness.Case):
    def setUp(self):
        self.bin = self.path("bin")
        os.makedirs(self.bin, exist_ok=True)
        if not os.path.exists(self.bin + "/fathom"):
            os.symlink(os.path.abspath(harness.BINARY), self.bin + "/fathom")
        self.env = {"PATH": self.bin + ":/usr/bin:/bin", "HOME": self.folder, "LC_ALL": "C.UTF-8", "TERM": "dumb"}

    def script(self, shell):
        return self.write("completion." + shell, fathom("completion", shell).out)

    def bash(self, *words):
        typed = " ".join(f"'{word}'" for word in words)
        text = f"source {self.script('bash')}; COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _fathom; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        return set(call("bash", "-c", text, env=self.env).split("\n"))

    def fish(self, typed):
        done = subprocess.run([tool("fish"), "--no-config", "-c", f"source {self.script('fish')}; complete -C '{typed}'"], capture_output=True, text=True, env=self.env, cwd=self.bin, timeout=60)
        self.assertEqual(done.stderr, "")
        return {line.split("\t")[0] for line in done.stdout.splitlines()}

    def zsh(self, typed):
        """What an interactive zsh lists behind the words, in a terminal of its own."""
        text = f"""
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; unsetopt beep zle_bracketed_paste 2>/dev/null; autoload -Uz compinit; compinit -u -D; source {self.script("zsh")}; print REA""DY'
zpty -r -m z out '*READY*'
zpty -w -n z $'{typed}\\t\\t'
sleep 1.5
while zpty -r -t z out; do print -r -- "$out"; done
"""
        out = subprocess.run([tool("zsh"), "-f", "-c", text], capture_output=True, text=True, env=self.env, cwd=self.bin, timeout=60).stdout
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out).replace("\\", "")

    def test_bash(self):
        self.assertEqual(self.bash("fathom", "sc"), {"scan"})
        self.assertEqual(self.bash("fathom", "scan", "--fail-on", ""), GATES)
        self.assertEqual(self.bash("fathom", "scan", "--base"), {"--baseline", "--bases"})
        self.assertIn("sarif", self.bash("fathom", "convert", "--output", ""))
        call("bash", "-n", self.script("bash"))

    def test_fish(self):
        self.assertEqual(self.fish("fathom sc"), {"scan"})
        self.assertEqual(self.fish("fathom scan --fail-on "), GATES)
        self.assertEqual(self.fish("fathom scan --base"), {"--baseline", "--bases"})
        self.assertIn("sarif", self.fish("fathom convert -o "))
        call("fish", "-n", self.script("fish"))

    def test_zsh(self):
        listed = self.zsh("fathom scan --fail-on ")
        for gate in GATES:
            self.assertIn(gate, listed)
        self.assertIn("junit", self.zsh("fathom convert -o "))
        call("zsh", "-n", self.script("zsh"))

    def test_man(self):
        page = self.write("fathom.1", fathom("man").out)
        done = subprocess.run([tool("man"), "--warnings", "-l", page], capture_output=True, text=True, timeout=60, env={**self.env, "MANWIDTH": "80", "MAN_KEEP_FORMATTING": "", "PAGER": "cat"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        text = re.sub(r".\x08", "", done.stdout)
        for words in ("--fail-on WORD", "fathom convert REPORT.json", "fathom scan app.tar --ci --baseline accepted.json", ".fathom.yaml"):
            self.assertIn(words, text)


if __name__ == "__main__":
    harness.main()
