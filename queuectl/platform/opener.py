"""Open files, folders and terminals the way this desktop does; read its clipboard."""

import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from queuectl.platform.shell import clean_environment

_TERMINALS = (
    ("x-terminal-emulator", "-e"),
    ("gnome-terminal", "--"),
    ("konsole", "-e"),
    ("xfce4-terminal", "-x"),
    ("qterminal", "-e"),
    ("kitty", ""),
    ("alacritty", "-e"),
    ("foot", ""),
    ("xterm", "-e"),
)
_CLIPBOARDS = (("wl-paste", "--no-newline"), ("xclip", "-selection", "clipboard", "-o"), ("xsel", "-b", "-o"))


def open_path(target: str | Path) -> None:
    """Open a file, a folder or an address with the program that is set for it.

    Raises:
        OSError: nothing here can open it.
    """
    if sys.platform == "win32":
        os.startfile(str(target))  # noqa: S606 - the user asked to see it
    elif sys.platform == "darwin":
        _launch(["open", str(target)])
    else:
        opener = _find("xdg-open", "gio")
        _launch([opener, "open", str(target)] if opener.endswith("gio") else [opener, str(target)])


def open_terminal(argv: Sequence[str]) -> None:
    """Run a program in a new terminal window, which stays open when the program has ended.

    Raises:
        OSError: no terminal was found.
    """
    if sys.platform == "win32":
        # "cmd /k" keeps the window; its own quoting rule takes the outer quotes off.
        subprocess.Popen(  # noqa: S603 - our own command line
            f'cmd.exe /d /s /k "{subprocess.list2cmdline(argv)}"', creationflags=subprocess.CREATE_NEW_CONSOLE
        )
        return
    stay = f"{shlex.join(argv)}; printf '\\nPress Enter to close. '; read -r _"
    if sys.platform == "darwin":
        quoted = stay.replace("\\", "\\\\").replace('"', '\\"')
        script = f'tell application "Terminal" to do script "{quoted}"'
        _launch(["osascript", "-e", script, "-e", 'tell application "Terminal" to activate'])
        return
    wanted = os.environ.get("TERMINAL")
    known = dict(_TERMINALS)
    candidates = ((wanted, known.get(Path(wanted).name, "-e")), *_TERMINALS) if wanted else _TERMINALS
    for program, option in candidates:
        path = shutil.which(program)
        if path:
            _launch([path, *([option] if option else []), "/bin/sh", "-c", stay])
            return
    raise FileNotFoundError("no terminal was found; set TERMINAL to the name of yours")


def read_clipboard() -> str:
    """Return the text in the clipboard.

    Raises:
        OSError: it cannot be read here.
    """
    if sys.platform == "win32":
        reader = ("powershell", "-NoProfile", "-Command", "Get-Clipboard -Raw")
        return _output(reader, subprocess.CREATE_NO_WINDOW) or ""
    readers = (("pbpaste",),) if sys.platform == "darwin" else _CLIPBOARDS
    for reader in readers:
        if shutil.which(reader[0]):
            text = _output(reader)
            if text is not None:  # wl-paste says nothing on X11, and xclip nothing on Wayland
                return text
    raise FileNotFoundError("the clipboard cannot be read or is empty; install wl-clipboard or xclip")


def _output(command: Sequence[str], flags: int = 0) -> str | None:
    """Return what a program prints, or None when it fails."""
    done = subprocess.run(command, capture_output=True, timeout=5, check=False, creationflags=flags)  # noqa: S603
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _find(*programs: str) -> str:
    for program in programs:
        path = shutil.which(program)
        if path:
            return path
    raise FileNotFoundError(f"none of {', '.join(programs)} was found; install xdg-utils")


def _launch(argv: Sequence[str]) -> None:
    """Start a program that outlives this one and has nothing of our bundle in its environment."""
    process = subprocess.Popen(  # noqa: S603 - found above
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=clean_environment(os.environ),
    )
    threading.Thread(target=process.wait, name="opened", daemon=True).start()  # else it stays a zombie
