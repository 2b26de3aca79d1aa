"""PostgreSQL's errors as ours, so that each says what to do next; no message of them holds a password."""

from types import TracebackType

import psycopg
from psycopg import errors

from queuectl.errors import QueuectlError, StoreBusy, StoreCorrupt, StoreFull, StoreUnavailable, UsageError

_GONE = "Is the server running, and can this machine reach it? It is tried again as long as a host runs."


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
    said = _said(exc)
    match exc:
        case errors.InvalidPassword() | errors.InvalidAuthorizationSpecification():
            return StoreUnavailable(f"{location} refused the user or the password: {said}", hint=_WHO)
        case errors.InvalidCatalogName():
            hint = "Create it (createdb), or name another one in the URL."
            return StoreUnavailable(f"{location}: {said}", hint=hint)
        case errors.InsufficientPrivilege():
            hint = "The user needs CREATE on the database once, and then all rights on its schema queuectl."
            return StoreUnavailable(f"{location}: {said}", hint=hint)
        case errors.ReadOnlySqlTransaction():
            hint = (
                "It is a standby, or set to read only. Name the primary in the URL (target_session_attrs=read-write)."
            )
            return StoreUnavailable(f"{location} cannot be written: {said}", hint=hint)
        case errors.DeadlockDetected() | errors.SerializationFailure() | errors.LockNotAvailable():
            return StoreBusy(f"{location} is held by another transaction ({said})", hint="Try again.")
        case errors.TooManyConnections():
            return StoreBusy(f"{location} has no connection left ({said})", hint="Raise its max_connections.")
        case errors.DiskFull() | errors.OutOfMemory() | errors.InsufficientResources():
            return StoreFull(f"{location} cannot grow: {said}")
        case errors.UndefinedTable() | errors.UndefinedColumn() | errors.DataCorrupted() | errors.IndexCorrupted():
            return StoreCorrupt(f"{location} is damaged: {said}", hint="Restore a backup of its schema queuectl.")
        case errors.UntranslatableCharacter() | errors.CharacterNotInRepertoire():
            return UsageError(f"a text cannot be kept: {said}")
        case psycopg.DataError():
            return UsageError(f"a value cannot be kept: {said}")
        case psycopg.OperationalError() if exc.sqlstate is None:
            return unreachable(exc, location)
        case psycopg.OperationalError():
            return StoreUnavailable(f"{location} went away: {said}", hint=_GONE)
    return StoreUnavailable(f"{location} cannot be used: {said}")


_WHO = "Check them in the URL, in ~/.pgpass, or in PGPASSWORD."


def unreachable(exc: psycopg.Error, location: str) -> StoreUnavailable:
    """Return the error for a server with which no connection came about, or no longer is."""
    said = _said(exc)
    if "authentication" in said or "no password" in said or "role" in said:
        return StoreUnavailable(f"{location} refused the user or the password: {said}", hint=_WHO)
    if "certificate" in said or "SSL" in said:
        hint = (
            "The connection must be encrypted, and the server's certificate be valid for its name. Name the authority "
            "that signed it in the URL: sslrootcert=FILE. Only in a network that you trust: sslmode=require."
        )
        return StoreUnavailable(f"{location} cannot be trusted: {said}", hint=hint)
    if "does not exist" in said:
        hint = "Create it (createdb), or name another one in the URL."
        return StoreUnavailable(f"{location}: {said}", hint=hint)
    return StoreUnavailable(f"{location} cannot be reached: {said}", hint=_GONE)


def nameless(exc: OSError, location: str) -> StoreUnavailable:
    """Return the error for a server whose name has no address."""
    return StoreUnavailable(f"{location} cannot be reached: its name cannot be looked up ({exc.strerror})", hint=_GONE)


def _said(exc: psycopg.Error) -> str:
    """Return what the server said, in one line; it never repeats what it was sent."""
    text = exc.diag.message_primary or str(exc)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines and exc.sqlstate is None else " ".join(lines)
