"""A log as it grows, for a page that watches a run."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from queuectl import elsewhere
from queuectl.errors import NotFound, QueuectlError
from queuectl.model.state import State
from queuectl.platform.code_page import decode

if TYPE_CHECKING:
    from queuectl.queue import Queue

LOOK = 0.25
"""Seconds between two looks at a log."""
CHUNK = 64 * 1024
"""Bytes of one event at most; behind a job that writes faster, what lies between is left out."""
BEHIND = 1024 * 1024
"""Bytes that a page may lag behind before it is told to begin anew at the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """The log of one run."""

    job_id: int
    number: int
    path: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """What has been read: bytes ``start`` to ``end``; ``dropped`` when the page has to begin anew with it."""

    start: int
    end: int
    data: bytes
    dropped: bool
    over: bool
    """Whether the run has ended and nothing more is to come."""


class LogStreams:
    """Follow logs over one queue, until the host stops."""

    def __init__(self, queue: "Queue", stopped: Callable[[], bool]) -> None:
        self._queue = queue
        self._stopped = stopped

    def find(self, job: str, number: str) -> Where:
        """Return where a run's log is.

        Raises:
            NotFound: there is no such job or run.
        """
        found = self._queue.find(job)
        wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        if not 1 <= wanted <= found.runs:
            raise NotFound(f"job {found.id} has no run {number[:20]}")
        return Where(job_id=found.id, number=wanted, path=self._queue.paths.log(found.id, wanted))

    async def follow(self, where: Where, begin: int, pool: Executor) -> AsyncGenerator[bytes]:
        """Yield server-sent events from byte ``begin`` on, until the run has ended and all of it was told."""
        loop = asyncio.get_running_loop()
        position = begin
        while not self._stopped():
            piece = await loop.run_in_executor(pool, self._read, where, position)
            if piece.data or piece.dropped:
                text = decode(piece.data)
                value = {"start": piece.start, "end": piece.end, "text": text, "dropped": piece.dropped}
                yield _event("log", value)
            position = piece.end
            if piece.over:
                yield _event("end", {})
                return
            if len(piece.data) < CHUNK // 2:
                await asyncio.sleep(LOOK)

    def _read(self, where: Where, position: int) -> Piece:
        """Read on; the state first, so that what was written before the end was seen is told."""
        try:
            job = self._queue.store.get(where.job_id)
            running = job.state is State.PROCESSING and job.runs == where.number
            with where.path.open("rb") as log:
                size = log.seek(0, 2)
                dropped = size < position or size - position > BEHIND
                start = max(0, size - CHUNK) if dropped else position
                log.seek(start)
                data = log.read(CHUNK)
        except OSError:
            return self._read_elsewhere(where, position, running=running)
        except NotFound:
            return Piece(start=position, end=position, data=b"", dropped=False, over=True)
        if dropped and start:  # begin with a whole line, or at least a whole character
            cut = data.find(b"\n") + 1
            data, start = data[cut:], start + cut
        over = not running and start + len(data) >= size
        if not over:
            data = data[: len(data) - _unfinished(data)]
        return Piece(start=start, end=start + len(data), data=data, dropped=dropped, over=over)

    def _read_elsewhere(self, where: Where, position: int, *, running: bool) -> Piece:
        """Read on in a log of another machine, where that shares it; while it runs, that may come back."""
        try:
            run = next(run for run in self._queue.attempts(where.job_id) if run.number == where.number)
            part = elsewhere.read_part(self._queue, run, after=position, limit=CHUNK)
            if part["size"] - position > BEHIND:
                part = elsewhere.read_part(self._queue, run, limit=CHUNK)
        except (QueuectlError, StopIteration):
            return Piece(start=position, end=position, data=b"", dropped=False, over=not running)
        return Piece(
            start=part["start"], end=part["end"], data=part["text"].encode(), dropped=part["start"] != position,
            over=not part["running"] and part["end"] >= part["size"],
        )  # fmt: skip


def _unfinished(data: bytes) -> int:
    """Return how many bytes at the end begin a character of UTF-8 that is still to come."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte >= 0xC0:
            return back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
        if byte < 0x80:
            return 0
    return 0


def _event(name: str, value: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(value)}\n\n".encode()
