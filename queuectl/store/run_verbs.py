"""The part of the Store protocol that is about runs that have ended, counted and one by one."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from queuectl.model.job import Job
from queuectl.store.types import RunCount, RunTotal

if TYPE_CHECKING:  # every command would pay for what few verbs speak of
    from queuectl.model.statistics import RunFact
    from queuectl.model.timeline import Run


class RunVerbs(Protocol):
    """Look back at what has run; but for ``runs_since``, the cost does not grow with the number of jobs."""

    def runs_since(self, since: datetime) -> "list[RunFact]":
        """Return the runs that have ended since a moment."""
        ...

    def run_counts(self, since: datetime, step: float) -> list[RunCount]:
        """Count the runs that ended since a moment by outcome, in steps of seconds from there; by whole minutes.

        A step in which none ended is left out.
        """
        ...

    def run_totals(self) -> list[RunTotal]:
        """Return how many runs have ever ended, by queue and outcome; these never go down."""
        ...

    def forget_run_counts(self, before: datetime) -> None:
        """Forget the counts of minutes before a moment; the totals stay."""
        ...

    def recent_runs(self, since: datetime, limit: int) -> "list[Run]":
        """Return up to ``limit`` of the runs that ended since a moment, which ended last first."""
        ...

    def recent(self, limit: int) -> list[Job]:
        """Return up to ``limit`` jobs whose last run has ended and that do not run or wait for it again but by failure.

        Which ended last comes first. Behind a thousand runs that others have followed it looks no further.
        """
        ...

    def dead_with_tails(self, limit: int, queue: str | None = None) -> Sequence[tuple[Job, str]]:
        """Return dead jobs, which died last first, each with the last 2,000 characters that are kept of its output."""
        ...
