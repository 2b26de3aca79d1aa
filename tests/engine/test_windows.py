"""What a host promises on Windows, where jobs are run by cmd.exe and held by Job Objects."""

import sys

import pytest

from queuectl.model.job import JobSpec
from queuectl.model.state import State
from tests.hosts import PATIENCE, run_cli, until, waits_for
from tests.support import is_alive

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="cmd.exe is for Windows")

FAMILY = """
import os, subprocess, sys
sleep = "import os, time; print(os.getpid(), flush=True); time.sleep(1000)"
child = subprocess.Popen([sys.executable, "-c", sleep], creationflags=subprocess.CREATE_NEW_PROCESS_GROUP)
print(os.getpid(), flush=True)
child.wait()
"""


@pytest.fixture
def family(jobs):
    """Return a function that starts a job with a child of its own, and returns it with both pids."""

    def start(**fields):
        [job] = jobs.enqueue([JobSpec(argv=(sys.executable, "-c", FAMILY), max_retries=0, **fields)])
        log = jobs.paths.log(job.id, 1)
        pids = until(lambda: log.exists() and len(found := log.read_text().split()) == 2 and found, "both processes")
        return job, [int(pid) for pid in pids]

    return start


def output(jobs, job):
    return jobs.paths.log(job.id, 1).read_bytes().decode().splitlines()


def test_a_command_is_run_by_cmd_and_its_output_kept_in_order(jobs, start_host, tmp_path):
    start_host()
    job = jobs.add('echo "one" & echo two 1>&2 & echo %OS%& cd & exit /b 3', cwd=str(tmp_path), max_retries=0)
    ended = jobs.wait([job.id], PATIENCE)[0]
    assert ended.state is State.DEAD
    assert ended.exit_code == 3
    assert [line.rstrip() for line in output(jobs, job)] == ['"one"', "two", "Windows_NT", str(tmp_path)]


def test_argv_is_run_as_it_is(jobs, start_host):
    start_host()
    words = ("a b", 'say "hi"', "%OS%", "c:\\d\\", "ä&|<>^")
    program = "import sys; sys.stdout.reconfigure(encoding='utf-8'); print(*sys.argv[1:], sep='\\n')"
    [job] = jobs.enqueue([JobSpec(argv=(sys.executable, "-c", program, *words))])
    assert jobs.wait([job.id], PATIENCE)[0].state is State.COMPLETED
    assert output(jobs, job) == list(words)


def test_a_job_knows_who_it_is(jobs, start_host):
    start_host()
    job = jobs.add("echo %QUEUECTL_JOB_ID% %QUEUECTL_ATTEMPT% %QUEUECTL_QUEUE%", queue="video")
    jobs.wait([job.id], PATIENCE)
    assert output(jobs, job) == [f"{job.id} 1 video"]


def test_p6_a_timeout_takes_the_whole_tree(jobs, start_host, family):
    start_host()
    job, pids = family(timeout=3.0)
    ended = jobs.wait([job.id], PATIENCE)[0]
    assert ended.state is State.DEAD
    assert ended.reason.startswith("ran longer")
    assert [pid for pid in pids if is_alive(pid)] == []


def test_p6_cancelling_takes_the_whole_tree(jobs, start_host, family):
    start_host()
    job, pids = family()
    run_cli("cancel", str(job.id), check=True)
    assert jobs.wait([job.id], PATIENCE)[0].state is State.CANCELLED
    assert [pid for pid in pids if is_alive(pid)] == []


def test_p5_the_jobs_of_a_dead_host_end_with_it_and_another_host_takes_them_over(jobs, start_host, family, tmp_path):
    host = start_host()
    _, pids = family()
    gate = tmp_path / "gate"
    [job] = jobs.enqueue([waits_for(gate)])
    until(lambda: jobs.find(job.id).state is State.PROCESSING, "the start")
    host.kill()
    until(lambda: not any(is_alive(pid) for pid in pids), "the end of its processes")
    gate.touch()
    start_host()
    ended = jobs.wait([job.id], PATIENCE)[0]
    assert ended.state is State.COMPLETED
    assert ended.attempts == 2


def test_p7_a_graceful_stop_spends_no_attempt(jobs, start_host, family):
    host = start_host()
    job, pids = family()
    assert host.terminate() == 0
    put_back = jobs.find(job.id)
    assert put_back.state is State.PENDING
    assert put_back.attempts == 0
    assert [pid for pid in pids if is_alive(pid)] == []
