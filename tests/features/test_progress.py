"""How far a job is: reported, read from its output, shown where somebody looks."""

import os
import shlex
import sys

import pytest

from tests.conftest import need
from tests.hosts import CLI, run_cli, until

STEPS = """
import os, subprocess, sys, time
with open(os.environ["QUEUECTL_PROGRESS"], "a") as reports:
    for line in ("nonsense", "0.1 first", "1/4 files <b>"):
        print(line, file=reports, flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
sys.exit(subprocess.run([sys.executable, "-m", "queuectl", "progress", "75%", "almost", "there"]).returncode)
"""
OUTPUT = """
import os, sys, time
print("100% of tests, disk 93% full")
for percent in (10, 20, 40):
    print(f"\\r{percent}% done", end="", flush=True)
    time.sleep(0.05)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
"""


def test_a_job_reports_by_file_and_by_command(enqueue, host, show, tmp_path):
    flag = tmp_path / "flag"
    job = enqueue("--", sys.executable, "-c", STEPS, flag)
    host("worker", "start", "--poll", "50ms")
    until(lambda: show(job)["progress"] == 0.25, "the last report that makes sense")
    assert show(job)["progress_text"] == "1/4 files <b>"
    assert "25% 1/4 files <b>" in run_cli("list").out
    flag.touch()
    until(lambda: show(job)["state"] == "completed", "its end")
    assert run_cli("logs", str(job)).out == ""


def test_percentages_in_the_output_count_when_that_is_wished(enqueue, host, show, tmp_path):
    flag = tmp_path / "flag"
    plain = enqueue("--", sys.executable, "-c", OUTPUT, flag)
    wished = enqueue("--progress", "auto", "--", sys.executable, "-c", OUTPUT, flag)
    host("worker", "start", "-c", "2", "--poll", "50ms")
    until(lambda: show(wished)["progress"] == 0.4, "the last percentage")
    assert show(plain)["progress"] is None
    flag.touch()
    until(lambda: show(wished)["state"] == show(plain)["state"] == "completed", "their end")


@pytest.mark.parametrize(("args", "code"), [(["nonsense"], 2), (["42"], 2), (["0.5"], 6)])
def test_outside_of_a_job_or_without_a_number_it_says_so(args, code):
    refused = run_cli("progress", *args)
    assert refused.returncode == code
    assert refused.err.startswith("error: ")


@pytest.mark.posix
def test_wait_and_status_draw_bars_on_a_terminal(enqueue, host, show, tmp_path):
    tmux, flag = need("tmux"), tmp_path / "flag"
    job = enqueue("--name", "steps", "--", sys.executable, "-c", STEPS, flag)
    host("worker", "start", "--poll", "50ms")
    until(lambda: show(job)["progress"] == 0.25, "a report")
    screens = {}
    for name, words in (("status", ["status", "--watch"]), ("wait", ["wait", str(job)])):
        socket = str(tmp_path / f"{name}.tmux")
        shell = shlex.join([*CLI, *words])
        environ = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm-256color"}
        home = os.environ["QUEUECTL_HOME"]
        here = ["-e", f"QUEUECTL_HOME={home}"]
        run(
            tmux,
            "-S",
            socket,
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "110",
            "-y",
            "24",
            *here,
            shell,
            env=environ,
        )
        try:
            screens[name] = until(lambda at=socket: seen(tmux, at, "25%"), f"a bar of {name}")
        finally:
            run(tmux, "-S", socket, "kill-server", env=environ)
    flag.touch()
    until(lambda: show(job)["state"] == "completed", "its end")
    assert "1/4 files <b>" in screens["status"]
    assert "steps" in screens["wait"]
    assert "\u2501" in screens["status"]
    assert "\u2501" in screens["wait"]


def run(*words, env=None):
    import subprocess

    return subprocess.run(words, capture_output=True, env=env, timeout=30, check=False).stdout.decode()


def seen(tmux, socket, text):
    screen = run(tmux, "-S", socket, "capture-pane", "-p")
    return screen if text in screen else None
