"""Named queues, their limits, defaults and pauses."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from queuectl.errors import UsageError
from queuectl.model.plain import iso
from queuectl.shapes import pause_as_json, queue_as_json
from queuectl.web.answers import require_enqueueing
from queuectl.web.body import Body
from queuectl.web.endpoint import Call, Endpoint, Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from queuectl.model.state import State
    from queuectl.store.types import Pause, QueueRow

MOST_AT_ONCE = 1_000_000
RUNS = ("shell", "on_success", "on_failure", "on_dead")
"""Defaults that say what is run."""
_NAME = Parameter(name="name", help="The queue's name.")


def queues(call: Call) -> list[dict[str, Any]]:
    """List the queues."""
    counts, pauses = call.queue.store.counts(), call.queue.store.pauses()
    return [_queue(row, counts.get(row.name, {}), pauses) for row in call.queue.store.queues()]


def _queue(row: "QueueRow", counts: "Mapping[State, int]", pauses: "Sequence[Pause]") -> dict[str, Any]:
    ends = [pause.until for pause in pauses if pause.queue in {"", row.name}]
    until = None if None in ends else max((end for end in ends if end is not None), default=None)
    return {**queue_as_json(row, counts, pauses), "max_running": row.max_running, "paused_until": iso(until)}


def put(call: Call) -> dict[str, Any]:
    """Set up a queue; what is left out stays as it is, and a limit that is null is none."""
    name = call.values["name"]
    before = next((row for row in call.queue.store.queues() if row.name == name), None)
    if call.body is None:
        raise UsageError("the body is null", hint='Send {"max_running": 2}, or null for no limit.')
    body = Body(call.body)
    limit = body.whole("max_running", None, high=MOST_AT_ONCE)
    defaults = body.object("defaults", None)
    body.end()
    kept: Mapping[str, Any] = before.defaults if before else {}
    wanted = kept if defaults is None else {field: value for field, value in defaults.items() if value is not None}
    if any(kept.get(field) != wanted.get(field) for field in RUNS):
        require_enqueueing(call.queue)
    if "max_running" not in call.body and before is not None:
        limit = before.max_running
    row = call.queue.set_queue(name, max_running=limit, defaults=wanted)
    return _queue(row, call.queue.store.counts().get(name, {}), call.queue.store.pauses())


def remove(call: Call) -> None:
    """Forget an empty queue."""
    call.queue.remove_queue(call.values["name"])
    call.queue.store.ring()


def pause(call: Call) -> dict[str, Any]:
    """Have no more jobs taken, from one queue or from all."""
    body = Body(call.body)
    name, seconds, until = _queue_of(body), body.number("for", None), body.moment("until", None)
    body.end()
    if seconds is not None and until is not None:
        raise UsageError("give for or until, not both")
    end: datetime | None = until if seconds is None else call.now + timedelta(seconds=seconds)
    if end is not None and end <= call.now:
        raise UsageError(f"the pause would have ended already, at {iso(end)}")
    call.queue.pause(name, end)
    return _pauses(call)


def resume(call: Call) -> dict[str, Any]:
    """Have jobs taken again."""
    body = Body(call.body)
    name = _queue_of(body)
    body.end()
    call.queue.resume(name)
    return _pauses(call)


def _queue_of(body: Body) -> str | None:
    name: str | None = body.text("queue", None)
    if name is not None and ("\0" in name or not 0 < len(name) <= 200):
        raise UsageError("queue: that is no name of a queue", hint="Leave it out, or null, for all queues.")
    return name


def _pauses(call: Call) -> dict[str, Any]:
    found = call.queue.store.pauses()
    return {"paused": any(not one.queue for one in found), "pauses": [pause_as_json(one) for one in found]}


ENDPOINTS = (
    Endpoint(
        method="GET", path="/queues", tag="queues", handler=queues, summary="The queues, and what is in each.",
        answer={"type": "array", "items": {"$ref": "#/components/schemas/Queue"}},
    ),
    Endpoint(
        method="PUT", path="/queues/{name}", tag="queues", handler=put, parameters=(_NAME,), body="QueueChanges",
        answer="Queue", summary="Set a queue's limit and its defaults for jobs; what is left out stays as it is.",
    ),
    Endpoint(
        method="DELETE", path="/queues/{name}", tag="queues", handler=remove, parameters=(_NAME,),
        status=HTTPStatus.NO_CONTENT, summary="Forget an empty queue, its limit, defaults and pause.",
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Endpoint(
        method="POST", path="/pause", tag="queues", handler=pause, body="PauseWish", body_required=False,
        answer="Pauses", summary="Have no more jobs taken, from one queue or from all; running ones go on.",
    ),
    Endpoint(
        method="POST", path="/resume", tag="queues", handler=resume, body="QueueName", body_required=False,
        answer="Pauses", summary="Have jobs taken again.",
    ),
)  # fmt: skip
