#!/usr/bin/env python3
"""Images for measuring what stays unexplained (docs/benchmarks.md), from root file systems:

    origin_images.py BASE DERIVED APP OUT    writes OUT/{base,derived,app}.tar as OCI archives

BASE is a folder that debootstrap wrote, DERIVED a copy of it in which packages were installed, APP a program that is put on
top. The layers have the history lines that docker-library's Debian image, RUN and COPY would have.
"""

import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests", "support"))

import images  # noqa: E402

SKIPPED = ("proc", "sys", "dev", "run", "var/cache/apt", "var/lib/apt/lists", "etc/resolv.conf")


def entries(root):
    """{path: Entry}, without what a container's runtime provides."""
    found = {}
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(folders + names):
            path = os.path.relpath(os.path.join(folder, name), root)
            if path in SKIPPED or any(path.startswith(skipped + "/") for skipped in SKIPPED):
                continue
            full = os.path.join(root, path)
            status = os.lstat(full)
            if stat.S_ISLNK(status.st_mode):
                found[path] = images.symlink(path, os.readlink(full))
            elif stat.S_ISDIR(status.st_mode):
                found[path] = images.folder(path, stat.S_IMODE(status.st_mode), status.st_uid)
            elif stat.S_ISREG(status.st_mode):
                with open(full, "rb") as f:
                    found[path] = images.file(path, f.read(), stat.S_IMODE(status.st_mode))
    return found


def main(base_root, derived_root, app, out):
    base, derived = entries(base_root), entries(derived_root)
    changed = [entry for path, entry in derived.items() if base.get(path) != entry]
    gone = [images.whiteout(path) for path in base if path not in derived]
    with open(app, "rb") as f:
        top = images.layer(images.program("srv/" + os.path.basename(app), f.read()), created_by="COPY app /srv/ # buildkit")
    first = images.layer(*base.values(), suffix="", created_by="/bin/sh -c #(nop) ADD file:1f0c9c in / ")
    second = images.layer(*changed, *gone, suffix="", created_by="RUN /bin/sh -c apt-get update && apt-get install -y nginx-light curl # buildkit")
    os.makedirs(out, exist_ok=True)
    for name, layers in (("base", [first]), ("derived", [first, second]), ("app", [first, second, top])):
        images.write(os.path.join(out, name + ".tar"), images.Image(layers).oci_archive())


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
