"""What the macros of a tree say: texts with one value, and which ones carry `__LINE__`."""

import re

import lex

_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)]*\))?((?:[^\n\\]|\\\r?\n|\\.)*)", re.M)
_WORD = re.compile(r"[A-Za-z_]\w*")
_ONE_TEXT = re.compile(r"\s*(?:\(\s*)?((?:\"(?:[^\"\\\n]|\\.)*\"\s*)+)(?:\)\s*)?$")
_TYPEDEF = re.compile(r"\btypedef\s+((?:\w+\s+){1,6})(\w+)\s*;")
_STRUCT = re.compile(r"(\btypedef\s+)?\bstruct\s*(\w+)?\s*\{([^{}]*)\}\s*(\w+)?\s*;")

PRINTF = {}
for _c in "diouxX":
    for _bits, _prefix in (("8", ""), ("16", ""), ("32", ""), ("64", "l")):
        for _kind in ("", "LEAST", "FAST"):
            PRINTF["PRI%s%s%s" % (_c, _kind, _bits)] = ("l" if _kind == "FAST" and _bits != "8" else _prefix) + _c
    PRINTF["PRI%sMAX" % _c] = PRINTF["PRI%sPTR" % _c] = "l" + _c
PRINTF = {name: text.encode() for name, text in PRINTF.items()}

_DEBUG = re.compile(r"debug|trace|dbg|log", re.I)
_ALLOC = re.compile(r"alloc|strdup|memdup|strndup|free", re.I)
_DIALECT = {"__LINE__": "direct", "assert": "assert"}


class Defines:
    """The macros of one file, as far as they matter here."""

    def __init__(self, text):
        self.texts, self.words = {}, {}
        self.objects, self.functions = set(), set()
        for found in _DEFINE.finditer(text):
            name, parameters, body = found.groups()
            if not body or body.isspace():
                continue
            if not parameters and '"' in body and (one := _ONE_TEXT.match(lex.flat(body))):
                self.texts.setdefault(name, set()).add(one[1])
            if "__LINE__" in body or "(" in body or "LINE" in body or "BKPT" in body:
                self.words.setdefault(name, set()).update(_WORD.findall(body))
                (self.functions if parameters else self.objects).add(name)


def of_lines(all_defines, seed=None):
    """{macro: kind} of the macros that carry `__LINE__`, whichever definition of them does."""
    kinds = dict(seed or _DIALECT)
    users = {}
    for defines in all_defines:
        for name, words in defines.words.items():
            for word in words:
                users.setdefault(word, set()).add(name)
    todo = sorted(kinds)
    while todo:
        word = todo.pop()
        for name in sorted(users.get(word, ())):
            if name not in kinds:
                kinds[name] = _kind(name, kinds[word])
                todo.append(name)
    return kinds


def _kind(name, of):
    if of == "assert":
        return "assert"
    if _ALLOC.search(name):
        return "alloc"
    if _DEBUG.search(name) or of == "debug":
        return "debug"
    return "error"


_INTEGER = r"(?:unsigned|signed|long|short|char|int|u?int\d+_t)"
_ALIAS = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+((?:%s[ \t]*)+)$" % _INTEGER, re.M)
_UNION = re.compile(r"\bunion\s*\w*\s*\{\s*([^;{}]*;)[^{}]*\}\s*\w*\s*;")


def types(text):
    """({typedef: words}, {struct: members}) that a file defines, to know the width of table elements."""
    typedefs = {}
    for found in _ALIAS.finditer(text):
        typedefs.setdefault(found[1], found[2].split())
    structs = {}
    if "typedef" in text or "struct" in text:
        text = lex.flat(text)
        if "union" in text:
            text = _UNION.sub(r"\1", text)
        for found in _TYPEDEF.finditer(text):
            typedefs.setdefault(found[2], found[1].split())
        for found in _STRUCT.finditer(text):
            for name in (found[2], found[4] if found[1] else None):
                if name:
                    structs.setdefault(name, found[3])
    return typedefs, structs
