"""Files that others may have touched: who owns them, who may write them, how to open and move them safely."""

import contextlib
import os
import stat
import sys
import time
from pathlib import Path

_RENAME_PATIENCE = 0.5
"""Seconds; Windows refuses to rename what a virus scanner or an editor has open, mostly for a moment."""


def is_foreign(info: os.stat_result) -> bool:
    """Tell whether another user owns it; always False on Windows, whose access lists say nothing in a stat."""
    return sys.platform != "win32" and info.st_uid != os.geteuid()


def is_open_to_others(info: os.stat_result) -> bool:
    """Tell whether its group or everybody may write it; always False on Windows."""
    return sys.platform != "win32" and bool(stat.S_IMODE(info.st_mode) & (stat.S_IWGRP | stat.S_IWOTH))


def is_readable_by_others(info: os.stat_result) -> bool:
    """Tell whether its group or everybody may read it; always False on Windows."""
    return sys.platform != "win32" and bool(stat.S_IMODE(info.st_mode) & (stat.S_IRGRP | stat.S_IROTH))


def open_unfollowed(path: Path) -> int:
    """Open a file for reading without following a symlink or waiting for a FIFO's writer; return its descriptor.

    Raises:
        OSError: it cannot be opened, or is a symlink.
    """
    if sys.platform == "win32":
        return os.open(path, os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT)
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def move(source: Path, target: Path) -> None:
    """Rename a file, a link itself or a folder; on Windows, try for half a second while somebody holds it open.

    Raises:
        OSError: it cannot be renamed.
    """
    if sys.platform != "win32":
        source.rename(target)
        return
    deadline = time.monotonic() + _RENAME_PATIENCE
    while True:
        try:
            source.rename(target)
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def sync_directory(path: Path) -> None:
    """Make the renames in a directory survive a power cut, where the file system can; Windows needs nothing."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):  # some network and FUSE folders know no such thing
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
