"""``queuectl worker``: worker processes without drop folder, as many as you like on one database."""

import click

from queuectl.cli.base import DURATION, command, database_option, open_queue
from queuectl.cli.output import echo
from queuectl.cli.serve import print_event, run_host
from queuectl.host import Host, HostOptions


@click.group("worker", invoke_without_command=True)
@database_option
@click.option("-c", "--count", type=click.IntRange(1, 1024), default=1, help="How many jobs run at once.")
@click.option("-v", "--verbose", is_flag=True, help="One line for each thing that happens.")
@click.option("-s", "--poll", type=DURATION, help="How often to look into the database when nobody rings.")
@click.option("-l", "--limit", type=click.IntRange(1), help="Stop after this many jobs a worker.")
@click.option("--stop", is_flag=True, help="The same as 'worker stop'.")
@click.pass_context
def worker(
    ctx: click.Context,
    count: int,
    verbose: bool,
    poll: float | None,
    limit: int | None,
    stop: bool,
) -> None:
    """Run jobs in this process until Ctrl+C; without a command, the same as 'worker start'.

    \b
    Examples:
      queuectl worker start --count 4
      queuectl worker -c 3 -v -s 1
      queuectl worker stop
    """
    if ctx.invoked_subcommand is not None:
        return
    if stop:
        _stop(everything=False)
    else:
        _start(count, verbose=verbose, poll=poll, limit=limit)


@command("start")
@click.option(
    "-c", "--count", type=click.IntRange(1, 1024), default=1, show_default=True, help="How many jobs run at once."
)
@click.option("-v", "--verbose", is_flag=True, help="One line for each thing that happens.")
@click.option("-s", "--poll", type=DURATION, help="How often to look into the database when nobody rings.")
@click.option("-l", "--limit", type=click.IntRange(1), help="Stop after this many jobs a worker.")
def start(count: int, verbose: bool, poll: float | None, limit: int | None) -> None:
    """Run jobs in this process until Ctrl+C."""
    _start(count, verbose=verbose, poll=poll, limit=limit)


def _start(count: int, *, verbose: bool, poll: float | None, limit: int | None) -> None:
    with open_queue() as queue:
        budget = None if limit is None else limit * count
        options = HostOptions(kind="worker", workers=count, poll=poll, budget=budget)
        host = Host(queue, options, listener=print_event if verbose else None)
        echo(f"Worker host {host.id} started: {count} worker{'s' * (count != 1)} on {queue.store.location}")
        run_host(host)


@command("stop")
@click.option("--all", "everything", is_flag=True, help="Hosts of the other kinds too: serve and the tray.")
def stop(everything: bool) -> None:
    """Have all worker processes stop gracefully: running jobs may end, what does not goes back to the queue."""
    _stop(everything=everything)


def _stop(*, everything: bool) -> None:
    with open_queue() as queue:
        hosts = queue.hosts()
        asked = queue.stop_hosts(("worker", "serve", "tray") if everything else ("worker",))
        others = len(hosts) - len(asked)
    if asked:
        echo(f"Stop signal sent to all workers: {', '.join(f'{host.id} (pid {host.pid})' for host in asked)}")
    else:
        echo("No worker is running.")
    if others:
        echo(f"{others} other host{'s go' if others > 1 else ' goes'} on; to stop all: queuectl worker stop --all")


worker.add_command(start)
worker.add_command(stop)
