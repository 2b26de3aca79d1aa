"""Tell in a line what happens in a host: for the terminal, and for the tray where there is only a terminal."""

from collections.abc import Sequence
from pathlib import Path

from queuectl.dropfolder.events import DropEvent, DropKind
from queuectl.engine.events import EventKind, JobEvent
from queuectl.model.duty import Duty
from queuectl.text import plain
from queuectl.units import format_duration

TELL = "none yet; say which: queuectl config set run_queues default,reports ('*' is all)"
"""What a machine is told that runs nothing of a shared queue."""


def greeting(database: str, folder: Path | None, page: str | None, duty: Duty) -> Sequence[str]:
    """Say where things are, how to add a job and how to stop: the drop folder that is watched, the page's address.

    Which jobs run here is said where that are not all.
    """
    queues = () if duty.queues is None else (f"  Queues       {', '.join(map(plain, duty.queues)) or TELL}",)
    tags = (f"  Tags         {', '.join(map(plain, duty.tags))}",) if duty.tags else ()
    drop = ["               or put a file hello.job into the drop folder"] if folder else []
    return (
        f"  Database     {database}",
        *queues,
        *tags,
        f"  Drop folder  {folder or 'not watched'}",
        f"  Dashboard    {f'{page}  (open it with: queuectl dashboard)' if page else 'none'}",
        '  To add       queuectl enqueue "echo hello"',
        *drop,
        "  To stop      Ctrl+C; what does not end soon goes back to the queue",
    )


def of_job(event: JobEvent) -> tuple[str, str]:
    """Return which job, and what happened to it."""
    job = event.job
    text = {
        EventKind.STARTED: f"started: {job.spec.title}",
        EventKind.COMPLETED: "completed",
        EventKind.RETRYING: f"failed ({job.reason}), attempt {job.attempts} of {job.max_retries + 1}",
        EventKind.DEAD: f"dead after {_count(job.attempts, 'attempt')} ({job.reason}); see: queuectl logs {job.id}",
        EventKind.CANCELLED: "cancelled",
        EventKind.RELEASED: "put back: its host stops",
        EventKind.RECOVERED: f"{job.state.value} again: {event.outcome.reason if event.outcome else ''}",
    }[event.kind]
    if event.kind is EventKind.COMPLETED and event.outcome and event.outcome.started_at:
        text += f" in {format_duration((event.outcome.finished_at - event.outcome.started_at).total_seconds())}"
    if event.kind is EventKind.RETRYING and job.run_at is not None:
        text += f"; next in {format_duration(max(0.0, (job.run_at - job.updated_at).total_seconds()))}"
    return f"job {job.id}", text


def of_drop(event: DropEvent) -> tuple[str, str]:
    """Return which dropped file, and what became of it."""
    if event.kind is DropKind.ACCEPTED:
        return f"drop {event.name}", f"accepted: {_count(len(event.job_ids), 'job')}"
    return f"drop {event.name}", f"{event.kind.value}: {event.reason}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
