"""What a Job Object promises on Windows."""

import subprocess
import sys

import pytest

from queuectl.platform.process import kill_remains, shell_command
from tests.support import Output, is_alive

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="Job Objects are for Windows")

HOST = """
import os, sys
from queuectl.platform.process import spawn
job = "import time; print('ready', flush=True); time.sleep(1000)"
process = spawn([sys.executable, "-c", job], cwd=None, env=os.environ, stdout=1)
print(process.pid, flush=True)
sys.stdin.read()
"""


def test_the_death_of_the_host_takes_its_jobs_along():
    output = Output()
    with subprocess.Popen([sys.executable, "-c", HOST], stdin=subprocess.PIPE, stdout=output.fd) as host:
        pid = int(min(output.line(), output.line()))
        host.kill()
    assert output.ends()
    assert not is_alive(pid)


def test_a_detached_grandchild_does_not_leave_the_tree(start):
    detach = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    program = f"""
import subprocess, sys
sleep = [sys.executable, "-c", "import time; time.sleep(1000)"]
print(subprocess.Popen(sleep, stdout=sys.stdout, creationflags={detach}).pid, flush=True)
"""
    job = start([sys.executable, "-c", program])
    assert job.process.wait() == 0
    assert not is_alive(int(job.line()))
    assert job.output.ends()


def test_cmd_gets_the_command_as_it_is(start):
    job = start(shell_command('echo a^&b "c & d" %WORD% & exit /b 9', "cmd"), WORD="w")
    assert job.line().rstrip() == 'a&b "c & d" w'
    assert job.process.wait() == 9


def test_a_polite_request_that_nobody_hears_does_no_harm(start):
    job = start([sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(1000)"])
    job.line()
    job.process.terminate()
    job.kill()
    assert job.process.wait() != 0


def test_what_is_left_of_a_dead_hosts_job_is_killed_by_pid_and_creation(start):
    job = start([sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(1000)"])
    job.line()
    pid, created = job.process.pid, job.process.created()
    assert kill_remains(pid, created - 1, job.token)
    assert is_alive(pid)
    assert kill_remains(pid, created, job.token)
    assert not is_alive(pid)
    assert kill_remains(None, None, job.token)
