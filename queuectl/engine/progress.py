"""How far a run is: what it reports into its file, and percentages in its output where that is wished."""

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from queuectl.clock import Clock
from queuectl.model.progress import Progress, parse_report

if TYPE_CHECKING:
    from queuectl.model.progress_scan import ProgressScanner

VARIABLE = "QUEUECTL_PROGRESS"
"""Names, to a job, the file that it may append reports to: a line each, such as ``0.42 encoding``."""
INTERVAL = 0.5
"""Seconds between two notes of one run's progress in the database."""
_CHUNK = 64 * 1024


class ProgressReader:
    """Read one run's progress as it grows; belongs to one thread."""

    def __init__(self, reports: Path, log: Path, *, scan_output: bool, clock: Clock) -> None:
        self._reports = _Growing(reports)
        self._log = _Growing(log)
        self._clock = clock
        self._scanner = _scanner() if scan_output else None
        self._rest = b""
        self._news: Progress | None = None
        self._told = -INTERVAL
        self._told_what: tuple[float, str] | None = None

    def look(self) -> Progress | None:
        """Return the run's progress if there is news, a few times a second at most."""
        now = self._clock.now()
        self._news = self._reported(now) or self._scanned(now) or self._news
        if self._news is None or self._clock.monotonic() - self._told < INTERVAL:
            return None
        news, self._news = self._news, None
        if self._told_what == (news.fraction, news.message):
            return None
        self._told, self._told_what = self._clock.monotonic(), (news.fraction, news.message)
        return news

    def _reported(self, now: datetime) -> Progress | None:
        *lines, self._rest = (self._rest + self._reports.read()).split(b"\n")
        texts = (line.decode("utf-8", "replace") for line in reversed(lines) if line.strip())
        return next((report for text in texts if (report := parse_report(text, at=now))), None)

    def _scanned(self, now: datetime) -> Progress | None:
        if self._scanner is None:
            return None
        chunk = self._log.read()
        fraction = self._scanner.feed(chunk) if chunk else None
        return None if fraction is None else Progress(fraction=fraction, at=now)


def _scanner() -> "ProgressScanner":
    from queuectl.model.progress_scan import ProgressScanner  # few jobs wish it

    return ProgressScanner()


class _Growing:
    """The new end of a file that may not be there yet, or be cut in its middle."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._offset = 0

    def read(self) -> bytes:
        try:
            size = os.stat(self._path).st_size  # noqa: PTH116 - several times a second for each run
            if size == self._offset:
                return b""
            start = max(self._offset if size > self._offset else 0, size - _CHUNK)
            with open(self._path, "rb") as file:  # noqa: PTH123
                file.seek(start)
                data = file.read(_CHUNK)
        except OSError:
            return b""
        self._offset = start + len(data)
        return data
