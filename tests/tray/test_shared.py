"""The tray application on a queue that machines share."""

import re
import shlex
import sys

import pytest

from queuectl.model.state import State
from queuectl.queue import Queue
from tests.clusters import new_cluster
from tests.hosts import PATIENCE, run_cli, until, waits_for
from tests.tray.application import Tray, find, label

pytestmark = [pytest.mark.posix, pytest.mark.skipif(sys.platform != "linux", reason="D-Bus trays are for Linux")]


def test_it_runs_nothing_before_somebody_has_said_what(opened, desktop, postgres_url, monkeypatch):
    monkeypatch.setenv("QUEUECTL_DB", postgres_url)
    monkeypatch.delenv("QUEUECTL_RUN_QUEUES")
    with Queue.open() as queue:
        (queue.paths.files / "welcomed").touch()
        job = queue.add("true")
        tray = Tray()
        desktop.icon()
        until(lambda: label(desktop, 0) == "No queue runs on this machine: 0 running, 1 waiting, 0 dead", "the title")
        desktop.event(find(desktop, "Choose the queues").id)
        until(lambda: "settings%3Ffind%3Drun_queues" in opened(), "the page")
        queue.set_setting("run_queues", "default")
        assert queue.wait([job.id], PATIENCE)[0].state is State.COMPLETED
        until(lambda: label(desktop, 0) == "0 running, 0 waiting, 0 dead", "the usual title")
        assert find(desktop, "Choose the queues") is None
        assert tray.terminate() == 0


def test_without_a_page_a_terminal_shows_the_settings_that_choose_the_queues(
    opened, desktop, postgres_url, monkeypatch
):
    monkeypatch.setenv("QUEUECTL_DB", postgres_url)
    monkeypatch.delenv("QUEUECTL_RUN_QUEUES")
    monkeypatch.setenv("QUEUECTL_DASHBOARD_ENABLED", "off")
    with Queue.open() as queue:
        (queue.paths.files / "welcomed").touch()
    tray = Tray()
    desktop.icon()
    until(lambda: find(desktop, "Choose the queues"), "the entry")
    desktop.event(find(desktop, "Choose the queues").id)
    command = until(lambda: re.search(r"-m queuectl (.*); printf", opened()), "the terminal")[1]
    assert "run_queues" in run_cli(*shlex.split(command), check=True).out
    assert tray.terminate() == 0


def test_a_database_that_goes_away_is_told_by_the_icon_and_in_a_notification(opened, desktop, monkeypatch, tmp_path):
    cluster = new_cluster()
    monkeypatch.setenv("QUEUECTL_DB", cluster.url())
    monkeypatch.setenv("QUEUECTL_RUN_QUEUES", "*")
    with Queue.open() as queue:
        (queue.paths.files / "welcomed").touch()
        tray = Tray()
        desktop.icon()
        until(lambda: label(desktop, 0).startswith("0 running"), "the first look")
        job = queue.enqueue([waits_for(tmp_path / "go")])[0]
        until(lambda: label(desktop, 0).startswith("1 running"), "the job")
        picture = desktop.property("IconPixmap")[-1][2]
        cluster.stop()
        until(lambda: "no database since" in desktop.property("ToolTip")[2], "the tooltip")
        assert "1 running here" in label(desktop, 0)
        assert desktop.property("IconPixmap")[-1][2] != picture
        shown = desktop.notification()
        assert shown.title == "The database does not work"
        cluster.start()
        assert desktop.notification(2).title == "The database works again"
        until(lambda: label(desktop, 0).startswith("1 running"), "the menu as it was")
        (tmp_path / "go").touch()
        assert queue.wait([job.id], PATIENCE)[0].state is State.COMPLETED
        assert len(desktop.notified) == 2
        assert tray.terminate() == 0
    cluster.remove()
