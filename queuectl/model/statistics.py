"""What a queue has done: runs, their success, and how long they and their waits took, by queue and name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from queuectl.model.job import OutcomeKind


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFact:
    """One run that has ended; times in seconds, ``waited`` None for a retry that waited by design."""

    queue: str
    name: str
    outcome: OutcomeKind
    took: float
    waited: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """The runs of one queue and name, in seconds; the percentiles are of all runs, whatever their end."""

    queue: str
    name: str
    runs: int
    completed: int
    took_p50: float
    took_p95: float
    took_total: float
    waited_p50: float | None
    waited_p95: float | None

    @property
    def success(self) -> float:
        """Return the share of runs that completed."""
        return self.completed / self.runs


def summarize(facts: Iterable[RunFact]) -> list[Summary]:
    """Sum up runs by queue and name, the busiest first."""
    groups: dict[tuple[str, str], list[RunFact]] = {}
    for fact in facts:
        groups.setdefault((fact.queue, fact.name), []).append(fact)
    found = [_summary(queue, name, group) for (queue, name), group in groups.items()]
    return sorted(found, key=lambda one: (-one.took_total, one.queue, one.name))


def _summary(queue: str, name: str, group: Sequence[RunFact]) -> Summary:
    took = sorted(fact.took for fact in group)
    waited = sorted(fact.waited for fact in group if fact.waited is not None)
    return Summary(
        queue=queue,
        name=name,
        runs=len(group),
        completed=sum(fact.outcome is OutcomeKind.COMPLETED for fact in group),
        took_p50=percentile(took, 50),
        took_p95=percentile(took, 95),
        took_total=sum(took),
        waited_p50=percentile(waited, 50) if waited else None,
        waited_p95=percentile(waited, 95) if waited else None,
    )


def percentile(ordered: Sequence[float], share: int) -> float:
    """Return the smallest of some ordered values that ``share`` percent of them do not exceed (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]
