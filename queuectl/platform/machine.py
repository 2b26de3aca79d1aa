"""Which machine this is, and who uses it."""

import os
import sys
from functools import cache
from pathlib import Path


@cache
def name() -> str:
    """Return the machine's name, for people."""
    if sys.platform != "win32":
        return os.uname().nodename or "localhost"
    import socket  # platform.node() runs `cmd /c ver` for it, which takes a while, and shows a console beside the tray

    return socket.gethostname() or "localhost"


def system() -> str:
    """Return the operating system with its version, for people."""
    import platform

    return platform.platform(terse=True)


@cache
def identity() -> str:
    """Return a text that no other machine has and that stays when this one restarts."""
    return _system_id() or name()  # not both: a notebook changes its name with the network


def folder_identity(folder: Path) -> str:
    """Return a text that tells a folder from every other one of this machine, and of containers with its identity."""
    found = folder.stat()
    return f"{name()}:{found.st_dev}:{found.st_ino}"


def _system_id() -> str:
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
                return str(winreg.QueryValueEx(key, "MachineGuid")[0])
        except OSError:
            return ""
    try:
        return Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def has_dbus() -> bool:
    """Tell whether desktops of this system speak D-Bus."""
    return sys.platform not in {"win32", "darwin"}


@cache
def user() -> str:
    """Return the user's name, for the history of a job."""
    found = next((os.environ[name] for name in ("USER", "LOGNAME", "USERNAME") if os.environ.get(name)), None)
    if found is not None:
        return found
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
