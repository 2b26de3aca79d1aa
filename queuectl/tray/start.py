"""Start the tray application: one instance a database, a log file, signals, and the way out where no tray is."""

import argparse
import contextlib
import logging
import logging.handlers
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import FrameType

from queuectl import __version__
from queuectl.errors import QueuectlError
from queuectl.host import drop_folder
from queuectl.narrator import greeting
from queuectl.platform import autostart
from queuectl.platform.lock import FileLock
from queuectl.queue import Queue
from queuectl.text import plain
from queuectl.tray.actions import open_page
from queuectl.tray.app import TrayApp
from queuectl.tray.backend import Action, Entry, Mood, Notification, Picture, TrayBackend, TrayUnavailable

LOG_BYTES = 1024 * 1024
LOG_FILES = 3
LOG_NAME = "queuectl-tray.log"

log = logging.getLogger("queuectl.tray")


def start(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the tray application to its end; return its exit code."""
    parser = argparse.ArgumentParser(prog="queuectl-tray", description="Run jobs in the background, from the tray.")
    parser.add_argument("--db", metavar="PATH", help="the queue's database; else $QUEUECTL_DB, else this user's own")
    parser.add_argument("--version", action="version", version=f"queuectl-tray {__version__}")
    parser.add_argument("--check", action="store_true", help="only tell whether a tray icon can be shown here")
    options = parser.parse_args(argv)
    if options.check:
        return _check()
    try:
        with Queue.open(options.db) as queue:
            _log_to_file(queue)
            return _run_once(queue, options.db or environ.get("QUEUECTL_DB"))
    except QueuectlError as exc:
        log.error("%s", exc.message)  # noqa: TRY400 - the message says it all
        _say(f"error: {exc.message}\nhint: {exc.hint}")
        _show_failure(exc)
        return exc.exit_code


def _check() -> int:
    tray = _backend()
    tray.update(picture=Picture(mood=Mood.IDLE), title="queuectl", menu=())
    try:
        tray.run(on_ready=tray.stop)
    except TrayUnavailable as exc:
        print(exc)  # noqa: T201 - the answer
        return 1
    print("A tray icon can be shown.")  # noqa: T201 - the answer
    return 0


def _show_failure(error: QueuectlError) -> None:
    """Tell who double-clicked it, and has no terminal, why nothing runs; until they quit."""
    if sys.stderr is not None and sys.stderr.isatty():
        return  # whoever has a terminal has read it
    tray = _backend()
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), lambda *_: tray.stop())
    menu = (
        Entry(key="error", label=error.message, enabled=False),
        Entry(key="hint", label=error.hint, enabled=False),
        Entry(key="quit", label="Quit", act=tray.stop, default=True),
    )
    tray.update(picture=Picture(mood=Mood.ERROR), title=f"queuectl cannot run: {error.message}", menu=menu)
    tray.notify(Notification(title="queuectl cannot run", body=f"{error.message}\n{error.hint}", urgent=True))
    with contextlib.suppress(TrayUnavailable):
        tray.run(on_ready=lambda: None)


def _run_once(queue: Queue, database: str | None) -> int:
    lock = FileLock(queue.paths.locks / "tray.lock")
    if not lock.acquire(0):
        _say(f"queuectl-tray runs already on {queue.store.location}.")
        with contextlib.suppress(OSError):
            open_page(queue, database)
        return 0
    try:
        return _run(queue, database)
    finally:
        lock.close()


def _run(queue: Queue, database: str | None) -> int:
    app = TrayApp(queue, _backend(), database=database)
    _stop_on_signals(app)
    app.start_host()
    try:
        _welcome(app)
        _repair_autostart()
        app.run()
    except TrayUnavailable as exc:
        log.warning("no tray: %s", exc)
        _go_on_without_icon(app, str(exc))
    except Exception:
        log.exception("the tray failed; jobs run on without it")
        _go_on_without_icon(app, f"it failed; {queue.paths.files / LOG_NAME} says why.")
    finally:
        app.stop()
        app.host.stop()
        log.info("stopped")
    return 0


def _repair_autostart() -> None:
    try:
        if autostart.repair("queuectl-tray"):
            log.info("it was moved; what starts at login is %s", autostart.current())
    except Exception:
        log.exception("what starts at login could not be put right")


def _go_on_without_icon(app: TrayApp, why: str) -> None:
    """Do in the terminal what ``queuectl serve`` does."""
    _say(f"No tray icon can be shown: {why}")
    if app.host.duty.queues == ():
        _say("queuectl goes on without it, and runs no jobs here before it is told which.")
    else:
        _say(f"queuectl runs up to {app.host.workers} jobs at once all the same.")
    folder = drop_folder(app.queue) if app.host.watcher else None
    for line in greeting(app.queue.store.location, folder, app.host.page, app.host.duty):
        _say(line)
    app.narrate(lambda what, text: _say(plain(f"{datetime.now().astimezone():%H:%M:%S} {what} {text}")))
    app.host.wait()
    if app.host.running:
        _say("Stopping: what runs gets some time to end. Ctrl+C again: stop it now.")


def _backend() -> TrayBackend:
    from queuectl.tray.choose import backend

    return backend()


def _stop_on_signals(app: TrayApp) -> None:
    """Let signals end the application; a second one gives running jobs no more time."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if app.host.stop_asked:
            app.host.hurry()
        app.host.ask_to_stop()
        app.stop()

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), on_signal)


def _welcome(app: TrayApp) -> None:
    """Tell a first-time user, once, where the drop folder is and how to enqueue."""
    marker = app.queue.paths.files / "welcomed"
    with contextlib.suppress(OSError):
        if marker.exists():
            return
        marker.touch()
        folder = drop_folder(app.queue)
        app.notify(
            Notification(
                title="queuectl runs in the tray",
                body=f'Put .job files into {folder}, or type: queuectl enqueue "echo hello"',
                actions=(Action(key="open", label="Open drop folder", act=app.actions.open_drop_folder),),
            )
        )


def _log_to_file(queue: Queue) -> None:
    file = queue.paths.files / LOG_NAME
    handler = logging.handlers.RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("queuectl")
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    root.propagate = False


def _say(text: str) -> None:
    """Tell whoever started it from a terminal; a windowed executable has none."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201
