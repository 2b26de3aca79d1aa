"""Many hosts and people at one PostgreSQL database at once: what is true of one after the other is true of them all."""

import random
import threading
import time
from collections import Counter

import pytest

from queuectl.errors import LeaseLost, NotFound, StoreBusy, WrongState
from queuectl.model.admission import Room
from queuectl.model.state import FINAL, State, Verb
from queuectl.store.types import JobFilter
from tests.store.conformance.case import add, claim, counted, end, ids, new, outcome, rows_counted, verdict
from tests.support import PATIENCE

HOSTS = 6
REFUSED = (NotFound, WrongState, LeaseLost)


def together(*acts):
    """Do several things at once, each in a thread; raise the first of their errors."""
    failures = []

    def run(act):
        try:
            act()
        except BaseException as exc:  # noqa: BLE001 - raised below
            failures.append(exc)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 2)
    assert not any(thread.is_alive() for thread in threads)
    if failures:
        raise failures[0]


def drain(store, owner, seen, room=4, watch=None):
    """Claim and complete until nothing is left."""
    idle = 0
    while idle < 3:
        taken = claim(store, room, owner)
        idle = 0 if taken else idle + 1
        seen += ids(taken)
        if watch is not None:
            watch(taken)
        for job in taken:
            end(store, job)
        if not taken:
            store.promote()
            time.sleep(0.02)


def test_each_job_is_claimed_once_and_nobody_goes_without(open_postgres):
    store = open_postgres()
    store.enqueue([new(queue=f"q{number % 3}", priority=number % 4) for number in range(600)])
    seen = [[] for _ in range(HOSTS)]
    stores = [open_postgres() for _ in range(HOSTS)]
    together(*(lambda n=n: drain(stores[n], f"host-{n}", seen[n]) for n in range(HOSTS)))
    assert sorted(job_id for one in seen for job_id in one) == ids(store.jobs(JobFilter(limit=1000)))[::-1]
    assert counted(store) == rows_counted(store)
    assert sum(total.runs for total in store.run_totals()) == 600


def test_who_is_alone_takes_them_in_order_and_who_comes_second_takes_the_next(open_postgres):
    first, second = open_postgres(), open_postgres()
    jobs = first.enqueue([new(queue=f"q{number % 2}") for number in range(300)])
    with first.transaction():
        assert ids(claim(first, 100)) == ids(jobs[:100])
        assert ids(claim(second, 150)) == ids(jobs[100:250])  # though not yet committed
    assert ids(claim(second, 100)) == ids(jobs[250:])


def test_a_limit_holds_however_many_claim(open_postgres):
    store = open_postgres()
    store.set_queue("few", max_running=2)
    store.enqueue([new(queue="few") for _ in range(40)])
    most = []

    def watch(_):
        most.append(sum(states.get(State.PROCESSING, 0) for states in store.counts().values()))

    seen = [[] for _ in range(HOSTS)]
    stores = [open_postgres() for _ in range(HOSTS)]
    together(*(lambda n=n: drain(stores[n], f"host-{n}", seen[n], watch=watch) for n in range(HOSTS)))
    assert max(most) == 2
    assert len({job_id for one in seen for job_id in one}) == 40


def test_two_with_one_mutex_never_run_at_once(open_postgres):
    store = open_postgres()
    store.enqueue([new(mutex=f"m{number % 2}", queue=f"q{number % 3}") for number in range(40)])
    running, guard = Counter(), threading.Lock()

    def watch(taken):
        with guard:
            running.update(job.spec.mutex for job in taken)
            assert all(count <= 1 for count in running.values()), running
        time.sleep(0.001)
        with guard:
            running.subtract(job.spec.mutex for job in taken)

    seen = [[] for _ in range(HOSTS)]
    stores = [open_postgres() for _ in range(HOSTS)]
    together(*(lambda n=n: drain(stores[n], f"host-{n}", seen[n], watch=watch) for n in range(HOSTS)))
    assert store.counts().keys() == {"q0", "q1", "q2"}
    assert {state for states in store.counts().values() for state in states} == {State.COMPLETED}


def test_one_key_is_given_once_and_one_batch_is_added_once(open_postgres):
    stores = [open_postgres() for _ in range(HOSTS)]
    found = []
    for number in range(10):
        barrier = threading.Barrier(HOSTS)

        def give(store, key=f"k{number}", barrier=barrier):
            barrier.wait(PATIENCE)
            found.append((key, add(store, key=key).id))
            found.extend((f"batch {key}", job.id) for job in store.enqueue([new()], batch=key))

        together(*(lambda store=store: give(store) for store in stores))
    assert len(set(found)) == 20


def test_whoever_waits_for_several_goes_on_when_they_end_at_once(open_postgres):
    store = open_postgres()
    stores = [open_postgres() for _ in range(4)]
    for _ in range(15):
        parents = store.enqueue([new(queue="parents") for _ in range(4)])
        child = add(store, after=tuple(ids(parents)), queue="children")
        barrier = threading.Barrier(4)

        def finish(other, job, barrier=barrier):
            barrier.wait(PATIENCE)
            end(other, job)

        taken = claim(store, queues=["parents"])
        together(*(lambda other=other, job=job: finish(other, job) for other, job in zip(stores, taken, strict=True)))
        assert store.get(child.id).state is State.PENDING


def test_whoever_comes_to_wait_for_one_that_ends_just_now_is_not_forgotten(open_postgres):
    store, other = open_postgres(), open_postgres()
    for _ in range(40):
        parent = add(store, queue="parents")
        [taken] = claim(store, queues=["parents"])
        children = []

        def wait_for_it(parent=parent, children=children):
            children.append(add(other, after=(parent.id,), queue="children"))

        together(wait_for_it, lambda taken=taken: end(store, taken))
        assert store.get(children[0].id).state is State.PENDING


def test_what_is_due_is_promoted_and_told_once(open_postgres):
    stores = [open_postgres() for _ in range(4)]
    due = stores[0].now()
    with stores[0].transaction():
        jobs = stores[0].enqueue([new() for _ in range(100)])
        [db] = [stores[0]._connections._mine()]
        db.execute("UPDATE jobs SET state = 'scheduled', run_at = %s", (int(due.timestamp() * 1000),))
    barrier = threading.Barrier(4)
    promoted = []

    def promote(store):
        barrier.wait(PATIENCE)
        promoted.append(store.promote())

    together(*(lambda store=store: promote(store) for store in stores))
    assert sum(promoted) == 100
    assert all(len([one for one in stores[0].events(job.id) if one.verb == "promote"]) == 1 for job in jobs)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_at_once_the_end_is_right(open_postgres, seed):  # noqa: C901 - many things happen
    """Hosts, people and housekeeping, with keys, mutexes, limits, waits and priorities, all at once."""
    store = open_postgres()
    store.set_queue("few", max_running=2)
    stores = [open_postgres() for _ in range(HOSTS)]
    over = time.monotonic() + 3
    busy = []

    def live(number):
        rng, mine = random.Random(seed * 100 + number), stores[number]
        owner, held = f"host-{number}", []
        while time.monotonic() < over:
            try:
                act(rng, mine, owner, held)
            except REFUSED:
                pass
            except StoreBusy as exc:  # a deadlock, which is undone and tried again
                busy.append(str(exc))

    def act(rng, mine, owner, held):
        known = mine.newest_id()
        some = rng.randint(max(1, known - 40), known + 1)
        match rng.randrange(12):
            case 0 | 1 | 2:
                after = (
                    tuple({rng.randint(max(1, known - 20), known) for _ in range(rng.randrange(3))}) if known else ()
                )
                mine.enqueue([new(
                    queue=rng.choice(["a", "b", "few"]), priority=rng.randrange(3), after=after,
                    mutex=rng.choice([None, None, "m", "n"]), key=rng.choice([None, None, "k", "l"]),
                    replace=rng.random() < 0.2,
                )])  # fmt: skip
            case 3 | 4 | 5:
                held += mine.claim(owner, Room(workers=9, free=rng.randint(1, 5)), lease=60)
            case 6 | 7 | 8 if held:
                with mine.transaction():  # as a coordinator does it
                    job = held.pop(rng.randrange(len(held)))
                    verb = rng.choice([Verb.COMPLETE, Verb.COMPLETE, Verb.FAIL, Verb.BURY, Verb.RELEASE])
                    mine.finish(job, outcome(mine, verb), verdict(mine, verb, wait=0.05), host_name="h")
                    mine.promote()
                    held += mine.claim(owner, Room(workers=9, free=1), lease=60)
            case 9:
                mine.cancel(some, actor="tests")
            case 10:
                mine.retry(some, actor="tests")
            case 11:
                rng.choice([lambda: mine.delete(some), lambda: mine.forget(State.COMPLETED, mine.now(), 5)])()

    together(*(lambda n=n: live(n) for n in range(HOSTS)))
    for run in store.running():  # what the hosts still had, or had undone with a deadlock
        end(store, run.job)
    idle = 0
    while idle < 3:
        store.promote()
        taken = claim(store, 50)
        for job in taken:
            end(store, job)
        idle = 0 if taken else idle + 1
        if not taken:
            time.sleep(0.06)
    left = [job for job in store.jobs(JobFilter(limit=100_000)) if job.state not in FINAL]
    assert [(job.id, job.state, job.reason, store.graph(job.id)) for job in left] == []
    assert counted(store) == rows_counted(store)
    assert len(busy) < 5, Counter(busy)
