"""``queuectl queue``: named queues, their limits and their defaults."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from queuectl.cli.base import DURATION, MOMENT, command, group, json_option, open_queue
from queuectl.cli.output import echo, on_terminal, print_json, print_rows, print_table
from queuectl.cli.pause import pause_queue, resume_queue
from queuectl.errors import UsageError
from queuectl.model.state import WAITING, State
from queuectl.text import plain

if TYPE_CHECKING:
    from queuectl.queue import Queue
    from queuectl.store.types import QueueRow


@group("queue")
def queue() -> None:
    """Set up named queues: limits, defaults, pauses.

    A queue begins with its first job. Hosts take jobs from all queues, or from those they were told to.

    \b
    Examples:
      queuectl queue set video --limit 2 --default timeout=2h --default nice=10
      queuectl queue list
      queuectl queue pause video --for 1h
    """


@command("list")
@json_option
def list_queues(as_json: bool) -> None:
    """List the queues with their limits and defaults.

    In a pipe it prints, separated by tabs: name, limit, how many run, how many wait, paused, defaults.

    \b
    Examples:
      queuectl queue list
      queuectl queue list --json
    """
    with open_queue() as opened:
        values = [_as_json(opened, row) for row in opened.store.queues()]
    if as_json:
        print_json(values)
        return
    rows = [
        (
            value["name"], "" if value["limit"] is None else value["limit"], value["counts"].get(State.PROCESSING, 0),
            sum(value["counts"].get(state, 0) for state in sorted(WAITING)),
            "paused" if value["paused"] else "", _defaults_text(value["defaults"]),
        )
        for value in values
    ]  # fmt: skip
    if not on_terminal():
        print_rows(rows)
    elif rows:
        print_table(("QUEUE", "LIMIT", "RUNNING", "WAITING", "", "DEFAULTS"), rows)
    else:
        echo("No queues yet; the first job makes one.")


@command("set")
@click.argument("name")
@click.option("--limit", type=click.IntRange(0), help="How many of its jobs run at once, on all hosts together.")
@click.option("--no-limit", is_flag=True, help="As many as there are workers.")
@click.option(
    "--default", "defaults", multiple=True, metavar="FIELD=VALUE", help="For jobs that leave it out; =: none."
)
@json_option
def set_queue(name: str, limit: int | None, no_limit: bool, defaults: tuple[str, ...], as_json: bool) -> None:
    """Change a queue's limit and defaults.

    What is not named stays as it is; FIELD= without a value takes a default away. The fields are those of .job files;
    a value is JSON, or a text without quotes.

    \b
    Examples:
      queuectl queue set video --limit 2
      queuectl queue set video --default timeout=2h --default "dead_on=[2, 64]"
      queuectl queue set video --no-limit --default timeout=
    """
    if limit is not None and no_limit:
        raise UsageError("give --limit or --no-limit, not both")
    with open_queue() as opened:
        before = next((row for row in opened.store.queues() if row.name == name), None)
        kept = dict(before.defaults) if before else {}
        for text in defaults:
            field, value = _default(text)
            kept.pop(field, None)
            if value is not None:
                kept[field] = value
        most = limit if limit is not None or no_limit or before is None else before.max_running
        row = opened.set_queue(name, max_running=most, defaults=kept)
        if as_json:
            print_json(_as_json(opened, row))
            return
    shown = "no limit" if row.max_running is None else f"at most {row.max_running} at once"
    echo(f"Queue {plain(row.name)}: {shown}" + (f"; {_defaults_text(row.defaults)}." if row.defaults else "."))


@command("pause")
@click.argument("name")
@click.option("--for", "duration", type=DURATION, help="Go on by itself after this long: 30m, 1h.")
@click.option("--until", type=MOMENT, help="Go on by itself then: 18:30.")
def pause(name: str, duration: float | None, until: datetime | None) -> None:
    """Have no more jobs taken from a queue; running ones go on.

    \b
    Examples:
      queuectl queue pause video
      queuectl queue pause video --until 18:30
    """
    pause_queue(name, duration, until)


@command("resume")
@click.argument("name")
def resume(name: str) -> None:
    """Have jobs of a queue taken again.

    \b
    Examples:
      queuectl queue resume video
    """
    resume_queue(name)


@command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Forget an empty queue, its limit, defaults and pause.

    \b
    Examples:
      queuectl queue remove video
    """
    with open_queue() as opened:
        opened.remove_queue(name)
    echo(f"Queue {plain(name)} is forgotten.")


def _default(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--default {text!r}: write FIELD=VALUE")
    field = name.strip().replace("-", "_")
    if not value.strip():
        return field, None
    try:
        return field, json.loads(value)
    except ValueError:
        return field, value


def _defaults_text(defaults: Any) -> str:
    return ", ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in defaults.items()
    )


def _as_json(opened: "Queue", row: "QueueRow") -> dict[str, Any]:
    from queuectl.shapes import queue_as_json

    return queue_as_json(row, opened.store.counts().get(row.name, {}), opened.store.pauses())


for one in (list_queues, set_queue, pause, resume, remove):
    queue.add_command(one)
