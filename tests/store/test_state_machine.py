"""Whatever people, hosts and clocks do, and in whatever order: the store does what a queue in a dict does."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from queuectl.model.job import OutcomeKind
from queuectl.model.state import FINAL, State
from tests.conftest import CI, examples
from tests.store.acts import OWNERS, Acts
from tests.store.places import PostgresPlace, SqlitePlace

QUEUES = ("a", "b")
USES = ("start", "unclaim", "renew", "finish")
"""What a host does with a lease."""

number = st.integers(0, 3) | st.integers(0, 1000)
"""Picks one of what there is, often one of the newest."""
owners = st.sampled_from(OWNERS)
kinds = st.sampled_from(OutcomeKind)
specs = st.fixed_dictionaries(
    {
        "queue": st.sampled_from(QUEUES),
        "priority": st.integers(-1, 1),
        "max_retries": st.integers(0, 2),
        "key": st.sampled_from([None, None, "k", "l"]),
        "delay": st.sampled_from([None, None, -5, 5, 50]),
        "after": st.lists(number, max_size=2) | st.just([]),
    }
)


def few(*parts):
    """Return a strategy for a short list; one act a step would lead nowhere."""
    return st.lists(st.tuples(*parts) if parts[1:] else parts[0], min_size=1, max_size=3)


class StoreMachine(RuleBasedStateMachine):
    make_place = SqlitePlace

    @initialize(wanted=st.lists(specs, min_size=4, max_size=8))
    def begin(self, wanted):
        self.place = self.make_place()
        self.acts = Acts(self.place.open)
        for spec in wanted:
            self.acts.enqueue([spec], None, 0)

    def teardown(self):
        if hasattr(self, "acts"):
            self.acts.every_history_is_one_story()
            for store in self.acts.stores:
                store.close()
            self.place.remove()

    @rule(wanted=few(specs), batch=st.sampled_from([None, None, None, "s", "t"]), n=number)
    def enqueue(self, wanted, batch, n):
        self.acts.enqueue(wanted, batch, n)

    @rule(asked=few(st.sampled_from(["cancel", "retry", "retry", "delete"]), number))
    def change_jobs(self, asked):
        for verb, n in asked:
            self.acts.change(verb, self.acts.pick(n), n)

    @rule(queue=st.sampled_from(["", *QUEUES]), seconds=st.sampled_from([None, 5, 50]), n=number)
    def pause_or_resume(self, queue, seconds, n):
        self.acts.pause_or_resume(queue, seconds, n)

    @rule(who=owners, limit=st.integers(1, 3), queues=st.sampled_from([None, None, ["a"], ["b", "none"], ["b", "a"]]))
    def claim(self, who, limit, queues):
        self.acts.claim(who, limit, queues)

    @rule(who=owners, ends=few(kinds))
    def promote_claim_and_finish(self, who, ends):
        self.acts.promote(0)
        for taken, kind in zip(self.acts.claim(who, len(ends), None), ends, strict=False):
            self.acts.finish(taken, kind, 0)

    @rule(asked=few(st.sampled_from((*USES, "cancel", "retry", "take over", "claim")), number, kinds), last=kinds)
    def live_through_a_run(self, asked, last):
        """Claim one job, let much happen to it, and end its run, if that can still be."""
        for taken in self.acts.claim(OWNERS[0], 1, None):
            for what, n, kind in asked:
                if what in {"cancel", "retry"}:
                    self.acts.change(what, taken.id, n)
                elif what in USES:
                    self.acts.use(what, taken, n, kind)
                else:
                    if what == "take over":
                        self.acts.finish(taken, OutcomeKind.LOST, n)
                    self.acts.claim(OWNERS[1], 9, None)
            self.acts.finish(taken, last, 0)

    @rule(asked=few(number, kinds))
    @precondition(lambda self: self.acts.claims)
    def report_several(self, asked):
        self.acts.report_several(asked)

    @rule(asked=few(st.sampled_from(USES), number, kinds))
    @precondition(lambda self: self.acts.claims)
    def use_leases_old_and_new(self, asked):
        for what, n, kind in asked:
            self.acts.use(what, self.acts.claims[-1 - n % len(self.acts.claims)], n, kind)

    @rule(what=st.sampled_from(["promote", "recover", *sorted(FINAL)]), n=number)
    def keep_house(self, what, n):
        if what in FINAL:
            self.acts.forget(State(what), n)
        else:
            getattr(self.acts, what)(n)

    @rule(seconds=st.sampled_from([0.001, 1, 5, 5, 20, 25, 26, 100, -1, -40]))
    def let_time_pass_or_set_the_clock_back(self, seconds):
        self.acts.clock.forward(seconds)

    @rule(what=st.sampled_from(["reopen", "fail_inside_a_transaction"]), n=number)
    def have_an_accident(self, what, n):
        getattr(self.acts, what)(n)

    @invariant()
    def p2_every_job_is_as_the_model_has_it(self):
        self.acts.every_job_is_as_the_model_has_it()

    @invariant()
    def p3_each_running_job_has_one_lease(self):
        self.acts.p3_each_running_job_has_one_lease()

    @invariant()
    def p4_attempts_never_exceed_max_retries_plus_one(self):
        self.acts.p4_attempts_never_exceed_max_retries_plus_one()

    @invariant()
    def counts_are_true(self):
        self.acts.counts_are_true()

    @invariant()
    def what_is_due_next_is_known(self):
        self.acts.what_is_due_next_is_known()


class PostgresMachine(StoreMachine):
    make_place = PostgresPlace


TestPostgres = PostgresMachine.TestCase
TestPostgres.settings = settings(max_examples=examples(60 if CI else 20), stateful_step_count=40)
TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=examples(160 if CI else 80), stateful_step_count=40)
