"""Lists of jobs in a store."""

from queuectl.clock import Clock
from queuectl.model.job import Job
from queuectl.store.database import Connections
from queuectl.store.types import JobFilter, Page


class ListsVerbs:
    """Implement the Store protocol's verbs about lists of jobs."""

    _db: Connections
    _clock: Clock

    def jobs(self, query: JobFilter) -> list[Job]:
        return list(self.page(query).jobs)

    def page(self, query: JobFilter, *, seconds: float | None = None) -> Page:
        from queuectl.store import pages  # a command that lists nothing does not pay for it

        with self._db.read() as db:
            return pages.page(db, query, self._clock, seconds)
