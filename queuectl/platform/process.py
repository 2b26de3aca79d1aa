"""Start a job's process and end all of its tree; each operating system has its own module behind this one."""

import sys

from queuectl.platform.process_identity import created_at, same_process
from queuectl.platform.process_remains import MARKER, kill_marked, kill_remains
from queuectl.platform.shell import LONGEST_ARGUMENT, clean_environment, shell_command

if sys.platform == "win32":
    from queuectl.platform.process_windows import Process, keep_exit_codes, spawn
else:
    from queuectl.platform.process_posix import Process, keep_exit_codes, spawn

__all__ = [
    "LONGEST_ARGUMENT",
    "MARKER",
    "Process",
    "clean_environment",
    "created_at",
    "keep_exit_codes",
    "kill_marked",
    "kill_remains",
    "same_process",
    "shell_command",
    "spawn",
]
