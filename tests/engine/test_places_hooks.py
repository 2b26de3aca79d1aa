"""What runs after jobs of a queue that machines share: where, and that it runs on none that was not told to."""

import json
import queue
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from queuectl.engine.reaper import Reaper
from queuectl.model.hooks import HOOKS
from queuectl.model.state import State
from queuectl.platform import machine
from queuectl.queue import Queue
from queuectl.store.types import HostRow, JobFilter
from tests.hosts import run_cli
from tests.store.conformance.case import LEASE, SettableClock, add, claim

HOUR = timedelta(hours=1)
ROW = HostRow(
    id="there", machine="another", name="gone", kind="serve", pid=1, workers=1, port=None, version="0",
    started_at=datetime.now(UTC), seen_at=datetime.now(UTC), stop=None, dashboard=None,
)  # fmt: skip


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture
def jobs(postgres_url, clock, monkeypatch):
    monkeypatch.setenv("QUEUECTL_DB", postgres_url)
    with Queue.open(clock=clock) as opened:
        yield opened


def hook_of_a_lost_run(jobs, clock, *hosts):
    """Let a job's machine die, have this machine find that, and return what is to run then; ``hosts`` live."""
    jobs.store.add_host(replace(ROW, started_at=clock.now(), seen_at=clock.now()))
    job = add(jobs.store, queue="a", on_failure="echo", max_retries=0)
    assert claim(jobs.store, owner="there")
    now = clock.forward(LEASE * 3)
    for number, (name, queues) in enumerate(hosts):
        jobs.store.add_host(
            replace(ROW, id=f"{number}", machine=f"{number}", name=name, queues=queues, started_at=now, seen_at=now)
        )
    Reaper(jobs, "me", ended_tokens=queue.SimpleQueue()).sweep()
    assert jobs.store.get(job.id).state is not State.PROCESSING
    [hook] = jobs.jobs(JobFilter(queue=HOOKS))
    return hook.spec.machine


def test_it_is_for_this_machine_if_that_runs_the_job_s_queue(jobs, clock):
    hosts = [("other", None), (machine.name(), ("b", "a"))]
    assert hook_of_a_lost_run(jobs, clock, *hosts) == machine.name().lower()


def test_else_for_one_that_lives_and_runs_it(jobs, clock):
    hosts = [(machine.name(), ()), ("third", ("b",)), ("fourth", ("a",))]
    assert hook_of_a_lost_run(jobs, clock, *hosts) == "fourth"


def test_else_for_the_one_that_ran_the_job(jobs, clock):
    assert hook_of_a_lost_run(jobs, clock, (machine.name(), ("b",))) == "gone"


def test_a_queue_of_the_hooks_name_runs_only_where_it_may(postgres_url, monkeypatch):
    monkeypatch.setenv("QUEUECTL_DB", postgres_url)
    monkeypatch.delenv("QUEUECTL_RUN_QUEUES")
    run_cli("config", "set", "on_empty", "echo", check=True)
    mine, after = (json.loads(run_cli("enqueue", *words, "--json", "true", check=True).out) for words in (
        ("--queue", HOOKS), ("--queue", "a", "--on-success", "echo"),
    ))  # fmt: skip
    run_cli("worker", "start", "--queue", "a", "--burst", check=True)
    with Queue.open() as jobs:
        assert jobs.find(mine["id"]).state is State.PENDING
        assert jobs.find(after["id"]).state is State.COMPLETED
        ran = {
            job.spec.name: (job.state, job.spec.machine) for job in jobs.jobs(JobFilter(queue=HOOKS)) if job.spec.name
        }
        done = State.COMPLETED, machine.name().lower()
        assert ran == {"on_empty": done, f"on_success of job {after['id']}": done}
