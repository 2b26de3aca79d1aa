"""Logs that lie on other machines: asked of their hosts' pages, where those machines share them."""

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

from queuectl.errors import NotFound
from queuectl.model.job import Attempt
from queuectl.queue import Queue
from queuectl.store.types import HostRow

TIMEOUT = 5.0
"""Seconds to wait for a machine that does not answer."""
PIECE = 256 * 1024
MOST_PER_BYTE = 6
"""Bytes that a byte of a log may take in JSON."""
ROOM = 4096
"""Bytes for what else is in an answer."""
_FAILURES = (OSError, ValueError, http.client.HTTPException)


def sharing(queue: Queue) -> set[str]:
    """Return the names of the other machines that share their logs now."""
    return {host.name for host in _others(queue)}


def read_part(
    queue: Queue, run: Attempt, *, limit: int, before: int | None = None, after: int | None = None
) -> dict[str, Any]:
    """Return a part of a log, as ``GET .../log`` gives it: what ends before a byte, or begins with one; else the end.

    Raises:
        NotFound: no machine that has it shares it, or can be reached.
    """
    wanted = {"limit": limit, "before": before, "after": after}
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    with _answer(queue, run, f"/log?here=true&{query}") as answer:
        try:
            return _checked(run, json.loads(answer.read(ROOM + MOST_PER_BYTE * limit)))
        except _FAILURES as exc:
            raise _unreachable(run, exc) from exc


def _checked(run: Attempt, part: Any) -> dict[str, Any]:
    """Return a part of a log, from a machine that may be of another version, or be another one by now.

    Raises:
        ValueError: it is none.
    """
    kinds = {"start": int, "end": int, "size": int, "text": str, "whole": bool, "running": bool}
    if not isinstance(part, dict) or not all(isinstance(part.get(name), kind) for name, kind in kinds.items()):
        raise ValueError("what it answers is no part of a log")
    return {"job": run.job_id, "run": run.number, **{name: part[name] for name in kinds}}


def copy_log(queue: Queue, run: Attempt, file: IO[bytes]) -> None:
    """Write a whole log into a file.

    Raises:
        NotFound: no machine that has it shares it, or can be reached; some of it may have been written.
    """
    with _answer(queue, run, "/log/raw?here=true") as answer:
        while piece := _next_piece(answer, run):
            file.write(piece)


def _next_piece(answer: http.client.HTTPResponse, run: Attempt) -> bytes:
    try:
        return answer.read(PIECE)
    except _FAILURES as exc:
        raise _unreachable(run, exc) from exc


def _others(queue: Queue) -> list[HostRow]:
    return [host for host in queue.hosts() if host.logs is not None and host.machine != queue.machine]


@contextmanager
def _answer(queue: Queue, run: Attempt, what: str) -> Iterator[http.client.HTTPResponse]:
    """Ask one host after the other that may have it: names of machines need not differ."""
    failure = _not_shared(run) if queue.paths.is_shared else not_here(run)
    for host in _others(queue):
        if host.name != run.host_name or host.logs is None:
            continue
        with ExitStack() as stack:
            try:
                door = urlsplit(host.logs)
                connection = http.client.HTTPConnection(door.hostname or "", door.port, timeout=TIMEOUT)
                stack.callback(connection.close)
                path = f"/api/v1/jobs/{run.job_id}/runs/{run.number}{what}"
                connection.request("GET", path, headers={"Authorization": f"Bearer {door.username}"})
                answer = connection.getresponse()
            except _FAILURES as exc:
                failure = _unreachable(run, exc)
                continue
            if answer.status == http.client.OK:
                yield answer
                return
            failure = NotFound(f"{_name(run)} is not on {run.host_name} any more, or not to be had ({answer.status})")
    raise failure


def not_here(run: Attempt) -> NotFound:
    """Return the error that says that a log was here, or never."""
    hint = f"Its end is kept in the database: queuectl show {run.job_id}"
    return NotFound(f"{_name(run)} is not on this machine", hint=hint)


def _not_shared(run: Attempt) -> NotFound:
    hint = f"{run.host_name} would share its logs with: queuectl config set share_logs on. See docs/postgres.md."
    return NotFound(f"{_name(run)} is on {run.host_name}, which shares no logs now", hint=hint)


def _name(run: Attempt) -> str:
    return f"the log of run {run.number} of job {run.job_id}"


def _unreachable(run: Attempt, exc: Exception) -> NotFound:
    return NotFound(
        f"{_name(run)} is on {run.host_name}, whose page cannot be reached: {exc or type(exc).__name__}",
        hint=f"On {run.host_name}, see dashboard_bind and dashboard_hosts.",
    )
