"""The tray on Linux: a StatusNotifierItem with its menu and notifications, over D-Bus alone."""

from queuectl.tray.sni.tray import SniTray

__all__ = ["SniTray"]
