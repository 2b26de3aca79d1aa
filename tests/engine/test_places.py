"""Machines that share a queue: each runs what it was told to, and the jobs that ask for it."""

import shlex
import sys

import pytest

from queuectl.model.job import JobSpec
from queuectl.model.state import State, Verb
from queuectl.platform import machine
from tests.hosts import HostProcess, hosts_of_the_test, run_cli, shared_queue, until, waits_for
from tests.store.conformance.case import claim, end
from tests.support import PATIENCE

pytestmark = pytest.mark.posix


@pytest.fixture
def jobs(postgres_url, monkeypatch):
    with shared_queue(postgres_url, monkeypatch) as opened:
        monkeypatch.delenv("QUEUECTL_RUN_QUEUES")
        yield opened


@pytest.fixture
def start_host(jobs, tmp_path):
    """Start a host on a machine of its own: with a home and settings that no other one has."""
    with hosts_of_the_test() as hosts:

        def start(name, *args, tags="", queues="*"):
            env = {"QUEUECTL_HOME": str(tmp_path / name)}
            for key, value in {"machine_tags": tags, "run_queues": queues}.items():
                if value:
                    run_cli("config", "set", key, value, env=env, check=True)
            host = HostProcess("serve", "--no-dashboard", *(args or ("--no-drop",)), "--workers", "4", env=env)
            host.env = env
            hosts.append(host)
            host.says("Ctrl+C")
            return host

        yield start


def ran_on(tmp_path, name):
    """Return a command that tells on which machine it ran: by its home, as the names are all alike here."""
    return f"{shlex.quote(sys.executable)} -c \"import os; print(os.environ['QUEUECTL_HOME'])\" >> {tmp_path}/{name}"


def places(tmp_path, name):
    return {line.rpartition("/")[2] for line in (tmp_path / name).read_text().splitlines()}


def test_a_job_runs_on_the_machine_it_asks_for_and_waits_while_that_is_away(jobs, start_host, tmp_path):
    start_host("office")
    number = int(run_cli("enqueue", "--host", "GPU", ran_on(tmp_path, "there"), check=True).out)
    for _ in range(8):
        jobs.add(ran_on(tmp_path, "anywhere"))
    until(lambda: jobs.status().counts[State.COMPLETED] == 8, "the others")
    shown = run_cli("show", str(number), check=True).out
    assert "no host runs on a machine with the name or tag gpu" in shown
    assert jobs.store.get(number).state is State.PENDING
    gpu = start_host("gpu-box", tags="big, gpu")
    assert jobs.wait([number], PATIENCE)[0].state is State.COMPLETED
    assert places(tmp_path, "there") == {"gpu-box"}
    assert "Waits" not in run_cli("show", str(number), check=True).out
    hosts = {tuple(host["tags"]) for host in run_cli("status", "--json", check=True).json()["hosts"]}
    assert hosts == {(), ("big", "gpu")}
    gpu.terminate()
    by_name = jobs.add("true", machine=machine.name().upper())
    assert jobs.wait([by_name.id], PATIENCE)[0].state is State.COMPLETED


def test_a_host_runs_the_queues_that_its_machine_was_told(jobs, start_host, tmp_path):
    start_host("first", queues="a")
    start_host("second", queues="b, c")
    added = [jobs.add(ran_on(tmp_path, queue), queue=queue) for queue in "abcabc"]
    other = jobs.add("true", queue="d")
    jobs.wait([job.id for job in added], PATIENCE)
    assert [places(tmp_path, queue) for queue in "abc"] == [{"first"}, {"second"}, {"second"}]
    assert jobs.store.get(other.id).state is State.PENDING
    assert "no host takes jobs of the queue d" in run_cli("show", str(other.id), check=True).out


def test_what_waits_for_a_machine_says_whether_it_is_away_or_runs_other_queues(jobs, start_host):
    gpu = start_host("gpu-box", tags="gpu", queues="default")
    assert {"  Queues       default", "  Tags         gpu"} <= set(gpu.lines)
    start_host("office", queues="*")
    elsewhere = jobs.add("true", machine="gpu", queue="other")
    away = jobs.add("true", machine="mac", queue="other")
    shown = {job.id: run_cli("show", str(job.id), check=True).out for job in (elsewhere, away)}
    assert "Waits\tthe hosts on gpu take no jobs of the queue other\n" in shown[elsewhere.id]
    assert "Waits\tno host runs on a machine with the name or tag mac\n" in shown[away.id]
    assert "\tonly on gpu\t" in run_cli("list", check=True).out
    run_cli("schedule", "add", "nightly", "--every", "1d", "--host", "gpu", "true", check=True)
    assert "Machine\tgpu\n" in run_cli("schedule", "show", "nightly", check=True).out


def test_a_machine_is_told_what_it_runs_and_what_is_missing(jobs, start_host):
    def finding(what, env):
        return next(one for one in run_cli("doctor", "--json", env=env).json() if one["what"] == what)

    host = start_host("gpu-box", tags="gpu, big", queues="default,reports")
    assert finding("queues", host.env)["found"] == f"on {machine.name()} run: default, reports; its tags: gpu, big"
    run_cli("config", "set", "share_logs", "on", env=host.env, check=True)
    assert "cannot reach this one's page" in finding("logs", host.env)["found"]
    run_cli("config", "set", "dashboard_bind", "0.0.0.0", env=host.env, check=True)
    assert finding("logs", host.env)["level"] == "ok"
    untold = finding("queues", {})
    assert (untold["level"], untold["found"]) == ("warning", "none runs on this machine")
    assert "config set run_queues" in untold["advice"]


def test_a_tray_without_an_icon_says_that_it_was_told_nothing(jobs):
    tray = HostProcess("tray", env={"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere", "XDG_RUNTIME_DIR": "/nowhere"})
    tray.says("runs no jobs here before it is told which")
    tray.says("config set run_queues")
    tray.says("Ctrl+C")
    run_cli("worker", "stop", "--all", check=True)
    tray.ends()


@pytest.mark.parametrize("words", [("serve", "--no-drop"), ("worker", "start"), ("worker", "-c", "2")])
def test_a_machine_that_was_told_nothing_runs_nothing(jobs, words):
    refused = run_cli(*words)
    assert refused.returncode == 2
    assert "which queues of the shared database" in refused.err
    assert "config set run_queues" in refused.err
    assert jobs.hosts() == []


def test_it_can_be_told_while_it_runs_and_by_an_option(jobs, start_host):
    host = start_host("one", queues="nothing")
    job, other = jobs.add("true"), jobs.add("true", queue="video")
    run_cli("config", "set", "run_queues", "default", env=host.env, check=True)
    assert jobs.wait([job.id], PATIENCE)[0].state is State.COMPLETED
    until(lambda: [row.queues for row in jobs.hosts()] == [("default",)], "its new queues")
    run_cli("worker", "start", "--queue", "video", "--burst", check=True)
    assert jobs.store.get(other.id).state is State.COMPLETED


def test_what_another_machine_asks_for_holds(jobs, start_host, tmp_path):
    start_host("one")
    start_host("two")
    gate = tmp_path / "gate"
    running = jobs.enqueue([waits_for(gate)] * 8)
    until(lambda: jobs.status().counts[State.PROCESSING] == 8, "eight at once, on both")
    run_cli("pause", check=True)
    waiting = jobs.add("true")
    run_cli("cancel", *(str(job.id) for job in running[:4]), check=True)
    ended = jobs.wait([job.id for job in running[:4]], PATIENCE)
    assert {job.state for job in ended} == {State.CANCELLED}
    gate.touch()
    assert {job.state for job in jobs.wait([job.id for job in running[4:]], PATIENCE)} == {State.COMPLETED}
    assert jobs.store.get(waiting.id).state is State.PENDING
    run_cli("resume", check=True)
    assert jobs.wait([waiting.id], PATIENCE)[0].state is State.COMPLETED


def test_the_hosts_of_one_machine_are_stopped(jobs, start_host):
    gpu = start_host("gpu-box", tags="gpu")
    start_host("office")
    told = run_cli("worker", "stop", "--all", "--host", "elsewhere", check=True).out
    assert told.startswith("No worker is running on elsewhere.\n2 other hosts go on")
    told = run_cli("worker", "stop", "--all", "--host", "GPU", check=True).out
    assert told.startswith("Stop signal sent to the workers on GPU: ")
    assert gpu.ends() == 0
    assert [host.tags for host in jobs.hosts()] == [()]


def test_limits_and_mutexes_hold_across_machines(jobs, start_host, tmp_path):
    run_cli("queue", "set", "limited", "--limit", "1", check=True)
    for name in ("one", "two"):
        start_host(name, tags=name)
    alone = f"mkdir {tmp_path}/%s || exit 1; sleep 0.02; rmdir {tmp_path}/%s"
    specs = [
        spec
        for n, machine in enumerate(("one", "two") * 6)
        for spec in (
            JobSpec(command=alone % ("l", "l"), machine=machine, queue="limited", max_retries=0),
            JobSpec(command=alone % ("m", "m"), machine=machine, mutex="one", queue=f"q{n % 3}", max_retries=0),
        )
    ]
    added = jobs.enqueue(specs)
    ended = jobs.wait([job.id for job in added], PATIENCE)
    assert {job.state for job in ended} == {State.COMPLETED}
    assert len({jobs.attempts(job.id)[-1].host for job in ended}) == 2


def test_a_job_from_a_machine_with_other_folders_finds_this_one_s_programs(jobs, start_host, tmp_path):
    start_host("one")
    caller = {"PATH": "C:\\Windows;/of/the/caller"}
    (tmp_path / "own").mkdir()
    program = tmp_path / "own" / "ls"
    program.write_text("#!/bin/sh\necho its own\n")
    program.chmod(0o755)
    shown = []
    for env in (caller, {"PATH": str(tmp_path / "own")}):
        number = int(run_cli("enqueue", "ls -d /; echo $PATH", "--cwd", "/", env=env, check=True).out)
        jobs.wait([number], PATIENCE)
        shown.append(jobs.attempts(number)[-1].tail.splitlines())
    assert shown[0][0] == "/"
    assert shown[0][1].startswith(caller["PATH"] + ":/")
    assert shown[1][0] == "its own"


def test_what_runs_after_a_job_runs_where_it_ran(jobs, start_host, tmp_path):
    start_host("one", queues="a")
    start_host("two", queues="b")
    hook = f"test -e $JOB_LOG && {ran_on(tmp_path, 'hook')}"
    jobs.wait([jobs.add("echo hi", queue="a", on_success=hook).id], PATIENCE)
    until((tmp_path / "hook").exists, "the hook")


def test_a_file_dropped_on_one_machine_is_run_by_another(jobs, start_host, tmp_path):
    host = start_host("desk", "--drop", queues="nothing")
    start_host("box")
    folder = run_cli("drop-folder", env=host.env, check=True).out.strip()
    with open(f"{folder}/one.job", "w") as file:  # noqa: PTH123 - as any program does it
        file.write(ran_on(tmp_path, "dropped") + "\n")
    until((tmp_path / "dropped").exists, "the dropped job")
    until(lambda: jobs.status().counts[State.COMPLETED] == 1, "its end")
    assert places(tmp_path, "dropped") == {"box"}
    assert jobs.store.newest_id() == 1


def test_the_logs_of_jobs_that_another_machine_forgets_go_too(jobs, start_host, tmp_path):
    host = start_host("one")
    gone, kept = jobs.wait([jobs.add("true").id for _ in range(2)], PATIENCE)
    [folder] = (tmp_path / "one").glob("servers/*/logs")
    (folder / "99").mkdir()  # of no job so far
    (folder / "mine").mkdir()
    assert {path.name for path in folder.iterdir()} == {str(gone.id), str(kept.id), "99", "mine"}
    run_cli("delete", str(gone.id), check=True)  # here, where its log is not
    host.terminate()
    start_host("one")
    until(lambda: not (folder / str(gone.id)).exists(), "the log is gone")
    assert {path.name for path in folder.iterdir()} == {str(kept.id), "99", "mine"}


def test_a_retry_on_another_machine_keeps_no_burst_waiting(jobs):
    jobs.add("false", machine="gpu")
    [job] = claim(jobs.store, places=["gpu"])
    end(jobs.store, job, Verb.FAIL, wait=3600)
    run_cli("worker", "start", "--queue", "default", "--burst", check=True)
    assert jobs.store.get(job.id).state is State.FAILED
