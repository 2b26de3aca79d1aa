"""Pages: lists of jobs in every order, whatever is asked for, and a cursor that leads through all of them."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from queuectl.errors import UsageError
from queuectl.model.state import FINAL, State, Verb
from queuectl.store.types import JobFilter, Order
from tests.store.conformance.case import StoreCase, add, claim, end, ids, new, run

QUEUES = ("a", "b", "c")
SOME_STATES = (
    (), tuple(State), (State.PENDING,), (State.PROCESSING,), (State.PROCESSING, State.DEAD), (State.COMPLETED,),
    tuple(FINAL), (State.SCHEDULED, State.FAILED), (State.FAILED, State.PENDING, State.CANCELLED),
)  # fmt: skip

EXPECTED = {
    Order.NEWEST: (frozenset(State), lambda job: -job.id),
    Order.OLDEST: (frozenset(State), lambda job: job.id),
    Order.ENDED: (FINAL, lambda job: (-job.finished_at.timestamp(), -job.id)),
    Order.DUE: ({State.SCHEDULED, State.FAILED}, lambda job: (job.run_at, job.id)),
    Order.NEXT: ({State.PENDING}, lambda job: (-job.spec.priority, job.id)),
}
"""Which jobs an order has, and how they are sorted, said a second time."""


def fill(store, clock):
    """Add jobs of every state to some queues, with ids, times and priorities in different orders and some equal."""
    jobs = []
    for number in range(6):
        for queue in QUEUES[: 2 + number % 2]:
            spec = {"queue": queue, "tags": ("odd",) if number % 2 else (), "name": f"job {number}"}
            made = [add(store, **spec, priority=-9) for _ in range(4)]
            store.cancel(made[0].id, actor="tests")
            if number % 2:
                clock.forward(1)
            for job, verb in zip(made[1:], (Verb.COMPLETE, Verb.BURY, Verb.FAIL), strict=True):
                run(store, job, verb, wait=100 - number // 2, tail=f"the end of {number}")
            made += [
                add(store, **spec, run_at=clock.now() + timedelta(seconds=200 - number % 3)),
                add(store, **spec, after=(made[3].id,)),
            ]
            if number == 4:
                made += [add(store, **spec), add(store, **spec)]
                claim(store, 2, queues=[queue])
            jobs += made
    for number, queue in product(range(5), QUEUES):
        jobs.append(add(store, queue=queue, priority=number % 3 - 1))
    return [store.get(job.id) for job in jobs]


def walk(store, query, **options):
    """Return all jobs of a filter, page by page, and how many pages there were."""
    found, pages, cursor = [], 0, None
    while True:
        page = store.page(replace(query, cursor=cursor), **options)
        assert len(page.jobs) <= query.limit
        if options == {}:
            assert page.exhausted
            assert len(page.jobs) == query.limit or page.cursor is None
        found += page.jobs
        pages += 1
        cursor = page.cursor
        if cursor is None:
            return found, pages
        assert isinstance(cursor, str)


def expected(jobs, order, states=(), queue=None, wanted=lambda _: True):
    has, key = EXPECTED[order]
    those = [job for job in jobs if job.state in has and (not states or job.state in states)]
    return ids(sorted((job for job in those if queue in {None, job.spec.queue} and wanted(job)), key=key))


class Pages(StoreCase):
    @pytest.fixture
    def jobs(self, store, clock):
        return fill(store, clock)

    @pytest.mark.parametrize("order", Order)
    def test_every_state_and_queue_in_every_order_and_in_pages_of_any_size(self, store, jobs, order):
        assert {job.state for job in jobs} == set(State)
        for states, queue, limit in product(SOME_STATES, (None, *QUEUES, "none"), (1, 4, 1000)):
            asked = JobFilter(states=states, queue=queue, order=order, limit=limit)
            wanted = expected(jobs, order, states, queue)
            found, pages = walk(store, asked)
            assert ids(found) == wanted, asked
            assert pages == max(1, -(-len(wanted) // limit)), asked
            assert ids(store.jobs(asked)) == wanted[:limit]

    @pytest.mark.parametrize("order", Order)
    @pytest.mark.parametrize("seconds", [None, 0.0])
    def test_a_tag_and_a_text_are_found_in_every_order_whatever_the_time_it_has(self, store, jobs, order, seconds):
        for asked, wanted in (
            ({"tag": "odd"}, lambda job: "odd" in job.spec.tags),
            ({"text": "JOB 3"}, lambda job: job.spec.name == "job 3"),
            ({"text": "end of 2"}, lambda job: job.spec.name == "job 2" and job.runs > 0),
            ({"text": "job", "tag": "odd", "queue": "c"}, lambda job: "odd" in job.spec.tags and job.spec.queue == "c"),
            ({"text": "nowhere"}, lambda _: False),
        ):
            for limit in (1, 3, 1000):
                query = JobFilter(**asked, order=order, limit=limit)
                if seconds is None:
                    assert ids(store.jobs(query)) == expected(jobs, order, wanted=wanted)[:limit]
                found, _ = walk(store, query, seconds=seconds)
                assert ids(found) == expected(jobs, order, wanted=wanted), query

    @pytest.mark.parametrize("order", Order)
    def test_only_those_below_an_id(self, store, jobs, order):
        for before in (jobs[0].id, jobs[20].id, jobs[-1].id + 1, 2**63 - 1):
            for limit in (2, 1000):
                found, _ = walk(store, JobFilter(order=order, before=before, limit=limit))
                assert ids(found) == expected(jobs, order, wanted=lambda job, before=before: job.id < before)

    @pytest.mark.parametrize("order", [Order.NEWEST, Order.OLDEST, Order.ENDED])
    def test_by_key(self, store, order):
        jobs = []
        for _ in range(3):
            jobs.append(add(store, key="k"))
            run(store, add(store, key="l"))
            run(store, jobs[-1])
        jobs = [store.get(job.id) for job in jobs]
        found, pages = walk(store, JobFilter(key="k", order=order, limit=2))
        assert ids(found) == expected(jobs, order)
        assert pages == 2
        assert store.jobs(JobFilter(key="k", order=order, states=(State.DEAD,))) == []

    def test_what_comes_and_goes_between_two_pages_moves_none_of_the_others(self, store):
        jobs = store.enqueue([new() for _ in range(6)])
        page = store.page(JobFilter(limit=2))
        store.delete(jobs[4].id)
        store.delete(jobs[3].id)
        add(store)
        page = store.page(JobFilter(limit=2, cursor=page.cursor))
        assert ids(page.jobs) == [jobs[2].id, jobs[1].id]
        assert ids(store.page(JobFilter(limit=2, cursor=page.cursor)).jobs) == [jobs[0].id]

    def test_one_that_runs_now_is_in_its_place(self, store):
        jobs = store.enqueue([new(queue=queue) for queue in "abab"])
        claim(store, 2)
        assert ids(store.jobs(JobFilter(states=(State.PENDING, State.PROCESSING)))) == ids(jobs[::-1])
        assert ids(store.jobs(JobFilter(states=(State.PROCESSING,), queue="b"))) == [jobs[1].id]

    def test_no_job_no_page(self, store):
        for order in Order:
            page = store.page(JobFilter(order=order))
            assert (list(page.jobs), page.cursor, page.exhausted) == ([], None, True)

    @pytest.mark.parametrize("order", Order)
    @pytest.mark.parametrize(
        "cursor",
        ["", "x", "newest", "newest:", "newest:x", "newest:1:2", "oldest:", "ended:1", "ended:1:2:3", "due:1:\u0663",
         "next:1.5:2", "nothing:1", f"newest:{10**30}", f"ended:1:{2**63}", "newest:-1 ", "newest:1\n", "\udcff"],
    )  # fmt: skip
    def test_a_cursor_of_no_page_of_this_order_is_refused(self, store, order, cursor):
        add(store)
        with pytest.raises(UsageError, match="cursor"):
            store.page(JobFilter(order=order, cursor=cursor))

    def test_a_cursor_is_good_for_its_order_only(self, store):
        for job in store.enqueue([new() for _ in range(3)]):
            run(store, job)
        cursors = {order: store.page(JobFilter(order=order, limit=1)).cursor for order in (Order.NEWEST, Order.ENDED)}
        assert all(cursors.values())
        for order, cursor in cursors.items():
            for other in set(Order) - {order}:
                with pytest.raises(UsageError):
                    store.page(JobFilter(order=other, cursor=cursor))

    def test_a_job_that_was_retried_counts_no_longer_as_ended(self, store, clock):
        first, second = store.enqueue([new(), new()])
        for job in (first, second):
            run(store, job, Verb.BURY)
            clock.forward(1)
        store.retry(second.id, actor="tests")
        assert ids(store.jobs(JobFilter(order=Order.ENDED))) == [first.id]
        assert ids(store.jobs(JobFilter(order=Order.NEXT))) == [second.id]
        [taken] = claim(store)
        end(store, taken)
        assert ids(store.jobs(JobFilter(order=Order.ENDED))) == [second.id, first.id]
