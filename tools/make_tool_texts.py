#!/usr/bin/env python3
"""Chooses the texts by which data/audit/tools.toml knows a program, whatever its file is called.

    tools/make_tool_texts.py FOLDER_OF_DEBS > data/audit/tools.toml

Takes the programs named below from Debian packages in FOLDER_OF_DEBS (apt-get download), and of
each the strings that no other ELF file of all those packages has. Texts are messages of a program's
own source: they live longer than its version, so a few of them suffice. What the packages cannot
give (Go modules, crates) is stated here by hand.
"""

import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile

MOST_TEXTS = 14

# id, category, what it is, package, path in it
TOOLS = [
    ("bash", "shell", "GNU Bourne-Again shell", "bash", "bin/bash"),
    ("dash", "shell", "Debian Almquist shell", "dash", "bin/dash"),
    ("busybox", "multi-call", "many commands and a shell in one program", "busybox-static", "bin/busybox"),
    ("toybox", "multi-call", "many commands in one program", "toybox", "bin/toybox"),
    ("zsh", "shell", "Z shell", "zsh", "bin/zsh"),
    ("mksh", "shell", "MirBSD Korn shell", "mksh", "bin/mksh"),
    ("ksh93", "shell", "AT&T Korn shell", "ksh93u+m", "bin/ksh93"),
    ("yash", "shell", "yet another shell", "yash", "usr/bin/yash"),
    ("fish", "shell", "friendly interactive shell", "fish", "usr/bin/fish"),
    ("tcsh", "shell", "C shell", "tcsh", "bin/tcsh"),
    ("bsd-csh", "shell", "C shell", "csh", "bin/bsd-csh"),
    ("posh", "shell", "policy-compliant Bourne shell", "posh", "bin/posh"),
    ("rc", "shell", "Plan 9 shell", "rc", "usr/bin/rc.byron"),
    ("sash", "shell", "stand-alone shell", "sash", "bin/sash"),
    ("perl", "interpreter", "Perl", "perl-base", "usr/bin/perl"),
    ("python", "interpreter", "Python", "python3.11-minimal", "usr/bin/python3.11"),
    ("lua", "interpreter", "Lua", "lua5.4", "usr/bin/lua5.4"),
    ("ruby", "interpreter", "Ruby", "libruby3.1", "usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2"),
    ("php", "interpreter", "PHP", "php8.2-cli", "usr/bin/php8.2"),
    ("tcl", "interpreter", "Tcl", "libtcl8.6", "usr/lib/x86_64-linux-gnu/libtcl8.6.so"),
    ("gawk", "interpreter", "GNU awk", "gawk", "usr/bin/gawk"),
    ("mawk", "interpreter", "awk", "mawk", "usr/bin/mawk"),
    ("bwk-awk", "interpreter", "awk", "original-awk", "usr/bin/original-awk"),
    ("curl", "downloader", "transfers files by URL", "curl", "usr/bin/curl"),
    ("wget", "downloader", "transfers files by URL", "wget", "usr/bin/wget"),
    ("rsync", "downloader", "copies files between machines", "rsync", "usr/bin/rsync"),
    ("git", "downloader", "clones repositories", "git", "usr/bin/git"),
    ("netcat-openbsd", "network", "connects and listens", "netcat-openbsd", "bin/nc.openbsd"),
    ("netcat-traditional", "network", "connects and listens", "netcat-traditional", "bin/nc.traditional"),
    ("ncat", "network", "connects and listens", "ncat", "usr/bin/ncat"),
    ("socat", "network", "connects and listens", "socat", "usr/bin/socat"),
    ("ssh", "network", "logs in to other machines", "openssh-client", "usr/bin/ssh"),
    ("openssl", "network", "s_client and s_server connect and listen", "openssl", "usr/bin/openssl"),
    ("telnet", "network", "connects", "inetutils-telnet", "usr/bin/inetutils-telnet"),
    ("nmap", "network", "scans networks", "nmap", "usr/bin/nmap"),
    ("tcpdump", "network", "reads network traffic", "tcpdump", "usr/bin/tcpdump"),
    ("apt", "package-manager", "installs Debian packages", "apt", "usr/bin/apt-get"),
    ("dpkg", "package-manager", "installs Debian packages", "dpkg", "usr/bin/dpkg"),
    ("rpm", "package-manager", "installs RPM packages", "rpm", "usr/bin/rpm"),
    ("gcc-cc1", "compiler", "C compiler proper", "cpp-12", "usr/lib/gcc/x86_64-linux-gnu/12/cc1"),
    ("gcc", "compiler", "C compiler driver", "gcc-12", "usr/bin/x86_64-linux-gnu-gcc-12"),
    ("as", "compiler", "assembler", "binutils-x86-64-linux-gnu", "usr/bin/x86_64-linux-gnu-as"),
    ("ld", "compiler", "linker", "binutils-x86-64-linux-gnu", "usr/bin/x86_64-linux-gnu-ld.bfd"),
    ("tcc", "compiler", "small C compiler", "tcc", "usr/bin/tcc"),
    ("make", "compiler", "runs what a makefile says", "make", "usr/bin/make"),
    ("gdb", "debugger", "debugger", "gdb", "usr/bin/gdb"),
    ("gdbserver", "debugger", "remote side of a debugger", "gdbserver", "usr/bin/gdbserver"),
    ("strace", "debugger", "traces system calls", "strace", "usr/bin/strace"),
    ("ltrace", "debugger", "traces library calls", "ltrace", "usr/bin/ltrace"),
    ("sudo", "privilege", "runs a command as another user", "sudo", "usr/bin/sudo"),
    ("su", "privilege", "becomes another user", "util-linux", "bin/su"),
    ("nsenter", "privilege", "enters namespaces", "util-linux", "usr/bin/nsenter"),
    ("unshare", "privilege", "makes namespaces", "util-linux", "usr/bin/unshare"),
    ("setpriv", "privilege", "changes privileges", "util-linux", "usr/bin/setpriv"),
    ("mount", "privilege", "mounts file systems", "mount", "bin/mount"),
    ("vim", "editor", "edits files and runs commands", "vim-tiny", "usr/bin/vim.tiny"),
    ("nano", "editor", "edits files", "nano", "usr/bin/nano"),
    ("env", "launcher", "runs a command", "coreutils", "usr/bin/env"),
]

BY_HAND = '''
# What a Go program was built from stands in its build information.
[[tool]]
id = "mvdan-sh"
category = "shell"
what = "shell interpreter for Go"
modules = ["mvdan.cc/sh", "mvdan.cc/sh/v3"]

[[tool]]
id = "elvish"
category = "shell"
what = "Elvish shell"
modules = ["src.elv.sh"]

[[tool]]
id = "u-root"
category = "shell"
what = "many commands and a shell in one program"
modules = ["github.com/u-root/u-root"]

[[tool]]
id = "yaegi"
category = "interpreter"
what = "Go interpreter"
modules = ["github.com/traefik/yaegi"]

[[tool]]
id = "gopher-lua"
category = "interpreter"
what = "Lua for Go"
modules = ["github.com/yuin/gopher-lua"]

[[tool]]
id = "kubectl"
category = "container-client"
what = "talks to a cluster"
main_modules = ["k8s.io/kubernetes/cmd/kubectl", "k8s.io/kubectl"]

[[tool]]
id = "docker"
category = "container-client"
what = "talks to a container engine"
main_modules = ["github.com/docker/cli"]

# … and of a Rust one built with cargo auditable in its list of crates.
[[tool]]
id = "nushell"
category = "shell"
what = "Nu shell"
crates = ["nu-engine"]

[[tool]]
id = "brush"
category = "shell"
what = "Bourne shell in Rust"
crates = ["brush-core"]

# Programs that are small and only start a library.
[[tool]]
id = "node"
category = "interpreter"
what = "JavaScript"
components = ["node", "nodejs", "v8"]

[[tool]]
id = "libpython"
category = "interpreter"
what = "Python"
needs = ["libpython2.", "libpython3."]

[[tool]]
id = "libperl"
category = "interpreter"
what = "Perl"
needs = ["libperl.so"]

[[tool]]
id = "libruby"
category = "interpreter"
what = "Ruby"
needs = ["libruby-", "libruby."]

[[tool]]
id = "libguile"
category = "interpreter"
what = "Scheme"
needs = ["libguile-"]

[[tool]]
id = "libtcl"
category = "interpreter"
what = "Tcl"
needs = ["libtcl8.", "libtcl9."]

[[tool]]
id = "java"
category = "interpreter"
what = "Java virtual machine"
needs = ["libjli.so"]

[[tool]]
id = "aria2"
category = "downloader"
what = "transfers files by URL"
needs = ["libaria2.so"]

[[tool]]
id = "apk-tools"
category = "package-manager"
what = "installs Alpine packages"
needs = ["libapk.so"]

[[tool]]
id = "dnf"
category = "package-manager"
what = "installs RPM packages"
needs = ["libdnf.so", "libdnf5.so"]
'''


def members(deb):
    names = subprocess.run(["ar", "t", deb], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    data = next(n for n in names if n.startswith("data.tar"))
    blob = subprocess.run(["ar", "p", deb, data], stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(blob)) as archive:
        for member in archive:
            if member.isfile():
                content = archive.extractfile(member).read()
                if content.startswith(b"\x7fELF"):
                    yield member.name.removeprefix("./"), content


STRING = re.compile(rb"(?<=\0)[\x20-\x7e]{6,}(?=\0)")


def strings(content):
    return set(STRING.findall(content))


def good(text):
    """A message of the program: words, neither a path, a number nor a name."""
    if not 14 <= len(text) <= 64 or b" " not in text.strip() or b"\\" in text or b'"' in text:
        return False
    if re.search(rb"\d\.\d|/usr|/build|Debian|\.c$|\.[ch]:", text):
        return False
    return len(re.findall(rb"[A-Za-z]{3,}", text)) >= 2


def passable(text):
    """For programs that keep their messages elsewhere: anything long that is no symbol of a library."""
    return 12 <= len(text) <= 64 and not re.search(rb"/usr|/build|Debian|^_Z|GLIBC|\d\.\d", text)


# All programs of these packages are one thing to us; and these come from one source in two packages.
WHOLE_PACKAGE = {"git", "ksh93"}
KIN = {"gcc": {"gcc-12", "cpp-12"}, "su": {"util-linux", "login"}}


def main():
    folder = pathlib.Path(sys.argv[1])
    programs, seen = {}, {}
    for deb in sorted(folder.glob("*.deb")):
        package = deb.name.split("_")[0]
        for path, content in members(str(deb)):
            found = strings(content)
            programs[(package, path)] = found
            for text in found:
                seen.setdefault(text, set()).add((package, path))
    print("# Programs that help whoever gets into a container, by what is in them and not by their name.")
    print("# A row holds when at_least of its texts stand in a program as whole strings, or when a Go module, a")
    print("# crate or a library says so. Texts are chosen by tools/make_tool_texts.py from Debian 12 packages.")
    for name, category, what, package, path in TOOLS:
        key = next((k for k in programs if k[0] == package and k[1].removeprefix("usr/") == path.removeprefix("usr/")), None)
        if key is None:
            print(f"{package}: no {path}", file=sys.stderr)
            continue
        # Other builds of the same program (in the same package) may share the text.
        own = []
        for most, accept in ((1, good), (2, good), (100 if name in WHOLE_PACKAGE else 2, good), (2, passable)):
            if len(own) < 6:
                kin = KIN.get(name, {package})
                own = [t for t in programs[key] if accept(t) and {k[0] for k in seen[t]} <= kin and len(seen[t]) <= most]
        own.sort(key=lambda t: (abs(len(t) - 32), t))
        chosen = sorted(own[:MOST_TEXTS])
        if len(chosen) < 3:
            print(f"{name}: only {len(chosen)} texts", file=sys.stderr)
        print(f'\n[[tool]]\nid = "{name}"\ncategory = "{category}"\nwhat = "{what}"')
        print(f"at_least = {max(1, min(4, len(chosen) - 1))}")
        print("texts = [")
        for text in chosen:
            print("  " + json.dumps(text.decode()) + ",")
        print("]")
    print(BY_HAND.rstrip())


main()
