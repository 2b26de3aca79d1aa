"""What a job's process group promises on POSIX."""

import os
import signal
import threading

import psutil
import pytest

from queuectl.platform.process import kill_marked
from tests.support import PATIENCE, SETSID, SLEEP, is_alive

pytestmark = pytest.mark.posix

IGNORANT = f"trap '' TERM HUP INT; {SLEEP}"


def sh(command):
    return ["/bin/sh", "-c", command]


def test_it_leads_a_session_of_its_own(start):
    job = start(sh(SLEEP))
    assert int(job.line()) == os.getsid(job.process.pid) == os.getpgid(job.process.pid) == job.process.pid


def test_the_signal_that_ended_it_is_its_exit_code(start):
    assert start(sh("kill -USR1 $$")).process.wait() == -signal.SIGUSR1


def test_what_a_shell_leaves_in_the_background_ends_with_it(start):
    job = start(sh("sleep 1000 & echo $!"))
    assert job.process.wait() == 0
    assert not is_alive(int(job.line()))
    assert job.output.ends()


def test_what_ignores_every_polite_signal_ends_with_it(start):
    job = start(sh('trap "" TERM; sh -c "$CHILD" & wait'), CHILD=IGNORANT)
    child = int(job.line())
    job.process.terminate()
    assert is_alive(child)
    os.kill(job.process.pid, signal.SIGKILL)
    assert job.process.wait() == -signal.SIGKILL
    assert not is_alive(child)
    assert job.output.ends()


def test_a_polite_request_lets_it_clean_up(start):
    job = start(sh("trap 'exit 7' TERM; echo ready; sleep 1000 & wait"))
    job.line()
    job.process.terminate()
    assert job.process.wait() == 7


def test_a_polite_request_reaches_the_whole_group(start):
    job = start(sh('trap : TERM; sh -c "$CHILD" & wait; wait; exit 3'), CHILD=SLEEP)
    job.line()
    job.process.terminate()
    assert job.process.wait() == 3  # which comes when the child has ended too


def test_a_polite_request_wakes_what_is_stopped(start):
    job = start(sh("kill -STOP $$; sleep 1000"))
    os.waitpid(job.process.pid, os.WUNTRACED)
    job.process.terminate()
    assert job.process.wait() == -signal.SIGTERM


def test_a_kill_finds_what_left_the_session(start):
    job = start(sh(f'{SETSID} sh -c "$CHILD" & wait'), CHILD=IGNORANT)
    stray = int(job.line())
    assert os.getsid(stray) != job.process.pid
    job.kill()
    job.process.wait()
    assert not is_alive(stray)
    assert job.output.ends()


def test_a_kill_finds_a_descendant_that_left_the_session_and_forgot_its_environment(start):
    job = start(sh(f"env -i {SETSID} /bin/sh -c 'echo $$; exec sleep 1000' & wait"))
    stray = int(job.line())
    job.kill()
    job.process.wait()
    assert job.output.ends()
    assert not is_alive(stray)


def test_what_left_the_session_before_a_normal_end_is_found_by_its_token(start, tmp_path):
    os.mkfifo(tmp_path / "gone")
    job = start(sh(f'{SETSID} sh -c "$CHILD" & read line < gone'), cwd=str(tmp_path), CHILD=f"echo > gone; {SLEEP}")
    assert job.process.wait() == 0
    stray = int(job.line())
    assert is_alive(stray)
    assert kill_marked([job.token]) == 1
    assert not is_alive(stray)
    assert job.output.ends()


def test_wait_does_not_return_in_the_midst_of_a_kill(start, monkeypatch):
    job = start(sh(SLEEP))
    order, go = [], threading.Event()

    def slow_kill(pid, _token):
        os.killpg(pid, signal.SIGKILL)
        assert go.wait(PATIENCE)
        order.append("killed")

    monkeypatch.setattr("queuectl.platform.process_posix.kill_tree", slow_kill)
    killer = threading.Thread(target=job.kill)
    waiter = threading.Thread(target=lambda: (job.process.wait(), order.append("waited")))
    killer.start()
    assert job.output.ends()
    waiter.start()
    waiter.join(0.1)
    go.set()
    killer.join(PATIENCE)
    waiter.join(PATIENCE)
    assert order == ["killed", "waited"]


def test_no_signal_is_sent_to_a_pid_that_was_reaped(start, monkeypatch):
    sent, killpg = [], os.killpg

    def record(pid, number):
        sent.append((number, psutil.pid_exists(pid)))  # a zombie exists: nobody else gets its pid
        killpg(pid, number)

    monkeypatch.setattr(os, "killpg", record)
    for _ in range(30):
        job = start(sh("sleep 1000 &"))
        actions = [job.process.terminate, job.process.wait, job.kill] * 2
        threads = [threading.Thread(target=action) for action in actions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    assert {number for number, exists in sent if exists} >= {signal.SIGTERM, signal.SIGCONT, signal.SIGKILL}
    assert {number for number, exists in sent if not exists} <= {0}  # which only asks


def test_no_other_file_of_this_process_reaches_it(start):
    read, write = os.pipe()
    os.set_inheritable(write, True)
    start(sh(SLEEP)).line()
    os.close(write)
    assert os.read(read, 1) == b""
    os.close(read)
