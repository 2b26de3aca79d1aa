"""The pool: threads that each take a run, execute it, and report."""

import logging
import queue
import threading
import time
from collections.abc import Callable

from queuectl.engine.runner import Run
from queuectl.model.job import Outcome

log = logging.getLogger("queuectl.engine")

Report = Callable[[Run, Outcome | None], None]


class Pool:
    """Execute runs in as many threads as there are workers.

    ``report`` is called in a worker's thread with each run and its outcome; the outcome is None when executing it
    failed for a reason of ours.
    """

    def __init__(self, size: int, report: Report) -> None:
        self.size = 0
        """How many workers there are now; ``wanted`` is with how many it starts."""
        self._report = report
        self._ready: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.wanted = size

    def start(self) -> None:
        """Start the workers."""
        self.resize(self.wanted)

    def resize(self, size: int) -> None:
        """Change the number of workers; surplus ones end when their run does."""
        for number in range(self.size, size):
            thread = threading.Thread(target=self._work, name=f"worker-{number + 1}", daemon=True)
            thread.start()
            self._threads.append(thread)
            self.size = number + 1
        for _ in range(size, self.size):
            self._ready.put(None)
        self.size = size

    def put(self, run: Run) -> None:
        """Hand a run to the next free worker."""
        self._ready.put(run)

    def waiting(self) -> int:
        """Return how many runs no worker has taken yet."""
        return self._ready.qsize()

    def take_back(self) -> list[Run]:
        """Return the runs that no worker has taken yet, and forget them."""
        runs = []
        surplus = 0
        while True:
            try:
                run = self._ready.get_nowait()
            except queue.Empty:
                break
            if run is None:
                surplus += 1
            else:
                runs.append(run)
        for _ in range(surplus):
            self._ready.put(None)
        return runs

    def stop(self, timeout: float) -> None:
        """Let the workers end after their present run; wait at most ``timeout`` seconds for all of them."""
        self.resize(0)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (run := self._ready.get()) is not None:
            try:
                outcome = run.execute()
            except Exception:
                log.exception("running job %s failed inside queuectl", run.job.id)
                self._report(run, None)
            else:
                self._report(run, outcome)
