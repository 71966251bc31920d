#!/usr/bin/env python3
"""Lists the test classes of scripts, a line "SCRIPT CLASS" each, for CMake:  classes.py SCRIPT…

A class is whatever has a method that begins with `test`; it is read from the source, so that none is missed for its name.
"""

import ast
import sys

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as f:
        tree = ast.parse(f.read(), path)
    for node in tree.body:
        methods = [m.name for m in getattr(node, "body", []) if isinstance(m, ast.FunctionDef)]
        if isinstance(node, ast.ClassDef) and any(name.startswith("test") for name in methods):
            print(path, node.name)
