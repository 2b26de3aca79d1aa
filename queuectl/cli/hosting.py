"""A host in a terminal: the signals that stop it, and one line for each thing that happens."""

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType

import click

from queuectl import narrator
from queuectl.cli.output import bold, cut, discard, echo, on_terminal, say, terminal_width
from queuectl.dropfolder.events import DropEvent, DropKind
from queuectl.engine.events import EventKind, JobEvent
from queuectl.errors import UsageError
from queuectl.host import Host, drop_folder
from queuectl.queue import Queue
from queuectl.text import plain

COLOURS = {
    EventKind.STARTED: "blue",
    EventKind.COMPLETED: "green",
    EventKind.RETRYING: "yellow",
    EventKind.DEAD: "red",
    EventKind.CANCELLED: "bright_black",
    EventKind.RELEASED: "cyan",
    EventKind.RECOVERED: "cyan",
}
WIDEST = 250
"""Characters of a line that no person reads on a terminal."""


def run_host(host: Host, on_open: Callable[[], None] | None = None) -> None:
    """Run a host until it is asked to stop, and stop it gracefully; a second signal gives running jobs no more time."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    with signals(host):
        host.start(on_open)
        try:
            host.wait()
        finally:
            if host.running:
                say(f"Stopping: {host.running} running jobs get some time to end. Ctrl+C again: stop them now.")
            put_back = host.stop()
    say(f"Stopped; {put_back} jobs went back to the queue and spent no attempt." if put_back else "Stopped.")


def expect_duty(host: Host) -> None:
    """Refuse to start a host that would run nothing, as nobody has said whose jobs may run here.

    Raises:
        UsageError: nobody has.
    """
    if host.duty.queues == ():
        hint = (
            "Whoever can write to the database can run commands here. Name the queues: --queue default,reports, "
            "or for good: queuectl config set run_queues default,reports; '*' is all of them."
        )
        raise UsageError("this machine has not been told which queues of the shared database it runs", hint=hint)


def greet(host: Host, queue: Queue) -> None:
    """Say what runs, and where things are."""
    tell(bold(f"queuectl runs up to {host.workers} jobs at once."))
    folder = drop_folder(queue) if host.watcher else None
    for line in narrator.greeting(queue.store.location, folder, host.page, host.duty):
        tell(line)


def tell(text: str) -> None:
    """Print a line, if anybody reads: a host goes on without."""
    try:
        echo(text)
    except OSError:
        discard(sys.stdout)


@contextmanager
def signals(host: Host) -> Iterator[None]:
    """Let Ctrl+C and the system's wish to end stop the host; a second one hurries it."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if host.stop_asked:
            host.hurry()
        host.ask_to_stop()

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, on_signal) for number in known}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def print_event(event: JobEvent) -> None:
    """Print one line about a job."""
    _print(*narrator.of_job(event), COLOURS[event.kind])


def print_drop(event: DropEvent) -> None:
    """Print one line about a file in the drop folder."""
    _print(*narrator.of_drop(event), "green" if event.kind is DropKind.ACCEPTED else "red")


def _print(what: str, text: str, colour: str) -> None:
    head = f"{datetime.now().astimezone():%H:%M:%S} {plain(what)} "
    width = terminal_width() if on_terminal() else WIDEST
    tell(head + click.style(cut(plain(text), max(20, width - len(head))), fg=colour))
