"""Cron in time zones, steady intervals, and what is refused."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl.errors import InvalidSchedule
from queuectl.model.recurrence import (
    Cron,
    Every,
    describe,
    latest_between,
    occurrence_after,
    occurrences,
    parse_cron,
    parse_every,
)

ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "Africa/Cairo",
    "America/Havana",
]  # fmt: skip
CRONS = [
    "* * * * *", "*/15 * * * *", "7 * * * *", "30 2 * * *", "0,30 2 * * *", "15 1-3 * * *", "0 */2 * * *", "@daily",
    "@hourly", "0 9 * * MON-FRI", "0 0 29 2 *", "5 4 L * *", "0 12 1,15 * FRI", "59 23 31 DEC *", "0 0 * * MON#2",
]  # fmt: skip
NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)

moments = st.datetimes(datetime(2009, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given one
crons = st.builds(lambda text, zone: Cron(text=text, zone=zone), st.sampled_from(CRONS), st.sampled_from(ZONES))
everies = st.builds(
    lambda ms, anchor: Every(seconds=ms / 1000, anchor=anchor), st.integers(1000, 10**9) | st.just(60_000), moments
)
rules = crons | everies


def local(rule, start, count):
    return [f"{one.astimezone(ZoneInfo(rule.zone)):%m-%d %H:%M %Z}" for one in islice(occurrences(rule, start), count)]


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("30 2 * * *", "2026-10-24", ["10-24 02:30 CEST", "10-25 02:30 CEST", "10-26 02:30 CET"]),
        ("30 2 * * *", "2026-03-28", ["03-28 02:30 CET", "03-29 03:00 CEST", "03-30 02:30 CEST"]),
        ("0,30 2 * * *", "2026-03-29", ["03-29 03:00 CEST", "03-30 02:00 CEST"]),
        ("0 2,3 * * *", "2026-03-29", ["03-29 03:00 CEST", "03-30 02:00 CEST"]),
        ("0 */1 * * *", "2026-10-25 01:30", ["10-25 02:00 CEST", "10-25 02:00 CET", "10-25 03:00 CET"]),
        ("@daily", "2026-10-24 12:00", ["10-25 00:00 CEST", "10-26 00:00 CET"]),
    ],
)
def test_p8_nights_that_skip_or_repeat_an_hour(text, start, expected):
    rule = parse_cron(text, "Europe/Berlin")
    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    assert local(rule, begin, len(expected)) == expected


def test_p8_what_ran_before_the_repeated_hour_does_not_run_again_in_it():
    second_half_past_two = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 CET
    rule = parse_cron("30 2 * * *", "Europe/Berlin")
    assert occurrence_after(rule, second_half_past_two) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
def test_a_steady_interval_knows_no_clocks_on_walls(zone):
    anchor = datetime(2026, 3, 28, 12, 0, tzinfo=ZoneInfo(zone))
    rule = parse_every("6h", anchor=anchor)
    found = list(islice(occurrences(rule, anchor), 2000))
    assert {later - one for one, later in pairwise(found)} == {timedelta(hours=6)}
    assert found[0] == anchor + timedelta(hours=6)


def test_a_steady_interval_begins_at_its_anchor_and_does_not_drift():
    rule = parse_every("7.3s", anchor=NOW)
    assert occurrence_after(rule, NOW - timedelta(days=3)) == NOW
    assert occurrence_after(rule, NOW + timedelta(seconds=7.3 * 1e6)) == NOW + timedelta(seconds=7.3 * (1e6 + 1))


@given(rule=rules, moment=moments)
def test_occurrences_are_in_utc_later_and_in_order(rule, moment):
    found = list(islice(occurrences(rule, moment), 5))
    assert found
    assert all(one.tzinfo is UTC for one in found)
    assert [moment, *found] == sorted({moment, *found})


@given(rule=rules, moment=moments, microseconds=st.integers(0, 4 * 86_400 * 10**6))
def test_p8_the_occurrences_do_not_depend_on_where_one_looks_from(rule, moment, microseconds):
    elsewhere = moment + timedelta(microseconds=microseconds)
    first = occurrence_after(rule, moment)
    if elsewhere < first:
        assert occurrence_after(rule, elsewhere) == first
    later = occurrence_after(rule, elsewhere)
    assert occurrence_after(rule, later - timedelta(microseconds=1)) == later
    assert later in list(islice((one for one in occurrences(rule, later - timedelta(minutes=200))), 500)) or isinstance(
        rule, Every
    )


@given(rule=crons, moment=moments, hours=st.integers(0, 60))
def test_the_latest_is_the_last_of_all(rule, moment, hours):
    until = moment + timedelta(hours=hours, seconds=17)
    every = []
    for one in occurrences(rule, moment):
        if one > until:
            break
        every.append(one)
    assert latest_between(rule, moment, until) == (every[-1] if every else None)


@given(rule=rules, moment=moments, gap=st.timedeltas(timedelta(), timedelta(days=5000)))
def test_nothing_lies_between_the_latest_and_the_end(rule, moment, gap):
    latest = latest_between(rule, moment, moment + gap)
    if latest is None:
        assert occurrence_after(rule, moment) > moment + gap
    else:
        assert moment < latest <= moment + gap < occurrence_after(rule, latest)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 3 * * *", "at 03:00 every day (Europe/Berlin)"),
        ("@daily", "at 00:00 every day (Europe/Berlin)"),
        ("*/15 * * * *", "every 15 minutes (Europe/Berlin)"),
        ("* * * * *", "every minute (Europe/Berlin)"),
        ("30 2 * JAN mon-fri", "at 02:30 on Monday through Friday in January (Europe/Berlin)"),
        ("  0  9 * * 7 ", "at 09:00 on Sunday (Europe/Berlin)"),
    ],
)
def test_a_rule_in_words(text, words):
    assert describe(parse_cron(text, "Europe/Berlin")) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("90", "every 90 seconds"),
        ("15m", "every 15 minutes"),
        ("1h", "every hour"),
        ("1d", "every day"),
        ("1.5s", "every 1.5s"),
    ],
)
def test_an_interval_in_words(text, words):
    assert describe(parse_every(text, anchor=NOW)) == words


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no cron rule"),
        ("0 3 * *", "is no cron rule"),
        ("0 0 3 * * *", "is no cron rule"),
        ("61 * * * *", "its minute is misspelt"),
        ("0 0 * FOO *", "its month is misspelt"),
        ("0 0 * * MON-", "its day-of-week is misspelt"),
        ("0 0 32 * *", "its day-of-month is misspelt"),
        ("9" * 400 + " * * * *", "its minute is misspelt"),
        ("9" * 5000 + " * * * *", "is no cron rule"),
        ("@reboot", "no point in time"),
        ("@fortnightly", "is no cron rule"),
        ("0 0 30 2 *", "never happens"),
        ("0 0 31 FEB,APR,JUN *", "never happens"),
    ],
)
def test_what_is_no_rule_is_refused_and_says_why(text, why):
    with pytest.raises(InvalidSchedule, match=why) as caught:
        parse_cron(text, "UTC")
    assert caught.value.exit_code == 2
    assert len(caught.value.message) < 200


@given(st.text(max_size=30) | st.lists(st.text("0123456789*/-,#L", min_size=1, max_size=6), min_size=5, max_size=5))
def test_any_text_is_a_rule_or_refused(text):
    try:
        rule = parse_cron(text if isinstance(text, str) else " ".join(text), "UTC")
    except InvalidSchedule:
        return
    assert occurrence_after(rule, NOW) > NOW
    assert describe(rule)


@pytest.mark.parametrize(
    ("zone", "hint"), [("berlin", "Europe/Berlin"), ("new york", "America/New_York"), ("../etc", "UTC"), ("", "UTC")]
)
def test_a_zone_that_nobody_knows_is_refused(zone, hint):
    with pytest.raises(InvalidSchedule, match="is no time zone") as caught:
        parse_cron("@daily", zone)
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["0", "0.5", "-1", "x", "", "99999d", "inf"])
def test_an_interval_that_makes_no_sense_is_refused(text):
    with pytest.raises(InvalidSchedule):
        parse_every(text, anchor=NOW)


def test_occurrences_end_where_the_calendar_does():
    end = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    assert occurrence_after(Every(seconds=86_400, anchor=NOW), end) is None
    assert occurrence_after(Cron(text="0 0 1 1 *", zone="UTC"), end) is None


def test_a_machine_without_time_zones_has_utc():
    lines = "import importlib.abc, sys\nclass None_(importlib.abc.MetaPathFinder):\n"
    lines += "    def find_spec(self, name, path, target=None):\n        if name == 'tzdata': raise ImportError\n"
    lines += "sys.meta_path.insert(0, None_())\nfrom queuectl.model.recurrence import *\n"
    lines += "print(occurrence_after(parse_cron('0 3 * * *', 'utc'), datetime(2026, 1, 1, tzinfo=UTC)))\n"
    lines += "parse_cron('@daily', 'Europe/Berlin')\n"
    env = {**os.environ, "PYTHONTZPATH": ""}
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, env=env, check=False)
    assert done.stdout == "2026-01-01 03:00:00+00:00\n"
    assert "'Europe/Berlin' is no time zone" in done.stderr


def test_who_has_no_schedules_does_not_pay_for_them():
    code = "import sys, queuectl.model.catchup, queuectl.platform.zone; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"cronsim", "zoneinfo", "tzlocal"} & set(loaded)
