"""Retry or dead, how long to wait, what to forget."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl.model.job import Job, JobSpec, Outcome, OutcomeKind
from queuectl.model.policy import Backoff, delay, first_state, forget_before, judge
from queuectl.model.state import FINAL, State, Verb, leads_to
from queuectl.settings import Settings

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
BAD = [OutcomeKind.FAILED, OutcomeKind.TIMEOUT]


def a_job(**changes):
    fields = {
        "id": 1, "state": State.PROCESSING, "spec": JobSpec(command="false"), "max_retries": 3, "backoff_base": 2.0,
        "source": "test", "attempts": 1, "runs": 1, "created_at": NOW, "updated_at": NOW, "run_at": None,
        "started_at": NOW, "finished_at": None, "exit_code": None, "reason": None, "cancel_requested": False,
        "lease": None,
    }  # fmt: skip
    return Job(**(fields | changes))


def verdict(job, kind, *, reason=None, backoff=None, rng=None):
    outcome = Outcome(kind=kind, reason=reason, finished_at=NOW)
    return judge(job, outcome, now=NOW, backoff=backoff or Backoff(), rng=rng or random.Random(0))


@pytest.mark.parametrize("kind", BAD)
def test_p4_three_retries_wait_2_4_and_8_seconds_then_it_is_dead(kind):
    waits = []
    for attempts in (1, 2, 3):
        answer = verdict(a_job(attempts=attempts), kind, reason="exit code 1")
        assert (answer.verb, answer.state, answer.reason) == (Verb.FAIL, State.FAILED, "exit code 1")
        waits.append((answer.run_at - NOW).total_seconds())
    assert waits == [2, 4, 8]
    answer = verdict(a_job(attempts=4), kind, reason="exit code 1")
    assert (answer.verb, answer.state, answer.reason) == (Verb.BURY, State.DEAD, "exit code 1")
    assert answer.run_at is None


def test_no_retries_is_one_run():
    assert verdict(a_job(max_retries=0), OutcomeKind.FAILED).state is State.DEAD


def test_success_is_success_whatever_came_before():
    for job in (a_job(), a_job(attempts=4), a_job(cancel_requested=True)):
        assert verdict(job, OutcomeKind.COMPLETED).state is State.COMPLETED


@pytest.mark.parametrize("kind", [kind for kind in OutcomeKind if kind is not OutcomeKind.COMPLETED])
@pytest.mark.parametrize("attempts", [1, 4])
def test_a_job_that_someone_cancelled_never_runs_again(kind, attempts):
    answer = verdict(a_job(cancel_requested=True, attempts=attempts), kind)
    assert (answer.verb, answer.state, answer.refund) == (Verb.CANCEL, State.CANCELLED, False)
    assert answer.reason


def test_p7_an_interrupted_run_is_given_back_even_if_it_was_the_last():
    for attempts in (1, 4):
        answer = verdict(a_job(attempts=attempts), OutcomeKind.INTERRUPTED)
        assert (answer.verb, answer.state, answer.refund) == (Verb.RELEASE, State.PENDING, True)


def test_a_lost_run_is_spent():
    answer = verdict(a_job(attempts=3), OutcomeKind.LOST, reason="its host died")
    assert (answer.verb, answer.state, answer.refund) == (Verb.RECOVER, State.PENDING, False)


@pytest.mark.parametrize(("attempts", "retries"), [(1, 0), (4, 3)])
def test_a_job_that_kills_its_host_each_time_ends_dead_and_says_so(attempts, retries):
    answer = verdict(a_job(attempts=attempts, max_retries=retries), OutcomeKind.LOST, reason="no heartbeat")
    assert (answer.verb, answer.state) == (Verb.BURY, State.DEAD)
    assert "took its host down" in answer.reason
    assert "no heartbeat" in answer.reason


def test_a_wait_ends_at_the_cap():
    assert [delay(n, Backoff(cap=300), random.Random(0)) for n in (8, 9, 50)] == [256, 300, 300]


@pytest.mark.parametrize("base", [2.0, 86_400.0])
def test_a_wait_that_no_float_holds_is_the_cap(base):
    assert delay(1_000_000, Backoff(base=base, cap=300), random.Random(0)) == 300


@pytest.mark.parametrize(("base", "waits"), [(0, [0, 0]), (0.5, [0.5, 0.25]), (1, [1, 1])])
def test_small_bases_are_taken_as_they_are(base, waits):
    assert [delay(n, Backoff(base=base), random.Random(0)) for n in (1, 2)] == waits


@given(
    base=st.floats(0, 86_400),
    retry=st.integers(1, 1_000_000),
    cap=st.floats(0, 365 * 86_400),
    jitter=st.floats(0, 1),
    seed=st.integers(),
)
def test_jitter_takes_away_at_most_its_share(base, retry, cap, jitter, seed):
    full = delay(retry, Backoff(base=base, cap=cap), random.Random(seed))
    wait = delay(retry, Backoff(base=base, cap=cap, jitter=jitter), random.Random(seed))
    assert 0 <= full <= cap
    assert full * (1 - jitter) <= wait <= full
    NOW + timedelta(seconds=wait)


def test_jitter_spreads_waits():
    rng = random.Random(7)
    waits = [delay(5, Backoff(jitter=0.5), rng) for _ in range(200)]
    assert len(set(waits)) > 190
    assert min(waits) < 18
    assert max(waits) > 30


@given(
    max_retries=st.integers(0, 6),
    outcomes=st.lists(st.tuples(st.sampled_from(OutcomeKind), st.booleans(), st.booleans()), max_size=40),
    seed=st.integers(),
)
def test_p4_attempts_never_exceed_max_retries_plus_one(max_retries, outcomes, seed):
    rng = random.Random(seed)
    state, attempts, spent = State.PENDING, 0, 0
    for kind, cancel_requested, someone_retries in outcomes:
        if state in FINAL:
            if not someone_retries:
                break
            assert leads_to(Verb.RETRY, state, State.PENDING)
            state, attempts, spent = State.PENDING, 0, 0
        if state is State.FAILED:
            assert leads_to(Verb.PROMOTE, state, State.PENDING)
            state = State.PENDING
        assert leads_to(Verb.CLAIM, state, State.PROCESSING)
        attempts, spent = attempts + 1, spent + 1
        assert attempts <= max_retries + 1

        job = a_job(attempts=attempts, max_retries=max_retries, cancel_requested=cancel_requested)
        answer = verdict(job, kind, rng=rng)
        assert leads_to(answer.verb, State.PROCESSING, answer.state)
        assert (answer.run_at is not None) == (answer.state is State.FAILED)
        if answer.refund:
            attempts, spent = attempts - 1, spent - 1
        state = answer.state
        if cancel_requested:
            assert state in {State.CANCELLED, State.COMPLETED}
    assert spent == attempts <= max_retries + 1


@pytest.mark.parametrize(
    ("run_at", "blocked", "state"),
    [
        (None, False, State.PENDING),
        (NOW, False, State.PENDING),
        (NOW - timedelta(days=1), False, State.PENDING),
        (NOW + timedelta(milliseconds=1), False, State.SCHEDULED),
        (NOW + timedelta(days=1), True, State.BLOCKED),
        (None, True, State.BLOCKED),
    ],
)
def test_where_a_job_begins(run_at, blocked, state):
    assert first_state(run_at, now=NOW, blocked=blocked) is state


def test_backoff_comes_from_the_settings():
    settings = Settings(database={"backoff_cap": "1m", "jitter": "0.25"}, environ={})
    assert Backoff.of(settings) == Backoff(cap=60, jitter=0.25)


def test_what_is_kept_for_ever_is_never_forgotten():
    settings = Settings(database={"keep_completed": "1h", "keep_cancelled": "0"}, environ={})
    assert forget_before(settings, NOW) == {State.COMPLETED: NOW - timedelta(hours=1)}


def test_the_longest_retention_is_a_date_that_exists():
    longest = {"keep_completed": "36500d", "keep_cancelled": "36500d", "keep_dead": "36500d"}
    assert set(forget_before(Settings(database=longest, environ={}), NOW)) == FINAL
