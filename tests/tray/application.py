"""The tray application as a process, and what a test sees of its menu."""

import sys

from tests.hosts import HostProcess

TRAY = [sys.executable, "-m", "queuectl.tray"]


class Tray(HostProcess):
    """The real program."""

    command = TRAY


def label(desktop, position):
    return desktop.menu().children[position].properties.get("label", "")


def find(desktop, beginning):
    return next((c for c in desktop.menu().children if c.properties.get("label", "").startswith(beginning)), None)


def enabled(node):
    return node.properties.get("enabled", True)
