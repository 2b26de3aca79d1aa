"""``queuectl serve``: the host in the terminal, with one line for each thing that happens."""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

from queuectl.cli.base import DURATION, command, open_queue
from queuectl.cli.output import echo, plain, say
from queuectl.dropfolder.events import DropEvent, DropKind
from queuectl.engine.events import EventKind, JobEvent
from queuectl.host import Host, HostOptions, drop_folder
from queuectl.units import format_duration

COLOURS = {
    EventKind.STARTED: "blue",
    EventKind.COMPLETED: "green",
    EventKind.RETRYING: "yellow",
    EventKind.DEAD: "red",
    EventKind.CANCELLED: "bright_black",
    EventKind.RELEASED: "cyan",
    EventKind.RECOVERED: "cyan",
}


@command("serve")
@click.option("-w", "--workers", type=click.IntRange(1, 1024), help="How many jobs run at once.")
@click.option("--poll", type=DURATION, help="How often to look into the database when nobody rings.")
@click.option("--drop/--no-drop", default=True, help="Whether to watch the drop folder.")
def serve(workers: int | None, poll: float | None, drop: bool) -> None:
    """Run jobs in this terminal, and watch the drop folder, until Ctrl+C.

    \b
    Examples:
      queuectl serve
      queuectl serve --workers 8 --no-drop
    """
    with open_queue() as queue:
        host = Host(
            queue,
            HostOptions(kind="serve", workers=workers, poll=poll, drop_folder=drop),
            listener=print_event,
            on_drop=print_drop,
        )
        echo(f"queuectl runs up to {host.workers} jobs at once.")
        echo(f"  Database     {queue.store.location}")
        echo(f"  Drop folder  {drop_folder(queue) if host.watcher else 'not watched'}")
        echo("  To add       queuectl enqueue \"echo hello\", or put a file 'hello.job' into the drop folder")
        echo("  To stop      Ctrl+C; running jobs may end, what does not goes back to the queue")
        run_host(host)


def run_host(host: Host) -> None:
    """Run a host until it is asked to stop, and stop it gracefully; a second signal gives running jobs no more time."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    with signals(host):
        host.start()
        try:
            host.wait()
        finally:
            if host.running:
                _say(f"Stopping: {host.running} running jobs get some time to end. Ctrl+C again: stop them now.")
            put_back = host.stop()
    _say(f"Stopped; {put_back} jobs went back to the queue and spent no attempt." if put_back else "Stopped.")


def _say(text: str) -> None:
    with suppress(OSError):  # the terminal may be what has gone
        say(text)


@contextmanager
def signals(host: Host) -> Iterator[None]:
    """Let Ctrl+C and the system's wish to end stop the host; a second one hurries it."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if host.stop_asked.is_set():
            host.hurry()
        host.stop_asked.set()

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
    job = event.job
    text = {
        EventKind.STARTED: f"started: {plain(job.spec.title)[:200]}",
        EventKind.COMPLETED: "completed",
        EventKind.RETRYING: f"failed ({plain(job.reason)}), attempt {job.attempts} of {job.max_retries + 1}",
        EventKind.DEAD: f"dead after {job.attempts} attempts ({plain(job.reason)}); see: queuectl logs {job.id}",
        EventKind.CANCELLED: "cancelled",
        EventKind.RELEASED: "put back: its host stops",
        EventKind.RECOVERED: f"{job.state.value} again: {plain(event.outcome.reason) if event.outcome else ''}",
    }[event.kind]
    if event.kind is EventKind.COMPLETED and event.outcome and event.outcome.started_at:
        text += f" in {format_duration((event.outcome.finished_at - event.outcome.started_at).total_seconds())}"
    if event.kind is EventKind.RETRYING and job.run_at is not None:
        text += f"; next in {format_duration(max(0.0, (job.run_at - job.updated_at).total_seconds()))}"
    _line(f"job {job.id} ", click.style(text, fg=COLOURS[event.kind]))


def print_drop(event: DropEvent) -> None:
    """Print one line about a file in the drop folder."""
    if event.kind is DropKind.ACCEPTED:
        count = len(event.job_ids)
        _line(f"drop {plain(event.name)} ", click.style(f"accepted: {count} job{'s' * (count != 1)}", fg="green"))
    else:
        _line(f"drop {plain(event.name)} ", click.style(f"{event.kind.value}: {plain(event.reason)}", fg="red"))


def _line(what: str, text: str) -> None:
    from datetime import datetime

    echo(f"{datetime.now().astimezone():%H:%M:%S} {what}{text}")
