"""When a job is due: moments as people write them."""

import re
from datetime import UTC, datetime, timedelta

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


def parse_moment(text: str, *, now: datetime) -> datetime:
    """Read ISO 8601, or HH:MM[:SS] for the next time that clocks show it; ``now`` gives the local time zone.

    Raises:
        ValueError: the text is no moment.
    """
    text = text.strip()
    match = _CLOCK.fullmatch(text)
    try:
        if match:
            hour, minute, second = (int(part or 0) for part in match.groups())
            # Wall-clock arithmetic: tomorrow at 9:00 is at 9:00, however long the night between is.
            today = now.replace(tzinfo=None, hour=hour, minute=minute, second=second, microsecond=0)
            moment = _aware(today, now)
            return (moment if moment > now else _aware(today + timedelta(days=1), now)).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else _aware(moment, now)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time; write 18:30 or 2030-12-31T18:30 or 2030-12-31T18:30Z") from None


def _aware(naive: datetime, now: datetime) -> datetime:
    zone = now.tzinfo
    if hasattr(zone, "key"):  # a named zone, which knows its own rules
        return naive.replace(tzinfo=zone)
    return naive.astimezone()
