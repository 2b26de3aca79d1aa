"""``queuectl self``: whether this program itself is whole, wherever it came from."""

import os
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from queuectl import __version__
from queuectl.cli.base import command, group, json_option, places
from queuectl.cli.findings import Finding, Level, show
from queuectl.platform import bundle, machine

FIXED_SQLITE = (3, 51, 3)
"""Versions before this one can corrupt a WAL database that two connections use."""


@group("self")
def self_() -> None:
    """Look after this program itself.

    \b
    Examples:
      queuectl self check
    """


@command("check")
@json_option
def check(as_json: bool) -> int:
    """Check that this program is whole.

    It tells the version, how it is installed, SQLite, whether a tray icon can be shown, where things are, and what of
    the program is missing; it looks at no job, and exits with 1 when something is broken.

    \b
    Examples:
      queuectl self check
      queuectl self check --json
    """
    return show(_examine(), as_json=as_json)


self_.add_command(check)


def _examine() -> Iterator[Finding]:
    yield from program()
    spots = places()
    if spots.database is None:
        yield Finding(what="database", found="on a server: 'queuectl doctor' tries it")
    for what, path in (("database", spots.database), ("files", spots.files), ("settings", spots.config)):
        if path is None:
            continue
        there = "" if os.path.lexists(path) else ", not there yet"
        yield Finding(what=what, found=f"{path}{there}")


def program() -> Iterator[Finding]:
    """Look at everything that belongs to the program and not to a queue; ``doctor`` begins with it."""
    python = sys.version.split()[0]
    yield Finding(what="version", found=f"queuectl {__version__}, Python {python}, {machine.system()}")
    here = sys.executable if bundle.is_frozen() else Path(__file__).resolve().parents[2]
    yield Finding(what="installed", found=f"as {bundle.kind()}: {here}")
    yield _parts()
    yield _sqlite()
    yield _postgres()
    yield _temporary()
    yield _tray()


def _parts() -> Finding:
    """Load every command and count the schema's files: what is left out of an executable shows here."""
    from queuectl.cli.main import COMMANDS
    from queuectl.store.connection import migrations

    missing = []
    for name, where in COMMANDS.items():
        try:
            import_module(f"queuectl.cli.{where.partition(':')[0]}")
        except ImportError as exc:
            missing.append(f"{name} ({exc})")
    numbers = [number for number, _ in migrations()]
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        missing.append(f"the schema (only {numbers or 'nothing'} is there)")
    files = _page(missing)
    if missing:
        found = f"missing: {', '.join(missing)}"
        return Finding(level=Level.ERROR, what="parts", found=found, advice="Install queuectl again.")
    return Finding(what="parts", found=f"{len(COMMANDS)} commands, schema {numbers[-1]}, a page of {files} files")


def _page(missing: list[str]) -> int:
    """Load the page's server, and count the page's files."""
    from queuectl.platform.without_tls import stand_in_for_ssl

    stand_in_for_ssl()
    try:
        import_module("uvicorn.protocols.http.h11_impl")
        import_module("queuectl.web.app")
        from queuectl.web.assets import read_assets

        files = read_assets()
    except Exception as exc:  # noqa: BLE001 - half a library may fail in any way
        missing.append(f"the page ({type(exc).__name__}: {exc})")
        return 0
    if "/static/index.html" not in files:
        missing.append("the page")
    return len(files)


def _sqlite() -> Finding:
    import apsw

    version = apsw.sqlite_lib_version()
    if tuple(int(part) for part in version.split(".")) < FIXED_SQLITE:
        advice = "Update it: pip install --upgrade apsw"
        found = f"SQLite {version} can damage a database that two programs use"
        return Finding(level=Level.ERROR, what="SQLite", found=found, advice=advice)
    return Finding(what="SQLite", found=f"{version} (apsw {apsw.apsw_version()})")


def _collect(stream: Iterable[str], lines: list[str]) -> None:
    for line in stream:
        lines.append(line)  # noqa: PERF402 - they are read while they come


def _tray() -> Finding:
    """Have the tray program itself say whether it could show an icon."""
    import subprocess
    import threading

    from queuectl.platform.autostart import program

    argv = [*program("queuectl-tray", "queuectl.tray"), "--check"]
    lines: list[str] = []
    try:
        process = subprocess.Popen(  # noqa: S603 - our own
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        # Not to the end of its output: a process of its own, such as the one of an executable, may hold that open.
        reader = threading.Thread(target=_collect, args=(process.stdout, lines), name="tray-check", daemon=True)
        reader.start()
        try:
            code = process.wait(20)
        finally:
            process.kill()
    except (OSError, subprocess.TimeoutExpired) as exc:
        return Finding(level=Level.WARNING, what="tray", found=f"cannot be started: {exc}")
    reader.join(1)
    found = " ".join(" ".join(lines).split()) or f"ended with exit code {code}"
    if code == 0:
        return Finding(what="tray", found=found)
    return Finding(level=Level.WARNING, what="tray", found=found, advice="Without it, jobs run all the same.")


def _postgres() -> Finding:
    """Load what connects to a queue that several machines share."""
    bundle.ready_for_postgres()
    try:
        import psycopg

        from queuectl.store.postgres.migrations import latest_version
    except ImportError as exc:
        if bundle.is_frozen():
            return Finding(
                level=Level.ERROR, what="postgres", found=f"missing: {exc}", advice="Install queuectl again."
            )
        advice = "Only for a queue on PostgreSQL: pip install 'queuectl-tray[postgres]'"
        return Finding(what="postgres", found=f"not installed. {advice}")
    try:
        schema = latest_version()
    except IndexError:
        return Finding(
            level=Level.ERROR, what="postgres", found="its schema is missing", advice="Install queuectl again."
        )
    libpq = psycopg.pq.version()
    return Finding(
        what="postgres",
        found=f"libpq {libpq // 10_000}.{libpq % 10_000}, schema {schema}",
    )


def _temporary() -> Finding:
    from tempfile import gettempdir

    try:
        return Finding(what="temp folder", found=gettempdir())
    except OSError as exc:
        return Finding(level=Level.ERROR, what="temp folder", found=str(exc), advice="Set TMPDIR to a writable folder.")
