#!/usr/bin/env python3
"""Writes data/system_calls/MACHINE.tsv from the kernel's headers, as a distribution installs them for programs.

    scripts/make_system_calls.py x86_64 cpp > data/system_calls/x86_64.tsv
    scripts/make_system_calls.py aarch64 aarch64-linux-gnu-cpp > data/system_calls/aarch64.tsv"""
import re
import subprocess
import sys

machine, preprocessor = sys.argv[1:3]
source = "#include <asm/unistd.h>\n"
run = lambda flags, text: subprocess.run([preprocessor, *flags, "-"], input=text, capture_output=True, text=True, check=True).stdout
names = sorted(set(re.findall(r"^#define __NR_(\w+) ", run(["-dM"], source), re.M)))
values = run(["-P"], source + "".join(f"row {name} = __NR_{name}\n" for name in names))
rows = []
for name, value in re.findall(r"^row (\w+) = ([\d() +]+)$", values, re.M):
    rows.append((sum(int(part) for part in value.strip("()").split("+")), name))
known = dict(rows)
package = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${Version}", "linux-libc-dev"], capture_output=True, text=True, check=False).stdout
print(f"# System calls of Linux on {machine}: number, name. Made by scripts/make_system_calls.py from <asm/unistd.h> of")
print(f"# Debian's {package}. The numbers are facts of the kernel's interface (GPL-2.0 WITH Linux-syscall-note).")
for number, name in sorted((n, m) for n, m in rows if m not in ("syscalls", "arch_specific_syscall")):
    print(f"{number}\t{name}")
