"""Where the functions of a file are: name and the tokens from `{` to `}`.

No grammar, only brackets: at the level of files, namespaces and classes a `{` after a parenthesis opens a function. Of #if
branches that open a bracket each, the level before the #if is restored for the next one.
"""

_NOT_A_NAME = {"__attribute__", "__declspec", "alignas", "_Alignas", "noexcept", "decltype", "throw", "requires", "if",
               "for", "while", "switch", "return", "sizeof", "catch", "asm", "__asm__", "__asm", "defined",
               "static_assert", "_Static_assert", "explicit", "operator", "typeof", "__typeof__"}


def branch_of(directive):
    """'if', 'else', 'end' or '' for other directives."""
    word = directive[1:].lstrip(" \t")
    if word.startswith("if"):
        return "if"
    if word.startswith("el"):
        return "else"
    return "end" if word.startswith("endif") else ""


def closing(tokens, at):
    """Index of the bracket that closes the one at `at`, of its own kind; the last token if none does."""
    opens = tokens[at][1]
    closes = {"(": ")", "{": "}", "[": "]"}[opens]
    depth, saved = 0, []
    for i in range(at, len(tokens)):
        kind, word, _ = tokens[i]
        if kind == "p":
            if word == opens:
                depth += 1
            elif word == closes:
                depth -= 1
                if depth == 0:
                    return i
        elif kind == "d":
            branch = branch_of(word)
            if branch == "if":
                saved.append(depth)
            elif saved and branch == "else":
                depth = saved[-1]
            elif saved and branch == "end":
                saved.pop()
    return len(tokens) - 1


def _name_before(tokens, statement, k):
    """The name that ends before statement[k], qualified as it is written; None if there is none."""
    kind, word, _ = tokens[statement[k - 1]]
    if word == ")":  # PREFIX(name)(parameters)
        inner = [i for i in statement[:k - 1] if tokens[i][0] == "i"]
        return tokens[inner[-1]][1] if inner and statement[k - 2] == inner[-1] else None
    if kind != "i":
        words = [tokens[i][1] for i in statement[max(0, k - 4):k]]
        return "operator" + "".join(words[words.index("operator") + 1:]) if "operator" in words else None
    if word in _NOT_A_NAME:
        return None
    name, j = word, k - 1
    if j and tokens[statement[j - 1]][1] == "~":
        name, j = "~" + name, j - 1
    while j > 1 and tokens[statement[j - 1]][1] == "::" and tokens[statement[j - 2]][0] == "i":
        name, j = tokens[statement[j - 2]][1] + "::" + name, j - 2
    return name


def _named(tokens, statement, first=False):
    """Name of the function that a statement declares: what stands before its last parenthesis (or its first)."""
    depth, name = 0, None
    for k, i in enumerate(statement):
        kind, word, _ = tokens[i]
        if kind != "p":
            continue
        if word == ":" and depth == 0 and name is not None:
            break  # initializers of a constructor
        if word == "(":
            if depth == 0 and k:
                found = _name_before(tokens, statement, k)
                if found is not None:
                    name = found
                    if first:
                        break
            depth += 1
        elif word == ")":
            depth -= 1
    return name


def functions(tokens):
    """[(name, index of `{`, index of `}`)] in the order of the file."""
    return _Walk(tokens).run()


class _Walk:
    def __init__(self, tokens):
        self.tokens = tokens
        self.found, self.saved = [], []
        self.scopes = []     # names of the open classes, "" for others
        self.statement = []  # indexes of tokens since the last one ended
        self.pending = []    # a declaration with parameters of the old form behind it

    def run(self):
        at, end = 0, len(self.tokens)
        while at < end:
            kind, word, _ = self.tokens[at]
            if kind == "d":
                self._branch(branch_of(word))
            elif kind != "p" or word not in ";{}":
                self.statement.append(at)
            elif word == ";":
                self._semicolon()
            elif word == "}":
                if self.scopes:
                    self.scopes.pop()
                self._clear()
            else:
                at = self._open(at)
            at += 1
        return self.found

    def _clear(self):
        self.statement, self.pending = [], []

    def _branch(self, branch):
        if branch == "if":
            self.saved.append((list(self.scopes), list(self.statement), list(self.pending)))
        elif self.saved and branch == "else":
            self.scopes, self.statement, self.pending = (list(x) for x in self.saved[-1])
        elif self.saved and branch == "end":
            self.saved.pop()

    def _semicolon(self):
        words = [self.tokens[x][1] for x in self.statement]
        if self.pending:
            self.pending += self.statement
        elif ")" in words and words[-1] != ")" and "=" not in words and "typedef" not in words:
            self.pending = self.statement
        self.statement = []

    def _open(self, at):
        """What a `{` does; returns the last index that is done with it."""
        words = [self.tokens[x][1] for x in self.statement]
        heads = _heads(words)
        if "=" in heads and "operator" not in words:
            return self._skip(at)
        scope = "" if "namespace" in words or (words[:1] == ["extern"] and "(" not in words) else \
            _scope_name(words, heads)
        if scope is not None:
            self.scopes.append(scope)
            self._clear()
            return at
        close = closing(self.tokens, at)
        name = _named(self.tokens, self.statement) if "(" in words else None
        if name is None and self.pending and not words:
            name = _named(self.tokens, self.pending, first=True)
        if name is not None and _in_initializers(words, heads, self.tokens, close):
            return self._skip(at)
        if name is not None:
            inside = [s for s in self.scopes if s]
            self.found.append(("::".join(inside + [name]), at, close))
        self._clear()
        return close

    def _skip(self, at):
        close = closing(self.tokens, at)
        self.statement += (at, close)
        return close


def _heads(words):
    """The words outside of parentheses and brackets."""
    out, depth = [], 0
    for word in words:
        if word in ("(", "["):
            depth += 1
        elif word in (")", "]"):
            depth -= 1
        elif depth == 0:
            out.append(word)
    return out


def _scope_name(words, heads):
    """Name of the class that a `{` opens; None if it opens none."""
    for k, word in enumerate(heads):
        if word == "enum":
            return None
        if word not in ("class", "struct", "union") or (k and heads[k - 1] in ("<", ",")):
            continue  # template <class T>
        rest = heads[k + 1:]
        colon = rest.index(":") if ":" in rest else len(rest)
        if "(" in words and words[-1] == ")" and colon == len(rest):
            return None  # a function that returns a struct
        names = [x for x in rest[:colon] if (x[0].isalpha() or x[0] == "_") and x != "final"]
        if "(" in words and colon == len(rest) and len(names) > 1:
            return None
        return names[-1] if names else ""
    return None


def _in_initializers(words, heads, tokens, close):
    """Whether a `{…}` initializes a member: `Foo() : a{1}, b{2} {`."""
    return ":" in heads and words[-1] not in (")", "}") and close + 1 < len(tokens) and tokens[close + 1][1] in ",{"
