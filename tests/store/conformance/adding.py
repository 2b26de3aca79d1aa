"""Enqueueing: what was asked for is kept, whole or not at all, and once for each key and batch."""

from dataclasses import replace
from datetime import timedelta

import pytest

from queuectl.errors import NotFound, WrongState
from queuectl.model.job import JobSpec
from queuectl.model.state import State, Verb
from queuectl.store.types import JobFilter, NewJob
from tests.store.conformance.case import HOUR, StoreCase, add, claim, end, ids, new, run, take, told

EVERY_FIELD = {
    "cwd": "/tmp/a folder",
    "env": {"NAME": "Grüße 'n' \"so\"", "EMPTY": "", "LINES": "a\nb"},
    "path": "/usr/bin:/bin",
    "shell": "bash",
    "queue": "Füße; DROP TABLE jobs",
    "priority": -1_000_000,
    "timeout": 0.125,
    "key": "key ' \" % _ \\",
    "name": "naïve 🦊 名前",
    "tags": ("a", "b c", "ü'"),
}


class Adding(StoreCase):
    @pytest.mark.parametrize(
        "what",
        [
            {"command": "echo 'it''s' \"$HOME\" \\ \t\n# 🦊"},
            {"argv": ("prog", "", "a b", "'", '"', "\\", "ü\n")},
            {"command": "x" * 1_000_000},
        ],
        ids=["command", "argv", "long"],
    )
    def test_every_field_comes_back_as_it_was(self, store, what):
        spec = JobSpec(**what, **EVERY_FIELD, run_at=store.now() + timedelta(hours=1, milliseconds=7))
        [job] = store.enqueue([NewJob(spec=spec, max_retries=5, backoff_base=1.5)], source="a user@a machine")
        assert job.spec == replace(spec, max_retries=5, backoff_base=1.5)
        assert (job.max_retries, job.backoff_base, job.source) == (5, 1.5, "a user@a machine")
        assert store.get(job.id) == job

    def test_a_new_job_has_no_past(self, store, clock):
        job = add(store)
        assert job.state is State.PENDING
        assert (job.attempts, job.runs, job.cancel_requested) == (0, 0, False)
        assert job.created_at == job.updated_at == clock.now()
        assert [job.run_at, job.started_at, job.finished_at, job.exit_code, job.reason, job.lease] == [None] * 6
        assert store.attempts(job.id) == []
        assert told(store, job.id) == [("enqueue", None, State.PENDING)]

    def test_jobs_come_back_in_the_order_they_were_given(self, store):
        jobs = store.enqueue([new(f"echo {n}") for n in range(50)])
        assert [job.spec.command for job in jobs] == [f"echo {n}" for n in range(50)]
        assert ids(jobs) == sorted(set(ids(jobs)))
        assert store.enqueue([]) == []

    @pytest.mark.parametrize("seconds", [-HOUR, 0])
    def test_a_time_that_has_come_is_now(self, store, clock, seconds):
        job = add(store, run_at=clock.now() + timedelta(seconds=seconds))
        assert job.state is State.PENDING
        assert job.run_at is None

    @pytest.mark.parametrize("year", [2027, 3500, 9999])
    def test_a_time_to_come_is_kept_to_the_millisecond(self, store, year):
        moment = store.now().replace(year=year, microsecond=999_000)
        job = add(store, run_at=moment)
        assert job.state is State.SCHEDULED
        assert job.run_at == store.get(job.id).run_at == moment
        assert told(store, job.id) == [("enqueue", None, State.SCHEDULED)]

    def test_all_are_kept_or_none(self, store):
        gone = add(store)
        store.delete(gone.id)
        with pytest.raises(NotFound):
            store.enqueue([new(), new(after=(gone.id,)), new()], batch="token")
        assert store.jobs(JobFilter()) == []
        assert store.counts() == {}
        assert len(store.enqueue([new()], batch="token")) == 1

    def test_an_id_is_never_given_twice(self, store, clock, make_store):
        first = add(store)
        store.delete(first.id)
        second = add(make_store(clock))
        store.cancel(second.id, actor="tests")
        clock.forward(1)
        assert store.forget(State.CANCELLED, clock.now(), 10) == [second.id]
        assert first.id < second.id < add(make_store(clock)).id


class Keys(StoreCase):
    @pytest.mark.parametrize("state", sorted({State.PENDING, State.SCHEDULED, State.BLOCKED, State.PROCESSING}))
    def test_a_key_of_a_live_job_brings_that_job(self, store, clock, state):
        fields = {
            State.SCHEDULED: {"run_at": clock.now() + timedelta(hours=1)},
            State.BLOCKED: {"after": (add(store, queue="parents").id,)},
        }.get(state, {})
        job = add(store, key="k", **fields)
        if state is State.PROCESSING:
            job = take(store, job)
        [again, other] = store.enqueue([new("another", key="k", priority=9), new(key="other")])
        assert again == job
        assert again.state is state
        assert other.id != job.id

    def test_a_job_that_waits_for_its_retry_keeps_its_key(self, store):
        job = add(store, key="k")
        run(store, job, Verb.FAIL)
        assert add(store, key="k").id == job.id

    @pytest.mark.parametrize("verb", [Verb.COMPLETE, Verb.BURY, Verb.CANCEL])
    def test_an_ended_job_gives_its_key_free(self, store, verb):
        first = add(store, key="k")
        run(store, first, verb)
        second = add(store, key="k")
        assert second.id > first.id
        assert store.by_key("k") == second

    def test_a_key_counts_within_one_batch_too(self, store):
        jobs = store.enqueue([new("a", key="k"), new("b"), new("c", key="k"), new("d", key="l")])
        assert [job.spec.command for job in jobs] == ["a", "b", "a", "d"]
        assert jobs[2].id == jobs[0].id

    def test_jobs_without_a_key_are_never_taken_for_each_other(self, store):
        assert len(set(ids(store.enqueue([new(), new()])))) == 2

    def test_a_retry_is_refused_while_another_live_job_has_the_key(self, store):
        first = add(store, key="k")
        run(store, first, Verb.BURY)
        second = add(store, key="k")
        with pytest.raises(WrongState, match=str(second.id)):
            store.retry(first.id, actor="tests")
        assert store.get(first.id).state is State.DEAD
        run(store, second)
        assert store.retry(first.id, actor="tests").state is State.PENDING
        assert add(store, key="k").id == first.id

    def test_the_newest_job_of_a_key_is_found(self, store):
        for _ in range(3):
            run(store, add(store, key="k"))
        assert store.by_key("k").id == max(ids(store.jobs(JobFilter(key="k"))))
        assert store.by_key("no such key") is None
        store.delete(store.by_key("k").id)
        assert store.by_key("k").id == max(ids(store.jobs(JobFilter(key="k"))))


class Batches(StoreCase):
    def test_a_batch_is_enqueued_once(self, store, make_store, clock):
        jobs = store.enqueue([new("a"), new("b")], batch="token")
        assert store.enqueue([new("a"), new("b")], batch="token") == jobs
        assert make_store(clock).enqueue([new("other")], batch="token") == jobs
        assert len(store.jobs(JobFilter())) == 2
        assert ids(store.enqueue([new("a")], batch="another")) != ids(jobs)

    def test_it_brings_what_still_exists_as_it_stands(self, store):
        a, b, c = store.enqueue([new("a"), new("b"), new("c")], batch="token")
        run(store, a)
        store.delete(b.id)
        again = store.enqueue([new("a"), new("b"), new("c")], batch="token")
        assert ids(again) == [a.id, c.id]
        assert again[0].state is State.COMPLETED

    def test_one_whose_jobs_are_all_gone_is_not_enqueued_again(self, store):
        [job] = store.enqueue([new()], batch="token")
        store.delete(job.id)
        assert store.enqueue([new()], batch="token") == []
        assert store.enqueue([], batch="empty") == store.enqueue([new()], batch="empty") == []

    def test_a_batch_may_bring_a_live_job_by_its_key(self, store):
        live = add(store, key="k")
        jobs = store.enqueue([new(key="k"), new()], batch="token")
        assert jobs[0].id == live.id
        end(store, take(store, live))
        assert ids(store.enqueue([new(key="k"), new()], batch="token")) == ids(jobs)
        assert ids(claim(store)) == [jobs[1].id]
