"""Leases: what their holder may do, how long, and that nobody else may."""

from datetime import timedelta

import pytest

from queuectl.errors import LeaseLost
from queuectl.model.job import OutcomeKind
from queuectl.model.state import FINAL, State, Verb
from tests.store.conformance.case import (
    HOUR,
    LEASE,
    StoreCase,
    add,
    claim,
    end,
    ids,
    new,
    run,
    stale,
    take,
    told,
    whole,
)


def note(store, job, pid=42, created=1234.5):
    store.started(job.id, job.lease.token, host_name="a machine", pid=pid, pid_created=created)


class Leases(StoreCase):
    def test_p2_a_finished_job_never_runs_again(self, store, clock):
        taken = {verb: take(store, add(store)) for verb in (Verb.COMPLETE, Verb.BURY, Verb.CANCEL)}
        ended = {job.id: end(store, job, verb) for verb, job in taken.items()}
        before = {job_id: whole(store, job_id) for job_id in ended}
        for job in taken.values():
            for verb in (Verb.FAIL, Verb.RELEASE, Verb.RECOVER):
                with pytest.raises(LeaseLost):
                    end(store, job, verb)
            store.unclaim([job])
        clock.forward(1000 * HOUR)
        store.renew("host-1", lease=LEASE)
        assert store.promote() == 0
        assert store.expired() == store.running() == claim(store) == []
        assert {job_id: whole(store, job_id) for job_id in ended} == before
        assert {store.get(job_id).state for job_id in ended} == FINAL

    def test_p3_each_claim_has_a_token_of_its_own(self, store):
        job = add(store)
        tokens = set()
        for _ in range(20):
            taken = take(store, job)
            tokens.add(taken.lease.token)
            end(store, taken, Verb.RELEASE)
        assert len(tokens) == 20
        assert all(len(token) >= 32 for token in tokens)

    @pytest.mark.parametrize("verb", [Verb.COMPLETE, Verb.FAIL, Verb.BURY, Verb.RELEASE, Verb.RECOVER, Verb.CANCEL])
    def test_p3_a_stale_report_changes_nothing(self, store, verb):
        job = add(store)
        first = take(store, job)
        end(store, first, Verb.RECOVER)
        second = take(store, job, owner="host-2")
        before = whole(store, job.id)
        for held in (first, stale(second), job):
            with pytest.raises(LeaseLost):
                end(store, held, verb, tail="forged")
        assert whole(store, job.id) == before
        assert end(store, second).state is State.COMPLETED

    def test_p3_a_stale_start_or_return_changes_nothing(self, store):
        job = add(store)
        first = take(store, job)
        end(store, first, Verb.RECOVER)
        second = take(store, job, owner="host-2")
        before = whole(store, job.id)
        for held in (first, stale(second)):
            with pytest.raises(LeaseLost):
                note(store, held)
            store.unclaim([held])
        store.unclaim([job])
        assert whole(store, job.id) == before
        end(store, second)
        with pytest.raises(LeaseLost):
            note(store, second)

    def test_p3_a_report_after_a_deletion_changes_nothing(self, store):
        job = take(store, add(store))
        end(store, job, Verb.RELEASE)
        store.delete(job.id)
        with pytest.raises(LeaseLost):
            end(store, job)
        with pytest.raises(LeaseLost):
            note(store, job)
        store.unclaim([job])
        assert store.counts() == {}

    def test_a_lease_that_has_run_out_is_good_until_somebody_takes_the_job(self, store, clock):
        job = take(store, add(store))
        clock.forward(10 * LEASE)
        assert end(store, job).state is State.COMPLETED

    def test_to_release_gives_the_attempt_back_and_keeps_the_run(self, store):
        job = add(store, max_retries=0)
        for number in (1, 2, 3):
            taken = take(store, job)
            assert (taken.attempts, taken.runs) == (1, number)
            released = end(store, taken, Verb.RELEASE)
            assert (released.state, released.attempts, released.runs) == (State.PENDING, 0, number)
        assert [attempt.outcome for attempt in store.attempts(job.id)] == [OutcomeKind.INTERRUPTED] * 3

    @pytest.mark.parametrize("verb", [Verb.FAIL, Verb.RECOVER])
    def test_any_other_end_spends_the_attempt(self, store, verb):
        job = run(store, add(store), verb)
        assert (job.attempts, job.runs) == (1, 1)

    def test_to_unclaim_is_as_if_it_had_not_been_claimed(self, store):
        a, b = store.enqueue([new(), new()])
        run(store, a, Verb.RECOVER)
        claimed = claim(store)
        store.unclaim(claimed)
        again = store.get(a.id)
        assert (again.state, again.attempts, again.runs, again.lease) == (State.PENDING, 1, 1, None)
        assert (store.get(b.id).attempts, store.get(b.id).runs, store.get(b.id).started_at) == (0, 0, None)
        assert len(store.attempts(a.id)) == 1
        assert store.attempts(b.id) == []
        assert told(store, b.id) == [("enqueue", None, State.PENDING)]
        assert ids(claim(store)) == [a.id, b.id]
        store.unclaim([])

    def test_a_host_renews_its_own_leases_only(self, store, clock):
        mine, other = take(store, add(store), "me"), take(store, add(store), "other")
        clock.forward(50)
        store.renew("me", lease=20)
        assert store.get(mine.id).lease.expires_at == clock.now() + timedelta(seconds=20)
        assert store.get(mine.id).lease.token == mine.lease.token
        assert store.get(other.id).lease == other.lease

    def test_a_lease_expires_after_its_deadline_not_at_it(self, store, clock):
        job = take(store, add(store))
        clock.forward(LEASE)
        assert store.expired() == []
        clock.forward(0.001)
        [expired] = store.expired()
        assert (expired.job, expired.pid, expired.pid_created) == (job, None, None)
        clock.forward(-HOUR)
        assert store.expired() == []

    def test_what_runs_is_told_with_its_process(self, store):
        a, b = take(store, add(store), "me"), take(store, add(store), "other")
        note(store, b, pid=7, created=8.25)
        assert [(run.job, run.pid, run.pid_created) for run in store.running()] == [(a, None, None), (b, 7, 8.25)]
        assert [run.job.id for run in store.running("me")] == [a.id]
        assert store.running("nobody") == []
        note(store, b, pid=9, created=None)
        assert [(run.pid, run.pid_created) for run in store.running("other")] == [(9, None)]

    def test_the_process_of_an_earlier_run_is_not_that_of_this_one(self, store):
        job = add(store)
        first = take(store, job)
        note(store, first)
        end(store, first, Verb.RECOVER)
        take(store, job)
        assert [run.pid for run in store.running()] == [None]

    def test_a_host_knows_its_tokens(self, store):
        a, b = take(store, add(store), "me"), take(store, add(store), "me")
        take(store, add(store), "other")
        assert store.held("me") == {a.lease.token, b.lease.token}
        end(store, a)
        assert store.held("me") == {b.lease.token}
        assert store.held("nobody") == set()
