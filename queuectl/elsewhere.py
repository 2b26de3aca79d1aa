"""Logs that lie on other machines: asked of their hosts' pages, where those machines share them."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

from queuectl.errors import NotFound
from queuectl.model.job import Attempt
from queuectl.queue import Queue
from queuectl.store.types import HostRow

TIMEOUT = 5.0
"""Seconds to wait for a machine that does not answer."""
PIECE = 256 * 1024


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
            part: dict[str, Any] = json.loads(answer.read())
        except (OSError, ValueError, http.client.HTTPException) as exc:
            raise _unreachable(run, exc) from exc
        return part


def copy_log(queue: Queue, run: Attempt, file: IO[bytes]) -> None:
    """Write a whole log into a file.

    Raises:
        NotFound: no machine that has it shares it, or can be reached; some of it may have been written.
    """
    with _answer(queue, run, "/log/raw?here=true") as answer:
        try:
            while piece := answer.read(PIECE):
                file.write(piece)
        except http.client.HTTPException as exc:
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
        door = urlsplit(host.logs)
        connection = http.client.HTTPConnection(door.hostname or "", door.port, timeout=TIMEOUT)
        try:
            try:
                path = f"/api/v1/jobs/{run.job_id}/runs/{run.number}{what}"
                connection.request("GET", path, headers={"Authorization": f"Bearer {door.username}"})
                answer = connection.getresponse()
            except (OSError, http.client.HTTPException) as exc:
                failure = _unreachable(run, exc)
                continue
            if answer.status == http.client.OK:
                yield answer
                return
            failure = NotFound(f"{_name(run)} is not on {run.host_name} any more, or not to be had ({answer.status})")
        finally:
            connection.close()
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
