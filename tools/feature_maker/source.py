"""The facts of one source file: texts, bodies of functions, lines of calls that carry their line, tables.

Nothing is preprocessed: all branches of #if count but those of `#if 0`, since nobody knows how a file was compiled.
"""

import bisect
import re
from typing import NamedTuple

import lex
from functions import branch_of, closing, functions
from macros import PRINTF
from tables import tables

VERSION_LIKE, IDENTIFIER, ASSERTION = 1, 2, 4
_SHORTEST = 6
_PRINTABLE = re.compile(rb"[\x07-\x0d\x1b\x20-\x7e\x80-\xff]*")
_NAME = re.compile(rb"[A-Za-z_]\w*")
_VERSION = re.compile(rb"\d+\.\d|(?<![A-Za-z0-9])(?:19|20)\d\d(?!\d)|(?<!\w)[0-9a-f]{40}(?!\w)")
_BEFORE_TEXT = {"return", "case", "else", "do", "goto", "in", "and", "or", "not", "throw", "co_return", "co_yield",
                "typedef", "static", "const", "sizeof", "delete", "new"}
_SKIPPED_CALLS = {"asm", "__asm__", "__asm", "__attribute__", "__attribute", "_Static_assert", "static_assert", "__declspec",
                  "G_STATIC_ASSERT", "BUILD_ASSERT", "deprecated"}
_SILENT = {"include", "include_next", "import", "error", "warning", "pragma", "line", "ident"}


class Facts(NamedTuple):
    texts: list      # [(hash, flags, bytes)]
    functions: list  # [(name, body hash, (hash of text, …))]
    lines: list      # [(line, lines to the closing parenthesis, macro, function or None)]
    tables: list     # [(name, width, count, (hash of window, …), whether it stands in a function)]


def flags_of(text):
    return (VERSION_LIKE if _VERSION.search(text) else 0) | (IDENTIFIER if _NAME.fullmatch(text) else 0)


def pieces_of(text):
    """The parts of a literal that are worth keeping."""
    for part in text.split(b"\0"):
        if len(part) >= _SHORTEST and _PRINTABLE.fullmatch(part):
            try:
                part.decode("utf8")
            except UnicodeDecodeError:
                continue
            yield part


class Surroundings(NamedTuple):
    """What a file's facts depend on besides its own bytes."""
    texts: dict     # macro: its text, where it has one value
    lines: dict     # macro that carries a line: kind
    objects: set    # of these, those without parameters
    typedefs: dict
    structs: dict


def read(source, around, texts_only=False, only_with_texts=False):
    return _Reader(source, around, texts_only).run(texts_only, only_with_texts)


class _Reader:
    def __init__(self, source, around, texts_only):
        self.source, self.around = source, around
        self.tokens = lex.texts_only(source) if texts_only else lex.tokens(source)
        self.texts, self.order = {}, []
        self.inside = {}  # function number: [hashes]
        self.rows = []

    def run(self, texts_only, only_with_texts):
        spans = [] if texts_only else functions(self.tokens)
        self.starts = [a for _, a, _ in spans]
        self.ends = [z for _, _, z in spans]
        if texts_only:
            self._walk_macro(self.tokens, None)
            return Facts([(h, *self.texts[h]) for h in self.order], [], [], [])
        self._walk()
        bodies = []
        for number, (name, a, z) in enumerate(spans):
            found = tuple(dict.fromkeys(self.inside.get(number, ())))
            if found or not (texts_only or only_with_texts):
                bodies.append((name, lex.body_hash(self.tokens[a:z + 1]), found))
        rows, lines = [], lex.Lines(self.source)
        for at, close, macro in self.rows:
            first = lines.of(self.tokens[at][2])
            number = self._function(at)
            rows.append((first, lines.of(self.tokens[close][2]) - first, macro,
                         spans[number][0] if number is not None else None))
        found = [] if texts_only else tables(self.tokens, self.around.typedefs, self.around.structs)
        return Facts([(h, *self.texts[h]) for h in self.order], bodies, rows,
                     [(n, w, c, tuple(x), self._function(at) is not None) for at, n, w, c, x in found])

    def _function(self, at):
        number = bisect.bisect_right(self.starts, at) - 1
        return number if number >= 0 and at <= self.ends[number] else None

    def _walk(self):
        at, end = 0, len(self.tokens)
        lines, macros = self.around.lines, self.around.texts
        while at < end:
            kind, word, _ = self.tokens[at]
            if kind == "d":
                at = self._directive(at)
            elif kind in "sr":
                at = self._texts(self.tokens, at, self._function(at))
            elif kind == "i":
                following = self.tokens[at + 1][1] if at + 1 < end else ""
                if word in _SKIPPED_CALLS and following in ("volatile", "__volatile__", "goto"):
                    at += 1
                    following = self.tokens[at + 1][1] if at + 1 < end else ""
                if word in _SKIPPED_CALLS and following == "(":
                    at = closing(self.tokens, at + 1) + 1
                    continue
                if word in lines and (following == "(" or word in self.around.objects):
                    close = closing(self.tokens, at + 1) if following == "(" else at
                    self.rows.append((at, close, word))
                    if word == "assert":
                        self._assertion(at, close)
                        at = close + 1
                        continue
                elif word in macros or word in PRINTF:
                    if at + 1 < end and self.tokens[at + 1][0] in "sr":
                        at = self._texts(self.tokens, at, self._function(at))
                        continue
                elif word == "extern" and at + 1 < end and self.tokens[at + 1][0] == "s":
                    at += 2
                    continue
                at += 1
            else:
                at += 1

    def _directive(self, at):
        word = self.tokens[at][1]
        keyword, rest = lex.directive(word)
        if keyword == "if" and rest in ("0", "(0)", "false"):
            return self._dead_end(at)
        if keyword == "define" and '"' in rest:
            found = re.match(r"\w+(\([^)]*\))?", rest)
            self._walk_macro(lex.tokens(rest[found.end():] if found else rest), self._function(at))
        return at + 1

    def _walk_macro(self, tokens, function):
        """As _walk, but for what a macro stands for: only texts."""
        at, end = 0, len(tokens)
        while at < end:
            kind, word, _ = tokens[at]
            before_text = at + 1 < end and tokens[at + 1][0] in "sr"
            if kind == "d" and tokens is self.tokens:
                at = self._directive(at)
            elif kind in "sr" or (kind == "i" and before_text and (word in PRINTF or word in self.around.texts)):
                at = self._texts(tokens, at, function)
            elif kind == "i" and word in _SKIPPED_CALLS and at + 1 < end and tokens[at + 1][1] == "(":
                at = closing(tokens, at + 1) + 1
            else:
                at += 1

    def _dead_end(self, at):
        """Behind `#if 0`, or behind the #else of it."""
        depth = 0
        for i in range(at, len(self.tokens)):
            if self.tokens[i][0] != "d":
                continue
            branch = branch_of(self.tokens[i][1])
            if branch == "if":
                depth += 1
            elif branch == "end":
                depth -= 1
                if depth == 0:
                    return i + 1
            elif branch == "else" and depth == 1:
                return i + 1
        return len(self.tokens)

    def _texts(self, tokens, at, function):
        """Joins what stands side by side, beginning at `at`; returns the index behind it."""
        parts, i, end, whole = [], at, len(tokens), True
        if at and tokens[at - 1][0] == "i" and tokens[at][0] != "i" and tokens[at - 1][1] not in _BEFORE_TEXT:
            whole = False
        while i < end:
            kind, word, _ = tokens[i]
            if kind in "sr":
                parts.append(lex.text_of(word))
            elif kind == "i" and word in PRINTF:
                parts.append(PRINTF[word])
            elif kind == "i" and word in self.around.texts:
                parts.append(self.around.texts[word])
            elif kind == "i" and word not in _BEFORE_TEXT:
                parts.append(None)
                if i + 1 < end and tokens[i + 1][1] == "(":
                    i = closing(tokens, i + 1)
            else:
                break
            i += 1
        if whole and None not in parts:
            self._keep(b"".join(parts), function)
        return i

    def _assertion(self, at, close):
        text = lex.flat(self.source[self.tokens[at + 1][2] + 1:self.tokens[close][2]])
        self._keep(text.encode("utf8", "surrogateescape"), self._function(at), ASSERTION)

    def _keep(self, text, function, flags=0):
        for part in pieces_of(text):
            number = lex.xxh3(part)
            known = self.texts.get(number)
            if known is None:
                self.order.append(number)
                self.texts[number] = (flags_of(part) | flags, len(part))
            elif known[0] & ASSERTION and not flags:
                self.texts[number] = (known[0] & ~ASSERTION, known[1])
            if function is not None:
                self.inside.setdefault(function, []).append(number)
