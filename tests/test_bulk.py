"""Many jobs at once."""

import socket

import pytest

from queuectl import bulk
from queuectl.bulk import Act, Done
from queuectl.model.state import State, Verb
from queuectl.queue import Queue
from queuectl.store.types import JobFilter
from tests.store.conformance.case import claim, end, ids, new, run
from tests.store.conformance.registry import HOST


@pytest.fixture
def queue(tmp_path):
    with Queue.open(str(tmp_path / "queue.db")) as opened:
        yield opened


@pytest.fixture
def store(queue):
    return queue.store


@pytest.fixture
def rings(queue):
    """Return how often the hosts have been woken since the last time it was asked."""
    from dataclasses import replace

    from queuectl.platform import machine

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
        bell.bind(("127.0.0.1", 0))
        bell.setblocking(False)
        queue.store.add_host(replace(HOST, machine=machine.identity(), port=bell.getsockname()[1]))

        def count():
            heard = 0
            while True:
                try:
                    bell.recv(1)
                except BlockingIOError:
                    return heard
                heard += 1

        yield count


def dead(store, count, **fields):
    """Add so many dead jobs; return them."""
    jobs = store.enqueue([new(**fields) for _ in range(count)])
    claimed = claim(store, count)
    for job in claimed:
        end(store, job, Verb.BURY)
    return jobs


def state_counts(queue):
    return {state: count for state, count in queue.status().counts.items() if count}


def test_five_hundred_dead_jobs_are_retried_at_once_though_half_of_them_refuse(queue, store, rings):
    jobs = [
        run(store, job, Verb.BURY) for number in range(250) for job in store.enqueue([new(), new(key=f"key {number}")])
    ]
    assert len(jobs) == 500
    store.enqueue([new(key=f"key {number}") for number in range(250)])
    rings()
    done = bulk.act_on_all(queue, Act.RETRY, JobFilter(states=(State.DEAD,)))
    assert (done.done, done.refused) == (250, 250)
    assert rings() == 1
    assert len(done.problems) == 20
    assert done.problems[0].job_id == jobs[-1].id
    assert "has the same key" in done.problems[0].detail
    assert state_counts(queue) == {State.PENDING: 500, State.DEAD: 250}
    assert [store.get(job.id).state for job in jobs] == [State.PENDING, State.DEAD] * 250
    again = bulk.act(queue, Act.RETRY, ids(jobs))
    assert (again.done, again.refused) == (0, 500)
    assert "is pending" in again.problems[0].detail
    assert rings() == 1


def test_named_jobs_of_which_some_are_not_there(queue, store, rings):
    jobs = store.enqueue([new() for _ in range(450)])
    done = bulk.act(queue, Act.CANCEL, [*ids(jobs[:420]), 4711, jobs[0].id])
    assert done == Done(done=420, refused=1, problems=done.problems)
    assert [problem.job_id for problem in done.problems] == [4711]
    assert state_counts(queue) == {State.CANCELLED: 420, State.PENDING: 30}
    assert store.events(jobs[0].id)[-1].actor == queue.actor
    assert rings() == 1
    assert bulk.act(queue, Act.CANCEL, []) == Done()


def test_one_that_runs_is_asked_to_stop(queue, store):
    [job] = store.enqueue([new()])
    claim(store)
    assert bulk.act_on_all(queue, Act.CANCEL, JobFilter()).done == 1
    assert store.get(job.id).cancel_requested


def test_what_is_deleted_goes_with_its_logs(queue, store):
    jobs = dead(store, 3)
    logs = [queue.paths.log(job.id, 1) for job in jobs]
    for log in logs:
        log.parent.mkdir(parents=True)
        log.write_text("the end")
    store.enqueue([new(queue="another")])
    claim(store)
    done = bulk.act(queue, Act.DELETE, [jobs[0].id, jobs[2].id, jobs[2].id + 1])
    assert (done.done, done.refused) == (2, 1)
    assert [log.parent.exists() for log in logs] == [False, True, False]
    assert ids(store.jobs(JobFilter(states=(State.DEAD,)))) == [jobs[1].id]


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"queue": "a"}, "bB"), ({"tag": "t"}, "ab"), ({"text": "TAGGED"}, "ab"), ({}, ""), ({"queue": "none"}, "aAbB"),
        ({"queue": "b", "tag": "t"}, "aAb"), ({"states": (State.COMPLETED,)}, "aAbB"),
        ({"limit": 1, "cursor": "newest:-2"}, ""),
    ],
)  # fmt: skip
def test_all_that_a_filter_lets_through_and_no_others(queue, store, asked, left):
    """The letters are the queues, capital where the jobs have a tag."""
    store.enqueue([new(queue=letter) for letter in "ab" for _ in range(230)])
    store.enqueue([new(queue=letter, tags=("t",), name="tagged") for letter in "ab" for _ in range(230)])
    done = bulk.act_on_all(queue, Act.DELETE, JobFilter(**asked))
    assert done == Done(done=(4 - len(left)) * 230)
    found = store.jobs(JobFilter(limit=1000))
    assert {(job.spec.queue.upper() if job.spec.tags else job.spec.queue) for job in found} == set(left)
    assert len(found) == len(left) * 230


def test_where_no_states_are_named_those_are_left_alone_with_which_it_cannot_be_done(queue, store):
    dead(store, 3)
    store.enqueue([new(), new()])
    assert bulk.act_on_all(queue, Act.CANCEL, JobFilter()) == Done(done=2)
    named = JobFilter(states=(State.DEAD, State.PENDING))
    assert bulk.act_on_all(queue, Act.CANCEL, named).refused == 3


def test_it_ends_though_each_job_that_it_retries_comes_back_and_others_die_meanwhile(queue, store, monkeypatch):
    jobs = dead(store, 10)
    monkeypatch.setattr(bulk, "BATCH", 3)
    retry = store.retry

    def retry_and_die(job_id, *, actor):
        """Retry a job, which dies at once, as another one does that has just come."""
        job = retry(job_id, actor=actor)
        store.enqueue([new()])
        for taken in claim(store):
            end(store, taken, Verb.BURY)
        return job

    monkeypatch.setattr(store, "retry", retry_and_die)
    assert bulk.act_on_all(queue, Act.RETRY, JobFilter(states=(State.DEAD,))) == Done(done=10)
    assert [len(store.attempts(job.id)) for job in jobs] == [2] * 10
    assert state_counts(queue) == {State.DEAD: 20}


def test_a_batch_is_done_whole_or_not_at_all_and_what_was_done_before_it_stays(queue, store, rings, monkeypatch):
    jobs = store.enqueue([new() for _ in range(6)])
    monkeypatch.setattr(bulk, "BATCH", 2)
    cancel = store.cancel

    def cancel_or_fail(job_id, *, actor):
        if job_id == jobs[3].id:
            raise ZeroDivisionError
        return cancel(job_id, actor=actor)

    monkeypatch.setattr(store, "cancel", cancel_or_fail)
    rings()
    with pytest.raises(ZeroDivisionError):
        bulk.act(queue, Act.CANCEL, ids(jobs))
    assert [store.get(job.id).state for job in jobs] == [State.CANCELLED] * 2 + [State.PENDING] * 4
    assert rings() == 1


def test_all_dead_jobs_run_again_but_one_of_each_key(queue):
    plain = [run(queue.store, queue.add("true"), Verb.BURY) for _ in range(2)]
    older, newer = (run(queue.store, queue.add("true", key="k"), Verb.BURY) for _ in range(2))
    dead_one = run(queue.store, queue.add("true", key="taken"), Verb.BURY)
    live = queue.add("true", key="taken")
    done = bulk.retry_dead(queue)
    assert (done.done, [problem.job_id for problem in done.problems]) == (3, [dead_one.id, older.id])
    assert [queue.store.get(job.id).state for job in (newer, *plain)] == [State.PENDING] * 3
    assert queue.status().counts[State.DEAD] == 2
    assert queue.find("k").id == newer.id
    assert queue.find("taken").id == live.id
    assert bulk.retry_dead(queue).done == 0
