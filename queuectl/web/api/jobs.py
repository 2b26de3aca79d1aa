"""Many jobs: list them, enqueue them, act on those that are named or that match."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from queuectl import bulk
from queuectl.editing import at_home
from queuectl.errors import InvalidJob, UsageError, WrongState
from queuectl.model.fields import spec_from_mapping
from queuectl.model.job import Job, JobSpec
from queuectl.model.state import FINAL, State
from queuectl.queue import Queue
from queuectl.store.types import JobFilter, Order
from queuectl.web.api.overview import states
from queuectl.web.body import Body
from queuectl.web.endpoint import Call, Endpoint, Kind, Parameter, whole
from queuectl.web.shown import job_as_json

SECONDS = 0.05
"""How long a request may look for a text or a tag before it answers with what it has found."""
MOST_IDS = 100_000
MOST_JOBS = 10_000
"""Jobs that are taken at once."""
_KEY = re.compile(r"[!-~]{1,200}")
_TAGS = 50
_STATES_OF = {
    Order.ENDED: FINAL,
    Order.DUE: frozenset({State.SCHEDULED, State.FAILED}),
    Order.NEXT: frozenset({State.PENDING}),
}
"""The states that an order is about."""


def list_jobs(call: Call) -> dict[str, Any]:
    """Return a page of jobs."""
    values = call.values
    query = JobFilter(
        states=states(values["state"]), queue=values["queue"] or None, tag=values["tag"] or None,
        text=values["text"] or None,
        order=Order(values["order"]), cursor=values["cursor"], limit=values["limit"],
    )  # fmt: skip
    page = call.queue.store.page(query, seconds=SECONDS)
    return {
        "jobs": [job_as_json(job) for job in page.jobs],
        "next": page.cursor,
        "exhausted": page.exhausted,
        "total": _total(call.queue, query),
        "queues": [row.name for row in call.queue.store.queues()],
        "tags": sorted({tag for job in page.jobs for tag in job.spec.tags})[:_TAGS],
    }


def _total(queue: Queue, query: JobFilter) -> int | None:
    if query.text is not None or query.tag is not None:
        return None
    counted = frozenset(query.states or State) & _STATES_OF.get(query.order, frozenset(State))
    return sum(
        count
        for name, counts in queue.store.counts().items()
        if query.queue in {None, name}
        for state, count in counts.items()
        if state in counted
    )


def enqueue(call: Call) -> Any:
    """Keep jobs, all or none."""
    several = isinstance(call.body, list)
    wanted = call.body if several else [call.body]
    if not wanted:
        raise UsageError("the list holds no job")
    if len(wanted) > MOST_JOBS:
        raise UsageError(f"the list holds {len(wanted)} jobs; at most {MOST_JOBS} are taken at once")
    specs = []
    for place, fields in enumerate(wanted, start=1):
        where = f"job {place} of {len(wanted)}: " if several else ""
        if not isinstance(fields, dict):
            raise UsageError(f"{where}a job is an object", hint='Such as {"command": "echo hello"}.')
        specs.append(read_spec(call, fields, where))
    jobs = enqueued(call, specs, "jobs")
    return [job_as_json(job) for job in jobs] if several else job_as_json(jobs[0])


def enqueued(call: Call, specs: Sequence[JobSpec], what: str) -> list[Job]:
    """Keep jobs, all or none; a second request with the same key finds those of the first.

    Raises:
        UsageError: the key cannot be.
        WrongState: the jobs of the first request are deleted.
    """
    key = call.idempotency_key
    if key is not None and not _KEY.fullmatch(key):
        raise UsageError("Idempotency-Key: must be 1 to 200 visible characters of ASCII")
    batch = None if key is None else f"{what}, Idempotency-Key {key}"
    jobs = call.queue.enqueue(specs, batch=batch, source="dashboard" if call.session else "api")
    if not jobs:
        raise WrongState("what this Idempotency-Key has enqueued is deleted", hint="Use another key for another job.")
    return jobs


def read_spec(call: Call, fields: Mapping[str, Any], where: str = "") -> JobSpec:
    """Read a job's fields; it runs in the user's home, or where it says, seen from there.

    Raises:
        InvalidJob: it cannot be.
    """
    try:
        spec = spec_from_mapping(fields, now=call.now)
    except InvalidJob as exc:
        raise InvalidJob(f"{where}{exc.message}", field=exc.field, hint=exc.hint) from None
    return at_home(spec)


def act(call: Call) -> dict[str, Any]:
    """Do something with many jobs."""
    body = Body(call.body)
    what = body.choice("verb", bulk.Act)
    ids = body.list_of("ids", int, None)
    wanted = body.object("filter", None)
    body.end()
    if (ids is None) == (wanted is None):
        raise UsageError(
            "give ids or a filter", hint='{"verb": "retry", "ids": [7]} or {"verb": "retry", "filter": {}}'
        )
    if ids is not None:
        if len(ids) > MOST_IDS or any(not 0 < job_id < 2**63 for job_id in ids):
            raise UsageError(f"ids: up to {MOST_IDS:,} numbers of jobs, from 1 on")
        done = bulk.act(call.queue, what, ids)
    else:
        done = bulk.act_on_all(call.queue, what, _filter(wanted))
    return {
        "done": done.done,
        "refused": done.refused,
        "problems": [{"id": one.job_id, "detail": one.detail} for one in done.problems],
    }


def _filter(wanted: dict[str, Any]) -> JobFilter:
    body = Body(wanted)
    names = body.list_of("state", str, [])
    unknown = next((name for name in names if name not in list(State)), None)
    if unknown is not None:
        raise UsageError(f"state: {unknown[:50]!r} is unknown", hint=f"One of {', '.join(State)}.")
    found = JobFilter(
        states=states(names),
        queue=body.text("queue", None) or None,
        tag=body.text("tag", None) or None,
        text=body.text("text", None) or None,
    )
    body.end()
    return found


ENDPOINTS = (
    Endpoint(
        method="GET", path="/jobs", tag="jobs", handler=list_jobs, answer="JobPage",
        summary="A page of jobs: filtered, ordered, and as quick with a million of them.",
        parameters=(
            Parameter(name="state", help="Only these states.", kind=Kind.TEXTS, choices=tuple(State)),
            Parameter(name="queue", help="Only this queue."),
            Parameter(name="tag", help="Only with this tag."),
            Parameter(name="text", help="Only with this text in command, name, tags, key, note or end of output."),
            Parameter(name="order", help="Which come first.", choices=tuple(Order), default=Order.NEWEST.value),
            Parameter(name="cursor", help="The next of the page before."),
            whole("limit", "How many at most.", high=500, default=50),
        ),
    ),
    Endpoint(
        method="POST", path="/jobs", tag="jobs", handler=enqueue, status=201, commands=True, idempotent_by_key=True,
        summary="Enqueue one job, or a list of them, all or none. When this answers, they survive a power cut.",
        body={"oneOf": [{"$ref": "#/components/schemas/JobFields"},
                        {"type": "array", "items": {"$ref": "#/components/schemas/JobFields"}, "minItems": 1}]},
        answer={"oneOf": [{"$ref": "#/components/schemas/Job"},
                          {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}]},
        problems=(403, 404, 409),
    ),
    Endpoint(
        method="POST", path="/jobs/actions", tag="jobs", handler=act, body="JobAction", answer="JobActionResult",
        summary="Retry, cancel or delete the jobs that are named, or all that match.",
    ),
)  # fmt: skip
