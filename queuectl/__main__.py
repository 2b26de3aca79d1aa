"""Run the command line: ``python -m queuectl``."""

from queuectl.cli.main import main

if __name__ == "__main__":
    main()
