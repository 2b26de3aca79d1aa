"""Schedules: jobs that come again and again."""

from http import HTTPStatus
from typing import Any

from queuectl import scheduling
from queuectl.errors import UsageError
from queuectl.model.catchup import CatchUp, OverlapPolicy
from queuectl.model.fields import kind
from queuectl.model.plain import iso
from queuectl.model.schedules import Schedule, schedule_as_json
from queuectl.queue import Queue
from queuectl.web.api.jobs import read_spec
from queuectl.web.body import Body
from queuectl.web.endpoint import Call, Endpoint, Parameter
from queuectl.web.shown import job_as_json, without_values

MOST_TIMES = 5
MOST_RUNS = 20
_NAME = Parameter(name="name", help="The schedule's name.")


def _shown(queue: Queue, one: Schedule) -> dict[str, Any]:
    last = next(iter(scheduling.runs(queue, one.name, 1)), None)
    times = [] if one.paused else scheduling.upcoming(queue, one, MOST_TIMES)
    found = schedule_as_json(one)
    return {
        **found,
        "job": without_values(found["job"]),
        "upcoming": [iso(moment) for moment in times],
        "last_job": None if last is None else job_as_json(last),
    }


def schedules(call: Call) -> list[dict[str, Any]]:
    """List the schedules."""
    return [_shown(call.queue, one) for one in call.queue.store.schedules()]


def show(call: Call) -> dict[str, Any]:
    """Return a schedule with its newest jobs."""
    one = call.queue.store.schedule(call.values["name"])
    runs = scheduling.runs(call.queue, one.name, MOST_RUNS)
    return {**_shown(call.queue, one), "runs": [job_as_json(job) for job in runs]}


def add(call: Call) -> dict[str, Any]:
    """Add a schedule."""
    fields = dict(call.body) if isinstance(call.body, dict) else call.body
    every = _every(fields.pop("every", None)) if isinstance(fields, dict) else None
    body = Body(fields)
    name, cron, zone = body.text("name"), body.text("cron", None), body.text("timezone", None)
    catch_up = body.choice("catch_up", CatchUp, CatchUp.ONCE)
    overlap = body.choice("overlap", OverlapPolicy, OverlapPolicy.SKIP)
    replacing = body.flag("replace", default=False)
    job = body.object("job")
    body.end()
    if (cron is None) == (every is None):
        raise UsageError(
            "give cron or every", hint='"cron": "0 3 * * *" is at 3:00 each day; "every": 900, in seconds.'
        )
    if every is not None and zone is not None:
        raise UsageError("timezone: an interval is the same in every time zone")
    rule = scheduling.rule_of(cron, every=every, timezone=zone)
    spec = read_spec(call, job, "job: ")
    added = scheduling.add(call.queue, name, rule, spec, catch_up=catch_up, overlap=overlap, replacing=replacing)
    return _shown(call.queue, added)


def _every(value: Any) -> str | None:
    """Return an interval as a text: it comes as one, or in seconds."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"every: must be a number of seconds or a text such as 15m, not {kind(value)}")
    if not 1 <= value <= 10**10:
        raise UsageError("every: is out of range", hint="From a second to a century.")
    return str(value)


def pause(call: Call) -> dict[str, Any]:
    """Let a schedule rest."""
    return _shown(call.queue, scheduling.pause(call.queue, call.values["name"]))


def resume(call: Call) -> dict[str, Any]:
    """Let a schedule happen again."""
    return _shown(call.queue, scheduling.resume(call.queue, call.values["name"]))


def run(call: Call) -> dict[str, Any]:
    """Enqueue a schedule's job now."""
    return job_as_json(scheduling.run_now(call.queue, call.values["name"]))


def remove(call: Call) -> None:
    """Forget a schedule."""
    scheduling.remove(call.queue, call.values["name"])


_MISSING = (HTTPStatus.NOT_FOUND,)
ENDPOINTS = (
    Endpoint(
        method="GET", path="/schedules", tag="schedules", handler=schedules,
        summary="The schedules, with their next times and their newest jobs.",
        answer={"type": "array", "items": {"$ref": "#/components/schemas/Schedule"}},
    ),
    Endpoint(
        method="GET", path="/schedules/{name}", tag="schedules", handler=show, parameters=(_NAME,),
        answer="ScheduleWithRuns", summary="A schedule, with its newest jobs.", problems=_MISSING,
    ),
    Endpoint(
        method="POST", path="/schedules", tag="schedules", handler=add, body="NewSchedule", answer="Schedule",
        status=HTTPStatus.CREATED, commands=True, problems=(HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT),
        summary="Add a schedule; with replace, in place of the one of that name.",
    ),
    Endpoint(
        method="DELETE", path="/schedules/{name}", tag="schedules", handler=remove, parameters=(_NAME,),
        status=HTTPStatus.NO_CONTENT, summary="Forget a schedule; its jobs stay.", problems=_MISSING,
    ),
    Endpoint(
        method="POST", path="/schedules/{name}/run", tag="schedules", handler=run, parameters=(_NAME,), answer="Job",
        status=HTTPStatus.CREATED, commands=True, summary="Enqueue a schedule's job now, besides its times.",
        problems=(HTTPStatus.FORBIDDEN, *_MISSING, HTTPStatus.CONFLICT),
    ),
    Endpoint(
        method="POST", path="/schedules/{name}/pause", tag="schedules", handler=pause, parameters=(_NAME,),
        answer="Schedule", summary="Let a schedule rest; what it has enqueued goes on.", problems=_MISSING,
    ),
    Endpoint(
        method="POST", path="/schedules/{name}/resume", tag="schedules", handler=resume, parameters=(_NAME,),
        answer="Schedule", summary="Let a schedule happen again, from now on.", problems=_MISSING,
    ),
)  # fmt: skip
