"""Where the frozen ``queuectl`` begins; a script of its own, for PyInstaller searches modules beside it first."""

from queuectl.__main__ import main

main()
