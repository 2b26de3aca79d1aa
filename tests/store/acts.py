"""What people and hosts do, each act done to the model and to the store, which must agree."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from queuectl.errors import LeaseLost, NotFound, WrongState
from queuectl.model.history import history
from queuectl.model.job import Outcome, OutcomeKind
from queuectl.model.policy import Backoff, judge
from queuectl.model.state import State
from queuectl.store.types import JobFilter, Report
from tests.store.conformance.case import SettableClock, claim, counted, new, whole
from tests.store.model import Model

OWNERS = ("host-1", "host-2", "host-3")
LEASE = 25.0
EVERYTHING = JobFilter(limit=1_000_000)
ERRORS = (LeaseLost, NotFound, WrongState)


class Acts:
    """One database, opened three times; ``n`` says by which of the three an act is done."""

    def __init__(self, open_store):
        self.open_store = open_store
        self.clock = SettableClock()
        self.model = Model()
        self.claims = []  # every job that was ever claimed, as its claimer holds it
        self.stores = [open_store(self.clock) for _ in OWNERS]

    def pick(self, n):
        """Return an id: that of a job, now and then one that no job has."""
        ids = [*reversed(self.model.jobs)]
        return ids[n % len(ids)] if ids and n < 950 else 4711

    def both(self, predict, act):
        """Do something in the model and in the store; where the model refuses, the store must, for the same reason."""
        before = self.model.copy()
        try:
            predicted = predict(self.model)
        except ERRORS as exc:
            refused = type(exc)
        else:
            return predicted, act()
        self.model = before
        with pytest.raises(refused) as caught:
            act()
        assert caught.type is refused
        return None

    # people

    def enqueue(self, wanted, batch, n):
        store, now = self.stores[n % 3], self.clock.now()
        jobs = []
        for spec in wanted:
            delay, after = spec["delay"], tuple(self.pick(n) for n in spec["after"])
            run_at = None if delay is None else now + timedelta(seconds=delay)
            fields = {name: spec[name] for name in ("queue", "priority", "key", "max_retries")}
            jobs.append(new(run_at=run_at, after=after, **fields))
        if batch in self.model.batches:
            found = store.enqueue(jobs, batch=batch)
            assert [job.id for job in found] == [n for n in self.model.batches[batch] if n in self.model.jobs]
            return
        done = self.both(lambda model: model.plan(jobs, now), lambda: store.enqueue(jobs, batch=batch))
        if done:
            planned, kept = done
            ids = [job.id for job in kept]
            self.model.keep(planned, ids)
            if batch is not None:
                self.model.batches[batch] = ids

    def change(self, verb, job_id, n):
        """Cancel, retry or delete a job."""
        how = {} if verb == "delete" else {"actor": "tests"}
        done = self.both(
            lambda model: getattr(model, verb)(job_id, self.clock.now()),
            lambda: getattr(self.stores[n % 3], verb)(job_id, **how),
        )
        if done and verb != "delete":
            assert done[1].state is self.model.jobs[job_id].state

    def pause_or_resume(self, queue, seconds, n):
        if queue in self.model.pauses:
            assert self.stores[n % 3].resume(queue)
            del self.model.pauses[queue]
        else:
            until = None if seconds is None else self.clock.now() + timedelta(seconds=seconds)
            self.stores[n % 3].pause(queue, until)
            self.model.pauses[queue] = until

    # hosts

    def claim(self, who, limit, queues):
        now = self.clock.now()
        expected = self.model.claimable(limit, queues, now)
        taken = claim(self.stores[OWNERS.index(who)], limit, who, lease=LEASE, queues=queues)
        assert [job.id for job in taken] == [job.id for job in expected]
        for job in taken:
            assert job.lease.expires_at == now + timedelta(seconds=LEASE)
            self.model.claim(job, now)
        self.claims += taken
        return taken

    def verdict(self, taken, kind):
        now = self.clock.now()
        outcome = Outcome(kind=kind, exit_code=None, reason=kind, finished_at=now)
        return outcome, judge(taken, outcome, now=now, backoff=Backoff(cap=20), rng=random.Random(0))

    def finish(self, taken, kind, n):
        outcome, verdict = self.verdict(taken, kind)
        done = self.both(
            lambda model: model.finish(taken, verdict, self.clock.now()),
            lambda: self.stores[n % 3].finish(taken, outcome, verdict, host_name="a machine"),
        )
        if done:
            assert done[1].state is self.model.jobs[taken.id].state

    def report_several(self, asked):
        reports, expected = [], []
        for n, kind in asked:
            taken = self.claims[-1 - n % len(self.claims)]
            outcome, verdict = self.verdict(taken, kind)
            reports.append(Report(job=taken, outcome=outcome, verdict=verdict))
        for report in reports:
            try:
                self.model.finish(report.job, report.verdict, self.clock.now())
                expected.append(report.job.id)
            except LeaseLost:
                expected.append(None)
        ended = self.stores[0].finish_all(reports, host_name="a machine")
        assert [job and job.id for job in ended] == expected

    def use(self, what, taken, n, kind):
        """Start, unclaim, renew or finish under a lease, which may be stale."""
        if what == "finish":
            self.finish(taken, kind, n)
        else:
            getattr(self, what)(taken, n)

    def start(self, taken, n):
        note = {"host_name": "a machine", "pid": n, "pid_created": n / 2}
        if self.model.holds(taken):
            self.stores[n % 3].started(taken.id, taken.lease.token, **note)
            self.model.jobs[taken.id].started = True
        else:
            with pytest.raises(LeaseLost):
                self.stores[n % 3].started(taken.id, taken.lease.token, **note)

    def unclaim(self, taken, n):
        if not (self.model.holds(taken) and self.model.jobs[taken.id].started):  # that would be the host's mistake
            self.model.unclaim(taken, self.clock.now())
            self.stores[n % 3].unclaim([taken])

    def renew(self, taken, n):
        self.stores[n % 3].renew(taken.lease.owner, lease=LEASE)
        for job in self.model.jobs.values():
            if job.owner == taken.lease.owner:
                job.expires_at = self.clock.now() + timedelta(seconds=LEASE)

    # housekeeping and accidents

    def forget(self, state, n):
        now, limit = self.clock.now(), n % 4
        old = [job for job in self.model.jobs.values() if job.state is state and job.finished_at < now]
        gone = self.stores[n % 3].forget(state, now, limit)
        assert len(gone) == min(limit, len(old))
        kept = [job.finished_at for job in old if job.id not in gone]
        for job_id in gone:
            assert self.model.jobs.pop(job_id).finished_at <= min(kept, default=now)

    def recover(self, n):
        now = self.clock.now()
        expired = self.stores[n % 3].expired()
        expected = [job.id for job in self.model.jobs.values() if job.expires_at is not None and job.expires_at < now]
        assert [run.job.id for run in expired] == sorted(expected)
        for run in expired:
            self.finish(run.job, OutcomeKind.LOST, n)

    def promote(self, n):
        due = self.model.due(self.clock.now())
        assert self.stores[n % 3].promote() == len(due)
        for job in due:
            job.move(State.PENDING, self.clock.now())

    def reopen(self, n):
        self.stores[n % 3].close()
        self.stores[n % 3] = self.open_store(self.clock)

    def fail_inside_a_transaction(self, n):
        store = self.stores[n % 3]

        def fail():
            with store.transaction():
                store.enqueue([new(key="k")], batch="never")
                claim(store, 3)
                store.promote()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()

    # what always holds

    def every_job_is_as_the_model_has_it(self):
        kept = {job.id: job for job in self.stores[0].jobs(EVERYTHING)}
        assert sorted(kept) == sorted(self.model.jobs)
        for job_id, job in self.model.jobs.items():
            there = kept[job_id]
            lease = there.lease
            assert (
                there.state, there.attempts, there.runs, there.cancel_requested, there.run_at, there.finished_at,
                lease and lease.token, lease and lease.owner, lease and lease.expires_at,
            ) == (
                job.state, job.attempts, job.runs, job.cancel_requested, job.run_at, job.finished_at,
                job.token, job.owner, job.expires_at,
            )  # fmt: skip
            assert replace(there.spec, run_at=None) == replace(
                job.spec, run_at=None, max_retries=job.max_retries, backoff_base=2.0
            )

    def counts_are_true(self):
        expected = Counter((job.spec.queue, job.state) for job in self.model.jobs.values())
        assert counted(self.stores[1]) == expected

    def p3_each_running_job_has_one_lease(self):
        running = self.stores[2].running()
        tokens = [run.job.lease.token for run in running]
        assert len(set(tokens)) == len(tokens)
        assert {token for who in OWNERS for token in self.stores[2].held(who)} == set(tokens)
        assert {run.job.id for run in running} == {
            job.id for job in self.model.jobs.values() if job.state is State.PROCESSING
        }

    def p4_attempts_never_exceed_max_retries_plus_one(self):
        assert all(job.attempts <= job.max_retries + 1 for job in self.stores[0].jobs(EVERYTHING))

    def what_is_due_next_is_known(self):
        assert self.stores[1].next_due() == self.model.next_due(self.clock.now())

    def every_history_is_one_story(self):
        for job_id, job in self.model.jobs.items():
            if job.told_whole:
                told = history(*whole(self.stores[0], job_id))
                assert [event.before for event in told] == [None, *(event.after for event in told)][:-1]
                assert told[-1].after is job.state
