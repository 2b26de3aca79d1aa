"""How many jobs a host claims ahead of its free workers, learnt from how long runs and commits take."""

import math
import time

from queuectl.model.job import Outcome

GATHER = 0.0015
"""Seconds that reports are left to gather while the workers still have something to do."""
SHORT = 0.05
"""Seconds; only runs shorter than this are claimed ahead of a free worker."""
AHEAD = 16
"""Most jobs claimed ahead for each worker."""
STUCK = 0.5
"""Seconds without a claim or the end of any run, after which what was claimed ahead is for somebody else."""
_WEIGHT = 0.1


class Pace:
    """Learn what is typical as moving averages, in seconds; belongs to one thread."""

    def __init__(self) -> None:
        self._run = math.inf
        self._commit = 0.002
        self._last_moved = time.monotonic()

    def claimed(self) -> None:
        """Learn that there are new runs, which the workers take in a moment."""
        self._last_moved = time.monotonic()

    def ended(self, outcome: Outcome) -> None:
        """Learn from a run."""
        self._last_moved = time.monotonic()
        if outcome.started_at is not None:
            lasted = (outcome.finished_at - outcome.started_at).total_seconds()
            self._run = lasted if math.isinf(self._run) else self._run + _WEIGHT * (lasted - self._run)

    def committed(self, seconds: float) -> None:
        """Learn from a transaction."""
        self._commit += _WEIGHT * (min(seconds, 0.1) - self._commit)

    def ahead(self, workers: int) -> int:
        """Return how many jobs to hold beyond the workers: twice what they can run while reports are committed."""
        if self._run >= SHORT:
            return 0
        return min(AHEAD, math.ceil(2 * (self._commit + GATHER) / max(self._run, 1e-4))) * workers

    def is_stuck(self) -> bool:
        """Tell whether no run has come or ended for a while; then none is short until one is seen to be."""
        if time.monotonic() - self._last_moved < STUCK:
            return False
        self._run = SHORT
        return True
