"""A database in a file that cannot be written for a while: told once, and once when it can; jobs go on."""

import sys

import pytest

from queuectl.model.job import JobSpec
from queuectl.model.state import State
from tests.hosts import until, waits_for
from tests.support import PATIENCE, is_alive

resource = pytest.importorskip("resource")  # Windows has none
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs another process's limits to be set")


def test_a_job_that_ends_while_the_disk_is_full_is_reported_later(jobs, start_host, tmp_path):
    jobs.set_setting("heartbeat", "0.1s")
    host = start_host()
    job = jobs.enqueue([waits_for(tmp_path / "go")])[0]
    [run] = until(lambda: [run for run in jobs.store.running() if run.pid], "it to run")
    _, most = resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (1, most))
    assert "the database fails" in host.says("the database")
    (tmp_path / "go").touch()
    until(lambda: not is_alive(run.pid), "its end")
    assert jobs.store.get(job.id).state is State.PROCESSING
    resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (most, most))
    assert "the database works again" in host.says("the database")
    [ended] = jobs.wait([job.id], PATIENCE)
    assert (ended.state, ended.attempts) == (State.COMPLETED, 1)
    assert host.terminate() == 0
    assert sum("the database" in line for line in host.lines) == 2, host.lines


def test_a_job_whose_log_cannot_be_cut_as_the_disk_is_full_has_ended_well_all_the_same(jobs, start_host, tmp_path):
    jobs.set_setting("log_max_bytes", "64KiB")
    jobs.set_setting("heartbeat", "0.1s")
    host = start_host()
    until_told = f"until test -e {tmp_path / 'go'}; do sleep 0.02; done; seq 1 200000"
    job = jobs.enqueue([JobSpec(command=until_told)])[0]
    [run] = until(lambda: [run for run in jobs.store.running() if run.pid], "it to run")
    _, most = resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (1, most))
    host.says("the database fails")
    (tmp_path / "go").touch()
    until(lambda: not is_alive(run.pid), "its end")
    until(lambda: jobs.paths.log(job.id, 1).stat().st_size <= 64 * 1024, "the cut")
    resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (most, most))
    [ended] = jobs.wait([job.id], PATIENCE)
    assert (ended.state, ended.attempts) == (State.COMPLETED, 1)
    assert host.terminate() == 0
    assert not [line for line in host.lines if "Traceback" in line]
