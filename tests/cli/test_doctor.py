"""What doctor finds in good and in bad conditions: the right level, what to do, the exit code, and no trace."""

import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from queuectl import __version__
from queuectl.cli import doctor
from queuectl.platform import machine
from queuectl.queue import Queue
from queuectl.store.types import HostRow
from tests.hosts import CLI, run_cli, until


@pytest.fixture
def examine(here):
    """Return a function that runs doctor and returns its exit code and its findings by what was looked at."""

    def run(*words):
        done = here("doctor", "--json", *words)
        assert done.err == ""
        return done.code, by_subject(done.json(), done.code)

    return run


def by_subject(findings, code):
    """Return the findings by what was looked at; the tray is told elsewhere, for it depends on the desktop."""
    found = {finding["what"]: finding for finding in findings if finding["what"] != "tray"}
    assert all(finding["advice"] for finding in found.values() if finding["level"] != "ok")
    assert code == any(finding["level"] == "error" for finding in found.values())
    return found


def tree(path):
    return {str(file): file.read_bytes() if file.is_file() else None for file in path.rglob("*")}


def bad(findings):
    return {what: finding["level"] for what, finding in findings.items() if finding["level"] != "ok"}


def test_on_a_fresh_machine_all_is_well_and_nothing_is_made(examine, tmp_path):
    code, findings = examine()
    assert code == 0
    assert list(findings) == [
        "version",
        "installed",
        "parts",
        "SQLite",
        "postgres",
        "temp folder",
        "data folder",
        "disk",
        "database",
        "settings",
    ]
    assert bad(findings) == {}
    assert findings["version"]["found"].startswith(f"queuectl {__version__}, Python 3.")
    assert "made when needed" in findings["data folder"]["found"]
    assert "the first job makes it" in findings["database"]["found"]
    assert list(tmp_path.iterdir()) == []


def test_without_a_host_it_says_how_to_start_one(examine, jobs):
    jobs.add("echo hi")
    code, findings = examine()
    assert code == 0
    assert bad(findings) == {"host": "warning"}
    assert "queuectl serve" in findings["host"]["advice"]
    assert "1 jobs, can be written" in findings["database"]["found"]


def test_looking_changes_nothing(examine, jobs, tmp_path):
    jobs.set_setting("workers", "2")
    jobs.add("echo hi")
    examine()
    before = tree(tmp_path)
    rows = jobs.store.settings()
    examine()
    assert tree(tmp_path) == before
    assert jobs.store.settings() == rows


def test_a_host_is_told_with_its_version(examine, jobs, start_host):
    host = start_host("serve")
    until(jobs.hosts, "the host")
    until((jobs.paths.drop / "rejected").exists, "the drop folder")
    code, findings = examine()
    assert (code, bad(findings)) == (0, {})
    assert f"pid {host.process.pid}" in findings["host"]["found"]
    assert findings["drop folder"]["found"] == str(jobs.paths.drop)


def test_a_host_of_another_version_gets_a_warning(examine, jobs):
    now = datetime.now(UTC)
    jobs.store.add_host(
        HostRow(
            id="far", machine="another", name="far\x1baway", kind="tray", pid=1, workers=2, port=None, version="0.0.1",
            started_at=now, seen_at=now, stop=None,
        )
    )  # fmt: skip
    code, findings = examine()
    assert (code, bad(findings)) == (0, {"host": "warning"})
    assert "restart it" in findings["host"]["advice"]
    assert "\x1b" not in run_cli("doctor").out
    assert machine.identity() != "another"


def test_pauses_and_rejected_files_are_warnings(examine, jobs):
    jobs.pause("video")
    rejected = jobs.paths.drop / "rejected"
    rejected.mkdir(parents=True, mode=0o700)
    jobs.paths.drop.chmod(0o700)
    (rejected / "a.job.error.txt").touch()
    code, findings = examine()
    assert code == 0
    assert findings["pause"]["level"] == findings["drop folder"]["level"] == "warning"
    assert findings["pause"]["advice"] == "Go on: queuectl resume --queue video"
    assert str(rejected) in findings["drop folder"]["advice"]


@pytest.mark.posix
def test_a_drop_folder_that_others_can_write_is_an_error(examine, jobs):
    jobs.paths.drop.mkdir()
    jobs.paths.drop.chmod(0o777)
    code, findings = examine()
    assert code == 1
    assert bad(findings)["drop folder"] == "error"
    assert findings["drop folder"]["advice"] == f'Close it: chmod go-w "{jobs.paths.drop}"'
    jobs.set_setting("drop_enabled", "off")
    assert examine()[0] == 0


def test_a_drop_folder_that_is_a_file_is_an_error(examine, jobs):
    jobs.paths.drop.touch()
    assert bad(examine()[1])["drop folder"] == "error"


def test_a_newer_schema_is_an_error(examine, jobs, tmp_path):
    jobs.close()
    with sqlite3.connect(tmp_path / "home" / "queue.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    code, findings = examine()
    assert (code, bad(findings)) == (1, {"database": "error"})
    assert "Update this queuectl" in findings["database"]["advice"]


@pytest.mark.parametrize("kind", ["folder", "text"])
def test_a_database_that_is_none_is_an_error(examine, tmp_path, kind):
    path = tmp_path / "x.db"
    path.mkdir() if kind == "folder" else path.write_text("no database, but long enough to be taken for one")
    code, findings = examine("--db", str(path))
    assert (code, bad(findings)) == (1, {"database": "error"})
    assert str(path) in findings["database"]["found"]


def test_a_server_that_this_version_does_not_know_is_an_error(examine):
    assert bad(examine("--db", "mysql://x/y")[1]) == {"database": "error"}


@pytest.mark.parametrize("has_database", [True, False])
def test_a_broken_settings_file_is_an_error(examine, tmp_path, has_database):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.toml").write_text("this is no TOML")
    if has_database:
        Queue.open().close()
    code, findings = examine()
    assert (code, bad(findings)) == (1, {"settings": "error"})
    assert findings["settings"]["advice"] == "Mend the file, or delete it."


@pytest.mark.parametrize("has_database", [True, False])
def test_a_bad_variable_is_an_error(examine, monkeypatch, has_database):
    if has_database:
        Queue.open().close()
    monkeypatch.setenv("QUEUECTL_LEASE", "for ever")
    code, findings = examine()
    assert (code, bad(findings)) == (1, {"settings": "error"})
    assert "QUEUECTL_LEASE" in findings["settings"]["found"]


def test_little_space_is_a_warning(examine, monkeypatch):
    monkeypatch.setattr(doctor, "LITTLE_SPACE", 2**60)
    assert bad(examine()[1]) == {"disk": "warning"}


def test_an_sqlite_with_the_wal_mistake_is_an_error(examine, monkeypatch):
    import apsw

    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.51.2")
    assert bad(examine()[1]) == {"SQLite": "error"}


def test_no_temporary_folder_is_an_error(examine, monkeypatch):
    def fail():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", fail)
    code, findings = examine()
    assert code == 1
    assert findings["temp folder"]["level"] == "error"
    assert "TMPDIR" in findings["temp folder"]["advice"]


@pytest.mark.posix
def test_what_may_not_be_written_is_an_error(tmp_path, jobs):
    from tests.cli.places import not_above_the_rules

    jobs.add("echo hi")
    jobs.close()
    home = tmp_path / "home"
    with not_above_the_rules() as obey:

        def levels():
            done = obey([*CLI, "doctor", "--json"])
            assert "Traceback" not in done.stderr
            return bad(by_subject(json.loads(done.stdout), done.returncode))

        (home / "queue.db").chmod(0o400)
        assert levels()["database"] == "error"
        (home / "queue.db").chmod(0o600)
        home.chmod(0o500)
        before = tree(home)
        assert levels()["data folder"] == "error"
        assert tree(home) == before
        home.chmod(0o000)
        assert levels()["data folder"] == "error"
        home.chmod(0o700)
        shutil.rmtree(home)
        tmp_path.chmod(0o500)
        assert levels() == {"data folder": "error"}
        tmp_path.chmod(0o700)
        assert not home.exists()


def test_a_home_that_is_a_file_is_an_error(examine, tmp_path):
    (tmp_path / "home").touch()
    code, findings = examine()
    assert code == 1
    assert findings["data folder"]["level"] == "error"


@pytest.mark.posix
def test_a_full_disk_is_named(tmp_path):
    from tests.cli.places import cannot_grow

    with cannot_grow(tmp_path / "full") as (folder, run):
        database = ["--db", str(folder / "queue.db")]
        run([*CLI, *database, "enqueue", "echo hi"])
        with (folder / "rest").open("wb") as rest:
            try:
                while True:
                    rest.write(bytes(65_536))
                    rest.flush()
            except OSError:
                pass
        done = run([*CLI, *database, "doctor"])
    assert "Traceback" not in done.stderr
    assert "free" in done.stdout


def test_a_pause_that_ends_by_itself_is_told(examine, jobs):
    jobs.pause(None, datetime.now(UTC) + timedelta(hours=1))
    assert examine()[1]["pause"]["found"] == "all queues are paused"
