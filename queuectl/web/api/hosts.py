"""The hosts that run jobs, of all machines that share the database."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from queuectl.errors import NotFound
from queuectl.model.job import Job
from queuectl.queue import FINISH_UP
from queuectl.shapes import host_as_json
from queuectl.web.body import Body
from queuectl.web.endpoint import Call, Endpoint, Parameter
from queuectl.web.shown import job_as_json

if TYPE_CHECKING:
    from queuectl.store.types import HostRow, Running


def by_host(running: "Sequence[Running]") -> dict[str, list[Job]]:
    """Return the jobs that run, by the ids of their hosts."""
    found: dict[str, list[Job]] = {}
    for run in running:
        if run.job.lease is not None:
            found.setdefault(run.job.lease.owner, []).append(run.job)
    return found


def host_shown(call: Call, host: "HostRow", running: Mapping[str, Sequence[Job]]) -> dict[str, Any]:
    """Return a host as a page or a script sees it; ``dashboard`` is whether it is the one that answers."""
    return {
        **host_as_json(host),
        "machine": host.machine == call.queue.machine,
        "busy": len(running.get(host.id, ())),
        "dashboard": host.id == call.site.host_id,
    }


def hosts(call: Call) -> list[dict[str, Any]]:
    """List the hosts that live, with what each of them runs."""
    found = call.queue.status()
    running = by_host(found.running)
    return [
        {**host_shown(call, host, running), "running": [job_as_json(job) for job in running.get(host.id, ())]}
        for host in found.hosts
    ]


def stop(call: Call) -> dict[str, Any]:
    """Ask a host to stop, at once or when what is in the queue by now has run."""
    body = Body(call.body)
    finish = body.flag("finish", default=False)
    body.end()
    host = next((one for one in call.queue.hosts() if one.id == call.values["host"]), None)
    if host is None:
        raise NotFound(f"there is no host {call.values['host'][:50]!r}", hint="It may have stopped already.")
    newest = call.queue.store.newest_id() if finish else 0
    call.queue.store.ask_to_stop(host.id, f"{FINISH_UP}{newest}" if newest else "graceful")
    call.queue.store.ring()
    return {"id": host.id, "stopping": True}


ENDPOINTS = (
    Endpoint(
        method="GET", path="/hosts", tag="hosts", handler=hosts, summary="The hosts that live, and what they run.",
        answer={"type": "array", "items": {"$ref": "#/components/schemas/HostWithJobs"}},
    ),
    Endpoint(
        method="POST", path="/hosts/{host}/stop", tag="hosts", handler=stop, status=HTTPStatus.ACCEPTED,
        parameters=(Parameter(name="host", help="The host's id."),), body="Stop", body_required=False,
        answer="Stopping", problems=(HTTPStatus.NOT_FOUND,),
        summary="Ask a host to stop; what runs gets some time to end, then goes back to the queue.",
    ),
)  # fmt: skip
