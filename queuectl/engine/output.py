"""The log of one attempt: opened for the child, kept within its size, and read at its end."""

import os
from pathlib import Path

from queuectl.platform.code_page import decode

_MODE = os.O_CREAT | os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def open_log(path: Path) -> int:
    """Open a log for appending, for this user's eyes only; return its descriptor.

    Raises:
        OSError: it cannot be created.
    """
    try:
        os.mkdir(path.parent, 0o700)  # noqa: PTH102 - first, because a job's first run has no folder yet
    except FileExistsError:
        pass
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, _MODE, 0o600)


def trim(descriptor: int, limit: int) -> bool:
    """Cut the middle out of a log that has grown past ``limit`` bytes; tell whether it had.

    Its first quarter and its newest half stay. The child writes on meanwhile, at the end, wherever that is; what it
    writes between our reading and our cutting is lost with the middle.
    """
    size = os.fstat(descriptor).st_size
    if size <= limit:
        return False
    head, newest = limit // 4, limit // 2
    with os.fdopen(os.dup(descriptor), "rb", buffering=0) as log:
        log.seek(head)
        # An earlier cut stands right after the head: count on from there.
        dropped_before = _dropped(log.read(_MARK_BYTES))
        log.seek(size - newest)
        kept = log.read(newest)
    dropped = dropped_before + size - head - newest
    mark = f"\n[... queuectl dropped {dropped:020d} bytes here ...]\n".encode()
    os.ftruncate(descriptor, head)
    os.write(descriptor, mark + (kept or b""))
    return True


_MARK_START = b"\n[... queuectl dropped "
_MARK_BYTES = len(_MARK_START) + 20


def _dropped(text: bytes | None) -> int:
    if not text or not text.startswith(_MARK_START):
        return 0
    digits = text[len(_MARK_START) :]
    return int(digits) if digits.isdigit() else 0


def read_tail(descriptor: int, limit: int) -> tuple[str, int]:
    """Return the last ``limit`` bytes of a log as text, and its size in bytes."""
    size = os.fstat(descriptor).st_size
    if size == 0 or limit == 0:
        return "", size
    os.lseek(descriptor, max(0, size - limit), os.SEEK_SET)
    data = os.read(descriptor, limit)
    if size > limit:
        data = data[:3].lstrip(_CONTINUATION) + data[3:]  # a character that the cut went through
    return decode(data), size


_CONTINUATION = bytes(range(0x80, 0xC0))
"""The bytes within a character in UTF-8, of which there are three at most."""
