"""A job as the plain values that ``--json`` and the HTTP API print."""

from datetime import datetime
from typing import Any

from queuectl.model.job import Attempt, Event, Job


def as_json(job: Job) -> dict[str, Any]:
    """Return a job as the plain values that ``--json`` and the HTTP API print."""
    spec = job.spec
    return {
        "id": job.id,
        "state": job.state.value,
        "name": spec.name,
        "command": spec.command,
        "argv": list(spec.argv) if spec.argv is not None else None,
        "cwd": spec.cwd,
        "env": dict(spec.env),
        "shell": spec.shell,
        "queue": spec.queue,
        "priority": spec.priority,
        "slots": spec.slots,
        "mutex": spec.mutex,
        "machine": spec.machine,
        "nice": spec.nice,
        "key": spec.key,
        "tags": list(spec.tags),
        "note": spec.note,
        "schedule": spec.schedule,
        "after": list(spec.after),
        "after_any": list(spec.after_any),
        "after_failure": list(spec.after_failure),
        "dead_parent": spec.dead_parent,
        "max_retries": job.max_retries,
        "backoff": spec.backoff,
        "backoff_base": job.backoff_base,
        "backoff_cap": spec.backoff_cap,
        "jitter": spec.jitter,
        "dead_on": list(spec.dead_on),
        "ok_on": list(spec.ok_on),
        "timeout": spec.timeout,
        "kill_after": spec.kill_after,
        "on_success": spec.on_success,
        "on_failure": spec.on_failure,
        "on_dead": spec.on_dead,
        "progress": job.progress,
        "progress_text": job.progress_text,
        "source": job.source,
        "attempts": job.attempts,
        "runs": job.runs,
        "created_at": iso(job.created_at),
        "updated_at": iso(job.updated_at),
        "run_at": iso(job.run_at),
        "started_at": iso(job.started_at),
        "finished_at": iso(job.finished_at),
        "exit_code": job.exit_code,
        "reason": job.reason,
        "cancel_requested": job.cancel_requested,
        "host": job.lease.owner if job.lease else None,
    }


def attempt_as_json(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt as the plain values that ``--json`` and the HTTP API print."""
    return {
        "number": attempt.number,
        "host": attempt.host_name,
        "pid": attempt.pid,
        "started_at": iso(attempt.started_at),
        "finished_at": iso(attempt.finished_at),
        "outcome": attempt.outcome.value if attempt.outcome else None,
        "next_state": attempt.next_state.value if attempt.next_state else None,
        "exit_code": attempt.exit_code,
        "reason": attempt.reason,
        "tail": attempt.tail,
        "output_bytes": attempt.output_bytes,
    }


def iso(moment: datetime | None) -> str | None:
    """Write a moment as ISO 8601 in UTC with milliseconds, or None."""
    if moment is None:
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def event_as_json(event: Event) -> dict[str, Any]:
    """Return one entry of a job's history as plain values."""
    return {
        "at": iso(event.at),
        "verb": event.verb,
        "before": event.before.value if event.before else None,
        "after": event.after.value,
        "actor": event.actor,
        "detail": event.detail,
    }
