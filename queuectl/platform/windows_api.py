"""What the Windows API offers beyond the standard library: Job Objects, and signals to a console process."""

import ctypes
import signal
import sys
import threading
from ctypes import wintypes
from functools import cache

if sys.platform != "win32":
    raise ImportError("this is the Windows API")

_BASIC_ACCOUNTING = 1
_EXTENDED_LIMITS = 9
_KILL_ON_JOB_CLOSE = 0x2000


class _Accounting(ctypes.Structure):
    """JOBOBJECT_BASIC_ACCOUNTING_INFORMATION."""

    _fields_ = (
        ("times", ctypes.c_int64 * 4),
        ("page_faults", wintypes.DWORD),
        ("total_processes", wintypes.DWORD),
        ("active_processes", wintypes.DWORD),
        ("terminated_processes", wintypes.DWORD),
    )


class _Limits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("times", ctypes.c_int64 * 2),
        ("flags", wintypes.DWORD),
        ("working_set", ctypes.c_size_t * 2),
        ("active_processes", wintypes.DWORD),
        ("affinity", ctypes.c_size_t),
        ("classes", wintypes.DWORD * 2),
        ("io_counters", ctypes.c_uint64 * 6),
        ("memory", ctypes.c_size_t * 4),
    )


def _declare(name: str, *arguments: type, result: type = wintypes.BOOL) -> "ctypes._NamedFuncPointer":
    function = _kernel32[name]
    function.argtypes, function.restype = arguments, result
    return function


_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_ntdll = ctypes.WinDLL("ntdll")
_create_job = _declare("CreateJobObjectW", wintypes.LPVOID, wintypes.LPCWSTR, result=wintypes.HANDLE)
_set_job = _declare("SetInformationJobObject", wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD)
_query_job = _declare(
    "QueryInformationJobObject", wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD, wintypes.LPVOID
)
_assign = _declare("AssignProcessToJobObject", wintypes.HANDLE, wintypes.HANDLE)
_terminate_job = _declare("TerminateJobObject", wintypes.HANDLE, wintypes.UINT)
_close = _declare("CloseHandle", wintypes.HANDLE)
_attach_console = _declare("AttachConsole", wintypes.DWORD)
_free_console = _declare("FreeConsole")
_generate_event = _declare("GenerateConsoleCtrlEvent", wintypes.DWORD, wintypes.DWORD)
_set_dll_directory = _declare("SetDllDirectoryW", wintypes.LPCWSTR)
_ntdll.NtResumeProcess.argtypes = (wintypes.HANDLE,)

_console = threading.Lock()


def create_job() -> int:
    """Return a new Job Object whose processes die with its last handle, and so with this process.

    Raises:
        OSError: Windows refused.
    """
    job: int | None = _create_job(None, None)
    if not job:
        raise ctypes.WinError(ctypes.get_last_error())
    limits = _Limits(flags=_KILL_ON_JOB_CLOSE)
    if not _set_job(job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)):
        error = ctypes.WinError(ctypes.get_last_error())
        close(job)
        raise error
    return job


def assign(job: int, process: int) -> None:
    """Put a process into a Job Object; what it starts from then on belongs to it too.

    Raises:
        OSError: Windows refused.
    """
    if not _assign(job, process):
        raise ctypes.WinError(ctypes.get_last_error())


def resume(process: int) -> None:
    """Let a process run that was created suspended.

    Raises:
        OSError: Windows refused.
    """
    # subprocess closes the thread's handle, and ResumeThread needs that; this is what debuggers and psutil use.
    status = _ntdll.NtResumeProcess(process)
    if status:
        raise OSError(f"a process could not be resumed: status {status & 0xFFFFFFFF:#x}")


def terminate_job(job: int) -> None:
    """Kill every process of a Job Object; the exit code becomes 1."""
    _terminate_job(job, 1)


def active_processes(job: int) -> int:
    """Return how many processes of a Job Object live; 0 when that cannot be told."""
    info = _Accounting()
    _query_job(job, _BASIC_ACCOUNTING, ctypes.byref(info), ctypes.sizeof(info), None)
    return int(info.active_processes)


def close(handle: int) -> None:
    """Close a handle."""
    _close(handle)


def send_break(pid: int) -> None:
    """Send Ctrl+Break to a process group with a console of its own; does nothing where that is impossible.

    An event reaches only the caller's own console, so this process joins the other's for a moment. It cannot when it
    has one itself, as in a terminal.
    """
    with _console:
        if _attach_console(pid):
            _generate_event(signal.CTRL_BREAK_EVENT, pid)
            _free_console()


@cache
def forget_bundle() -> None:
    """Keep a frozen program's folder out of its children's search for DLLs.

    PyInstaller's bootloader names it by SetDllDirectory, and that is inherited. This program's own DLLs are found
    without it: Python looks beside each extension module.
    """
    if hasattr(sys, "_MEIPASS"):
        _set_dll_directory(None)
