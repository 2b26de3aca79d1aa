"""Run the tray application: ``queuectl-tray``, or ``python -m queuectl.tray``."""

import os
import sys

from queuectl.tray.start import start


def main() -> None:
    """Run it and exit with the code that fits."""
    sys.exit(start(sys.argv[1:], os.environ))


if __name__ == "__main__":
    main()
