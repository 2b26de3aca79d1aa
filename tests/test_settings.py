"""Every row of the table keeps what the table promises, and the strongest source wins."""

import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl.errors import InvalidSetting, NotFound
from queuectl.settings import SETTINGS, Kept, Origin, Setting, Settings, find

ROWS = list(SETTINGS.values())
each_row = pytest.mark.parametrize("setting", ROWS, ids=lambda setting: setting.key)
each_number = pytest.mark.parametrize(
    "setting",
    [row for row in ROWS if row.kind not in {"bool", "text", "path", "hours"}],
    ids=lambda setting: setting.key,
)


@each_row
def test_a_setting_reads_its_own_default(setting):
    assert setting.parse(setting.format(setting.default)) == setting.default


@each_row
def test_a_setting_says_what_it_is(setting):
    assert setting.help.endswith(".")
    assert len(setting.help) < 110
    assert setting.range
    assert setting.env == "QUEUECTL_" + setting.key.upper()


@each_number
def test_both_ends_of_a_range_are_in_it_and_what_lies_beyond_is_not(setting):
    assert setting.parse(str(setting.low)) == setting.low
    beyond = [str(setting.low - 1), "-1"]
    if not math.isinf(setting.high):
        assert setting.parse(f"{setting.high:.0f}") == setting.high
        beyond.append(f"{setting.high + 1:.0f}")
        assert setting.format(setting.high) in setting.range
    for text in [*beyond, "", "x", "nan", "1" * 400, "9" * 5000]:
        with pytest.raises(InvalidSetting) as caught:
            setting.parse(text)
        assert caught.value.message.startswith(setting.key + ": ")
        assert setting.range in caught.value.hint


@each_number
@given(data=st.data())
def test_what_is_written_is_read_as_the_same_value(setting, data):
    whole = setting.kind in {"int", "size"}
    low, high = (int(setting.low), int(setting.high)) if whole else (float(setting.low), float(setting.high))
    value = data.draw(st.integers(low, high) if whole else st.floats(low, high))
    assert setting.parse(setting.format(value)) == value


@pytest.mark.parametrize(
    ("text", "value"), [("on", True), ("Yes", True), ("1", True), (" off ", False), ("FALSE", False)]
)
def test_a_switch_is_read(text, value):
    assert find("drop_enabled").parse(text) is value


@pytest.mark.parametrize("text", ["", "maybe", "2"])
def test_what_is_no_switch_is_refused(text):
    with pytest.raises(InvalidSetting, match="on or off"):
        find("drop_enabled").parse(text)


def test_a_path_may_begin_at_home():
    assert find("drop_folder").parse("~/jobs") == os.path.expanduser("~/jobs")  # noqa: PTH111 (the value is a text)


def test_choices_limit_a_text():
    colour = Setting(key="colour", kind="text", default="auto", choices=("auto", "never"), help="When to colour.")
    assert colour.parse("never") == "never"
    with pytest.raises(InvalidSetting) as caught:
        colour.parse("sometimes")
    assert "auto, never" in caught.value.hint


@pytest.mark.parametrize("key", ["max_retries", "max-retries", "MAX-RETRIES", " max_retries "])
def test_a_dash_and_an_underscore_are_one(key):
    assert find(key).key == "max_retries"


def test_an_unknown_setting_is_not_found():
    with pytest.raises(NotFound, match="'retries'"):
        find("retries")
    with pytest.raises(NotFound):
        Settings(environ={})["retries"]


def test_the_environment_is_stronger_than_what_was_set_and_that_than_the_default():
    database, environ = {"max_retries": "5"}, {"QUEUECTL_MAX_RETRIES": "7"}
    for settings, value, origin in [
        (Settings(environ={}), 3, Origin.DEFAULT),
        (Settings(database=database, environ={}), 5, Origin.DATABASE),
        (Settings(database=database, environ=environ), 7, Origin.ENVIRONMENT),
    ]:
        found = settings.resolve("max-retries")
        assert (found.value, found.origin) == (value, origin)


def test_a_setting_is_looked_for_only_where_it_is_kept():
    settings = Settings(database={"workers": "9"}, machine={"workers": "2", "max_retries": "9"}, environ={})
    assert settings.resolve("workers").value == 2
    assert settings.resolve("workers").origin is Origin.MACHINE
    assert settings["max_retries"] == 3


def test_the_environment_of_the_process_counts_when_none_is_given(monkeypatch):
    monkeypatch.setenv("QUEUECTL_LEASE", "2m")
    assert Settings()["lease"] == 120


@pytest.mark.parametrize(
    ("sources", "where"),
    [
        ({"environ": {"QUEUECTL_LEASE": "soon"}}, "QUEUECTL_LEASE"),
        ({"environ": {}, "database": {"lease": "soon"}}, "the database"),
    ],
)
def test_a_wrong_value_names_the_place_it_comes_from(sources, where):
    with pytest.raises(InvalidSetting) as caught:
        Settings(**sources)["lease"]
    assert "lease" in caught.value.message
    assert where in caught.value.message


def test_a_wrong_value_on_this_machine_names_its_file():
    with pytest.raises(InvalidSetting, match=r"config\.toml"):
        Settings(machine={"poll": "now"}, environ={})["poll"]


def test_all_settings_come_in_the_tables_order():
    assert [found.setting.key for found in Settings(environ={}).all()] == list(SETTINGS)


def test_no_setting_takes_the_name_of_a_variable_with_another_meaning():
    taken = {"QUEUECTL_DB", "QUEUECTL_HOME", "QUEUECTL_JOB_ID", "QUEUECTL_ATTEMPT", "QUEUECTL_QUEUE"}
    assert not taken & {setting.env for setting in ROWS}


def test_origins_and_places_have_the_same_names():
    assert {kept.value for kept in Kept} < {origin.value for origin in Origin}
