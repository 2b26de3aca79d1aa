"""Whole jobs out and in, what was done, and what is found by a text."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from queuectl.errors import UsageError, WrongState
from queuectl.model.archive import from_line, to_line
from queuectl.model.job import OutcomeKind
from queuectl.model.state import FINAL, State, Verb
from queuectl.store.types import JobFilter
from tests.store.conformance.case import HOUR, StoreCase, add, end, ids, run, states, take, told
from tests.store.conformance.transitions import reach


class Archives(StoreCase):
    def test_a_whole_job_comes_back_as_it_was(self, store, clock):
        parent = add(store, queue="parents")
        before = {}
        for state in State:
            job = reach(store, state, parent=parent)
            before[job.id] = state
            clock.forward(1)
        found = store.records(0, 1000)
        lines = [to_line(record) for record in found]
        for record in reversed(found):
            if record.job.state is State.PROCESSING:
                end(store, record.job)
            store.delete(record.job.id)
        again = [from_line(line) for line in lines]
        store.restore(again)
        kept = store.records(0, 1000)
        ended = [[run for run in record.attempts if run.outcome] for record in found if record.job.state in FINAL]
        assert [list(record.attempts) for record in kept if record.job.state in FINAL] == ended
        assert [record.waits for record in kept] == [record.waits for record in found]
        assert kept == again
        for job_id, state in before.items():
            assert store.get(job_id).state is (State.PENDING if state is State.PROCESSING else state)
            if state is not State.PROCESSING:
                assert told(store, job_id)
        assert add(store).id > max(before)

    def test_the_newest_id_is_remembered_when_its_job_is_gone(self, store):
        assert store.newest_id() == 0
        jobs = [add(store), add(store)]
        store.delete(jobs[1].id)
        assert store.newest_id() == jobs[1].id

    def test_what_ran_has_a_run_that_was_interrupted(self, store):
        job = take(store, add(store))
        [record] = (from_line(to_line(record)) for record in store.records(0, 10))
        end(store, job)
        store.delete(job.id)
        store.restore([record])
        [kept] = store.attempts(job.id)
        assert (kept.outcome, kept.next_state) == (OutcomeKind.INTERRUPTED, State.PENDING)
        assert store.get(job.id).attempts == 0

    def test_nobody_waits_for_those_who_did_not_come_along(self, store):
        parent = add(store)
        jobs = [add(store, after=(parent.id,), mutex=mutex) for mutex in (None, "m")]
        late = add(store, after=(jobs[0].id,))
        found = [replace(record, waits=[]) for record in store.records(parent.id, 2)] + store.records(jobs[1].id, 2)
        for job in (late, *jobs, parent):
            store.delete(job.id)
        store.restore(found)
        assert states(store, [*jobs, late]) == [State.PENDING, State.PENDING, State.BLOCKED]

    def test_lines_that_hold_anything_else_are_refused(self, store):
        run(store, add(store))
        [record] = store.records(0, 10)
        whole = json.loads(to_line(record))
        for place in (whole, whole["spec"], whole["runs_list"][0], whole["events"][0] if whole["events"] else {}):
            for name, value in list(place.items()):
                for wrong in ([], {}, 10**30, True):
                    place[name] = wrong
                    try:
                        read = from_line(json.dumps(whole))
                    except UsageError:
                        continue
                    finally:
                        place[name] = value
                    store.delete(record.job.id)
                    store.restore([replace(read, job=replace(read.job, id=record.job.id), waits=[])])

    def test_pages_follow_one_another(self, store):
        jobs = [add(store) for _ in range(5)]
        pages = [[record.job.id for record in store.records(after, 2)] for after in (0, jobs[1].id, jobs[4].id)]
        assert pages == [ids(jobs[:2]), ids(jobs[2:4]), []]

    def test_an_id_or_a_live_key_that_is_taken_is_refused(self, store):
        add(store, key="k")
        found = store.records(0, 10)
        with pytest.raises(WrongState, match="already"):
            store.restore(found)
        store.delete(found[0].job.id)
        add(store, key="k")
        with pytest.raises(WrongState, match="'k'"):
            store.restore(found)


class Statistics(StoreCase):
    def test_runs_are_told_with_their_times(self, store, clock):
        job = add(store, queue="video", name="encode", run_at=clock.now() + timedelta(seconds=HOUR))
        clock.forward(HOUR)
        store.promote()
        clock.forward(3)
        taken = take(store, store.get(job.id))
        clock.forward(5)
        end(store, taken, Verb.FAIL, wait=1, started_at=taken.started_at)
        clock.forward(2)
        store.promote()
        run(store, store.get(job.id))
        first, second = store.runs_since(clock.now() - timedelta(seconds=HOUR))
        assert (first.queue, first.name, first.outcome, first.took, first.waited) == (
            "video", "encode", OutcomeKind.FAILED, 5.0, 3.0,
        )  # fmt: skip
        assert (second.outcome, second.waited) == (OutcomeKind.COMPLETED, None)
        assert store.runs_since(clock.now() + timedelta(seconds=1)) == []


class ReservedIds(StoreCase):
    def test_no_new_job_has_one(self, store):
        store.reserve_ids(41)
        assert store.newest_id() == 41
        assert add(store).id == 42
        store.reserve_ids(5)
        assert store.newest_id() == 42


class Searches(StoreCase):
    @pytest.mark.parametrize(
        "fields",
        [
            {"command": "echo 50%_~ DONE"}, {"name": "50%_~ done"}, {"tags": ("x", "50%_~ done")},
            {"key": "50%_~ done"}, {"note": "50%_~ Done"},
        ],
    )  # fmt: skip
    def test_a_text_is_found_wherever_it_stands_and_taken_as_it_is(self, store, fields):
        job = add(store, **fields)
        add(store, command="echo 50 done")
        assert ids(store.jobs(JobFilter(text="0%_~ dOnE"))) == [job.id]
        assert store.jobs(JobFilter(text="0%_~ dOnE", states=(State.DEAD,))) == []

    def test_the_end_of_an_output_is_looked_at(self, store):
        job = add(store)
        run(store, job, Verb.BURY, tail="error: no space left")
        add(store)
        assert ids(store.jobs(JobFilter(text="No space"))) == [job.id]
