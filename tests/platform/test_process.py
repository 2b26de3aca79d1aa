"""A job's process on any operating system: how it starts, how it ends, and that nothing of it is left then (P6)."""

import os
import sys
import threading
import time

import pytest

from queuectl.platform.process import same_process, shell_command, spawn
from tests.support import PATIENCE, Output, is_alive, running_under_wine

FOR_EVER = "import time; print('ready', flush=True); time.sleep(1000)"
WITH_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], stdout=sys.stdout)
print(child.pid, flush=True)
"""


def python(program):
    return [sys.executable, "-c", program]


def in_threads(*actions):
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)


def test_it_ends_with_its_exit_code(start):
    assert [start(python(f"raise SystemExit({code})")).process.wait() for code in (0, 3)] == [0, 3]


def test_both_its_outputs_go_to_one_file_and_its_input_is_empty(start):
    program = "import os, sys; os.write(1, b'one\\n'); os.write(2, b'two\\n'); print(sys.stdin.read() + 'end')"
    job = start(python(program))
    assert [job.line(), job.line(), job.line()] == ["one", "two", "end"]


def test_it_gets_its_folder_and_exactly_its_environment(tmp_path, monkeypatch):
    environ = {**os.environ, "GREETING": "h\u00e9"}
    monkeypatch.setenv("OF_THIS_PROCESS", "1")
    program = "import os; print(os.getcwd(), ascii(os.environ['GREETING']), 'OF_THIS_PROCESS' in os.environ, sep='\\n')"
    output = Output()
    process = spawn(python(program), cwd=str(tmp_path), env=environ, stdout=output.fd)
    assert tmp_path.samefile(output.line())
    assert [output.line(), output.line()] == ["'h\\xe9'", "False"]
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("argv", "cwd"),
    [
        pytest.param(["no-such-program-anywhere"], None, id="no such program"),
        pytest.param([sys.executable], "no/such/folder", id="no such folder"),
        pytest.param([sys.executable], __file__, id="a file as folder"),
        pytest.param(
            [sys.executable, "x" * 3_000_000],
            None,
            id="too long an argument",
            marks=pytest.mark.skipif(running_under_wine(), reason="Wine has no limit on a command line"),
        ),
    ],
)
def test_what_cannot_start_says_why(start, argv, cwd):
    with pytest.raises(OSError):
        start(argv, cwd=cwd)


def test_the_systems_shell_runs_a_command_with_quotes(start):
    job = start(shell_command('echo "one  two" && exit 5', ""))
    assert job.line().replace('"', "").strip() == "one  two"  # cmd.exe prints the quotes
    assert job.process.wait() == 5


def test_a_normal_end_leaves_no_child(start):
    job = start(python(WITH_A_CHILD + "sys.exit(4)"))
    assert job.process.wait() == 4
    assert not is_alive(int(job.line()))
    assert job.output.ends()


def test_a_kill_takes_the_children_along(start):
    job = start(python(WITH_A_CHILD + "time.sleep(1000)"))
    child = int(job.line())
    job.kill()
    assert job.process.wait() != 0
    assert not is_alive(child)
    assert job.output.ends()


def test_a_kill_from_another_thread_ends_the_wait(start):
    job = start(python(FOR_EVER))
    codes = []
    in_threads(lambda: codes.append(job.process.wait()), lambda: (job.line(), job.kill()))
    assert codes != [0]


def test_all_who_wait_get_the_exit_code(start):
    job = start(python("raise SystemExit(6)"))
    codes = []
    in_threads(*[lambda: codes.append(job.process.wait())] * 4)
    assert codes == [6] * 4
    assert job.process.wait() == 6


def test_after_its_end_nothing_is_done_to_it(start):
    job = start(python("raise SystemExit(2)"))
    job.process.wait()
    job.process.terminate()
    job.kill()
    assert job.process.wait() == 2
    assert job.process.created() is None


def test_its_pid_and_creation_name_it_for_good(start):
    before = time.time()
    job = start(python(FOR_EVER))
    job.line()
    created = job.process.created()
    assert before - 2 < created < time.time() + 2
    assert job.process.created() == pytest.approx(created, abs=0.01)
    assert same_process(job.process.pid, created)
    assert not same_process(job.process.pid, created - 60)
    assert not same_process(job.process.pid, None)
    job.kill()
    job.process.wait()
    assert not same_process(job.process.pid, created)


@pytest.mark.parametrize("program", ["pass", FOR_EVER])
def test_ends_kills_and_polite_requests_may_come_in_any_order(start, program):
    for _ in range(5):
        job = start(python(program))
        in_threads(*[job.kill, job.process.wait, job.process.terminate, job.process.created] * 2)
        assert job.output.ends()
