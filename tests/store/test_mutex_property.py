"""Whatever happens to jobs that share mutexes: one runs at a time, and somebody is always next."""

from collections import Counter
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from queuectl.model.state import FINAL, State
from queuectl.store.types import JobFilter, NewJob
from tests.conftest import examples
from tests.store.conformance.case import ENDS, SettableClock, add, claim, end
from tests.store.places import PostgresPlace, SqlitePlace

QUEUES = st.sampled_from(["a", "b"])
MUTEXES = st.sampled_from(["m", "n", None])
PICK = st.integers(0, 1000)


class MutexMachine(RuleBasedStateMachine):
    make_place = SqlitePlace

    def __init__(self):
        super().__init__()
        self.place = self.make_place()
        self.clock = SettableClock()
        self.store = self.place.open(self.clock)
        self.taken = []

    def teardown(self):
        self.store.close()
        self.place.remove()

    def jobs(self, *states):
        return [job for job in self.store.jobs(JobFilter(limit=10_000)) if not states or job.state in states]

    def pick(self, number, *states):
        found = self.jobs(*states)
        return found[number % len(found)] if found else None

    @rule(queue=QUEUES, mutex=MUTEXES, priority=st.integers(0, 2), parent=st.none() | PICK)
    def enqueue(self, queue, mutex, priority, parent):
        waited = None if parent is None else self.pick(parent, *(set(State) - {State.DEAD, State.CANCELLED}))
        add(self.store, queue=queue, mutex=mutex, priority=priority, after=(waited.id,) if waited else ())

    @rule(limit=st.integers(1, 5), queues=st.none() | st.lists(QUEUES, min_size=1))
    def take(self, limit, queues):
        self.taken += claim(self.store, limit, queues=queues)

    @precondition(lambda self: self.taken)
    @rule(number=PICK, verb=st.sampled_from(sorted(ENDS)))
    def finish(self, number, verb):
        end(self.store, self.taken.pop(number % len(self.taken)), verb)

    @precondition(lambda self: self.taken)
    @rule(number=PICK)
    def give_back(self, number):
        self.store.unclaim([self.taken.pop(number % len(self.taken))])

    @rule(number=PICK, verb=st.sampled_from(["cancel", "retry", "delete"]))
    def change(self, number, verb):
        states = {
            "cancel": set(State) - FINAL - {State.PROCESSING},
            "retry": {*FINAL, State.FAILED},
            "delete": set(State) - {State.PROCESSING},
        }[verb]
        job = self.pick(number, *states)
        if job is not None:
            getattr(self.store, verb)(job.id, **({} if verb == "delete" else {"actor": "tests"}))

    @rule(number=PICK, mutex=MUTEXES, queue=QUEUES)
    def edit(self, number, mutex, queue):
        job = self.pick(number, State.PENDING, State.BLOCKED, State.FAILED, State.SCHEDULED)
        if job is not None and not job.spec.after:
            spec = replace(job.spec, mutex=mutex, queue=queue)
            self.store.edit(job.id, NewJob(spec=spec, max_retries=3, backoff_base=2.0), actor="tests")

    @rule(seconds=st.integers(0, 30))
    def promote(self, seconds):
        self.clock.forward(seconds)
        self.store.promote()

    @invariant()
    def one_runs_and_at_most_one_a_queue_is_next(self):
        jobs = [job for job in self.jobs() if job.spec.mutex]
        running = Counter(job.spec.mutex for job in jobs if job.state is State.PROCESSING)
        ready = Counter((job.spec.mutex, job.spec.queue) for job in jobs if job.state is State.PENDING)
        assert all(count == 1 for count in (*running.values(), *ready.values()))
        assert not {mutex for mutex, _ in ready} & running.keys()

    @invariant()
    def nobody_waits_for_a_mutex_that_is_free(self):
        jobs = self.jobs()
        held = {job.spec.mutex for job in jobs if job.state is State.PROCESSING}
        next_ones = {(job.spec.mutex, job.spec.queue): job for job in jobs if job.state is State.PENDING}
        for job in jobs:
            if job.state is State.BLOCKED and not any(not edge.met for edge in self.waits(job)):
                assert job.spec.mutex is not None
                first = next_ones.get((job.spec.mutex, job.spec.queue))
                assert job.spec.mutex in held or first is not None
                if first is not None:
                    assert (-first.spec.priority, first.id) < (-job.spec.priority, job.id)

    def waits(self, job):
        return [edge for edge in self.store.graph(job.id) if edge.job_id == job.id]


TestMutexes = MutexMachine.TestCase
TestMutexes.settings = settings(max_examples=examples(40), stateful_step_count=40)


class PostgresMutexMachine(MutexMachine):
    make_place = PostgresPlace


TestPostgresMutexes = PostgresMutexMachine.TestCase
TestPostgresMutexes.settings = settings(max_examples=examples(15), stateful_step_count=40)
