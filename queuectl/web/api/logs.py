"""What runs wrote: any part of a log, its end first, and all of it as a file."""

import codecs
import io
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from queuectl import elsewhere
from queuectl.errors import NotFound
from queuectl.model.job import Attempt, Job
from queuectl.platform.code_page import decode
from queuectl.web.api.job import JOB, is_running
from queuectl.web.endpoint import Call, Download, Endpoint, Kind, Parameter
from queuectl.web.endpoint import whole as whole_number

CHUNK = 64 * 1024
NUMBER = whole_number("number", "Which run, from 1 on.", high=10**9)
HERE = Parameter(
    name="here", kind=Kind.FLAG, default=False,
    help="Only what lies on this machine: with false, others that share their logs are asked.",
)  # fmt: skip


def log(call: Call) -> dict[str, Any]:
    """Return a part of a log; it begins with a whole line where one is near, unless a byte was asked for."""
    job, run, path = _find(call)
    where = {name: call.values[name] for name in ("before", "after", "limit")}
    running = is_running(job, run.number)
    whole = True
    try:
        with path.open("rb") as file:
            part = _part(file, **where, growing=running)
    except OSError:
        if call.values["here"]:
            raise elsewhere.not_here(run) from None
        with suppress(NotFound):
            return elsewhere.read_part(call.queue, run, **where)
        whole = False
        part = _part(io.BytesIO(run.tail.encode("utf-8", "replace")), **where)
    return {"job": job.id, "run": run.number, **part, "whole": whole, "running": running}


def _part(
    file: BinaryIO, before: int | None, after: int | None, limit: int, *, growing: bool = False
) -> dict[str, Any]:
    size = file.seek(0, io.SEEK_END)
    if after is not None and after <= size:  # else what was read before has been cut away
        start, end = after, min(size, after + limit)
    else:
        end = size if before is None else min(before, size)
        start = max(0, end - limit)
    file.seek(start)
    data = file.read(end - start)
    if start and start != after:
        cut = _first_line(data)
        start, data = start + cut, data[cut:]
    if growing or end < size:
        data = data[: len(data) - _unfinished(data)]
    return {"start": start, "end": start + len(data), "size": size, "text": decode(data)}


def _first_line(data: bytes) -> int:
    """Return where the first whole line begins or, where lines are long, the first whole character."""
    newline = data.find(b"\n", 0, len(data) // 2)
    if newline >= 0:
        return newline + 1
    return next((place for place in range(min(4, len(data))) if not 0x80 <= data[place] < 0xC0), 0)


def _unfinished(data: bytes) -> int:
    """Return how many bytes at the end begin a character that is cut, or still to come."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data[-4:])
    return len(decoder.getstate()[0])


def raw(call: Call) -> Download:
    """Return a whole log."""
    job, run, path = _find(call)
    name = f"job-{job.id}-run-{run.number}.log"
    if path.is_file():
        return Download(path=path, name=name)
    if call.values["here"]:
        raise elsewhere.not_here(run)
    descriptor, fetched = tempfile.mkstemp(".log")
    try:
        with os.fdopen(descriptor, "wb") as file:
            elsewhere.copy_log(call.queue, run, file)
    except BaseException:
        Path(fetched).unlink(missing_ok=True)
        raise
    return Download(path=Path(fetched), name=name, forget=True)


def _find(call: Call) -> tuple[Job, Attempt, Path]:
    job = call.queue.find(call.values["job"])
    number: int = call.values["number"]
    run = next((run for run in call.queue.attempts(job.id) if run.number == number), None)
    if run is None:
        raise NotFound(f"job {job.id} has no run {number}", hint=f"It has run {job.runs} times.")
    return job, run, call.queue.paths.log(job.id, number)


ENDPOINTS = (
    Endpoint(
        method="GET", path="/jobs/{job}/runs/{number}/log", tag="logs", handler=log, answer="LogPart", problems=(404,),
        summary="The end of a log, or what stands before a byte of it.",
        parameters=(
            JOB, NUMBER,
            whole_number("before", "Where the part ends; else at the end of the log.", low=0),
            whole_number("after", "Where the part begins, instead; in a log that is shorter by now, its end.", low=0),
            whole_number("limit", "How many bytes.", high=1024 * 1024, default=CHUNK),
            HERE,
        ),
    ),
    Endpoint(
        method="GET", path="/jobs/{job}/runs/{number}/log/raw", tag="logs", handler=raw, parameters=(JOB, NUMBER, HERE),
        media_type="text/plain; charset=utf-8", summary="A whole log, as a file.", problems=(404,),
    ),
)  # fmt: skip
