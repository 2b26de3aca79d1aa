"""How far a job is: reports as jobs write them, and the time to the end from a job's own rate."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from queuectl.text import plain

MESSAGE_MAX = 200
HISTORY_MAX = 60
"""How many reports are enough to tell a rate."""

ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-Z\\^-~])")
"""What colours text and moves the cursor."""

_NUMBER = r"(-?\d{1,15}(?:[.,]\d*)?|-?[.,]\d+)"
_REPORT = re.compile(rf"{_NUMBER}\s*(?:(%)|/\s*{_NUMBER})?(?:\s+|$)(.*)", re.ASCII | re.DOTALL)

_RECENT_SHARE = 0.1
_RECENT_TIME = timedelta(seconds=30)
_ENOUGH_SHARE = 0.005
_ENOUGH_TIME = timedelta(seconds=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a job said it is, and when; ``fraction`` is between 0 and 1."""

    fraction: float
    message: str = ""
    at: datetime


def parse_report(line: str, *, at: datetime) -> Progress | None:
    """Read ``0.42``, ``42%`` or ``17/40``, each with a message behind it or none; None if it is nothing of these.

    What lies beyond an end is put there. A number above 1 without ``%`` says nothing: 42 may be anything. A count
    stays in its message, since ``17/40 files`` says more than ``files``.
    """
    match = _REPORT.fullmatch(ANSI.sub("", line[: 10 * MESSAGE_MAX]).strip())
    if match is None:
        return None
    number, percent, total, message = match.groups()
    value = _float(number)
    if percent:
        value /= 100
    elif total is not None:
        whole = _float(total)
        if whole <= 0:
            return None
        value /= whole
        message = f"{number}/{total} {message}"
    elif value > 1.01:  # what rounding adds to 1 is forgiven
        return None
    return Progress(fraction=min(max(value, 0.0), 1.0), message=clean(message), at=at)


def clean(message: str) -> str:
    """Make a message one plain line of at most 200 characters."""
    line = plain(" ".join(ANSI.sub("", message).split()))
    return line if len(line) <= MESSAGE_MAX else line[: MESSAGE_MAX - 1] + "\u2026"


def remember(history: Sequence[Progress], report: Progress) -> tuple[Progress, ...]:
    """Return the reports that tell a job's rate: since it last fell back, or the clock did, and not too many.

    Begin with ``Progress(fraction=0, at=started_at)``, so that the first report tells a rate already.
    """
    if history and (report.fraction < history[-1].fraction or report.at < history[-1].at):
        return (report,)
    kept = (*history, report)
    return kept if len(kept) <= HISTORY_MAX else (*kept[:-1:2], report)


def remaining(history: Sequence[Progress], *, now: datetime) -> float | None:
    """Return the seconds to the end at the rate of the newest tenth of the work; None until that can be told.

    A job that falls silent for longer than it used to is taken to have slowed down.
    """
    if not history:
        return None
    newest = history[-1]
    if newest.fraction >= 1:
        return 0.0
    first = 0
    for index, one in enumerate(history):
        if newest.fraction - one.fraction >= _RECENT_SHARE and newest.at - one.at >= _RECENT_TIME:
            first = index
    start = history[first]
    gained, elapsed = newest.fraction - start.fraction, newest.at - start.at
    if gained < _ENOUGH_SHARE or elapsed < _ENOUGH_TIME:
        return None
    silent = max(now - newest.at, timedelta())
    usual = min(silent, 2 * elapsed / (len(history) - 1 - first))
    took = (elapsed + silent - usual).total_seconds()
    return max((1 - newest.fraction) * took / gained - usual.total_seconds(), 0.0)


def _float(text: str) -> float:
    value = float(text.replace(",", "."))
    return value if math.isfinite(value) else 0.0
