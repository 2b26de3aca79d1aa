"""When a schedule's occurrences lie: cron in a time zone, or a steady interval from a moment on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from queuectl.errors import InvalidSchedule
from queuectl.text import plain
from queuectl.units import format_duration, parse_duration

_ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS = "minute hour day-of-month month day-of-week"
_MINUTES = re.compile(r"\*/(\d+) \* \* \* \*", re.ASCII)
_LONGEST_TEXT = 500
_LONGEST_EVERY = timedelta(days=36_500)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cron:
    """Five fields of cron, or ``@daily`` and the like, read by the clocks of a time zone.

    A time of day that a spring night skips happens as soon as the skip is over, and one that an autumn night shows
    twice happens once, the first time; what a ``*`` in the minutes or hours repeats goes on through both.
    """

    text: str
    zone: str
    """Its name in the IANA database, such as ``Europe/Berlin``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Every:
    """A steady interval in seconds: at ``anchor + k * seconds`` for each k from 0, whatever the clocks on walls do."""

    seconds: float
    anchor: datetime


Rule = Cron | Every


def parse_cron(text: str, zone: str) -> Cron:
    """Read a cron rule and see that it has an occurrence and its time zone exists.

    Raises:
        InvalidSchedule: it is no rule, never happens, or names an unknown time zone.
    """
    rule = Cron(text=" ".join(text.split()), zone=zone.strip())
    shown = plain(rule.text[:80])
    hint = f"Write five fields, {_FIELDS}, as in '30 2 * * MON-FRI', or one of {', '.join(sorted(_ALIASES))}."
    if rule.text.lower() == "@reboot":
        raise InvalidSchedule(f"{shown!r} is no point in time", hint=hint)
    expression = _expression(rule)
    if len(expression.split()) != 5 or len(expression) > _LONGEST_TEXT:
        raise InvalidSchedule(f"{shown!r} is no cron rule", hint=hint)
    wrong = _wrong_field(expression)
    if wrong and not (wrong == "day-of-month" and _wrong_field(re.sub(r"\S+( \S+)$", r"*\1", expression)) is None):
        raise InvalidSchedule(f"{shown!r} is no cron rule: its {wrong} is misspelt or out of range", hint=hint)
    _zone(rule.zone)
    if wrong or occurrence_after(Cron(text=rule.text, zone="UTC"), _LONG_AGO) is None:
        raise InvalidSchedule(f"{shown!r} never happens: no day matches it")
    return rule


def parse_every(text: str, *, anchor: datetime) -> Every:
    """Read an interval such as ``15m`` or ``1h30m``, in whole milliseconds as the store keeps it.

    Raises:
        InvalidSchedule: it is no duration, shorter than a second or longer than a century.
    """
    try:
        seconds = round(parse_duration(text), 3)
    except ValueError as error:
        raise InvalidSchedule(str(error)) from None
    if not 1 <= seconds <= _LONGEST_EVERY.total_seconds():
        raise InvalidSchedule(f"every {plain(text)!r} is out of range; it must be 1s to {_LONGEST_EVERY.days}d")
    anchor = anchor.astimezone(UTC)
    return Every(seconds=seconds, anchor=anchor.replace(microsecond=anchor.microsecond // 1000 * 1000))


def occurrence_after(rule: Rule, moment: datetime) -> datetime | None:
    """Return the first occurrence that is later than ``moment``, in UTC; None when there is none for fifty years."""
    return next(occurrences(rule, moment), None)


def occurrences(rule: Rule, moment: datetime) -> Iterator[datetime]:
    """Go through the occurrences later than ``moment``, in UTC, each later than the one before it."""
    found = _by_interval(rule, moment) if isinstance(rule, Every) else _by_cron(rule, moment)
    latest = moment.astimezone(UTC)
    while True:
        try:
            one = next(found, None)
        except OverflowError:  # past the year 9999
            return
        if one is None:
            return
        # The night that skips an hour puts two times of day into one moment, the one that repeats it goes back.
        if one > latest:
            latest = one
            yield one


def latest_between(rule: Rule, after: datetime, until: datetime) -> datetime | None:
    """Return the last occurrence later than ``after`` and no later than ``until``, without going through them all."""

    def first_after(moment: datetime) -> datetime | None:
        found = occurrence_after(rule, moment)
        return found if found is not None and found <= until else None

    span = timedelta(minutes=2)
    while until - after > span and first_after(until - span) is None:
        span *= 4
    best = first_after(max(after, until - span))
    end = until  # no occurrence lies later than this one and no later than ``until``
    while best is not None and (following := first_after(best)) is not None:
        best = following
        middle = best + (end - best) / 2
        later = first_after(middle)
        if later is None:
            end = middle
        else:
            best = later
    return best


def describe(rule: Rule) -> str:
    """Say a rule in words: ``every 15 minutes``, ``at 03:00 every day (Europe/Berlin)``."""
    if isinstance(rule, Every):
        return f"every {_interval(rule.seconds)}"
    from cronsim import CronSim

    expression = _expression(rule)
    match = _MINUTES.fullmatch(expression)
    if match and 60 % int(match[1]) == 0:
        words = f"every {_interval(int(match[1]) * 60)}"
    else:
        words = CronSim(expression, _LONG_AGO).explain()
    return f"{words[:1].lower()}{words[1:]} ({rule.zone})"


def _expression(rule: Cron) -> str:
    return _ALIASES.get(rule.text.lower(), rule.text)


def _wrong_field(expression: str) -> str | None:
    from cronsim import CronSim, CronSimError

    try:
        CronSim(expression, _LONG_AGO)
    except (CronSimError, ValueError, AssertionError) as error:
        said = str(error)
        return said.removeprefix("Bad ") if said.startswith("Bad ") else "text"
    return None


def _by_cron(rule: Cron, moment: datetime) -> Iterator[datetime]:
    from cronsim import CronSim

    for found in CronSim(_expression(rule), moment.astimezone(_zone(rule.zone))):
        yield found.astimezone(UTC)


def _by_interval(rule: Every, moment: datetime) -> Iterator[datetime]:
    step = timedelta(milliseconds=round(rule.seconds * 1000))
    count = max(0, (moment - rule.anchor) // step + 1)
    while True:
        yield (rule.anchor + count * step).astimezone(UTC)
        count += 1


def _zone(name: str) -> tzinfo:
    if name.upper() in {"UTC", "ETC/UTC"}:  # a machine without a list of zones has this one
        return UTC
    # Not at the top: every command would pay for it, and for cronsim too.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        wanted = name.casefold().replace(" ", "_")
        meant = sorted(one for one in known if wanted in {one.casefold(), one.casefold().rpartition("/")[2]})
        hint = "Write a name such as Europe/Berlin, America/New_York or UTC."
        if not known:
            hint = "This machine has no time zones: install tzdata."
        elif meant:
            hint = f"Did you mean {' or '.join(meant[:3])}?"
        raise InvalidSchedule(f"{plain(name[:80])!r} is no time zone", hint=hint) from None


def _interval(seconds: float) -> str:
    for unit, size in (("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, rest = divmod(seconds, size)
        if count and not rest:
            return unit if count == 1 else f"{count:.0f} {unit}s"
    return format_duration(seconds)
