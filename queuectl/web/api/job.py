"""One job: all about it, and what can be done with it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from queuectl import editing, elsewhere, shapes
from queuectl.errors import InvalidJob, NotFound, UsageError
from queuectl.model.dependencies import FIELDS as WAITS
from queuectl.model.dependencies import Dependency
from queuectl.model.fields import as_fields, spec_from_mapping
from queuectl.model.job import Attempt, Job, JobSpec
from queuectl.model.plain import attempt_as_json, event_as_json
from queuectl.model.state import State
from queuectl.queue import Queue
from queuectl.web import commandline
from queuectl.web.answers import require_enqueueing
from queuectl.web.api.jobs import enqueued
from queuectl.web.body import Body
from queuectl.web.endpoint import Call, Endpoint, Parameter
from queuectl.web.shown import job_as_json, title_of

MOST_RELATIVES = 100
"""Jobs that are shown of those that it waits for, and of those that wait for it."""
_RUNS = frozenset({"command", "argv", "cwd", "env", "shell", "on_success", "on_failure", "on_dead"})
"""Fields that say what is run."""
_LABELS = frozenset({"tags", "note"})
"""Fields that can be changed in whatever state."""
JOB = Parameter(name="job", help="The job's id, or its key.")


def show(call: Call) -> dict[str, Any]:
    """Return all about a job."""
    queue = call.queue
    job = queue.find(call.values["job"])
    waits_for, waited_for_by = _relatives(queue, job)
    sharing = elsewhere.sharing(queue)
    return {
        **job_as_json(job),
        "runs_list": [{**attempt_as_json(one), **_log(queue, one, sharing)} for one in queue.attempts(job.id)],
        "history": [event_as_json(event) for event in queue.history(job.id)],
        "waits_because": shapes.why_nobody_takes(job, queue.hosts(), queue.store.pauses()),
        "waits_for": waits_for,
        "waited_for_by": waited_for_by,
        "command_line": commandline.for_sh(job.spec),
        "command_line_powershell": commandline.for_powershell(job.spec),
    }


def _log(queue: Queue, run: Attempt, sharing: Collection[str]) -> dict[str, Any]:
    try:
        size = queue.paths.log(run.job_id, run.number).stat().st_size
    except OSError:
        shared = run.host_name in sharing
        return {"log": shared, "log_bytes": run.output_bytes if shared else 0}
    return {"log": True, "log_bytes": size}


def _relatives(queue: Queue, job: Job) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the jobs that this one waits for or has waited for, and those that wait for it."""
    edges = queue.store.graph(job.id, 1000)
    before = [(one.parent_id, one) for one in edges if one.job_id == job.id]
    behind = [(one.job_id, one) for one in edges if one.parent_id == job.id]
    return _shown(queue, before[:MOST_RELATIVES]), _shown(queue, behind[:MOST_RELATIVES])


def _shown(queue: Queue, relatives: Sequence[tuple[int, Dependency]]) -> list[dict[str, Any]]:
    found = []
    for job_id, one in relatives:
        with suppress(NotFound):  # somebody has deleted it just now
            other = queue.store.get(job_id)
            kind = next(name for name, kind in WAITS.items() if kind is one.kind)
            title, state = title_of(other), other.state.value
            found.append({"id": other.id, "title": title, "state": state, "kind": kind, "met": one.met})
    return found


def edit(call: Call) -> dict[str, Any]:
    """Change a job; a null takes a field away."""
    job = call.queue.find(call.values["job"])
    changes = _changes(call.body)
    if not changes.keys().isdisjoint(_RUNS):
        require_enqueueing(call.queue)
    spec = _changed(call, job, changes)
    if not changes.keys() <= _LABELS:
        return job_as_json(editing.edit(call.queue, job, spec))
    with call.queue.store.transaction():
        if "note" in changes:
            job = editing.note(call.queue, job, spec.note)
        if "tags" in changes:
            gone = [tag for tag in job.spec.tags if tag not in spec.tags]
            job = editing.tag(call.queue, job, add=spec.tags, remove=gone)
    call.queue.store.ring()
    return job_as_json(job)


def _changes(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or not body:
        raise UsageError("the body is not an object with fields of the job", hint='Such as {"priority": 5}.')
    return body


def _changed(call: Call, job: Job, changes: Mapping[str, Any]) -> JobSpec:
    """Return a job's specification with changes; variables whose value is null keep the one they have.

    Raises:
        InvalidJob: it cannot be so.
    """
    fields = as_fields(job.spec)
    if changes.get("command") is not None and changes.get("argv") is not None:
        raise InvalidJob("give command or argv, not both", field="argv")
    for name, value in changes.items():
        if name in {"command", "argv"} and value is not None:
            fields.pop("argv" if name == "command" else "command", None)
        if name == "delay":
            fields.pop("run_at", None)
        if name == "id":
            fields.pop("key", None)
        fields[name] = _env(job, value) if name == "env" and isinstance(value, dict) else value
    spec = spec_from_mapping(fields, now=call.now)
    if "cwd" in changes:
        spec = editing.at_home(spec)
    return replace(spec, path=job.spec.path, schedule=job.spec.schedule)


def _env(job: Job, wanted: Mapping[str, Any]) -> dict[str, Any]:
    unknown = [name for name, value in wanted.items() if value is None and name not in job.spec.env]
    if unknown:
        raise InvalidJob(f"env: {unknown[0][:50]!r} has no value so far", field="env", hint="Give it one.")
    return {name: job.spec.env[name] if value is None else value for name, value in wanted.items()}


def delete(call: Call) -> None:
    """Forget a job."""
    call.queue.delete(call.queue.find(call.values["job"]).id)


def cancel(call: Call) -> dict[str, Any]:
    """End a job."""
    body = Body(call.body)
    reason = body.text("reason", None)
    body.end()
    if reason is not None and len(reason) > 1000:
        raise UsageError("reason: is longer than 1000 characters")
    return job_as_json(call.queue.cancel(call.queue.find(call.values["job"]).id, reason=reason))


def retry(call: Call) -> dict[str, Any]:
    """Run a job again."""
    return job_as_json(call.queue.retry(call.queue.find(call.values["job"]).id))


def copy(call: Call) -> dict[str, Any]:
    """Enqueue another job like this one, with changes."""
    job = call.queue.find(call.values["job"])
    spec = replace(job.spec, key=None, run_at=None, after=(), after_any=(), after_failure=())
    if call.body:
        spec = _changed(call, replace(job, spec=spec), _changes(call.body))
    return job_as_json(enqueued(call, [replace(spec, schedule=None)], f"copy {job.id}")[0])


def is_running(job: Job, number: int) -> bool:
    """Tell whether a run of a job goes on."""
    return job.state is State.PROCESSING and job.runs == number


ENDPOINTS = (
    Endpoint(
        method="GET", path="/jobs/{job}", tag="jobs", handler=show, parameters=(JOB,), answer="JobDetails",
        summary="All about a job: what it is, its runs, its history, and the jobs it is tied to.", problems=(404,),
    ),
    Endpoint(
        method="PATCH", path="/jobs/{job}", tag="jobs", handler=edit, parameters=(JOB,), body="JobChanges",
        answer="Job", problems=(403, 404, 409),
        summary="Change a job that does not run; its tags and note in whatever state.",
    ),
    Endpoint(
        method="DELETE", path="/jobs/{job}", tag="jobs", handler=delete, parameters=(JOB,), status=204,
        summary="Forget a job that does not run, with its history and logs.", problems=(404, 409),
    ),
    Endpoint(
        method="POST", path="/jobs/{job}/cancel", tag="jobs", handler=cancel, parameters=(JOB,), answer="Job",
        body={"type": "object", "properties": {"reason": {"type": ["string", "null"], "maxLength": 1000}},
              "additionalProperties": False},
        body_required=False, summary="End a waiting job, or have a running one stopped.", problems=(404, 409),
    ),
    Endpoint(
        method="POST", path="/jobs/{job}/retry", tag="jobs", handler=retry, parameters=(JOB,), answer="Job",
        summary="Run an ended or failed job again, with a new set of attempts.", problems=(404, 409),
    ),
    Endpoint(
        method="POST", path="/jobs/{job}/copy", tag="jobs", handler=copy, parameters=(JOB,), body="JobChanges",
        body_required=False, answer="Job", status=201,
        commands=True, idempotent_by_key=True,
        problems=(403, 404, 409),
        summary="Enqueue another job like this one, due now, with the changes that are sent.",
    ),
)  # fmt: skip
