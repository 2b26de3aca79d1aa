"""Many jobs at once: retry, cancel or delete those that are named, or all that a filter lets through.

from queuectl import bulk

bulk.act_on_all(queue, bulk.Act.RETRY, JobFilter(states=(State.DEAD,), queue="video"))
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from queuectl.errors import NotFound, WrongState
from queuectl.model.state import TRANSITIONS, State, Verb
from queuectl.queue import Queue
from queuectl.store.types import JobFilter, Order

BATCH = 200
"""Jobs in one transaction, so that others need not wait long."""
SEARCH = 0.05
"""Seconds that one transaction may look for jobs."""
PROBLEMS = 20


class Act(StrEnum):
    """What can be done with many jobs."""

    RETRY = "retry"
    """Give each a new set of attempts."""
    CANCEL = "cancel"
    """End each, or have it stopped."""
    DELETE = "delete"
    """Forget each, with its history and logs."""


ACTS_ON: Mapping[Act, frozenset[State]] = {
    Act.RETRY: frozenset(TRANSITIONS[Verb.RETRY]),
    Act.CANCEL: frozenset(TRANSITIONS[Verb.CANCEL]),
    Act.DELETE: frozenset(State) - {State.PROCESSING},
}
"""The states of the jobs with which it can be done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a job refused."""

    job_id: int
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """With how many jobs it was done, how many refused, and why the first of these did."""

    done: int = 0
    refused: int = 0
    problems: Sequence[Problem] = ()

    def __add__(self, other: "Done") -> "Done":
        problems = (*self.problems, *other.problems)[:PROBLEMS]
        return Done(done=self.done + other.done, refused=self.refused + other.refused, problems=problems)


def act(queue: Queue, what: Act, ids: Iterable[int]) -> Done:
    """Do something with each of these jobs; one that refuses, or is not there, does not keep the others from it."""
    wanted = list(dict.fromkeys(ids))
    total = Done()
    try:
        for start in range(0, len(wanted), BATCH):
            with queue.store.transaction():
                done, acted_on = _each(queue, what, wanted[start : start + BATCH])
            _clean_up(queue, what, acted_on)
            total += done
    finally:
        queue.store.ring()
    return total


def act_on_all(queue: Queue, what: Act, query: JobFilter) -> Done:
    """Do something with all jobs that a filter lets through, the newest first, each at most once.

    The filter's order, cursor and limit do not matter. Where it names no states, only jobs are meant with which it can
    be done. Jobs that are added meanwhile stay as they are.
    """
    newest = queue.store.newest_id()
    before = newest + 1 if query.before is None else min(query.before, newest + 1)
    states = query.states or ACTS_ON[what]
    query = replace(query, states=states, before=before, order=Order.NEWEST, cursor=None, limit=BATCH)
    total = Done()
    try:
        while True:
            with queue.store.transaction():  # what is found is still so when it is acted on
                page = queue.store.page(query, seconds=SEARCH)
                done, acted_on = _each(queue, what, [job.id for job in page.jobs])
            _clean_up(queue, what, acted_on)
            total += done
            if page.cursor is None:
                return total
            query = replace(query, cursor=page.cursor)
    finally:
        queue.store.ring()


def retry_dead(queue: Queue) -> Done:
    """Run every dead job again, but for those whose key a live job has; of several with one key, the newest."""
    return act_on_all(queue, Act.RETRY, JobFilter(states=(State.DEAD,)))


def _each(queue: Queue, what: Act, ids: Sequence[int]) -> tuple[Done, Sequence[int]]:
    """Do it with each, in the caller's transaction; return what came of it, and the jobs with which it was done."""
    acted_on = []
    problems = []
    for job_id in ids:
        try:
            if what is Act.RETRY:
                queue.store.retry(job_id, actor=queue.actor)
            elif what is Act.CANCEL:
                queue.store.cancel(job_id, actor=queue.actor)
            else:
                queue.store.delete(job_id)
            acted_on.append(job_id)
        except (NotFound, WrongState) as exc:
            problems.append(Problem(job_id=job_id, detail=exc.message))
    return Done(done=len(acted_on), refused=len(problems), problems=problems[:PROBLEMS]), acted_on


def _clean_up(queue: Queue, what: Act, ids: Sequence[int]) -> None:
    if what is Act.DELETE:
        queue.remove_logs(ids)
