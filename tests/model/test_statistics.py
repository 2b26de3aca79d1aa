"""Summaries of runs, and their percentiles."""

from hypothesis import given
from hypothesis import strategies as st

from queuectl.model.job import OutcomeKind
from queuectl.model.statistics import RunFact, percentile, summarize


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values, share):
    ordered = sorted(values)
    found = percentile(ordered, share)
    enough = len(values) * share / 100
    assert sum(value <= found for value in values) >= enough
    assert sum(value < found for value in values) < enough


def test_runs_are_summed_up_by_queue_and_name():
    facts = [
        RunFact(queue="a", name="x", outcome=OutcomeKind.COMPLETED, took=took, waited=wait)
        for took, wait in ((1.0, 0.5), (3.0, None), (2.0, 1.5))
    ]
    facts.append(RunFact(queue="a", name="y", outcome=OutcomeKind.TIMEOUT, took=60.0, waited=None))
    slow, fast = summarize(facts)
    assert (slow.name, slow.runs, slow.success, slow.took_p95, slow.waited_p50) == ("y", 1, 0.0, 60.0, None)
    assert (fast.runs, fast.success, fast.took_p50, fast.took_p95, fast.took_total) == (3, 1.0, 2.0, 3.0, 6.0)
    assert (fast.waited_p50, fast.waited_p95) == (0.5, 1.5)
