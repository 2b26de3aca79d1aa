"""Where queuectl keeps its things on this machine."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

DATABASE_NAME = "queue.db"


@dataclass(frozen=True, kw_only=True, slots=True)
class Paths:
    """The places that belong to one database.

    The default database has its logs, locks and drop folder beside it, in the data directory. Any other
    database file has them in a folder of its own, named after it, so that two databases never mix. A database on a
    server has them in the data directory of each machine, in a folder named after host and database.
    """

    database: Path | None
    """The file; None when the database is on a server."""
    address: str
    """What opens it: the file, or the server's URL with what it may have of a password."""
    files: Path
    """The folder that holds logs/, locks/ and drop/."""
    config: Path
    """This machine's settings, config.toml."""

    @property
    def holds_password(self) -> bool:
        """Tell whether the address is one that nobody else may see."""
        if self.database is not None:
            return False
        from urllib.parse import parse_qs

        try:
            user, _, _, options = _parts(self.address)
        except ValueError:
            return "@" in self.address
        return bool(user.partition(":")[2] or {"password", "sslpassword"} & set(parse_qs(options)))

    @property
    def is_shared(self) -> bool:
        """Tell whether hosts of other machines may have the same database."""
        return self.database is None

    @property
    def logs(self) -> Path:
        """Return the folder of the jobs' logs: ``logs/<id>/<attempt>.log``."""
        return self.files / "logs"

    @property
    def locks(self) -> Path:
        """Return the folder of the lock files."""
        return self.files / "locks"

    @property
    def drop(self) -> Path:
        """Return the default drop folder."""
        return self.files / "drop"

    def log(self, job_id: int, number: int) -> Path:
        """Return the log file of one attempt."""
        return Path(f"{self.files}/logs/{job_id}/{number}.log")


def home() -> Path:
    """Return the data directory: QUEUECTL_HOME, else the platform's place for a user's data."""
    override = os.environ.get("QUEUECTL_HOME")
    if override:
        return Path(override).expanduser().absolute()
    if sys.platform == "win32":
        from platformdirs import user_data_path

        return user_data_path("queuectl", appauthor=False)
    # What platformdirs says, too; but importing it would take a tenth of a command's time.
    given = os.environ.get("XDG_DATA_HOME", "")
    usual = "~/Library/Application Support" if sys.platform == "darwin" else "~/.local/share"
    return Path(given if os.path.isabs(given) else usual).expanduser() / "queuectl"  # noqa: PTH117 - a text


def locate(database: str | None = None) -> Paths:
    """Return the paths of the database at ``database``, or of the default one."""
    base = home()
    if database and is_url(database):
        files = base / "servers" / _folder_name(database)
        return Paths(database=None, address=database, files=files, config=base / "config.toml")
    default = base / DATABASE_NAME
    path = Path(database).expanduser().absolute() if database else default
    same = path == default or (path.name == default.name and path.parent.resolve() == default.parent.resolve())
    files = base if same else path.with_name(path.name + ".files")
    return Paths(database=path, address=str(path), files=files, config=base / "config.toml")


def is_url(location: str) -> bool:
    """Tell whether a database is on a server."""
    return "://" in location or location.lower().startswith(("postgresql:", "postgres:"))  # a slip, but no file


def _folder_name(url: str) -> str:
    """Return a name for a folder that tells host and database, and that no other database has."""
    import hashlib
    import re
    from urllib.parse import parse_qs, unquote

    try:
        user, host, path, options = _parts(url)
    except ValueError:
        return "unknown"  # whoever opens it says what is wrong with it
    query = parse_qs(options)
    host = host or query.get("host", [os.environ.get("PGHOST") or "localhost"])[0]
    name = unquote(path.strip("/")) or query.get("dbname", [""])[0] or unquote(user.partition(":")[0])
    whole = f"{unquote(host)}-{name}"
    plain = re.sub(r"[^A-Za-z0-9.-]", "_", whole)
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return plain if plain == whole and len(plain) <= 100 else f"{plain[-90:]}-{digest}"


def _parts(url: str) -> tuple[str, str, str, str]:
    """Return who connects, with the password, then host, database and options, as libpq divides a URL.

    A password may hold what other URLs would have to quote; nothing of it may be taken for a host.

    Raises:
        ValueError: it is none.
    """
    import re

    _, _, rest = url.partition("://" if "://" in url else ":")
    user, at, place = rest.partition("@")
    if not at or "/" in user:
        user, place = "", rest
    place, _, options = place.partition("?")
    host, _, path = place.partition("/")
    if not all(re.fullmatch(r"(\[[^]]*\]|[^][:@]*)(:\d*)?", one) for one in host.split(",")):
        raise ValueError("the host cannot be")
    return user, host, path, options


def from_home(directory: str | None) -> str:
    """Return where a job runs that nobody enqueued from a directory: the user's home, or a place seen from there.

    Raises:
        RuntimeError: it begins with ~ and the name of no user.
    """
    base = user_home()
    return str(base / Path(directory).expanduser()) if directory else str(base)


def user_home() -> Path:
    """Return the user's home directory: where a job runs that names no directory."""
    return Path.home()
