"""The shapes that ``--json`` and the HTTP API share, besides single jobs: status, hosts, queues, settings, stats."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from queuectl.model.hooks import HOOKS
from queuectl.model.plain import as_json, iso
from queuectl.model.state import State

if TYPE_CHECKING:
    from queuectl.model.job import Job
    from queuectl.model.schedules import Schedule
    from queuectl.model.statistics import Summary
    from queuectl.queue import Status
    from queuectl.settings import Resolved
    from queuectl.store.types import HostRow, Pause, QueueRow


def status_as_json(location: str, found: "Status", scheduled: "Schedule | None") -> dict[str, Any]:
    """Return the queue at a glance; ``scheduled`` is the schedule that happens next."""
    return {
        "database": location,
        "counts": {state.value: count for state, count in found.counts.items()},
        "queues": {name: {state.value: n for state, n in counts.items()} for name, counts in found.queues.items()},
        "paused": any(not pause.queue for pause in found.pauses),
        "pauses": [pause_as_json(pause) for pause in found.pauses],
        "next_scheduled": None if scheduled is None else {"name": scheduled.name, "at": iso(scheduled.next_at)},
        "running": [as_json(run.job) for run in found.running],
        "hosts": [host_as_json(host) for host in found.hosts],
    }


def host_as_json(host: "HostRow") -> dict[str, Any]:
    """Return a host."""
    return {
        "id": host.id,
        "kind": host.kind,
        "name": host.name,
        "pid": host.pid,
        "workers": host.workers,
        "version": host.version,
        "started_at": iso(host.started_at),
        "seen_at": iso(host.seen_at),
        "stopping": host.stop is not None,
        "dashboard": host.dashboard,
        "tags": list(host.tags),
        "queues": None if host.queues is None else list(host.queues),
    }


def why_nobody_takes(job: "Job", hosts: Iterable["HostRow"], pauses: Iterable["Pause"]) -> str | None:
    """Say why a job that could run is not taken now: a pause, or no such host; None if one does, or it cannot run."""
    if job.state is not State.PENDING:
        return None
    paused = {pause.queue for pause in pauses if job.spec.queue != HOOKS}
    if "" in paused:
        return "all queues are paused"
    if job.spec.queue in paused:
        return f"the queue {job.spec.queue} is paused"
    hosts = list(hosts)
    if any(host.runs(job.spec) for host in hosts):
        return None
    if not hosts:
        return "no host is running"
    if not any(host.runs(replace(job.spec, machine=None)) for host in hosts):
        return f"no host takes jobs of the queue {job.spec.queue}"
    if job.spec.machine is not None and any(host.answers_to(job.spec.machine) for host in hosts):
        return f"the hosts on {job.spec.machine} take no jobs of the queue {job.spec.queue}"
    return f"no host runs on a machine with the name or tag {job.spec.machine}"


def pause_as_json(pause: "Pause") -> dict[str, Any]:
    """Return a pause; its queue is None when it holds for all."""
    return {"queue": pause.queue or None, "since": iso(pause.since), "until": iso(pause.until)}


def queue_as_json(row: "QueueRow", counts: Mapping[State, int], pauses: "Sequence[Pause]") -> dict[str, Any]:
    """Return a named queue; what pauses all pauses it, too."""
    return {
        "name": row.name,
        "limit": row.max_running,
        "defaults": dict(row.defaults),
        "paused": any(pause.queue in {"", row.name} for pause in pauses),
        "counts": {state.value: count for state, count in counts.items() if count},
    }


def setting_as_json(row: "Resolved") -> dict[str, Any]:
    """Return a setting with its present value."""
    setting = row.setting
    return {
        "key": setting.key,
        "value": row.value,
        "origin": row.origin.value,
        "default": setting.default,
        "type": setting.kind,
        "range": setting.range,
        "kept": setting.kept.value,
        "help": setting.help,
    }


def summary_as_json(one: "Summary") -> dict[str, Any]:
    """Return what a queue's jobs of one name have done; times in seconds."""
    return {
        "queue": one.queue,
        "name": one.name or None,
        "runs": one.runs,
        "completed": one.completed,
        "success": round(one.success, 4),
        "took_p50": one.took_p50,
        "took_p95": one.took_p95,
        "took_total": round(one.took_total, 3),
        "waited_p50": one.waited_p50,
        "waited_p95": one.waited_p95,
    }
