"""How a job's command is run by a shell, and in which environment."""

import os
import sys
from collections.abc import Mapping, Sequence

from queuectl.platform.process_remains import MARKER

LONGEST_ARGUMENT = None if sys.platform == "win32" else 100_000
"""Bytes of a command that a shell can be given; Linux allows 128 KiB for one argument. A longer one is run from a file,
which only POSIX shells read just as they read an argument."""

_POWERSHELLS = frozenset({"powershell", "pwsh"})
_BUNDLE_PREFIXES = ("_PYI_", "PYINSTALLER_", "_MEIPASS")
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "LIBPATH")
_OF_A_JOB = frozenset({MARKER, "QUEUECTL_JOB_ID", "QUEUECTL_ATTEMPT", "QUEUECTL_QUEUE"})


def shell_command(command: str, shell: str) -> Sequence[str] | str:
    """Return what to spawn so that ``shell`` runs the command: an argument list, or a raw command line for cmd.exe.

    An empty ``shell`` is the system's own; otherwise it is a name or a path.
    """
    name = os.path.basename(shell).lower().removesuffix(".exe")  # noqa: PTH119  (a text, not a file)
    if sys.platform == "win32" and name in {"", "cmd"}:
        program = shell if name and os.path.dirname(shell) else os.environ.get("COMSPEC", "cmd.exe")  # noqa: PTH120
        # With /s, cmd.exe takes off the outer quotes and leaves the command as it is, quotes inside and all.
        return f'"{program}" /d /s /c "{command}"'
    if name in _POWERSHELLS:
        return [shell, "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", command]
    return [shell or "/bin/sh", "-c", command]


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the user's own environment: without what PyInstaller and a job around this process have added."""
    clean = {
        name: value
        for name, value in environ.items()
        if name not in _OF_A_JOB and not name.startswith(_BUNDLE_PREFIXES)
    }
    bundle: str | None = getattr(sys, "_MEIPASS", None)
    if bundle is not None:
        _restore_library_paths(clean)
        _remove_bundle(clean, bundle)
    return clean


def _restore_library_paths(environ: dict[str, str]) -> None:
    for name in _LIBRARY_PATHS:
        environ.pop(name, None)
        original = environ.pop(f"{name}_ORIG", None)
        if original is not None:
            environ[name] = original


def _remove_bundle(environ: dict[str, str], bundle: str) -> None:
    """Take the bundle's folders out of PATH, DYLD_LIBRARY_PATH and whatever else a package's hook has changed."""
    for name, value in list(environ.items()):
        if bundle in value:
            rest = [part for part in value.split(os.pathsep) if not f"{part}{os.sep}".startswith(f"{bundle}{os.sep}")]
            if rest:
                environ[name] = os.pathsep.join(rest)
            else:
                del environ[name]
