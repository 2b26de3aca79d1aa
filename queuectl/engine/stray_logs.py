"""Removes the logs that lie here of jobs that another machine has forgotten, which sees only its own."""

from itertools import islice

from queuectl.queue import Queue

AT_ONCE = 5000


def remove_stray_logs(jobs: Queue) -> int:
    """Look at each log here, and remove those of jobs that are gone; return of how many.

    Raises:
        StoreUnavailable: the database cannot be asked.
    """
    newest = jobs.store.newest_id()
    try:
        names = [path.name for path in jobs.paths.logs.iterdir()]
    except FileNotFoundError:
        return 0
    # What is newer than any job may belong to one that is still to be restored.
    ids = (int(name) for name in names if name.isascii() and name.isdigit() and int(name) <= newest)
    count = 0
    while some := list(islice(ids, AT_ONCE)):
        gone = jobs.store.missing(some)
        jobs.remove_logs(gone)
        count += len(gone)
    return count
