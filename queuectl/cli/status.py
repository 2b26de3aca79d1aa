"""``queuectl status``: the queue at a glance."""

import time
from typing import TYPE_CHECKING

import click

from queuectl.cli.base import command, json_option, next_scheduled, open_queue, present
from queuectl.cli.output import (
    COLOURS,
    age,
    bold,
    describe,
    echo,
    local,
    on_terminal,
    print_json,
    print_rows,
    print_table,
)
from queuectl.errors import UsageError
from queuectl.model.state import State
from queuectl.text import plain

if TYPE_CHECKING:
    from queuectl.queue import Queue, Status
    from queuectl.store.types import HostRow, Pause

LOOK = 0.1
"""Seconds between two looks at the queue when it is watched."""
ALWAYS = frozenset({State.PENDING, State.PROCESSING, State.COMPLETED, State.DEAD})
"""States whose number a person is told even when it is 0."""


@command("status")
@click.option("-w", "--watch", is_flag=True, help="Show it anew whenever something changes.")
@json_option
def status(watch: bool, as_json: bool) -> None:
    """Show what is in the queue, what runs, and who runs it.

    \b
    Examples:
      queuectl status
      queuectl status --watch
      queuectl status --json
    """
    if watch and as_json:
        raise UsageError("give --watch or --json, not both")
    with open_queue() as queue:
        if watch and on_terminal():
            from queuectl.cli.live import watch as watch_queue

            watch_queue(queue)
        while True:
            found = queue.status()
            if as_json:
                from queuectl.shapes import status_as_json

                print_json(status_as_json(queue.store.location, found, next_scheduled(queue)))
            elif on_terminal():
                _print(found, shared=queue.paths.is_shared)
                _print_next(queue)
            else:
                print_rows(found.counts.items())
            if not watch:
                return
            _wait_for_change(queue)


def _wait_for_change(queue: "Queue") -> None:
    until = time.monotonic() + 1  # elapsed times move on without a change
    while not queue.store.changed() and time.monotonic() < until:
        time.sleep(LOOK)


def _print(found: "Status", *, shared: bool) -> None:
    now = present()
    counts = (
        f"{click.style(str(count), fg=COLOURS[state], bold=count > 0 or None)} {state.value}"
        for state, count in found.counts.items()
        if count or state in ALWAYS
    )
    echo("   ".join(counts))
    for pause in found.pauses:
        echo(click.style(_pause_text(pause), fg="yellow"))
    if found.running:
        echo("\n" + bold("Running"))
        machines = {host.id: host.name for host in found.hosts} if shared else {}
        owners = [run.job.lease.owner if run.job.lease else "" for run in found.running]
        print_table(
            ("ID", "COMMAND", "NOTE", "MACHINE" if shared else "HOST"),
            (
                (run.job.id, run.job.spec.title, describe(run.job, now), machines.get(owner, owner))
                for run, owner in zip(found.running, owners, strict=True)
            ),
        )
    echo("")
    if not found.hosts:
        echo("No host is running, so jobs wait. Start one: queuectl serve")
        return
    busy = [run.job.lease.owner for run in found.running if run.job.lease]
    echo(bold("Hosts"))
    print_table(
        ("HOST", "KIND", "MACHINE", "PID", "BUSY", "QUEUES", "TAGS", "SEEN", ""),
        (
            (
                host.id, host.kind, host.name, host.pid, f"{busy.count(host.id)}/{host.workers}",
                _queues_text(host), ", ".join(host.tags),
                f"{age(host.seen_at, now)} ago", "stopping" if host.stop else "",
            )
            for host in found.hosts
        ),
    )  # fmt: skip


def _queues_text(host: "HostRow") -> str:
    return "all" if host.queues is None else ", ".join(host.queues) or "none"


def _print_next(queue: "Queue") -> None:
    found = next_scheduled(queue)
    if found is not None:
        echo(f"\nNext scheduled: {plain(found.name)} at {local(found.next_at)}")


def _pause_text(pause: "Pause") -> str:
    what = f"Queue {plain(pause.queue)} is" if pause.queue else "All queues are"
    until = f" until {local(pause.until)}" if pause.until else ""
    resume = "queuectl resume" + (f" --queue {plain(pause.queue)}" if pause.queue else "")
    return f"{what} paused{until}; running jobs go on. To take new ones: {resume}"
