"""``queuectl stats``: what the queue has done."""

from datetime import timedelta

import click

from queuectl.cli.base import DURATION, command, json_option, open_queue, present
from queuectl.cli.output import echo, on_terminal, print_json, print_rows, print_table
from queuectl.units import format_duration


@command("stats")
@click.option("--since", type=DURATION, default="7d", show_default=True, help="How far to look back.")
@click.option("-q", "--queue", help="Only runs of this queue.")
@json_option
def stats(since: float, queue: str | None, as_json: bool) -> None:
    """Show runs, success and times by queue and name.

    In a pipe it prints, separated by tabs: queue, name, runs, success in percent, median and 95th percentile of the
    runs' times, of the waits before them, and all runs' time, in seconds.

    \b
    Examples:
      queuectl stats
      queuectl stats --since 24h --json
    """
    from queuectl.model.statistics import summarize

    with open_queue() as opened:
        facts = opened.store.runs_since(present() - timedelta(seconds=since))
    found = summarize(fact for fact in facts if queue in {None, fact.queue})
    if as_json:
        from queuectl.shapes import summary_as_json

        print_json([summary_as_json(one) for one in found])
    elif not on_terminal():
        print_rows(
            (
                one.queue, one.name, one.runs, f"{one.success * 100:.1f}", one.took_p50, one.took_p95,
                one.waited_p50, one.waited_p95, f"{one.took_total:.3f}",
            )
            for one in found
        )  # fmt: skip
    elif found:
        print_table(
            ("QUEUE", "NAME", "RUNS", "SUCCESS", "MEDIAN", "P95", "WAITED", "P95", "ALL"),
            (
                (
                    one.queue, one.name or "(no name)", one.runs, f"{one.success:.0%}", _time(one.took_p50),
                    _time(one.took_p95), _time(one.waited_p50), _time(one.waited_p95), _time(one.took_total),
                )
                for one in found
            ),
        )  # fmt: skip
    else:
        echo(f"Nothing has run in the last {format_duration(since)}.")


def _time(seconds: float | None) -> str:
    return "" if seconds is None else format_duration(seconds)
