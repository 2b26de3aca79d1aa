"""Waiting: for a time, for a retry, and for other jobs."""

from dataclasses import replace
from datetime import timedelta

import pytest

from queuectl.errors import NotFound, WrongState
from queuectl.model.dependencies import WaitKind
from queuectl.model.job import DeadParent
from queuectl.model.state import State, Verb
from queuectl.store.types import JobFilter
from tests.store.conformance.case import HOUR, StoreCase, add, claim, end, ids, new, run, stale, states, take, told
from tests.store.conformance.editing import edit


class DueJobs(StoreCase):
    def test_what_is_due_becomes_pending(self, store, clock):
        soon = add(store, run_at=clock.now() + timedelta(seconds=5))
        later = add(store, run_at=clock.now() + timedelta(seconds=50))
        failed = run(store, add(store), Verb.FAIL, wait=5)
        clock.forward(4.999)
        assert store.promote() == 0
        clock.forward(0.001)
        assert store.promote() == 2
        assert store.promote() == 0
        assert ids(claim(store)) == [soon.id, failed.id]
        assert store.get(later.id).state is State.SCHEDULED
        assert told(store, soon.id)[:2] == [
            ("enqueue", None, State.SCHEDULED),
            (Verb.PROMOTE, State.SCHEDULED, State.PENDING),
        ]
        assert told(store, failed.id)[-2][:2] == (Verb.PROMOTE, State.FAILED)

    def test_what_is_due_next_is_known(self, store, clock):
        assert store.next_due() is None
        now = clock.now()
        add(store, run_at=now + timedelta(seconds=50))
        assert store.next_due() == now + timedelta(seconds=50)
        run(store, add(store), Verb.FAIL, wait=20)
        assert store.next_due() == now + timedelta(seconds=20)
        store.pause("q", now + timedelta(seconds=10))
        store.pause("r", None)
        assert store.next_due() == now + timedelta(seconds=10)
        clock.forward(20)
        store.promote()
        assert store.next_due() == now + timedelta(seconds=50)

    def test_what_is_overdue_is_due_in_the_past(self, store, clock):
        moment = clock.now() + timedelta(seconds=1)
        add(store, run_at=moment)
        clock.forward(HOUR)
        assert store.next_due() == moment

    def test_a_clock_set_back_only_makes_jobs_wait(self, store, clock):
        job = add(store, run_at=clock.now() + timedelta(seconds=5))
        clock.forward(-HOUR)
        assert store.promote() == 0
        clock.forward(HOUR + 5)
        assert store.promote() == 1
        clock.forward(-HOUR)
        assert ids(claim(store)) == [job.id]


class Dependencies(StoreCase):
    @pytest.fixture
    def parents(self, store):
        return store.enqueue([new(queue="parents"), new(queue="parents")])

    def test_a_job_waits_for_all_of_its_parents(self, store, clock, parents):
        job = add(store, after=(*ids(parents), parents[0].id))
        assert job.state is State.BLOCKED
        assert job.spec.after == (*ids(parents), parents[0].id)
        run(store, parents[1])
        assert store.get(job.id).state is State.BLOCKED
        run(store, parents[0], Verb.FAIL, wait=0)
        store.promote()
        assert store.get(job.id).state is State.BLOCKED
        assert claim(store, queues=["default"]) == []
        clock.forward(1)
        run(store, parents[0])
        assert store.get(job.id).state is State.PENDING
        assert store.get(job.id).updated_at == clock.now()
        assert told(store, job.id) == [
            ("enqueue", None, State.BLOCKED),
            (Verb.UNBLOCK, State.BLOCKED, State.PENDING),
        ]

    def test_it_does_not_wait_for_what_is_done(self, store, parents):
        run(store, parents[0])
        assert add(store, after=(parents[0].id,)).state is State.PENDING
        job = add(store, after=ids(parents))
        run(store, parents[1])
        assert store.get(job.id).state is State.PENDING

    @pytest.mark.parametrize("verb", [Verb.BURY, Verb.CANCEL])
    def test_it_cannot_wait_for_what_will_never_be_done(self, store, parents, verb):
        run(store, parents[0], verb)
        with pytest.raises(WrongState, match=f"job {parents[0].id}"):
            add(store, after=(parents[0].id,))

    def test_it_cannot_wait_for_what_does_not_exist(self, store):
        with pytest.raises(NotFound):
            add(store, after=(4711,))
        assert store.jobs(JobFilter()) == []

    @pytest.mark.parametrize("seconds", [5, -5])
    def test_its_own_time_counts_once_the_parents_are_done(self, store, clock, parents, seconds):
        moment = clock.now() + timedelta(seconds=10)
        job = add(store, after=(parents[0].id,), run_at=moment)
        assert (job.state, job.run_at) == (State.BLOCKED, moment)
        clock.forward(10 - seconds)
        assert store.promote() == 0
        assert store.next_due() is None
        run(store, parents[0])
        job = store.get(job.id)
        assert (job.state, job.run_at) == ((State.SCHEDULED, moment) if seconds > 0 else (State.PENDING, None))

    @pytest.mark.parametrize("verb", [Verb.BURY, Verb.CANCEL])
    def test_it_is_cancelled_when_a_parent_ends_badly(self, store, parents, verb):
        job = add(store, after=ids(parents))
        run(store, parents[0], verb)
        job = store.get(job.id)
        assert job.state is State.CANCELLED
        assert job.finished_at == store.now()
        assert f"job {parents[0].id}" in job.reason
        assert told(store, job.id)[-1] == (Verb.CANCEL, State.BLOCKED, State.CANCELLED)
        run(store, parents[1])
        assert store.get(job.id) == job

    @pytest.mark.parametrize("verb", [Verb.FAIL, Verb.RELEASE, Verb.RECOVER])
    def test_it_waits_on_while_a_parent_may_run_again(self, store, parents, verb):
        job = add(store, after=(parents[0].id,))
        run(store, parents[0], verb)
        assert store.get(job.id).state is State.BLOCKED

    def test_a_chain_of_any_length_ends_with_its_first_job(self, store):
        chain = [add(store, queue="parents")]
        with store.transaction():
            for _ in range(1500):
                chain.append(add(store, after=(chain[-1].id,)))
        run(store, chain[0], Verb.BURY)
        assert store.counts()["default"] == {State.CANCELLED: 1500}
        assert f"job {chain[-2].id}" in store.get(chain[-1].id).reason

    def test_a_job_that_waits_on_two_ways_is_cancelled_once(self, store, parents):
        middle = add(store, after=(parents[0].id,))
        last = add(store, after=(parents[0].id, middle.id))
        store.cancel(parents[0].id, actor="tests")
        for job in (middle, last):
            assert told(store, job.id) == [
                ("enqueue", None, State.BLOCKED),
                (Verb.CANCEL, State.BLOCKED, State.CANCELLED),
            ]

    @pytest.mark.parametrize("state", [State.PENDING, State.BLOCKED, State.FAILED])
    def test_it_is_cancelled_when_a_parent_that_waits_is_deleted(self, store, parents, state):
        parent = add(store, after=(parents[0].id,)) if state is State.BLOCKED else parents[1]
        job = add(store, after=(parent.id,))
        if state is State.FAILED:
            run(store, parent, Verb.FAIL)
        assert store.get(parent.id).state is state
        store.delete(parent.id)
        assert store.get(job.id).state is State.CANCELLED
        assert f"job {parent.id}" in store.get(job.id).reason

    def test_a_parent_that_ended_can_be_forgotten(self, store, clock, parents):
        job = add(store, after=ids(parents))
        run(store, parents[0])
        clock.forward(1)
        assert store.forget(State.COMPLETED, clock.now(), 10) == [parents[0].id]
        assert store.get(job.id).state is State.BLOCKED
        run(store, parents[1])
        assert store.get(job.id).state is State.PENDING
        assert store.get(job.id).spec.after == tuple(ids(parents))

    def test_a_retry_waits_for_nothing(self, store, parents):
        job = add(store, after=ids(parents))
        store.cancel(job.id, actor="tests")
        assert store.retry(job.id, actor="tests").state is State.PENDING
        taken = take(store, job)
        store.cancel(parents[0].id, actor="tests")
        run(store, parents[1])
        assert end(store, taken).state is State.COMPLETED

    def test_a_retry_waits_for_its_mutex_alone(self, store, parents):
        job = add(store, after=ids(parents), mutex="m")
        run(store, parents[0], Verb.BURY)
        first = add(store, mutex="m", priority=1)
        assert store.retry(job.id, actor="tests").state is State.BLOCKED
        store.cancel(first.id, actor="tests")
        assert states(store, [job]) == [State.PENDING]

    def test_dependents_of_a_running_job_end_when_it_was_cancelled(self, store, parents):
        job = add(store, after=(parents[0].id,))
        taken = take(store, parents[0])
        store.cancel(taken.id, actor="tests")
        assert store.get(job.id).state is State.BLOCKED
        end(store, taken, Verb.FAIL)
        assert store.get(job.id).state is State.CANCELLED

    def test_dependents_of_a_cancelled_job_that_goes_back_unstarted_end_too(self, store, parents):
        job = add(store, after=(parents[0].id,))
        taken = take(store, parents[0])
        store.cancel(taken.id, actor="tests")
        store.unclaim([taken])
        assert store.get(taken.id).state is State.CANCELLED
        assert store.get(job.id).state is State.CANCELLED


class KindsOfWaits(StoreCase):
    @pytest.fixture
    def parent(self, store):
        return add(store, queue="parents")

    @pytest.mark.parametrize(
        ("field", "verb", "state"),
        [
            ("after", Verb.COMPLETE, State.PENDING), ("after", Verb.BURY, State.CANCELLED),
            ("after_any", Verb.COMPLETE, State.PENDING), ("after_any", Verb.BURY, State.PENDING),
            ("after_any", Verb.CANCEL, State.PENDING), ("after_failure", Verb.BURY, State.PENDING),
            ("after_failure", Verb.CANCEL, State.PENDING), ("after_failure", Verb.COMPLETE, State.CANCELLED),
        ],
    )  # fmt: skip
    def test_each_kind_waits_for_its_end(self, store, parent, field, verb, state):
        child = add(store, **{field: (parent.id,)})
        grandchild = add(store, after_any=(child.id,))
        assert states(store, [child, grandchild]) == [State.BLOCKED, State.BLOCKED]
        run(store, parent, verb)
        ended = state is State.CANCELLED
        assert states(store, [child, grandchild]) == [state, State.PENDING if ended else State.BLOCKED]
        assert getattr(store.get(child.id).spec, field) == (parent.id,)

    def test_what_has_ended_already_counts_and_what_cannot_come_is_refused(self, store, parent):
        run(store, parent)
        assert add(store, after_any=(parent.id,)).state is State.PENDING
        with pytest.raises(WrongState, match="failure"):
            add(store, after_failure=(parent.id,))

    def test_who_wishes_so_waits_for_the_retry_of_a_dead_one(self, store, parent):
        child = add(store, after=(parent.id,), dead_parent=DeadParent.WAIT)
        run(store, parent, Verb.BURY)
        assert states(store, [child]) == [State.BLOCKED]
        assert store.get(child.id).reason == f"waits for job {parent.id}, which is dead"
        late = add(store, after=(parent.id,), dead_parent=DeadParent.WAIT)
        assert store.forget(State.DEAD, store.now().replace(year=9000), 10) == []
        store.retry(parent.id, actor="tests")
        assert store.get(child.id).reason is None
        run(store, parent)
        assert states(store, [child, late]) == [State.PENDING, State.PENDING]
        assert store.get(child.id).reason is None

    @pytest.mark.parametrize("verb", [None, Verb.BURY])
    def test_who_waits_for_one_that_is_deleted_is_cancelled(self, store, parent, verb):
        child = add(store, after=(parent.id,), dead_parent=DeadParent.WAIT)
        if verb:
            run(store, parent, verb)
        store.delete(parent.id)
        assert states(store, [child]) == [State.CANCELLED]

    def test_a_graph_is_added_as_one(self, store):
        build, check, publish = store.enqueue(
            [
                new(name="build"),
                replace(new(), beside=[(0, WaitKind.COMPLETED)]),
                replace(new(), beside=[(0, WaitKind.COMPLETED), (1, WaitKind.ENDED)]),
            ]
        )
        assert (check.spec.after, publish.spec.after, publish.spec.after_any) == (
            (build.id,), (build.id,), (check.id,),
        )  # fmt: skip
        assert states(store, [build, check, publish]) == [State.PENDING, State.BLOCKED, State.BLOCKED]
        assert [(edge.job_id, edge.parent_id, edge.kind) for edge in store.graph(check.id)] == [
            (check.id, build.id, WaitKind.COMPLETED), (publish.id, build.id, WaitKind.COMPLETED),
            (publish.id, check.id, WaitKind.ENDED),
        ]  # fmt: skip
        run(store, build)
        assert [edge.met for edge in store.graph(publish.id)] == [True, True, False]
        run(store, check, Verb.BURY)
        assert states(store, [publish]) == [State.PENDING]


class Replacing(StoreCase):
    def test_one_that_waits_makes_way_and_leaves_its_dependents_to_the_new_one(self, store):
        old = add(store, key="k")
        child = add(store, after=(old.id,))
        fresh = add(store, key="k", replace=True)
        assert fresh.id != old.id
        assert states(store, [old, fresh, child]) == [State.CANCELLED, State.PENDING, State.BLOCKED]
        assert store.by_key("k").id == fresh.id
        run(store, fresh)
        assert states(store, [child]) == [State.PENDING]

    def test_dependents_name_the_new_one_and_can_be_changed(self, store):
        old, other = add(store, key="k"), add(store)
        children = [add(store, after=(other.id, old.id)), add(store, after_any=(old.id,))]
        fresh = add(store, key="k", replace=True)
        first, second = (store.get(job_id) for job_id in ids(children))
        assert (first.spec.after, second.spec.after_any) == ((other.id, fresh.id), (fresh.id,))
        assert edit(store, first, priority=1).state is State.BLOCKED

    def test_the_mutex_of_one_that_makes_way_is_free(self, store):
        old, behind = add(store, key="k", mutex="m"), add(store, mutex="m")
        add(store, key="k", replace=True)
        assert states(store, [old, behind]) == [State.CANCELLED, State.PENDING]

    def test_who_would_wait_for_a_job_that_waits_for_the_replaced_one_is_refused(self, store):
        old = add(store, key="k")
        far = add(store, after=(add(store, after=(old.id,)).id,))
        with pytest.raises(WrongState, match="replace"):
            add(store, key="k", replace=True, after=(far.id,))
        assert states(store, [old, far]) == [State.PENDING, State.BLOCKED]

    def test_two_do_not_run_at_once_when_one_after_another_makes_way(self, store):
        first = take(store, add(store, key="k"))
        second, third = add(store, key="k", replace=True), add(store, key="k", replace=True)
        assert states(store, [first, second, third]) == [State.PROCESSING, State.CANCELLED, State.BLOCKED]
        end(store, first, Verb.CANCEL)
        assert states(store, [third]) == [State.PENDING]

    def test_one_that_runs_is_stopped_and_the_new_one_waits_for_its_end(self, store):
        old = take(store, add(store, key="k"))
        fresh = add(store, key="k", replace=True)
        assert store.cancelling("host-1") == [old.id]
        assert states(store, [old, fresh]) == [State.PROCESSING, State.BLOCKED]
        end(store, old, Verb.CANCEL)
        assert states(store, [old, fresh]) == [State.CANCELLED, State.PENDING]

    def test_nothing_to_replace_is_no_problem(self, store):
        assert add(store, key="k", replace=True).state is State.PENDING

    def test_what_was_added_not_long_ago_is_not_added_again(self, store, clock):
        first = add(store, key="k", unique_for=60)
        run(store, first)
        clock.forward(59)
        assert add(store, key="k", unique_for=60).id == first.id
        assert add(store, key="k").id != first.id
        clock.forward(120)
        assert add(store, key="other", unique_for=60).state is State.PENDING


class Progresses(StoreCase):
    def test_a_run_tells_how_much_is_done(self, store):
        job = take(store, add(store))
        store.report_progress(job, 0.25, "halfway to half")
        assert (store.get(job.id).progress, store.get(job.id).progress_text) == (0.25, "halfway to half")
        store.report_progress(stale(job), 0.5, None)
        assert store.get(job.id).progress == 0.25
        end(store, job, Verb.FAIL, wait=0)
        assert store.get(job.id).progress == 0.25
        store.retry(job.id, actor="tests")
        assert (store.get(job.id).progress, store.get(job.id).progress_text) == (None, None)


class Counting(StoreCase):
    def test_the_newest_of_the_ended_are_counted(self, store, clock):
        ended = []
        for _ in range(3):
            clock.forward(10)
            ended.append(run(store, add(store)).finished_at)
        assert [store.nth_ended(State.COMPLETED, n) for n in (1, 2, 3, 4)] == [*reversed(ended), None]
        assert store.nth_ended(State.DEAD, 1) is None
