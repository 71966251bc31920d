"""The facts of one release: its files, chosen by name, read with the macros of the whole tree."""

import hashlib
import re

import macros
import source

_SOURCE = re.compile(r"\.(?:c|h|cc|cpp|cxx|c\+\+|C|hh|hpp|hxx|h\+\+|inc|inl|ipp|tcc|tbl|def|y|l|m4h|re)(?:\.in|\.dist|\.cmakein)?$")
_LEFT_OUT = re.compile(
    r"(?:^|/)(?:tests?|testing|testsuite|unittests?|unit_tests?|test[-_]\w+|\w+[-_]tests?|t|regress|check|examples?|samples?|"
    r"demos?|fuzz\w*|ossfuzz|oss-fuzz|docs?|documentation|man|apps?|programs?|tools?|utils?|bench|benchmarks?|perf|"
    r"debian|\.git\w*|\.pc|ci|win32|windows|winrt|msvc|msdos|dos|vms|os2|wince|symbian|amiga|macosx?|macos|"
    r"xcode|cmake|build|builds|bindings|python|swig|java|csharp|third[-_]party|node_modules|site|www|packaging)(?:/|$)", re.I)
_TEST_FILE = re.compile(r"(?:^|/)(?:test[-_.]?[^/]*|[^/]*[-_.](?:unit)?tests?|[^/]*_(?:fuzzer|benchmark|bench|unittest))\.\w+$", re.I)
_LARGEST = 12 << 20


class Choice:
    """Which files of a tree belong to the library."""

    def __init__(self, recipe, folders=None):
        self.folders = folders  # of a library whose other releases are known: the same ones are meant
        self.quoted = recipe.get("generated_from")
        self.keep = re.compile(recipe["keep"]) if "keep" in recipe else None
        self.skip = re.compile(recipe["skip"]) if "skip" in recipe else None
        self.all_folders = re.compile(recipe["also"]) if "also" in recipe else None

    def takes(self, path):
        if path == self.quoted:
            return True
        if not _SOURCE.search(path):
            return False
        if self.skip and self.skip.search(path):
            return False
        if self.keep and not self.keep.search(path):
            return False
        if self.folders is not None:
            return path.rpartition("/")[0] in self.folders and not _TEST_FILE.search(path)
        if self.all_folders and self.all_folders.search(path):
            return True
        return not _LEFT_OUT.search(path) and not _TEST_FILE.search(path)


class Release:
    """A tree in memory: {path: bytes} of the files that a Choice takes."""

    def __init__(self, files):
        self.files = {p: b for p, b in files.items() if len(b) <= _LARGEST}
        self.text = {p: b.decode("utf8", "surrogateescape") for p, b in self.files.items()}
        self.defines = {p: macros.Defines(t) for p, t in self.text.items()}

    def texts(self):
        """{macro: {text as written}} of the whole tree."""
        out = {}
        for defines in self.defines.values():
            for name, values in defines.texts.items():
                out.setdefault(name, set()).update(values)
        return out

    def read(self, one_text, cache, recipe):
        """{path: Facts}, and {macro: kind}."""
        headers = [d for p, d in self.defines.items() if is_header(p)]
        shared = macros.of_lines(headers)
        typedefs, structs = {}, {}
        if not recipe.get("texts_only"):
            for path in sorted(self.text):
                more, others = macros.types(self.text[path])
                typedefs = more | typedefs
                structs = others | structs
        objects = {"__LINE__"}
        for defines in self.defines.values():
            objects |= defines.objects
        for defines in self.defines.values():
            objects -= defines.functions
        kinds, out = dict(shared), {}
        mode = (bool(recipe.get("texts_only")), bool(recipe.get("only_with_texts")))
        for path in sorted(self.files):
            own = macros.of_lines([self.defines[path]], shared) if self.defines[path].words else shared
            kinds.update(own)
            words = set(re.findall(r"[A-Za-z_]\w*", self.text[path]))
            around = source.Surroundings({w: one_text[w] for w in words & one_text.keys()},
                                         {w: own[w] for w in words & own.keys()}, words & objects,
                                         {w: typedefs[w] for w in words & typedefs.keys()},
                                         {w: structs[w] for w in words & structs.keys()})
            around = around._replace(typedefs=_closed(around, typedefs))
            key = hashlib.sha1(self.files[path] + repr((sorted(around.texts.items()), sorted(around.lines.items()),
                                                        sorted(around.objects & around.lines.keys()),
                                                        sorted(around.typedefs.items()),
                                                        sorted(around.structs.items()), mode)).encode("utf8", "surrogateescape")).digest()
            if key not in cache:
                cache[key] = source.read(self.text[path], around, *mode)
            out[path] = cache[key]
        return out, kinds


def _closed(around, typedefs):
    """The typedefs that a file's words and its structs need."""
    out, todo = {}, list(around.typedefs)
    for members in around.structs.values():
        todo += re.findall(r"\w+", members)
    while todo:
        word = todo.pop()
        if word in typedefs and word not in out:
            out[word] = typedefs[word]
            todo += typedefs[word]
    return out


def is_header(path):
    return bool(re.search(r"\.(?:h|hh|hpp|hxx|h\+\+|inc|inl|def)(?:\.in)?$", path))
