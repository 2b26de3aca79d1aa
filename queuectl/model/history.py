"""Tell a job's life as one list: its enqueueing, its runs, and what else happened to it."""

from collections.abc import Sequence
from datetime import datetime

from queuectl.model.job import Attempt, Event, Job
from queuectl.model.state import State


def history(job: Job, attempts: Sequence[Attempt], events: Sequence[Event]) -> list[Event]:
    """Merge what the store keeps of a job into its transitions, in order."""
    told = list(events)
    if not any(event.verb == "enqueue" for event in events):
        told.append(_event(job.id, job.created_at, "enqueue", None, State.PENDING, job.source, None))
    for attempt in attempts:
        run = f"run {attempt.number}"
        begin = (attempt.started_at, "claim", State.PENDING, State.PROCESSING, attempt.host_name, run)
        told.append(_event(job.id, *begin))
        if attempt.finished_at is not None and attempt.outcome is not None and attempt.next_state is not None:
            detail = f"{run}: {attempt.reason}" if attempt.reason else run
            end = (attempt.finished_at, attempt.outcome.value, State.PROCESSING, attempt.next_state)
            told.append(_event(job.id, *end, attempt.host_name, detail))
    return sorted(told, key=lambda event: event.at)


def _event(
    job_id: int, at: datetime, verb: str, before: State | None, after: State, actor: str, detail: str | None
) -> Event:
    return Event(job_id=job_id, at=at, verb=verb, before=before, after=after, actor=actor, detail=detail)
