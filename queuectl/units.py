"""Durations and sizes as people write them: ``90``, ``1.5h``, ``1h30m``, ``10MiB``."""

import math
import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(ms|s|m|h|d|w)\s*", re.ASCII)
_BYTES = {"": 1, "b": 1, "k": 1000, "kb": 1000, "kib": 1024, "m": 1000**2, "mb": 1000**2, "mib": 1024**2,
          "g": 1000**3, "gb": 1000**3, "gib": 1024**3}  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.ASCII)


def parse_duration(text: str) -> float:
    """Read a duration in seconds: a plain number, or parts such as ``1h30m``, ``200ms``, ``2d``.

    Raises:
        ValueError: the text is no duration.
    """
    plain = text.strip().lower()
    try:
        seconds = float(plain)
    except ValueError:
        parts = _PART.findall(plain)
        if not parts or _PART.sub("", plain):
            raise ValueError(f"{text!r} is no duration; write 90, 30s, 5m, 1h30m or 2d") from None
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{text!r} is no duration; it must be 0 or more")
    return seconds


def format_duration(seconds: float) -> str:
    """Write a duration with at most two units: ``5ms``, ``0.42s``, ``3m 20s``, ``2d 4h``."""
    if 0 < seconds < 0.01:
        return f"{seconds * 1000:.3g}ms"
    if seconds < 10:
        return f"{seconds:.2f}".rstrip("0").rstrip(".") + "s"
    whole = round(seconds)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])


def parse_size(text: str) -> int:
    """Read a number of bytes: ``4096``, ``10MiB``, ``1.5GB``.

    Raises:
        ValueError: the text is no size.
    """
    match = _SIZE.fullmatch(text.strip().lower())
    if match is None or match[2] not in _BYTES:
        raise ValueError(f"{text!r} is no size; write 4096, 64KiB or 10MiB")
    size = float(match[1]) * _BYTES[match[2]]
    if not math.isfinite(size):
        raise ValueError("the size is too large")
    return round(size)


def format_size(count: int) -> str:
    """Write a number of bytes with one unit: ``512 B``, ``4 KiB``, ``1.5 MiB``."""
    size = float(count)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.1f}".removesuffix(".0") + f" {unit}"
        size /= 1024
    return f"{size:.1f}".removesuffix(".0") + " GiB"
