"""Run the tray application: ``queuectl-tray``, or ``python -m queuectl.tray``."""

import os
import sys

from queuectl.platform import bundle
from queuectl.tray.start import start


def main() -> None:
    """Run it and exit with the code that fits."""
    bundle.hold()
    sys.exit(start(sys.argv[1:], os.environ))


if __name__ == "__main__":
    main()
