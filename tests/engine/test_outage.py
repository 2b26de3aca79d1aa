"""A database in a file that cannot be written for a while: told once, and once when it can; jobs go on."""

import sys

import pytest

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
