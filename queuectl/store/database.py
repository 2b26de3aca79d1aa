"""What the verbs need of a database that speaks SQL: statements by name, rows, and locks where writers work at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Rows(Protocol):
    """What a statement has found."""

    @property
    def get(self) -> Any:
        """Return the only value there is; None when there is no row."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> Sequence[Any]:
        """Return all rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """A connection, as one verb has it.

    Whoever writes calls for the locks that he needs before he reads what he decides by, in this order: the graph,
    names, jobs. Where one transaction writes at a time, as in SQLite, they are nothing; else they last until its end.
    """

    @property
    def sql(self) -> Any:
        """Return the statements about jobs, hosts, queues, pauses and settings, by names that every database has."""
        ...

    @property
    def sql_pages(self) -> Any:
        """Return those about lists."""
        ...

    @property
    def sql_runs(self) -> Any:
        """Return those about ended runs."""
        ...

    @property
    def sql_schedules(self) -> Any:
        """Return those about schedules."""
        ...

    def execute(self, text: str, values: Any = ..., /) -> Rows:
        """Run a statement."""
        ...

    def executemany(self, text: str, values: Any, /) -> object:
        """Run a statement once for each of several values."""
        ...

    def gather(self, text: str, values: Any) -> list[Any]:
        """Return all rows of a statement, in as few steps as the database allows."""
        ...

    def candidates(self, values: dict[str, Any], most: int) -> list[Any]:
        """Return up to so many of the jobs that are ready, the best, and that nobody else is about to claim.

        ``values`` are ``queues``, ``closed`` (names as JSON, or None), ``places``, ``newest`` and ``now``.
        """
        ...

    def claim_plainly(self, values: dict[str, Any], most: int) -> tuple[list[Any], bool]:
        """Take up to so many of the jobs that are ready, the best, as long as there is nothing to decide.

        ``values`` are those of ``candidates``, and ``owner`` and ``expires``, of the lease.

        Returns:
            The rows as they are now, and whether that is all; else the rest has to go the long way.
        """
        ...

    def end_runs(self, runs: Sequence[Mapping[str, Any]], now: int, host_name: str) -> Sequence[tuple[int, str, bool]]:
        """End those runs whose lease is the current one, and count them; lock what that needs.

        Returns:
            Of each of these its ``place``, the state of its job, and whether somebody waits for that.
        """
        ...

    def changes(self) -> int:
        """Return how many rows the last statement changed."""
        ...

    def lock_graph(self) -> None:
        """Be the only one who changes what jobs wait for, and which of those with a mutex is first in line."""
        ...

    def try_graph(self) -> bool:
        """Do as ``lock_graph``, but where two might wait for each other, leave it; tell whether this one has it."""
        ...

    def lock_names(self, names: Iterable[str | None]) -> None:
        """Be the only one who adds something under these names: keys of jobs, tokens of batches."""
        ...

    def lock_jobs(self, job_ids: Iterable[int]) -> None:
        """Be the only one who changes these jobs."""
        ...

    def lock_queues(self) -> None:
        """Let nobody use a queue for the first time."""
        ...

    def lock_claims(self) -> bool:
        """Be the only one who claims from queues with a limit, or jobs with a mutex, if any such are ready.

        Returns:
            False when no limit can matter.
        """
        ...

    def reserve_ids(self, highest: int) -> None:
        """Give no id up to this one to a new job."""
        ...


class Connections(Protocol):
    """The way to a database, for any number of threads."""

    def close(self) -> None:
        """Close all connections; none may be in use."""
        ...

    def read(self) -> AbstractContextManager[Database]:
        """Lend a connection to look, in this thread's transaction if there is one."""
        ...

    def write(self) -> AbstractContextManager[Database]:
        """Run a verb's changes in a transaction, or in the one that this thread is in."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Run a transaction of several verbs, or join the one that this thread is in."""
        ...

    def changed(self) -> bool:
        """Tell whether another connection has committed since this thread's last call."""
        ...
