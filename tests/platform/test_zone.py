"""The machine's own time zone has a name that zoneinfo knows, or none."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
import tzlocal

from queuectl.platform.zone import local_zone


def test_the_machine_s_zone_is_one_that_exists():
    name = local_zone()
    assert name is None or ZoneInfo(name)


@pytest.mark.parametrize("error", [ZoneInfoNotFoundError("two files disagree"), ValueError(), OSError()])
def test_a_zone_that_cannot_be_told_is_none(monkeypatch, error):
    def fails():
        raise error

    monkeypatch.setattr(tzlocal, "get_localzone_name", fails)
    assert local_zone() is None


def test_a_zone_without_a_name_is_none(monkeypatch):
    monkeypatch.setattr(tzlocal, "get_localzone_name", lambda: None)
    assert local_zone() is None
