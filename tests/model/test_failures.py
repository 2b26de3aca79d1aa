"""Dead jobs by their errors."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl.model.failures import LONGEST, error_of, group
from queuectl.model.job import Job, JobSpec
from queuectl.model.state import State

START = datetime(2026, 3, 29, tzinfo=UTC)
TRACEBACK = """Traceback (most recent call last):
  File "/srv/app/7/main.py", line 12, in <module>
KeyError: 'user 4711'
"""


def dead(number=1, reason="exit code 1"):
    return Job(
        id=number, state=State.DEAD, spec=JobSpec(command="false"), max_retries=3, backoff_base=2.0, source="",
        attempts=4, runs=4, created_at=START, updated_at=START, run_at=None, started_at=START, finished_at=START,
        exit_code=1, reason=reason, cancel_requested=False, lease=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tail", "error"),
    [
        (TRACEBACK, "KeyError: 'user 4711' (exit code 1)"),
        ("", "exit code 1"),
        ("\n \n\t\r\n", "exit code 1"),
        ("disk full\n----\n}\n\n", "disk full (exit code 1)"),
        ("\x1b[31;1merror:\x1b[0m no\x07 such file\x1b]0;title\x07\n", "error: no such file (exit code 1)"),
        ("10 %\r50 %\rcannot go on\r\n", "cannot go on (exit code 1)"),
        ("a\x00b\x85c\u2028d", "a b c d (exit code 1)"),
        ("Größe ist 0", "Größe ist 0 (exit code 1)"),
        ("exit code 1\n", "exit code 1"),
    ],
)
def test_the_error_is_the_last_line_that_says_something(tail, error):
    assert error_of(dead(), tail) == error


def test_a_job_of_which_nothing_is_known_has_an_error_too():
    assert error_of(dead(reason=None), "") == "for an unknown reason"
    assert error_of(dead(reason=None), "oh") == "oh"


def test_a_long_line_is_cut():
    error = error_of(dead(), "x" * 1000)
    assert error == "x" * (LONGEST - 1) + "… (exit code 1)"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no such file: /data/2026-03-29/17.csv", "no such file: /data/2025-12-01/4.csv"),
        ("at 0x7f29284\n", "at 0xdeadbeef"),
        ("request 6f1c0d34-93c5-4e5b-9d9a-abcdefabcdef", "request abcdefab-cdef-abcd-efab-cdefabcdefab"),
        ("commit 3045cdc", "commit f0177f6"),
        ("took 1.5 s", "took 12 s"),
        ("at 12:00:01,123", "at 9:30:00,5"),
    ],
)
def test_errors_that_differ_in_their_numbers_are_one(one, other):
    [found] = group([(dead(2), one), (dead(1), other)])
    assert [job.id for job, _ in found.jobs] == [2, 1]
    assert found.error == error_of(dead(2), one)


@pytest.mark.parametrize(("one", "other"), [("no route", "no router"), ("decade", "facade"), ("A", "a")])
def test_other_errors_are_others(one, other):
    assert len(group([(dead(2), one), (dead(1), other)])) == 2


def test_so_are_others_of_another_reason():
    timeout = dead(2, reason="timed out after 5 s")
    assert len(group([(timeout, "waiting"), (dead(1), "waiting")])) == 2


def test_the_most_frequent_comes_first_and_of_equals_the_newest():
    found = group([(dead(9 - n), text) for n, text in enumerate(["a", "b", "c", "b", "c", "d"])])
    assert [(one.error[0], [job.id for job, _ in one.jobs]) for one in found] == [
        ("b", [8, 6]), ("c", [7, 5]), ("a", [9]), ("d", [4]),
    ]  # fmt: skip
    assert group([]) == []


@given(st.lists(st.tuples(st.text(), st.text() | st.none())))
def test_every_job_is_in_one_group_and_every_error_is_one_short_line(given_):
    jobs = [(dead(number, reason), tail) for number, (tail, reason) in enumerate(given_)]
    found = group(jobs)
    assert sorted(job.id for one in found for job, _ in one.jobs) == list(range(len(jobs)))
    for one in found:
        assert one.error
        assert one.error.isprintable()
        assert len(one.error) <= 2 * LONGEST + 3


@given(st.text(alphabet=st.sampled_from("\x1b[]0;1mHello\x07 \\")))
def test_no_escape_reaches_an_error(tail):
    assert error_of(dead(), tail).isprintable()
