"""Run what a click asks for in threads of its own: a callback may block, the loop that draws the menu may not."""

import queue
import threading
import time
from collections.abc import Callable


class Callbacks:
    """Run callbacks in a few daemon threads, started as they are needed.

    The standard library's pool would hold up the end of the process for a callback that never returns.
    """

    def __init__(self, *, limit: int = 4) -> None:
        self._limit = limit
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []

    def submit(self, call: Callable[[], None]) -> None:
        """Have something called soon; it handles its own errors. Belongs to one thread."""
        self._calls.put(call)
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._limit:
            name = f"queuectl-tray-{len(self._threads) + 1}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self, patience: float) -> None:
        """Let the threads end after what was submitted; wait for them so many seconds."""
        deadline = time.monotonic() + patience
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
            self._idle.release()
