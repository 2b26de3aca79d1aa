"""The three operations of a file lock on Windows: LockFileEx on the file's first byte.

The msvcrt module's own locking is not used: it waits by trying once a second, ten times.
"""

import ctypes
import msvcrt
import sys
from ctypes import wintypes

if sys.platform != "win32":
    raise ImportError("LockFileEx is for Windows")

_FAIL_IMMEDIATELY = 1
_EXCLUSIVE = 2
_ERROR_LOCK_VIOLATION = 33
_ERROR_IO_PENDING = 997


class _Overlapped(ctypes.Structure):
    """Say where the locked bytes begin: at 0."""

    _fields_ = (
        ("internal", ctypes.c_size_t),
        ("internal_high", ctypes.c_size_t),
        ("offset", wintypes.DWORD),
        ("offset_high", wintypes.DWORD),
        ("event", wintypes.HANDLE),
    )


_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_LockFileEx = _kernel32.LockFileEx
_LockFileEx.argtypes = (wintypes.HANDLE, *[wintypes.DWORD] * 4, ctypes.POINTER(_Overlapped))
_LockFileEx.restype = wintypes.BOOL
_UnlockFileEx = _kernel32.UnlockFileEx
_UnlockFileEx.argtypes = (wintypes.HANDLE, *[wintypes.DWORD] * 3, ctypes.POINTER(_Overlapped))
_UnlockFileEx.restype = wintypes.BOOL


def try_lock(fd: int, *, shared: bool = False) -> bool:
    """Lock an open file if that needs no waiting, and tell whether it did; shared locks exclude only others."""
    flags = _FAIL_IMMEDIATELY | (0 if shared else _EXCLUSIVE)
    if _LockFileEx(msvcrt.get_osfhandle(fd), flags, 0, 1, 0, _Overlapped()):
        return True
    error = ctypes.get_last_error()
    if error in {_ERROR_LOCK_VIOLATION, _ERROR_IO_PENDING}:
        return False
    raise ctypes.WinError(error)


def lock(fd: int) -> None:
    """Lock an open file, however long that takes."""
    if not _LockFileEx(msvcrt.get_osfhandle(fd), _EXCLUSIVE, 0, 1, 0, _Overlapped()):
        raise ctypes.WinError(ctypes.get_last_error())


def unlock(fd: int) -> None:
    """Release the lock of an open file."""
    if not _UnlockFileEx(msvcrt.get_osfhandle(fd), 0, 1, 0, _Overlapped()):
        raise ctypes.WinError(ctypes.get_last_error())
