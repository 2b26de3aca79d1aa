"""Which of the jobs that are ready a host takes now: slots, limits and mutexes, as one pure decision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """What a host has room for.

    ``free`` of its ``workers`` have nothing to do. Beyond them it takes ``ahead`` short jobs of one slot, so that a
    worker never waits for a commit; that counts only while no job takes more than one slot. ``jobs`` is the most that
    it takes, whatever room there is.
    """

    workers: int
    free: int
    ahead: int = 0
    jobs: int = 1_000_000_000

    @property
    def most(self) -> int:
        """Return how many jobs it can take at most."""
        return max(0, min(self.free + self.ahead, self.jobs))


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a decision needs to know of a job that is ready."""

    id: int
    queue: str
    slots: int = 1
    mutex: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """What was decided: who is taken, and whether more of the same room would have been of use."""

    taken: Sequence[int]
    room: Room
    """What is left."""
    waiting: bool
    """Whether the first in line waits for more room than there is; nobody behind it is let past."""


def admit(
    candidates: Sequence[Candidate], room: Room, *, limits: Mapping[str, int], held: Collection[str]
) -> Admission:
    """Take candidates in their order, as many as there is room for.

    ``limits`` says how many more jobs of a queue may run (a queue that is absent has no limit), ``held`` which mutexes
    somebody has. Whom a limit or mutex stops is left out, and the next may go; who lacks only slots is waited for, so
    that a job of many slots does not starve behind small ones.
    """
    taken: list[int] = []
    left = dict(limits)
    closed = set(held)
    free, ahead, jobs = room.free, room.ahead, room.jobs
    waiting = False
    for job in candidates:
        if left.get(job.queue, 1) <= 0 or job.mutex in closed:
            continue
        slots = min(job.slots, room.workers)
        if jobs <= 0 or slots > (free + ahead if slots == 1 else free):
            waiting = True
            break
        taken.append(job.id)
        jobs -= 1
        free -= slots
        if slots > 1:
            ahead = 0
        if job.queue in left:
            left[job.queue] -= 1
        if job.mutex is not None:
            closed.add(job.mutex)
    return Admission(taken=taken, room=Room(workers=room.workers, free=free, ahead=ahead, jobs=jobs), waiting=waiting)
