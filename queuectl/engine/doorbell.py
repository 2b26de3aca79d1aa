"""A bell that other processes of this machine ring when they have changed something: an empty datagram on loopback.

It only shortens the wait: a lost ring costs a poll, a forged one buys a poll.
"""

import socket
import threading
from collections.abc import Callable

PAUSE_AFTER_RING = 0.001
"""Seconds; so that a flood of rings cannot keep the host busy."""


class Doorbell:
    """Listen on a free port and call ``on_ring`` in a thread of its own."""

    def __init__(self, on_ring: Callable[[], None]) -> None:
        self._on_ring = on_ring
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="doorbell", daemon=True)

    @property
    def port(self) -> int:
        """Return the port to ring at."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Give the port back; for one that was never started."""
        self._socket.close()

    def stop(self, timeout: float) -> None:
        """Stop listening; wait at most ``timeout`` seconds for the thread."""
        self._stopped.set()
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(timeout)
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                self._socket.recv(1)
            except OSError:  # a datagram that was too long, or a port that was closed at the other end (Windows)
                continue
            finally:
                if self._stopped.is_set():
                    return  # noqa: B012 - an error while stopping is of no interest
            self._on_ring()
            self._stopped.wait(PAUSE_AFTER_RING)
