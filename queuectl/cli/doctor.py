"""``queuectl doctor``: what is wrong with this machine, and what to do about it."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import click

from queuectl import __version__
from queuectl.cli.base import command, json_option
from queuectl.cli.output import echo, plain, print_json
from queuectl.errors import QueuectlError
from queuectl.platform import paths
from queuectl.queue import Queue
from queuectl.units import format_size

LITTLE_SPACE = 200 * 1024 * 1024
FIXED_SQLITE = (3, 51, 3)
"""Versions before this one can corrupt a WAL database that two connections use."""


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    """Nothing to do."""
    WARNING = "warning"
    """Works, but not as it might."""
    ERROR = "error"
    """Something does not work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One check: what was looked at, what was found, what to do."""

    level: Level
    what: str
    found: str
    advice: str = ""


@command("doctor")
@json_option
def doctor(as_json: bool) -> int:
    """Check this machine: paths, permissions, SQLite, database, hosts, drop folder; exit with 1 on an error.

    \b
    Example:
      queuectl doctor
    """
    ctx = click.get_current_context()
    findings = list(_examine(ctx.ensure_object(dict).get("db")))
    if as_json:
        print_json(
            [{"level": f.level.value, "what": f.what, "found": f.found, "advice": f.advice or None} for f in findings]
        )
    else:
        colours = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}
        for finding in findings:
            level = click.style(finding.level.value.ljust(7), fg=colours[finding.level])
            echo(f"{level}  {finding.what.ljust(12)}  {plain(finding.found)}")
            if finding.advice:
                echo(f"{' ' * 23}{finding.advice}")
    return int(any(finding.level is Level.ERROR for finding in findings))


def _examine(database: str | None) -> Iterator[Finding]:
    yield Finding(
        level=Level.OK,
        what="version",
        found=f"queuectl {__version__}, Python {sys.version.split()[0]}, {sys.platform}",
    )
    yield _sqlite()
    places = paths.locate(database or os.environ.get("QUEUECTL_DB"))
    yield _folder("data folder", places.files)
    yield _space(places.files)
    yield _temporary()
    try:
        queue = Queue.open(database)
    except QueuectlError as exc:
        yield Finding(level=Level.ERROR, what="database", found=exc.message, advice=exc.hint)
        return
    with queue:
        yield from _queue(queue)


def _queue(queue: Queue) -> Iterator[Finding]:
    try:
        queue.store.set_setting("doctor", "was here")
        queue.store.set_setting("doctor", None)
        status = queue.status()
    except QueuectlError as exc:
        yield Finding(level=Level.ERROR, what="database", found=exc.message, advice=exc.hint)
        return
    total = sum(status.counts.values())
    yield Finding(level=Level.OK, what="database", found=f"{queue.store.location}, {total} jobs, can be written")
    try:
        settings = queue.settings()
        settings.all()
    except QueuectlError as exc:
        yield Finding(level=Level.ERROR, what="settings", found=exc.message, advice=exc.hint)
        return
    yield Finding(level=Level.OK, what="settings", found=f"machine's own in {queue.paths.config}")
    for pause in status.pauses:
        name = f"queue {pause.queue}" if pause.queue else "all queues"
        yield Finding(level=Level.WARNING, what="pause", found=f"{name} paused", advice="Go on: queuectl resume")
    if status.hosts:
        for host in status.hosts:
            found = f"{host.kind} {host.id} on {host.name}, pid {host.pid}, {host.workers} workers, {host.version}"
            newer = "" if host.version == __version__ else "It runs another version than this one; restart it."
            yield Finding(level=Level.WARNING if newer else Level.OK, what="host", found=found, advice=newer)
    else:
        advice = "Nothing takes jobs now. Start one: queuectl serve"
        yield Finding(level=Level.WARNING, what="host", found="none is running", advice=advice)
    yield from _drop(queue)


def _drop(queue: Queue) -> Iterator[Finding]:
    from queuectl.dropfolder.folder import check_folder
    from queuectl.host import drop_folder

    folder = drop_folder(queue)
    if not queue.settings()["drop_enabled"]:
        yield Finding(level=Level.OK, what="drop folder", found="switched off (drop_enabled)")
        return
    if not folder.exists():
        yield Finding(level=Level.OK, what="drop folder", found=f"{folder}, made when a host starts")
        return
    try:
        check_folder(folder)
    except QueuectlError as exc:
        yield Finding(level=Level.ERROR, what="drop folder", found=exc.message, advice=exc.hint)
        return
    rejected = len(list((folder / "rejected").glob("*.error.txt")))
    if rejected:
        advice = f"Their reasons are in {folder / 'rejected'}"
        yield Finding(level=Level.WARNING, what="drop folder", found=f"{folder}, {rejected} rejected", advice=advice)
    else:
        yield Finding(level=Level.OK, what="drop folder", found=str(folder))


def _sqlite() -> Finding:
    import apsw

    version = apsw.sqlite_lib_version()
    if tuple(int(part) for part in version.split(".")) < FIXED_SQLITE:
        advice = "Update it: pip install --upgrade apsw"
        found = f"SQLite {version} can damage a database that two programs use"
        return Finding(level=Level.ERROR, what="SQLite", found=found, advice=advice)
    return Finding(level=Level.OK, what="SQLite", found=f"{version} (apsw {apsw.apsw_version()})")


def _folder(what: str, folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as exc:
        advice = "Check its owner and permissions, or choose another place: QUEUECTL_HOME, --db"
        return Finding(level=Level.ERROR, what=what, found=f"{folder} cannot be written: {exc.strerror}", advice=advice)
    return Finding(level=Level.OK, what=what, found=f"{folder}, can be written")


def _space(folder: Path) -> Finding:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as exc:
        return Finding(level=Level.WARNING, what="disk", found=f"free space is unknown: {exc.strerror}")
    if free < LITTLE_SPACE:
        advice = "Free some space, or remove old jobs: queuectl prune"
        return Finding(level=Level.WARNING, what="disk", found=f"only {format_size(free)} free", advice=advice)
    return Finding(level=Level.OK, what="disk", found=f"{format_size(free)} free")


def _temporary() -> Finding:
    try:
        return Finding(level=Level.OK, what="temp folder", found=tempfile.gettempdir())
    except OSError as exc:
        return Finding(level=Level.ERROR, what="temp folder", found=str(exc), advice="Set TMPDIR to a writable folder.")
