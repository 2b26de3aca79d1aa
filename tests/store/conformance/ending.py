"""Ends: how a run's end is kept, and what people do: cancel, retry, delete, forget."""

from dataclasses import replace
from datetime import timedelta

import pytest

from queuectl.errors import NotFound, WrongState
from queuectl.model.history import history
from queuectl.model.job import OutcomeKind
from queuectl.model.state import FINAL, WAITING, State, Verb
from queuectl.store.types import JobFilter
from tests.store.conformance.case import (
    HOUR,
    StoreCase,
    add,
    claim,
    end,
    ids,
    new,
    report,
    run,
    stale,
    take,
    told,
    whole,
)


def in_state(store, state, **fields):
    """Return a new job in a state in which it waits or has ended."""
    if state is State.SCHEDULED:
        return add(store, run_at=store.now() + timedelta(hours=1), **fields)
    if state is State.BLOCKED:
        return add(store, after=(add(store, queue="parents").id,), **fields)
    job = add(store, **fields)
    verbs = {State.COMPLETED: Verb.COMPLETE, State.FAILED: Verb.FAIL, State.DEAD: Verb.BURY}
    if state in verbs:
        return run(store, job, verbs[state])
    return store.cancel(job.id, actor="tests") if state is State.CANCELLED else job


class Finishing(StoreCase):
    @pytest.mark.parametrize("verb", [Verb.COMPLETE, Verb.FAIL, Verb.BURY, Verb.RELEASE, Verb.RECOVER, Verb.CANCEL])
    def test_the_report_is_kept_on_the_job_and_on_the_attempt(self, store, clock, verb):
        job = take(store, add(store))
        clock.forward(1)
        began = clock.now()
        clock.forward(2)
        after = end(store, job, verb, wait=4, started_at=began, tail="the end 🦊\n", output_bytes=5_000_000_000)
        kept = store.get(job.id)
        assert replace(after, spec=kept.spec) == kept
        assert after.updated_at == clock.now()
        assert after.run_at == (clock.now() + timedelta(seconds=4) if verb is Verb.FAIL else None)
        [attempt] = store.attempts(job.id)
        assert (attempt.number, attempt.host, attempt.host_name) == (1, "host-1", "a machine")
        assert (attempt.started_at, attempt.finished_at) == (began, clock.now())
        assert (attempt.next_state, attempt.exit_code, attempt.reason) == (after.state, after.exit_code, after.reason)
        assert (attempt.tail, attempt.output_bytes) == ("the end 🦊\n", 5_000_000_000)

    def test_the_process_that_was_noted_stays_on_the_attempt(self, store):
        job = take(store, add(store))
        store.started(job.id, job.lease.token, host_name="early", pid=42, pid_created=0.5)
        [attempt] = store.attempts(job.id)
        assert (attempt.pid, attempt.pid_created, attempt.outcome, attempt.finished_at) == (42, 0.5, None, None)
        end(store, job)
        [attempt] = store.attempts(job.id)
        assert (attempt.pid, attempt.pid_created, attempt.outcome) == (42, 0.5, OutcomeKind.COMPLETED)

    def test_a_run_that_goes_on_is_an_attempt(self, store, clock):
        job = add(store)
        run(store, job, Verb.RECOVER)
        clock.forward(1)
        take(store, job, "host-2")
        first, second = store.attempts(job.id)
        assert (first.number, first.outcome) == (1, OutcomeKind.LOST)
        assert (second.number, second.outcome, second.host) == (2, None, "host-2")
        assert (second.started_at, second.finished_at, second.pid) == (clock.now(), None, None)
        assert told(store, job.id)[-1] == ("claim", State.PENDING, State.PROCESSING)

    @pytest.mark.parametrize("verb", [Verb.FAIL, Verb.RELEASE, Verb.RECOVER, Verb.BURY, Verb.COMPLETE])
    def test_a_wish_to_cancel_outweighs_every_verdict_that_it_run_again(self, store, verb):
        job = take(store, add(store))
        store.cancel(job.id, actor="tests")
        after = end(store, job, verb)  # decided before the host heard of the wish
        expected = {Verb.BURY: State.DEAD, Verb.COMPLETE: State.COMPLETED}.get(verb, State.CANCELLED)
        assert after.state is expected
        assert (after.run_at, after.finished_at, after.cancel_requested) == (None, store.now(), False)
        assert replace(after, spec=store.get(job.id).spec) == store.get(job.id)
        assert store.attempts(job.id)[0].next_state is expected
        assert told(store, job.id)[-1][2] is expected

    def test_reports_that_come_together_are_each_taken_for_itself(self, store, clock):
        jobs = [add(store) for _ in range(6)]
        done, failed, buried, wanted, late, released = [take(store, job) for job in jobs]
        child = add(store, after=(done.id,))
        other = add(store, after=(buried.id, done.id))
        store.cancel(wanted.id, actor="tests")
        end(store, late, Verb.RECOVER)
        again = take(store, late, "host-2")
        clock.forward(1)
        asked = [
            (late, Verb.COMPLETE), (failed, Verb.FAIL), (done, Verb.COMPLETE), (wanted, Verb.FAIL),
            (buried, Verb.BURY), (released, Verb.RELEASE), (stale(again), Verb.COMPLETE), (again, Verb.RECOVER),
        ]  # fmt: skip
        reports = [report(store, job, verb) for job, verb in asked]
        ended = store.finish_all(reports, host_name="a machine")
        assert [job and job.state for job in ended] == [
            None, State.FAILED, State.COMPLETED, State.CANCELLED, State.DEAD, State.PENDING, None, State.PENDING,
        ]  # fmt: skip
        for job in filter(None, ended):
            assert store.get(job.id) == replace(job, spec=store.get(job.id).spec)
            assert store.attempts(job.id)[-1].next_state is job.state
        assert store.get(child.id).state is State.PENDING
        assert store.get(other.id).state is State.CANCELLED
        assert store.finish_all(reports, host_name="a machine") == [None] * 8
        assert store.finish_all([], host_name="a machine") == []

    def test_p3_of_two_reports_under_one_lease_the_first_counts(self, store):
        job = take(store, add(store))
        reports = [report(store, job, verb) for verb in (Verb.COMPLETE, Verb.FAIL)]
        first, second = store.finish_all(reports, host_name="a machine")
        assert first.state is store.get(job.id).state is State.COMPLETED
        assert second is None
        assert [attempt.outcome for attempt in store.attempts(job.id)] == [OutcomeKind.COMPLETED]

    @pytest.mark.parametrize("tail", ["", "a\0b\x01\x1b[0m\r\n", "\ufeff\u2028🦊\ud7ff", '"\\u0000"', "x" * 100_000])
    def test_a_tail_is_kept_as_it_was(self, store, tail):
        job = take(store, add(store))
        end(store, job, tail=tail)
        assert store.attempts(job.id)[0].tail == tail


class Cancelling(StoreCase):
    @pytest.mark.parametrize("state", sorted(WAITING))
    def test_a_waiting_job_ends_at_once(self, store, clock, state):
        job = in_state(store, state)
        clock.forward(1)
        cancelled = store.cancel(job.id, actor="me@here", reason="not today")
        assert cancelled == store.get(job.id)
        assert (cancelled.state, cancelled.finished_at, cancelled.run_at) == (State.CANCELLED, clock.now(), None)
        assert cancelled.reason == "not today"
        event = store.events(job.id)[-1]
        assert (event.verb, event.before, event.after) == (Verb.CANCEL, state, State.CANCELLED)
        assert (event.at, event.actor, event.detail) == (clock.now(), "me@here", "not today")
        clock.forward(1000 * HOUR)
        store.promote()
        assert job.id not in ids(claim(store))

    def test_without_a_reason_it_still_says_why(self, store):
        assert store.cancel(add(store).id, actor="tests").reason

    def test_a_running_job_is_asked_to_stop(self, store, clock):
        mine, other = take(store, add(store), "me"), take(store, add(store), "other")
        assert store.cancelling("me") == []
        clock.forward(1)
        asked = store.cancel(mine.id, actor="me@here", reason="enough")
        assert asked == store.get(mine.id)
        assert (asked.state, asked.cancel_requested, asked.lease) == (State.PROCESSING, True, mine.lease)
        assert store.cancelling("me") == [mine.id]
        assert store.cancelling("other") == []
        store.cancel(mine.id, actor="tests")  # twice is no mistake
        assert end(store, mine, Verb.CANCEL).state is State.CANCELLED
        assert store.cancelling("me") == []
        assert end(store, other).state is State.COMPLETED

    def test_one_that_goes_back_unstarted_is_cancelled_and_says_so(self, store):
        job = take(store, add(store))
        store.cancel(job.id, actor="me@here", reason="enough")
        store.unclaim([job])
        after = store.get(job.id)
        assert (after.state, after.finished_at, after.cancel_requested) == (State.CANCELLED, store.now(), False)
        assert (after.attempts, after.lease) == (0, None)
        assert after.reason
        assert store.attempts(job.id) == []
        assert [event.verb for event in store.events(job.id)] == ["cancel requested", Verb.CANCEL]
        store.retry(job.id, actor="tests")
        run(store, job)
        assert [event.verb for event in history(*whole(store, job.id))] == [
            "enqueue", "cancel requested", "cancel", "retry", "claim", "completed",
        ]  # fmt: skip
        assert claim(store) == []

    def test_a_retry_forgets_the_wish(self, store):
        job = take(store, add(store))
        store.cancel(job.id, actor="tests")
        end(store, job, Verb.CANCEL)
        store.retry(job.id, actor="tests")
        assert run(store, job, Verb.FAIL).state is State.FAILED

    @pytest.mark.parametrize("state", sorted(FINAL))
    def test_an_ended_job_cannot_be_cancelled(self, store, state):
        job = in_state(store, state)
        with pytest.raises(WrongState, match=state):
            store.cancel(job.id, actor="tests")


class Retrying(StoreCase):
    @pytest.mark.parametrize("state", sorted({*FINAL, State.FAILED}))
    def test_an_ended_job_gets_a_new_set_of_attempts(self, store, clock, state):
        job = in_state(store, state)
        clock.forward(1)
        again = store.retry(job.id, actor="me@here")
        assert again == store.get(job.id)
        assert (again.state, again.attempts, again.runs) == (State.PENDING, 0, job.runs)
        assert [again.run_at, again.finished_at, again.exit_code, again.reason] == [None] * 4
        event = store.events(job.id)[-1]
        assert (event.verb, event.before, event.actor) == (Verb.RETRY, state, "me@here")
        taken = take(store, job)
        assert (taken.attempts, taken.runs) == (1, job.runs + 1)
        assert told(store, job.id)

    @pytest.mark.parametrize("state", [State.PENDING, State.SCHEDULED, State.BLOCKED, State.PROCESSING])
    def test_one_that_waits_or_runs_cannot_be_retried(self, store, state):
        job = take(store, add(store)) if state is State.PROCESSING else in_state(store, state)
        with pytest.raises(WrongState, match=state):
            store.retry(job.id, actor="tests")


class Deleting(StoreCase):
    @pytest.mark.parametrize("state", sorted({*FINAL, *WAITING}))
    def test_a_job_that_does_not_run_is_forgotten(self, store, state):
        job = in_state(store, state, key="k")
        store.delete(job.id)
        for look in (store.get, store.attempts, store.events, store.delete):
            with pytest.raises(NotFound, match=str(job.id)):
                look(job.id)
        assert store.by_key("k") is None
        assert job.id not in ids(store.jobs(JobFilter()))
        assert add(store, key="k").id > job.id

    def test_a_running_job_is_not(self, store):
        job = take(store, add(store))
        before = whole(store, job.id)
        with pytest.raises(WrongState, match="running"):
            store.delete(job.id)
        assert whole(store, job.id) == before

    @pytest.mark.parametrize("verb", ["cancel", "retry"])
    def test_what_does_not_exist_cannot_be_changed(self, store, verb):
        with pytest.raises(NotFound, match="4711"):
            getattr(store, verb)(4711, actor="tests")

    @pytest.mark.parametrize("state", sorted(FINAL))
    def test_what_ended_long_ago_is_forgotten_oldest_first(self, store, clock, state):
        jobs = []
        for _ in range(4):
            jobs.append(in_state(store, state))
            clock.forward(10)
        others = [in_state(store, other) for other in sorted(set(State) - {state, State.PROCESSING})]
        running = take(store, add(store))
        before = jobs[3].finished_at or store.get(jobs[3].id).finished_at
        assert store.forget(state, before, 2) == ids(jobs[:2])
        assert store.forget(state, before, 2) == [jobs[2].id]
        assert store.forget(state, before, 2) == []
        left = set(ids(store.jobs(JobFilter())))
        assert left >= {jobs[3].id, running.id, *ids(others)}
        assert not left & set(ids(jobs[:3]))

    @pytest.mark.parametrize("state", sorted({*WAITING, State.PROCESSING}))
    def test_what_has_not_ended_is_never_forgotten(self, store, clock, state):
        job = take(store, add(store)) if state is State.PROCESSING else in_state(store, state)
        clock.forward(HOUR)
        assert store.forget(state, clock.now(), 100) == []
        assert store.get(job.id).state is state

    def test_a_job_that_was_retried_is_not_forgotten_for_its_earlier_end(self, store, clock):
        job = run(store, add(store))
        clock.forward(HOUR)
        store.retry(job.id, actor="tests")
        taken = take(store, job)
        assert store.forget(State.COMPLETED, clock.now(), 10) == []
        end(store, taken)
        assert store.forget(State.COMPLETED, clock.now(), 10) == []
        [other] = store.enqueue([new()])
        assert other.id > job.id
