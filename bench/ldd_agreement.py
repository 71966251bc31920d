#!/usr/bin/env python3
"""fathom ldd beside ldd:  ldd_agreement.py --fathom build/release/fathom [--root ROOT] [--most N]

ROOT is a Debian root folder (debootstrap, docker export) of this machine's architecture; ldd runs inside of it, in a
chroot, so that both see the same files. Without ROOT, a root folder is made from this machine's /usr/bin and what those
programs need. Compared are names, paths and order, and "not found"; addresses and the vdso are not.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

LINE = re.compile(r"^\t(?:(\S+) => )?(\S+|not found)(?: \(0x[0-9a-f]+\))?$")


def libraries(text):
    rows = []
    for line in text.splitlines():
        match = LINE.match(line)
        if match and "vdso" not in line:
            rows.append((match.group(1) or match.group(2), match.group(2)))
    return rows


def dynamic_programs(root, most):
    """Regular ELF files of the usual folders with a PT_INTERP; the first 4 KiB hold its text in practice."""
    found = []
    for folder in ("usr/bin", "usr/sbin", "bin", "sbin", "usr/lib/git-core", "usr/libexec"):
        full = os.path.join(root, folder)
        if os.path.islink(full) or not os.path.isdir(full):
            continue
        for name in sorted(os.listdir(full)):
            path = os.path.join(full, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                head = f.read(4096)
            if head[:4] == b"\x7fELF" and b"/ld-" in head:
                found.append(os.path.join(folder, name))
    return found[:most] if most else found


def ldd(root, path):
    inside = [] if root == "/" else ["chroot", root]
    done = subprocess.run([*inside, "ldd", "/" + path], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return libraries(done.stdout)


def copied_root(programs, folder):
    """/etc/ld.so.cache, the programs, and every file that ldd names, with the symlinks that lead there."""
    os.makedirs(os.path.join(folder, "etc"))
    shutil.copy("/etc/ld.so.cache", os.path.join(folder, "etc"))
    for name in ("bin", "sbin", "lib", "lib64", "lib32"):
        if os.path.islink("/" + name):
            os.symlink(os.readlink("/" + name), os.path.join(folder, name))

    def place(path):
        target = folder + os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            shutil.copy(path, target, follow_symlinks=False)

    said = {}
    for program in programs:
        said[program] = ldd("/", program)
        for path in ["/" + program] + [path for _, path in said[program] if path.startswith("/")]:
            while os.path.islink(path):
                place(path)
                path = os.path.join(os.path.dirname(path), os.readlink(path))
            place(path)
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fathom", required=True)
    parser.add_argument("--root")
    parser.add_argument("--most", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.root:
            root, programs = options.root, dynamic_programs(options.root, options.most)
            said = {program: ldd(root, program) for program in programs}
        else:
            root = os.path.join(folder, "root")
            programs = dynamic_programs("/", options.most)
            said = copied_root(programs, root)
        done = subprocess.run([options.fathom, "ldd", "dir:" + root, *programs, "-q"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if not done.stdout:
            sys.exit("fathom: " + done.stderr)
        parts = re.split(r"^(?=\S+:$)", done.stdout, flags=re.M)
        ours = {part.split(":\n")[0]: libraries(part) for part in parts if ":\n" in part}
    same = [p for p in programs if ours.get(p) == said[p]]
    for program in programs:
        if program not in same:
            print(f"{program}\n  ldd:    {said[program]}\n  fathom: {ours.get(program)}")
    print(f"{len(same)} of {len(programs)} programs the same, {sum(len(said[p]) for p in programs)} libraries")
    sys.exit(len(same) != len(programs))


if __name__ == "__main__":
    main()
