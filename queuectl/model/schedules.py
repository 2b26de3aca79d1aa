"""What a schedule is: a rule, and a job for each of its occurrences; and both as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from queuectl.errors import InvalidJob
from queuectl.model.catchup import CatchUp, OverlapPolicy
from queuectl.model.fields import FIELDS, as_fields
from queuectl.model.job import JobSpec
from queuectl.model.plain import iso
from queuectl.model.recurrence import Cron, Every, Rule, describe
from queuectl.model.validation import validate

NOT_IN_SCHEDULES = ("run_at", "key", "unique_for", "replace", "after", "after_any", "after_failure", "schedule")
"""Fields of a job that a schedule's cannot have: the schedule says when, and each occurrence is a job of its own."""

NAME_MAX = 100
"""Characters in a schedule's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """A schedule as the store holds it."""

    name: str
    rule: Rule
    spec: JobSpec
    catch_up: CatchUp
    overlap: OverlapPolicy
    paused: bool = False
    created_at: datetime
    last_at: datetime
    """Up to where all occurrences are decided; none before it is ever run again."""
    next_at: datetime | None
    """When it is to be looked at again; None when it never happens any more."""
    last_job: int | None = None
    """The newest job that it enqueued."""
    missed: int = 0
    """How many occurrences passed without a run of their own, because nothing ran that could have started it."""
    skipped: int = 0
    """How many were left out because the run before had not ended."""
    problem: str | None = None
    """Why its last occurrence could not be enqueued; it is tried again."""


def check_schedule(name: str, spec: JobSpec) -> None:
    """Refuse a name that cannot be, and a job that cannot be one of many.

    Raises:
        InvalidJob: names the field.
    """
    if len(name) > NAME_MAX:
        raise InvalidJob(f"the schedule's name is longer than {NAME_MAX} characters", field="name")
    try:
        validate(replace(spec, schedule=name))
    except InvalidJob as exc:
        if exc.field != "schedule":
            raise
        raise InvalidJob(exc.message.replace("schedule", "the schedule's name", 1), field="name") from None
    blank = JobSpec()
    for field in NOT_IN_SCHEDULES:
        if getattr(spec, field) != getattr(blank, field):
            raise InvalidJob(f"{field}: the job of a schedule cannot have it", field=field)


def same_times(one: Rule, other: Rule) -> bool:
    """Tell whether two rules mean the same, wherever an interval begins."""
    if isinstance(one, Every) and isinstance(other, Every):
        return one.seconds == other.seconds
    return one == other


def rule_as_plain(rule: Rule) -> dict[str, Any]:
    """Return a rule as plain values."""
    if isinstance(rule, Cron):
        return {"cron": rule.text, "timezone": rule.zone}
    return {"every": rule.seconds, "anchor": iso(rule.anchor)}


def rule_from_plain(values: Mapping[str, Any]) -> Rule:
    """Read what ``rule_as_plain`` wrote; it was checked when it was added.

    Raises:
        ValueError: it is no rule.
    """
    try:
        if "cron" in values:
            return Cron(text=str(values["cron"]), zone=str(values["timezone"]))
        anchor = datetime.fromisoformat(values["anchor"]).astimezone(UTC)
        return Every(seconds=float(values["every"]), anchor=anchor)
    except (KeyError, TypeError) as exc:
        raise ValueError(f"no rule: {values!r}") from exc


def spec_as_plain(spec: JobSpec) -> dict[str, Any]:
    """Return a schedule's job as the fields of a .job file, and the search path of whoever added it."""
    fields = as_fields(spec)
    return fields if spec.path is None else {**fields, "path": spec.path}


def spec_from_plain(values: Mapping[str, Any]) -> JobSpec:
    """Read what ``spec_as_plain`` wrote; whether it can run is seen when it is to run.

    Raises:
        ValueError: a field is of the wrong type.
    """
    known = {name: FIELDS[name](value) for name, value in values.items() if name in FIELDS}
    return replace(JobSpec(), **known, path=values.get("path"))


def schedule_as_json(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as the plain values that ``--json`` and the HTTP API print."""
    rule = schedule.rule
    return {
        "name": schedule.name,
        "cron": rule.text if isinstance(rule, Cron) else None,
        "timezone": rule.zone if isinstance(rule, Cron) else None,
        "every": rule.seconds if isinstance(rule, Every) else None,
        "anchor": iso(rule.anchor) if isinstance(rule, Every) else None,
        "description": describe(rule),
        "catch_up": schedule.catch_up.value,
        "overlap": schedule.overlap.value,
        "paused": schedule.paused,
        "created_at": iso(schedule.created_at),
        "last_at": iso(schedule.last_at),
        "next_at": None if schedule.paused else iso(schedule.next_at),
        "last_job": schedule.last_job,
        "missed": schedule.missed,
        "skipped": schedule.skipped,
        "problem": schedule.problem,
        "job": as_fields(schedule.spec),
    }
