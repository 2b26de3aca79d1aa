"""The pool of workers."""

import threading
import time
from types import SimpleNamespace

from queuectl.engine.worker import Pool
from tests.hosts import until


def test_runs_that_never_end_share_the_time_that_a_stop_has():
    ever, reported = threading.Event(), []
    pool = Pool(8, lambda *told: reported.append(told))
    pool.start()
    for number in range(8):
        pool.put(SimpleNamespace(execute=ever.wait, job=SimpleNamespace(id=number)))
    until(lambda: not pool.waiting(), "all of them to be at work")
    began = time.monotonic()
    pool.stop(0.5)
    took = time.monotonic() - began
    ever.set()
    until(lambda: len(reported) == 8, "their ends")
    assert 0.5 <= took < 8 * 0.5
