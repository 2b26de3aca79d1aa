"""``queuectl doctor``: what is wrong with this machine, and what to do about it."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from queuectl import __version__, config_file
from queuectl.cli.base import command, json_option, open_queue, places
from queuectl.cli.findings import Finding, Level, show
from queuectl.cli.self_ import program
from queuectl.errors import QueuectlError
from queuectl.settings import Settings
from queuectl.units import format_size

if TYPE_CHECKING:
    from queuectl.queue import Queue

LITTLE_SPACE = 200 * 1024 * 1024


@command("doctor")
@json_option
def doctor(as_json: bool) -> int:
    """Check this machine, and say what to do.

    It looks at paths, permissions, SQLite, the database, settings, hosts and the drop folder, creates nothing, and
    exits with 1 when something does not work.

    \b
    Examples:
      queuectl doctor
      queuectl doctor --json
    """
    return show(_examine(), as_json=as_json)


def _examine() -> Iterator[Finding]:
    yield from program()
    spots = places()
    folder = list(_folder(spots.files))
    yield from folder
    if spots.database is not None and not os.path.lexists(spots.database):
        if all(finding.level is not Level.ERROR for finding in folder):
            yield Finding(what="database", found=f"{spots.database}, not there yet: the first job makes it")
        yield from _tried("settings", lambda: _settings(Settings(machine=config_file.load(spots.config)), spots.config))
        return
    yield from _tried("database", _with_queue)


def _tried(what: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Make a check; what it fails with is its finding."""
    try:
        yield from check()
    except QueuectlError as exc:
        advice = exc.hint or "Check its owner and permissions."
        yield Finding(level=Level.ERROR, what=what, found=exc.message, advice=advice)
    except OSError as exc:
        found = f"{exc.filename}: {exc.strerror}" if exc.filename else str(exc)
        yield Finding(level=Level.ERROR, what=what, found=found, advice="Check its owner and permissions.")


def _with_queue() -> Iterator[Finding]:
    with open_queue() as queue:
        queue.store.set_setting("", None)  # there is none to forget, but a database that cannot be written says so
        total = sum(sum(counts.values()) for counts in queue.store.counts().values())
        yield Finding(what="database", found=f"{queue.store.location}, {total} jobs, can be written")
        settings = list(_tried("settings", lambda: _settings(queue.settings(), queue.paths.config)))
        yield from settings
        if all(finding.level is Level.OK for finding in settings):
            yield from _tried("queues", lambda: _duty(queue))
            yield from _tried("host", lambda: _hosts(queue))
            yield from _tried("dashboard", lambda: _page(queue))
            yield from _tried("drop folder", lambda: _drop(queue))


def _settings(settings: Settings, path: Path) -> Iterator[Finding]:
    settings.all()
    there = "this machine's own are in" if path.exists() else "this machine's own would be in"
    yield Finding(what="settings", found=f"valid; {there} {path}")


def _duty(queue: "Queue") -> Iterator[Finding]:
    """Look which jobs of a queue that machines share run on this one."""
    from queuectl.model.duty import read_duty
    from queuectl.platform import machine

    if not queue.paths.is_shared:
        return
    duty = read_duty(queue.settings(), machine.name(), shared=True)
    if duty.queues == ():
        advice = "To have some run: queuectl config set run_queues default,reports; '*' is all. See docs/postgres.md."
        yield Finding(level=Level.WARNING, what="queues", found="none runs on this machine", advice=advice)
        return
    names = "all" if duty.queues is None else ", ".join(duty.queues)
    tags = f"; its tags: {', '.join(duty.tags)}" if duty.tags else ""
    yield Finding(what="queues", found=f"on {machine.name()} run: {names}{tags}")


def _hosts(queue: "Queue") -> Iterator[Finding]:
    status = queue.status()
    for pause in status.pauses:
        name = f"queue {pause.queue} is" if pause.queue else "all queues are"
        resume = "queuectl resume" + (f" --queue {pause.queue}" if pause.queue else "")
        yield Finding(level=Level.WARNING, what="pause", found=f"{name} paused", advice=f"Go on: {resume}")
    for host in status.hosts:
        found = f"{host.kind} {host.id} on {host.name}, pid {host.pid}, {host.workers} workers, {host.version}"
        other = "" if host.version == __version__ else "It runs another version than this one; restart it."
        yield Finding(level=Level.WARNING if other else Level.OK, what="host", found=found, advice=other)
    if not status.hosts:
        advice = "Nothing takes jobs now. Start one: queuectl serve"
        yield Finding(level=Level.WARNING, what="host", found="none is running", advice=advice)


def _page(queue: "Queue") -> Iterator[Finding]:
    from queuectl.web.server import LOOPBACK

    settings = queue.settings()
    if not settings["dashboard_enabled"]:
        advice = "To have it: queuectl config set dashboard_enabled on, and start the host again."
        yield Finding(what="dashboard", found="switched off", advice=advice)
    elif settings["dashboard_bind"] not in LOOPBACK:
        found = f"open to other machines at {settings['dashboard_bind']}, without encryption"
        advice = "To keep it to this one: queuectl config unset dashboard_bind"
        yield Finding(level=Level.WARNING, what="dashboard", found=found, advice=advice)
    for host in queue.hosts():
        if host.dashboard and host.machine == queue.machine:
            yield Finding(what="dashboard", found=f"{host.dashboard}; open it: queuectl dashboard")
    if queue.paths.is_shared and settings["share_logs"]:
        yield _shared_logs(settings)


def _shared_logs(settings: Settings) -> Finding:
    from queuectl.web.server import LOOPBACK

    if settings["dashboard_bind"] in LOOPBACK and not settings["dashboard_hosts"].strip():
        advice = "See dashboard_bind and dashboard_hosts, or: queuectl config unset share_logs. See docs/postgres.md."
        found = "shared, but other machines cannot reach this one's page"
        return Finding(level=Level.WARNING, what="logs", found=found, advice=advice)
    return Finding(what="logs", found="shared with the other machines of the queue, while a host with a page runs")


def _drop(queue: "Queue") -> Iterator[Finding]:
    from queuectl.dropfolder.folder import check_folder
    from queuectl.host import drop_folder

    folder = drop_folder(queue)
    if not queue.settings()["drop_enabled"]:
        yield Finding(what="drop folder", found="switched off (drop_enabled)")
        return
    if not os.path.lexists(folder):
        yield Finding(what="drop folder", found=f"{folder}, made when a host starts")
        return
    check_folder(folder)
    rejected = len(list((folder / "rejected").glob("*.error.txt")))
    if rejected:
        advice = f"Their reasons are in {folder / 'rejected'}"
        yield Finding(level=Level.WARNING, what="drop folder", found=f"{folder}, {rejected} rejected", advice=advice)
    else:
        yield Finding(what="drop folder", found=str(folder))


def _folder(folder: Path) -> Iterator[Finding]:
    """Look whether the data folder, or the one that it will be made in, can be written, and has space."""
    import shutil
    from tempfile import TemporaryFile

    there = next(path for path in (folder, *folder.parents) if path == path.parent or os.path.exists(path))  # noqa: PTH110 - raises nothing
    try:
        with TemporaryFile(dir=there):  # nobody sees it, and no crash leaves it behind
            pass
        free = shutil.disk_usage(there).free
    except OSError as exc:
        found = f"{there} cannot be written: {exc.strerror}"
        advice = "Check its owner and permissions, or choose another place: QUEUECTL_HOME, --db"
        yield Finding(level=Level.ERROR, what="data folder", found=found, advice=advice)
        return
    yield Finding(
        what="data folder", found=f"{folder}, " + ("can be written" if there == folder else "made when needed")
    )
    if free < LITTLE_SPACE:
        advice = "Free some space, or remove old jobs: queuectl prune"
        yield Finding(level=Level.WARNING, what="disk", found=f"only {format_size(free)} free", advice=advice)
    else:
        yield Finding(what="disk", found=f"{format_size(free)} free")
