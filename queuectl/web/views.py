"""Live views: what a page looks at is sent to it again whenever it changes, worked out once for all pages.

A view is the path of a GET. One thread works out the views that somebody looks at: at a ring, at a change of the
database, and each second for what changes without one (logs, files, hosts that die). It rests long enough between
two rounds to take a small share of a processor, whatever a round costs and however many pages are open.
"""

import asyncio
import json
import logging
import re
import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from queuectl.errors import QueuectlError
from queuectl.web.answers import Written

MOST_VIEWS = 8
"""Views of one page."""
MOST_PAGES = 200
SHORTEST = 0.2
"""Seconds between two rounds."""
SHARE = 0.02
"""The share of a processor that the rounds take at most."""
LONGEST = 1.0
"""Seconds between two rounds when nothing is known to have changed."""
LOOK = 0.25
"""Seconds between two looks whether the database has changed; who rings is noticed at once."""
PING = 15.0
"""Seconds of silence after which a stream shows that it lives."""
_CLOCKS = re.compile(rb'"(?:now|from|to)":"[^"]*"')
"""What changes by itself in an answer, and is no news; within a text, quotation marks have a backslash before them."""

log = logging.getLogger("queuectl.web")


@dataclass(eq=False, slots=True)
class _Page:
    """A page that looks at some views."""

    paths: Sequence[str]
    pending: dict[str, bytes] = field(default_factory=dict)
    """The newest of each view that it has not been sent: a slow page misses what is in between."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    told: set[str] = field(default_factory=set)
    """The views of which it has been told something."""


class Views:
    """Work out and send what pages look at; ``look`` answers a path, ``changed`` tells whether the database has."""

    def __init__(self, look: Callable[[str], Written], changed: Callable[[], bool]) -> None:
        self._look = look
        self._changed = changed
        self._lock = threading.Lock()
        self._pages: set[_Page] = set()
        self._known: dict[str, tuple[bytes, bytes]] = {}
        """What was worked out last of each view: the event, and what counts of it."""
        self._wake = threading.Event()
        self._newcomer = threading.Event()
        self._stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Say that something may have changed; it costs nothing while no page is open."""
        if self._pages and not self._wake.is_set():
            self._wake.set()

    def refuse(self, paths: Sequence[str]) -> str | None:
        """Say why these views cannot be followed, if so."""
        if not 1 <= len(paths) <= MOST_VIEWS:
            return f"name 1 to {MOST_VIEWS} views: ?view=/api/v1/overview"
        if len(self._pages) >= MOST_PAGES:
            return f"{MOST_PAGES} pages are open already"
        return None

    async def follow(self, paths: Sequence[str]) -> AsyncGenerator[bytes]:
        """Yield server-sent events: each view at once, and whenever it has changed, until the host stops."""
        page = _Page(paths=tuple(dict.fromkeys(paths)))
        self._enter(page)
        try:
            yield b"retry: 1000\n\n"
            while not self._stopped:
                with suppress(TimeoutError):
                    await asyncio.wait_for(page.news.wait(), PING)
                page.news.clear()
                pending, page.pending = page.pending, {}
                yield b"".join(pending.values()) or b": ping\n\n"
            yield b"event: bye\ndata: {}\n\n"
        finally:
            with self._lock:
                self._pages.discard(page)

    def stop(self, timeout: float) -> None:
        """End all streams and the thread."""
        self._stopped = True
        self._newcomer.set()
        self._wake.set()
        with self._lock:
            thread, pages = self._thread, list(self._pages)
        for page in pages:
            self._in_loop(page.news.set)
        if thread is not None:
            thread.join(timeout)

    def _enter(self, page: _Page) -> None:
        self._loop = asyncio.get_running_loop()
        with self._lock:
            known = self._known  # the thread may put another in its place
            page.pending = {path: known[path][0] for path in page.paths if path in known}
            if page.pending:
                page.told.update(page.pending)
                page.news.set()
            self._pages.add(page)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="dashboard-views", daemon=True)
                self._thread.start()
        self._newcomer.set()
        self._wake.set()

    def _in_loop(self, function: Callable[[], object]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended, and with it whoever would have been told
                self._loop.call_soon_threadsafe(function)

    # the thread

    def _run(self) -> None:
        due, until = True, 0.0
        while True:
            with self._lock:
                if self._stopped or not self._pages:
                    self._known.clear()
                    self._thread = None
                    return
                pages = list(self._pages)
            began = time.thread_time()
            try:
                self._round(pages, everything=due)
            except Exception:
                log.exception("the views could not be worked out")
            if due:  # newcomers in between do not put it off for the others
                until = time.monotonic() + max(SHORTEST, (time.thread_time() - began) / SHARE)
            due = self._rest(until)

    def _rest(self, until: float) -> bool:
        """Wait until then at least, then for a change; tell whether it came to that, or a page came first."""
        left = until - time.monotonic()
        if left > 0 and self._newcomer.wait(left):
            self._newcomer.clear()
            return False
        latest = time.monotonic() + LONGEST
        while not self._wake.wait(LOOK) and not self._has_changed() and time.monotonic() < latest:
            pass
        self._wake.clear()
        self._newcomer.clear()
        return True

    def _has_changed(self) -> bool:
        try:
            return self._changed()
        except QueuectlError:  # the views will say what is wrong
            return True

    def _round(self, pages: Sequence[_Page], *, everything: bool) -> None:
        readers: dict[str, list[_Page]] = {}
        for page in pages:
            for path in page.paths:
                readers.setdefault(path, []).append(page)
        self._known = {path: known for path, known in self._known.items() if path in readers}
        for path, those in readers.items():
            if self._stopped:
                return
            due = everything or path not in self._known
            is_news = due and self._is_news(path)
            told = those if is_news else [page for page in those if path not in page.told]  # who came meanwhile
            if told:
                self._in_loop(partial(_tell, told, path, self._known[path][0]))

    def _is_news(self, path: str) -> bool:
        """Work out a view, and tell whether anything in it has changed."""
        event = _event(path, self._look(path))
        counts = _CLOCKS.sub(b"", event)
        if path in self._known and self._known[path][1] == counts:
            return False
        self._known[path] = event, counts
        return True


def _tell(pages: Sequence[_Page], path: str, event: bytes) -> None:
    for page in pages:
        page.pending[path] = event
        page.told.add(path)
        page.news.set()


def _event(path: str, answer: Written) -> bytes:
    kind = b"data" if answer.status == HTTPStatus.OK else b"problem"
    return b'event: view\ndata: {"view":%b,"%b":%b}\n\n' % (json.dumps(path).encode(), kind, answer.body)
