"""Run the command line: ``python -m queuectl``."""

import sys


def main() -> None:
    """Run it and exit with the code that fits; the version, which others ask for often, needs nothing of it."""
    if sys.argv[1:] == ["--version"]:
        from queuectl import __version__

        print(f"queuectl, version {__version__}")  # noqa: T201 - as click would
        return
    from queuectl.cli.main import main as command_line
    from queuectl.platform import bundle

    bundle.hold()
    command_line()


if __name__ == "__main__":
    main()
