"""A connection that is given up when the server does not answer: its machine may be cut off, or frozen.

Timeouts that the server keeps are of no use then, and those of TCP neither while its machine still acknowledges what
it is sent.
"""

import time
from collections.abc import Generator
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen

PATIENCE = 300.0
"""Seconds that a statement gets where nobody has said otherwise."""


class Link(psycopg.Connection[Any]):
    """Wait at most ``patience`` seconds for each answer; None waits for ever."""

    patience: float | None = PATIENCE

    def wait(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:
        """Take the steps of a conversation with the server."""
        if self.patience is None:
            return super().wait(gen, *args, **kwargs)
        return super().wait(self._bounded(gen, self.patience), *args, **kwargs)

    def _bounded(self, gen: PQGen[RV], patience: float) -> Generator[Any, Any, RV]:
        began = None
        try:
            step = next(gen)
            while True:
                ready = yield step
                if not ready:
                    now = time.monotonic()
                    began = now if began is None else began
                    if now - began >= patience:
                        self.pgconn.finish()
                        raise psycopg.OperationalError(f"the server has not answered for {patience:.0f} s")
                else:
                    began = None
                step = gen.send(ready)
        except StopIteration as done:
            result: RV = done.value
            return result
