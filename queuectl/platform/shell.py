"""How a job's command is run by a shell, and in which environment."""

import os
import sys
from collections.abc import Mapping, Sequence

from queuectl.platform.environment import without_bundle
from queuectl.platform.process_remains import MARKER

LONGEST_ARGUMENT = None if sys.platform == "win32" else 100_000
"""Bytes of a command that a shell can be given; Linux allows 128 KiB for one argument. A longer one is run from a file,
which only POSIX shells read just as they read an argument."""

_POWERSHELLS = frozenset({"powershell", "pwsh"})
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
    return {name: value for name, value in without_bundle(environ).items() if name not in _OF_A_JOB}
