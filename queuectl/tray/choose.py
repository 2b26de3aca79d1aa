"""Choose the tray backend of this platform."""

from queuectl.platform import machine
from queuectl.tray.backend import TrayBackend


def backend() -> TrayBackend:
    """Return the backend: D-Bus where desktops speak it, pystray on Windows and macOS."""
    from queuectl.tray.icon import render_argb, render_image

    if machine.has_dbus():
        from queuectl.tray.sni import SniTray

        return SniTray(render=render_argb)
    from queuectl.tray.native import NativeTray

    return NativeTray(render=render_image)
