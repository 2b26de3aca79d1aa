"""The tray application as its user meets it: the real program on a real bus, clicked entry by entry."""

import signal
import sys
from functools import partial
from itertools import pairwise

import httpx
import pytest

from queuectl.model.job import JobSpec
from queuectl.model.state import State
from tests.hosts import PATIENCE, quick_queue, run_cli, until
from tests.tray.application import Tray, enabled, find, label

pytestmark = [pytest.mark.posix, pytest.mark.skipif(sys.platform != "linux", reason="D-Bus trays are for Linux")]


@pytest.fixture
def jobs():
    with quick_queue() as opened:
        yield opened


@pytest.fixture
def app(jobs, opened, desktop):
    """Start the program, and wait for its icon."""
    (jobs.paths.files / "welcomed").touch()
    started = Tray()
    desktop.icon()
    until(lambda: label(desktop, 0).startswith("0 running"), "the first look")
    yield started
    if started.process.poll() is None:
        started.kill()


def test_every_entry_is_there_and_dimmed_when_it_cannot_apply(app, desktop):
    labels = {c.properties.get("label"): enabled(c) for c in desktop.menu().children if "label" in c.properties}
    assert labels == {
        "0 running, 0 waiting, 0 dead": False,
        "Pause": True,
        "Pause for a while": True,
        "Resume": False,
        "Running jobs (0)": False,
        "Recent": False,
        "Dead letter queue (0)": True,
        "New job from clipboard...": True,
        "Open dashboard": True,
        "Open drop folder": True,
        "Open logs": True,
        f"Workers: {find(desktop, 'Workers').properties['label'].split()[-1]}": True,
        "Notifications": True,
        "Start at login": True,
        "About queuectl": True,
        "Quit": True,
    }


def test_pause_and_resume(app, desktop, jobs):
    idle = desktop.property("IconPixmap")
    desktop.click("Pause")
    until(jobs.store.pauses, "the pause")
    until(lambda: label(desktop, 0).startswith("Paused"), "the status line")
    assert desktop.property("IconPixmap") != idle
    assert not enabled(desktop.entry("Pause"))
    assert enabled(desktop.entry("Resume"))
    desktop.click("Resume")
    until(lambda: not jobs.store.pauses(), "the resume")
    until(lambda: label(desktop, 0).startswith("0 running"), "the status line")
    assert desktop.property("IconPixmap") == idle
    desktop.click("Pause for a while", "Pause for 1 hour")
    [pause] = until(jobs.store.pauses, "the pause")
    assert 3500 < (pause.until - jobs.clock.now()).total_seconds() <= 3600
    desktop.click("Pause for a while", "Pause until tomorrow")
    until(lambda: jobs.store.pauses()[0].until.astimezone().strftime("%H:%M") == "08:00", "the longer pause")
    until(lambda: find(desktop, "Resume (paused until 08:00)"), "the time at Resume")


def test_a_running_job_is_shown_live_and_cancelled(app, desktop, jobs):
    job = jobs.add("sleep 1000", name="encode")
    until(lambda: find(desktop, "Running jobs (1)"), "the running job")
    before = until(partial(_running, desktop, job.id), "its line")
    assert before.properties["label"].startswith(f"{job.id}: encode (")
    # Elapsed time moves on in the same line, without a new layout.
    until(lambda: _running(desktop, job.id).properties["label"] != before.properties["label"], "the elapsed time")
    assert _running(desktop, job.id).id == before.id
    desktop.event(next(c.id for c in before.children if c.properties["label"] == "Cancel"))
    assert jobs.wait([job.id], PATIENCE)[0].state is State.CANCELLED
    until(lambda: find(desktop, "Running jobs (0)"), "its end")
    recent = until(lambda: find(desktop, "Recent").children, "the recent job")
    assert recent[0].properties["label"] == f"- {job.id}: encode"


def _running(desktop, job_id):
    entries = find(desktop, "Running jobs").children
    return next((e for e in entries if e.properties["label"].startswith(f"{job_id}:")), None)


def test_a_dead_job_is_told_with_buttons_that_work(app, desktop, jobs, opened):
    job = jobs.add("echo why; exit 3", max_retries=0)
    told = desktop.notification()
    assert told.title == f"Job {job.id} is dead"
    assert [button for button in told.buttons if button[0] != "default"] == [("log", "Show log"), ("retry", "Retry")]
    assert "exit code 3" in told.body
    until(lambda: find(desktop, "Dead letter queue (1)"), "the count")
    desktop.choose(told, "log")
    until(lambda: f"xdg-open {jobs.paths.log(job.id, 1)}" in opened(), "the log")
    desktop.choose(told, "retry")
    until(lambda: len(jobs.attempts(job.id)) == 2, "the second run")
    until(lambda: jobs.find(job.id).state is State.DEAD, "its end")
    jobs.set_setting("max_retries", "3")
    desktop.event(next(c.id for c in find(desktop, "Dead letter").children if c.properties["label"] == "Retry all"))
    until(lambda: len(jobs.attempts(job.id)) == 3, "the third run")
    desktop.event(next(c.id for c in find(desktop, "Dead letter").children if c.properties["label"] == "Open"))
    until(lambda: "/login?code=" in opened() and "&to=dead" in opened(), "the page of dead jobs")


def test_what_is_opened(app, desktop, jobs, opened):
    desktop.click("Open drop folder")
    until(lambda: f"xdg-open {jobs.paths.drop}" in opened(), "the drop folder")
    desktop.click("Open logs")
    until(lambda: f"xdg-open {jobs.paths.logs}" in opened(), "the logs")
    desktop.call("org.kde.StatusNotifierItem", "Activate", "ii", 0, 0)
    until(lambda: "/login?code=" in opened(), "the left click")
    url = opened().split("xdg-open ")[-1].split()[0]
    assert url.startswith(jobs.hosts()[0].dashboard)
    with httpx.Client(trust_env=False) as browser:
        assert browser.get(url).status_code == 200
        assert browser.get(jobs.hosts()[0].dashboard).status_code == 200
    desktop.click("About queuectl")
    assert str(jobs.paths.database) in desktop.notification().body


def test_without_a_page_a_terminal_shows_what_is_going_on(desktop, jobs, opened):
    jobs.set_setting("dashboard_enabled", "off")
    tray = Tray()
    desktop.icon()
    until(lambda: label(desktop, 0).startswith("0 running"), "the first look")
    desktop.call("org.kde.StatusNotifierItem", "Activate", "ii", 0, 0)
    until(lambda: "a-terminal" in opened() and "status --watch" in opened(), "the left click")
    desktop.event(next(c.id for c in find(desktop, "Dead letter").children if c.properties["label"] == "Open"))
    until(lambda: "dlq list" in opened(), "the list in a terminal")
    assert Tray().ends() == 0  # a second start
    assert opened().count("status --watch") == 2
    assert tray.terminate() == 0


def test_a_job_from_the_clipboard_can_be_called_back(app, desktop, jobs):
    desktop.click("New job from clipboard...")
    told = desktop.notification()
    assert told.body == "echo from the clipboard"
    [job] = jobs.jobs()
    assert job.state is State.SCHEDULED
    desktop.choose(told, "cancel")
    assert jobs.wait([job.id], PATIENCE)[0].state is State.CANCELLED


def test_switches_and_workers(app, desktop, jobs):
    desktop.click("Workers: " + find(desktop, "Workers").properties["label"].split()[-1], "8")
    until(lambda: find(desktop, "Workers: 8"), "eight workers")
    marks = {c.properties["label"]: c.properties["toggle-state"] for c in find(desktop, "Workers").children}
    assert marks["8"] == 1
    assert sum(marks.values()) == 1
    assert jobs.hosts()[0].workers == 8
    desktop.click("Notifications", "When a job is dead")
    until(lambda: desktop.entry("Notifications", "When a job is dead").properties["toggle-state"] == 0, "the mark")
    assert jobs.settings()["notify_dead"] is False
    desktop.click("Start at login")
    until(lambda: desktop.entry("Start at login").properties["toggle-state"] == 1, "the mark")
    assert "queuectl" in run_cli("autostart", "status", check=True).out
    run_cli("autostart", "off", check=True)
    until(lambda: desktop.entry("Start at login").properties["toggle-state"] == 0, "the mark")


def test_an_error_behind_an_entry_is_shown_and_logged(app, desktop, jobs, tmp_path):
    (tmp_path / "bin" / "wl-paste").write_text("#!/bin/sh\nprintf ''\n")
    desktop.click("New job from clipboard...")
    assert "clipboard holds no text" in desktop.notification().body
    log = jobs.paths.files / "queuectl-tray.log"
    until(lambda: "clipboard holds no text" in log.read_text(), "the line in the log")


def test_quit_puts_running_jobs_back(app, desktop, jobs):
    job = jobs.add("sleep 1000")
    until(lambda: find(desktop, "Quit now (jobs go back to the queue)"), "both ways to quit")
    desktop.click("Quit now (jobs go back to the queue)")
    assert app.ends() == 0
    assert jobs.find(job.id).state is State.PENDING
    assert jobs.find(job.id).attempts == 0
    assert jobs.store.hosts() == []


def test_quit_when_running_jobs_end(app, desktop, jobs, tmp_path):
    gate = tmp_path / "gate"
    job = jobs.add(f"while ! test -e {gate}; do sleep 0.02; done")
    until(lambda: find(desktop, "Quit when running jobs end"), "both ways to quit")
    desktop.click("Quit when running jobs end")
    until(lambda: label(desktop, 0).startswith("Stopping"), "the status line")
    waiting = jobs.add("true")
    gate.touch()
    assert app.ends() == 0
    assert jobs.find(job.id).state is State.COMPLETED
    assert jobs.find(waiting.id).state is State.PENDING


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_p7_signals_stop_it_gracefully(app, desktop, jobs, number):
    job = jobs.add("sleep 1000")
    until(lambda: jobs.find(job.id).state is State.PROCESSING, "the start")
    app.process.send_signal(number)
    assert app.ends() == 0
    assert jobs.find(job.id).state is State.PENDING
    assert jobs.find(job.id).attempts == 0


def test_a_second_start_shows_what_is_going_on_and_ends(app, desktop, jobs, opened):
    second = Tray()
    assert second.ends() == 0
    until(lambda: f"xdg-open {jobs.hosts()[0].dashboard}login?code=" in opened(), "the page")
    assert "runs already" in second.lines[0]
    assert app.process.poll() is None
    assert len(desktop.registered) == 1


def test_jobs_go_on_when_the_panel_and_the_bus_go(app, desktop, jobs, bus):
    bus.kill()
    assert jobs.wait([jobs.add("exit 0").id], PATIENCE)[0].state is State.COMPLETED
    app.says("No tray icon can be shown")
    assert jobs.wait([jobs.add("exit 0").id], PATIENCE)[0].state is State.COMPLETED
    assert app.terminate() == 0


def test_without_a_session_bus_it_says_so_and_runs_jobs(jobs, opened, monkeypatch, tmp_path):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")
    tray = Tray()
    tray.says("No tray icon can be shown")
    tray.says("Drop folder")
    job = jobs.add("exit 0")
    tray.says(f"job {job.id} completed")
    assert tray.terminate() == 0


def test_a_database_that_cannot_be_used_is_told_by_the_icon(opened, desktop, tmp_path):
    tray = Tray("--db", str(tmp_path))
    desktop.icon()
    assert "is a directory" in desktop.notification().body
    until(lambda: "is a directory" in desktop.property("ToolTip")[2], "the tooltip")
    desktop.click("Quit")
    assert tray.ends() == 5


def test_what_others_wrote_cannot_steer_the_terminal_and_the_wait_is_told(jobs, opened, monkeypatch, tmp_path):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")
    tray = Tray()
    tray.says("To stop")
    job = jobs.add("sleep 1000; printf '\x1b]0;title\x07'")
    assert "\x1b" not in tray.says(f"job {job.id} started")
    assert tray.terminate() == 0
    assert any(line.startswith("Stopping") for line in tray.lines)


def test_it_stops_when_all_hosts_are_told_to(app, desktop, jobs):
    run_cli("worker", "stop", "--all", check=True)
    assert app.ends() == 0
    assert jobs.store.hosts() == []


def test_an_entry_for_login_that_cannot_be_read_costs_no_icon(jobs, opened, desktop, tmp_path):
    (tmp_path / "config" / "autostart" / "queuectl.desktop").mkdir(parents=True)
    tray = Tray()
    desktop.icon()
    until(lambda: label(desktop, 0).startswith("0 running"), "the first look")
    assert tray.terminate() == 0


def test_the_doctor_says_whether_an_icon_can_be_shown(desktop, bus):
    assert "A tray icon can be shown" in run_cli("doctor").out
    bus.kill()
    done = run_cli("doctor")
    assert "session bus" in done.out
    assert done.returncode == 0


def test_a_dropped_file_runs_and_a_bad_one_is_told(app, desktop, jobs):
    (jobs.paths.drop / "good.job").write_text("exit 0\n")
    [job] = until(jobs.jobs, "the dropped job")
    assert jobs.wait([job.id], PATIENCE)[0].state is State.COMPLETED
    (jobs.paths.drop / "bad.job").write_text("command = 3\n")
    told = desktop.notification()
    assert told.title == "bad.job was rejected"
    assert "line 1" in told.body


def test_the_first_start_says_once_where_the_drop_folder_is(jobs, opened, desktop):
    first = Tray()
    told = desktop.notification()
    assert str(jobs.paths.drop) in told.body
    assert "queuectl enqueue" in told.body
    assert first.terminate() == 0
    second = Tray()
    desktop.icon(2)
    until(jobs.hosts, "the second start")
    assert second.terminate() == 0
    assert len(desktop.notified) == 1


def test_a_thousand_jobs_do_not_flood_the_panel(app, desktop, jobs):
    with desktop._changed:
        desktop.heard.clear()
    began = jobs.clock.monotonic()
    ended = jobs.wait([job.id for job in jobs.enqueue([JobSpec(command="exit 1", max_retries=0)] * 1000)], 60)
    assert {job.state for job in ended} == {State.DEAD}
    until(lambda: find(desktop, "Dead letter queue (1000)"), "the last count")
    seconds = jobs.clock.monotonic() - began
    with desktop._changed:
        moments = sorted(when for when, _, _, _ in desktop.heard)
    # What belongs to one update comes in one burst.
    updates = sum(later - earlier > 0.05 for earlier, later in pairwise(moments)) + 1
    assert updates <= 4 * seconds + 2
    assert len(desktop.notified) <= seconds / 5 + 1


def test_the_icon_changes_with_each_state(app, desktop, jobs, tmp_path):
    def picture():
        return desktop.property("IconPixmap")[-1][2]

    def other_than(*known):
        return until(lambda: next((seen for seen in [picture()] if seen not in known), None), "another picture")

    idle = picture()
    gate = tmp_path / "gate"
    job = jobs.add(f"while ! test -e {gate}; do sleep 0.02; done")
    running = other_than(idle)
    jobs.pause()
    paused = other_than(idle, running)
    jobs.resume()
    gate.touch()
    jobs.wait([job.id], PATIENCE)
    until(lambda: picture() == idle, "the idle picture")
    jobs.add("exit 1", max_retries=0)
    dead = other_than(idle, running, paused)
    assert len({idle, running, paused, dead}) == 4


def test_recent_jobs_run_again_and_show_their_log(app, desktop, jobs, opened):
    job = jobs.add("echo hi")
    jobs.wait([job.id], PATIENCE)
    [recent] = until(lambda: find(desktop, "Recent").children, "the recent job")
    show, again = recent.children
    desktop.event(show.id)
    until(lambda: f"xdg-open {jobs.paths.log(job.id, 1)}" in opened(), "the log")
    desktop.event(again.id)
    until(lambda: len(jobs.attempts(job.id)) == 2, "the second run")
