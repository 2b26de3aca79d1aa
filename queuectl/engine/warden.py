"""Watches the runs that go on: timeouts, leases, the kill after the polite signal, the size of logs."""

import logging
import threading
from collections.abc import Callable

from queuectl.clock import Clock
from queuectl.engine.runner import Run
from queuectl.model.job import OutcomeKind
from queuectl.model.progress import Progress
from queuectl.units import format_duration

LOOK = 0.25
"""Seconds between two looks at logs while something runs."""
NOTE_AFTER = 0.1
"""Seconds that a run must last before its process is noted in the database: short ones end first."""

log = logging.getLogger("queuectl.engine")


class Warden:
    """Look after running attempts in a thread that sleeps while there are none.

    ``on_lasting`` is called once for each run that lasts, so that its process is noted; ``on_progress`` when one tells
    how far it is.
    """

    def __init__(
        self, *, clock: Clock, on_lasting: Callable[[Run], None], on_progress: Callable[[Run, Progress], None]
    ) -> None:
        self._clock = clock
        self._on_lasting = on_lasting
        self._on_progress = on_progress
        self._runs: set[Run] = set()
        self._changed = threading.Condition()
        self._stopped = False
        self._asleep = False
        self._thread = threading.Thread(target=self._watch, name="warden", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Stop watching; wait at most ``timeout`` seconds for the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(timeout)

    def add(self, run: Run) -> None:
        """Watch a run."""
        with self._changed:
            self._runs.add(run)
            if self._asleep:
                self._changed.notify()

    def started(self, run: Run) -> None:
        """Learn that a run's process was started: its timeout counts from now."""
        if run.timeout is not None and run.timeout < LOOK:
            self.wake()

    def remove(self, run: Run) -> None:
        """Watch a run no longer."""
        with self._changed:
            self._runs.discard(run)

    def wake(self) -> None:
        """Look at once: a run was asked to stop."""
        with self._changed:
            self._changed.notify()

    def _watch(self) -> None:
        while True:
            with self._changed:
                self._asleep = not self._runs
                self._changed.wait(self._next_look() if self._runs else None)
                self._asleep = False
                if self._stopped:
                    return
                runs = list(self._runs)
            for run in runs:
                try:
                    self._look_after(run, self._clock.monotonic())
                except Exception:  # one run's trouble must not leave the others unwatched
                    log.exception("looking after job %s failed", run.job.id)

    def _next_look(self) -> float:
        now = self._clock.monotonic()
        deadlines = [run.kill_at for run in self._runs if run.kill_at is not None]
        deadlines += [
            run.began + run.timeout
            for run in self._runs
            if run.timeout is not None and run.began is not None and run.kill_at is None
        ]
        leases = [left for left in (run.left for run in self._runs) if left > 0]
        return max(0.001, min([LOOK, *(deadline - now for deadline in deadlines), *leases]))

    def _look_after(self, run: Run, now: float) -> None:
        if run.left <= 0:
            run.cut_off()
        if run.kill_at is not None:
            if now >= run.kill_at:
                run.kill()
                run.kill_at = now + LOOK  # what escaped this time will not the next
        elif run.timeout is not None and run.began is not None and now - run.began >= run.timeout:
            run.stop(OutcomeKind.TIMEOUT, f"ran longer than its timeout of {format_duration(run.timeout)}")
        if run.began is not None and not run.noted and now - run.began >= NOTE_AFTER:
            run.noted = True
            self._on_lasting(run)
        if run.noted:
            progress = run.progress.look()
            if progress is not None:
                self._on_progress(run, progress)
        run.trim()
