"""Schedules to rows and back: shared by the stores, whatever their database."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from queuectl.store.rows import from_ms, to_ms

if TYPE_CHECKING:
    from queuectl.model.schedules import Schedule  # every command would pay for its import

SCHEDULE_COLUMNS = (
    "name, rule, spec, catch_up, overlap, paused, created_at, last_at, next_at, last_job, missed, skipped, problem"
)


def schedule_values(schedule: "Schedule") -> tuple[Any, ...]:
    """Return the values for SCHEDULE_COLUMNS."""
    from queuectl.model.schedules import rule_as_plain, spec_as_plain

    return (
        schedule.name, _dump(rule_as_plain(schedule.rule)), _dump(spec_as_plain(schedule.spec)),
        schedule.catch_up.value, schedule.overlap.value, schedule.paused, to_ms(schedule.created_at),
        to_ms(schedule.last_at), optional_ms(schedule.next_at), schedule.last_job, schedule.missed, schedule.skipped,
        schedule.problem,
    )  # fmt: skip


def schedule_from_row(row: Any) -> "Schedule":
    """Build a schedule from a row of SCHEDULE_COLUMNS."""
    from queuectl.model.catchup import CatchUp, OverlapPolicy
    from queuectl.model.schedules import Schedule, rule_from_plain, spec_from_plain

    (
        name, rule, spec, catch_up, overlap, paused, created_at, last_at, next_at, last_job, missed, skipped, problem,
    ) = row  # fmt: skip
    return Schedule(
        name=name,
        rule=rule_from_plain(json.loads(rule)),
        spec=spec_from_plain(json.loads(spec)),
        catch_up=CatchUp(catch_up),
        overlap=OverlapPolicy(overlap),
        paused=bool(paused),
        created_at=from_ms(created_at),
        last_at=from_ms(last_at),
        next_at=None if next_at is None else from_ms(next_at),
        last_job=last_job,
        missed=missed,
        skipped=skipped,
        problem=problem,
    )


def optional_ms(moment: datetime | None) -> int | None:
    """Return milliseconds since 1970, or None."""
    return None if moment is None else to_ms(moment)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
