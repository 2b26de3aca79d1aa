"""Retry policies of single jobs, and what runs afterwards."""

import json
import sys
from datetime import datetime
from itertools import pairwise

import pytest

from tests.hosts import run_cli


def test_exit_codes_that_are_fine_and_exit_codes_that_are_hopeless(enqueue, burst, show):
    fine = enqueue("exit 3", "--ok-on", "3,4")
    hopeless = enqueue("exit 2", "--dead-on", "2,64")
    burst()
    assert (show(fine)["state"], show(fine)["exit_code"]) == ("completed", 3)
    assert (show(hopeless)["state"], show(hopeless)["attempts"]) == ("dead", 1)
    assert "dead_on" in show(hopeless)["reason"]


@pytest.mark.parametrize(
    ("kind", "waits"), [("fixed", [0.2, 0.2]), ("linear", [0.2, 0.4]), ("exponential", [0.2, 0.04])]
)
def test_waits_grow_as_wished(enqueue, burst, show, kind, waits):
    job = enqueue("exit 1", "--max-retries", "2", "--backoff", kind, "--backoff-base", "0.2")
    burst()
    told = [event["verb"] for event in show(job)["history"] if event["verb"] in {"failed", "promote"}]
    assert told[:4] == ["failed", "promote"] * 2
    runs = [
        (datetime.fromisoformat(run["started_at"]), datetime.fromisoformat(run["finished_at"]))
        for run in show(job)["runs_list"]
    ]
    gaps = [(began - ended).total_seconds() for (_, ended), (began, _) in pairwise(runs)]
    assert all(gap >= wait - 0.002 for gap, wait in zip(gaps, waits, strict=True))


@pytest.mark.posix
def test_a_job_s_own_patience_with_its_end(enqueue, burst, show):
    stubborn = "trap '' TERM; while :; do sleep 0.05; done"
    job = enqueue(stubborn, "--timeout", "0.2s", "--kill-after", "0s", "--max-retries", "0")
    run_cli("config", "set", "kill-grace", "30s", check=True)
    burst()
    assert (show(job)["state"], show(job)["runs_list"][0]["outcome"]) == ("dead", "timeout")


TELL = (
    "import os; print(*(os.environ.get(name, '-') for name in ('JOB_EVENT', 'JOB_ID', 'JOB_STATE', 'JOB_EXIT_CODE')))"
)


@pytest.fixture
def teller(tmp_path):
    script = tmp_path / "tell.py"
    script.write_text(TELL, encoding="utf-8")
    return f'"{sys.executable}" "{script}"' if sys.platform != "win32" else f"{sys.executable} {script}"


def hooks():
    ids = [job["id"] for job in run_cli("list", "-q", "hooks", "--json").json()]
    return sorted(run_cli("logs", str(job)).out.strip() for job in ids)


def test_hooks_of_a_job_tell_what_became_of_it(enqueue, burst, teller):
    good = enqueue("exit 0", "--on-success", teller, "--on-failure", teller)
    bad = enqueue("exit 7", "--max-retries", "1", "--backoff-base", "0", "--on-failure", teller, "--on-dead", teller)
    burst()
    assert hooks() == sorted(
        [f"success {good} completed 0", f"failure {bad} failed 7", f"failure {bad} dead 7", f"dead {bad} dead 7"]
    )


def test_hooks_of_all_jobs_and_of_an_empty_queue(enqueue, burst, teller):
    run_cli("config", "set", "on-success", teller, check=True)
    run_cli("config", "set", "on-empty", teller, check=True)
    jobs = [enqueue(f"echo {number}") for number in range(3)]
    burst()
    assert hooks() == sorted([*(f"success {job} completed 0" for job in jobs), "empty - - -"])


def test_a_hook_that_fails_or_hangs_changes_nothing_and_is_kept(enqueue, burst, show):
    run_cli("config", "set", "hook-timeout", "1s", check=True)
    hang = f'"{sys.executable}" -c "import time; time.sleep(99)"'
    jobs = [enqueue("exit 0", "--on-success", command) for command in ("exit 9", hang)]
    burst()
    assert [show(job)["state"] for job in jobs] == ["completed", "completed"]
    found = run_cli("list", "-q", "hooks", "--json").json()
    assert sorted((job["state"], job["reason"].split()[0]) for job in found) == [("dead", "exit"), ("dead", "ran")]
    assert all(job["attempts"] == 1 for job in found)


def test_hooks_run_while_all_is_paused(enqueue, burst, show, teller):
    job = enqueue("exit 0", "--on-success", teller)
    burst(1, "--limit", "1")  # the hook is left
    run_cli("pause", check=True)
    burst(1)
    assert hooks() == [f"success {job} completed 0"]


def test_a_hook_tells_of_a_job_whose_directory_is_gone(enqueue, burst, show, teller, tmp_path):
    (tmp_path / "gone").mkdir()
    job = enqueue("exit 0", "--cwd", tmp_path / "gone", "--max-retries", "0", "--on-dead", teller)
    (tmp_path / "gone").rmdir()
    burst()
    assert (show(job)["state"], show(job + 1)["state"]) == ("dead", "completed")


def test_a_worker_s_limit_counts_jobs_and_not_what_runs_after_them(enqueue, show):
    jobs = [enqueue("exit 0", "--on-success", "exit 0") for _ in range(3)]
    run_cli("worker", "start", "-c", "1", "--poll", "50ms", "--limit", "2", check=True)
    assert [show(job)["state"] for job in jobs] == ["completed", "completed", "pending"]
    assert [show(jobs[-1] + n)["state"] for n in (1, 2)] == ["completed", "completed"]


def test_hooks_run_whatever_limit_their_queue_was_given(enqueue, burst, show):
    run_cli("queue", "set", "hooks", "--limit", "0", check=True)
    jobs = [enqueue("exit 0", "--on-success", "exit 0") for _ in range(3)]
    burst(1)
    assert {show(jobs[0] + n)["state"] for n in range(6)} == {"completed"}


@pytest.mark.posix
def test_what_a_job_asks_of_queuectl_it_asks_of_its_own_queue(enqueue, show, tmp_path):
    database = ("--db", str(tmp_path / "other.db"))
    inner = f"{sys.executable} -m queuectl"
    job = enqueue(f"{inner} enqueue true && {inner} config get progress && {inner} progress 50%", *database)
    run_cli("worker", "start", "-c", "1", "--limit", "1", *database, check=True)
    listed = json.loads(run_cli("list", "--json", *database, check=True).out)
    assert [one["state"] for one in listed] == ["pending", "completed"], run_cli("logs", str(job), *database).out
