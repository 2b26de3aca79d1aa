"""``self check`` tells whether the program is whole, and doctor tells the same."""

import sys

from queuectl import __version__
from queuectl.cli import main, self_
from tests.hosts import run_cli


def findings(*words):
    done = run_cli(*words, "--json")
    return done.returncode, {finding["what"]: finding for finding in done.json()}


def test_a_whole_program_says_so(tmp_path):
    code, found = findings("self", "check")
    assert code == 0
    assert __version__ in found["version"]["found"]
    assert sys.version.split()[0] in found["version"]["found"]
    assert found["installed"]["found"].startswith("as a checkout: ")
    assert found["parts"] == {"level": "ok", "what": "parts", "found": found["parts"]["found"], "advice": None}
    assert found["SQLite"]["found"].startswith("3.")
    assert {"tray", "temp folder", "database", "files", "settings"} <= set(found)
    assert str(tmp_path) in found["database"]["found"]
    assert not (tmp_path / "home").exists()


def test_doctor_tells_the_same():
    _, of_doctor = findings("doctor")
    _, own = findings("self", "check")
    for what in ("version", "installed", "parts", "SQLite"):
        assert of_doctor[what] == own[what]


def test_what_is_missing_is_an_error(monkeypatch):
    monkeypatch.setitem(main.COMMANDS, "fly", "wings:fly")
    found = self_._parts()
    assert found.level == "error"
    assert "fly" in found.found
    monkeypatch.delitem(main.COMMANDS, "fly")
    assert self_._parts().level == "ok"
    monkeypatch.setattr("queuectl.store.connection.migrations", list)
    assert "the schema" in self_._parts().found


def test_an_old_sqlite_is_one_too(monkeypatch):
    monkeypatch.setattr("apsw.sqlite_lib_version", lambda: "3.51.2")
    assert self_._sqlite().level == "error"
    assert "3.51.2" in self_._sqlite().found
