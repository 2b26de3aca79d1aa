"""Whatever a person types or a machine lacks: a message that says what, where and what next, and nothing is lost."""

import os
import shlex
import shutil
import sqlite3
import subprocess

import pytest

from queuectl.model.job import JobSpec
from queuectl.queue import Queue
from tests.conftest import need
from tests.hosts import CLI, run_cli

HALF = "\udcff"  # how Python shows a byte of an argument that is not UTF-8

REFUSED = [
    (["enqueue"], 2, "what shall run?", 'queuectl enqueue "echo hello"'),
    (["enqueue", ""], 2, "the command is empty", ""),
    (["enqueue", "  \n"], 2, "the command is empty", ""),
    (["enqueue", "-c", ""], 2, "the command is empty", ""),
    (["enqueue", "--", ""], 2, "needs a program", ""),
    (["enqueue", "a", "b"], 2, "2 words", "-- before a program"),
    (["enqueue", "-c", "a", "b"], 2, "give the command once", ""),
    (["enqueue", "-c", "a", "-"], 2, "give the command once", ""),
    (["enqueue", '{"command": }'], 2, "column 13", ""),
    (["enqueue", "{id: job1, command: sleep}"], 2, "JSON", "PowerShell 5"),
    (["enqueue", '{"comand": "x"}'], 2, "unknown field 'comand'", 'Did you mean "command"?'),
    (["enqueue", '{"command": 5}'], 2, "command: must be a text", ""),
    (["enqueue", '{"command": "x", "timeout": "soon"}'], 2, "timeout: 'soon' is no duration", ""),
    (["enqueue", "x", "--timeout", "-5"], 2, "'--timeout': '-5' is no duration", "--help"),
    (["enqueue", "x", "--priority", "9999999"], 2, "priority must lie between", ""),
    (["enqueue", "x", "--priority", "high"], 2, "'high' is not a valid integer", "--help"),
    (["enqueue", "x", "--max-retries", "-1"], 2, "max_retries must lie between 0", ""),
    (["enqueue", "x", "--backoff-base", "nan"], 2, "backoff_base must lie between", ""),
    (["enqueue", "x", "--delay", "1e300"], 2, "more than 100 years", "--help"),
    (["enqueue", "x", "--at", "25:00"], 2, "'25:00' is no time; write 18:30", "--help"),
    (["enqueue", "x", "--at", "18:00", "--delay", "5"], 2, "--at or --delay", ""),
    (["enqueue", "x", "--after", "99"], 3, "there is no job 99", "queuectl list"),
    (["enqueue", "x", "--env", "FOO"], 2, "NAME=VALUE", ""),
    (["enqueue", "x", "--env", "=x"], 2, "is no name of an environment variable", ""),
    (["enqueue", "x", "--key", ""], 2, "key is empty", ""),
    (["enqueue", "x", "--key", "a\tb"], 2, "key holds a line break or tab", ""),
    (["enqueue", "x", "--name", "n" * 201], 2, "name is 201 characters long", ""),
    (["enqueue", HALF], 2, "command", ""),
    (["enqueue", "x", "--name", HALF], 2, "name", ""),
    (["enqueue", "--", "x", HALF], 2, "argv", ""),
    (["list", "--state", "waiting"], 2, "'waiting' is not one of 'pending'", "--help"),
    (["list", "--limit", "0"], 2, "0 is not in the range", "--help"),
    (["list", "--limit", "many"], 2, "'many'", "--help"),
    (["list", "--queue", HALF], 2, "not valid Unicode", ""),
    (["show", "99"], 3, "there is no job 99", "queuectl list"),
    (["show", "99999999999999999999999"], 3, "no job with the id or key", "queuectl list"),
    (["show", ""], 3, "no job with the id or key ''", "queuectl list"),
    (["show", "--", "-1"], 3, "'-1'", "queuectl list"),
    (["show", HALF], 2, "not valid Unicode", ""),
    (["show", "a\x1b[31m"], 3, "'a\\x1b[31m'", "queuectl list"),
    (["logs", "99"], 3, "there is no job 99", "queuectl list"),
    (["wait", "99"], 3, "there is no job 99", "queuectl list"),
    (["cancel", "99"], 3, "there is no job 99", "queuectl list"),
    (["retry", "99"], 3, "there is no job 99", "queuectl list"),
    (["dlq", "retry", "99"], 3, "there is no job 99", "queuectl list"),
    (["dlq", "retry"], 2, "name the jobs to retry", ""),
    (["delete", "none"], 3, "no job with the id or key 'none'", "queuectl list"),
    (["cancel"], 2, "Missing argument", "--help"),
    (["prune", "--state", "pending"], 2, "'pending' is not one of", "--help"),
    (["prune", "--older-than", "long"], 2, "'long' is no duration", "--help"),
    (["pause", "--until", "2020-01-01"], 2, "would have ended already", ""),
    (["pause", "--for", "1h", "--until", "18:00"], 2, "--for or --until", ""),
    (["config", "get", "retries"], 3, "there is no setting 'retries'", "queuectl config get"),
    (["config", "set", "retries", "1"], 3, "there is no setting 'retries'", "queuectl config get"),
    (["config", "unset", "retries"], 3, "there is no setting 'retries'", "queuectl config get"),
    (["config", "set", "max-retries", "-1"], 2, "max_retries: -1 is out of range", "Allowed: 0 to 1000000."),
    (["config", "set", "max-retries", "x"], 2, "max_retries: 'x' is no whole number", "Allowed: 0 to 1000000."),
    (["config", "set", "poll", "0"], 2, "poll: 0 is out of range", "Allowed: 0.01s to 1m."),
    (["config", "set", "drop-enabled", "maybe"], 2, "'maybe' is no on or off", "Allowed: on, off."),
    (["config", "set", "shell", HALF], 2, "not valid Unicode", ""),
    (["worker", "--count", "0"], 2, "0 is out of range. Allowed: 1 to 1024.", "--help"),
    (["worker", "start", "-s", "0"], 2, "0 is out of range. Allowed: 0.01s to 1m.", "--help"),
    (["worker", "--stop", "start"], 2, "--stop or a command", ""),
    (["serve", "--workers", "many"], 2, "'many' is no whole number", "--help"),
    (["status", "--watch", "--json"], 2, "--watch or --json", ""),
    (["completion", "tcsh"], 2, "'tcsh' is not one of 'bash'", "--help"),
    (["lisst"], 2, "No such command 'lisst'. Did you mean 'list'?", "--help"),
    (["list", "--stat", "dead"], 2, "No such option '--stat'", "--help"),
    (["--db", "mysql://x/y", "list"], 2, "mysql://", "--db queue.db"),
]


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"), REFUSED, ids=[shlex.join(row[0])[:50] for row in REFUSED]
)
def test_what_makes_no_sense_is_refused_with_what_to_do(here, words, code, message, hint):
    done = here(*words)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert hint in done.err
    assert "unexpected" not in done.err
    assert "\x1b" not in done.err
    with Queue.open() as queue:
        assert queue.jobs() == []
        assert queue.settings().all() == [row for row in queue.settings().all() if row.origin == "default"]


@pytest.mark.posix
@pytest.mark.parametrize(
    "words", [["--db", "~nobody-of-that-name/x", "list"], ["enqueue", "x", "--cwd", "~nobody-of-that-name/x"]]
)
def test_the_home_of_a_user_that_there_is_not_is_named(here, words):
    done = here(*words)
    assert (done.code, done.out) == (2, "")
    assert "~nobody-of-that-name/x" in done.err


@pytest.mark.posix
def test_bytes_that_are_not_utf8_come_as_far_as_a_clear_error(jobs):
    for words in (["enqueue", b"echo \xff"], ["enqueue", "x", "--key", b"\xfe"], ["list", "-t", b"\xff"]):
        done = run_cli(*words)
        assert done.returncode == 2
        assert "not valid Unicode" in done.err
    assert jobs.jobs() == []


@pytest.mark.posix
def test_a_search_path_that_is_not_utf8_is_kept_as_far_as_it_can_be(jobs):
    run_cli("enqueue", "echo hi", env={"PATH": "/a\udcff:" + os.environ["PATH"]}, check=True)
    assert jobs.find(1).spec.path == "/a:" + os.environ["PATH"]


# standard input


def test_ten_thousand_jobs_are_all_or_none(here, jobs):
    lines = [b"echo %d" % n for n in range(10_000)]
    lines[9_998] = b'{"command": }'
    done = here("enqueue", "-", stdin=b"\n".join(lines))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: line 9999: JSON")
    assert "nothing was added" in done.err
    assert jobs.jobs() == []
    lines[9_998] = b'{"command": "echo", "after": [77777]}'
    assert here("enqueue", "-", stdin=b"\n".join(lines)).code == 3
    assert jobs.jobs() == []
    lines[9_998] = b"echo"
    done = here("enqueue", "-", stdin=b"\n".join(lines))
    assert done.out.split() == [str(n) for n in range(1, 10_001)]


def test_lines_end_at_cr_and_lf_and_nowhere_else(here, jobs):
    odd = "echo a\u2028b\u2029c\x0bd\x0ce\x1cf\x85g"
    assert here("enqueue", "-", stdin=f"{odd}\r\necho two\recho three\n\n".encode()).out == "1\n2\n3\n"
    assert [job.spec.command for job in jobs.jobs()] == ["echo three", "echo two", odd]


def test_standard_input_may_be_what_windows_writes(here, jobs):
    assert here("enqueue", "-", stdin="\ufeffecho ä\r\n".encode()).code == 0
    assert here("enqueue", "-", stdin="\ufeffecho ä\r\n".encode("utf-16-le")).code == 0
    assert {job.spec.command for job in jobs.jobs()} == {"echo ä"}


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        (b"echo ok\necho \xff\n", "line 2 of standard input is not UTF-8"),
        (b"", "holds no command"),
        (b"# nothing\n\n", "holds no command"),
        (b"echo ok\na\0b\n", "line 2: command: holds a NUL character"),
        (b'echo ok\n\n{"command": "x", "env": 5}\n', "line 3: env: must be a table"),
        (b"echo " + b"x" * 5_000_000, "line 1: command is 5000005 bytes long; at most 4194304"),
        (b"one\ntwo\n", "--key names one job"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_bad_line_is_named_and_nothing_is_added(here, jobs, stdin, message):
    done = here("enqueue", "-", *(["--key", "k"] if stdin == b"one\ntwo\n" else []), stdin=stdin)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert jobs.jobs() == []


def test_a_command_of_a_megabyte_is_kept_whole(here, jobs):
    command = "echo " + "x" * 1_000_000
    assert here("enqueue", "-", stdin=command.encode()).out == "1\n"
    assert jobs.find(1).spec.command == command
    assert here("list").code == 0


# the database


def files_in(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def damaged(path):
    with Queue.open(str(path)) as queue:
        queue.enqueue([JobSpec(command=f"echo {n}" + "x" * 500) for n in range(200)])
    data = bytearray(path.read_bytes())
    data[4096:40_960] = b"\xff" * 36_864
    path.write_bytes(data)


def of_the_future(path):
    Queue.open(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def somebody_else_s(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "message", "hint"),
    [
        (lambda path: path.mkdir(), "is a directory", "Name a file"),
        (lambda path: path.write_text("no database, but long enough to be taken for one"), "no SQLite", "--db"),
        (damaged, "damaged", "backup"),
        (of_the_future, "has schema version 99; this queuectl knows up to", "Update this queuectl"),
        (somebody_else_s, "not one of queuectl's", "--db"),
    ],
    ids=["directory", "text", "damaged", "future", "foreign"],
)
def test_a_file_that_is_no_database_of_ours_is_named_and_left_alone(here, tmp_path, spoil, message, hint):
    path = tmp_path / "place" / "queue.db"
    path.parent.mkdir()
    spoil(path)
    before = files_in(path.parent)
    # In a damaged one, status and a host may not meet the damage.
    others = [] if spoil is damaged else [["status"], ["worker"]]
    for words in (["list"], ["enqueue", "echo hi"], *others):
        done = here("--db", str(path), *words)
        assert (done.code, done.out) == (5, "")
        assert str(path) in done.err
        assert message in done.err
        assert hint in done.err
    assert files_in(path.parent) == before


@pytest.mark.posix
def test_a_database_that_may_not_be_written_is_read_and_not_written(tmp_path, jobs):
    from tests.cli.places import not_above_the_rules

    jobs.add("echo hi")
    jobs.close()
    path = tmp_path / "home" / "queue.db"
    path.chmod(0o400)
    with not_above_the_rules() as obey:
        assert obey([*CLI, "list"]).stdout.startswith("1\tpending")
        for words in (["enqueue", "echo hi"], ["cancel", "1"], ["config", "set", "lease", "30s"], ["worker"]):
            done = obey([*CLI, *words])
            assert done.returncode == 5
            assert f"{path} cannot be written" in done.stderr
            assert "owner and permissions" in done.stderr


@pytest.mark.posix
def test_a_folder_that_may_not_be_written_is_named(tmp_path):
    from tests.cli.places import not_above_the_rules

    folder = tmp_path / "closed"
    folder.mkdir(0o500)
    with not_above_the_rules() as obey:
        for words in (["enqueue", "echo hi"], ["list"], ["drop-folder"]):
            done = obey([*CLI, "--db", str(folder / "queue.db"), *words])
            assert (done.returncode, done.stdout) == (5, "")
            assert str(folder) in done.stderr
            assert "Permission denied" in done.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.posix
def test_a_full_disk_loses_nothing_that_was_accepted(tmp_path):
    from tests.cli.places import cannot_grow

    with cannot_grow(tmp_path / "full") as (folder, run):
        words = [*CLI, "--db", str(folder / "queue.db")]
        accepted = []
        for _ in range(200):
            done = run([*words, "enqueue", "-"], input="\n".join("echo " + "x" * 5_000 for _ in range(20)))
            if done.returncode:
                break
            accepted += done.stdout.split()
        assert done.returncode == 5
        assert done.stdout == ""
        assert str(folder / "queue.db") in done.stderr
        assert "full" in done.stderr
        assert "Traceback" not in done.stderr
        aside = tmp_path / "aside"
        shutil.copytree(folder, aside)
    listed = run_cli("--db", str(aside / "queue.db"), "list", "-n", "100000", check=True).out.splitlines()
    assert sorted(int(line.split("\t")[0]) for line in listed) == sorted(map(int, accepted))


# this process's surroundings


@pytest.mark.posix
def test_a_directory_that_was_deleted_is_named(typed, jobs):
    gone = "mkdir gone && cd gone && rmdir ../gone && queuectl"
    for words in ("enqueue true", "enqueue -- true", "--db here.db list"):
        shell = [need("sh"), "-c", f"{gone} {words}"]
        done = subprocess.run(shell, cwd=typed.place, env=typed.env, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.endswith(
            "error: the current directory has been deleted\nhint: Change to one that exists: cd ~\n"
        )
    assert typed(f"{gone} enqueue --cwd / true") == "1\n"
    assert typed(f"{gone} list").startswith("1\t")
    assert len(jobs.jobs()) == 1


def test_a_working_directory_that_is_missing_gets_a_note(here, jobs, tmp_path):
    done = here("enqueue", "true", "--cwd", str(tmp_path / "missing"))
    assert (done.code, done.out) == (0, "1\n")
    assert f"no folder {tmp_path / 'missing'} now" in done.err
    assert here("enqueue", "true", "--cwd", str(tmp_path)).err == ""


def test_a_bad_variable_is_named_with_its_value(here, monkeypatch):
    monkeypatch.setenv("QUEUECTL_MAX_RETRIES", "lots")
    for words in (["enqueue", "true"], ["config", "get", "max-retries"], ["config", "get"]):
        done = here(*words)
        assert (done.code, done.out) == (2, "")
        assert "max_retries: 'lots' is no whole number (from QUEUECTL_MAX_RETRIES)" in done.err
        assert "Allowed: 0 to 1000000." in done.err
    assert here("list").code == 0


@pytest.mark.parametrize("content", [b"this is no TOML", b"max_retries = \xff", b'workers = "lots"'])
def test_a_broken_settings_file_is_named_and_never_overwritten(here, tmp_path, content):
    path = tmp_path / "home" / "config.toml"
    path.parent.mkdir()
    path.write_bytes(content)
    told = [here(*words) for words in (["config", "get"], ["worker"])]
    if not content.startswith(b"workers"):  # that one is readable: a command that needs no workers goes on
        told += [here(*words) for words in (["enqueue", "true"], ["config", "set", "workers", "2"])]
    for done in told:
        assert (done.code, done.out.splitlines()[1:]) == (2, [])
        assert "config.toml" in done.err
    if not content.startswith(b"workers"):
        assert path.read_bytes() == content


def test_a_mistake_of_ours_is_one_line_and_asks_for_a_report(here, monkeypatch):
    def fail(*_args):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(Queue, "status", fail)
    done = here("status")
    assert done.code == 1
    assert done.err.splitlines()[0] == "error: unexpected ZeroDivisionError: oops"
    assert "please report it" in done.err
    monkeypatch.setenv("QUEUECTL_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        here("status")
