"""Build what people download, into dist/: ``make dist``.

Both programs as one file each, and on Linux also a .tar.gz and a .deb with both in a folder, SHA256SUMS,
THIRD_PARTY_LICENSES and the bill of materials. It makes an environment of its own, build/dist-venv, that holds the
dependencies and PyInstaller and nothing else, and runs itself again in there. The same sources on the same machine give
the same files, as far as PyInstaller can.
"""

import argparse
import dataclasses
import gzip
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD, DIST = ROOT / "build", ROOT / "dist"
VENV = BUILD / "dist-venv"
FROZEN, WORK, EXTRAS = BUILD / "frozen", BUILD / "pyinstaller", BUILD / "extras"
WINDOWS = sys.platform == "win32"
SUFFIX = ".exe" if WINDOWS else ""
SYSTEM = {"win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
MACHINE = platform.machine().lower()
HERE = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


def main() -> None:
    """Make the environment, or do the work in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inside", metavar="PYTHON", help=argparse.SUPPRESS)
    parser.add_argument("--with-nothing", action="store_true", help="also freeze the empty program of bench_dist.py")
    options = parser.parse_args()
    if options.inside is None:
        again = [str(Path(__file__)), "--inside", sys.executable, *sys.argv[1:]]
        sys.exit(subprocess.call([str(environment()), *again], env=reproducible(), cwd=ROOT))
    freeze(with_nothing=options.with_nothing)
    pack(developers=options.inside)


def environment() -> Path:
    """Make the environment for freezing, unless it is there and new enough; return its Python."""
    inputs = (ROOT / "pyproject.toml", ROOT / "packaging/constraints.txt")
    ready = VENV / ".ready"
    if ready.exists() and all(file.stat().st_mtime <= ready.stat().st_mtime for file in inputs):
        return HERE
    print(f"Installing what freezing needs into {VENV.relative_to(ROOT)} ...", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    pip = [str(HERE), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", str(inputs[1]), "-e", f"{ROOT}[dist,postgres]"], check=True)
    ready.touch()
    return HERE


def reproducible() -> dict[str, str]:
    """Return an environment in which neither the time nor chance gets into the files."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        ask = ["git", "log", "-1", "--format=%ct"]
        told = subprocess.run(ask, capture_output=True, text=True, cwd=ROOT, check=False)
        given = told.stdout.strip() or "946684800"
    return {**os.environ, "SOURCE_DATE_EPOCH": given, "PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def freeze(*, with_nothing: bool) -> None:
    """Run PyInstaller."""
    print("Freezing ...", flush=True)
    for stale in (FROZEN, WORK):  # what PyInstaller remembers of files that change while it reads them may be wrong
        shutil.rmtree(stale, ignore_errors=True)
    words = ["--noconfirm", "--log-level", "ERROR", "--distpath", str(FROZEN), "--workpath", str(WORK)]
    environ = {**os.environ, **({"QUEUECTL_NOTHING": "1"} if with_nothing else {})}
    subprocess.run(
        [sys.executable, "-m", "PyInstaller", *words, str(ROOT / "packaging/queuectl.spec")], check=True, env=environ
    )


def pack(*, developers: str) -> None:
    """Put everything into dist/."""
    import bundled
    import licences
    import manual

    from queuectl import __version__ as version

    parts = bundled.parts(WORK / "queuectl/sources.json")
    DIST.mkdir(exist_ok=True)
    for old in DIST.iterdir():
        if old.is_file():  # what other targets have made lies in folders
            old.unlink()
    for name in ("queuectl", "queuectl-tray"):
        shutil.copy2(FROZEN / f"{name}{SUFFIX}", DIST)
    (DIST / "THIRD_PARTY_LICENSES").write_text(licences.text(parts), "utf-8")
    bill = DIST / f"queuectl-{version}-{SYSTEM}-{MACHINE}.cdx.json"
    facts = [{key: value for key, value in dataclasses.asdict(part).items() if key != "texts"} for part in parts]
    # The tool for it has dependencies of its own, which must not get into the executables.
    script = [developers, str(ROOT / "packaging/sbom.py"), str(bill), version]
    subprocess.run(script, input=json.dumps(facts), text=True, check=True)
    name = f"queuectl-{version}-{SYSTEM}-{MACHINE}"
    if sys.platform == "linux":
        manual.main(EXTRAS)
        folder(name)
        archive(BUILD / name, DIST / f"{name}.tar.gz")
        debian(version)
    elif sys.platform == "darwin":
        app = [str(FROZEN / "queuectl.app"), str(DIST / f"{name}.zip")]
        subprocess.run(["ditto", "-c", "-k", "--keepParent", *app], check=True)
    sums()


def folder(name: str) -> None:
    """Make the folder that the .tar.gz holds."""
    shutil.rmtree(BUILD / name, ignore_errors=True)
    shutil.copytree(FROZEN / "onedir", BUILD / name, symlinks=True)
    for file in (
        ROOT / "README.md",
        ROOT / "LICENSE",
        DIST / "THIRD_PARTY_LICENSES",
        ROOT / "packaging/queuectl.desktop",
    ):
        shutil.copy(file, BUILD / name)
    icons = BUILD / name / "icons"
    icons.mkdir()
    for icon in ROOT.glob("icons/queuectl-*.png"):
        shutil.copy(icon, icons)
    shutil.copytree(EXTRAS, BUILD / name / "share")


def archive(source: Path, target: Path) -> None:
    """Write a .tar.gz whose bytes depend on nothing but the files' contents."""
    when = int(os.environ["SOURCE_DATE_EPOCH"])

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = when
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=when) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted((source, *source.rglob("*"))):
            tar.add(path, str(path.relative_to(source.parent)), recursive=False, filter=plain)


def debian(version: str) -> None:
    """Make the .deb, where there are Debian's tools."""
    if shutil.which("dpkg-deb") is None:
        print("No .deb is made: there is no dpkg-deb here.")
        return
    import debian as package

    check = shutil.which("desktop-file-validate")
    if check is not None:
        subprocess.run([check, str(ROOT / "packaging/queuectl.desktop")], check=True)
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(MACHINE, MACHINE)
    package.build(
        onedir=FROZEN / "onedir", extras=EXTRAS, licences=DIST / "THIRD_PARTY_LICENSES", root=ROOT, version=version,
        work=BUILD / "deb", target=DIST / f"{package.PACKAGE}_{version}_{architecture}.deb",
    )  # fmt: skip


def sums() -> None:
    """Write SHA256SUMS, and tell what there is."""
    files = sorted(file for file in DIST.iterdir() if file.is_file() and file.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (DIST / "SHA256SUMS").write_text("".join(lines), "utf-8")
    for file in files:
        print(f"  {file.stat().st_size / 1e6:6.2f} MB  dist/{file.name}")


if __name__ == "__main__":
    main()
