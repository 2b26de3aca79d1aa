"""What is left of a job whose host died is found and killed, and nothing else is."""

import os
import subprocess
import sys

import psutil
import pytest

from queuectl.platform.process import MARKER, created_at, kill_marked, kill_remains, same_process
from tests.support import SETSID, SLEEP, Output, is_alive

pytestmark = pytest.mark.posix

HOST = r"""
import os, sys
from queuectl.platform.process import spawn
process = spawn(["/bin/sh", "-c", sys.argv[1]], cwd=None, env=os.environ, stdout=1)
os.write(1, f"pid {process.pid} {process.created()}\n".encode())
process.wait()
"""


def sh(command):
    return ["/bin/sh", "-c", command]


def dead_host(token, command, *, lines, **env):
    """Run a host that starts a job, and kill it after some lines of the job; return pid, creation, lines, output."""
    output = Output()
    environ = {**os.environ, MARKER: token, **env}
    with subprocess.Popen([sys.executable, "-c", HOST, command], stdout=output.fd, env=environ) as host:
        said = sorted(output.line() for _ in range(lines + 1))
        host.kill()
    _, pid, created = said.pop().split()
    return int(pid), float(created), [int(line) for line in said], output


def test_all_of_a_dead_hosts_job_is_killed():
    command = f"""{SETSID} sh -c "$CHILD" & sh -c "$CHILD" & trap '' TERM; wait; wait"""
    pid, created, others, output = dead_host("remains-1", command, lines=2, CHILD=SLEEP)
    assert all(map(is_alive, [pid, *others]))
    assert kill_remains(pid, created, "remains-1")
    assert not any(map(is_alive, [pid, *others]))
    assert output.ends()


def test_the_token_alone_finds_it():
    pid, _, _, output = dead_host("remains-2", SLEEP, lines=1)
    assert is_alive(pid)
    assert kill_remains(None, None, "remains-2")
    assert not is_alive(pid)
    assert output.ends()


def test_the_pid_and_creation_alone_find_it_and_its_children():
    command = f"""unset {MARKER}; exec sh -c "$PARENT" """
    parent = f"{SETSID} sleep 1000 & echo $!; wait"
    pid, created, (child,), output = dead_host("remains-3", command, lines=1, PARENT=parent)
    assert kill_remains(pid, created, "another token")
    assert not any(map(is_alive, (pid, child)))
    assert output.ends()


def test_another_process_that_got_the_pid_is_left_alone(start):
    job = start(["sleep", "1000"])
    assert kill_remains(job.process.pid, job.process.created() - 60, "some other token")
    assert kill_remains(job.process.pid, None, "some other token")
    assert is_alive(job.process.pid)


def test_where_nothing_is_left_nothing_is_done(start):
    job = start(["true"])
    pid, created = job.process.pid, job.process.created()
    job.process.wait()
    assert kill_remains(pid, created, job.token)
    assert kill_marked([job.token]) == 0
    assert kill_marked([]) == 0


def test_only_the_ended_attempts_tokens_are_hunted(start):
    ended, running = start(sh(SLEEP)), start(sh(SLEEP))
    ended.line()
    running.line()
    assert kill_marked([ended.token, "unknown"]) == 1
    assert ended.process.wait() == -9
    assert is_alive(running.process.pid)


def test_a_token_counts_only_as_the_whole_value_of_its_variable(start):
    job = start(sh(SLEEP), **{f"X{MARKER}": "hunted", "OTHER": f"{MARKER}=hunted", MARKER: "hunted-not"})
    job.line()
    assert kill_marked(["hunted", "hunt", ""]) == 0
    assert is_alive(job.process.pid)


def test_what_forks_while_it_is_hunted_is_gone_in_the_end(start):
    forks = "echo on; while :; do (sleep 0.01; :) & wait; done"
    spreads = "n=0; echo on; while [ $n -lt 100 ]; do (sleep 1000; :) & n=$((n+1)); done; wait"
    command = f'{SETSID} sh -c "$SPREADS" & {SETSID} sh -c "$FORKS" & wait'
    job = start(sh(command), SPREADS=spreads, FORKS=forks)
    assert [job.line(), job.line()] == ["on", "on"]
    job.kill()
    job.process.wait()
    assert job.output.ends()
    assert kill_marked([job.token]) == 0


def test_this_process_is_never_killed(monkeypatch):
    monkeypatch.setattr("queuectl.platform.process_remains._token", lambda pid: "mine" if pid == os.getpid() else None)
    assert kill_marked(["mine"]) == 0


def test_the_creation_of_a_process_is_what_psutil_says_to_a_second():
    assert created_at(os.getpid()) == pytest.approx(psutil.Process().create_time(), abs=1.1)
    assert created_at(os.getpid()) == pytest.approx(created_at(os.getpid()), abs=0.01)


def test_a_clock_that_was_set_a_little_confuses_nobody(start):
    job = start(["sleep", "1000"])
    assert same_process(job.process.pid, job.process.created() + 1)
