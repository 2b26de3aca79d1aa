"""Notifications: what is news, grouped, at most one in five seconds, silent when that is wanted."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl.tray.notify import INTERVAL, Answers, Notifier, is_silent
from tests.tray.test_menu import job

DAY = datetime(2030, 1, 1, tzinfo=UTC)


class Desk:
    """A notifier with a clock that the test moves, and what it showed."""

    def __init__(self, allowed=("notify_dead", "notify_empty", "notify_rejected")):
        self.shown, self.clicked, self.at = [], [], 0.0
        names = ("retry", "show_log", "open_dead", "open_rejected")
        answers = Answers(**{name: lambda *ids, name=name: self.clicked.append((name, *ids)) for name in names})
        self.notifier = Notifier(
            show=self.shown.append, answers=answers, allowed=lambda key: key in allowed, now=lambda: self.at
        )


def test_a_dead_job_is_told_with_its_reason_and_two_buttons():
    desk = Desk()
    desk.notifier.job_died(job(5, reason="exit code 1"))
    assert desk.notifier.flush() is None
    [shown] = desk.shown
    assert (shown.title, shown.body, shown.urgent) == ("Job 5 is dead", "command 5\nexit code 1", True)
    for action in shown.actions:
        action.act()
    assert desk.clicked == [("show_log", 5), ("retry", 5)]


def test_many_at_once_are_one_notification():
    desk = Desk()
    for number in range(1, 1001):
        desk.notifier.job_died(job(number))
    desk.notifier.flush()
    [shown] = desk.shown
    assert shown.title == "1000 jobs are dead"
    assert shown.body.endswith("and 997 more")


def test_the_next_one_waits_for_five_seconds_and_gathers():
    desk = Desk()
    desk.notifier.job_died(job(1))
    desk.notifier.flush()
    desk.notifier.job_died(job(2))
    desk.at = 1.0
    assert desk.notifier.flush() == pytest.approx(INTERVAL - 1)
    desk.notifier.job_died(job(3))
    desk.at = INTERVAL
    assert desk.notifier.flush() is None
    assert [shown.title for shown in desk.shown] == ["Job 1 is dead", "2 jobs are dead"]


def test_what_is_switched_off_is_forgotten():
    desk = Desk(allowed=())
    desk.notifier.job_died(job(1))
    desk.notifier.drop_rejected("x.job", "line 1: no")
    assert desk.notifier.flush() is None
    assert desk.shown == []


def test_an_empty_queue_is_news_only_after_real_work():
    desk = Desk()
    desk.notifier.queue_emptied(timedelta(seconds=1))
    assert desk.notifier.flush() is None
    desk.notifier.queue_emptied(timedelta(minutes=1))
    desk.notifier.flush()
    assert [shown.title for shown in desk.shown] == ["The queue is empty"]


def test_a_rejected_drop_is_told_with_its_reason():
    desk = Desk()
    desk.notifier.drop_rejected("x.job", "line 1: no")
    desk.notifier.flush()
    assert (desk.shown[0].title, desk.shown[0].body) == ("x.job was rejected", "line 1: no")
    desk.shown[0].actions[0].act()
    assert desk.clicked == [("open_rejected",)]


@pytest.mark.parametrize(
    ("hours", "at", "silent"),
    [
        ("", "03:00", False),
        ("22:00-07:00", "23:30", True),
        ("22:00-07:00", "06:59", True),
        ("22:00-07:00", "07:00", False),
        ("12:00-13:00", "12:30", True),
        ("12:00-13:00", "13:00", False),
    ],
)
def test_silent_hours(hours, at, silent):
    assert is_silent(hours, datetime.combine(DAY, time.fromisoformat(at))) is silent


@given(st.times(), st.times(), st.times())
def test_a_moment_is_silent_in_a_span_or_in_the_rest_of_the_day(begin, end, at):
    moment = datetime.combine(DAY, at)
    span, rest = f"{begin}-{end}", f"{end}-{begin}"
    if begin.replace(microsecond=0) != end.replace(microsecond=0):
        assert is_silent(span, moment) != is_silent(rest, moment)
