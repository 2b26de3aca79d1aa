"""The tray application as a process, and what a test sees of its menu."""

import sys
from typing import ClassVar

from tests.hosts import HostProcess

TRAY = [sys.executable, "-m", "queuectl.tray"]


class Tray(HostProcess):
    """The real program."""

    command = TRAY
    started: ClassVar = []
    """All that the test has started."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.started.append(self)


def label(desktop, position):
    return desktop.menu().children[position].properties.get("label", "")


def find(desktop, beginning):
    return next((c for c in desktop.menu().children if c.properties.get("label", "").startswith(beginning)), None)


def enabled(node):
    return node.properties.get("enabled", True)
