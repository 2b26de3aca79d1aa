"""Start the tray application at login, as each desktop does it."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NAME = "queuectl"
_LABEL = "io.github.queuectl.tray"
_RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"


def place() -> str:
    """Say where the entry is, or would be."""
    if sys.platform == "win32":
        return rf"HKEY_CURRENT_USER\{_RUN_KEY}\{NAME}"
    return str(_file())


def _file() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{_LABEL}.plist"
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "autostart" / f"{NAME}.desktop"


def current() -> str | None:
    """Return the command line that is started at login, or None."""
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:
                return str(winreg.QueryValueEx(key, NAME)[0])
        except FileNotFoundError:
            return None
    try:
        data = _file().read_bytes()
    except FileNotFoundError:
        return None
    if sys.platform == "darwin":
        import plistlib

        return shlex.join(plistlib.loads(data).get("ProgramArguments", []))
    lines = data.decode("utf-8", "replace").splitlines()
    return next((line.removeprefix("Exec=") for line in lines if line.startswith("Exec=")), None)


def repair(name: str) -> bool:
    """Point an entry at this executable when the one that it names has gone: whoever moves the file keeps the entry.

    Raises:
        OSError: the entry cannot be written.
    """
    if not getattr(sys, "frozen", False):
        return False
    recorded = _split(current() or "")
    here = program(name, "")[0]
    if not recorded or Path(recorded[0]).exists() or not Path(here).exists():
        return False
    turn_on([here, *recorded[1:]])
    return True


def _split(command: str) -> list[str]:
    """Take a command line of an entry apart, as ``turn_on`` has put it together."""
    if sys.platform == "win32":
        parts = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', command)
        return [quoted or plain for quoted, plain in parts]
    if sys.platform == "darwin":
        return shlex.split(command)
    return shlex.split(command.replace("\\\\", "\\").replace("%%", "%"))


def turn_on(argv: Sequence[str]) -> None:
    """Have a program started at login.

    Raises:
        OSError: the entry cannot be written.
    """
    if sys.platform == "win32":
        import winreg

        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:
            winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, subprocess.list2cmdline(argv))
        return
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    if sys.platform == "darwin":
        import plistlib

        # https://developer.apple.com/library/archive/documentation/MacOSX/Conceptual/BPSystemStartup/
        agent = {"Label": _LABEL, "ProgramArguments": list(argv), "RunAtLoad": True, "ProcessType": "Interactive"}
        file.write_bytes(plistlib.dumps(agent))
        return
    # https://specifications.freedesktop.org/autostart-spec/latest/
    file.write_text(
        "[Desktop Entry]\nType=Application\nName=queuectl\nComment=A durable job queue in the system tray\n"
        f"Exec={' '.join(_desktop_quote(part) for part in argv)}\nIcon={NAME}\nTerminal=false\n"
        "X-GNOME-Autostart-enabled=true\n",
        encoding="utf-8",
    )


def _desktop_quote(text: str) -> str:
    """Quote one argument of an Exec line, whose value is unescaped once as a string and once as an argument."""
    if text and all(char.isalnum() or char in "@+-_./:=," for char in text):
        return text
    for char in ("\\", '"', "`", "$"):
        text = text.replace(char, "\\" + char)
    return '"' + text.replace("\\", "\\\\").replace("%", "%%") + '"'


def turn_off() -> None:
    """Have nothing started at login any more.

    Raises:
        OSError: the entry cannot be removed.
    """
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN_KEY, 0, winreg.KEY_SET_VALUE) as key:
                winreg.DeleteValue(key, NAME)
        except FileNotFoundError:
            pass
        return
    _file().unlink(missing_ok=True)


def program(name: str, module: str) -> list[str]:
    """Return how one of our two programs is started from here: the executable beside this one, or the module."""
    if getattr(sys, "frozen", False):
        suffix = ".exe" if sys.platform == "win32" else ""
        return [str(Path(sys.executable).with_name(name + suffix))]
    return [sys.executable, "-m", module]
