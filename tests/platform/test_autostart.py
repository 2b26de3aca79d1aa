"""Starting at login: the entry is written, found and removed, and its command survives odd paths."""

import subprocess
import sys
from pathlib import Path

import pytest

from queuectl.platform import autostart
from tests.hosts import run_cli


@pytest.fixture(autouse=True)
def own_config(tmp_path, monkeypatch):
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    before = autostart.current()
    if before is not None:
        pytest.skip("queuectl starts at login on this machine; its entry is left alone")
    yield
    autostart.turn_off()


def test_on_and_off():
    autostart.turn_on(["/opt/queuectl/queuectl-tray"])
    assert "queuectl-tray" in autostart.current()
    autostart.turn_on(["/elsewhere/queuectl-tray"])
    assert "elsewhere" in autostart.current()
    autostart.turn_off()
    assert autostart.current() is None
    autostart.turn_off()


@pytest.mark.skipif(sys.platform != "linux", reason=".desktop files are for Linux")
def test_odd_paths_are_quoted_as_the_specification_wants():
    argv = ['/opt/my apps/100%/q"u$o`t\\e', "--db", "/tmp/a b.db"]
    autostart.turn_on(argv)
    value = autostart.current().replace("\\\\", "\\").replace("%%", "%")  # a string's escapes, then field codes
    # Inside double quotes, the specification escapes what a shell does.
    told = subprocess.run(["/bin/sh", "-c", f"printf '%s\\n' {value}"], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == argv
    text = Path(autostart.place()).read_text().splitlines()
    assert text[0] == "[Desktop Entry]"
    assert "Terminal=false" in text


def test_the_program_starts_from_here():
    argv = autostart.program("queuectl", "queuectl")
    done = subprocess.run([*argv, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("queuectl")


@pytest.mark.skipif(sys.platform != "linux", reason="one platform is enough for the command line")
def test_another_database_is_remembered(tmp_path):
    database = tmp_path / "other.db"
    run_cli("--db", str(database), "autostart", "on", check=True)
    assert autostart.current().endswith(f"--db {database}")
    run_cli("autostart", "on", check=True)
    assert "--db" not in autostart.current()


def test_an_entry_follows_an_executable_that_was_moved(tmp_path, monkeypatch):
    here = tmp_path / "new place" / f"queuectl-tray{'.exe' if sys.platform == 'win32' else ''}"
    here.parent.mkdir()
    here.touch()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(here))
    assert not autostart.repair("queuectl-tray")  # it does not start at login, and that stays so
    assert autostart.current() is None
    autostart.turn_on([str(tmp_path / "old $place 100%" / "queuectl-tray"), "--db", str(tmp_path / "a b.db")])
    assert autostart.repair("queuectl-tray")
    assert "new place" in autostart.current()
    assert "a b.db" in autostart.current()
    assert not autostart.repair("queuectl-tray")


def test_an_entry_for_another_copy_that_is_there_is_left_alone(tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / name).touch()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "two"))
    autostart.turn_on([str(tmp_path / "one")])
    assert not autostart.repair("two")
    assert autostart.current().endswith("one")
