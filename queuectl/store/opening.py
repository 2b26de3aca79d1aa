"""Which store a queue has, by the address of its database."""

from queuectl.clock import Clock, SystemClock
from queuectl.errors import StoreUnavailable, UsageError
from queuectl.platform import bundle, machine
from queuectl.platform.paths import Paths
from queuectl.store.base import Store


def open_store(places: Paths, clock: Clock | None) -> Store:
    """Open the database of these places; without a clock, a server goes by its own and a file by this machine's.

    Raises:
        UsageError: its address is none.
        StoreUnavailable: it cannot be opened.
    """
    if places.database is not None:
        from queuectl.store.sqlite import SqliteStore

        lock = places.locks / "write.lock"
        return SqliteStore(places.database, lock, clock=clock or SystemClock(), machine=machine.identity())
    scheme = places.address.split(":")[0].lower()
    if scheme not in {"postgresql", "postgres"}:
        hint = "Name a file or a PostgreSQL database: --db queue.db, --db postgresql://user@host/database"
        raise UsageError(f"{scheme}:// is no database this version knows", hint=hint)
    bundle.ready_for_postgres()
    try:
        from queuectl.store.postgres import PostgresStore
        from queuectl.store.postgres.address import parse
    except ImportError as exc:
        hint = "Install it: pip install 'queuectl-tray[postgres]'"
        raise StoreUnavailable(f"what connects to PostgreSQL is missing here ({exc})", hint=hint) from exc
    store = PostgresStore(parse(places.address), clock=clock)
    try:
        places.locks.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        store.close()
        hint = "Check the folder's owner and permissions."
        raise StoreUnavailable(f"{places.locks} cannot be created: {exc.strerror or exc}", hint=hint) from exc
    return store


def refuse_password(places: Paths) -> None:
    """Refuse to put a password where others of this machine may see it: on a command line.

    Raises:
        UsageError: the address of the database holds one.
    """
    if places.holds_password:
        hint = "Keep it in ~/.pgpass, and leave it out of the URL."
        raise UsageError("others on this machine would see the password that the tray is started with", hint=hint)
