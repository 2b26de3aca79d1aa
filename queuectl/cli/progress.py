"""``queuectl progress``: how a job tells how far it is."""

import os

import click

from queuectl.cli.base import command
from queuectl.errors import HostRequired, UsageError


@command("progress")
@click.argument("done", metavar="0.42|42%|17/40")
@click.argument("message", nargs=-1)
def progress(done: str, message: tuple[str, ...]) -> None:
    """Tell, from inside a job, how far it is.

    It shows in 'status', 'wait', 'list' and the tray. A program can as well append such a line to the file that
    QUEUECTL_PROGRESS names.

    \b
    Examples:
      queuectl progress 0.42 encoding
      queuectl progress 42%
      echo "17/40 files" >> "$QUEUECTL_PROGRESS"
    """
    from datetime import UTC, datetime

    from queuectl.engine.progress import VARIABLE
    from queuectl.model.progress import parse_report

    line = " ".join(" ".join((done, *message)).split())
    if parse_report(line, at=datetime.now(UTC)) is None:
        raise UsageError(f"{done!r} does not say how far it is", hint="Write 0.42, 42% or 17/40.")
    file = os.environ.get(VARIABLE)
    if not file:
        raise HostRequired(
            "this is not inside a job, so nobody reads its progress",
            hint=f"Hosts set {VARIABLE} for the jobs they run.",
        )
    with open(file, "ab") as reports:  # noqa: PTH123 - appended in one piece, whoever else does so
        reports.write(line.encode("utf-8", "replace") + b"\n")
