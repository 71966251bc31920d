#!/usr/bin/env python3
"""What a new machine costs: `./dev scan` and then `./dev test` on a Debian 12 that has nothing.

    sudo python3 bench/bare_machine.py FOLDER [--mirror URL] [--test]

Makes a minimal Debian 12 root under FOLDER with debootstrap (kept and copied for the next run), puts a fresh clone of this
tree into it and runs the commands there in a chroot. Wall and CPU seconds are noted whenever `./dev` says what it begins,
so that installing, building and running are apart; CPU seconds are those of all the processes that have ended by then."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOUNTS = (("proc", "-t", "proc", "proc"), ("dev", "--rbind", "/dev"), ("sys", "--rbind", "/sys"))


def run(*command):
    subprocess.run([str(word) for word in command], check=True)


def make_root(folder, mirror):
    pristine, root = folder / "bare", folder / "machine"
    if not (pristine / "etc/debian_version").exists():
        run("debootstrap", "--variant=minbase", "bookworm", pristine, mirror)
    if root.exists():
        sys.exit(f"{root} is there from an earlier run; remove it first")
    run("cp", "-a", pristine, root)
    for name in ("sources.list.d", "sources.list"):
        source = pathlib.Path("/etc/apt") / name
        if source.is_dir():
            shutil.copytree(source, root / "etc/apt" / name, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy(source, root / "etc/apt" / name)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    shutil.copy("/etc/hosts", root / "etc/hosts")
    run("git", "clone", "-q", "--no-hardlinks", ROOT, root / "root/fathom")
    return root


def environment(root):
    """A bare one, and what this machine needs to reach its package registries."""
    kept = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
    for name in ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL"):
        if name in os.environ:
            kept[name] = os.environ[name]
    if "PIP_CERT" in os.environ:
        shutil.copy(os.environ["PIP_CERT"], root / "root/registry-ca.crt")
        kept["PIP_CERT"] = "/root/registry-ca.crt"
    return kept


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def timed(root, *command):
    """Runs ./dev in the root and returns [what it said, wall seconds, CPU seconds] for each phase."""
    begin = time.monotonic()
    process = subprocess.Popen(["chroot", root, "sh", "-c", 'cd /root/fathom && exec ./dev "$@"', "dev", *command],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment(root))
    phases, last = [["start", 0.0, 0.0]], (0.0, 0.0)
    for line in process.stderr:
        sys.stderr.write(line)
        if not line.startswith("dev: "):
            continue
        now = (time.monotonic() - begin, cpu_seconds(process.pid))
        phases[-1][1:] = [now[0] - last[0], now[1] - last[1]]
        phases.append([line[5:].strip(), 0.0, 0.0])
        last = now
    _, status, usage = os.wait4(process.pid, 0)
    total = (time.monotonic() - begin, usage.ru_utime + usage.ru_stime)
    phases[-1][1:] = [total[0] - last[0], total[1] - last[1]]
    return phases, total, os.waitstatus_to_exitcode(status)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--mirror", default="http://deb.debian.org/debian")
    parser.add_argument("--test", action="store_true", help="also run ./dev test")
    arguments = parser.parse_args()
    root = make_root(arguments.folder.resolve(), arguments.mirror)
    commands = [["scan"], ["scan"]] + ([["test"]] if arguments.test else [])
    run("mount", "--bind", root, root)  # containers' tools want the root to be a mount point
    for name, *how in MOUNTS:
        run("mount", *how, root / name)
    try:
        print("| command | phase | wall s | CPU s |\n|---|---|---:|---:|")
        for command in commands:
            phases, total, status = timed(root, *command)
            for phase, wall, cpu in phases:
                print(f"| `./dev {' '.join(command)}` | {phase[:60]} | {wall:.0f} | {cpu:.0f} |")
            print(f"| | total, exit status {status} | {total[0]:.0f} | {total[1]:.0f} |", flush=True)
    finally:
        for name, *_ in reversed(MOUNTS):
            run("umount", "-l", root / name)
        run("umount", "-l", root)


if __name__ == "__main__":
    main()
