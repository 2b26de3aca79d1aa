"""What a job meets when it runs: its shell, folder, environment, output and limits."""

import errno
import os
import re
import sys

import pytest

from queuectl.engine.output import trim
from queuectl.engine.runner import Limits, Run
from queuectl.model.admission import Room
from queuectl.model.job import JobSpec, OutcomeKind
from queuectl.model.state import State
from queuectl.platform.environment import Environment
from queuectl.platform.process import Process
from tests.hosts import PATIENCE, run_cli, until

pytestmark = pytest.mark.posix


@pytest.fixture
def run(jobs, start_host):
    """Run one job to its end and return it, its last attempt and its log."""
    start_host("serve", "--no-drop", "--workers", "2")

    def run_job(command, **fields):
        job = jobs.add(command, **{"max_retries": 0, **fields})
        [ended] = jobs.wait([job.id], PATIENCE)
        return ended, jobs.attempts(job.id)[-1], jobs.paths.log(job.id, ended.runs).read_bytes()

    return run_job


def test_a_command_is_run_by_the_shell_and_its_output_kept_in_order(run):
    job, attempt, log = run("echo one; echo two >&2; echo three | cat")
    assert job.state is State.COMPLETED
    assert log == b"one\ntwo\nthree\n"
    assert attempt.tail == "one\ntwo\nthree\n"
    assert attempt.output_bytes == 14


def test_argv_is_run_as_it_is(run):
    job, _, log = run([sys.executable, "-c", "import sys; print(sys.argv[1:])", "a b", "$HOME", "*"])
    assert job.state is State.COMPLETED
    assert log == b"['a b', '$HOME', '*']\n"


def test_a_job_knows_who_it_is_and_has_the_caller_s_path(run, tmp_path):
    job, _, log = run("echo $QUEUECTL_JOB_ID $QUEUECTL_ATTEMPT $QUEUECTL_QUEUE $PATH $MINE; pwd",
                      path="/nowhere:/usr/bin:/bin", env={"MINE": "own"}, queue="video", cwd=str(tmp_path))  # fmt: skip
    assert log.decode() == f"{job.id} 1 video /nowhere:/usr/bin:/bin own\n{tmp_path}\n"


def test_another_shell(run):
    job, _, log = run("[[ abc == a* ]] && echo matched", shell="bash")
    assert job.state is State.COMPLETED
    assert log == b"matched\n"


def test_a_folder_that_is_gone(run, tmp_path):
    job, attempt, log = run("true", cwd=str(tmp_path / "gone"))
    assert job.state is State.DEAD
    assert f"the working directory {tmp_path / 'gone'} does not exist" in job.reason
    assert attempt.exit_code is None
    assert b"does not exist" in log


def test_a_program_that_does_not_exist(run):
    job, _, log = run(["no-such-program", "x"])
    assert job.state is State.DEAD
    assert "there is no program 'no-such-program'" in job.reason
    assert b"no-such-program" in log
    shell_job, attempt, _ = run("no-such-program")
    assert attempt.exit_code == 127
    assert shell_job.reason == "exit code 127"


def test_a_shell_that_does_not_exist(run):
    job, _, _ = run("true", shell="/no/such/shell")
    assert job.state is State.DEAD
    assert "/no/such/shell" in job.reason


def test_a_program_that_may_not_be_run(run, tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o600)
    job, _, _ = run([str(script)])
    assert job.reason == f"could not start '{script}': Permission denied"


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_log_on_a_full_disk_leaves_no_process_to_itself(jobs, tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Process, "set_niceness", refuse)
    jobs.enqueue([JobSpec(command=f"sleep 0.2; echo ended > {tmp_path / 'ended'}", nice=-5)])
    [job] = jobs.store.claim("host", Room(workers=1, free=1), lease=60)
    (tmp_path / "1.log").symlink_to("/dev/full")
    limits, environ = Limits.of(jobs.settings()), Environment({"PATH": "/usr/bin:/bin"})
    outcome = Run(job, tmp_path / "1.log", limits=limits, environ=environ, clock=jobs.clock).execute()
    assert outcome.kind is OutcomeKind.COMPLETED
    assert (tmp_path / "ended").exists()


def test_a_signal_is_named(run):
    job, attempt, _ = run("kill -SEGV $$")
    assert job.reason == "killed by SIGSEGV"
    assert attempt.exit_code == 128 + 11


def test_output_that_is_not_utf8_is_kept_as_it_is_and_shown_as_well_as_can_be(run):
    job, attempt, log = run(r"printf 'caf\351 \000 \377\n'")
    assert job.state is State.COMPLETED
    assert log == b"caf\xe9 \x00 \xff\n"
    assert attempt.tail == "caf\ufffd \ufffd \ufffd\n"


def test_a_command_of_a_megabyte(run):
    job, _, log = run(f"# {'x' * 1_000_000}\necho done 'it''s'; exit 0")
    assert job.state is State.COMPLETED, job.reason
    assert log == b"done its\n"


def test_the_job_s_own_timeout_counts_from_its_start(run):
    job, attempt, _ = run("sleep 1000", timeout=0.1)
    assert attempt.outcome is OutcomeKind.TIMEOUT
    assert job.reason == "ran longer than its timeout of 0.1s"


def test_the_timeout_setting_is_for_jobs_without_one(jobs, run):
    jobs.set_setting("timeout", "0.2s")
    _, attempt, _ = run("sleep 1000")
    assert attempt.outcome is OutcomeKind.TIMEOUT
    assert run("sleep 0.4", timeout=30)[0].state is State.COMPLETED
    assert run("sleep 0.4", timeout=0)[0].state is State.COMPLETED


def test_a_log_keeps_its_head_and_its_newest_part(jobs, run):
    jobs.set_setting("log_max_bytes", "64KiB")
    job, attempt, log = run("echo first line; seq 1 200000; echo last line")
    assert job.state is State.COMPLETED
    assert len(log) <= 64 * 1024
    assert log.startswith(b"first line\n1\n2\n")
    assert log.endswith(b"\n200000\nlast line\n")
    assert b"[... queuectl dropped 00000000000" in log
    assert attempt.tail.endswith("last line\n")


def test_a_log_stays_small_while_the_job_writes_on(jobs, start_host):
    jobs.set_setting("log_max_bytes", "64KiB")
    start_host("serve", "--no-drop")
    job = jobs.add("echo first line; while :; do seq 1 2000; sleep 0.02; done", max_retries=0)
    log = jobs.paths.log(job.id, 1)

    def dropped():
        return int((re.findall(rb"queuectl dropped (\d{20})", log.read_bytes() if log.exists() else b"") or [0])[-1])

    for _ in range(3):
        before = dropped()
        until(lambda before=before: dropped() > before, "the next cut")
    assert log.read_bytes().startswith(b"first line\n")
    jobs.cancel(job.id)
    assert jobs.wait([job.id], PATIENCE)[0].state is State.CANCELLED


def test_a_cut_log_says_how_much_was_dropped(tmp_path):
    descriptor = os.open(tmp_path / "log", os.O_CREAT | os.O_RDWR | os.O_APPEND)
    written = 0
    for _ in range(5):
        os.write(descriptor, b"x" * 10_000)
        written += 10_000
        trim(descriptor, 8192)
    data = (tmp_path / "log").read_bytes()
    assert len(data) <= 8192
    mark = data.index(b"dropped ") + len(b"dropped ")
    dropped = int(data[mark : mark + 20])
    kept = len(data.replace(data[data.index(b"\n[...") : data.index(b"...]\n") + 5], b""))
    assert abs(dropped + kept - written) <= 5 * 60  # earlier marks lie within what was dropped
    os.close(descriptor)


def test_logs_follows_a_running_job_through_its_retries(jobs, start_host, tmp_path):
    start_host("serve", "--no-drop")
    once = f"test -e {tmp_path}/x || {{ touch {tmp_path}/x; exit 1; }}"
    job = jobs.add(f"echo run $QUEUECTL_ATTEMPT; sleep 0.3; echo end; {once}", backoff_base=0.5)
    done = run_cli("logs", str(job.id), "--follow")
    assert done.returncode == 0
    assert done.out == "run 1\nend\nrun 2\nend\n"
