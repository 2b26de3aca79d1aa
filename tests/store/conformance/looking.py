"""Looking: lists, histories, counts, and what a transaction shows."""

import pytest

from queuectl.errors import NotFound
from queuectl.model.state import State, Verb
from queuectl.store.types import JobFilter
from tests.store.conformance.case import StoreCase, add, claim, end, ids, new, run, take, told


class Lists(StoreCase):
    def test_newest_first_and_no_more_than_asked_for(self, store):
        jobs = store.enqueue([new() for _ in range(5)])
        assert store.jobs(JobFilter()) == jobs[::-1]
        assert ids(store.jobs(JobFilter(limit=2))) == ids(jobs[:-3:-1])
        assert ids(store.jobs(JobFilter(before=jobs[2].id))) == ids(jobs[1::-1])
        assert store.jobs(JobFilter(limit=0)) == []
        assert store.jobs(JobFilter(before=jobs[0].id)) == []

    def test_by_state_queue_tag_and_key(self, store):
        a = add(store, queue="a", tags=("red", "bl'ue"), key="k%")
        b = add(store, queue="b", tags=("red",))
        c = add(store, queue="b")
        run(store, c, Verb.BURY)

        def found(**query):
            return ids(store.jobs(JobFilter(**query)))

        assert found(states=(State.PENDING,)) == ids([b, a])
        assert found(states=(State.DEAD, State.COMPLETED)) == [c.id]
        assert found(states=set(State)) == ids([c, b, a])
        assert found(queue="b") == ids([c, b])
        assert found(tag="red") == ids([b, a])
        assert found(tag="bl'ue") == [a.id]
        assert found(tag="re") == []
        assert found(key="k%") == [a.id]
        assert found(key="k") == []
        assert found(queue="b", tag="red", states=(State.PENDING,)) == [b.id]

    def test_which_ids_no_job_has(self, store):
        jobs = [add(store) for _ in range(3)]
        store.delete(jobs[1].id)
        assert sorted(store.missing([0, *ids(jobs), 10**15])) == [0, jobs[1].id, 10**15]
        assert list(store.missing([])) == []

    def test_a_character_without_meaning_is_a_character(self, store):
        odd = "\ufffe0 \ufffe"
        job = add(store, None, argv=("echo", odd), name=odd, tags=(odd,), key=odd, env={"A": odd})
        assert job == store.get(job.id) == store.hold(job.id) == store.by_key(odd) == store.jobs(JobFilter(tag=odd))[0]
        assert (job.spec.argv, job.spec.name, job.spec.env) == (("echo", odd), odd, {"A": odd})
        assert take(store, job).spec == job.spec

    @pytest.mark.parametrize("look", ["get", "hold", "attempts", "events"])
    def test_what_does_not_exist_is_not_found(self, store, look):
        with pytest.raises(NotFound, match="4711"):
            getattr(store, look)(4711)

    def test_a_life_is_told_in_order_though_the_clock_stands(self, store):
        parent = add(store, queue="parents")
        job = add(store, after=(parent.id,))
        run(store, parent)
        run(store, job, Verb.FAIL, wait=0)
        store.promote()
        taken = take(store, job)
        store.cancel(job.id, actor="tests")
        end(store, taken, Verb.CANCEL)
        store.retry(job.id, actor="tests")
        run(store, job, Verb.RELEASE)
        store.cancel(job.id, actor="tests")
        store.retry(job.id, actor="tests")
        run(store, job)
        assert [(verb, after) for verb, _, after in told(store, job.id)] == [
            ("enqueue", "blocked"), ("unblock", "pending"), ("claim", "processing"), ("failed", "failed"),
            ("promote", "pending"), ("claim", "processing"), ("cancel requested", "processing"),
            ("cancelled", "cancelled"), ("retry", "pending"), ("claim", "processing"), ("interrupted", "pending"),
            ("cancel", "cancelled"), ("retry", "pending"), ("claim", "processing"), ("completed", "completed"),
        ]  # fmt: skip

    @pytest.mark.parametrize("step", [-5, 1])
    def test_a_life_is_told_in_order_though_the_clock_moves(self, store, clock, step):
        job = add(store)
        for verb in (Verb.FAIL, Verb.BURY):
            clock.forward(step)
            run(store, job, verb, wait=step)
            clock.forward(step)
            store.retry(job.id, actor="tests")
        clock.forward(step)
        store.cancel(job.id, actor="tests")
        assert [verb for verb, _, _ in told(store, job.id)] == [
            "enqueue", "claim", "failed", "retry", "claim", "failed", "retry", "cancel",
        ]  # fmt: skip


class Counts(StoreCase):
    def test_by_queue_and_state(self, store):
        assert store.counts() == {}
        a, b, c = store.enqueue([new(queue="a"), new(queue="a"), new(queue="b")])
        assert store.counts() == {"a": {State.PENDING: 2}, "b": {State.PENDING: 1}}
        run(store, a, Verb.BURY)
        take(store, c)
        assert store.counts() == {"a": {State.PENDING: 1, State.DEAD: 1}, "b": {State.PROCESSING: 1}}
        store.delete(a.id)
        store.delete(b.id)
        assert store.counts() == {"b": {State.PROCESSING: 1}}


class Transactions(StoreCase):
    def test_all_verbs_inside_are_one(self, store, make_store, clock):
        other = make_store(clock)
        with store.transaction():
            job = add(store)
            [taken] = claim(store)
            with store.transaction():
                end(store, taken)
            assert store.get(job.id).state is State.COMPLETED
            assert other.jobs(JobFilter()) == []
        assert other.get(job.id).state is State.COMPLETED

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
    def test_on_an_exception_all_of_them_are_undone(self, store, error):
        job = take(store, add(store))
        before = store.jobs(JobFilter())

        def change():
            with store.transaction():
                end(store, job)
                add(store, queue="another")
                store.pause("", None)
                raise error

        with pytest.raises(error):
            change()
        assert store.jobs(JobFilter()) == before
        assert store.pauses() == []
        assert end(store, job).state is State.COMPLETED

    def test_a_change_by_another_is_seen_once(self, store, make_store, clock):
        other = make_store(clock)
        store.changed()
        assert not store.changed()
        add(other)
        assert store.changed()
        assert not store.changed()

    def test_what_was_kept_is_there_for_the_next_one(self, make_store, clock):
        store = make_store(clock)
        job = add(store, key="k")
        store.close()
        again = make_store(clock)
        assert again.get(job.id) == job
        assert again.counts() == {"default": {State.PENDING: 1}}

    def test_it_says_where_it_is(self, store):
        assert store.location
        assert store.address

    def test_it_measures_by_the_clock(self, store, clock):
        clock.forward(5)
        assert store.now() == store.clock.now() == clock.now()

    def test_a_thread_that_gives_up_early_is_answered_as_before(self, store):
        for seconds in (0.5, None):
            store.answer_within(seconds)
            assert store.get(add(store).id)
