"""C and C++ source text to tokens, just closely enough to hash bodies and to find texts.

A token is (kind, text, offset). Comments and white space are gone, a directive is one token. Continued lines count as
white space, so that lines stay those of the file. The kinds are one letter each:
  i identifier   n number   s string   r raw string   c character   p punctuation   d directive
"""

import bisect
import ctypes
import re

_xxhash = ctypes.CDLL("libxxhash.so.0")
_xxhash.XXH3_64bits.restype = ctypes.c_uint64
_xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def xxh3(data):
    return _xxhash.XXH3_64bits(data, len(data))


_COMMENT = r"/\*(?:.*?)(?:\*/|\Z)|//(?:[^\\\n]|\\\r?\n|\\.)*"
_SPACE = r"[ \t\f\v\r\n]++|\\\r?\n|" + _COMMENT
_TOKEN = re.compile(
    r"(?:" + _SPACE + r")*+(?:"
    r"(?P<r>(?:u8|[LuU])?R\"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)\")"
    r"|(?P<s>(?:u8|[LuU])?\"(?:[^\"\\\n]++|\\.)*+\"?)"
    r"|(?P<i>[A-Za-z_$\x80-\U0010ffff][\w$]*)"
    r"|(?P<n>\.?\d(?:[eEpP][+-]|'(?=\w)|[\w.])*)"
    r"|(?P<c>'(?:[^'\\\n]++|\\.)*+'?)"
    r"|(?P<d>\#(?:[^\\\n/\"']+|\\\r?\n|\\.|/\*.*?(?:\*/|\Z)|//(?:[^\\\n]|\\\r?\n|\\.)*"
    r"|\"(?:[^\"\\\n]++|\\.)*+\"?|'(?:[^'\\\n]++|\\.)*+'?|/)*)"
    r"|(?P<p>->|::|[-+*/%&|^!=<>]=|\S))",
    re.S)
_SPACES = re.compile(r"(?:" + _SPACE + ")++", re.S)


def tokens(text):
    """All tokens of a file, in order."""
    return [(m.lastgroup, m[m.lastgroup], m.start(m.lastgroup)) for m in _TOKEN.finditer(text)]


_QUICK = re.compile(r"(?P<g>[^\"'/\n]+)|" + _COMMENT + r"|(?P<r>(?<=R)\"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)\")"
                    r"|(?P<s>\"(?:[^\"\\\n]++|\\.)*+\"?)|(?P<c>(?<!\w)'(?:[^'\\\n]++|\\.)*+'?)"
                    r"|(?P<d>\n[ \t]*\#(?:[^\\\n/\"']+|\\\r?\n|\\.|/\*.*?(?:\*/|\Z)|//(?:[^\\\n]|\\\r?\n|\\.)*"
                    r"|\"(?:[^\"\\\n]++|\\.)*+\"?|'(?:[^'\\\n]++|\\.)*+'?|/)*)", re.S)
_LAST_WORD = re.compile(r"(\w*)(\s*)$")


def texts_only(text):
    """As tokens(), but only directives, strings and the words beside them; a `;` for all between."""
    out, before = [], ""
    for found in _QUICK.finditer("\n" + text):
        kind = found.lastgroup
        if kind == "g":
            before += found["g"]
            continue
        if kind not in ("s", "r", "d"):
            before += " ;" if kind == "c" else " "
            continue
        prefix = ""
        if before and not before.isspace():
            word = _LAST_WORD.search(before)
            if kind != "d" and not word[2] and word[1] in ("L", "u", "U", "u8", "R", "LR", "uR", "UR", "u8R"):
                prefix = word[1]
                before = before[:word.start()]
                word = _LAST_WORD.search(before)
            if before.strip() != word[1]:
                out.append(("p", ";", 0))
            if word[1] and not word[1].isdigit():
                out.append(("i", word[1], 0))
        out.append((kind, found["d"].lstrip() if kind == "d" else prefix + found[kind], 0))
        before = ""
    return out


class Lines:
    """Line numbers of offsets."""

    def __init__(self, text):
        self.breaks = [m.start() for m in re.finditer("\n", text)]

    def of(self, offset):
        return bisect.bisect_left(self.breaks, offset) + 1


def flat(text):
    """One line of text: each run of white space and comments is one blank."""
    return _SPACES.sub(" ", text).strip()


_SIMPLE = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27, "\\": 92, "'": 39, '"': 34, "?": 63}
_ESCAPE = re.compile(r"\\(\r?\n|[0-7]{1,3}|x[0-9A-Fa-f]+|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.S)


def _escaped(found):
    code = found[1]
    if code[0] in "\r\n":
        return ""
    if code[0] in "01234567":
        return chr(0xF700 + (int(code, 8) & 255))
    if code[0] == "x" and len(code) > 1:
        return chr(0xF700 + (int(code[1:], 16) & 255))
    if code[0] in "uU" and len(code) > 1:
        value = int(code[1:], 16)
        return chr(value) if value < 0xD800 or 0xE000 <= value <= 0x10FFFF else "?"
    return chr(_SIMPLE[code]) if code in _SIMPLE else code


_PRIVATE = re.compile("[\uf700-\uf7ff]")


def text_of(token):
    """Bytes of a string token, or None for a wide one. Numeric escapes are bytes, not characters."""
    if token[0] in "LU" or (token[0] == "u" and token[1] != "8"):
        return None
    quote = token.index('"')
    if token[quote - 1:quote] == "R":
        return token[token.index("(") + 1:token.rindex(")")].encode("utf8", "surrogateescape")
    inner = token[quote + 1:-1] if token.endswith('"') and len(token) > quote + 1 else token[quote + 1:]
    if "\\" not in inner:
        return inner.encode("utf8", "surrogateescape")
    inner = _ESCAPE.sub(_escaped, inner)
    out = bytearray()
    at = 0
    for found in _PRIVATE.finditer(inner):
        out += inner[at:found.start()].encode("utf8", "surrogateescape")
        out.append(ord(found.group()) - 0xF700)
        at = found.end()
    return bytes(out + inner[at:].encode("utf8", "surrogateescape"))


_KEYWORD = re.compile(r"#\s*(\w*)\s*(.*)", re.S)


def directive(text):
    """(keyword, rest as one line)."""
    found = _KEYWORD.match(flat(text))
    return (found[1], found[2]) if found else ("", "")


def body_hash(tokens):
    """Equal for equal bodies: each token and a line break, a directive as `#keyword rest`."""
    words = []
    for kind, word, _ in tokens:
        words.append("#%s %s" % directive(word) if kind == "d" else word)
    words.append("")
    return xxh3("\n".join(words).encode("utf8", "surrogateescape"))
