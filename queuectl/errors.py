"""Every error a user can meet, with its exit code and a hint on what to do next.

QueuectlError                 1  the operation failed
|-- UsageError                2  what was asked for makes no sense
|   |-- InvalidJob                 a job's field is missing, of the wrong type or out of range
|   |-- InvalidSetting             a setting's value is of the wrong type or out of range
|   |-- InvalidSchedule            a schedule that cannot be understood or never happens
|   `-- InvalidJobFile             a .job file that cannot be understood, with its line
|-- NotFound                  3  no such job, key, queue or setting
|-- WrongState                4  the job's state does not allow it
|   `-- LeaseLost                  a report came from a worker whose lease is no longer the current one
|-- StoreUnavailable          5  the database cannot be opened, read or written
|   |-- StoreBusy                  another program held the database too long
|   |-- StoreFull                  the disk is full
|   |-- StoreCorrupt               the file is damaged, or no database of queuectl's
|   `-- StoreTooNew                a newer version of queuectl has changed its schema
|-- HostRequired              6  nothing is running that could do it
|-- DropFolderRefused         1  others could put jobs into the drop folder
`-- Forbidden                 1  the page and the HTTP API may not do it
"""

from typing import ClassVar


class QueuectlError(Exception):
    """Say what went wrong, where, and what to do next."""

    exit_code: ClassVar[int] = 1
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint


class UsageError(QueuectlError):
    """What was asked for makes no sense."""

    exit_code = 2


class InvalidJob(UsageError):
    """A job's field is missing, of the wrong type or out of range."""

    def __init__(self, message: str, *, field: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.field = field


class InvalidSetting(UsageError):
    """A setting's value is of the wrong type or out of range."""


class InvalidSchedule(UsageError):
    """A schedule's rule, interval or time zone cannot be understood, or it never happens."""


class InvalidJobFile(UsageError):
    """A .job file cannot be understood; ``line`` counts from 1 and is None where no line is to blame."""

    def __init__(self, message: str, *, line: int | None = None, hint: str | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}", hint=hint)
        self.line = line


class NotFound(QueuectlError):
    """No such job, key, queue or setting."""

    exit_code = 3


class WrongState(QueuectlError):
    """The job's state does not allow what was asked for."""

    exit_code = 4


class LeaseLost(WrongState):
    """A report came from a worker whose lease is no longer the current one; it changed nothing."""


class StoreUnavailable(QueuectlError):
    """The database cannot be opened, read or written."""

    exit_code = 5
    default_hint = "Run 'queuectl doctor' to see what this machine lacks."


class StoreBusy(StoreUnavailable):
    """Another program held the database too long."""

    default_hint = "Another program holds the database. Close it, then try again."


class StoreFull(StoreUnavailable):
    """The disk is full."""

    default_hint = "Free some space, or remove old jobs with 'queuectl prune'. Nothing that was accepted is lost."


class StoreCorrupt(StoreUnavailable):
    """The file is damaged, or no database of queuectl's."""

    default_hint = "Point --db at another file, or move this one away and restore a backup."


class StoreTooNew(StoreUnavailable):
    """A newer version of queuectl has changed the schema."""

    default_hint = "Update this queuectl to the version that the other programs on this database have."


class HostRequired(QueuectlError):
    """Nothing is running that could do it."""

    exit_code = 6
    default_hint = "Start one: queuectl serve"


class DropFolderRefused(QueuectlError):
    """Others could put jobs into the drop folder, so it is not watched."""


class Forbidden(QueuectlError):
    """The page and the HTTP API may not do it, since a setting forbids it or it guards them."""
