"""Export jobs with their whole history, and import them: the use cases behind ``export`` and ``import``."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from queuectl import __version__
from queuectl.errors import UsageError
from queuectl.model.archive import Record, check_header, from_line, header, renumbered, to_line
from queuectl.model.job import Job
from queuectl.queue import Queue

PAGE = 500
"""Jobs read at a time."""


def export(queue: Queue, wanted: Callable[[Job], bool] = lambda _: True) -> Iterator[str]:
    """Yield the lines of an export, the oldest job first; logs stay where they are, only their tails come along."""
    yield header(__version__)
    after = 0
    while page := queue.store.records(after, PAGE):
        for record in page:
            if wanted(record.job):
                yield to_line(record)
        after = page[-1].job.id


def read(lines: Iterable[str]) -> list[Record]:
    """Read an export.

    Raises:
        UsageError: names the line that is none of an export.
    """
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            if number == 1:
                check_header(line)
            elif line.strip():
                records.append(from_line(line))
        except UsageError as exc:
            raise UsageError(f"line {number}: {exc.message}", hint=exc.hint) from None
    return records


def restore(queue: Queue, records: list[Record]) -> dict[int, int]:
    """Keep jobs with their history, all or none; where the queue has ever had jobs, they get new ids.

    Returns:
        The new ids by the old ones.

    Raises:
        WrongState: a live job has the key of one of them.
    """
    with queue.store.transaction():
        newest = queue.store.newest_id()
        first = newest + 1 if newest else None  # no id is given twice, not even that of a job that is gone
        ids = {
            record.job.id: record.job.id if first is None else first + place
            for place, record in enumerate(sorted(records, key=lambda record: record.job.id))
        }
        if records:
            queue.store.restore([_own(renumbered(record, ids)) for record in records])
    queue.store.ring()
    return ids


def _own(record: Record) -> Record:
    return replace(record, waits=[wait for wait in record.waits if wait.parent_id != wait.job_id])
