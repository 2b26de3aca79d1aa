"""Photograph the tray in real panels on a screen that nobody sees, for somebody to look at.

    python tests/tray/screenshots.py OUTDIR

Needs (and installs none of) Xvfb, dbus-daemon, xdotool, ImageMagick, and xfce4-panel or lxqt-panel; openbox helps. For
each panel, light and dark: the icon in each mood, the open menu, the same menu after it changed while it was open, a
submenu, and a notification where a server for them is installed.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from queuectl.tray.backend import Action, Entry, Mood, Notification, Picture
from queuectl.tray.icon import render_argb
from queuectl.tray.sni import SniTray

ICON = (14, 16)
"""Where the panels below put the only icon, in pixels."""
ASIDE = (600, 600)
XFCE = """\
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"""
LXQT = """\
[General]
panels=panel1

[panel1]
plugins=statusnotifier
position=Top
panelSize=32
iconSize=22
width=100
width-percent=true
alignment=-1
background-color={colour}

[statusnotifier]
type=statusnotifier
alignment=Left
"""


NOTIFICATION = Notification(
    title="A job died",
    body="render_frame_2 <final> failed 4 times & is in the dead letter queue.",
    urgent=True,
    actions=[Action(key="retry", label="Retry", act=print), Action(key="log", label="Show log", act=print)],
)


class Screen:
    """A screen with a session bus and a home of its own; ``env`` is what its programs need."""

    def __init__(self, number=97, size="720x640"):
        self.home = Path(tempfile.mkdtemp(prefix="screen-"))
        runtime = self.home / "runtime"
        runtime.mkdir(mode=0o700)
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DBUS_", "WAYLAND"))},
            "DISPLAY": f":{number}",
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_RUNTIME_DIR": str(runtime),
            "NO_AT_BRIDGE": "1",
        }
        self._processes = []
        self.start("Xvfb", self.env["DISPLAY"], "-screen", "0", f"{size}x24", "-nolisten", "tcp")
        until(lambda: Path(f"/tmp/.X11-unix/X{number}").exists())
        daemon = self.start("dbus-daemon", "--session", "--nofork", "--print-address=1", stdout=subprocess.PIPE)
        self.env["DBUS_SESSION_BUS_ADDRESS"] = daemon.stdout.readline().decode().strip()
        if shutil.which("openbox"):
            self.start("openbox")

    def start(self, *command, **options):
        """Start a program that belongs to the screen."""
        options.setdefault("stdout", subprocess.DEVNULL)
        process = subprocess.Popen(command, env=self.env, stderr=subprocess.DEVNULL, **options)
        self._processes.append(process)
        return process

    def mouse(self, *command):
        """Move and click, in xdotool's words."""
        subprocess.run(["xdotool", *map(str, command)], env=self.env, check=True)

    def photograph(self, file):
        """Write what is to be seen."""
        subprocess.run(["import", "-window", "root", str(file)], env=self.env, check=True)
        print(file)

    def close(self):
        """End its programs, the screen last."""
        for process in reversed(self._processes):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
        shutil.rmtree(self.home, ignore_errors=True)


def start_xfce(screen, *, dark):
    """Start Xfce's panel at the top, with nothing but a tray."""
    file = screen.home / "config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
    file.parent.mkdir(parents=True)
    file.write_text(XFCE.format(dark=str(dark).lower()), "utf-8")
    screen.env["GTK_THEME"] = "Adwaita:dark" if dark else "Adwaita"
    screen.env["XDG_CURRENT_DESKTOP"] = "XFCE"
    screen.start("xfce4-panel")


def start_lxqt(screen, *, dark):
    """Start LXQt's panel at the top, with nothing but a tray."""
    file = screen.home / "config/lxqt/panel.conf"
    file.parent.mkdir(parents=True)
    file.write_text(LXQT.format(colour="#202326" if dark else "#eff0f1"), "utf-8")
    screen.env["XDG_CURRENT_DESKTOP"] = "LXQt"
    screen.start("lxqt-panel")


PANELS = {"xfce4-panel": start_xfce, "lxqt-panel": start_lxqt}


def until(condition, patience=20):
    """Wait until something holds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def settle(seconds=1.0):
    """Let the panel draw; nothing tells when it has."""
    time.sleep(seconds)


def menu(jobs, *, paused=False):
    """Return a menu with one of everything."""
    running = [
        Entry(
            key=str(job),
            label=f"render_frame_{job} ({elapsed})",
            children=[Entry(key="cancel", label="Cancel"), Entry(key="log", label="Show log")],
        )
        for job, elapsed in jobs.items()
    ]
    workers = [
        Entry(key=str(count), label=str(count), checked=count == (2 if paused else 4), radio=True)
        for count in (1, 2, 4, 8)
    ]
    return [
        Entry(key="status", label=f"{len(jobs)} running, 12 waiting, 1 dead", enabled=False),
        Entry(key="line1", separator=True),
        Entry(key="pause", label="Pause", enabled=not paused),
        Entry(key="resume", label="Resume", enabled=paused),
        Entry(key="line2", separator=True),
        Entry(key="running", label=f"Running jobs ({len(jobs)})", children=running, enabled=bool(jobs)),
        Entry(key="dashboard", label="Open dashboard", default=True, act=lambda: None),
        Entry(key="workers", label="Workers", children=workers),
        Entry(key="login", label="Start at login", checked=not paused),
        Entry(key="line3", separator=True),
        Entry(key="quit", label="Quit"),
    ]


def photograph(screen, folder, name):
    """Show the tray on a screen and photograph it."""
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = screen.env["DBUS_SESSION_BUS_ADDRESS"]
    tray = SniTray(render=render_argb, patience=20)
    ready = threading.Event()
    jobs = {1: "3 s", 2: "1 m 5 s"}
    tray.update(picture=Picture(mood=Mood.STARTING), title="starting", menu=menu(jobs))
    thread = threading.Thread(target=tray.run, args=[ready.set])
    thread.start()
    try:
        assert ready.wait(20)
        settle(2)
        for mood in Mood:
            picture = Picture(mood=mood, count=3 if mood is Mood.ATTENTION else 0)
            tray.update(picture=picture, title="2 running, 12 waiting, 1 dead", menu=menu(jobs))
            settle()
            screen.photograph(folder / f"{name}-{mood}.png")
        screen.mouse("mousemove", *ICON)
        settle(2)
        screen.photograph(folder / f"{name}-tooltip.png")
        screen.mouse("mousemove", *ICON, "click", "3")
        settle()
        screen.mouse("mousemove", *ASIDE)  # on the icon it would have a new tooltip shown over the menu
        screen.photograph(folder / f"{name}-menu.png")
        jobs[3] = "0 s"
        tray.update(picture=picture, title="3 running, 12 waiting, 1 dead", menu=menu(jobs, paused=True))
        settle()
        screen.photograph(folder / f"{name}-menu-changed.png")
        screen.mouse("key", "Down", "Down", "Right")
        settle()
        screen.photograph(folder / f"{name}-submenu.png")
        jobs.update({1: "5 s", 4: "0 s"})
        tray.update(picture=picture, title="4 running, 12 waiting, 1 dead", menu=menu(jobs, paused=True))
        settle()
        screen.photograph(folder / f"{name}-submenu-changed.png")
        screen.mouse("key", "Escape", "Escape", "Escape")
        tray.notify(NOTIFICATION)
        settle(2)
        screen.photograph(folder / f"{name}-notification.png")
    finally:
        tray.stop()
        thread.join(10)


def main():
    """Photograph each panel that is installed, light and dark."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for program, start in PANELS.items():
        if shutil.which(program) is None:
            print(f"{program} is not installed")
            continue
        for dark in (False, True):
            screen = Screen()
            try:
                start(screen, dark=dark)
                photograph(screen, folder, f"{program.split('-')[0]}-{'dark' if dark else 'light'}")
            finally:
                screen.close()


if __name__ == "__main__":
    main()
