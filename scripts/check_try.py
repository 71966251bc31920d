#!/usr/bin/env python3
"""Fails when TRY is one of several arguments or initializers.

TRY returns from inside of an expression. g++ then leaves what the same argument list has made already as it is: a string
beside it is never freed. So the value of a TRY gets a name first."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOT_CODE = re.compile(r'//[^\n]*|#define[^\n]*(?:\\\n[^\n]*)*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')


def blanked(text):
    """The same text with comments, texts and macros as blanks, every line where it was."""
    return NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def has_siblings(code, at):
    """Whether the innermost bracket around `at` holds a comma of its own."""
    for step, close in ((-1, "({["), (1, ")}]")):
        depth, i = 0, at
        while 0 <= i + step < len(code):
            i += step
            if code[i] in ("({[" if step > 0 else ")}]"):
                depth += 1
            elif code[i] in close:
                if depth == 0:
                    break
                depth -= 1
            elif depth == 0 and code[i] == ";":
                break
            elif depth == 0 and code[i] == "," and bracketed(code, at):
                return True
    return False


def bracketed(code, at):
    """Whether a bracket was opened between the last end of a statement and `at`: `a = TRY(x), b = TRY(y);` is none."""
    depth = 0
    for c in reversed(code[:at]):
        if c in ")}]":
            depth += 1
        elif c in "({[":
            if depth == 0:
                return c != "{" or not ends_statement(code, at)
            depth -= 1
        elif depth == 0 and c == ";":
            return False
    return False


def ends_statement(code, at):
    """Whether the brace around `at` is a block: something in it ends with a semicolon."""
    depth = 0
    for c in code[at:]:
        if c in "({[":
            depth += 1
        elif c in ")}]":
            if depth == 0:
                return False
            depth -= 1
        elif depth == 0 and c == ";":
            return True
    return False


def problems(path, text):
    code = blanked(text)
    for found in re.finditer(r"\bTRY\(", code):
        if has_siblings(code, found.start()):
            yield f"{path}:{code.count(chr(10), 0, found.start()) + 1}: TRY is one of several arguments; name its value first"


def main():
    files = sorted(p for folder in ("src", "tools", "fuzz") for p in (ROOT / folder).rglob("*.[hc]*"))
    bad = [line for p in files for line in problems(p.relative_to(ROOT), p.read_text())]
    print("\n".join(bad) or "no TRY among arguments")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
