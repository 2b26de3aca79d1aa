"""The tray's menu as a pure function of what is known and what can be done."""

from collections.abc import Callable, Sequence
from datetime import datetime

from queuectl.model.job import Job
from queuectl.model.state import State
from queuectl.store.types import Running
from queuectl.tray.actions import Choices, TrayActions
from queuectl.tray.backend import Entry
from queuectl.tray.snapshot import Snapshot, title
from queuectl.units import format_duration

LABEL_MAX = 60
"""Characters of a job's name in the menu."""
MARKS = {State.COMPLETED: "✓", State.DEAD: "✗", State.CANCELLED: "-"}


def build(snapshot: Snapshot, actions: TrayActions, choices: Choices) -> list[Entry]:
    """Build the menu."""
    up = snapshot.error is None and not snapshot.starting
    return [
        Entry(key="status", label=title(snapshot), enabled=False),
        *_duty(snapshot, actions),
        _separator(1),
        *_pause(snapshot, actions, up=up),
        _separator(2),
        _running(snapshot, actions),
        _recent(snapshot, actions),
        _dead(snapshot, actions, up=up),
        _separator(3),
        Entry(key="clipboard", label="New job from clipboard...", act=actions.add_from_clipboard, enabled=up),
        Entry(key="dashboard", label="Open dashboard", act=actions.open_dashboard, default=True),
        Entry(key="drop", label="Open drop folder", act=actions.open_drop_folder),
        Entry(key="logs", label="Open logs", act=actions.open_logs),
        _separator(4),
        _workers(snapshot, actions, choices, up=up),
        _notifications(actions, choices),
        Entry(
            key="autostart",
            label="Start at login",
            act=actions.toggle_autostart,
            checked=choices.autostart,
        ),
        Entry(key="about", label="About queuectl", act=actions.about),
        _separator(5),
        *_quit(snapshot, actions),
    ]


def _separator(number: int) -> Entry:
    return Entry(key=f"line{number}", separator=True)


def _duty(snapshot: Snapshot, actions: TrayActions) -> Sequence[Entry]:
    if not snapshot.untold:
        return ()
    return (Entry(key="duty", label="Choose the queues that run here...", act=actions.open_duty),)


def _pause(snapshot: Snapshot, actions: TrayActions, *, up: bool) -> Sequence[Entry]:
    paused = snapshot.paused
    resume = "Resume"
    if paused is not None and paused.until is not None:
        resume = f"Resume (paused until {paused.until.astimezone():%H:%M})"
    return (
        Entry(key="pause", label="Pause", act=lambda: actions.pause(None), enabled=up and paused is None),
        Entry(
            key="pause-for",
            label="Pause for a while",
            enabled=up,
            children=(
                Entry(key="hour", label="Pause for 1 hour", act=actions.pause_for_an_hour),
                Entry(key="tomorrow", label="Pause until tomorrow", act=actions.pause_until_tomorrow),
            ),
        ),
        Entry(key="resume", label=resume, act=actions.resume, enabled=up and paused is not None),
    )


def _running(snapshot: Snapshot, actions: TrayActions) -> Entry:
    entries = tuple(_running_job(run, snapshot.now, actions) for run in snapshot.running[:30])
    return Entry(
        key="running",
        label=f"Running jobs ({len(snapshot.running)})",
        enabled=bool(entries),
        children=entries,
    )


def _running_job(run: Running, now: datetime, actions: TrayActions) -> Entry:
    job = run.job
    elapsed = format_duration(float(int((now - job.started_at).total_seconds()))) if job.started_at else ""
    stopping = ", stopping" if job.cancel_requested else ""
    done = "" if job.progress is None else f", {job.progress:.0%}"
    return Entry(
        key=str(job.id),
        label=f"{_name(job)} ({elapsed}{done}{stopping})",
        children=(
            Entry(key="cancel", label="Cancel", act=lambda: actions.cancel(job.id), enabled=not job.cancel_requested),
            Entry(key="log", label="Show log", act=lambda: actions.show_log(job.id)),
        ),
    )


def _recent(snapshot: Snapshot, actions: TrayActions) -> Entry:
    return Entry(
        key="recent",
        label="Recent",
        enabled=bool(snapshot.recent),
        children=tuple(
            Entry(
                key=str(job.id),
                label=f"{MARKS.get(job.state, '')} {_name(job)}",
                children=(
                    Entry(key="log", label="Show log", act=_with(actions.show_log, job.id)),
                    Entry(key="retry", label="Run again", act=_with(actions.retry, job.id)),
                ),
            )
            for job in snapshot.recent
        ),
    )


def _with(action: Callable[[int], None], job_id: int) -> Callable[[], None]:
    return lambda: action(job_id)


def _dead(snapshot: Snapshot, actions: TrayActions, *, up: bool) -> Entry:
    some = snapshot.dead > 0
    return Entry(
        key="dead",
        label=f"Dead letter queue ({snapshot.dead})",
        enabled=up,
        children=(
            Entry(key="open", label="Open", act=actions.open_dead),
            Entry(key="retry", label="Retry all", act=actions.retry_all_dead, enabled=some),
        ),
    )


def _workers(snapshot: Snapshot, actions: TrayActions, choices: Choices, *, up: bool) -> Entry:
    counts = sorted({1, 2, 4, 8, choices.cores, snapshot.workers})
    return Entry(
        key="workers",
        label=f"Workers: {snapshot.workers}",
        enabled=up,
        children=tuple(
            Entry(
                key=str(count),
                label=f"{count} (all cores)" if count == choices.cores else str(count),
                act=_with(actions.set_workers, count),
                checked=count == snapshot.workers,
                radio=True,
            )
            for count in counts
        ),
    )


def _notifications(actions: TrayActions, choices: Choices) -> Entry:
    def switch(setting: str) -> Callable[[], None]:
        return lambda: actions.toggle(setting)

    return Entry(
        key="notifications",
        label="Notifications",
        children=tuple(
            Entry(key=setting, label=label, act=switch(setting), checked=on)
            for setting, (label, on) in choices.notifications.items()
        ),
    )


def _quit(snapshot: Snapshot, actions: TrayActions) -> Sequence[Entry]:
    """Offer both ways while jobs run: asking in a window could be lost behind others."""
    if not snapshot.running:
        return (Entry(key="quit-now", label="Quit", act=actions.quit_now),)
    return (
        Entry(
            key="quit-idle",
            label="Quit when running jobs end",
            act=actions.quit_when_idle,
            enabled=not snapshot.stopping,
        ),
        Entry(key="quit-now", label="Quit now (jobs go back to the queue)", act=actions.quit_now),
    )


def _name(job: Job) -> str:
    text = f"{job.id}: {job.spec.title}"
    return text if len(text) <= LABEL_MAX else text[: LABEL_MAX - 1] + "…"
