"""The drop folder: what was taken, what was rejected and why, and a way to drop a file from the page."""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from queuectl.errors import NotFound, UsageError, WrongState
from queuectl.model.plain import iso
from queuectl.platform.files import move, open_unfollowed
from queuectl.queue import Queue
from queuectl.store.types import JobFilter
from queuectl.web.body import Body
from queuectl.web.endpoint import Call, Endpoint, Parameter

MOST_FILES = 100
"""Files that are told of each folder, the newest."""
NEWEST_JOBS = 500
"""Jobs among which those of accepted files are looked for."""
_EXPLAINED = ".error.txt"
_SOURCE = "drop folder: "
_NAME_BYTES = 200
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)\.", re.IGNORECASE)
"""What Windows takes for a device, whatever follows."""
_WRONG = re.compile(r"^What is wrong: (.*)$", re.MULTILINE)


def show(call: Call) -> dict[str, Any]:
    """Tell where the folder is and what became of what was dropped."""
    folder = call.site.drop_folder
    accepted, accepted_count = _newest(folder / "accepted")
    rejected, rejected_count = _newest(folder / "rejected")
    waiting, _ = _newest(folder)
    jobs = _jobs_of(accepted, call.queue) if accepted else {}
    return {
        "folder": str(folder),
        "enabled": bool(call.queue.settings()["drop_enabled"]),
        "watched": call.site.watches,
        "problem": None if call.site.watches else "this host does not watch it",
        "waiting": waiting,
        "accepted": [{**file, "jobs": jobs.get(file["name"], [])} for file in accepted],
        "rejected": [{**file, "reason": _reason(folder / "rejected" / file["name"])} for file in rejected],
        "accepted_count": accepted_count,
        "rejected_count": rejected_count,
    }


def _newest(folder: Path) -> tuple[list[dict[str, Any]], int]:
    """Return the newest files for the queue in a folder, and how many there are."""
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _is_job_name(entry.name):
                with suppress(OSError):
                    info = entry.stat(follow_symlinks=False)
                    found.append((max(info.st_mtime, info.st_ctime), entry.name, info.st_size))
    found.sort(reverse=True)
    return [
        {"name": _printable(name), "bytes": size, "at": iso(datetime.fromtimestamp(moment, UTC))}
        for moment, name, size in found[:MOST_FILES]
    ], len(found)


def _is_job_name(name: str) -> bool:
    return name.lower().endswith(".job") and not name.startswith(".")


def _printable(name: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in name)


def _jobs_of(files: Sequence[Mapping[str, Any]], queue: Queue) -> dict[str, list[int]]:
    """Return the newest jobs of accepted files, the newest file first, by the names these have there.

    Jobs know under which name their file was dropped; a second x.job lies there as x-2.job. What came of one file was
    added at one moment.
    """
    moments: dict[str, dict[datetime, list[int]]] = {}
    for job in queue.jobs(JobFilter(limit=NEWEST_JOBS)):
        if job.source.startswith(_SOURCE):
            of_name = moments.setdefault(job.source.removeprefix(_SOURCE), {})
            of_name.setdefault(job.created_at, []).append(job.id)
    found: dict[str, list[int]] = {}
    for file in files:
        name = file["name"] if file["name"] in moments else re.sub(r"-\d+(\.[^.]+)$", r"\1", file["name"])
        of_name = moments.get(name, {})
        if of_name:
            found[file["name"]] = sorted(of_name.pop(next(iter(of_name))))
    return found


def _reason(path: Path) -> str:
    with suppress(OSError):
        descriptor = open_unfollowed(path.with_name(path.name + _EXPLAINED))
        with os.fdopen(descriptor, "rb") as file:
            found = _WRONG.search(file.read(8192).decode("utf-8", "replace"))
            if found:
                return found[1].strip()
    return "no reason was kept"


def drop(call: Call) -> dict[str, Any]:
    """Put a file into the folder, as if it had been dropped there."""
    body = Body(call.body)
    name, text = body.text("name"), body.text("text")
    body.end()
    if not _is_job_name(name) or name != _plain_name(name) or _DEVICE.match(name):
        raise UsageError(f"name: {name[:50]!r} is no name of a .job file", hint="Such as hello.job, without a folder.")
    if not call.site.watches:
        raise WrongState("this host does not watch the drop folder", hint="To have it watched: drop_enabled on")
    try:
        _put(call.site.drop_folder, name, text.encode())
    except FileExistsError:
        raise WrongState(f"{name} lies in the drop folder already", hint="Wait until it is taken.") from None
    except OSError as exc:
        hint = "See: queuectl doctor"
        raise WrongState(f"{call.site.drop_folder} cannot be written: {exc.strerror}", hint=hint) from exc
    return {"name": name}


def _put(folder: Path, name: str, data: bytes) -> None:
    """Put a new file into a folder, whole from the first moment at which it can be seen under its name.

    Raises:
        FileExistsError: there is one of that name.
        OSError: the folder cannot be written.
    """
    draft = folder / f".{os.urandom(8).hex()}.tmp"  # a name that the watcher leaves alone
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(draft, folder / name)
        except FileExistsError:
            raise
        except OSError:  # this file system has no links
            if os.path.lexists(folder / name):
                raise FileExistsError(name) from None
            move(draft, folder / name)
    finally:
        draft.unlink(missing_ok=True)


def _plain_name(name: str) -> str:
    """Return a name without what no file's name has on any system."""
    short = name.encode()[:_NAME_BYTES].decode(errors="ignore")
    return re.sub(r'[\\/:*?"<>|\x00-\x1f\x7f]', "", short) if short.isprintable() else ""


def delete_rejected(call: Call) -> None:
    """Delete a rejected file and its explanation."""
    name: str = call.values["name"]
    if not _is_job_name(name) or re.search(r"[\\/\x00]", name):
        raise NotFound(f"there is no rejected file {name[:50]!r}")
    path = call.site.drop_folder / "rejected" / name
    try:
        path.unlink()
        path.with_name(name + _EXPLAINED).unlink(missing_ok=True)
    except FileNotFoundError:
        raise NotFound(f"there is no rejected file {name[:50]!r}") from None
    except OSError as exc:
        raise WrongState(f"{path} cannot be deleted: {exc.strerror}") from exc


ENDPOINTS = (
    Endpoint(
        method="GET", path="/drop", tag="drop folder", handler=show, answer="Drop",
        summary="Where the drop folder is, and what became of what was dropped there.",
    ),
    Endpoint(
        method="POST", path="/drop", tag="drop folder", handler=drop, status=202, commands=True, problems=(403, 409),
        body={"type": "object", "required": ["name", "text"], "additionalProperties": False, "properties": {
            "name": {"type": "string", "description": "Ends in .job."}, "text": {"type": "string"}}},
        answer={"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        summary="Put a .job file into the drop folder; it is taken, or rejected with its reason, in a moment.",
    ),
    Endpoint(
        method="DELETE", path="/drop/rejected/{name}", tag="drop folder", handler=delete_rejected, status=204,
        parameters=(Parameter(name="name", help="The file's name."),), problems=(404, 409),
        summary="Delete a rejected file and the reason beside it.",
    ),
)  # fmt: skip
