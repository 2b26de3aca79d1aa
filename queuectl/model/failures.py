"""What dead jobs died of: their errors, each a line, and the jobs that have one in common."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from queuectl.model.job import Job

LONGEST = 200
"""Characters of an error."""
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
"""What moves a terminal's cursor, colours, or names its window."""
_VARIES = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # a UUID
    r"|0x[0-9a-f]+"
    r"|\b(?=[a-f]*[0-9])[0-9a-f]{6,}\b"  # an id or a sum
    r"|[0-9]+(?:[.:,][0-9]+)*",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Dead jobs with one error in common, and the ends of their outputs, in the order they were given."""

    error: str
    """As the first of them has it."""
    jobs: Sequence[tuple[Job, str]]


def group(dead: Iterable[tuple[Job, str]]) -> list[Failure]:
    """Group dead jobs, given with the ends of their outputs, by their errors, the most frequent first.

    Errors that differ in their numbers alone count as one, unless the number is the exit code.
    """
    groups: dict[tuple[int | None, str], list[tuple[Job, str]]] = {}
    for job, tail in dead:
        groups.setdefault((job.exit_code, _VARIES.sub("#", error_of(job, tail))), []).append((job, tail))
    found = [Failure(error=error_of(*jobs[0]), jobs=jobs) for jobs in groups.values()]
    return sorted(found, key=lambda one: -len(one.jobs))  # it keeps what is equal in its order


def error_of(job: Job, tail: str) -> str:
    """Return what a job died of, in one line: the last of its output that says something, and why it was given up."""
    reason = _clean(job.reason or "")
    line = next(
        (line for line in map(_clean, reversed(re.split(r"[\r\n]+", _ESCAPE.sub("", tail)))) if _says(line)), ""
    )
    if not line or line == reason:
        return reason or "for an unknown reason"
    return f"{line} ({reason})" if reason else line


def _clean(text: str) -> str:
    """Return a text on one line, without what a terminal would obey, cut to what fits."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(shown.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _says(line: str) -> bool:
    return any(char.isalnum() for char in line)
