#!/usr/bin/env python3
"""Builds static musl programs without unwind tables from Debian's sources, for bench/function_starts.py --twin.

    bench/musl_programs.py FOLDER [--cflags='-Os'] [--only NAME …]

The commonest C program of a FROM scratch image: musl, -Os, no .eh_frame. Needs musl-gcc, apt-get with source lists (or
APT_CONFIG) and an hour of one core; what does not compile here is said and left out. Unstripped results are FOLDER/bin/NAME."""
import argparse
import os
import pathlib
import shutil
import subprocess

SUITE = "bookworm"
PLAIN = "--disable-shared --enable-static --disable-nls --disable-dependency-tracking"
# source package: (what to run in its folder, the programs that come out)
RECIPES = {
    "lua5.4": ("cd src && touch lua5.4-deb-multiarch.h && sed -i s/lua5.4-deb-multiarch.h/stddef.h/ luaconf.h && $CC $CFLAGS $LDFLAGS -DLUA_USE_POSIX $(ls *.c | grep -v luac.c) -o lua-musl -lm", ["src/lua-musl"]),
    "sqlite3": ("./configure --disable-shared --disable-readline --disable-tcl && make sqlite3.c shell.c && "
                "$CC $CFLAGS $LDFLAGS -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION shell.c sqlite3.c -o sqlite3-musl",
                ["sqlite3-musl"]),
    "libzstd": ("make -C programs zstd-release HAVE_ZLIB=0 HAVE_LZMA=0 HAVE_LZ4=0 CC=\"$CC\" CFLAGS=\"$CFLAGS\" LDFLAGS=-static",
                ["programs/zstd"]),
    "lz4": ("$CC $CFLAGS $LDFLAGS -Ilib -DXXH_NAMESPACE=LZ4_ lib/*.c programs/*.c -o lz4-musl", ["lz4-musl"]),
    "xz-utils": ("./configure $PLAIN && make", ["src/xz/xz"]),
    "brotli": ("$CC $CFLAGS $LDFLAGS -Ic/include c/*/*.c -o brotli-musl -lm", ["brotli-musl"]),
    "duktape": ("$CC $CFLAGS $LDFLAGS -Isrc -Iprebuilt $(ls src/duktape.c prebuilt/duktape.c 2>/dev/null) "
                "examples/cmdline/duk_cmdline.c -o duk-musl -lm", ["duk-musl"]),
    "bash": ("./configure $PLAIN --without-bash-malloc && make LDFLAGS='--static -Wl,--allow-multiple-definition'", ["bash"]),
    "busybox": ("make defconfig && sed -i 's/.*CONFIG_STATIC[ =].*/CONFIG_STATIC=y/; s/CONFIG_TC=y/# CONFIG_TC is not set/' "
                ".config && make CC=\"$CC -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu\" "
                "EXTRA_CFLAGS=\"$CFLAGS\" SKIP_STRIP=y", ["busybox_unstripped"]),
    "pcre2": ("./configure $PLAIN && make", ["pcre2test"]),
    "libxml2": ("./configure $PLAIN --without-python --without-zlib --without-lzma --without-iconv && make", ["xmllint"]),
    "mbedtls": ("make -C library CC=\"$CC\" CFLAGS=\"$CFLAGS\" && make -C programs CC=\"$CC\" CFLAGS=\"$CFLAGS\" LDFLAGS=-static",
                ["programs/ssl/ssl_client2", "programs/test/selftest", "programs/x509/cert_app"]),
    "redis": ("make -C src MALLOC=libc USE_SYSTEMD=no CC=\"$CC\" CFLAGS=\"$CFLAGS\" OPTIMIZATION=-Os LDFLAGS=-static redis-server "
              "redis-cli", ["src/redis-server", "src/redis-cli"]),
    "libarchive": ("./configure $PLAIN --without-zlib --without-bz2lib --without-lzma --without-zstd --without-lz4 --without-xml2 "
                   "--without-expat --without-openssl --without-nettle --disable-acl --disable-xattr && make",
                   ["bsdtar", "bsdcpio"]),
    "file": ("./configure $PLAIN --disable-zlib --disable-bzlib --disable-xzlib --disable-zstdlib --disable-lzlib "
             "--disable-libseccomp && make", ["src/file"]),
    "gawk": ("./configure $PLAIN --without-mpfr --without-readline --disable-extensions && make", ["gawk"]),
    "sed": ("./configure $PLAIN && make", ["sed/sed"]),
    "grep": ("./configure $PLAIN && make", ["src/grep"]),
    "tar": ("FORCE_UNSAFE_CONFIGURE=1 ./configure $PLAIN && make", ["src/tar"]),
    "findutils": ("./configure $PLAIN && make", ["find/find"]),
    "diffutils": ("./configure $PLAIN && make", ["src/dif"]),
    "make-dfsg": ("./configure $PLAIN --without-guile && make", ["make"]),
    "m4": ("./configure $PLAIN && make", ["src/m4"]),
    "bison": ("./configure $PLAIN && make", ["src/bison"]),
    "flex": ("./configure $PLAIN && make", ["src/flex"]),
    "patch": ("./configure $PLAIN && make", ["src/patch"]),
    "coreutils": ("FORCE_UNSAFE_CONFIGURE=1 ./configure $PLAIN --enable-single-binary=symlinks && make",
                  ["src/coreutils"]),
    "wget": ("./configure $PLAIN --without-ssl --without-zlib --without-libpsl --disable-pcre --disable-pcre2 && make",
             ["src/wget"]),
    "curl": ("./configure $PLAIN --without-ssl --without-zlib --without-libpsl --without-zstd --without-brotli && "
             "make V=1 LDFLAGS='-all-static'", ["src/curl"]),
    "mksh": ("CC=\"$CC\" CFLAGS=\"$CFLAGS\" LDFLAGS=-static sh Build.sh", ["mksh"]),
    "dash": ("./configure && make", ["src/dash"]),
    "flac": ("./configure $PLAIN --disable-ogg --disable-cpplibs && make", ["src/flac/flac"]),
    "lame": ("./configure $PLAIN --disable-decoder && make", ["frontend/lame"]),
    "opus": ("./configure $PLAIN && make opus_demo || make", ["opus_demo"]),
    "libsodium": ("./configure $PLAIN && make && make -C test/default sodium_version && $CC $CFLAGS -static -Wl,--whole-archive "
                  "src/libsodium/.libs/libsodium.a -Wl,--no-whole-archive -x c - -o sodium-musl <<< 'int main(void){return 0;}'",
                  ["sodium-musl"]),
    "tcc": ("./configure --cc=\"$CC\" --extra-cflags=\"$CFLAGS\" --extra-ldflags=-static && make tcc", ["tcc"]),
    "nettle": ("./configure $PLAIN --enable-mini-gmp && make -C . && make -C testsuite rsa-test", ["testsuite/rsa-test"]),
    "ngircd": ("./configure $PLAIN --without-zlib && make", ["src/ngircd/ngircd"]),
    "dropbear": ("./configure $PLAIN --disable-zlib --enable-bundled-libtom && make", ["dropbear"]),
    "nginx": ("./configure --with-cc=\"$CC\" --with-cc-opt=\"$CFLAGS\" --with-ld-opt=-static --without-http_rewrite_module "
              "--without-http_gzip_module --without-pcre && make", ["objs/nginx"]),
}


def build(name, folder, environment):
    place = folder / "src" / name
    place.mkdir(parents=True, exist_ok=True)
    if not list(place.glob("*/")):
        run = subprocess.run(["apt-get", "source", "-q", "--only-source", f"{name}/{SUITE}"], cwd=place, capture_output=True, text=True,
                             env=environment, check=False)
        if run.returncode != 0:
            return f"no source: {run.stderr.strip().splitlines()[-1:]}"
    tree = sorted(path for path in place.glob("*") if path.is_dir())[0]
    command, programs = RECIPES[name]
    with open(place / "log", "w", encoding="utf-8") as log:
        try:
            subprocess.run(["bash", "-c", command], cwd=tree, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                           env=environment, check=False, timeout=3600)
        except subprocess.TimeoutExpired:
            return "takes too long"
    built = [program for program in programs if (tree / program).is_file()]
    for program in built:
        (folder / "bin").mkdir(exist_ok=True)
        shutil.copy2(tree / program, folder / "bin" / f"{name}-{pathlib.Path(program).name}")
    return "built" if len(built) == len(programs) else f"does not compile, see {place / 'log'}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--cflags", default="-Os")
    arguments.add_argument("--only", nargs="*", default=list(RECIPES))
    options = arguments.parse_args()
    folder = options.folder.resolve()
    environment = os.environ | {"CC": "musl-gcc", "LDFLAGS": "--static", "PLAIN": PLAIN,
                                "MAKEFLAGS": "AUTOMAKE=: ACLOCAL=: AUTOCONF=: AUTOHEADER=: MAKEINFO=:",
                                "CFLAGS": f"{options.cflags} -w -fno-asynchronous-unwind-tables -fno-unwind-tables"}
    for name in options.only:
        print(f"{name}: {build(name, folder, environment)}", flush=True)


if __name__ == "__main__":
    main()
