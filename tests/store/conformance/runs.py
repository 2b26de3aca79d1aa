"""Ended runs: counted by minute and for good, the newest of them, and what dead jobs said last."""

from datetime import UTC, datetime, timedelta

import pytest

from queuectl.model.job import OutcomeKind
from queuectl.model.state import State, Verb
from queuectl.model.timeline import Run
from queuectl.store.types import RunCount, RunTotal
from tests.store.conformance.case import StoreCase, add, claim, end, ids, new, report, run, stale, take


def counted(store, since, step):
    return [(count.at, count.outcome.value, count.runs) for count in store.run_counts(since, step)]


def totals(store):
    return {(total.queue, total.outcome.value): (total.runs, total.took) for total in store.run_totals()}


class RunsCounted(StoreCase):
    @pytest.fixture
    def noon(self, clock):
        """A whole minute, at which the clock stands."""
        moment = datetime(2026, 3, 29, 12, tzinfo=UTC)
        clock.forward((moment - clock.now()).total_seconds())
        return moment

    def test_each_run_is_counted_when_it_ends_however_it_ends(self, store, clock, noon):
        assert store.run_counts(noon, 60) == []
        assert store.run_totals() == []
        verbs = [Verb.COMPLETE, Verb.COMPLETE, Verb.FAIL, Verb.RELEASE, Verb.RECOVER, Verb.CANCEL]
        jobs = store.enqueue([new(queue=queue) for queue in ("a", "b") for _ in verbs])
        taken = claim(store)
        clock.forward(1.5)
        store.finish_all([report(store, job, verb) for job, verb in zip(taken, verbs * 2, strict=True)], host_name="h")
        assert len(jobs) == 12
        assert store.run_counts(noon, 60) == [
            RunCount(at=noon, outcome=OutcomeKind.CANCELLED, runs=2),
            RunCount(at=noon, outcome=OutcomeKind.COMPLETED, runs=4),
            RunCount(at=noon, outcome=OutcomeKind.FAILED, runs=2),
            RunCount(at=noon, outcome=OutcomeKind.INTERRUPTED, runs=2),
            RunCount(at=noon, outcome=OutcomeKind.LOST, runs=2),
        ]
        assert store.run_totals()[1] == RunTotal(queue="a", outcome=OutcomeKind.COMPLETED, runs=2, took=3.0)
        assert totals(store) == {
            (queue, outcome): (runs, runs * 1.5)
            for queue in ("a", "b")
            for outcome, runs in {"completed": 2, "failed": 1, "interrupted": 1, "lost": 1, "cancelled": 1}.items()
        }

    def test_in_steps_from_a_moment(self, store, clock, noon):
        for minutes in (0, 1, 1, 5, 61):
            clock.forward((noon - clock.now()).total_seconds() + minutes * 60)
            run(store, add(store))
        hour = timedelta(hours=1)
        assert counted(store, noon, 3600) == [(noon, "completed", 4), (noon + hour, "completed", 1)]
        assert counted(store, noon + timedelta(minutes=1), 240) == [
            (noon + timedelta(minutes=1), "completed", 2),
            (noon + timedelta(minutes=5), "completed", 1),
            (noon + timedelta(minutes=61), "completed", 1),
        ]
        assert counted(store, noon + timedelta(seconds=1), 36_000)[0][2] == 4  # whole minutes only
        assert counted(store, noon + 2 * hour, 60) == []

    def test_a_report_that_changes_nothing_counts_nothing(self, store):
        job = take(store, add(store))
        reports = [report(store, each, Verb.COMPLETE) for each in (stale(job), job, job)]
        store.finish_all(reports, host_name="h")
        assert totals(store) == {("default", "completed"): (1, 0.0)}
        store.unclaim([take(store, add(store))])
        store.cancel(add(store).id, actor="tests")
        assert totals(store) == {("default", "completed"): (1, 0.0)}

    def test_a_clock_that_was_set_back_takes_no_time_away(self, store, clock):
        job = take(store, add(store))
        clock.forward(-10)
        end(store, job)
        assert totals(store) == {("default", "completed"): (1, 0.0)}

    def test_totals_outlive_the_jobs_and_the_minutes(self, store, clock, noon):
        job = run(store, add(store))
        clock.forward(3600)
        run(store, add(store))
        store.delete(job.id)
        assert counted(store, noon, 60)[0] == (noon, "completed", 1)
        store.forget_run_counts(clock.now())
        assert counted(store, noon, 60) == [(clock.now(), "completed", 1)]
        store.forget_run_counts(clock.now() + timedelta(minutes=1))
        assert counted(store, noon, 60) == []
        assert totals(store) == {("default", "completed"): (2, 0.0)}

    def test_what_is_undone_does_not_count(self, store):
        job = take(store, add(store))

        def change():
            with store.transaction():
                end(store, job)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            change()
        assert store.run_totals() == []

    def test_jobs_from_an_archive_bring_their_runs_along(self, store, noon):
        job = run(store, add(store, queue="a"), Verb.FAIL, wait=0)
        store.promote()
        run(store, job)
        take(store, add(store, queue="a"))
        before = store.run_totals(), store.run_counts(noon, 60)
        [record, _] = store.records(0, 10)
        store.delete(job.id)
        store.restore([record])
        assert totals(store) == {("a", "completed"): (2, 0.0), ("a", "failed"): (2, 0.0)}
        assert [count.runs for count in store.run_counts(noon, 60)] == [2, 2]
        assert [count.runs for count in before[1]] == [1, 1]


class RecentRuns(StoreCase):
    def test_which_ended_last_comes_first(self, store, clock):
        began = clock.now()
        [job] = store.enqueue([new(argv=("echo", "it  is\nlong"), command=None)])
        [taken] = claim(store)
        clock.forward(2)
        end(store, taken, Verb.FAIL, wait=0)
        store.promote()
        clock.forward(1)
        [again] = claim(store)
        end(store, again)
        named = run(store, add(store, "true", name="a name"), Verb.BURY)
        add(store)
        first = Run(
            job_id=job.id, number=1, title="echo it is long", host="host-1", host_name="a machine", started_at=began,
            finished_at=began + timedelta(seconds=2), outcome=OutcomeKind.FAILED,
        )  # fmt: skip
        found = store.recent_runs(began, 10)
        assert [(one.job_id, one.number) for one in found] == [(named.id, 1), (job.id, 2), (job.id, 1)]
        assert found[2] == first
        assert found[0].title == "a name"
        assert store.recent_runs(began, 1) == found[:1]
        assert store.recent_runs(clock.now(), 10) == found[:2]
        assert store.recent_runs(clock.now() + timedelta(milliseconds=1), 10) == []
        take(store, add(store, queue="another"))
        assert store.recent_runs(began, 10) == found

    def test_a_long_command_is_cut(self, store, clock):
        run(store, add(store, "x" * 100_000))
        [found] = store.recent_runs(clock.now(), 1)
        assert found.title == "x" * 1000

    def test_jobs_whose_run_ended_last(self, store, clock):
        completed, failed, dead, cancelled, put_back, retried = (add(store, queue=f"q{n}") for n in range(6))
        for job, verb in (
            (dead, Verb.BURY), (completed, Verb.COMPLETE), (put_back, Verb.RELEASE), (failed, Verb.FAIL),
            (retried, Verb.BURY), (cancelled, Verb.CANCEL),
        ):  # fmt: skip
            clock.forward(1)
            run(store, job, verb)
        store.retry(retried.id, actor="tests")
        store.cancel(add(store).id, actor="tests")
        take(store, add(store, queue="running"))
        expected = [store.get(job.id) for job in (cancelled, failed, completed, dead)]
        assert store.recent(10) == expected
        assert store.recent(2) == expected[:2]
        clock.forward(1)
        run(store, retried, Verb.FAIL)
        assert ids(store.recent(2)) == [retried.id, cancelled.id]
        assert len(store.recent(10)) == 5

    def test_nothing_has_run(self, store, clock):
        add(store)
        assert store.recent(5) == []
        assert store.recent_runs(clock.now() - timedelta(days=1), 5) == []
        assert store.dead_with_tails(5) == []


class DeadWithTails(StoreCase):
    def test_which_died_last_comes_first_with_the_end_of_its_last_run(self, store, clock):
        first, second = add(store, queue="a"), add(store, queue="b")
        run(store, second, Verb.BURY, tail="no end of b")
        clock.forward(1)
        run(store, first, Verb.FAIL, wait=0, tail="first end of a")
        store.promote()
        run(store, first, Verb.BURY, tail="x" * 3000 + "last end of a")
        run(store, add(store, queue="c"), Verb.COMPLETE, tail="no end of c")
        found = store.dead_with_tails(10)
        assert [job for job, _ in found] == [store.get(first.id), store.get(second.id)]
        assert found[0][1] == ("x" * 3000 + "last end of a")[-2000:]
        assert found[1][1] == "no end of b"
        assert store.dead_with_tails(1) == found[:1]
        assert store.dead_with_tails(10, "b") == found[1:]
        assert store.dead_with_tails(10, "none") == []
        assert all(job.state is State.DEAD for job, _ in found)
