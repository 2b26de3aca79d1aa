"""Durations and sizes as people write them, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl.units import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0), ("90", 90), ("1.5", 1.5), (" 30s ", 30), ("200ms", 0.2), ("5m", 300), ("1.5h", 5400),
        ("1h30m", 5400), ("1H 30M", 5400), ("1 h 30 m", 5400), ("2d", 172_800), ("1w", 604_800), ("1m500ms", 60.5),
        ("1e3", 1000),
    ],
)  # fmt: skip
def test_a_duration_is_read(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", " ", "x", "h", "1y", "1h30", "30 1h", "1 30", "1h,30m", "1h-30m", "-1", "-5s", "nan", "inf", "1e999", ".5h",
     "9" * 400 + "h", "1.2.3s", "1:30"],
)  # fmt: skip
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (0.0004, "0.4ms"), (0.001, "1ms"), (0.42, "0.42s"), (3, "3s"), (9.999, "10s"), (59.6, "1m"),
        (200, "3m 20s"), (3600, "1h"), (86_399, "23h 59m"), (187_200, "2d 4h"), (36_500 * 86_400, "36500d"),
    ],
)  # fmt: skip
def test_a_duration_is_written(seconds, text):
    assert format_duration(seconds) == text


@given(st.floats(0, 36_500 * 86_400))
def test_a_written_duration_is_read_as_nearly_the_same(seconds):
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=0.05, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0), ("4096", 4096), ("4096 b", 4096), ("1k", 1000), ("64KiB", 65_536), (" 10 MiB ", 10 * 1024**2),
        ("1.5GB", 1_500_000_000), ("1gib", 1024**3),
    ],
)  # fmt: skip
def test_a_size_is_read(text, count):
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "x", "-1", "1TB", "1 2", "1,5MB", "nan", "0x10", "9" * 400, "9" * 300 + "GiB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (512, "512 B"), (4096, "4 KiB"), (1536 * 1024, "1.5 MiB"), (1024**3, "1 GiB"), (1024**4, "1024 GiB")],
)
def test_a_size_is_written(count, text):
    assert format_size(count) == text


@given(st.integers(0, 2**50))
def test_a_written_size_is_read_as_nearly_the_same(count):
    assert parse_size(format_size(count)) == pytest.approx(count, rel=0.1)
