"""Every command in each of its spellings does what it says, and ends with the exit code that fits."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from queuectl.model.job import JobSpec
from queuectl.model.state import State
from queuectl.queue import Queue
from tests.hosts import CLI, PATIENCE, HostProcess, run_cli, until

ECHO = "echo hi"


def ended(jobs, start_host, *commands, **fields):
    """Enqueue commands, run them to their end, and return them."""
    specs = [JobSpec(command=command, max_retries=0, **fields) for command in commands]
    ids = [job.id for job in jobs.enqueue(specs)]
    host = start_host("worker", "--limit", str(len(ids)))
    assert host.ends() == 0
    return [jobs.find(job_id) for job_id in ids]


# enqueue


@pytest.mark.parametrize(
    ("words", "command", "argv", "key"),
    [
        (["enqueue", ECHO], ECHO, None, None),
        (["enqueue", "-c", ECHO], ECHO, None, None),
        (["enqueue", "--command", ECHO], ECHO, None, None),
        (["enqueue", "--", "echo", "hi", "--json", "-"], None, ("echo", "hi", "--json", "-"), None),
        (["enqueue", "--queue", "default", "--", "-"], None, ("-",), None),
        (["enqueue", '{"id": "job1", "command": "echo hi"}'], ECHO, None, "job1"),
        (["enqueue", "{ echo hi; }"], "{ echo hi; }", None, None),
        (["enqueue", "  echo hi "], "  echo hi ", None, None),
    ],
)
def test_a_command_is_enqueued_in_each_of_its_spellings(here, jobs, words, command, argv, key):
    done = here(*words)
    assert (done.code, done.out, done.err) == (0, "1\n", "")
    job = jobs.find(1)
    assert (job.spec.command, job.spec.argv, job.spec.key) == (command, argv, key)
    assert job.spec.cwd == str(Path.cwd())
    assert job.spec.path == os.environ["PATH"]


def test_commands_on_standard_input_are_one_batch(here, jobs):
    lines = b'# two jobs\necho one\r\n\n  {"command": "echo two", "tags": ["a"]}\n'
    done = here("enqueue", "-", "--tag", "b", "--queue", "q", stdin=lines)
    assert (done.code, done.out) == (0, "1\n2\n")
    assert [job.spec.command for job in jobs.jobs()] == ["echo two", "echo one"]
    assert [job.spec.tags for job in jobs.jobs()] == [("a", "b"), ("b",)]
    assert {job.spec.queue for job in jobs.jobs()} == {"q"}


def test_every_option_of_enqueue_reaches_the_job(here, jobs, tmp_path):
    jobs.add(ECHO)
    done = here(
        "enqueue", ECHO, "--name", "n", "-q", "video", "-p", "-5", "--delay", "1h", "--after", "1", "--timeout", "90",
        "--max-retries", "7", "--backoff-base", "1.5", "--key", "k", "-t", "a", "--tag", "b", "--cwd", str(tmp_path),
        "-e", "A=1=2", "--env", "B=", "--shell", "bash", "--json",
    )  # fmt: skip
    assert done.code == 0
    job = jobs.find("k")
    assert done.json()["id"] == job.id
    assert job.state is State.BLOCKED
    expected = {
        "name": "n", "queue": "video", "priority": -5, "after": (1,), "timeout": 90.0, "key": "k", "tags": ("a", "b"),
        "cwd": str(tmp_path), "env": {"A": "1=2", "B": ""}, "shell": "bash",
    }  # fmt: skip
    assert {name: getattr(job.spec, name) for name in expected} == expected
    assert (job.max_retries, job.backoff_base) == (7, 1.5)
    assert timedelta(minutes=59) < job.run_at - job.created_at <= timedelta(hours=1)


def test_a_time_of_day_is_the_next_one(here, jobs):
    assert here("enqueue", ECHO, "--at", "00:00").code == 0
    job = jobs.find(1)
    assert job.state is State.SCHEDULED
    assert timedelta() < job.run_at - job.created_at <= timedelta(days=1, hours=1)
    assert job.run_at.astimezone().strftime("%H:%M:%S") == "00:00:00"


def test_a_key_is_not_added_twice_while_its_job_lives(here, jobs):
    assert here("enqueue", ECHO, "--key", "k").out == "1\n"
    again = here("enqueue", ECHO, "--key", "k")
    assert (again.code, again.out) == (0, "1\n")
    assert "not added again" in again.err
    twice = here("enqueue", "-", stdin=b'{"id": "x", "command": "a"}\n{"id": "x", "command": "b"}\n')
    assert twice.out == "2\n2\n"
    assert "job 2" in twice.err.lower()
    jobs.cancel(1)
    assert here("enqueue", ECHO, "--key", "k").out == "3\n"


def test_enqueue_needs_no_host_and_creates_what_is_missing(tmp_path):
    done = run_cli("enqueue", ECHO, env={"QUEUECTL_HOME": str(tmp_path / "a" / "b")}, check=True)
    assert (done.out, done.err) == ("1\n", "")
    assert (tmp_path / "a" / "b" / "queue.db").stat().st_size > 0


# where the database is


def test_db_counts_before_and_after_the_command_and_before_the_environment(here, tmp_path, monkeypatch):
    one, two = tmp_path / "one.db", tmp_path / "two.db"
    assert here("--db", str(one), "enqueue", ECHO).code == 0
    assert here("enqueue", ECHO, "--db", str(one)).out == "2\n"
    assert here("--db", str(two), "list", "--db", str(one)).out.count("\n") == 2
    assert here("--db", str(two), "dlq", "--db", str(one), "list").code == 0
    assert here("config", "--db", str(one), "set", "max_retries", "9").code == 0
    monkeypatch.setenv("QUEUECTL_DB", str(one))
    assert here("enqueue", ECHO).out == "3\n"
    assert here("config", "get", "max_retries").out == "9\n"
    assert here("--db", str(two), "enqueue", ECHO).out == "1\n"
    monkeypatch.setenv("QUEUECTL_DB", "")
    assert here("list").out == ""
    assert here("worker", "stop", "--db", str(one)).code == 0


# looking


def test_list_filters_and_limits(here, jobs):
    for n in range(4):
        jobs.add(f"echo {n}", queue="odd" if n % 2 else "even", tags=("t",) if n == 3 else ())
    jobs.cancel(2)
    ids = lambda *words: [int(line.split("\t")[0]) for line in here("list", *words).out.splitlines()]  # noqa: E731
    assert ids() == [4, 3, 2, 1]
    assert ids("-n", "2") == ids("-l", "2") == ids("--limit", "2") == [4, 3]
    assert ids("-s", "cancelled") == ids("--state", "CANCELLED") == [2]
    assert ids("-s", "pending", "-s", "cancelled", "-q", "odd") == [4, 2]
    assert ids("--tag", "t") == [4]
    assert ids("--queue", "none") == []


def test_show_tells_a_job_by_its_id_and_by_its_key(here, jobs, start_host):
    ended(jobs, start_host, "exit 3", key="nightly", name="the name")
    by_id, by_key = here("show", "1"), here("show", "nightly")
    assert by_id.out == by_key.out
    facts = dict(line.split("\t", 1) for line in by_id.out.splitlines())
    assert facts["State"] == "dead"
    assert facts["Name"] == "the name"
    assert facts["Run"].startswith("1\t")
    assert "exit code 3" in facts["Run"]
    whole = here("show", "nightly", "--json").json()
    assert whole["id"] == 1
    assert [run["outcome"] for run in whole["runs_list"]] == ["failed"]
    assert whole["history"][0]["verb"] == "enqueue"


@pytest.mark.posix
def test_logs_prints_the_run_that_is_asked_for(jobs, start_host):
    jobs.add("echo run $QUEUECTL_ATTEMPT; echo two; echo err >&2; exit 1", max_retries=1, backoff_base=0)
    start_host("worker", "--limit", "2").ends()

    def output(*words):
        done = run_cli("logs", "1", *words, check=True)
        return done.out, done.err

    assert output() == ("run 2\ntwo\nerr\n", "")
    assert output("--attempt", "1") == ("run 1\ntwo\nerr\n", "")
    assert output("-n", "1") == ("err\n", "")
    assert output("-n", "2", "-a", "1") == ("two\nerr\n", "")
    assert output("-n", "0") == ("", "")
    both, headings = output("--all", "--lines", "1")
    assert both == "err\nerr\n"
    assert headings.splitlines() == ["--- run 1: failed ---", "--- run 2: failed ---"]
    assert output("--follow") == ("run 2\ntwo\nerr\n", "")
    assert run_cli("logs", "1", "-a", "3").returncode == 3


def test_logs_of_a_job_that_has_not_run_says_so(here, jobs):
    jobs.add(ECHO)
    done = here("logs", "1")
    assert (done.code, done.out) == (0, "")
    assert "has not run yet: it is pending" in done.err
    assert here("logs", "1", "--attempt", "1").code == 3


def test_logs_that_are_not_on_this_machine_come_from_the_database(jobs, start_host):
    ended(jobs, start_host, "echo one&& echo two")
    jobs.paths.log(1, 1).unlink()
    for words in ([], ["--follow"]):
        done = run_cli("logs", "1", *words, check=True)
        assert done.out == "one\ntwo\n"
        assert "is not on this machine" in done.err
    assert run_cli("logs", "1", "-n", "1").out == "two\n"


def test_the_last_lines_of_a_log_are_found_in_a_large_one(jobs, start_host):
    ended(jobs, start_host, ECHO)
    log = jobs.paths.log(1, 1)
    log.write_bytes(b"first\n" + b"x" * 200_000 + b"\n" + b"".join(b"%d\n" % n for n in range(30_000)) + b"end")
    assert run_cli("logs", "1", "-n", "2").out == "29999\nend"
    assert len(run_cli("logs", "1", "-n", "30002").out) == log.stat().st_size - len("first\n")
    assert len(run_cli("logs", "1", "-n", "40000").out) == log.stat().st_size


@pytest.mark.posix
def test_follow_goes_on_through_the_retries_until_the_end(jobs, start_host, tmp_path):
    gate = tmp_path / "gate"
    wait = f"while ! test -e {gate}; do sleep 0.02; done"
    jobs.add(f"echo $QUEUECTL_ATTEMPT; test $QUEUECTL_ATTEMPT = 1 && exit 1; {wait}; echo end", backoff_base=0.1)
    reader = HostProcess("logs", "-f", "1")
    start_host()
    assert reader.says("1") == "1"
    reader.says("--- run 2 ---")
    reader.says("2")
    gate.touch()
    reader.says("end")
    assert reader.ends() == 0


# waiting


def test_wait_tells_by_its_exit_code_whether_all_completed(here, jobs, start_host):
    good, bad = ended(jobs, start_host, "exit 0", "exit 3")
    assert here("wait", str(good.id)).code == 0
    both = here("wait", str(good.id), str(bad.id))
    assert both.code == 1
    assert both.out == "1\tcompleted\t\n2\tdead\texit code 3\n"
    assert [job["state"] for job in here("wait", "1", "2", "--json").json()] == ["completed", "dead"]


def test_wait_gives_up_after_its_timeout(here, jobs):
    jobs.add(ECHO)
    began = time.monotonic()
    done = here("wait", "1", "--timeout", "200ms")
    assert done.code == 1
    assert 0.2 <= time.monotonic() - began < 5
    assert done.out == "1\tpending\t\n"
    assert "had not ended in time" in done.err
    assert "Nothing is running" in done.err


@pytest.mark.posix
@pytest.mark.parametrize("words", [["wait", "1"], ["logs", "-f", "1"], ["status", "--watch"]])
def test_ctrl_c_ends_what_waits_with_130_and_without_a_word(jobs, words):
    jobs.add(ECHO)
    process = HostProcess(*words)
    if words[0] == "logs":
        # It says nothing; that it waits shows in its open database.
        until(lambda: any("queue.db" in path for path in opened(process.process.pid)), "the open database")
    else:
        process.says("Nothing" if words[0] == "wait" else "cancelled")
    process.process.send_signal(signal.SIGINT)
    assert process.ends() == 130
    assert not [line for line in process.lines if "Traceback" in line or "error" in line.lower()]


def opened(pid):
    import psutil

    return [file.path for file in psutil.Process(pid).open_files()]


# changing


def test_cancel_retry_and_delete_go_on_after_a_failure_and_end_with_its_code(here, jobs):
    for _ in range(3):
        jobs.add(ECHO)
    done = here("cancel", "1", "99", "3", "--reason", "enough")
    assert done.code == 3
    assert done.out == "Job 1 is cancelled.\nJob 3 is cancelled.\n"
    assert "there is no job 99" in done.err
    assert jobs.find(1).reason == "enough"
    assert here("cancel", "1").code == 4
    assert here("retry", "2").code == 4
    assert here("retry", "1").out == "Job 1 is in the queue again, with max_retries = 3.\n"
    assert here("delete", "1", "2").code == 0
    assert [job.id for job in jobs.jobs()] == [3]
    assert here("delete", "1").code == 3


def test_a_running_job_is_stopped_by_cancel_and_not_deleted(jobs, start_host):
    jobs.add(f'"{sys.executable}" -c "import time; time.sleep(1000)"')
    start_host()
    until(lambda: jobs.find(1).state is State.PROCESSING, "the start")
    assert run_cli("delete", "1").returncode == 4
    assert "being stopped" in run_cli("cancel", "1", check=True).out
    assert jobs.wait([1], PATIENCE)[0].state is State.CANCELLED


def test_prune_spares_the_dead_and_the_young(here, jobs, start_host):
    ended(jobs, start_host, "exit 0", "exit 1")
    jobs.add(ECHO)
    assert here("prune", "--older-than", "1h").out == "Deleted 0 jobs.\n"
    assert here("prune").out == "Deleted 1 job.\n"
    assert not jobs.paths.log(1, 1).exists()
    assert here("prune", "--state", "dead").out == "Deleted 1 job.\n"
    assert [job.id for job in jobs.jobs()] == [3]


def test_the_dead_letter_queue_is_listed_retried_and_purged(here, jobs, start_host):
    assert here("dlq", "list").out == ""
    ended(jobs, start_host, "exit 1", "exit 1", "exit 1")
    assert [line.split("\t")[0] for line in here("dlq", "list").out.splitlines()] == ["3", "2", "1"]
    assert len(here("dlq", "list", "-n", "2", "--json").json()) == 2
    assert here("dlq", "retry", "2").code == 0
    assert here("dlq", "retry").code == 2
    assert here("dlq", "retry", "--all", "1").code == 2
    assert here("dlq", "retry", "--all").out == "2 jobs are in the queue again.\n"
    assert here("dlq", "list", "--json").json() == []


def test_purge_asks_and_takes_only_yes_for_an_answer(here, jobs, start_host):
    ended(jobs, start_host, "exit 1", "exit 1")
    for answer in (b"n\n", b"\n", b"what\n", b""):
        done = here("dlq", "purge", stdin=answer)
        assert done.code == 1
        assert "Delete up to 2 dead jobs for good? [y/N]" in done.err
        assert "nothing was deleted" in done.err
        assert "--yes" in done.err
    assert here("dlq", "purge", "--older-than", "1h", "--yes").out == "Deleted 0 dead jobs.\n"
    assert here("dlq", "purge", stdin=b"Y\n").out == "Deleted 2 dead jobs.\n"
    assert here("dlq", "purge").out == "Deleted 0 dead jobs.\n"
    assert jobs.jobs() == []


def test_pause_and_resume_one_queue_and_all(here):
    assert here("pause").out == "The queue is paused.\n"
    assert here("pause", "-q", "video", "--for", "2h").out.startswith("Queue video is paused until 2")
    status = here("status", "--json").json()
    assert status["paused"]
    assert [pause["queue"] for pause in status["pauses"]] == [None, "video"]
    assert here("resume").out == "The queue goes on.\n"
    assert here("resume", "--queue", "video").out == "Queue video goes on.\n"
    assert here("resume").out == "The queue was not paused.\n"
    assert here("pause", "--until", "23:59:59").code == 0


def test_a_job_says_what_pauses_it(here):
    number = here("enqueue", "-q", "video", "true").out.strip()
    here("pause", "--queue", "other")
    assert "Waits\tno host is running\n" in here("show", number).out
    here("pause", "--queue", "video")
    assert "Waits\tthe queue video is paused\n" in here("show", number).out
    here("pause")
    assert "Waits\tall queues are paused\n" in here("show", number).out


# settings


def test_a_setting_is_read_set_and_unset_in_both_spellings(here):
    assert here("config", "get", "max-retries").out == "3\n"
    assert here("config", "set", "max-retries", "5").out == "max_retries = 5\n"
    assert here("config", "get", "max_retries").out == "5\n"
    assert here("config", "set", "workers", "7").out == "workers = 7\n"
    rows = {row["key"]: row for row in here("config", "get", "--json").json()}
    assert (rows["max_retries"]["value"], rows["max_retries"]["origin"]) == (5, "database")
    assert (rows["workers"]["value"], rows["workers"]["origin"]) == (7, "machine")
    assert here("config", "get", "max-retries", "--json").json() == rows["max_retries"]
    assert here("config", "unset", "max_retries").out == "max_retries = 3\n"


def test_a_setting_that_the_environment_overrides_is_kept_with_a_note(here, monkeypatch):
    monkeypatch.setenv("QUEUECTL_MAX_RETRIES", "9")
    done = here("config", "set", "max-retries", "5")
    assert done.out == "max_retries = 9\n"
    assert "QUEUECTL_MAX_RETRIES is set in the environment" in done.err
    monkeypatch.delenv("QUEUECTL_MAX_RETRIES")
    assert here("config", "get", "max-retries").out == "5\n"


# hosts


@pytest.mark.parametrize(
    "words",
    [
        ["worker", "-c", "2", "-v", "-s", "1", "-l", "1"],
        ["worker", "start", "--count", "2", "--verbose", "--poll", "200ms", "--limit", "1"],
        ["worker", "-c", "2", "-l", "1", "start", "-v"],
        ["worker", "-c", "9", "-l", "1", "start", "-v", "-c", "2"],
    ],
)
def test_a_worker_takes_its_options_in_each_spelling(jobs, start_host, words):
    jobs.enqueue([JobSpec(command="exit 0")] * 3)
    host = start_host(*words)
    assert host.ends() == 0
    assert "started: 2 workers" in host.lines[0]
    assert sum("completed" in line for line in host.lines) == 2
    assert jobs.status().counts[State.PENDING] == 1


@pytest.mark.parametrize("words", [["worker", "stop"], ["worker", "--stop"]])
def test_workers_are_stopped_and_other_hosts_go_on(jobs, start_host, words):
    worker, serve = start_host("worker"), start_host("serve", "--no-drop")
    until(lambda: len(jobs.hosts()) == 2, "two hosts")
    done = run_cli(*words, check=True)
    assert str(worker.process.pid) in done.out
    assert "1 other host goes on" in done.out
    assert worker.ends() == 0
    assert "No worker is running." in run_cli(*words, check=True).out
    assert serve.process.poll() is None
    assert run_cli("worker", "stop", "--all").returncode == 0
    assert serve.ends() == 0


@pytest.mark.posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_host_with_code_0(start_host, number):
    host = start_host("serve")
    host.says("To stop")
    with Queue.open() as queue:
        until(queue.hosts, "the host")
    host.process.send_signal(number)
    assert host.ends() == 0
    assert host.lines[-1] == "Stopped."


@pytest.mark.posix
def test_a_host_goes_on_when_nobody_reads_what_it_says(jobs):
    ids = [jobs.add(ECHO).id for _ in range(3)]
    read, write = os.pipe()
    os.close(read)
    host = subprocess.run([*CLI, "worker", "-v", "-l", "3"], stdout=write, stderr=write, timeout=PATIENCE, check=False)
    os.close(write)
    assert host.returncode == 0
    assert {jobs.find(job_id).state for job_id in ids} == {State.COMPLETED}


def test_status_tells_what_runs_and_who_runs_it(jobs, start_host, tmp_path):
    jobs.add(f'"{sys.executable}" -c "import time; time.sleep(1000)"', max_retries=0)
    jobs.add(ECHO, run_at=datetime.now(UTC) + timedelta(hours=1))
    host = start_host("worker")
    until(lambda: jobs.find(1).state is State.PROCESSING, "the start")
    status = run_cli("status", "--json", check=True).json()
    assert status["database"] == str(tmp_path / "home" / "queue.db")
    assert status["counts"]["processing"] == status["counts"]["scheduled"] == 1
    assert [run["id"] for run in status["running"]] == [1]
    assert [one["pid"] for one in status["hosts"]] == [host.process.pid]
    counts = dict(line.split("\t") for line in run_cli("status", check=True).out.splitlines())
    assert list(counts) == [state.value for state in State]
    assert (counts["processing"], counts["dead"]) == ("1", "0")


def test_the_drop_folder_is_made_and_printed(tmp_path):
    done = run_cli("drop-folder", check=True)
    folder = tmp_path / "home" / "drop"
    assert (done.out, done.err) == (f"{folder}\n", "")
    assert folder.is_dir()
    assert json.loads(run_cli("drop-folder", "--json").out) == {"path": str(folder), "watched": False}
