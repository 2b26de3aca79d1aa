"""What SQLite makes of the statements: no cost grows with what has ended or waits, counted in steps, not seconds."""

import re
from datetime import timedelta
from itertools import product

import pytest

from queuectl.model.state import State
from queuectl.store import sql, sql_pages
from queuectl.store.types import JobFilter, Order
from tests.store.conformance.case import SettableClock, add, claim, end, new

MANY = 20_000
SAME_STEPS = "SQLite takes the same steps on every system, and takes a minute for these here"
CHANGES = (
    "CLAIM", "FINISH", "CURRENT_LEASES", "DEPENDENTS", "RENEW", "STARTED", "UNCLAIM", "RETRY", "CANCEL", "UNBLOCK",
    "BLOCK_OTHERS", "UNBLOCK_FIRST",
)  # fmt: skip


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture(params=[False, True], ids=["", "analyzed"])
def store(request, open_sqlite, clock):
    store = open_sqlite(clock)
    if request.param:  # somebody has let SQLite gather statistics at a moment when nothing was pending
        store.cancel(add(store).id, actor="tests")
        with store._db.read() as connection:
            connection.execute("ANALYZE")
        store.close()
        store = open_sqlite(clock)
    return store


@pytest.fixture
def db(store):
    with store._db.read() as connection:
        yield connection


def plan(db, statement):
    """Return how SQLite would run a statement, a line a step."""
    names = dict.fromkeys(re.findall(r":([a-z]\w*)", statement))
    numbers = [int(number) for number in re.findall(r"\?(\d+)", statement)]
    values = names or (None,) * max(numbers, default=statement.count("?"))
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", values)]


def age(store, db, many=MANY):
    """Give the store a long past, and many jobs that wait."""
    with store.transaction():
        store.enqueue([new() for _ in range(many)])
        db.execute("UPDATE jobs SET state = 'completed', finished_at = 5")
        store.enqueue([new(run_at=store.now() + timedelta(hours=1)) for _ in range(many)])


def steps(db, act):
    """Count the steps of SQLite's machine, in tens."""
    count = 0

    def tick():
        nonlocal count
        count += 1
        return False

    db.set_progress_handler(tick, 10)
    try:
        act()
    finally:
        db.set_progress_handler(None)
    return count


def costs(store, db):
    """Count the steps of what a host and a status line do all the time."""
    jobs = [add(store) for _ in range(5)]
    child = add(store, after=(jobs[0].id,))
    found = {}

    def cost(name, act):
        found[name] = steps(db, act)

    cost("enqueue", lambda: jobs.append(add(store, key="k")))
    cost("claim", lambda: jobs.extend(claim(store)))
    cost("claim nothing", lambda: claim(store))
    for name in ("running", "expired", "promote", "next_due", "counts", "pauses", "hosts"):
        cost(name, getattr(store, name))
    cost("held", lambda: store.held("host-1"))
    cost("cancelling", lambda: store.cancelling("host-1"))
    cost("renew", lambda: store.renew("host-1", lease=60))
    cost("finish", lambda: end(store, jobs[6]))
    cost("by key", lambda: store.by_key("k"))
    cost("attempts", lambda: store.attempts(jobs[0].id))
    for job in jobs[7:]:
        end(store, job)
    assert store.get(child.id).state is State.PENDING
    store.delete(child.id)
    return found


@pytest.mark.wine(SAME_STEPS)
def test_no_verb_costs_more_when_much_has_ended_and_much_waits(store, db):
    costs(store, db)
    young = costs(store, db)
    age(store, db)
    old = costs(store, db)
    assert {name: (young[name], old[name]) for name in young if old[name] > young[name] * 1.25 + 5} == {}


@pytest.mark.wine(SAME_STEPS)
def test_a_claim_does_not_cost_more_when_many_are_pending(store, db):
    add(store)
    few = steps(db, lambda: claim(store, 1))
    store.enqueue([new() for _ in range(MANY)])
    many = steps(db, lambda: claim(store, 1))
    assert many < few * 1.5 + 5


@pytest.mark.wine(SAME_STEPS)
def test_a_claim_does_not_cost_more_when_many_wait_for_another_machine(store, db):
    store.enqueue([new()] * 2)
    few = steps(db, lambda: claim(store, 1, places=("here",)))
    store.enqueue([new(machine="away", priority=9)] * MANY)
    many = steps(db, lambda: claim(store, 1, places=("here",)))
    assert many < few * 1.5 + 5


def test_the_claim_reads_its_index_and_no_other_part_of_the_table(store, db):
    age(store, db, 500)
    about_jobs = [line for line in plan(db, sql.CANDIDATES) if re.search(r"\b(jobs|ready)\b", line)]
    assert sorted(about_jobs) == [
        "SEARCH jobs USING COVERING INDEX jobs_claimable (queue=? AND machine=?)",
        "SEARCH ready USING INTEGER PRIMARY KEY (rowid=?)",
    ]
    assert [line for line in plan(db, sql.CLAIM) if "jobs" in line and "SCAN" not in line] == [
        "SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)"
    ]


@pytest.mark.wine(SAME_STEPS)
def test_a_page_does_not_cost_more_when_there_are_many_jobs(store, db):
    asked = [
        {"order": order, "queue": queue, "states": states, "limit": 20}
        for order, queue in product(Order, (None, "default"))
        for states in ((), (State.COMPLETED, State.SCHEDULED, State.PENDING))
    ]

    def look(fields):
        page = store.page(JobFilter(**fields))
        assert len(store.page(JobFilter(**fields, cursor=page.cursor)).jobs) == 20

    found = []
    for many in (100, MANY):
        age(store, db, many)
        store.enqueue([new(priority=number % 5) for number in range(many)])
        found.append([steps(db, lambda fields=fields: look(fields)) for fields in asked])
    assert [fields for fields, few, many in zip(asked, *found, strict=True) if many > few * 1.25 + 5] == []


def test_a_page_is_found_by_the_index_that_has_its_order(store, db):
    age(store, db, 500)
    used = {
        order: {line for line in plan(db, text) if re.search(r"\bjobs\b|B-TREE", line)}
        for order, text in sql_pages.IN_PARTS.items()
    }
    found = "SEARCH jobs USING COVERING INDEX"
    begun = "queue=? AND state=? AND"
    assert used == {
        Order.NEWEST: {f"{found} jobs_listed ({begun} rowid>? AND rowid<?)"},
        Order.OLDEST: {f"{found} jobs_listed ({begun} rowid>? AND rowid<?)"},
        Order.ENDED: {
            f"{found} jobs_ended_of_queue ({begun} finished_at=? AND rowid>? AND rowid<?)",
            f"{found} jobs_ended_of_queue ({begun} finished_at>? AND finished_at<?)",
        },
        Order.DUE: {
            f"{found} jobs_due_of_queue ({begun} run_at=? AND rowid>? AND rowid<?)",
            f"{found} jobs_due_of_queue ({begun} run_at>?)",
        },
        Order.NEXT: {
            f"{found} jobs_ready (queue=? AND priority=? AND id>? AND id<?)",
            f"{found} jobs_ready (queue=? AND priority<?)",
        },
    }


def test_a_mutex_finds_its_jobs_by_its_indexes(store, db):
    age(store, db, 500)
    plans = plan(db, sql.FIRST_IN_LINE) + plan(db, sql.HOLDER)
    assert sorted(line for line in plans if re.search(r"\bjobs\b", line)) == [
        "SEARCH jobs USING COVERING INDEX jobs_mutex_held (mutex=?)",
        "SEARCH jobs USING INDEX jobs_mutex (mutex=? AND queue=?)",
    ]


def test_a_change_finds_its_rows_without_a_scan(store, db):
    age(store, db, 500)
    scans = {
        name: [line for line in plan(db, getattr(sql, name)) if re.match(r"SCAN jobs\b", line)] for name in CHANGES
    }
    assert not any(scans.values()), scans
