"""The dead letter queue: what its jobs died of, and those that have an error in common."""

from typing import Any

from queuectl.model.failures import Failure, group
from queuectl.model.plain import iso
from queuectl.model.state import State
from queuectl.web.endpoint import Call, Endpoint, Parameter
from queuectl.web.shown import job_as_json

LOOK_AT = 1000
"""Jobs that are grouped, those that died last."""
EXAMPLES = 5
"""Jobs of a group that are told in full."""


def dead(call: Call) -> dict[str, Any]:
    """Group the dead jobs by their errors."""
    queue = call.values["queue"] or None
    found = call.queue.store.dead_with_tails(LOOK_AT, queue)
    counts = call.queue.store.counts()
    return {
        "total": sum(of.get(State.DEAD, 0) for name, of in counts.items() if queue in {None, name}),
        "looked_at": len(found),
        "groups": [_group(one) for one in group(found)],
    }


def _group(failure: Failure) -> dict[str, Any]:
    times = [job.finished_at or job.updated_at for job, _ in failure.jobs]
    return {
        "error": failure.error,
        "count": len(failure.jobs),
        "newest": iso(max(times)),
        "oldest": iso(min(times)),
        "ids": [job.id for job, _ in failure.jobs],
        "jobs": [{**job_as_json(job), "tail": tail} for job, tail in failure.jobs[:EXAMPLES]],
    }


ENDPOINTS = (
    Endpoint(
        method="GET", path="/dead", tag="jobs", handler=dead, answer="Dead",
        summary="The dead letter queue, grouped by error, the most frequent first.",
        parameters=(Parameter(name="queue", help="Only jobs of this queue."),),
    ),
)  # fmt: skip
