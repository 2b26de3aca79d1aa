"""What moves on a terminal: the screen of ``status --watch``, and the bars of ``wait``."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from queuectl.cli.base import next_scheduled, present
from queuectl.cli.output import age, describe, local
from queuectl.model.job import Job
from queuectl.model.progress import Progress as Report
from queuectl.model.progress import remaining, remember
from queuectl.model.state import FINAL, State
from queuectl.store.types import JobFilter
from queuectl.text import plain
from queuectl.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from queuectl.queue import Queue, Status
    from queuectl.store.types import HostRow

LOOK = 0.1
"""Seconds between two looks whether the database has changed."""
REFRESH = 1.0
"""Seconds after which elapsed times are drawn anew without a change."""
STYLES = {
    State.PENDING: "yellow", State.SCHEDULED: "cyan", State.BLOCKED: "magenta", State.PROCESSING: "blue",
    State.FAILED: "yellow", State.COMPLETED: "green", State.DEAD: "red", State.CANCELLED: "bright_black",
}  # fmt: skip
WAITS = (State.PENDING, State.FAILED, State.SCHEDULED, State.BLOCKED)
HOSTS = 5
"""Hosts that are shown, the busiest first."""
ALWAYS = frozenset({State.PENDING, State.PROCESSING, State.COMPLETED, State.DEAD})
"""States whose number is told even when it is 0."""


class Rates:
    """How fast running jobs get on, learnt from what they report while somebody looks."""

    def __init__(self) -> None:
        self._histories: dict[tuple[int, int], tuple[Report, ...]] = {}

    def left(self, job: Job, now: datetime) -> float | None:
        """Return the seconds to a job's end at its own rate, or None."""
        if job.progress is None or job.started_at is None:
            return None
        run = (job.id, job.runs)
        history = self._histories.get(run, (Report(fraction=0, at=job.started_at),))
        if job.progress != history[-1].fraction:
            history = remember(history, Report(fraction=job.progress, at=now))
        self._histories[run] = history
        return remaining(history, now=now)


def watch(queue: "Queue") -> None:
    """Show the queue on the whole terminal until somebody interrupts."""
    rates = Rates()
    with Live(console=Console(), screen=True, auto_refresh=False) as live:
        while True:
            live.update(_screen(queue, rates, live.console.size.height), refresh=True)
            until = time.monotonic() + REFRESH
            while not queue.store.changed() and time.monotonic() < until:
                time.sleep(LOOK)


def _screen(queue: "Queue", rates: Rates, height: int) -> RenderableType:
    status = queue.status()
    now = present()
    top: list[RenderableType] = [_counts(status), *_pauses(status), Text()]
    bottom: list[RenderableType] = [
        *_next(queue), *_hosts(status, now), Text("Ctrl+C ends this view; jobs go on.", style="bright_black")
    ]  # fmt: skip
    hosts = min(len(status.hosts), HOSTS) + 2 + (len(status.hosts) > HOSTS) if status.hosts else 1
    room = height - len(top) - len(bottom) + 1 - hosts
    running = [run.job for run in status.running]
    rows = _fit(len(running), max(room * 2 // 3, 4))
    machines = {host.id: host.name for host in status.hosts} if queue.paths.is_shared else {}
    parts = [_running(running[:rows], rates, now, machines), *_more(len(running) - rows), Text()] if rows else []
    room -= rows + 3 + (len(running) > rows) if rows else 0
    for title, states in (("Waiting", WAITS), ("Ended", tuple(FINAL))):
        total = sum(status.counts.get(state, 0) for state in states)
        rows = _fit(total, room // 2 if title == "Waiting" else room)
        if rows:
            parts += [_jobs(title, queue.jobs(JobFilter(states=states, limit=rows)), now), *_more(total - rows), Text()]
            room -= rows + 3 + (total > rows)
    return Group(*top, *parts, *bottom)


def _fit(count: int, room: int) -> int:
    """Return how many of so many rows fit beside a title, a heading, a blank line and a hint at the others."""
    return count if count + 3 <= room else max(0, room - 4)


def _counts(status: "Status") -> Text:
    text = Text()
    for state, count in status.counts.items():
        if count or state in ALWAYS:
            text.append(f"{count} ", style=f"bold {STYLES[state]}" if count else "bright_black")
            text.append(f"{state.value}   ", style="" if count else "bright_black")
    return text


def _pauses(status: "Status") -> Iterator[Text]:
    for pause in status.pauses:
        what = f"Queue {plain(pause.queue)} is paused" if pause.queue else "All queues are paused"
        until = f" until {pause.until.astimezone():%H:%M:%S}" if pause.until else ""
        yield Text(f"{what}{until}; running jobs go on.", style="yellow")


def _next(queue: "Queue") -> Iterator[Text]:
    found = next_scheduled(queue)
    if found is not None:
        yield Text(f"Next scheduled: {plain(found.name)} at {local(found.next_at)}\n")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, expand=True)
    for column in columns:
        flexible = column in {"JOB", "NOTE"}
        table.add_column(
            column,
            style="" if flexible else "bright_black",
            no_wrap=True,
            overflow="ellipsis",
            ratio=1 if flexible else None,
        )
    return table


def _running(jobs: Sequence[Job], rates: Rates, now: datetime, machines: Mapping[str, str]) -> Table:
    """Show what runs, with its machine where several share the queue."""
    table = _table("Running", "ID", "JOB", "", "", "TIME", "LEFT", "NOTE")
    for job in jobs:
        left = rates.left(job, now)
        share = job.progress
        bar: RenderableType = "" if share is None else ProgressBar(total=1, completed=share, width=20)
        table.add_row(
            Text(str(job.id)),
            Text(plain(job.spec.title)),
            bar,
            "" if share is None else f"{share:.0%}",
            age(job.started_at, now) if job.started_at else "",
            "" if left is None else format_duration(round(left)),
            Text(_note(job, machines)),
        )
    return table


def _note(job: Job, machines: Mapping[str, str]) -> str:
    text = "being cancelled" if job.cancel_requested else plain(job.progress_text or "")
    place = machines.get(job.lease.owner) if job.lease else None
    return ", ".join(part for part in (text, f"on {plain(place)}" if place else "") if part)


def _jobs(title: str, jobs: Sequence[Job], now: datetime) -> Table:
    table = _table(title, "ID", "STATE", "QUEUE", "JOB", "NOTE")
    for job in jobs:
        table.add_row(
            Text(str(job.id)), Text(job.state.value, style=STYLES[job.state]), Text(plain(job.spec.queue)),
            Text(plain(job.spec.title)), Text(plain(describe(job, now))),
        )  # fmt: skip
    return table


def _more(count: int) -> list[RenderableType]:
    return [Text(f"... and {count} more", style="bright_black")] if count > 0 else []


def _hosts(status: "Status", now: datetime) -> list[RenderableType]:
    if not status.hosts:
        return [Text("No host is running, so jobs wait. Start one: queuectl serve", style="yellow")]
    busy = Counter(run.job.lease.owner for run in status.running if run.job.lease)
    table = _table("Hosts", "HOST", "KIND", "MACHINE", "PID", "BUSY", "SEEN", "NOTE")
    for host in sorted(status.hosts, key=lambda host: -busy[host.id])[:HOSTS]:
        table.add_row(*_host(host, busy[host.id], now))
    return [table, *_more(len(status.hosts) - HOSTS)]


def _host(host: "HostRow", busy: int, now: datetime) -> Sequence[Text]:
    cells = (
        host.id, host.kind, plain(host.name), str(host.pid), f"{busy}/{host.workers}",
        f"{age(host.seen_at, now)} ago", _host_note(host),
    )  # fmt: skip
    return [Text(cell) for cell in cells]


def _host_note(host: "HostRow") -> str:
    if host.stop:
        return "stopping"
    return "" if host.queues is None else plain(", ".join(host.queues)) or "runs no queue"


@contextmanager
def bars() -> "Iterator[Callable[[Sequence[Job]], None]]":
    """Show a bar for each job that is waited for, on stderr; what is given to the function is shown."""
    columns = (
        SpinnerColumn(finished_text=" "), TextColumn("{task.description}", markup=False), BarColumn(),
        TextColumn("{task.fields[share]}", markup=False), TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False, style="bright_black"),
    )  # fmt: skip
    rates = Rates()
    tasks: dict[int, Any] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def show(jobs: Sequence[Job]) -> None:
            now = present()
            for job in jobs[:20]:
                if job.id not in tasks:
                    title = plain(job.spec.title)[:40]
                    tasks[job.id] = progress.add_task(f"{job.id} {title}", total=None, share="", note="")
                progress.update(tasks[job.id], **_fields(job, rates, now))

        yield show


def _fields(job: Job, rates: Rates, now: datetime) -> Mapping[str, Any]:
    if job.state in FINAL:
        return {"total": 1, "completed": 1, "share": job.state.value, "note": ""}
    if job.state is not State.PROCESSING:
        return {"total": None, "share": job.state.value, "note": plain(describe(job, now))[:60]}
    left = rates.left(job, now)
    note = plain(job.progress_text or "")
    if left is not None:
        note = f"{format_duration(round(left))} left  {note}"
    if job.progress is None:
        return {"total": None, "share": "running", "note": note}
    return {"total": 1, "completed": job.progress, "share": f"{job.progress:.0%}", "note": note}
