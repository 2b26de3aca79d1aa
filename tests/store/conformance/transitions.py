"""Every verb on a job in every state: what the table allows happens, all else changes nothing."""

from dataclasses import replace

import pytest

from queuectl.errors import LeaseLost, WrongState
from queuectl.model.state import FINAL, TRANSITIONS, State, Verb, allows
from queuectl.store.types import NewJob
from tests.store.conformance.case import HOUR, StoreCase, add, claim, end, run, stale, take, told, whole

ENDS = {Verb.COMPLETE: State.COMPLETED, Verb.FAIL: State.FAILED, Verb.BURY: State.DEAD}
ALL = [(verb, state) for verb in Verb for state in State]
ALLOWED = [pytest.param(*pair, id="-".join(pair)) for pair in ALL if allows(*pair)]
FORBIDDEN = [pytest.param(*pair, id="-".join(pair)) for pair in ALL if not allows(*pair)]
RAISES = {Verb.CANCEL: WrongState, Verb.RETRY: WrongState, Verb.EDIT: WrongState} | dict.fromkeys(
    (Verb.COMPLETE, Verb.FAIL, Verb.BURY, Verb.RELEASE, Verb.RECOVER), LeaseLost
)
"""What a verb that names a job raises where it is forbidden; the others pass over a job that is not for them."""


def reach(store, state, *, parent, mutex=None):
    """Bring a new job into a state by verbs alone; it waits for the parent, or once did, where that can be."""
    later = store.now().replace(year=2027)
    if state is State.SCHEDULED:
        return add(store, run_at=later, mutex=mutex)
    job = add(store, after=(parent.id,), mutex=mutex)
    if state is State.BLOCKED:
        return job
    store.cancel(job.id, actor="tests")
    if state is State.CANCELLED:
        return job
    store.retry(job.id, actor="tests")
    if state is State.PROCESSING:
        return take(store, job)
    if state is not State.PENDING:
        run(store, job, next(verb for verb, after in ENDS.items() if after is state))
    return job


def act(store, clock, verb, job, parent):
    """Do to a job what a verb stands for."""
    match verb:
        case Verb.CLAIM:
            claim(store)
        case Verb.PROMOTE:
            clock.forward(400 * 24 * HOUR)
            store.promote()
        case Verb.BLOCK:
            add(store, mutex="m", priority=1)
        case Verb.EDIT:
            store.edit(job.id, NewJob(spec=replace(job.spec, note="!"), max_retries=3, backoff_base=2.0), actor="tests")
        case Verb.UNBLOCK:
            run(store, parent)
        case Verb.CANCEL:
            if store.cancel(job.id, actor="tests").state is State.PROCESSING:
                end(store, job, Verb.FAIL)
        case Verb.RETRY:
            store.retry(job.id, actor="tests")
        case _:
            end(store, job if job.lease else stale(job), verb)


class Transitions(StoreCase):
    @pytest.fixture
    def parent(self, store):
        return add(store, queue="parents")

    def test_there_is_a_way_into_every_state(self, store, parent):
        for state in State:
            job = reach(store, state, parent=parent)
            assert store.get(job.id).state is state
            assert told(store, job.id)

    @pytest.mark.parametrize(("verb", "state"), ALLOWED)
    def test_what_the_table_allows_happens(self, store, clock, parent, verb, state):
        job = reach(store, state, parent=parent, mutex="m")
        clock.forward(1)
        act(store, clock, verb, job, parent)
        after = store.get(job.id)
        assert after.state in TRANSITIONS[verb][state]
        assert after.updated_at == clock.now()
        assert (after.lease is not None) == (after.state is State.PROCESSING)
        assert (after.finished_at is not None) == (after.state in FINAL)
        assert (after.run_at is not None) == (after.state in {State.FAILED, State.SCHEDULED})
        assert not after.cancel_requested
        assert told(store, job.id)[-1][1:] == (state, after.state)

    @pytest.mark.parametrize(("verb", "state"), FORBIDDEN)
    def test_what_it_does_not_allow_changes_nothing(self, store, clock, parent, verb, state):
        job = reach(store, state, parent=parent, mutex="m")
        before = whole(store, job.id)
        clock.forward(1)
        if verb in RAISES:
            with pytest.raises(RAISES[verb]):
                act(store, clock, verb, job, parent)
        else:
            act(store, clock, verb, job, parent)
        assert whole(store, job.id) == before
