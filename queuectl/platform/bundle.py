"""Live in an executable that unpacks itself: keep its folder, do without it when it goes, clear away what others left.

PyInstaller's one-file programs unpack into a folder ``_MEI...`` of the temp folder, and remove it when they end. A
program that was killed leaves it there, and a cleaner of the temp folder takes it from one that has run for weeks.
Nothing here does anything in a program that is not one of those.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from queuectl.platform.environment import without_bundle
from queuectl.platform.without_tls import stand_in_for_ssl

MARKER = "queuectl.bundle"
"""A file that only our folders hold."""
SETTLED = "queuectl.settled"
"""Tells whoever looks that the program needs its folder no more."""
YOUNG = 120.0
"""Seconds for which a folder may still be being unpacked, when nobody has locked it yet."""
_REST = 0.005
"""Seconds between two modules that are imported ahead, so that nobody notices."""
_NEVER = frozenset({"__main__", "__mp_main__", "antigravity", "this", "idlelib", "multiprocessing"})
_ON_DEMAND = ("psycopg", "queuectl.store.postgres", "queuectl_postgres")
"""What only a queue on PostgreSQL needs."""

_locked: list[int] = []


def folder() -> Path | None:
    """Return the folder that this program has unpacked itself into; None where it did not."""
    unpacked: str | None = getattr(sys, "_MEIPASS", None)
    if unpacked is None or not Path(unpacked).name.startswith("_MEI"):
        return None
    return Path(unpacked)


def is_frozen() -> bool:
    """Tell whether this is an executable that PyInstaller made."""
    return bool(getattr(sys, "frozen", False))


def kind() -> str:
    """Say how this program is installed."""
    if is_frozen():
        return "one file" if folder() is not None else "a folder"
    parents = Path(__file__).resolve().parents
    return "a checkout" if (parents[2] / "pyproject.toml").exists() else "a Python package"


def hold() -> None:
    """Be a guest who changes nothing: give this process, and so its children, the user's own environment back.

    The folder is locked for as long as this process lives, so that neither systemd-tmpfiles nor ``sweep`` removes it.
    """
    here = folder()
    if is_frozen():
        clean = without_bundle(os.environ)
        for name in set(os.environ) - set(clean):
            del os.environ[name]
        os.environ.update(clean)
        if sys.platform == "win32":
            import ctypes

            # Else what a job starts would look for its libraries in our folder first. Ours are found without.
            ctypes.windll.kernel32.SetDllDirectoryW(None)
    if here is not None and sys.platform != "win32" and not _locked:
        with contextlib.suppress(OSError):
            _locked.append(_open_locked(here))


def ready_for_postgres() -> None:
    """Let psycopg be imported in an executable; one of one file does not unpack what that needs at each start."""
    if is_frozen():
        stand_in_for_ssl()  # it is imported there, and never used: libpq brings a TLS of its own
    here = folder()
    if here is not None and not (here / "psycopg_binary").exists():
        from io import BytesIO
        from zipfile import ZipFile

        with contextlib.suppress(ImportError), ZipFile(BytesIO(import_module("queuectl_postgres").ARCHIVE)) as packed:
            packed.extractall(here)


def settle() -> None:
    """Make a program that stays for long independent of its folder, and remove dead ones', in the background."""
    if folder() is not None:
        threading.Thread(target=_settle, name="bundle", daemon=True).start()


def _settle() -> None:
    with contextlib.suppress(OSError):
        sweep()
    preload()
    here = folder()
    if here is not None:
        with contextlib.suppress(OSError):
            (here / SETTLED).touch()


def preload() -> None:
    """Import everything that is ever imported later: the folder, or the executable, may be gone by then."""
    # Parts in C come after the modules that they are parts of: _asyncio, imported before asyncio, would exist twice.
    for name in sorted(_modules(), key=lambda name: (name.startswith("_"), name)):
        if name not in sys.modules:
            with contextlib.suppress(BaseException):  # one that is for another system, or wants what was left out
                import_module(name)
            time.sleep(_REST)


def _modules() -> Iterator[str]:
    """Name the modules in the executable and beside it, but for those that nobody imports unless by name."""
    archive = getattr(sys.modules.get("pyimod02_importers"), "pyz_archive", None)
    for name in list(getattr(archive, "toc", ())):
        top = name.partition(".")[0]
        if name.startswith(_ON_DEMAND) and ("psycopg" not in sys.modules or name == "queuectl_postgres"):
            continue  # a process opens its queue as it begins
        if top not in _NEVER and not name.endswith((".__main__", "Plugin", "StubImagePlugin")):
            yield name
    here = folder()
    if here is None:
        return
    for file in here.rglob("*"):
        if file.name.endswith((".so", ".pyd")) and "lib-dynload" in file.parts:
            yield file.name.partition(".")[0]
    library = here / "base_library.zip"
    if library.exists():
        from zipfile import ZipFile

        with ZipFile(library) as names:
            for entry in names.namelist():
                if entry.endswith(".pyc"):
                    yield entry.removesuffix(".pyc").removesuffix("/__init__").replace("/", ".")


def sweep() -> int:
    """Remove the folders that killed programs of ours have left; return how many that were."""
    here = folder()
    if here is None:
        return 0
    removed = 0
    for other in _orphans(here):
        if sys.platform == "win32":
            removed += _remove_windows(other)
        else:
            removed += _remove_posix(other)
    return removed


def _orphans(here: Path) -> Iterator[Path]:
    """Find folders beside ours that are ours by owner and marker, and not so young that they are still unpacked."""
    for entry in os.scandir(here.parent):
        if not entry.name.startswith("_MEI") or entry.name == here.name:
            continue
        with contextlib.suppress(OSError):
            facts = entry.stat(follow_symlinks=False)
            own = sys.platform == "win32" or facts.st_uid == os.geteuid()
            if entry.is_dir(follow_symlinks=False) and own and abs(time.time() - facts.st_mtime) > YOUNG:
                path = Path(entry.path)
                if (path / MARKER).is_file():
                    yield path


def _open_locked(path: Path) -> int:
    """Lock a folder; raise OSError where somebody else has."""
    if sys.platform == "win32":
        raise OSError("folders cannot be locked there")
    import fcntl

    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _remove_posix(path: Path) -> bool:
    """Remove a folder that nobody holds."""
    import shutil

    try:
        descriptor = _open_locked(path)
    except OSError:
        return False
    shutil.rmtree(path, ignore_errors=True)
    os.close(descriptor)
    return not path.exists()


def _remove_windows(path: Path) -> bool:
    """Windows renames no folder with a library in it that somebody uses: if it can be renamed, nobody does."""
    import shutil

    doomed = path.with_name(f"{path.name}.gone")
    try:
        path.rename(doomed)
    except OSError:
        return False
    shutil.rmtree(doomed, ignore_errors=True)
    return True
