"""How much runs at once: limits of queues, mutexes, slots, and the queue of the hooks."""

import pytest

from queuectl.errors import NotFound, WrongState
from queuectl.model.admission import Room
from queuectl.model.hooks import HOOKS
from queuectl.model.state import State, Verb
from tests.store.conformance.case import LEASE, StoreCase, add, claim, end, ids, new, run, states, take, told

PENDING, BLOCKED = State.PENDING, State.BLOCKED


class Mutexes(StoreCase):
    def test_of_several_the_best_is_pending_and_the_others_wait(self, store):
        jobs = [add(store, mutex="m"), add(store, mutex="m"), add(store, mutex="m", priority=5), add(store, mutex="n")]
        assert states(store, jobs) == [BLOCKED, BLOCKED, PENDING, PENDING]
        assert store.get(jobs[0].id).reason == "waits for the mutex 'm'"
        assert [told(store, jobs[0].id)[-1], told(store, jobs[2].id)[-1]] == [
            (Verb.BLOCK, PENDING, BLOCKED), ("enqueue", None, PENDING),
        ]  # fmt: skip

    def test_jobs_of_one_batch_are_returned_as_they_are(self, store):
        jobs = store.enqueue([new(mutex="m"), new(mutex="m")])
        assert [job.state for job in jobs] == [PENDING, BLOCKED]

    def test_one_runs_at_a_time_in_order_across_queues(self, store):
        jobs = [add(store, mutex="m", queue=queue) for queue in ("a", "b", "a")]
        assert states(store, jobs) == [PENDING, PENDING, BLOCKED]
        order = []
        while claimed := claim(store):
            assert len(claimed) == 1
            assert claim(store, owner="host-2") == []
            order += ids(claimed)
            end(store, claimed[0])
        assert order == [jobs[0].id, jobs[1].id, jobs[2].id]

    def test_a_paused_queue_holds_nobody_up_elsewhere(self, store):
        add(store, mutex="m", queue="paused")
        other = add(store, mutex="m", queue="b")
        store.pause("paused", None)
        assert ids(claim(store)) == [other.id]

    @pytest.mark.parametrize("verb", [Verb.COMPLETE, Verb.FAIL, Verb.BURY, Verb.RELEASE, Verb.RECOVER, Verb.CANCEL])
    def test_however_a_run_ends_the_next_one_goes_on(self, store, verb):
        first, second = add(store, mutex="m", priority=1), add(store, mutex="m")
        end(store, take(store, first), verb)
        back = verb in {Verb.RELEASE, Verb.RECOVER}
        assert states(store, [second]) == [BLOCKED if back else PENDING]

    def test_whatever_happens_to_the_first_the_next_one_goes_on(self, store):
        jobs = [add(store, mutex="m") for _ in range(4)]
        store.cancel(jobs[0].id, actor="tests")
        assert states(store, jobs[1:]) == [PENDING, BLOCKED, BLOCKED]
        store.delete(jobs[1].id)
        assert states(store, jobs[2:]) == [PENDING, BLOCKED]
        store.unclaim(claim(store))
        assert states(store, jobs[2:]) == [PENDING, BLOCKED]
        store.retry(jobs[0].id, actor="tests")
        assert states(store, [jobs[0], *jobs[2:]]) == [PENDING, BLOCKED, BLOCKED]

    def test_a_retry_and_a_promotion_stand_in_line(self, store, clock):
        failed = add(store, mutex="m")
        run(store, failed, Verb.FAIL, wait=5)
        urgent = add(store, mutex="m", priority=9)
        clock.forward(10)
        store.promote()
        assert states(store, [failed, urgent]) == [BLOCKED, PENDING]

    def test_who_waits_for_a_job_and_a_mutex_goes_on_when_both_are_there(self, store):
        parent = add(store, queue="parents")
        holder = take(store, add(store, mutex="m"))
        child = add(store, mutex="m", after=(parent.id,))
        run(store, parent)
        assert states(store, [child]) == [BLOCKED]
        end(store, holder)
        assert states(store, [child]) == [PENDING]

    def test_who_still_waits_for_a_job_stands_in_nobodys_way(self, store):
        parent = add(store, queue="parents")
        add(store, mutex="m", after=(parent.id,), priority=9)
        other = add(store, mutex="m")
        assert states(store, [other]) == [PENDING]


class QueueLimits(StoreCase):
    def test_no_more_run_than_the_limit_says_and_others_go_past(self, store):
        store.set_queue("video", max_running=2)
        videos = [add(store, queue="video", priority=9) for _ in range(5)]
        other = add(store)
        assert ids(claim(store)) == [videos[0].id, videos[1].id, other.id]
        assert claim(store, owner="host-2") == []
        end(store, store.running()[0].job)
        assert ids(claim(store)) == [videos[2].id]

    def test_a_crowd_before_a_limit_hides_nobody_behind_it(self, store):
        store.set_queue("video", max_running=1)
        store.set_queue("audio", max_running=1)
        crowd = [add(store, queue=queue, priority=9) for queue in ("video", "audio") for _ in range(20)]
        others = [add(store) for _ in range(3)]
        taken = claim(store, 5)
        assert {job.id for job in taken} == {crowd[0].id, crowd[20].id, *ids(others)}

    def test_a_limit_may_change_and_go(self, store):
        store.set_queue("video", max_running=1)
        jobs = [add(store, queue="video") for _ in range(4)]
        assert ids(claim(store)) == [jobs[0].id]
        store.set_queue("video", max_running=2)
        assert ids(claim(store)) == [jobs[1].id]
        store.set_queue("video", max_running=1)
        assert claim(store) == []
        store.set_queue("video", max_running=None)
        assert ids(claim(store)) == ids(jobs[2:])

    def test_a_queue_keeps_its_limit_and_defaults(self, store):
        store.set_queue("video", max_running=3, defaults={"timeout": 5.0})
        add(store, queue="audio")
        assert [(row.name, row.max_running, row.defaults) for row in store.queues()] == [
            ("audio", None, {}), ("video", 3, {"timeout": 5.0}),
        ]  # fmt: skip

    def test_only_an_empty_queue_is_removed(self, store):
        job = add(store, queue="video")
        store.pause("video", None)
        with pytest.raises(WrongState):
            store.remove_queue("video")
        store.delete(job.id)
        store.remove_queue("video")
        assert store.queues() == []
        assert store.pauses() == []
        with pytest.raises(NotFound):
            store.remove_queue("video")


class Slots(StoreCase):
    def test_a_large_job_waits_for_room_and_nobody_behind_it_goes_past(self, store):
        large, small = add(store, slots=4), add(store)
        assert store.claim("host-1", Room(workers=4, free=3), lease=LEASE) == []
        assert ids(store.claim("host-1", Room(workers=4, free=4), lease=LEASE)) == [large.id]
        assert ids(store.claim("host-2", Room(workers=4, free=1), lease=LEASE)) == [small.id]

    def test_on_a_smaller_host_it_takes_all(self, store):
        large = add(store, slots=64)
        assert ids(store.claim("host-1", Room(workers=2, free=2), lease=LEASE)) == [large.id]

    def test_the_most_jobs_count_not_slots(self, store):
        jobs = [add(store, slots=2) for _ in range(3)]
        assert ids(store.claim("host-1", Room(workers=8, free=8, jobs=2), lease=LEASE)) == ids(jobs[:2])

    def test_the_newest_id_bounds_what_is_taken(self, store):
        jobs = [add(store), add(store, priority=9)]
        assert ids(claim(store, newest=jobs[0].id)) == [jobs[0].id]


class Hooks(StoreCase):
    def test_what_hooks_run_is_taken_whatever_is_paused_or_chosen(self, store):
        hook = add(store, queue=HOOKS, machine="here")
        add(store)
        store.pause("", None)
        assert ids(claim(store, queues=["other"], places=["here"])) == [hook.id]
