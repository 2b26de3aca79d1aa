"""When a file is ready: nobody has changed it for a while, and it is not put off because of trouble."""

from dataclasses import dataclass
from pathlib import Path

_RETRY_FIRST, _RETRY_MAX = 0.5, 30.0


class Trouble:
    """Something that keeps failing: how long to leave it alone, and whether that is news."""

    def __init__(self) -> None:
        self._tries = 0
        self._said = ""

    def pause(self) -> float:
        """Count a failure and return the seconds before the next try: 0.5, 1, 2... at most 30."""
        self._tries += 1
        return min(_RETRY_MAX, _RETRY_FIRST * 2.0 ** min(self._tries - 1, 10))

    def is_news(self, reason: str, *, quiet_tries: int = 0) -> bool:
        """Tell whether this reason is worth a message: not the same again, and not the first few failures."""
        if self._tries <= quiet_tries or reason == self._said:
            return False
        self._said = reason
        return True


@dataclass(slots=True)
class _Sighting:
    """A file as it has looked since ``since``; ``due`` is when it is worth another look. Times are monotonic."""

    looks: tuple[int, int, int]
    since: float
    due: float
    trouble: Trouble


class Sightings:
    """Remember how files looked; one that changes starts anew."""

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._files: dict[Path, _Sighting] = {}

    def is_ready(self, path: Path, now: float) -> bool:
        """Look at a file and tell whether it is settled and due.

        Raises:
            OSError: it cannot be looked at.
        """
        info = path.lstat()
        looks = (info.st_ino, info.st_size, info.st_mtime_ns)
        seen = self._files.get(path)
        if seen is None or seen.looks != looks:
            self._files[path] = _Sighting(looks=looks, since=now, due=now + self._settle, trouble=Trouble())
            return False
        return now >= seen.due

    def age(self, path: Path, now: float) -> float:
        """Return the seconds since the file was first seen as it is; 0 where it was not."""
        return now - self._files[path].since if path in self._files else 0.0

    def put_off(self, path: Path, due: float) -> None:
        """Leave a file alone until ``due``."""
        if path in self._files:
            self._files[path].due = due

    def trouble(self, path: Path, now: float) -> Trouble:
        """Return the trouble with a file, which may not even have been looked at."""
        nothing = (0, 0, 0)
        return self._files.setdefault(path, _Sighting(looks=nothing, since=now, due=now, trouble=Trouble())).trouble

    def renamed(self, source: Path, target: Path) -> None:
        """Know a file by its new name."""
        if source in self._files:
            self._files[target] = self._files.pop(source)

    def forget_all_but(self, paths: set[Path]) -> None:
        """Forget the files that are gone."""
        self._files = {path: seen for path, seen in self._files.items() if path in paths}

    def next_due(self) -> float | None:
        """Return when a look is worth it again, or None where nothing waits."""
        return min((seen.due for seen in self._files.values()), default=None)
