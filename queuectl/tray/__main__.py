"""Run the tray application: ``python -m queuectl.tray``."""

from queuectl.tray.app import main

if __name__ == "__main__":
    main()
