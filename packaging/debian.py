"""Put the Debian package together: the folder form of the programs, and what a desktop and a shell need to find them.

Nothing runs when it is installed or removed: the menu, the icons, the pages and the completions are found by their
places, which dpkg's triggers know. It does not start at login unless the user says so.
"""

import gzip
import os
import re
import shutil
import subprocess
from email.utils import formatdate
from pathlib import Path

PACKAGE = "queuectl-tray"
CONTROL = """\
Package: {package}
Version: {version}
Architecture: {architecture}
Maintainer: queuectl maintainers <maintainers@queuectl.invalid>
Installed-Size: {size}
Depends: libc6 (>= {libc})
Recommends: default-dbus-session-bus | dbus-session-bus, xdg-utils
Section: utils
Priority: optional
Description: durable job queue that lives in the system tray
 A job is a command. It is kept in a database before "queuectl enqueue"
 returns, run in the background by a pool of workers, retried with growing
 waits, and moved to a dead letter queue when it keeps failing.
 .
 Jobs come from any shell, from .job files dropped into a folder, and from
 scripts. The icon in the system tray shows what is going on; it needs a panel
 that shows StatusNotifierItems.
"""
OVERRIDES = """\
# One program in one folder, with the libraries it was tested with: that is what this package is for.
{package}: custom-library-search-path
{package}: embedded-library
{package}: hardening-no-pie
{package}: library-not-linked-against-libc
{package}: shared-library-lacks-prerequisites
# The terms are told in full, as on every other system; a bare Debian may have no common-licenses.
{package}: copyright-file-contains-full-apache-2-license
{package}: copyright-file-contains-full-gpl-license
"""
CHANGELOG = """\
{package} ({version}) unstable; urgency=medium

  * What changed is told in CHANGELOG.md.gz.

 -- queuectl maintainers <maintainers@queuectl.invalid>  {when}
"""
PLACES = {
    "queuectl.bash": "bash-completion/completions/queuectl",
    "queuectl.zsh": "zsh/vendor-completions/_queuectl",
    "queuectl.fish": "fish/vendor_completions.d/queuectl.fish",
}


def newest_libc(folder: Path) -> str:
    """Return the oldest C library that all programs and libraries in a folder run with."""
    versions = {(2, 17)}
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as stream:
                if stream.read(4) != b"\x7fELF":
                    continue
                versions |= {
                    (int(a), int(b)) for a, b in re.findall(rb"GLIBC_(\d+)\.(\d+)", stream.read(64 * 1024 * 1024))
                }
    return "{}.{}".format(*max(versions))


def build(*, onedir: Path, extras: Path, licences: Path, root: Path, version: str, work: Path, target: Path) -> None:
    """Make the package; ``extras`` holds what packaging/manual.py wrote, ``root`` is the checkout."""
    shutil.rmtree(work, ignore_errors=True)
    share = work / "usr/share"
    home = work / "usr/lib/queuectl"
    shutil.copytree(onedir, home, symlinks=True)
    programs = work / "usr/bin"
    programs.mkdir(parents=True)
    for name in ("queuectl", "queuectl-tray"):
        (programs / name).symlink_to(f"../lib/queuectl/{name}")
        _packed(share / "man/man1" / f"{name}.1.gz", (extras / f"{name}.1").read_bytes())
    for name, place in PLACES.items():
        _copy(extras / name, share / place)
    _copy(root / "packaging/queuectl.desktop", share / "applications/queuectl.desktop")
    for icon in root.glob("icons/queuectl-*.png"):
        size = icon.stem.partition("-")[2]
        _copy(icon, share / f"icons/hicolor/{size}x{size}/apps/queuectl.png")
    documents = share / "doc" / PACKAGE
    documents.mkdir(parents=True)
    terms = (root / "LICENSE").read_text("utf-8") + "\n" + licences.read_text("utf-8")
    (documents / "copyright").write_text(terms, "utf-8")
    when = formatdate(int(os.environ["SOURCE_DATE_EPOCH"]))
    entry = CHANGELOG.format(package=PACKAGE, version=version, when=when)
    _packed(documents / "changelog.gz", entry.encode())
    _packed(documents / "CHANGELOG.md.gz", (root / "CHANGELOG.md").read_bytes())
    overrides = share / "lintian/overrides" / PACKAGE
    overrides.parent.mkdir(parents=True)
    overrides.write_text(OVERRIDES.format(package=PACKAGE), "utf-8")
    _modes(work)
    total = sum(file.stat().st_size for file in work.rglob("*") if file.is_file() and not file.is_symlink()) // 1024
    control = work / "DEBIAN/control"
    control.parent.mkdir()
    architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)
    text = CONTROL.format(
        package=PACKAGE, version=version, architecture=architecture.stdout.strip(), size=total, libc=newest_libc(home)
    )
    control.write_text(text, "utf-8")
    # -Zxz, for Debian 11 does not know Ubuntu's zstd.
    pack = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(work), str(target)]
    subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _packed(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(content, 9, mtime=0))


def _modes(folder: Path) -> None:
    """Give everything the modes that a package should have, whatever this machine's umask is."""
    programs = {folder / "usr/lib/queuectl" / name for name in ("queuectl", "queuectl-tray")}
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        runs = path.is_dir() or path in programs
        os.chmod(path, 0o755 if runs else 0o644)  # noqa: PTH101
