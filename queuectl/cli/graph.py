"""``queuectl graph``: which jobs wait for which."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import click

from queuectl.cli.base import JOB, command, json_option, open_queue, present
from queuectl.cli.output import bold, describe, echo, print_json, state_text
from queuectl.errors import NotFound
from queuectl.model.dependencies import Dependency, WaitKind
from queuectl.model.job import Job
from queuectl.text import plain

WHAT = {WaitKind.COMPLETED: "", WaitKind.ENDED: "when it has ended: ", WaitKind.FAILED: "if it fails: "}

MARGIN_MAX = 60
"""Characters of indentation, a multiple of 3: a chain may have thousands of jobs."""


@command("graph")
@click.argument("job", type=JOB)
@json_option
def graph(job: str, as_json: bool) -> None:
    """Show which jobs wait for which, as a tree.

    A job stands under one that it waits for; where it waits for several, it is named again under each.

    \b
    Examples:
      queuectl graph 7
      queuectl graph 7 --json
    """
    with open_queue() as queue:
        found = queue.find(job)
        edges = queue.store.graph(found.id)
        jobs = {found.id: found}
        for job_id in {end for edge in edges for end in (edge.job_id, edge.parent_id)}:
            try:
                jobs[job_id] = queue.store.get(job_id)
            except NotFound:  # somebody has deleted it just now
                continue
    edges = [edge for edge in edges if edge.job_id in jobs and edge.parent_id in jobs]
    if as_json:
        from queuectl.model.plain import as_json as job_as_json

        ties = [
            {"job": edge.job_id, "parent": edge.parent_id, "kind": edge.kind.value, "met": edge.met} for edge in edges
        ]
        print_json({"jobs": [job_as_json(jobs[job_id]) for job_id in sorted(jobs)], "edges": ties})
        return
    now = present()
    for margin, what, one, again in tree(sorted(jobs), edges):
        label = f"{jobs[one].id} {plain(jobs[one].spec.title)}"
        note = "(see above)" if again else _note(jobs[one], now)
        shown = margin if len(margin) <= MARGIN_MAX else f"… {margin[-MARGIN_MAX:]}"
        echo(f"{shown}{what}{bold(label) if one == found.id else label}  {note}")


def _note(job: Job, now: datetime) -> str:
    text = plain(describe(job, now))
    return state_text(job.state) + (f", {text}" if text else "")


def tree(jobs: Sequence[int], edges: Sequence[Dependency]) -> Iterator[tuple[str, str, int, bool]]:
    """Yield each line of the tree: its margin, what is waited for, the job, and whether it was told in full before."""
    children: dict[int, list[Dependency]] = {}
    for edge in edges:
        children.setdefault(edge.parent_id, []).append(edge)
    waiting = {edge.job_id for edge in edges}
    told: set[int] = set()
    for root in jobs:
        if root not in waiting:
            yield "", "", root, False
            told.add(root)
            yield from _below(root, "", children, told)


def _below(
    parent: int, margin: str, children: Mapping[int, Sequence[Dependency]], told: set[int]
) -> Iterator[tuple[str, str, int, bool]]:
    todo = [(iter(children.get(parent, ())), margin, len(children.get(parent, ())))]  # no recursion: chains are long
    while todo:
        rest, margin, left = todo.pop()
        edge = next(rest, None)
        if edge is None:
            continue
        todo.append((rest, margin, left - 1))
        last = left == 1
        again = edge.job_id in told
        yield margin + ("└─ " if last else "├─ "), WHAT[edge.kind], edge.job_id, again
        if not again:
            told.add(edge.job_id)
            below = children.get(edge.job_id, ())
            todo.append((iter(below), margin + ("   " if last else "│  "), len(below)))
