"""What other threads tell the coordinator, gathered so that one transaction answers it all."""

import queue
import threading
import time
from dataclasses import dataclass

from queuectl.engine.pace import GATHER
from queuectl.engine.runner import Run
from queuectl.model.job import Outcome
from queuectl.model.progress import Progress


@dataclass(frozen=True, slots=True)
class Finished:
    """A run has ended."""

    run: Run
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Lasting:
    """A run lasts, so its process is to be noted."""

    run: Run


@dataclass(frozen=True, slots=True)
class Progressed:
    """A run tells how far it is."""

    run: Run
    progress: Progress


class _Ring:
    """Something may have changed in the database."""


Message = Finished | Lasting | Progressed


class Inbox:
    """Messages from any thread; what has gathered is the coordinator's, which forgets it when it is committed."""

    def __init__(self) -> None:
        self.finished: list[Finished] = []
        self.lasting: list[Run] = []
        self.progressed: dict[Run, Progress] = {}
        self._messages: queue.SimpleQueue[Message | _Ring] = queue.SimpleQueue()
        self._rung = threading.Event()

    def __bool__(self) -> bool:
        return bool(self.finished or self.lasting or self.progressed)

    def put(self, message: Message) -> None:
        """Tell it something."""
        self._messages.put(message)

    def ring(self) -> None:
        """Have it look into the database; a ring that it has not heard yet is enough."""
        if not self._rung.is_set():
            self._rung.set()
            self._messages.put(_Ring())

    def forget(self) -> None:
        """Forget what has gathered: it is committed."""
        self.finished, self.lasting, self.progressed = [], [], {}

    def gather(self, wait: float, *, others_follow: bool) -> bool:
        """Wait for a message, at most ``wait`` seconds, and take all there are; tell whether the bell rang.

        After the end of a run others are left a moment to gather, if they follow.
        """
        try:
            message = self._messages.get(timeout=wait) if wait else self._messages.get_nowait()
        except queue.Empty:
            return False
        if isinstance(message, Finished) and others_follow:
            time.sleep(GATHER)
        rung = False
        while True:
            if isinstance(message, Finished):
                self.finished.append(message)
            elif isinstance(message, Lasting):
                self.lasting.append(message.run)
            elif isinstance(message, Progressed):
                self.progressed[message.run] = message.progress
            else:
                self._rung.clear()
                rung = True
            try:
                message = self._messages.get_nowait()
            except queue.Empty:
                return rung
