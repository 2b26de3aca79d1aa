"""A job's change: another specification, other waits, another time; tags and notes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from queuectl.errors import NotFound, WrongState
from queuectl.model.state import FINAL, State, Verb
from tests.store.conformance.case import HOUR, StoreCase, add, claim, ids, new, run, states, take, told
from tests.store.conformance.transitions import reach


def edit(store, job, **fields):
    """Change some fields of a job, as an editor would that shows all of them."""
    spec = replace(job.spec, **fields)
    return store.edit(job.id, replace(new(), spec=spec, max_retries=job.max_retries), actor="a person", detail="why")


class Editing(StoreCase):
    @pytest.fixture
    def parent(self, store):
        return add(store, queue="parents")

    def test_another_command_and_queue_are_what_runs(self, store, clock):
        job = add(store, "false", env={"A": "1"})
        clock.forward(1)
        edited = edit(store, job, command="true", queue="other", priority=7, timeout=3.0, ok_on=(4,), env={})
        assert (edited.spec.command, edited.spec.queue, edited.spec.timeout, edited.spec.ok_on) == (
            "true", "other", 3.0, (4,),
        )  # fmt: skip
        assert edited.updated_at == clock.now()
        assert told(store, job.id)[-1] == (Verb.EDIT, State.PENDING, State.PENDING)
        assert (store.events(job.id)[-1].actor, store.events(job.id)[-1].detail) == ("a person", "why")
        assert ids(claim(store, queues=["other"])) == [job.id]

    @pytest.mark.parametrize("state", [State.PENDING, State.SCHEDULED, State.BLOCKED, State.FAILED])
    def test_a_waiting_job_gets_another_time(self, store, clock, parent, state):
        job = store.get(reach(store, state, parent=parent).id)
        later = clock.now() + timedelta(seconds=2 * HOUR)
        assert edit(store, job, run_at=later, after=()).state is State.SCHEDULED
        assert store.get(job.id).run_at == later
        clock.forward(3 * HOUR)
        store.promote()
        assert states(store, [job]) == [State.PENDING]

    def test_what_waits_for_its_retry_still_does(self, store):
        failed = run(store, add(store), Verb.FAIL)
        edited = edit(store, store.get(failed.id), command="true")
        assert (edited.state, edited.run_at, edited.reason) == (State.FAILED, failed.run_at, failed.reason)
        assert edit(store, edited, run_at=None).state is State.PENDING

    def test_waits_come_and_go(self, store, parent):
        job = add(store)
        assert edit(store, job, after=(parent.id,)).state is State.BLOCKED
        other = add(store, queue="parents")
        edited = edit(store, store.get(job.id), after=(), after_any=(other.id,))
        assert edited.state is State.BLOCKED
        run(store, parent)
        assert states(store, [job]) == [State.BLOCKED]
        assert edit(store, store.get(job.id), after_any=()).state is State.PENDING

    @pytest.mark.parametrize("becomes", ["dead", "forgotten", "retried"])
    def test_what_it_has_waited_for_does_not_matter_any_more(self, store, parent, becomes):
        job = add(store, after=(parent.id,))
        run(store, parent)
        if becomes == "forgotten":
            store.delete(parent.id)
        else:
            store.retry(parent.id, actor="tests")
        if becomes == "dead":
            run(store, parent, Verb.BURY)
        edited = edit(store, store.get(job.id), priority=3)
        assert (edited.state, edited.spec.after) == (State.PENDING, (parent.id,))

    def test_a_circle_is_refused(self, store):
        first = add(store)
        second = add(store, after=(first.id,))
        third = add(store, after=(second.id,))
        for parent in (third, second, first):
            with pytest.raises(WrongState, match="wait"):
                edit(store, first, after=(parent.id,))
        assert states(store, [first, second, third]) == [State.PENDING, State.BLOCKED, State.BLOCKED]
        with pytest.raises(NotFound):
            edit(store, first, after=(4711,))

    def test_a_mutex_is_given_up_and_taken(self, store):
        first, second = add(store, mutex="m"), add(store, mutex="m")
        edit(store, first, mutex=None)
        assert states(store, [first, second]) == [State.PENDING, State.PENDING]
        edit(store, store.get(first.id), mutex="m", priority=5)
        assert states(store, [first, second]) == [State.PENDING, State.BLOCKED]

    def test_a_key_that_a_live_job_has_is_refused(self, store):
        add(store, key="k")
        job = add(store)
        with pytest.raises(WrongState, match="'k'"):
            edit(store, job, key="k")

    def test_what_runs_is_not_changed(self, store):
        job = take(store, add(store))
        with pytest.raises(WrongState, match="running"):
            edit(store, job, command="false")

    @pytest.mark.parametrize("state", sorted(FINAL))
    def test_what_has_ended_stays_ended_until_its_retry(self, store, parent, state):
        job = store.get(reach(store, state, parent=parent).id)
        assert edit(store, job, command="echo again").state is state
        assert store.retry(job.id, actor="tests").spec.command == "echo again"

    @pytest.mark.parametrize("state", sorted(State))
    def test_tags_and_notes_are_given_in_any_state(self, store, parent, state):
        job = reach(store, state, parent=parent)
        annotated = store.annotate(job.id, tags=["a", "b"], note="mind the gap")
        assert (annotated.spec.tags, annotated.spec.note, annotated.state) == (("a", "b"), "mind the gap", state)
        assert store.annotate(job.id, tags=[], note=None).spec.tags == ()
