"""Move a whole queue from one database to another: jobs with their ids and history, schedules, queues, settings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from queuectl.errors import QueuectlError, WrongState
from queuectl.model.archive import Record
from queuectl.model.state import State
from queuectl.queue import Queue
from queuectl.store.base import Store

PAGE = 500
"""Jobs read at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """What was moved."""

    jobs: int
    runs: int
    schedules: int
    queues: int
    settings: int


def move(source: Queue, target: Queue, *, on_page: Callable[[int], None] = lambda _: None) -> Moved:
    """Copy all of a queue into an empty one, whole or not at all, and compare; the source stays as it is.

    Ids stay what they are, and new jobs get higher ones than the source has ever given. Logs stay where they are, only
    their tails come along. ``on_page`` is told how many jobs have been copied.

    Raises:
        WrongState: a host runs on one of the two, a job runs, or the target is not empty.
    """
    for queue in (source, target):
        _check_idle(queue)
    there = target.store.newest_id()  # one that failed on PostgreSQL leaves the ids it has reserved, and nothing else
    if there and (target.store.queues() or there > source.store.newest_id()):
        raise WrongState(f"{target.store.location} has had jobs already", hint="Move into a new, empty database.")
    jobs = runs = 0
    with target.store.transaction():
        for row in source.store.queues():
            target.store.set_queue(row.name, max_running=row.max_running, defaults=row.defaults)
        for page in _pages(source.store):
            target.store.restore(page)
            jobs += len(page)
            runs += sum(len(record.attempts) for record in page)
            on_page(jobs)
        target.store.reserve_ids(source.store.newest_id())
        schedules = source.store.schedules()
        for schedule in schedules:
            target.store.add_schedule(schedule)
        for pause in source.store.pauses():
            target.store.pause(pause.queue, pause.until)
        settings = source.store.settings()
        for key, value in settings.items():
            target.store.set_setting(key, value)
        _compare(source.store, target.store)
    queues = len(target.store.queues())
    return Moved(jobs=jobs, runs=runs, schedules=len(schedules), queues=queues, settings=len(settings))


def _check_idle(queue: Queue) -> None:
    hosts = queue.hosts()
    if hosts:
        hint = "Stop it first: queuectl worker stop --all, or quit the tray. Start it on the other database afterwards."
        raise WrongState(f"a host runs on {queue.store.location}: {hosts[0].kind} on {hosts[0].name}", hint=hint)
    running = queue.store.running()
    if running:
        hint = "Start a host on it and stop it again: that puts back what a dead host left."
        raise WrongState(f"job {running[0].job.id} runs on {queue.store.location}", hint=hint)


def _pages(store: Store) -> Iterator[Sequence[Record]]:
    """Yield all jobs by id, each with those that it waits for in the same page or one before."""
    after = 0
    page: list[Record] = []
    while more := store.records(after, PAGE):
        page += more
        after = more[-1].job.id
        if all(wait.parent_id <= after for record in page for wait in record.waits):
            yield page
            page = []
    if page:
        yield page


def _compare(source: Store, target: Store) -> None:
    there, here = (
        {queue: {state: n for state, n in states.items() if n} for queue, states in store.counts().items()}
        for store in (source, target)
    )
    # What has no counterpart any more to wait for goes on at once.
    waiting = {State.BLOCKED, State.PENDING, State.SCHEDULED}
    if _summed(there, waiting) != _summed(here, waiting) or source.newest_id() != target.newest_id():
        raise QueuectlError("the copy does not have what the source has; nothing was kept", hint="Was it in use?")


def _summed(counts: dict[str, dict[State, int]], together: set[State]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for queue, states in counts.items():
        for state, count in states.items():
            key = (queue, "waiting" if state in together else state.value)
            found[key] = found.get(key, 0) + count
    return found
