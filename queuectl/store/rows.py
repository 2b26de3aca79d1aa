"""Rows to model and back: shared by the stores, whatever their database."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from queuectl.model.job import (
    Attempt,
    BackoffKind,
    DeadParent,
    Event,
    Job,
    JobSpec,
    Lease,
    OutcomeKind,
    ProgressMode,
)
from queuectl.model.state import State
from queuectl.store.types import HostRow, NewJob, Pause, QueueRow

JOB_COLUMNS = (
    "id, state, queue, priority, command, argv, cwd, env, path, shell, timeout, max_retries, backoff_base, key, name, "
    "tags, waits_for, source, attempts, runs, created_at, updated_at, run_at, started_at, finished_at, exit_code, "
    "reason, cancel_requested, lease_token, lease_owner, lease_expires_at, slots, mutex, note, schedule, options, "
    "progress, progress_text, machine"
)
SPEC_COLUMNS = (
    "queue, priority, command, argv, cwd, env, path, shell, timeout, max_retries, backoff_base, key, name, tags, "
    "waits_for, slots, mutex, note, schedule, options, machine"
)
INSERT_COLUMNS = f"{SPEC_COLUMNS}, source, created_at, state, updated_at, run_at"
OPTIONS = (
    "nice",
    "backoff",
    "backoff_cap",
    "jitter",
    "dead_on",
    "ok_on",
    "kill_after",
    "progress",
    "after_any",
    "after_failure",
    "dead_parent",
    "on_success",
    "on_failure",
    "on_dead",
)
"""Fields of a specification that few jobs have; they share a column."""
_READ_OPTION: Mapping[str, Callable[[Any], Any]] = {
    "backoff": BackoffKind,
    "progress": ProgressMode,
    "dead_parent": DeadParent,
    "dead_on": tuple,
    "ok_on": tuple,
    "after_any": tuple,
    "after_failure": tuple,
}
ATTEMPT_COLUMNS = (
    "job_id, number, host, host_name, pid, pid_created, started_at, finished_at, outcome, next_state, exit_code, "
    "reason, tail, output_bytes"
)
EVENT_COLUMNS = "job_id, at, run, verb, before, after, actor, detail"
HOST_COLUMNS = (
    "id, machine, name, kind, pid, workers, port, version, started_at, seen_at, stop, dashboard, logs, tags, queues"
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Return milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(value: int) -> datetime:
    """Return the moment, aware, in UTC."""
    return _EPOCH + value * _MILLISECOND  # exact and for every year, as datetime.fromtimestamp is not


def _optional(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + value * _MILLISECOND


def insert_values(new: NewJob, state: State, source: str, now: int) -> tuple[Any, ...]:
    """Return the values for INSERT_COLUMNS."""
    values = (*spec_values(new), source, now)
    run_at = to_ms(new.spec.run_at) if new.spec.run_at is not None and state is not State.PENDING else None
    return (*values, state.value, now, run_at)


def spec_values(new: NewJob) -> tuple[Any, ...]:
    """Return the values for SPEC_COLUMNS."""
    spec = new.spec
    return (
        spec.queue, spec.priority or 0, spec.command, _dump(spec.argv), spec.cwd, _dump(spec.env),
        spec.path, spec.shell, spec.timeout, new.max_retries, new.backoff_base, spec.key, spec.name, _dump(spec.tags),
        _dump(spec.after), spec.slots, spec.mutex, spec.note, spec.schedule, options_text(spec),
        (spec.machine or "").lower(),
    )  # fmt: skip


def options_text(spec: JobSpec) -> str | None:
    """Return what a specification has of OPTIONS as JSON, or None."""
    return _dump({name: value for name in OPTIONS if (value := getattr(spec, name)) not in {None, ()}})


def _options(text: str) -> dict[str, Any]:
    return {name: _READ_OPTION.get(name, _same)(value) for name, value in json.loads(text).items() if name in OPTIONS}


def _same(value: Any) -> Any:
    return value


def _dump(value: Mapping[str, Any] | Sequence[Any] | None) -> str | None:
    if not value:
        return None
    return json.dumps(value if isinstance(value, Mapping) else list(value), ensure_ascii=False)


def job_from_row(row: Any) -> Job:
    """Build a job from a row of JOB_COLUMNS."""
    (
        job_id, state, queue, priority, command, argv, cwd, env, path, shell, timeout, max_retries, backoff_base, key,
        name, tags, waits_for, source, attempts, runs, created_at, updated_at, run_at, started_at, finished_at,
        exit_code, reason, cancel_requested, token, owner, expires_at, slots, mutex, note, schedule, options,
        progress, progress_text, machine,
    ) = row  # fmt: skip
    spec = JobSpec(
        command=command,
        argv=tuple(json.loads(argv)) if argv else None,
        cwd=cwd,
        env=json.loads(env) if env else {},
        path=path,
        shell=shell,
        queue=queue,
        priority=priority,
        run_at=_optional(run_at),
        max_retries=max_retries,
        backoff_base=backoff_base,
        timeout=timeout,
        key=key,
        name=name,
        tags=tuple(json.loads(tags)) if tags else (),
        after=tuple(json.loads(waits_for)) if waits_for else (),
        slots=slots,
        mutex=mutex,
        machine=machine or None,
        note=note,
        schedule=schedule,
        **(_options(options) if options else {}),
    )
    return Job(
        id=job_id,
        state=State(state),
        spec=spec,
        max_retries=max_retries,
        backoff_base=backoff_base,
        source=source,
        attempts=attempts,
        runs=runs,
        created_at=from_ms(created_at),
        updated_at=from_ms(updated_at),
        run_at=spec.run_at,
        started_at=_optional(started_at),
        finished_at=_optional(finished_at),
        exit_code=exit_code,
        reason=reason,
        cancel_requested=bool(cancel_requested),
        lease=Lease(token=token, owner=owner, expires_at=from_ms(expires_at)) if token else None,
        progress=progress,
        progress_text=progress_text,
    )


def attempt_from_row(row: Any) -> Attempt:
    """Build an attempt from a row of ATTEMPT_COLUMNS."""
    (
        job_id, number, host, host_name, pid, pid_created, started_at, finished_at, outcome, next_state, exit_code,
        reason, tail, output_bytes,
    ) = row  # fmt: skip
    return Attempt(
        job_id=job_id,
        number=number,
        host=host,
        host_name=host_name,
        pid=pid,
        pid_created=pid_created,
        started_at=from_ms(started_at),
        finished_at=_optional(finished_at),
        outcome=OutcomeKind(outcome) if outcome else None,
        next_state=State(next_state) if next_state else None,
        exit_code=exit_code,
        reason=reason,
        tail=tail,
        output_bytes=output_bytes,
    )


def event_from_row(row: Any) -> Event:
    """Build an entry of a job's history from a row of EVENT_COLUMNS."""
    job_id, at, run, verb, before, after, actor, detail = row
    return Event(
        job_id=job_id,
        at=from_ms(at),
        run=run,
        verb=verb,
        before=State(before) if before else None,
        after=State(after),
        actor=actor,
        detail=detail,
    )


def duty_values(tags: Sequence[str], queues: Sequence[str] | None) -> tuple[str | None, str | None]:
    """Return the values for a host's columns of these names."""
    return _dump(tags), None if queues is None else json.dumps(list(queues), ensure_ascii=False)


def host_from_row(row: Any) -> HostRow:
    """Build a host from a row of HOST_COLUMNS."""
    (
        host_id, machine, name, kind, pid, workers, port, version, started_at, seen_at, stop, dashboard, logs, tags,
        queues,
    ) = row  # fmt: skip
    return HostRow(
        id=host_id,
        machine=machine,
        name=name,
        kind=kind,
        pid=pid,
        workers=workers,
        port=port,
        version=version,
        started_at=from_ms(started_at),
        seen_at=from_ms(seen_at),
        stop=stop,
        dashboard=dashboard,
        logs=logs,
        tags=tuple(json.loads(tags)) if tags else (),
        queues=tuple(json.loads(queues)) if queues else None,
    )


def pause_from_row(row: Any) -> Pause:
    """Build a pause from (queue, since, until)."""
    queue, since, until = row
    return Pause(queue=queue, since=from_ms(since), until=_optional(until))


def queue_from_row(row: Any) -> QueueRow:
    """Build a queue from (name, max_running, defaults)."""
    name, max_running, defaults = row
    return QueueRow(name=name, max_running=max_running, defaults=json.loads(defaults) if defaults else {})
