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
    database file has them in a folder of its own, named after it, so that two databases never mix.
    """

    database: Path
    files: Path
    """The folder that holds logs/, locks/ and drop/."""
    config: Path
    """This machine's settings, config.toml."""

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
    default = base / DATABASE_NAME
    path = Path(database).expanduser().absolute() if database else default
    same = path == default or (path.name == default.name and path.parent.resolve() == default.parent.resolve())
    files = base if same else path.with_name(path.name + ".files")
    return Paths(database=path, files=files, config=base / "config.toml")


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
