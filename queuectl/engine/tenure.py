"""For how long a run's lease surely lasts, by this machine's own clock.

Where other machines share the database, a lease that is not renewed ends, and then another host may run the job: so
its run here must be over by then, whether or not this host can still reach the database. What counts is the moment
before a claim or a renewal was sent, for the server reads its clock later; and time in which this machine sleeps.
"""

import math
from dataclasses import dataclass

MARGIN = (0.2, 0.15, 2.0)
"""How long before a lease's end its run is dead: at least, as a share of the lease, and at most; in seconds."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """A lease as its holder may rely on it: ``asked`` is when it was asked for, ``lasts`` its seconds from then on."""

    asked: float
    lasts: float

    @property
    def kill_at(self) -> float:
        """Return when its run must be dead, so that killing it does not take longer than the lease lasts."""
        least, share, most = MARGIN
        return self.asked + self.lasts - min(most, max(least, self.lasts * share))

    def stop_at(self, grace: float) -> float:
        """Return when to ask its run to end; ``grace`` is cut to half the lease, which renewals must have."""
        return max(self.kill_at - grace, self.asked + self.lasts / 2)


FOR_EVER = Tenure(0.0, math.inf)
"""Where only hosts of this machine take over a job: they see whether the one that runs it lives."""
