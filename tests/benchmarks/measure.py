"""What the benchmarks share: rounds in which both sides take turns, and a line for each result.

Machines are noisy, so a speed is told as a ratio of two medians that were measured in turns in one run.
"""

import os
import statistics
import sys
import tempfile
from pathlib import Path

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))


def fresh_home() -> Path:
    """Give queuectl a home of its own, and return it. It is not cleaned up: deleting slows what is measured next."""
    home = Path(tempfile.mkdtemp(prefix="queuectl-bench-", dir=os.environ.get("BENCH_DIR")))
    os.environ["QUEUECTL_HOME"] = str(home)
    os.environ.pop("QUEUECTL_DB", None)
    return home


def in_turns(*sides, rounds=ROUNDS):
    """Call the sides in turns, each round once, and return the median of what each of them returned."""
    values = [[] for _ in sides]
    for _ in range(rounds):
        for side, found in zip(sides, values, strict=True):
            found.append(side())
    return [statistics.median(found) for found in values]


def report(what, value, *, goal="", note=""):
    """Print one result."""
    print(f"  {what:<58} {value:>10}  {goal:<14} {note}".rstrip(), flush=True)


def goal_at_least(ratio, wanted):
    """Say whether a ratio reached its goal."""
    return f"goal >={wanted:g} {'ok' if ratio >= wanted else 'MISSED'}"


def goal_at_most(value, wanted):
    """Say whether a value stayed below its goal."""
    return f"goal <={wanted:g} {'ok' if value <= wanted else 'MISSED'}"


PYTHON = sys.executable
