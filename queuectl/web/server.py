"""The page's socket, and behind it a server that is not even imported before somebody knocks."""

import contextlib
import logging
import selectors
import socket
import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from queuectl.errors import QueuectlError
from queuectl.platform import bundle, machine
from queuectl.platform.listener import listen
from queuectl.web.assets import read_assets
from queuectl.web.keys import Keys, token_file

if TYPE_CHECKING:
    import uvicorn

    from queuectl.queue import Queue
    from queuectl.web.guard import Guard
    from queuectl.web.views import Views

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
THREADS = 4
"""Requests that are worked on at once."""

log = logging.getLogger("queuectl.web")


class Dashboard:
    """Serve the page and the API of one queue from a thread of its own; the socket is bound at once.

    Raises:
        QueuectlError: the address cannot be bound, or the token cannot be kept.
    """

    def __init__(self, queue: "Queue", host_id: str, drop_folder: Path, *, watches: bool = False) -> None:
        settings = queue.settings()
        self._queue = queue
        self._host_id = host_id
        self._drop_folder = drop_folder
        self._watches = watches
        shares: bool = settings["share_logs"]
        self.keys = Keys(token_file(queue.paths.files), share_logs=shares)
        self._bind: str = settings["dashboard_bind"]
        self._socket = _listen(self._bind, settings["dashboard_port"])
        self.port: int = self._socket.getsockname()[1]
        more = [name.strip().lower() for name in settings["dashboard_hosts"].split(",") if name.strip()]
        if shares and self._bind in EVERYWHERE and not more:
            more = [f"{machine.name().lower()}:{self.port}"]
        self.names = _names(self._bind, self.port, more)
        self.logs = f"http://{self.keys.logs}@{next(iter(more), self.url[len('http://') : -1])}/" if shares else None
        """Where other machines ask for logs, with the key for that; None where they are not shared."""
        # The folder that an executable unpacks itself into may be cleaned away before anybody looks at the page.
        self._assets = read_assets() if bundle.folder() is not None else None
        self._bell, self._ear = socket.socketpair()
        self._stopped = False
        self.views: Views | None = None
        self.app: Guard | None = None
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._serve, name="dashboard", daemon=True)
        if self._bind not in LOOPBACK:
            log.warning("the page is open to other machines at %s, without encryption", self.url)
        elif shares and not more:
            log.warning("share_logs is on, but other machines cannot reach %s: see dashboard_bind", self.url)

    @property
    def url(self) -> str:
        """Return the page's address for this machine."""
        loopback = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}  # noqa: S104 - compared, not bound
        host = loopback.get(self._bind, self._bind)
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"

    def login_url(self, to: str = "") -> str:
        """Return an address that lets a browser in, once, within a minute; ``to`` is a page such as ``dead``."""
        return f"{self.url}login?code={self.keys.code()}" + (f"&to={quote(to, safe='')}" if to else "")

    def start(self) -> None:
        """Wait for the first visitor, in the background."""
        self._thread.start()

    def wake(self) -> None:
        """Say that something may have changed; it costs nothing while no page is open."""
        if self.views is not None:
            self.views.wake()

    def stop(self, timeout: float) -> None:
        """End the streams and the server, within ``timeout`` seconds for each."""
        self._stopped = True
        self._bell.send(b"x")
        if self.views is not None:
            self.views.stop(timeout)
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(timeout)
        if self._thread.is_alive() and self._server is not None:
            self._server.force_exit = True
            self._thread.join(timeout)
        for one in (self._socket, self._bell, self._ear):
            one.close()

    def _serve(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._socket, selectors.EVENT_READ)
                selector.register(self._ear, selectors.EVENT_READ)
                selector.select()
            if not self._stopped:
                self._run()
        except Exception:
            log.exception("the page is gone; jobs run on without it")
            with contextlib.suppress(QueuectlError):  # who finds the address there sends the token to it
                self._queue.store.set_dashboard(self._host_id, None)
            self._socket.close()  # or whoever knocks would wait

    def _run(self) -> None:
        import asyncio

        from queuectl.platform.without_tls import stand_in_for_ssl
        from queuectl.web.answers import Answers
        from queuectl.web.api.table import ENDPOINTS
        from queuectl.web.endpoint import Site
        from queuectl.web.logstream import LogStreams
        from queuectl.web.views import Views

        stand_in_for_ssl()
        import uvicorn

        from queuectl.web.app import make_app
        from queuectl.web.connection import Connection

        site = Site(host_id=self._host_id, drop_folder=self._drop_folder, watches=self._watches, csrf=self.keys.csrf)
        answers = Answers(self._queue, site, ENDPOINTS)
        views = self.views = Views(answers.look, self._queue.store.changed)
        with ThreadPoolExecutor(THREADS, thread_name_prefix="dashboard") as pool:
            self.app = make_app(
                answers, ENDPOINTS, keys=self.keys, names=self.names, views=views, pool=pool,
                logs=LogStreams(self._queue, lambda: self._stopped), assets=self._assets or read_assets(),
            )  # fmt: skip
            config = uvicorn.Config(
                self.app,
                http=Connection,
                backlog=64,  # as many are let in at once, before any of them can be sent away
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",  # what anybody sends must not fill our log; what fails in us, the app tells
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=1,  # it would wait for ever for what a page still reads
            )
            self._server = uvicorn.Server(config)
            if not self._stopped:
                asyncio.run(self._server.serve(sockets=[self._socket]))


def _listen(address: str, port: int) -> socket.socket:
    hint = "Choose another: queuectl config set dashboard_bind 127.0.0.1"
    if not address.strip():  # which would be every address of this machine
        raise QueuectlError("the page cannot be bound to no address", hint=hint)
    try:
        return listen(address, port)
    except (OSError, UnicodeError) as exc:
        why = getattr(exc, "strerror", None) or exc
        raise QueuectlError(f"the page cannot be bound to {address}: {why}", hint=hint) from exc


def _names(bind: str, port: int, more: Collection[str]) -> Collection[str]:
    """Return each ``host:port`` under which the page may be asked for."""
    own = {f"127.0.0.1:{port}", f"localhost:{port}"}
    if bind not in LOOPBACK | EVERYWHERE:
        own.add(f"[{bind}]:{port}" if ":" in bind else f"{bind}:{port}")
    if ":" in bind:
        own.add(f"[::1]:{port}")
    return frozenset(own | set(more))
