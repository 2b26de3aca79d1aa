"""The part of the Store protocol that is about lists of jobs, in pages."""

from typing import Protocol

from queuectl.model.job import Job
from queuectl.store.types import JobFilter, Page


class PageVerbs(Protocol):
    """Look at many jobs."""

    def jobs(self, query: JobFilter) -> list[Job]:
        """Return the jobs of one page; how many there are of others does not make it slower, unless it seeks a text.

        Raises:
            UsageError: the cursor is none of this order.
        """
        ...

    def page(self, query: JobFilter, *, seconds: float | None = None) -> Page:
        """Return a page of jobs, and where the next one begins.

        A tag or a text is looked for in job after job; with ``seconds``, only for about so long.

        Raises:
            UsageError: the cursor is none of this order.
        """
        ...
