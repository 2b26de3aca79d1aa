"""Jobs with their whole history as lines of JSON, and back: what ``export`` writes and ``import`` reads."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args, get_type_hints

from queuectl.errors import InvalidJob, UsageError
from queuectl.model.dependencies import FIELDS as WAITS
from queuectl.model.dependencies import Dependency, WaitKind
from queuectl.model.fields import as_fields, spec_from_mapping
from queuectl.model.job import Attempt, Event, Job, JobSpec, OutcomeKind
from queuectl.model.plain import iso
from queuectl.model.state import State

FORMAT = 1
"""The version of the format, in its first line."""
RAN = "it ran when it was exported"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """All that is kept of one job."""

    job: Job
    attempts: Sequence[Attempt] = ()
    events: Sequence[Event] = ()
    waits: Sequence[Dependency] = ()


def header(version: str) -> str:
    """Return the first line."""
    return json.dumps({"type": "queuectl export", "format": FORMAT, "version": version})


def check_header(line: str) -> None:
    """Refuse what is no export, or one of a later format.

    Raises:
        UsageError: it is not one that this version can read.
    """
    try:
        value = json.loads(line)
        known = value["type"] == "queuectl export" and isinstance(value["format"], int)
    except (ValueError, TypeError, KeyError):
        known = False
    if not known:
        raise UsageError("this is no export of queuectl's", hint="Write one: queuectl export jobs.jsonl")
    if value["format"] > FORMAT:
        raise UsageError(f"this export has format {value['format']}; this version reads up to {FORMAT}")


def to_line(record: Record) -> str:
    """Write a job and its history as one line of JSON."""
    job = record.job
    value = {
        "type": "job",
        **{name: _plain(getattr(job, name)) for name in _OF_JOB},
        "spec": {
            **{name: _plain(value) for name, value in as_fields(job.spec).items()},
            "path": job.spec.path,
            "schedule": job.spec.schedule,
        },
        "runs_list": [_flat(attempt) for attempt in record.attempts],
        "events": [_flat(event) for event in record.events],
        "waits": [_flat(wait) for wait in record.waits],
    }
    return json.dumps(value, ensure_ascii=False)


def from_line(line: str) -> Record:
    """Read a job and its history; what ran when it was written is pending.

    Raises:
        UsageError: it is none.
    """
    try:
        value = json.loads(line)
        spec = dict(value["spec"])
        path, schedule = spec.pop("path", None), spec.pop("schedule", None)
        _check(JobSpec, {"path": path, "schedule": schedule})
        read = replace(spec_from_mapping(spec, now=datetime.now(UTC)), path=path, schedule=schedule)
        return Record(
            job=_job(value, read),
            attempts=[_ended(_attempt(one), value) for one in value["runs_list"]],
            events=[_event(one) for one in value["events"]],
            waits=[Dependency(**_check(Dependency, {**one, "kind": WaitKind(one["kind"])})) for one in value["waits"]],
        )
    except InvalidJob as exc:
        raise UsageError(exc.message, hint=exc.hint) from None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as exc:
        raise UsageError(f"this is no job of an export ({type(exc).__name__}: {exc})") from None


def renumbered(record: Record, ids: Mapping[int, int]) -> Record:
    """Give a job and those it names other ids; whom the mapping does not know is forgotten."""
    job = record.job
    new = ids[job.id]
    waits: dict[str, Any] = {
        name: tuple(ids[parent] for parent in getattr(job.spec, name) if parent in ids) for name in WAITS
    }
    return Record(
        job=replace(job, id=new, spec=replace(job.spec, **waits)),
        attempts=[replace(attempt, job_id=new) for attempt in record.attempts],
        events=[replace(event, job_id=new) for event in record.events],
        waits=[
            replace(wait, job_id=new, parent_id=ids[wait.parent_id]) for wait in record.waits if wait.parent_id in ids
        ],
    )


_MOMENTS = ("created_at", "updated_at", "run_at", "started_at", "finished_at", "at")
_OF_JOB = (
    "id", "state", "max_retries", "backoff_base", "source", "attempts", "runs", "created_at", "updated_at", "run_at",
    "started_at", "finished_at", "exit_code", "reason", "progress", "progress_text",
)  # fmt: skip


def _plain(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value


def _flat(one: Attempt | Event | Dependency) -> dict[str, Any]:
    return {field.name: _plain(getattr(one, field.name)) for field in fields(one)}


def _read_moments(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(one).astimezone(UTC) if name in _MOMENTS and one is not None else one
        for name, one in value.items()
    }


def _job(value: Mapping[str, Any], spec: JobSpec) -> Job:
    own = _read_moments({name: value[name] for name in _OF_JOB})
    own["state"] = State(own["state"])
    if own["state"] is State.PROCESSING:
        own |= {"state": State.PENDING, "reason": RAN, "attempts": max(0, own["attempts"] - 1)}
    return Job(**_check(Job, own), spec=spec, cancel_requested=False, lease=None)


def _attempt(value: Mapping[str, Any]) -> Attempt:
    own = _read_moments(value)
    own["outcome"] = own["outcome"] and OutcomeKind(own["outcome"])
    own["next_state"] = own["next_state"] and State(own["next_state"])
    return Attempt(**_check(Attempt, own))


def _ended(attempt: Attempt, job: Mapping[str, Any]) -> Attempt:
    """End a run that went on when it was exported; it spends no attempt."""
    if attempt.outcome is not None:
        return attempt
    ended = max(attempt.started_at, datetime.fromisoformat(job["updated_at"]).astimezone(UTC))
    return replace(attempt, finished_at=ended, outcome=OutcomeKind.INTERRUPTED, next_state=State.PENDING, reason=RAN)


def _event(value: Mapping[str, Any]) -> Event:
    own = _read_moments(value)
    own["before"] = own["before"] and State(own["before"])
    return Event(**_check(Event, {**own, "after": State(own["after"])}))


@cache
def _types(kind: type) -> Mapping[str, tuple[type, ...]]:
    return {name: get_args(hint) or (hint,) for name, hint in get_type_hints(kind).items()}


def _check(kind: type, values: dict[str, Any]) -> dict[str, Any]:
    """Refuse values of types that their fields do not have, and numbers that no database takes."""
    for name, value in values.items():
        allowed = _types(kind)[name]
        known = isinstance(value, allowed) or (float in allowed and isinstance(value, int))
        if not known or isinstance(value, bool) is not (bool in allowed):
            raise ValueError(f"{name}: {value!r}")
        if type(value) is int and not (0 if name != "exit_code" else -(2**31)) <= value < 2**63:
            raise ValueError(f"{name}: {value} is out of range")
    return values
