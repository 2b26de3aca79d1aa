"""The menu and the icon's picture as functions of what is known."""

from datetime import UTC, datetime, timedelta

import pytest

from queuectl.model.job import Job, JobSpec
from queuectl.model.state import State
from queuectl.store.types import Pause, Running
from queuectl.tray import menu
from queuectl.tray.actions import Choices
from queuectl.tray.backend import Mood
from queuectl.tray.snapshot import Snapshot, picture, title

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
CHOICES = Choices(notifications={"notify_dead": ("When a job is dead", True)}, autostart=False, cores=6)


def job(number, state=State.PROCESSING, **fields):
    defaults = {
        "max_retries": 3, "backoff_base": 2, "source": "test", "attempts": 1, "runs": 1, "created_at": NOW,
        "updated_at": NOW, "run_at": None, "started_at": NOW - timedelta(seconds=75), "finished_at": None,
        "exit_code": None, "reason": None, "cancel_requested": False, "lease": None,
    }  # fmt: skip
    return Job(id=number, state=state, spec=JobSpec(command=f"command {number}"), **{**defaults, **fields})


def running(*numbers, **fields):
    return [Running(job=job(number, **fields), pid=None, pid_created=None) for number in numbers]


class Recorder:
    """Stands for what the menu has done: it notes the call."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *values: self.calls.append((name, *values))


def build(snapshot, choices=CHOICES):
    recorder = Recorder()
    return {entry.key: entry for entry in menu.build(snapshot, recorder, choices)}, recorder


def child(entry, key):
    return next(each for each in entry.children if each.key == key)


@pytest.mark.parametrize(
    ("snapshot", "mood", "count", "text"),
    [
        (Snapshot(now=NOW, starting=True), Mood.STARTING, 0, "queuectl is starting"),
        (Snapshot(now=NOW), Mood.IDLE, 0, "0 running, 0 waiting, 0 dead"),
        (
            Snapshot(now=NOW, running=running(1, 2, 3), counts={State.PENDING: 10, State.FAILED: 2}),
            Mood.RUNNING, 3, "3 running, 12 waiting, 0 dead",
        ),
        (
            Snapshot(now=NOW, running=running(1), pauses=[Pause(queue="", since=NOW, until=None)]),
            Mood.PAUSED, 0, "Paused: 1 running, 0 waiting, 0 dead",
        ),
        (
            Snapshot(now=NOW, pauses=[Pause(queue="video", since=NOW, until=None)]),
            Mood.IDLE, 0, "0 running, 0 waiting, 0 dead",
        ),
        (
            Snapshot(now=NOW, counts={State.DEAD: 2}, running=running(1)),
            Mood.ATTENTION, 2, "1 running, 0 waiting, 2 dead",
        ),
        (
            Snapshot(now=NOW, untold=True, counts={State.PENDING: 1}),
            Mood.PAUSED, 0, "No queue runs on this machine: 0 running, 1 waiting, 0 dead",
        ),
        (Snapshot(now=NOW, error="queue.db is gone"), Mood.ERROR, 0, "queuectl: queue.db is gone"),
    ],
)  # fmt: skip
def test_the_icon_says_the_most_urgent_thing(snapshot, mood, count, text):
    assert (picture(snapshot).mood, picture(snapshot).count) == (mood, count)
    assert title(snapshot) == text


def test_pause_and_resume_are_dimmed_when_they_cannot_apply():
    entries, _ = build(Snapshot(now=NOW))
    assert (entries["pause"].enabled, entries["resume"].enabled) == (True, False)
    until = NOW + timedelta(hours=1)
    entries, recorder = build(Snapshot(now=NOW, pauses=[Pause(queue="", since=NOW, until=until)]))
    assert (entries["pause"].enabled, entries["resume"].enabled) == (False, True)
    assert f"{until.astimezone():%H:%M}" in entries["resume"].label
    entries["resume"].act()
    child(entries["pause-for"], "hour").act()
    child(entries["pause-for"], "tomorrow").act()
    assert recorder.calls == [("resume",), ("pause_for_an_hour",), ("pause_until_tomorrow",)]


def test_running_jobs_tell_how_long_and_can_be_cancelled():
    entries, recorder = build(Snapshot(now=NOW, running=running(7, 8)))
    assert entries["running"].label == "Running jobs (2)"
    seven = child(entries["running"], "7")
    assert seven.label == "7: command 7 (1m 15s)"
    told, _ = build(Snapshot(now=NOW, running=running(7, progress=0.424)))
    assert child(told["running"], "7").label == "7: command 7 (1m 15s, 42%)"
    child(seven, "cancel").act()
    child(seven, "log").act()
    child(child(entries["running"], "8"), "cancel").act()
    assert recorder.calls == [("cancel", 7), ("show_log", 7), ("cancel", 8)]
    entries, _ = build(Snapshot(now=NOW, running=running(7, cancel_requested=True)))
    assert not child(child(entries["running"], "7"), "cancel").enabled


def test_without_jobs_their_submenus_are_dimmed():
    entries, _ = build(Snapshot(now=NOW))
    assert not entries["running"].enabled
    assert not entries["recent"].enabled
    assert not child(entries["dead"], "retry").enabled


def test_recent_jobs_show_how_they_ended():
    recent = [job(1, State.COMPLETED), job(2, State.DEAD), job(3, State.CANCELLED)]
    entries, recorder = build(Snapshot(now=NOW, recent=recent))
    assert [entry.label[0] for entry in entries["recent"].children] == ["✓", "✗", "-"]
    for number in ("1", "2", "3"):
        child(child(entries["recent"], number), "retry").act()
    assert recorder.calls == [("retry", 1), ("retry", 2), ("retry", 3)]


def test_the_number_of_workers_is_a_choice_of_one():
    entries, recorder = build(Snapshot(now=NOW, workers=4))
    assert [(entry.label, entry.checked, entry.radio) for entry in entries["workers"].children] == [
        ("1", False, True), ("2", False, True), ("4", True, True), ("6 (all cores)", False, True), ("8", False, True),
    ]  # fmt: skip
    child(entries["workers"], "8").act()
    assert recorder.calls == [("set_workers", 8)]


def test_switches_show_what_is_set():
    choices = Choices(notifications={"notify_dead": ("When a job is dead", False)}, autostart=True, cores=2)
    entries, recorder = build(Snapshot(now=NOW), choices)
    assert entries["autostart"].checked is True
    assert child(entries["notifications"], "notify_dead").checked is False
    child(entries["notifications"], "notify_dead").act()
    assert recorder.calls == [("toggle", "notify_dead")]


def test_quitting_asks_by_its_entries_while_jobs_run():
    entries, _ = build(Snapshot(now=NOW))
    assert entries["quit-now"].label == "Quit"
    assert "quit-idle" not in entries
    entries, _ = build(Snapshot(now=NOW, running=running(1)))
    assert entries["quit-idle"].enabled
    assert "jobs go back to the queue" in entries["quit-now"].label
    entries, _ = build(Snapshot(now=NOW, running=running(1), stopping=True))
    assert not entries["quit-idle"].enabled


def test_one_entry_is_the_left_click_and_keys_are_unique():
    entries = menu.build(Snapshot(now=NOW, running=running(1)), Recorder(), CHOICES)
    assert [entry.key for entry in entries if entry.default] == ["dashboard"]
    assert len({entry.key for entry in entries}) == len(entries)


def test_what_needs_the_database_is_dimmed_without_it():
    entries, _ = build(Snapshot(now=NOW, error="gone"))
    for key in ("pause", "resume", "dead", "clipboard", "workers"):
        assert not entries[key].enabled
    assert entries["quit-now"].enabled
