"""The queue as a whole: who answers, how it stands, what has run, and all that its first page shows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from queuectl import __version__
from queuectl.model.job import Job, OutcomeKind
from queuectl.model.plain import iso
from queuectl.model.state import State
from queuectl.model.statistics import summarize
from queuectl.model.timeline import Run, lay_out
from queuectl.platform import machine
from queuectl.scheduling import next_of_all
from queuectl.shapes import pause_as_json, status_as_json, summary_as_json
from queuectl.store.types import JobFilter, Order
from queuectl.web.api.hosts import by_host, host_shown
from queuectl.web.endpoint import Call, Endpoint, Kind, Parameter
from queuectl.web.shown import job_as_json

if TYPE_CHECKING:
    from queuectl.queue import Queue
    from queuectl.store.types import Running

SPANS = {"hour": (60, 60), "day": (600, 144), "week": (3600, 168)}
"""Seconds of a step of the series of runs, and how many steps."""
TIMELINE = timedelta(minutes=15)
MOST_RUNS = 400
BRIEF, MOST_BRIEF = timedelta(seconds=1), 100
"""Runs that are a line of the picture's at most, and how many of them are in it: of a flood, more would say no more."""
MOST_NEXT = 8
MOST_RECENT = 10
TITLE_MAX = 200
_FAILED = frozenset({OutcomeKind.FAILED, OutcomeKind.TIMEOUT, OutcomeKind.LOST})
_CENTURY = 100 * 365 * 86_400


def states(names: Sequence[str]) -> tuple[State, ...]:
    """Return states by their names."""
    return tuple(State(name) for name in dict.fromkeys(names))


def session(call: Call) -> dict[str, Any]:
    """Tell who answers, and give a page the CSRF token of its session."""
    return {
        "csrf": None if call.session is None else call.site.csrf(call.session),
        "version": __version__,
        "machine": machine.name(),
        "database": call.queue.store.location,
        "shared": call.queue.paths.is_shared,
        "user": machine.user(),
        "may_enqueue": call.queue.settings()["api_enqueue"],
        "now": iso(call.now),
    }


def status(call: Call) -> dict[str, Any]:
    """Tell how the queue stands, as ``status --json`` does."""
    found = call.queue.status()
    scheduled = None if call.queue.store.next_schedule() is None else next_of_all(call.queue)
    return {
        **status_as_json(call.queue.store.location, found, scheduled),
        "running": [job_as_json(run.job) for run in found.running],
    }


def stats(call: Call) -> list[dict[str, Any]]:
    """Sum up the runs that ended in a span of time, by queue and name."""
    facts = call.queue.store.runs_since(call.now - timedelta(seconds=call.values["since"]))
    wanted = call.values["queue"] or None
    return [summary_as_json(one) for one in summarize(fact for fact in facts if wanted in {None, fact.queue})]


def healthz(call: Call) -> dict[str, str]:
    """Tell that the database can be read; if not, the error is the answer."""
    call.queue.store.settings()
    return {"status": "ok"}


def overview(call: Call) -> dict[str, Any]:
    """Tell what the first page shows; its cost does not grow with the number of jobs."""
    queue, now = call.queue, call.now
    found = queue.status()
    running = by_host(found.running)
    names = {host.id: host.name for host in found.hosts}
    return {
        "now": iso(now),
        "database": queue.store.location,
        "counts": {state.value: count for state, count in found.counts.items()},
        "total": sum(found.counts.values()),
        "ever": queue.store.newest_id(),
        "paused": any(not pause.queue for pause in found.pauses),
        "pauses": [pause_as_json(pause) for pause in found.pauses],
        "running": [{**job_as_json(run.job), "host_name": names.get(_owner(run.job))} for run in found.running],
        "hosts": [host_shown(call, host, running) for host in found.hosts],
        "next": _next(queue),
        "recent": [job_as_json(job) for job in queue.store.recent(MOST_RECENT)],
        "series": _series(queue, now, *SPANS[call.values["span"]]),
        "timeline": _timeline(queue, now, found.running, names),
    }


def _owner(job: Job) -> str:
    return job.lease.owner if job.lease else ""


def _next(queue: "Queue") -> list[dict[str, Any]]:
    """Return what will be ready next: occurrences of schedules, and jobs that wait for their time."""
    due: list[tuple[datetime, dict[str, Any]]] = [
        (one.next_at, {"kind": "schedule", "name": one.name, "id": None, "title": one.spec.title})
        for one in queue.store.schedules()
        if one.next_at is not None and not one.paused
    ]
    due += [
        (job.run_at, {"kind": "job", "name": job.spec.name, "id": job.id, "title": job.spec.title})
        for job in queue.jobs(JobFilter(order=Order.DUE, limit=MOST_NEXT))
        if job.run_at is not None
    ]
    first = sorted(due, key=lambda one: one[0])[:MOST_NEXT]
    return [{**value, "title": value["title"][:TITLE_MAX], "at": iso(moment)} for moment, value in first]


def _series(queue: "Queue", now: datetime, step: int, count: int) -> dict[str, Any]:
    """Count the runs that ended in each step of time, the present one last."""
    present = datetime.fromtimestamp(int(now.timestamp()) // step * step, now.tzinfo)
    begin = present - timedelta(seconds=step * (count - 1))
    completed, failed = [0] * count, [0] * count
    for one in queue.store.run_counts(begin, step):
        place = round((one.at - begin).total_seconds() / step)
        if 0 <= place < count:
            completed[place] += one.runs * (one.outcome is OutcomeKind.COMPLETED)
            failed[place] += one.runs * (one.outcome in _FAILED)
    points = [
        {"at": iso(begin + timedelta(seconds=place * step)), "completed": completed[place], "failed": failed[place]}
        for place in range(count)
    ]
    return {"step": step, "points": points}


def _timeline(queue: "Queue", now: datetime, running: "Sequence[Running]", names: Mapping[str, str]) -> dict[str, Any]:
    """Lay out what ran in the last minutes, and what runs."""
    begin = now - TIMELINE
    runs = [Run.of(run.job, names.get(_owner(run.job), "")) for run in running]
    ended = queue.store.recent_runs(begin, MOST_RUNS)
    brief = [run for run in ended if _is_brief(run, now)]
    runs += brief[:MOST_BRIEF] + [run for run in ended if not _is_brief(run, now)]
    lanes = [
        {"host": lane.host, "host_name": lane.host_name, "runs": [_run(run) for run in lane.runs]}
        for lane in lay_out(runs, MOST_RUNS)
    ]
    return {"from": iso(begin), "to": iso(now), "lanes": lanes}


def _is_brief(run: Run, now: datetime) -> bool:
    return (run.finished_at or now) - run.started_at < BRIEF


def _run(run: Run) -> dict[str, Any]:
    return {
        "job": run.job_id,
        "number": run.number,
        "title": run.title[:TITLE_MAX],
        "started_at": iso(run.started_at),
        "finished_at": iso(run.finished_at),
        "outcome": run.outcome.value if run.outcome else None,
    }


ENDPOINTS = (
    Endpoint(
        method="GET", path="/session", tag="overview", handler=session, answer="Session",
        summary="Who answers, and a page's CSRF token.",
    ),
    Endpoint(
        method="GET", path="/status", tag="overview", handler=status, answer="Status", summary="The queue at a glance.",
    ),
    Endpoint(
        method="GET", path="/overview", tag="overview", handler=overview, answer="Overview",
        summary="What the first page shows: what stands where, runs, comes, ended, and who works.",
        parameters=(
            Parameter(name="span", help="The span of the series of runs.", default="hour", choices=tuple(SPANS)),
        ),
    ),
    Endpoint(
        method="GET", path="/stats", tag="overview", handler=stats, summary="What has run, by queue and name.",
        parameters=(
            Parameter(
                name="since", help="How far to look back, in seconds.", kind=Kind.NUMBER, low=0, high=_CENTURY,
                default=86_400.0,
            ),
            Parameter(name="queue", help="Only runs of this queue."),
        ),
        answer={"type": "array", "items": {"$ref": "#/components/schemas/Summary"}},
    ),
    Endpoint(
        method="GET", path="/healthz", tag="overview", handler=healthz, bare=True, answer="Health",
        summary="Whether the database can be read.",
    ),
)  # fmt: skip
