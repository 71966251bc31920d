#!/usr/bin/env python3
"""Runs a program under a seccomp profile in OCI form, with the kernel alone: the JSON becomes a BPF filter.

    bench/under_seccomp.py PROFILE.json PROGRAM [ARGUMENT...]"""
import ctypes
import json
import os
import pathlib
import platform
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARCHITECTURES = {"SCMP_ARCH_X86_64": 0xC000003E, "SCMP_ARCH_AARCH64": 0xC00000B7}
RET_KILL_PROCESS, RET_ERRNO, RET_LOG, RET_ALLOW = 0x80000000, 0x00050000, 0x7FFC0000, 0x7FFF0000
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def numbers():
    rows = (ROOT / f"data/system_calls/{platform.machine()}.tsv").read_text().splitlines()
    return {name: int(number) for number, name in (row.split("\t") for row in rows if not row.startswith("#"))}


def action(name, errno):
    return {"SCMP_ACT_ALLOW": RET_ALLOW, "SCMP_ACT_LOG": RET_LOG, "SCMP_ACT_ERRNO": RET_ERRNO | errno}[name]


def program_of(profile):
    """Two instructions for each system call, so that no jump is longer than a byte can say."""
    default = action(profile["defaultAction"], profile.get("defaultErrnoRet", 1))
    code = [(LOAD, 0, 0, 4)]
    code += [(JUMP_EQUAL, 1, 0, ARCHITECTURES[profile["architectures"][0]]), (RETURN, 0, 0, RET_KILL_PROCESS)]
    code.append((LOAD, 0, 0, 0))
    known = numbers()
    for rule in profile["syscalls"]:
        for name in rule["names"]:
            code += [(JUMP_EQUAL, 0, 1, known[name]), (RETURN, 0, 0, action(rule["action"], 1))]
    code.append((RETURN, 0, 0, default))
    return b"".join(struct.pack("HBBI", *one) for one in code), len(code)


def main():
    profile = json.loads(pathlib.Path(sys.argv[1]).read_text())
    code, count = program_of(profile)
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(code)
    filter_program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", count, ctypes.addressof(buffer)))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_program, 0, 0):
        sys.exit("the kernel did not take the filter: " + os.strerror(ctypes.get_errno()))
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
