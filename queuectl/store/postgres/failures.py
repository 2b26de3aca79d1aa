"""PostgreSQL's errors as ours, so that each says what to do next; no message of them holds a password."""

from types import TracebackType

import psycopg
from psycopg import errors

from queuectl.errors import QueuectlError, StoreBusy, StoreCorrupt, StoreFull, StoreUnavailable, UsageError

_GONE = "Is the server running, and can this machine reach it? It is tried again as long as a host runs."
_DOUBT = "Look whether it is done before you do it again: queuectl list"


class Uncertain(StoreUnavailable):
    """The connection was lost while a transaction was committed by process ``backend`` of the server."""

    def __init__(self, location: str, words: str, backend: int) -> None:
        super().__init__(f"{location} went away, and may or may not have kept the changes ({words})", hint=_DOUBT)
        self.backend = backend


class Translated:
    """Turn the database's errors into ours; around several verbs, what is not the database's is the caller's."""

    def __init__(self, location: str, *, verb: bool) -> None:
        self._location = location
        self._verb = verb

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        error: QueuectlError | None = None
        if isinstance(exc, psycopg.Error):
            error = explained(exc, self._location)
        elif self._verb and isinstance(exc, UnicodeEncodeError):
            error = UsageError(f"{exc.object[:50]!r} is not valid Unicode")
        elif self._verb and isinstance(exc, ValueError | OverflowError):
            error = StoreCorrupt(f"{self._location} is damaged: it holds what queuectl never wrote ({exc})")
        if error is not None:
            raise error from exc


def explained(exc: psycopg.Error, location: str) -> QueuectlError:  # noqa: C901 - a table: one case a kind of error
    """Return the error to raise instead."""
    words = said(exc)
    match exc:
        case errors.InvalidPassword() | errors.InvalidAuthorizationSpecification():
            return StoreUnavailable(f"{location} refused the user or the password: {words}", hint=_WHO)
        case errors.InvalidCatalogName():
            hint = "Create it (createdb), or name another one in the URL."
            return StoreUnavailable(f"{location}: {words}", hint=hint)
        case errors.InsufficientPrivilege():
            hint = "The user needs CREATE on the database once, then all rights on its schema queuectl and its tables."
            return StoreUnavailable(f"{location}: {words}", hint=hint)
        case errors.ReadOnlySqlTransaction():
            return read_only(location, words)
        case errors.DeadlockDetected() | errors.SerializationFailure() | errors.LockNotAvailable():
            return StoreBusy(f"{location} is held by another transaction ({words})", hint="Try again.")
        case errors.TooManyConnections():
            return StoreBusy(f"{location} has no connection left ({words})", hint="Raise its max_connections.")
        case errors.DiskFull() | errors.OutOfMemory() | errors.InsufficientResources():
            return StoreFull(f"{location} cannot grow: {words}")
        case errors.UndefinedTable() | errors.UndefinedColumn() | errors.DataCorrupted() | errors.IndexCorrupted():
            return StoreCorrupt(f"{location} is damaged: {words}", hint="Restore a backup of its schema queuectl.")
        case errors.UntranslatableCharacter() | errors.CharacterNotInRepertoire():
            return UsageError(f"a text cannot be kept: {words}")
        case psycopg.DataError():
            return UsageError(f"a value cannot be kept: {words}")
        case psycopg.OperationalError() if exc.sqlstate is None:
            return unreachable(exc, location)
        case psycopg.OperationalError():
            return StoreUnavailable(f"{location} went away: {words}", hint=_GONE)
    return StoreUnavailable(f"{location} cannot be used: {words}")


_WHO = "Check them in the URL, in ~/.pgpass, or in PGPASSWORD."


def read_only(location: str, words: str) -> StoreUnavailable:
    """Return the error for a server that takes no changes."""
    hint = (
        "It is a standby, or set to read only. Name the primary, or all servers: postgresql://user@one,other/database"
    )
    return StoreUnavailable(f"{location} cannot be written: {words}", hint=hint)


def unreachable(exc: psycopg.Error, location: str) -> StoreUnavailable:
    """Return the error for a server with which no connection came about, or no longer is."""
    words = said(exc)
    if "authentication" in words or "no password" in words or "role" in words:
        return StoreUnavailable(f"{location} refused the user or the password: {words}", hint=_WHO)
    if "read-only" in words or "hot standby" in words:
        return read_only(location, words)
    if "certificate" in words or "SSL" in words:
        hint = (
            "The connection must be encrypted, and the server's certificate be valid for its name. Name the authority "
            "that signed it in the URL: sslrootcert=FILE. Only in a network that you trust: sslmode=require."
        )
        return StoreUnavailable(f"{location} cannot be trusted: {words}", hint=hint)
    if "does not exist" in words:
        hint = "Create it (createdb), or name another one in the URL."
        return StoreUnavailable(f"{location}: {words}", hint=hint)
    return StoreUnavailable(f"{location} cannot be reached: {words}", hint=_GONE)


def nameless(exc: OSError, location: str) -> StoreUnavailable:
    """Return the error for a server whose name has no address."""
    return StoreUnavailable(f"{location} cannot be reached: its name cannot be looked up ({exc.strerror})", hint=_GONE)


_GUESSES = (
    "Is the server running",
    "This probably means",
    "before or while processing",
    "Multiple connection attempts",
    "- host",
)
"""How lines begin that say no more than our own hint, or all once more."""


def said(exc: psycopg.Error) -> str:
    """Return what the server said, in one line; it never repeats what it was sent."""
    text = exc.diag.message_primary or str(exc)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith(_GUESSES)]
    return lines[-1] if lines and exc.sqlstate is None else " ".join(lines)
