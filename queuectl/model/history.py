"""Tell a job's life as one list: its enqueueing, its runs, and what else happened to it."""

from collections.abc import Iterator, Sequence

from queuectl.model.job import Attempt, Event, Job
from queuectl.model.state import State


def history(job: Job, attempts: Sequence[Attempt], events: Sequence[Event]) -> list[Event]:
    """Merge what the store keeps of a job into its transitions, in order."""
    told = [event for attempt in attempts for event in _run(attempt)]
    told += events
    if not any(event.verb == "enqueue" for event in events):
        told.append(
            Event(
                job_id=job.id, at=job.created_at, run=0, verb="enqueue", before=None, after=State.PENDING,
                actor=job.source, detail=None,
            )
        )  # fmt: skip
    return sorted(told, key=_place)


def _run(attempt: Attempt) -> Iterator[Event]:
    run = f"run {attempt.number}"
    yield Event(
        job_id=attempt.job_id, at=attempt.started_at, run=attempt.number, verb="claim", before=State.PENDING,
        after=State.PROCESSING, actor=attempt.host_name, detail=run,
    )  # fmt: skip
    if attempt.finished_at is not None and attempt.outcome is not None and attempt.next_state is not None:
        yield Event(
            job_id=attempt.job_id, at=attempt.finished_at, run=attempt.number, verb=attempt.outcome.value,
            before=State.PROCESSING, after=attempt.next_state, actor=attempt.host_name,
            detail=f"{run}: {attempt.reason}" if attempt.reason else run,
        )  # fmt: skip


def _place(event: Event) -> tuple[int, int]:
    """Order by runs, not by time: several things happen within a millisecond, and clocks are set back."""
    if event.before is None:
        return 0, 0
    if event.after is State.PROCESSING and event.before is State.PENDING:
        return event.run, 0
    if event.before is not State.PROCESSING:
        return event.run, 3
    return event.run, 1 if event.after is State.PROCESSING else 2
