"""A queue in a dict: what the store must do, said a second time and as simply as can be."""

import copy
from dataclasses import dataclass, field
from datetime import datetime

from queuectl.errors import LeaseLost, NotFound, WrongState
from queuectl.model.policy import first_state
from queuectl.model.state import FINAL, TRANSITIONS, WAITING, State, Verb


@dataclass
class ModelJob:
    spec: object
    max_retries: int
    state: State
    run_at: datetime | None
    waits_for: set = field(default_factory=set)
    id: int | None = None
    attempts: int = 0
    runs: int = 0
    cancel_requested: bool = False
    started: bool = False
    token: str | None = None
    owner: str | None = None
    expires_at: datetime | None = None
    finished_at: datetime | None = None
    told_whole: bool = True
    """Whether each of its transitions stands in its history; a claim that was taken back does not."""

    def move(self, state, now, verbs=tuple(Verb)):
        """Change the state, along the table's ways only."""
        assert any(state in TRANSITIONS[verb].get(self.state, ()) for verb in verbs), (self.state, state)
        self.state = state
        self.finished_at = now if state in FINAL else None
        self.token = self.owner = self.expires_at = None
        self.started = self.cancel_requested = False
        if state not in {State.SCHEDULED, State.FAILED}:
            self.run_at = None


class Model:
    def __init__(self):
        self.jobs = {}
        self.batches = {}
        self.pauses = {}
        self.newest_id = 0

    def get(self, job_id):
        if job_id not in self.jobs:
            raise NotFound(f"{job_id}")
        return self.jobs[job_id]

    def live(self, key, but=None):
        found = [job for job in self.jobs.values() if job.spec.key == key and job.state not in FINAL and job is not but]
        return found[0] if found and key is not None else None

    def plan(self, new, now):
        """Return what enqueueing would bring: jobs there are, and jobs to be, which have no id yet."""
        planned, fresh = [], {}
        for one in new:
            spec = one.spec
            there = self.live(spec.key) or fresh.get(spec.key)
            if there is not None:
                planned.append(there)
                continue
            parents = [self.get(parent) for parent in spec.after if self._waits(parent)]
            state = first_state(spec.run_at, now=now, blocked=bool(parents))
            job = ModelJob(
                spec=spec, max_retries=one.max_retries, state=state, waits_for={parent.id for parent in parents},
                run_at=None if state is State.PENDING else spec.run_at,
            )  # fmt: skip
            planned.append(job)
            if spec.key is not None:
                fresh[spec.key] = job
        return planned

    def _waits(self, parent):
        state = self.get(parent).state
        if state in {State.DEAD, State.CANCELLED}:
            raise WrongState(f"{parent} is {state}")
        return state is not State.COMPLETED

    def keep(self, planned, ids):
        """Give the planned jobs the ids that the store gave, each greater than all before."""
        for job, job_id in zip(planned, ids, strict=True):
            if job.id is None:
                assert job_id > self.newest_id, "an id was given twice"
                job.id = self.newest_id = job_id
                self.jobs[job_id] = job
            assert job.id == job_id

    def paused(self, queue, now):
        return any(
            name in self.pauses and (self.pauses[name] is None or self.pauses[name] > now) for name in ("", queue)
        )

    def claimable(self, limit, queues, now):
        ready = [
            job
            for job in self.jobs.values()
            if job.state is State.PENDING
            and (queues is None or job.spec.queue in queues)
            and not self.paused(job.spec.queue, now)
        ]
        return sorted(ready, key=lambda job: (-job.spec.priority, job.id))[:limit]

    def claim(self, taken, now):
        job = self.jobs[taken.id]
        assert job.state is State.PENDING
        job.move(State.PROCESSING, now, [Verb.CLAIM])
        job.attempts += 1
        job.runs += 1
        job.token, job.owner, job.expires_at = taken.lease.token, taken.lease.owner, taken.lease.expires_at

    def holds(self, taken):
        """Tell whether a claimed job's lease is the current one."""
        job = self.jobs.get(taken.id)
        return job is not None and job.state is State.PROCESSING and job.token == taken.lease.token

    def finish(self, taken, verdict, now):
        if not self.holds(taken):
            raise LeaseLost("")
        job = self.jobs[taken.id]
        again = verdict.state not in FINAL
        job.move(State.CANCELLED if job.cancel_requested and again else verdict.state, now)
        job.attempts -= verdict.refund
        job.run_at = verdict.run_at if job.state is State.FAILED else None
        self.settle(job.id, job.state, now)

    def unclaim(self, taken, now):
        if not self.holds(taken):
            return
        job = self.jobs[taken.id]
        job.attempts -= 1
        if job.cancel_requested:
            job.told_whole = False
            job.move(State.CANCELLED, now, [Verb.CANCEL])
            self.settle(job.id, State.CANCELLED, now)
        else:
            job.runs -= 1
            job.move(State.PENDING, now, [Verb.RELEASE])

    def settle(self, parent, ended, now):
        for job in list(self.jobs.values()):
            if job.state is not State.BLOCKED or parent not in job.waits_for or ended not in FINAL:
                continue
            if ended is State.COMPLETED:
                job.waits_for.discard(parent)
                if not job.waits_for:
                    run_at = job.run_at
                    state = first_state(run_at, now=now, blocked=False)
                    job.move(state, now, [Verb.UNBLOCK])
                    job.run_at = run_at if state is State.SCHEDULED else None
            else:
                job.move(State.CANCELLED, now, [Verb.CANCEL])
                self.settle(job.id, State.CANCELLED, now)

    def cancel(self, job_id, now):
        job = self.get(job_id)
        if job.state in FINAL:
            raise WrongState("")
        if job.state is State.PROCESSING:
            job.cancel_requested = True
        else:
            job.move(State.CANCELLED, now, [Verb.CANCEL])
            self.settle(job_id, State.CANCELLED, now)

    def retry(self, job_id, now):
        job = self.get(job_id)
        if job.state not in {*FINAL, State.FAILED} or self.live(job.spec.key, but=job):
            raise WrongState("")
        job.move(State.PENDING, now, [Verb.RETRY])
        job.attempts = 0

    def delete(self, job_id, now):
        job = self.get(job_id)
        if job.state is State.PROCESSING:
            raise WrongState("")
        del self.jobs[job_id]
        if job.state in WAITING:
            self.settle(job_id, State.CANCELLED, now)

    def due(self, now):
        waiting = [job for job in self.jobs.values() if job.state in {State.SCHEDULED, State.FAILED}]
        return [job for job in waiting if job.run_at <= now]

    def next_due(self, now):
        times = [job.run_at for job in self.jobs.values() if job.state in {State.SCHEDULED, State.FAILED}]
        times += [until for until in self.pauses.values() if until is not None and until > now]
        return min(times, default=None)

    def copy(self):
        return copy.deepcopy(self)
