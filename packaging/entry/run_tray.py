"""Where the frozen ``queuectl-tray`` begins; a script of its own, for PyInstaller searches modules beside it first."""

from queuectl.tray.__main__ import main

main()
