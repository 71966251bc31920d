#!/usr/bin/env python3
"""Compares `fathom sandbox` with what programs do: each is traced with arguments that exercise it, and each call that strace
sees must be in the set; then it runs once more under the profile itself (bench/under_seccomp.py), refusing what is not in it
even where the set is incomplete.

    bench/sandbox_traces.py --fathom build/release/fathom [NAME…]

Dynamic programs are this machine's, each in a folder of its own with the libraries that ldd names; static ones are built here
with gcc, clang, musl-gcc, go and rustc, whichever there are. Exits with 1 when a call is outside a set."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
C_PROGRAM = r"""
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static void *work(void *p) { struct timespec t = {0, 1000}; nanosleep(&t, 0); ++*(int *)p; return 0; }
static void on(int s) { (void)s; }
int main(int argc, char **argv) {
  signal(SIGUSR1, on); raise(SIGUSR1);
  pthread_t t; int n = 0; pthread_create(&t, 0, work, &n); pthread_join(t, 0);
  FILE *f = fopen("trace.tmp", "w"); fprintf(f, "x%d\n", n); fclose(f);
  struct stat s; stat("trace.tmp", &s); unlink("trace.tmp");
  int k = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = {0}; a.sin_family = AF_INET; a.sin_port = htons(1); a.sin_addr.s_addr = htonl(0x7f000001);
  connect(k, (void *)&a, sizeof a); close(k);
  printf("%ld %d\n", syscall(SYS_gettid), getppid() > 0);
  void *m = malloc(1 << 22); memset(m, 1, 1 << 22); m = realloc(m, 1 << 23); free(m);
  pid_t c = fork(); if (!c) _exit(3);
  int st; waitpid(c, &st, 0); struct pollfd p = {0, POLLIN, 0}; poll(&p, 1, 1);
  char line[64]; while (fgets(line, sizeof line, stdin)) puts(line);
  if (argc > 5) system(argv[1]);
  return 0;
}
"""
GO_PROGRAM = r"""package main

import ("fmt"; "io"; "net"; "net/http"; "os"; "time")

func main() {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hi") }))
	time.Sleep(20 * time.Millisecond)
	r, e := http.Get("http://" + l.Addr().String())
	if e != nil { panic(e) }
	io.Copy(os.Stdout, r.Body)
	d, _ := os.ReadDir("/etc")
	fmt.Println(len(d))
	os.WriteFile("trace.tmp", []byte("x"), 0644)
	os.Remove("trace.tmp")
}
"""
RUST_PROGRAM = r"""use std::{fs, io::Write, net::TcpListener, thread, time::Duration};
fn main() {
    println!("{}", thread::spawn(|| { thread::sleep(Duration::from_millis(1)); 5 }).join().unwrap());
    fs::File::create("trace.tmp").unwrap().write_all(b"x").unwrap();
    fs::remove_file("trace.tmp").unwrap();
    println!("{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().is_ok());
    for e in fs::read_dir("/etc").unwrap().take(3) { println!("{}", e.unwrap().file_type().is_ok()); }
}
"""
BUILDS = [
    ("c-glibc-static", "t.c", "gcc -O2 -static -pthread t.c -o OUT"),
    ("c-glibc-static-O0", "t.c", "clang-19 -O0 -static -pthread t.c -o OUT"),
    ("c-glibc-static-pie", "t.c", "gcc -Os -static-pie -pthread -s t.c -o OUT"),
    ("c-glibc-dynamic", "t.c", "gcc -O2 -pthread -s t.c -o OUT"),
    ("c-musl-static", "t.c", "musl-gcc -Os -static -s t.c -o OUT"),
    ("c-musl-static-O2", "t.c", "musl-gcc -O2 -static -s t.c -o OUT"),
    ("go", "main.go", "go build -o OUT main.go"),
    ("go-stripped", "main.go", "go build -ldflags=-s -o OUT main.go"),
    ("rust", "r.rs", "rustc -O r.rs -o OUT"),
    ("rust-static", "r.rs", "rustc -O -C target-feature=+crt-static r.rs -o OUT"),
]
SYSTEM = {
    "ls": ["-laR", "/etc"], "cp": ["-a", "/etc/passwd", "copy.tmp"], "sort": ["-R", "/etc/passwd"], "find": ["/etc", "-name", "*.conf"],
    "grep": ["-rn", "root", "/etc/passwd", "/etc/group"], "sed": ["-n", "1,3p", "/etc/passwd"], "tar": ["cf", "out.tar", "/etc/passwd"],
    "gzip": ["-kc", "/etc/services"], "date": [], "df": ["-h"], "stat": ["/etc/passwd"], "id": [], "sleep": ["0.01"], "dd": ["if=/dev/zero", "of=dd.tmp", "count=8"],
    "curl": ["-s", "--max-time", "3", "http://127.0.0.1:1/"], "openssl": ["speed", "-seconds", "1", "-bytes", "16", "sha256"], "bash": ["-c", "for i in 1 2 3; do echo $i; done > b.tmp; read x < b.tmp"],
    "xz": ["-kc", "/etc/services"], "awk": ["BEGIN { print 1 }"], "head": ["-c", "9", "/dev/urandom"],
}


def run(command, **keywords):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True, errors="replace", check=False, **keywords)


def build(folder):
    for name, text in (("t.c", C_PROGRAM), ("main.go", GO_PROGRAM), ("r.rs", RUST_PROGRAM), ("go.mod", "module trace\n")):
        (folder / name).write_text(text)
    for name, _, command in BUILDS:
        words = command.replace("OUT", name).split()
        if shutil.which(words[0]) and run(words, cwd=folder, env={**os.environ, "CGO_ENABLED": "0"}).returncode == 0:
            yield name, folder / name, []


def programs(folder, wanted):
    everything = list(build(folder))
    everything += [(name, pathlib.Path(shutil.which(name)).resolve(), words) for name, words in SYSTEM.items() if shutil.which(name)]
    return [one for one in everything if not wanted or one[0] in wanted]


def image_of(program, folder):
    """The program and its libraries, where their names say that they are."""
    listed = run(["ldd", program]).stdout
    files = [str(program)] + re.findall(r"(/\S+) \(0x", listed)
    for file in files:
        place = folder / file.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
    return folder, str(program)


def seen_by_strace(program, words, folder):
    run(["strace", "-f", "-o", folder / "trace", program, *words], cwd=folder)
    text = (folder / "trace").read_text(errors="replace")
    return set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)", text, re.M))


def examine(fathom, name, program, words, folder):
    target, inside = image_of(program, folder / "image")
    profile = folder / "profile.json"
    run([fathom, "sandbox", "--quiet", "--seccomp", profile, f"dir:{target}", inside])
    if not profile.exists():
        return f"| {name} | failed | | | |", True
    data = json.loads(profile.read_text())
    allowed = set(data["syscalls"][0]["names"])
    seen = seen_by_strace(program, words, folder)
    missing = sorted(seen - allowed)
    data |= {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38}
    strict = folder / "strict.json"
    strict.write_text(json.dumps(data))
    free, confined = (run([*prefix, program, *words], cwd=folder).returncode for prefix in ([], [ROOT / "bench/under_seccomp.py", strict]))
    reasons = len(data["x-fathom"]["unresolved"])
    outcome = "same" if free == confined else f"status {confined}, not {free}"
    return f"| {name} | {len(allowed)} | {len(seen)} | {' '.join(missing) or 'none'} | {reasons or 'complete'} | {outcome} |", bool(missing) or free != confined


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--fathom", default=ROOT / "build/release/fathom")
    arguments.add_argument("names", nargs="*")
    options = arguments.parse_args()
    fathom = pathlib.Path(options.fathom).resolve()
    failed = False
    print("| program | allowed | seen | outside | questions | under the profile |\n|---|---:|---:|---|---:|---|", flush=True)
    with tempfile.TemporaryDirectory() as top:
        folder = pathlib.Path(top)
        for name, program, words in programs(folder, options.names):
            place = folder / f"run-{name}"
            (place / "image").mkdir(parents=True)
            line, bad = examine(fathom, name, program, words, place)
            print(line, flush=True)
            failed |= bad
    sys.exit(failed)


if __name__ == "__main__":
    main()
