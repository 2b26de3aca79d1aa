"""``queuectl migrate-store``: a whole queue from one database into another."""

from pathlib import Path

import click

from queuectl.cli.base import command
from queuectl.cli.output import echo, say
from queuectl.errors import NotFound, UsageError


@command("migrate-store")
@click.option("--from", "source", required=True, metavar="DATABASE", help="Where the queue is: a file or a URL.")
@click.option("--to", "target", required=True, metavar="DATABASE", help="Where it is to be: empty, or not there yet.")
def migrate_store(source: str, target: str) -> None:
    """Copy a whole queue into another database.

    Jobs keep their ids and their history; schedules, queues and settings come along.

    All or nothing, and the source stays as it is. No host may run on either; start one on the new database afterwards.
    A URL's password is best kept in ~/.pgpass.

    \b
    Examples:
      queuectl migrate-store --from queue.db --to postgresql://me@db.example.org/jobs
      queuectl migrate-store --from postgresql://me@db.example.org/jobs --to queue.db
    """
    from queuectl.moving import move
    from queuectl.platform import paths
    from queuectl.queue import Queue

    places = paths.locate(source)
    if places.database is not None and not places.database.is_file():
        raise NotFound(f"there is no database {source}")
    if paths.locate(target).files == places.files:
        raise UsageError("--from and --to are the same database")
    with Queue.open(source) as old, Queue.open(target) as new:
        moved = move(old, new)
        echo(
            f"Moved {moved.jobs} jobs with {moved.runs} runs, {moved.queues} queues, {moved.schedules} schedules and "
            f"{moved.settings} settings."
        )
        say(f"The logs are still in {Path(old.paths.logs)}; copy them to {new.paths.logs} to see them whole.")
