"""Reports as jobs write them, and the time to the end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl.model.progress import HISTORY_MAX, MESSAGE_MAX, Progress, parse_report, remaining, remember

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def after(seconds, fraction):
    return Progress(fraction=fraction, at=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("line", "fraction", "message"),
    [
        ("0.42", 0.42, ""),
        ("0.42 encoding", 0.42, "encoding"),
        (" .5\tsecond part \r\n", 0.5, "second part"),
        ("42%", 0.42, ""),
        ("42% encoding", 0.42, "encoding"),
        ("42.5 % encoding", 0.425, "encoding"),
        ("0,42 kodiere", 0.42, "kodiere"),
        ("17/40 files", 0.425, "17/40 files"),
        ("17 / 40", 0.425, "17/40"),
        ("0", 0, ""),
        ("1", 1, ""),
        ("1.0000001", 1, ""),
        ("250% of it", 1, "of it"),
        ("-3", 0, ""),
        ("41/40 files", 1, "41/40 files"),
        ("0.5 \x1b[31mred\x1b[0m\x1b]0;title\x07 text\x00", 0.5, "red text\ufffd"),
        ("0.5 \u202egnp.exe", 0.5, "\ufffdgnp.exe"),
    ],
)
def test_a_report(line, fraction, message):
    assert parse_report(line, at=NOW) == Progress(fraction=pytest.approx(fraction), message=message, at=NOW)


@pytest.mark.parametrize(
    "line",
    [
        "", " ", "encoding", "encoding 42%", "42", "42 files", "nan", "inf", "1e5", "0x1", "17/0", "17/-4", "1.2.3",
        "%", "5%x", "12:30 lunch", "\u0664\u0662%", "9" * 400 + "%",
    ],
)  # fmt: skip
def test_what_is_no_report(line):
    assert parse_report(line, at=NOW) is None


@given(st.text() | st.from_regex(r"[-\d.,/% ]{1,12}.*", fullmatch=True))
def test_any_line_is_a_plain_report_or_none(line):
    report = parse_report(line, at=NOW)
    if report:
        assert 0 <= report.fraction <= 1
        assert len(report.message) <= MESSAGE_MAX
        assert report.message.isprintable()


def test_a_message_is_cut():
    assert len(parse_report("0.5 " + "long " * 10_000, at=NOW).message) == MESSAGE_MAX


def test_a_steady_job_s_time_to_the_end():
    history = ()
    for second in range(0, 61, 5):
        history = remember(history, after(second, second / 100))
    assert remaining(history, now=NOW + timedelta(seconds=60)) == pytest.approx(40)
    assert remaining(history, now=NOW + timedelta(seconds=64)) == pytest.approx(36)


def test_a_job_that_has_become_slower_takes_its_new_rate():
    history = ()
    for second in range(0, 41, 2):
        history = remember(history, after(second, second / 80))
    for second in range(40, 400, 20):
        history = remember(history, after(second, 0.5 + (second - 40) / 1000))
    assert remaining(history, now=history[-1].at) == pytest.approx(160, rel=0.01)  # 0.16 at a thousandth a second


def test_a_job_that_falls_silent_is_given_longer_and_longer():
    history = (after(0, 0.0), after(10, 0.1), after(20, 0.2))
    waits = [remaining(history, now=NOW + timedelta(seconds=20 + silent)) for silent in (0, 10, 20, 60, 600)]
    assert waits[:3] == pytest.approx([80, 70, 60])
    assert waits[2] < waits[3] < waits[4]


@pytest.mark.parametrize(
    "history",
    [
        (),
        (after(0, 0.3),),
        (after(0, 0.3), after(60, 0.3)),
        (after(0, 0.3), after(1, 0.4)),
        (after(0, 0), after(9, 0.001)),
    ],
)
def test_too_little_is_known_to_say(history):
    assert remaining(history, now=NOW + timedelta(seconds=60)) is None


def test_what_is_done_takes_no_time():
    assert remaining((after(0, 1.0),), now=NOW) == 0


def test_a_job_that_begins_again_is_measured_again():
    history = remember((after(0, 0.0), after(10, 0.9)), after(12, 0.1))
    assert history == (after(12, 0.1),)
    assert remember(history, after(5, 0.2)) == (after(5, 0.2),)


reports = st.lists(st.tuples(st.floats(-50, 500), st.floats(0, 1)), max_size=150)


@given(reports, st.floats(-100, 10_000))
def test_the_time_to_the_end_is_never_negative(steps, later):
    history, seconds = (), 0.0
    for step, fraction in steps:
        seconds += step
        history = remember(history, after(seconds, fraction))
        assert len(history) <= HISTORY_MAX
        assert history[-1] == after(seconds, fraction)
        answer = remaining(history, now=NOW + timedelta(seconds=seconds + later))
        assert answer is None or answer >= 0
        if len({one.fraction for one in history}) == 1 and fraction < 1:
            assert answer is None


@given(rate=st.floats(0.0001, 0.01), count=st.integers(10, 300))
def test_a_steady_rate_is_told_rightly_however_long_it_lasts(rate, count):
    history = (after(0, 0.0),)
    for step in range(1, count):
        if (fraction := step * 5 * rate) < 1:
            history = remember(history, after(step * 5, fraction))
    answer = remaining(history, now=history[-1].at)
    if answer is not None:
        assert answer == pytest.approx((1 - history[-1].fraction) / rate, rel=0.01, abs=0.01)
