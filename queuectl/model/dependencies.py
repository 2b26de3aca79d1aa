"""Which jobs wait for which: when a wait is over, and in what order jobs that name each other are enqueued."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from queuectl.errors import InvalidJob
from queuectl.model.state import FINAL, State

if TYPE_CHECKING:
    from queuectl.model.job import JobSpec


class WaitKind(StrEnum):
    """Which end of another job a job waits for."""

    COMPLETED = "completed"
    """That it completes: ``after``."""
    ENDED = "ended"
    """That it ends, however: ``after_any``."""
    FAILED = "failed"
    """That it ends as dead or cancelled: ``after_failure``."""


FIELDS = {"after": WaitKind.COMPLETED, "after_any": WaitKind.ENDED, "after_failure": WaitKind.FAILED}
"""A job's fields that name others, with what each waits for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependency:
    """That one job waits for another, or did."""

    job_id: int
    parent_id: int
    kind: WaitKind
    met: bool


class WaitState(StrEnum):
    """How a wait for another job stands."""

    OPEN = "open"
    """It has yet to end."""
    MET = "met"
    """It ended as it should."""
    BROKEN = "broken"
    """It ended otherwise."""


def wait_state(kind: WaitKind, parent: State) -> WaitState:
    """Tell how a wait of this kind for a job in this state stands."""
    if parent not in FINAL:
        return WaitState.OPEN
    if kind is WaitKind.ENDED or (kind is WaitKind.COMPLETED) == (parent is State.COMPLETED):
        return WaitState.MET
    return WaitState.BROKEN


def parents(spec: "JobSpec") -> Iterator[tuple[int | str, WaitKind]]:
    """Yield the jobs that a job waits for, by id, name or key, with what it waits for."""
    for name, kind in FIELDS.items():
        for parent in dict.fromkeys(getattr(spec, name)):
            yield parent, kind


@dataclass(frozen=True, slots=True)
class Placed:
    """A job among those it is enqueued with: its position as given, and whom of them it waits for."""

    position: int
    spec: "JobSpec"
    """The specification, without the names of those beside it."""
    beside: Sequence[tuple[int, WaitKind]] = ()
    """Whom it waits for, by their places in the order of enqueueing, each before its own."""


def in_order(specs: "Sequence[JobSpec]") -> list[Placed]:
    """Order jobs that are enqueued together so that each comes after those it waits for; else keep their order.

    Raises:
        InvalidJob: two have the name that a third refers to, or they wait for each other in a circle.
    """
    if not any(isinstance(parent, str) for spec in specs for parent, _ in parents(spec)):
        return [Placed(position, spec) for position, spec in enumerate(specs)]
    from graphlib import CycleError, TopologicalSorter  # only few batches need it

    named = _positions(specs)
    waits = {
        position: [(_the_only(named[parent], parent), kind) for parent, kind in parents(spec) if parent in named]
        for position, spec in enumerate(specs)
    }
    sorter = TopologicalSorter({position: {parent for parent, _ in waits[position]} for position in waits})
    try:
        sorter.prepare()
    except CycleError as exc:
        circle = " -> ".join(_called(specs[position]) for position in reversed(exc.args[1]))
        raise InvalidJob(f"after: jobs wait for each other in a circle: {circle}", field="after") from None
    order: list[int] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    places = {position: place for place, position in enumerate(order)}
    return [
        Placed(position, _without(specs[position], named), [(places[parent], kind) for parent, kind in waits[position]])
        for position in order
    ]


def _without(spec: "JobSpec", named: Container[int | str]) -> "JobSpec":
    left = {name: tuple(one for one in getattr(spec, name) if one not in named) for name in FIELDS}
    return replace(spec, **left)  # type: ignore[arg-type]


def with_ids(spec: "JobSpec", find: Callable[[str], int]) -> "JobSpec":
    """Return a specification that names those it waits for by id alone; ``find`` turns a key into one."""
    if all(isinstance(parent, int) for parent, _ in parents(spec)):
        return spec
    ids = {
        name: tuple(parent if isinstance(parent, int) else find(parent) for parent in getattr(spec, name))
        for name in FIELDS
    }
    return replace(spec, **ids)  # type: ignore[arg-type]


def _positions(specs: "Sequence[JobSpec]") -> dict[int | str, list[int]]:
    named: dict[int | str, list[int]] = {}
    for position, spec in enumerate(specs):
        for name in {spec.name, spec.key} - {None}:
            named.setdefault(str(name), []).append(position)
    return named


def _the_only(positions: Sequence[int], name: int | str) -> int:
    if len(positions) > 1:
        raise InvalidJob(f"after: {len(positions)} jobs beside it are named {name!r}", field="after")
    return positions[0]


def _called(spec: "JobSpec") -> str:
    return repr(spec.name or spec.key or spec.title)
