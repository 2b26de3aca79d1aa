"""Claims: who gets which job, in what order, and how many."""

import threading
from datetime import timedelta

import pytest

from queuectl.model.state import State, Verb
from tests.store.conformance.case import LEASE, StoreCase, add, claim, end, ids, new, run, take


class Claiming(StoreCase):
    def test_by_priority_then_age_over_all_queues(self, store, clock):
        first, low, high, other, late = store.enqueue(
            [new(), new(priority=-1), new(priority=5), new(priority=5, queue="other"), new()]
        )
        clock.forward(-100)  # age is the order of enqueueing, whatever the clock says
        old = add(store, queue="another")
        assert ids(claim(store)) == ids([high, other, first, late, old, low])

    def test_a_limit_leaves_out_the_last_in_order(self, store):
        asked = [("a", 0), ("b", 1), ("a", 2), ("b", 0), ("c", 2), ("a", 1)]
        jobs = [add(store, queue=queue, priority=priority) for queue, priority in asked]
        for n in (2, 4, 1, 5, 0, 3):
            assert ids(claim(store, 1)) == [jobs[n].id]

    def test_who_asks_for_a_machine_is_left_to_it(self, store):
        anywhere, gpu, mac, urgent = store.enqueue(
            [new(), new(machine="GPU"), new(machine="office-mac", queue="other"), new(machine="gpu", priority=5)]
        )
        assert gpu.spec.machine == "gpu"
        assert anywhere.spec.machine is None
        assert ids(claim(store, places=("box", "gpu"))) == ids([urgent, anywhere, gpu])
        assert claim(store, places=("box",)) == []
        assert ids(claim(store, places=("office-mac", "gpu"))) == [mac.id]

    def test_who_waits_for_a_machine_keeps_nobody_else_waiting(self, store):
        store.enqueue([new(machine="away", priority=9)] * 300)
        here = add(store)
        assert ids(claim(store, 1, places=("here",))) == [here.id]
        assert claim(store, 1, places=("here",)) == []

    def test_a_job_that_comes_back_keeps_its_place(self, store, clock):
        first, second, third = store.enqueue([new()] * 3)
        run(store, second, Verb.FAIL, wait=1)
        clock.forward(1)
        store.promote()
        assert ids(claim(store)) == ids([first, second, third])

    def test_a_claim_is_a_lease(self, store, clock):
        job = add(store)
        clock.forward(1)
        [taken] = claim(store, owner="me", lease=12.5)
        assert taken == store.get(job.id)
        assert taken.state is State.PROCESSING
        assert (taken.attempts, taken.runs) == (1, 1)
        assert taken.started_at == taken.updated_at == clock.now()
        assert taken.lease.owner == "me"
        assert taken.lease.expires_at == clock.now() + timedelta(seconds=12.5)
        assert taken.spec == job.spec

    def test_no_more_than_the_limit(self, store):
        jobs = store.enqueue([new(queue=f"q{n % 3}") for n in range(9)])
        assert claim(store, 0) == []
        assert ids(claim(store, 4)) == ids(jobs[:4])
        assert ids(claim(store, 100)) == ids(jobs[4:])
        assert claim(store, 100) == []

    def test_only_from_the_queues_asked_for(self, store):
        a, b, c = store.enqueue([new(queue=name) for name in ("a", "b", "c'")])
        assert claim(store, queues=["no such queue"]) == []
        assert claim(store, queues=[]) == []
        assert ids(claim(store, queues=["c'", "a", "a"])) == ids([a, c])
        assert ids(claim(store, queues=None)) == [b.id]

    def test_nothing_from_a_paused_queue(self, store):
        a, b = store.enqueue([new(queue="a"), new(queue="b")])
        store.pause("a", None)
        assert ids(claim(store)) == [b.id]
        assert claim(store, queues=["a"]) == []
        assert store.resume("a")
        assert ids(claim(store)) == [a.id]

    def test_nothing_at_all_while_all_queues_are_paused(self, store):
        jobs = store.enqueue([new(queue="a"), new(queue="b")])
        store.pause("", None)
        store.pause("a", None)
        assert claim(store) == claim(store, queues=["b"]) == []
        store.resume("")
        assert ids(claim(store)) == [jobs[1].id]

    @pytest.mark.parametrize("queue", ["a", ""])
    def test_a_pause_with_an_end_ends_by_itself(self, store, clock, queue):
        job = add(store, queue="a")
        store.pause(queue, clock.now() + timedelta(seconds=30))
        clock.forward(29.999)
        assert claim(store) == []
        clock.forward(0.001)
        assert ids(claim(store)) == [job.id]

    def test_what_runs_goes_on_during_a_pause(self, store):
        job = take(store, add(store))
        store.pause("", None)
        store.renew("host-1", lease=LEASE)
        assert end(store, job).state is State.COMPLETED

    def test_only_what_is_pending(self, store, clock):
        parent = add(store, queue="parents")
        add(store, after=(parent.id,))
        add(store, run_at=clock.now() + timedelta(seconds=1))
        failed, dead, done, cancelled = store.enqueue([new()] * 4)
        run(store, failed, Verb.FAIL, wait=1)
        run(store, dead, Verb.BURY)
        run(store, done)
        store.cancel(cancelled.id, actor="tests")
        clock.forward(10)  # what is due must be promoted first
        assert ids(claim(store)) == [parent.id]

    def test_p3_hosts_that_claim_at_once_never_get_the_same_job(self, make_store, clock, store):
        jobs = store.enqueue([new(queue=f"q{n % 2}") for n in range(60)])
        taken = {name: [] for name in ("a", "b", "c")}

        def work(name):
            mine = make_store(clock)
            while got := claim(mine, 3, owner=name):
                taken[name] += got

        threads = [threading.Thread(target=work, args=(name,)) for name in taken]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(job.id for got in taken.values() for job in got) == ids(jobs)
        tokens = [job.lease.token for got in taken.values() for job in got]
        assert len(set(tokens)) == len(jobs)
        for name, got in taken.items():
            assert store.held(name) == {job.lease.token for job in got}
