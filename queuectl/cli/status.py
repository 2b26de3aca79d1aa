"""``queuectl status``: the queue at a glance."""

import time
from datetime import UTC, datetime

import click

from queuectl.cli.base import command, json_option, open_queue
from queuectl.cli.output import COLOURS, describe, echo, local, on_terminal, plain, print_json
from queuectl.model.plain import as_json as job_as_json
from queuectl.model.plain import iso
from queuectl.model.state import State
from queuectl.queue import Queue, Status
from queuectl.store.base import Pause


@command("status")
@click.option("-w", "--watch", is_flag=True, help="Show it anew whenever something changes.")
@json_option
def status(watch: bool, as_json: bool) -> None:
    """Show how many jobs are in which state, what runs, and who runs it.

    \b
    Examples:
      queuectl status
      queuectl status --watch
      queuectl status --json
    """
    with open_queue() as queue:
        if as_json:
            print_json(_plain(queue))
            return
        _print(queue)
        while watch:
            _wait_for_change(queue)
            click.clear()
            _print(queue)


def _wait_for_change(queue: Queue) -> None:
    until = time.monotonic() + 1  # elapsed times move on without a change
    while not queue.store.changed() and time.monotonic() < until:
        time.sleep(0.1)


def _print(queue: Queue) -> None:
    now = datetime.now(UTC)
    state = queue.status()
    if not on_terminal():
        for name, count in state.counts.items():
            echo(f"{name.value}\t{count}")
        return
    echo("  ".join(f"{click.style(str(count), fg=COLOURS[name], bold=bool(count))} {name.value}"
                   for name, count in state.counts.items() if count or name in _ALWAYS))  # fmt: skip
    for pause in state.pauses:
        echo(click.style(_pause_text(pause), fg="yellow"))
    for run in state.running:
        owner = run.job.lease.owner if run.job.lease else ""
        echo(f"  {run.job.id}  {describe(run.job, now)}  {plain(run.job.spec.title)[:100]}  (host {owner})")
    if not state.hosts:
        echo("No host is running: jobs wait. Start one: queuectl serve")
    for host in state.hosts:
        running = sum(run.job.lease is not None and run.job.lease.owner == host.id for run in state.running)
        stopping = ", stopping" if host.stop else ""
        echo(
            f"Host {host.id} ({host.kind} on {host.name}, pid {host.pid}): {running} of {host.workers} workers busy, "
            f"seen {local(host.seen_at)}{stopping}"
        )


_ALWAYS = frozenset({State.PENDING, State.PROCESSING, State.COMPLETED, State.DEAD})


def _pause_text(pause: Pause) -> str:
    what = f"Queue {pause.queue} is paused" if pause.queue else "Paused"
    until = f" until {local(pause.until)}" if pause.until else ""
    return f"{what}{until}: running jobs go on, no new ones are taken. Go on: queuectl resume"


def _plain(queue: Queue) -> dict[str, object]:
    state: Status = queue.status()
    return {
        "database": queue.store.location,
        "counts": {name.value: count for name, count in state.counts.items()},
        "queues": {
            queue_name: {name.value: count for name, count in counts.items()}
            for queue_name, counts in state.queues.items()
        },
        "paused": any(not pause.queue for pause in state.pauses),
        "pauses": [
            {"queue": pause.queue or None, "since": iso(pause.since), "until": iso(pause.until)}
            for pause in state.pauses
        ],
        "running": [job_as_json(run.job) for run in state.running],
        "hosts": [
            {
                "id": host.id,
                "kind": host.kind,
                "name": host.name,
                "pid": host.pid,
                "workers": host.workers,
                "version": host.version,
                "started_at": iso(host.started_at),
                "seen_at": iso(host.seen_at),
                "stopping": host.stop is not None,
            }
            for host in state.hosts
        ],
    }
