"""How much runs at once: limits of queues, slots, mutexes, niceness, and workers that take only some."""

import pytest

from tests.hosts import run_cli, until


def test_a_queue_s_limit_holds_across_hosts(enqueue, burst, host, notes):
    run_cli("queue", "set", "video", "--limit", "2", check=True)
    for number in range(8):
        enqueue("-q", "video", *notes.clerk(f"v{number}", 0.1))
    for number in range(4):
        enqueue(*notes.clerk(f"o{number}", 0.1))
    other = host("worker", "start", "-c", "3", "--poll", "50ms", "--burst")
    burst(3)
    assert other.ends() == 0
    assert len(notes.begun()) == 12
    assert notes.most_at_once(lambda name: name.startswith("v")) <= 2


def test_a_queue_s_defaults_are_its_jobs_and_can_go(enqueue, show):
    run_cli("queue", "set", "video", "--default", "timeout=2h", "--default", "max_retries=1", check=True)
    assert (show(enqueue("exit 0", "-q", "video"))["timeout"], show(enqueue("exit 0"))["timeout"]) == (7200.0, None)
    assert show(enqueue("exit 0", "-q", "video", "--max-retries", "7"))["max_retries"] == 7
    run_cli("queue", "set", "video", "--default", "timeout=", check=True)
    assert run_cli("queue", "list", "--json").json()[1]["defaults"] == {"max_retries": 1}
    assert run_cli("queue", "set", "video", "--default", "command=x").returncode == 2


def test_a_paused_queue_rests_and_is_removed_when_it_is_empty(enqueue, burst, show):
    resting, other = enqueue("echo a", "-q", "video"), enqueue("echo b")
    run_cli("queue", "pause", "video", check=True)
    burst()
    assert (show(resting)["state"], show(other)["state"]) == ("pending", "completed")
    run_cli("queue", "resume", "video", check=True)
    assert run_cli("queue", "remove", "video").returncode == 4
    burst()
    run_cli("delete", str(resting), check=True)
    run_cli("queue", "remove", "video", check=True)
    assert [row["name"] for row in run_cli("queue", "list", "--json").json()] == ["default"]


def test_a_large_job_takes_the_room_of_several_and_does_not_starve(enqueue, burst, notes):
    for number in range(6):
        enqueue(*notes.clerk(f"s{number}", 0.2))
    enqueue("--slots", "4", *notes.clerk("large", 0.2))
    for number in range(6, 20):
        enqueue(*notes.clerk(f"s{number}", 0.05))
    burst(4)
    assert notes.most_at_once(lambda name: 4 if name == "large" else 1) <= 4
    assert notes.begun().index("large") == 6


def test_one_at_a_time_of_all_with_a_mutex_across_queues_and_hosts(enqueue, burst, host, notes):
    for number in range(6):
        enqueue("--mutex", "gpu", "-q", f"queue-{number % 2}", *notes.clerk(f"m{number}", 0.05))
        enqueue(*notes.clerk(f"o{number}", 0.05))
    assert sum(row["counts"].get("blocked", 0) for row in run_cli("queue", "list", "--json").json()) == 4
    other = host("worker", "start", "-c", "3", "--poll", "50ms", "--burst")
    burst(3)
    assert other.ends() == 0
    burst(3)  # a burst ends while another host has the mutex
    assert len(notes.begun()) == 12
    assert notes.most_at_once(lambda name: name.startswith("m")) == 1


@pytest.mark.posix
def test_a_nice_job_is_nice(enqueue, burst):
    job = enqueue('while [ "$(nice)" = 0 ]; do :; done; nice; sh -c nice', "--nice", "7")  # it is given when it runs
    burst()
    assert run_cli("logs", str(job)).out.split() == ["7", "7"]


def test_priorities_go_first(enqueue, burst, notes):
    for name, priority in (("low", -1), ("usual", 0), ("high", 9)):
        enqueue("-p", priority, *notes.clerk(name))
    burst(1)
    assert notes.begun() == ["high", "usual", "low"]


def test_a_worker_takes_of_its_queues_only(enqueue, burst, show):
    jobs = [enqueue("echo hi", "-q", name) for name in ("a", "b", "c")]
    burst(1, "--queue", "a,c")
    assert [show(job)["state"] for job in jobs] == ["completed", "pending", "completed"]


def test_a_burst_runs_retries_too(enqueue, burst, show):
    job = enqueue("exit 1", "--max-retries", "2", "--backoff", "fixed", "--backoff-base", "0.1")
    burst()
    assert (show(job)["state"], show(job)["attempts"]) == ("dead", 3)


def test_a_drain_runs_what_is_queued_and_takes_nothing_new(enqueue, host, show, notes):
    first = [enqueue("--on-success", "exit 0", *notes.clerk(f"old{number}", 0.3)) for number in range(3)]
    worker = host("worker", "start", "-c", "1", "--poll", "50ms")
    until(notes.begun, "the first job")
    run_cli("worker", "stop", "--drain", check=True)
    late = enqueue("-p", "9", *notes.clerk("late"))
    assert worker.ends() == 0
    assert [show(job)["state"] for job in first] == ["completed"] * 3
    assert show(late)["state"] == "pending"
    hooks = run_cli("list", "-q", "hooks", "--json").json()
    assert [hook["state"] for hook in hooks] == ["completed"] * 3
