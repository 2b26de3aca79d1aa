"""A picture of who ran what and when: runs laid out in lanes, one for each worker's place that they took up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from queuectl.model.job import Job, OutcomeKind

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run; ``finished_at`` and ``outcome`` are None while it goes on."""

    job_id: int
    number: int
    title: str
    host: str
    host_name: str
    started_at: datetime
    finished_at: datetime | None
    outcome: OutcomeKind | None

    @classmethod
    def of(cls, job: Job, host_name: str) -> "Run":
        """Return the run of a job that runs now."""
        return cls(
            job_id=job.id, number=job.runs, title=job.spec.title, host=job.lease.owner if job.lease else "",
            host_name=host_name, started_at=job.started_at or job.updated_at, finished_at=None, outcome=None,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """Runs of one host of which each began when the one before had ended."""

    host: str
    host_name: str
    runs: Sequence[Run]


def lay_out(runs: Iterable[Run], limit: int) -> list[Lane]:
    """Lay out up to ``limit`` runs, of more those that ended last, in as few lanes as can be.

    The lanes stand by their hosts' names, those of one host in the order in which they were first used.
    """
    newest = sorted(runs, key=lambda run: (_end(run), run.job_id, run.number), reverse=True)[: max(0, limit)]
    lanes: dict[str, list[list[Run]]] = {}
    for run in sorted(newest, key=lambda run: (run.started_at, run.job_id, run.number)):
        of_host = lanes.setdefault(run.host, [])
        free = next((lane for lane in of_host if _end(lane[-1]) <= run.started_at), None)
        if free is None:
            of_host.append([run])
        else:
            free.append(run)
    found = [
        Lane(host=host, host_name=of_host[0][0].host_name, runs=lane)
        for host, of_host in lanes.items()
        for lane in of_host
    ]
    return sorted(found, key=lambda lane: (lane.host_name, lane.host))  # it keeps what is equal in its order


def _end(run: Run) -> datetime:
    """Return when a run ended; a clock that was set back ends none before it began."""
    return _NEVER if run.finished_at is None else max(run.started_at, run.finished_at)
