"""The use cases, where they are more than one verb of the store."""

import pytest

from queuectl.model.state import State, Verb
from queuectl.queue import Queue
from tests.store.conformance.case import ids, run


@pytest.fixture
def queue(tmp_path):
    with Queue.open(str(tmp_path / "queue.db")) as opened:
        yield opened


def test_all_dead_jobs_run_again_but_one_of_each_key(queue):
    plain = [run(queue.store, queue.add("true"), Verb.BURY) for _ in range(2)]
    _, newer = (run(queue.store, queue.add("true", key="k"), Verb.BURY) for _ in range(2))
    run(queue.store, queue.add("true", key="taken"), Verb.BURY)
    live = queue.add("true", key="taken")
    assert ids(queue.retry_dead()) == ids([newer, *reversed(plain)])
    assert queue.status().counts[State.DEAD] == 2
    assert queue.find("k").id == newer.id
    assert queue.find("taken").id == live.id
    assert queue.retry_dead() == []
