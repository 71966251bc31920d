"""Constant tables of integers, as the bytes that a 64-bit little-endian compiler makes of them."""

import re
import struct

import lex
from functions import closing

_WIDTHS = {"char": 1, "short": 2, "int": 4, "long": 8, "unsigned": 4, "signed": 4, "int8_t": 1, "uint8_t": 1, "int16_t": 2,
           "uint16_t": 2, "int32_t": 4, "uint32_t": 4, "int64_t": 8, "uint64_t": 8, "size_t": 8, "ssize_t": 8,
           "uintptr_t": 8, "intptr_t": 8, "char16_t": 2, "char32_t": 4, "bool": 1, "_Bool": 1, "guint8": 1, "gint8": 1,
           "guint16": 2, "gint16": 2, "gunichar2": 2, "guint32": 4, "gint32": 4, "gunichar": 4, "guint64": 8,
           "gint64": 8, "gchar": 1, "guchar": 1, "gint": 4, "guint": 4, "gshort": 2, "gushort": 2, "UChar": 2,
           "UChar32": 4, "u_char": 1, "u_short": 2, "u_int": 4, "u_int8_t": 1, "u_int16_t": 2, "u_int32_t": 4,
           "u_int64_t": 8, "u8": 1, "u16": 2, "u32": 4, "u64": 8, "s8": 1, "s16": 2, "s32": 4, "s64": 8, "i8": 1,
           "i16": 2, "i32": 4, "i64": 8, "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8, "int8": 1, "int16": 2,
           "int32": 4, "int64": 8, "byte": 1, "uchar": 1, "ushort": 2, "uint": 4, "ulong": 8, "BYTE": 1, "UINT8": 1,
           "UINT16": 2, "UINT32": 4, "UINT64": 8, "INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8, "Uint8": 1,
           "Uint16": 2, "Uint32": 4, "Uint64": 8, "mp_limb_t": 8, "word8": 1, "word16": 2, "word32": 4, "word64": 8}
_QUALIFIERS = {"const", "static", "extern", "constexpr", "volatile", "register", "inline", "struct", "local", "FAR", "far",
               "alignas", "thread_local", "CONST", "INTERNAL", "PRIVATE"}
_NUMBER = re.compile(r"(0[xX][\da-fA-F]+|0[bB][01]+|\d+)([uUlL]*|[zZ][uU]?)$")
_CONSTANT = {"UINT64_C", "INT64_C", "UINT32_C", "INT32_C", "UINT16_C", "UINT8_C", "U64", "U32", "U", "ULL", "UL", "C64",
             "ULONG_CONST", "SHA_LONG64", "AV_NE", "K64"}
_MOST_ELEMENTS = 1 << 17


def width_of(words, typedefs, depth=0):
    """Bytes of an integer type given as words, or None."""
    words = [w for w in words if w not in _QUALIFIERS and (w in _WIDTHS or w in typedefs or not w.isupper())
             and not w.startswith("__")]
    if not words:
        return None
    if all(w in ("unsigned", "signed", "int", "long", "short", "char") for w in words):
        for w in ("char", "short", "long"):
            if w in words:
                return _WIDTHS[w]
        return 4
    name = words[-1]
    if len(words) > 1 and words[-2] in ("::", "std"):
        words = words[-1:]
    if len(words) != 1:
        return None
    if name in typedefs and depth < 6 and (name not in _WIDTHS):
        return width_of(typedefs[name], typedefs, depth + 1)
    return _WIDTHS.get(name)


def layout_of(words, typedefs, structs, depth=0):
    """[(width, count), …] of a type: one entry for an integer, the members of a struct of integers; None for others."""
    width = width_of(words, typedefs)
    if width:
        return [(width, 1)]
    words = [w for w in words if w not in _QUALIFIERS and (w in structs or not w.isupper())]
    if len(words) != 1 or words[0] not in structs or depth:
        return None
    out = []
    for member in structs[words[0]].split(";"):
        member = lex.flat(member)
        if not member:
            continue
        if any(c in member for c in "*:(#"):
            return None
        first, *others = [m.strip() for m in member.split(",")]
        head = re.match(r"(.*?)(\w+)\s*(?:\[\s*(\d+)\s*\])?$", first)
        if not head:
            return None
        width = width_of(head[1].split(), typedefs)
        if not width:
            return None
        out.append((width, int(head[3] or 1)))
        for other in others:
            found = re.match(r"\w+\s*(?:\[\s*(\d+)\s*\])?$", other)
            if not found:
                return None
            out.append((width, int(found[1] or 1)))
    return out or None


def _value(words):
    """The number that an element's tokens say, or None."""
    negative = False
    while words and words[0] in ("-", "+", "("):
        if words[0] == "-":
            negative = not negative
        if words[0] == "(":
            if words[-1] != ")":
                return None
            words = words[1:-1]
        else:
            words = words[1:]
    if len(words) == 4 and words[0] in _CONSTANT and words[1] == "(":
        words = words[2:3]
    elif len(words) == 6 and words[0] == "TOBN":
        high, low = _value(words[2:3]), _value(words[4:5])
        return None if high is None or low is None else high << 32 | low
    elif len(words) > 1:
        return _expression(words)
    if len(words) != 1:
        return None
    word = words[0]
    found = _NUMBER.match(word)
    if found:
        digits = found[1]
        value = int(digits, 8) if digits[0] == "0" and digits.isdigit() and len(digits) > 1 and set(digits) <= set("01234567") \
            else int(digits, 0) if digits[0] != "0" or len(digits) == 1 or digits[1] in "xXbB" else int(digits)
    elif word[0] == "'":
        text = lex.text_of('"' + word[1:-1].replace('"', '\\"') + '"')
        if not text or len(text) != 1:
            return None
        value = text[0]
    else:
        return None
    return -value if negative else value


def _expression(words):
    """Numbers joined by | << + - *, left to right, without precedence only where one operator is used."""
    total, operator, operators, at = None, None, set(), 0
    while at < len(words):
        if words[at] == "(":
            depth, end = 1, at + 1
            while end < len(words) and depth:
                depth += {"(": 1, ")": -1}.get(words[end], 0)
                end += 1
            value, at = _value(words[at + 1:end - 1]), end
        else:
            value, at = _value(words[at:at + 1]), at + 1
        if value is None:
            return None
        total = value if operator is None else {"|": total | value, "+": total + value, "-": total - value,
                                                "*": total * value, "<<": total << min(value, 64)}[operator]
        if at < len(words):
            operator = words[at]
            at += 1
            if operator == "<" and at < len(words) and words[at] == "<":
                operator, at = "<<", at + 1
            if operator not in ("|", "+", "-", "*", "<<"):
                return None
            operators.add(operator)
    return total if len(operators) < 2 else None


def _pack(values, width):
    code = {1: "B", 2: "H", 4: "I", 8: "Q"}[width]
    mask = (1 << 8 * width) - 1
    return struct.pack("<%d%s" % (len(values), code), *(v & mask for v in values))


def _elements(tokens, at, close):
    """(numbers of a flat list, or rows of numbers; whether all could be read)."""
    rows, row, element, depth, complete = [], None, [], 0, True

    def finish():
        nonlocal element, complete
        if element:
            value = _value(element)
            element = []
            if value is None:
                return False
            (rows if row is None else row).append(value)
        return True

    for i in range(at + 1, close):
        kind, word, _ = tokens[i]
        if kind == "d":
            if not lex.directive(word)[0].startswith(("line", "pragma")):
                complete = False
                break
            continue
        if word == "{" and kind == "p":
            depth += 1
            if depth == 1:
                row = []
            elif depth > 2:
                complete = False
                break
        elif word == "}" and kind == "p":
            if not finish():
                complete = False
                break
            depth -= 1
            if depth == 0:
                rows.append(row)
                row = None
        elif word == "," and kind == "p" and not _inside(element):
            if not finish():
                complete = False
                break
        elif kind in "ncpi":
            element.append(word)
            if len(element) > 40:
                complete = False
                break
        else:
            complete = False
            break
        if len(rows) > _MOST_ELEMENTS:
            complete = False
            break
    else:
        complete = finish()
    return rows, complete


def _inside(words):
    return words.count("(") > words.count(")")


def _bytes_of(rows, layout, inner):
    """Bytes and number of elements; (None, 0) if rows and type do not fit."""
    if len(layout) == 1 and layout[0][1] == 1:
        width, out = layout[0][0], []
        for row in rows:
            if isinstance(row, list):
                if inner is None or len(row) > inner:
                    return None, 0
                out += row + [0] * (inner - len(row))
            else:
                out.append(row)
        return _pack(out, width), len(out)
    members = [w for w, n in layout for _ in range(n)]
    if not all(isinstance(row, list) for row in rows):
        flat = [v for row in rows for v in (row if isinstance(row, list) else [row])]
        rows = [flat[i:i + len(members)] for i in range(0, len(flat) - len(flat) % len(members), len(members))]
    align = max(members)
    out = bytearray()
    for row in rows:
        if len(row) > len(members):
            return None, 0
        start = len(out)
        for width, value in zip(members, list(row) + [0] * (len(members) - len(row))):
            out += bytes(-(len(out) - start) % width) + _pack([value], width)
        out += bytes(-(len(out) - start) % align)
    return bytes(out), len(rows)


def windows(data):
    """Hashes of the 32-byte windows that are not all one byte."""
    return [lex.xxh3(data[i:i + 32]) for i in range(0, len(data) - 31, 32) if data[i:i + 32].count(data[i]) != 32]


def tables(tokens, typedefs, structs):
    """[(index of a token, name, element width, count, [hashes])]; a negative count: only the beginning could be read."""
    out, start = [], 0
    for at in range(1, len(tokens) - 1):
        kind, word, _ = tokens[at]
        if kind == "d" or (kind == "p" and word in ";{}"):
            if word == "{" and kind == "p" and tokens[at - 1][1] == "]":
                found = _table(tokens, start, at, at, typedefs, structs)
                if found:
                    out.append((at, *found))
            start = at + 1
        elif word == "=" and tokens[at + 1][1] == "{" and kind == "p":
            found = _table(tokens, start, at, at + 1, typedefs, structs)
            if found:
                out.append((at, *found))
    return out


def _table(tokens, start, equals, brace, typedefs, structs):
    words = [tokens[i][1] for i in range(start, equals)]
    if "const" not in words and "constexpr" not in words and "CONST" not in words:
        return None
    dimensions, end = [], len(words)
    while end and words[end - 1] == "]":
        opening = end - 1
        while opening and words[opening] != "[":
            opening -= 1
        dimensions.insert(0, words[opening + 1:end - 1])
        end = opening
        if end > 1 and words[end - 1] == ")":  # an attribute
            return None
    if not dimensions or len(dimensions) > 2 or end < 2 or "*" in words[:end] or "<" in words[:end]:
        return None
    name, kinds = words[end - 1], words[:end - 1]
    if "(" in kinds:
        kinds = [w for w in kinds[:kinds.index("(")]] + kinds[len(kinds) - kinds[::-1].index(")"):]
    if "::" in kinds:
        kinds = [w for k, w in enumerate(kinds) if w != "::" and kinds[k + 1:k + 2] != ["::"]]
    layout = layout_of(kinds, typedefs, structs)
    if layout is None:
        return None
    rows, complete = _elements(tokens, brace, closing(tokens, brace))
    inner = None
    if len(dimensions) == 2:
        inner = _value(dimensions[1])
        if inner is None:
            lengths = {len(r) for r in rows if isinstance(r, list)}
            inner = lengths.pop() if len(lengths) == 1 else None
    data, count = _bytes_of(rows, layout, inner)
    is_struct = len(layout) > 1 or layout[0][1] > 1
    if data is None or count < (8 if is_struct or layout[0][0] >= 4 else 16):
        return None
    hashes = windows(data)
    width = len(data) // count
    return (name, width, count if complete else -count, hashes) if hashes else None
