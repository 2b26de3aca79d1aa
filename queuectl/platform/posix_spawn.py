"""Start a process on Linux without holding Python's lock while the kernel makes it.

``subprocess`` holds the interpreter's lock from vfork to exec, so that threads start processes one after the other and
everything else waits as well. A foreign call to posix_spawn(3) lets them all go on. It needs glibc 2.34
(``posix_spawn_file_actions_addclosefrom_np``); ``AVAILABLE`` tells. https://man7.org/linux/man-pages/man3/posix_spawn.3.html
"""

import ctypes
import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import cast

from queuectl.platform.environment import Variables

_NEEDED = ("posix_spawn", "posix_spawn_file_actions_addchdir_np", "posix_spawn_file_actions_addclosefrom_np")
_SETSIGDEF, _SETSIGMASK, _SETSID = 0x04, 0x08, 0x80
_OPAQUE = 1024
"""Bytes; more than any of the library's own structures takes."""


def _load(kind: type[ctypes.CDLL]) -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    try:
        library = kind(None)
    except OSError:
        return None
    return library if all(hasattr(library, name) for name in _NEEDED) else None


_slow = _load(ctypes.CDLL)  # lets other threads run meanwhile
_quick = _load(ctypes.PyDLL)  # does not: for calls that only write memory
AVAILABLE = _slow is not None and _quick is not None


def _attributes() -> ctypes.Array[ctypes.c_char]:
    """Prepare what every job's process has: a session of its own, and signals as they are by default."""
    attributes = ctypes.create_string_buffer(_OPAQUE)
    signals = ctypes.create_string_buffer(_OPAQUE)
    if _quick is not None:
        _quick.posix_spawnattr_init(attributes)
        _quick.posix_spawnattr_setflags(attributes, ctypes.c_short(_SETSIGDEF | _SETSIGMASK | _SETSID))
        _quick.sigemptyset(signals)
        _quick.posix_spawnattr_setsigmask(attributes, signals)
        for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them
            _quick.sigaddset(signals, int(getattr(signal, name)))
        _quick.posix_spawnattr_setsigdefault(attributes, signals)
    return attributes


_ATTRIBUTES = _attributes()


def posix_spawn(argv: Sequence[str], *, cwd: str, env: Variables, stdout: int) -> int:
    """Start a program in a session of its own, without input, both outputs going to ``stdout``; return its pid.

    Raises:
        OSError: there is no such program or folder, it may not be run, or its arguments are too long.
    """
    if _slow is None or _quick is None:
        raise NotImplementedError("posix_spawn needs glibc 2.34")
    if isinstance(next(iter(env), b""), str):
        env = {os.fsencode(name): os.fsencode(value) for name, value in env.items()}
    variables = cast("Mapping[bytes, bytes]", env)
    arguments = [os.fsencode(argument) for argument in argv]
    folder = os.fsencode(cwd)
    program = _find(arguments[0], variables.get(b"PATH", os.defpath.encode()), folder)
    actions = ctypes.create_string_buffer(_OPAQUE)
    pid = ctypes.c_int()
    _quick.posix_spawn_file_actions_init(actions)
    try:
        # The input last: where this process has none itself, the log may have got its number.
        _quick.posix_spawn_file_actions_adddup2(actions, stdout, 1)
        _quick.posix_spawn_file_actions_adddup2(actions, stdout, 2)
        _quick.posix_spawn_file_actions_addopen(actions, 0, b"/dev/null", os.O_RDONLY, 0)
        _quick.posix_spawn_file_actions_addclosefrom_np(actions, 3)
        _quick.posix_spawn_file_actions_addchdir_np(actions, folder)
        code = _slow.posix_spawn(
            ctypes.byref(pid),
            program,
            actions,
            _ATTRIBUTES,
            _strings(arguments),
            _strings([name + b"=" + value for name, value in variables.items()]),
        )
    finally:
        _quick.posix_spawn_file_actions_destroy(actions)
    if code:
        raise OSError(code, os.strerror(code), argv[0])
    return pid.value


def _strings(values: Sequence[bytes]) -> "ctypes.Array[ctypes.c_char_p]":
    return (ctypes.c_char_p * (len(values) + 1))(*values, None)


def _find(program: bytes, path: bytes, folder: bytes) -> bytes:
    """Look a program up in the job's PATH, which is not this process's; what holds a slash is no matter of PATH."""
    if b"/" in program:
        return program
    for entry in path.split(b":"):
        candidate = os.path.join(folder, entry, program)  # noqa: PTH118 - bytes
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):  # noqa: PTH112
            return candidate
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fsdecode(program))
