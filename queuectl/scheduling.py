"""The use cases of schedules: add them, look at them, pause them, run them; hosts fire them by the same ``launch``.

from queuectl import scheduling

rule = scheduling.rule_of("0 3 * * *", timezone="Europe/Berlin")
scheduling.add(queue, "backup", rule, JobSpec(command="tar czf backup.tgz docs"))
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

from queuectl.errors import InvalidSchedule, NotFound, WrongState
from queuectl.model.catchup import CatchUp, Launch, OverlapPolicy, decide_overlap
from queuectl.model.defaults import fill, read_defaults
from queuectl.model.dependencies import WaitKind
from queuectl.model.job import Job, JobSpec
from queuectl.model.plain import iso
from queuectl.model.recurrence import Every, Rule, occurrence_after, occurrences, parse_cron, parse_every
from queuectl.model.schedules import Schedule, check_schedule, same_times
from queuectl.model.validation import validate
from queuectl.platform.zone import local_zone
from queuectl.queue import Queue
from queuectl.store.types import NewJob

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAME_VARIABLE = "QUEUECTL_SCHEDULE"
"""In each run's environment: the schedule's name."""
TIME_VARIABLE = "QUEUECTL_SCHEDULED_AT"
"""In each run's environment: the moment that the run stands for."""


def rule_of(cron: str | None = None, *, every: str | None = None, timezone: str | None = None) -> Rule:
    """Read a rule: cron by the clocks of a time zone (this machine's when None), or an interval from its adding on.

    Raises:
        InvalidSchedule: it cannot be understood, never happens, or the time zone is unknown.
    """
    if every is not None:
        return parse_every(every, anchor=_EPOCH)
    zone = timezone or local_zone()
    if zone is None:
        raise InvalidSchedule("this machine's time zone has no name", hint="Name it: --timezone Europe/Berlin, or UTC")
    return parse_cron(cron or "", zone)


def add(
    queue: Queue,
    name: str,
    rule: Rule,
    spec: JobSpec,
    *,
    catch_up: CatchUp = CatchUp.ONCE,
    overlap: OverlapPolicy = OverlapPolicy.SKIP,
    replacing: bool = False,
) -> Schedule:
    """Keep a schedule; its first occurrence is the first one from now on, or one interval from now.

    With ``replacing``, one of that name makes way: it stays paused if it was, and goes on from where it was if the
    times are the same, so that whoever adds it anew each hour does not keep a daily one from happening.

    Raises:
        InvalidJob: the name or the job cannot be.
        WrongState: there is one of that name.
    """
    check_schedule(name, spec)
    store = queue.store
    with store.transaction():
        now = _whole(store.now())
        old = None
        with suppress(NotFound):
            old = store.hold_schedule(name)
        if old is not None and same_times(rule, old.rule):
            rule, last = old.rule, old.last_at
        else:
            rule, last = replace(rule, anchor=now) if isinstance(rule, Every) else rule, now
        new = Schedule(
            name=name, rule=rule, spec=spec, catch_up=catch_up, overlap=overlap, created_at=now, last_at=last,
            next_at=occurrence_after(rule, last),
        )  # fmt: skip
        if old is None or not replacing:
            store.add_schedule(new)
        else:
            kept = {field: getattr(old, field) for field in ("paused", "created_at", "last_job", "missed", "skipped")}
            new = replace(new, **kept)
            store.change_schedule(old, new)
    store.ring()
    return new


def pause(queue: Queue, name: str) -> Schedule:
    """Let no more of a schedule's occurrences happen; what runs goes on.

    Raises:
        NotFound: there is none of that name.
    """
    with queue.store.transaction():
        old = queue.store.hold_schedule(name)
        new = replace(old, paused=True)
        queue.store.change_schedule(old, new)
    queue.store.ring()
    return new


def resume(queue: Queue, name: str) -> Schedule:
    """Let a schedule happen again from now on; what passed meanwhile is past, and no catching up brings it back.

    It also brings one back into step that rests because the clock was far ahead once.

    Raises:
        NotFound: there is none of that name.
    """
    with queue.store.transaction():
        old = queue.store.hold_schedule(name)
        now = _whole(queue.store.now())
        last = now if old.paused else min(old.last_at, now)
        new = replace(old, paused=False, last_at=last, next_at=occurrence_after(old.rule, last), problem=None)
        queue.store.change_schedule(old, new)
    queue.store.ring()
    return new


def remove(queue: Queue, name: str) -> None:
    """Forget a schedule; its jobs stay, those that wait or run too.

    Raises:
        NotFound: there is none of that name.
    """
    queue.store.remove_schedule(name)
    queue.store.ring()


def run_now(queue: Queue, name: str) -> Job:
    """Enqueue a schedule's job now, whether it is paused or not; when it happens next stays as it was.

    Raises:
        NotFound: there is none of that name.
        WrongState: the run before has not ended, and the schedule skips what overlaps.
    """
    with queue.store.transaction():
        old = queue.store.hold_schedule(name)
        launched = launch(queue, old, [queue.store.now()], source=queue.actor)
        if not launched.jobs:
            running = queue.store.live_runs(name)[-1]
            hint = f"Wait for it (queuectl wait {running}), or stop it (queuectl cancel {running})."
            raise WrongState(f"job {running}, the last run of {name!r}, has not ended", hint=hint)
        queue.store.change_schedule(old, replace(old, last_job=launched.jobs[-1].id))
    queue.store.ring()
    return launched.jobs[0]


def runs(queue: Queue, name: str, limit: int = 5) -> list[Job]:
    """Return a schedule's newest jobs, the newest first."""
    return [queue.store.get(job_id) for job_id in queue.store.last_runs(name, limit)]


def upcoming(queue: Queue, schedule: Schedule, count: int = 5) -> list[datetime]:
    """Return when a schedule happens next."""
    after = max(schedule.last_at, queue.store.now())
    return list(islice(occurrences(schedule.rule, after), count))


def next_of_all(queue: Queue) -> Schedule | None:
    """Return the schedule that happens next."""
    waiting = [one for one in queue.store.schedules() if one.next_at is not None and not one.paused]
    return min(waiting, key=lambda one: (one.next_at, one.name), default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Launched:
    """What became of occurrences."""

    jobs: Sequence[Job] = ()
    skipped: int = 0
    """How many were left out because the run before has not ended."""


def launch(queue: Queue, schedule: Schedule, moments: Sequence[datetime], *, source: str) -> Launched:
    """Enqueue a job for each of these occurrences, in the caller's transaction; who commits it rings.

    Several at once, as after a long sleep, run one after another. A schedule's runs have a mutex in common, unless
    they have one anyway: whatever becomes of the jobs they wait for, two of them never run at once.

    Raises:
        InvalidJob: the job cannot run as its queue's defaults are now; nothing has changed.
    """
    if not moments:
        return Launched()
    spec = _filled(queue, schedule)
    live = list(queue.store.live_runs(schedule.name))
    how = decide_overlap(schedule.overlap, previous_live=bool(live))
    if how is Launch.SKIP:
        return Launched(skipped=len(moments))
    if how is Launch.REPLACE:
        live = _end(queue, live, schedule.name)
    settings = queue.settings()
    new = [
        NewJob(
            spec=replace(
                spec,
                env={**spec.env, NAME_VARIABLE: schedule.name, TIME_VARIABLE: iso(moment) or ""},
                after_any=() if place or how is Launch.NOW else tuple(live if how is Launch.REPLACE else live[-1:]),
            ),
            max_retries=settings["max_retries"] if spec.max_retries is None else spec.max_retries,
            backoff_base=settings["backoff_base"] if spec.backoff_base is None else spec.backoff_base,
            beside=[(place - 1, WaitKind.ENDED)] if place else (),
        )
        for place, moment in enumerate(moments)
    ]
    return Launched(jobs=queue.store.enqueue(new, source=source))


def _filled(queue: Queue, schedule: Schedule) -> JobSpec:
    spec = replace(schedule.spec, schedule=schedule.name, name=schedule.spec.name or schedule.name)
    validate(spec)
    defaults = next((row.defaults for row in queue.store.queues() if row.name == spec.queue), {})
    spec = fill(spec, read_defaults(defaults), queue.settings())
    return spec if spec.mutex else replace(spec, mutex=f"schedule {schedule.name}")


def _end(queue: Queue, live: Sequence[int], name: str) -> list[int]:
    """Cancel these jobs, the newest first so that none is let go by the end of another; return those that still run."""
    for job_id in reversed(live):
        if not queue.store.get(job_id).cancel_requested:
            with suppress(WrongState):  # it has ended with the one before
                queue.store.cancel(job_id, actor=f"schedule {name}", reason="the next run of its schedule replaces it")
    return list(queue.store.live_runs(name))


def _whole(moment: datetime) -> datetime:
    """Return a moment in whole milliseconds, as the store keeps it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
