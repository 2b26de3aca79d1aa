"""``queuectl worker``: worker processes without drop folder, as many as you like on one database."""

from typing import Any

import click

from queuectl.cli.base import QUEUES, SettingValue, command, group, open_queue
from queuectl.cli.output import echo
from queuectl.errors import UsageError
from queuectl.text import plain


def start_options(function: click.decorators.FC) -> click.decorators.FC:
    """Add what ``worker`` and ``worker start`` both take."""
    options = (
        click.option("-c", "--count", type=SettingValue("workers"), default=1, show_default=True,
                     help="How many jobs run at once."),
        click.option("-v", "--verbose", is_flag=True, help="One line for each thing that happens."),
        click.option("-s", "--poll", type=SettingValue("poll"),
                     help="How often to look into the database when nobody rings."),
        click.option("-l", "--limit", type=click.IntRange(1), help="Stop after this many jobs a worker."),
        click.option("-q", "--queue", "queues", type=QUEUES, help="Take jobs of these queues only: a,b."),
        click.option("--burst", is_flag=True, help="Stop when nothing is left to run, retries included."),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


@group("worker", invoke_without_command=True)
@start_options
@click.option("--stop", is_flag=True, help="The same as 'worker stop'.")
@click.pass_context
def worker(ctx: click.Context, /, stop: bool, **options: Any) -> None:
    """Run jobs in processes of their own, and stop these.

    Without a command it is the same as 'worker start'.

    \b
    Examples:
      queuectl worker start --count 4
      queuectl worker -c 3 -v -s 1
      queuectl worker stop
    """
    if ctx.invoked_subcommand is not None:
        if stop:
            raise UsageError("give --stop or a command, not both")
        ctx.default_map = {"start": options}
    elif stop:
        _stop(everything=False, drain=False)
    else:
        _start(**options)


@command("start")
@start_options
def start(**options: Any) -> None:
    """Run jobs in this process until Ctrl+C.

    \b
    Examples:
      queuectl worker start --count 4
      queuectl worker start --verbose --limit 100
      queuectl worker start --queue video,audio
      queuectl worker start --burst                 run what there is, then stop
    """
    _start(**options)


def _start(
    *, count: int, verbose: bool, poll: float | None, limit: int | None, queues: tuple[str, ...] | None, burst: bool
) -> None:
    from queuectl.cli.hosting import expect_duty, print_event, run_host, tell
    from queuectl.host import Host, HostOptions

    with open_queue() as queue:
        budget = None if limit is None else limit * count
        options = HostOptions(kind="worker", workers=count, poll=poll, budget=budget, queues=queues, burst=burst)
        host = Host(queue, options, listener=print_event if verbose else None)
        expect_duty(host)
        only = f", for {plain(', '.join(queues))}" if queues else ""
        line = f"Worker host {host.id} started: {count} worker{'s' * (count != 1)} on {queue.store.location}{only}"
        run_host(host, on_open=lambda: tell(line))


@command("stop")
@click.option("--all", "everything", is_flag=True, help="Hosts of the other kinds too: serve and the tray.")
@click.option("--host", "machine", metavar="NAME", help="Only on machines with this name or tag; else on all.")
@click.option("--drain", is_flag=True, help="Let them first run what is in the queue by now, and take nothing new.")
def stop(everything: bool, machine: str | None, drain: bool) -> None:
    """Stop all worker processes gracefully, on whichever machines.

    Running jobs may end; what does not goes back to the queue.

    \b
    Examples:
      queuectl worker stop
      queuectl worker stop --drain
      queuectl worker stop --all
      queuectl worker stop --all --host gpu-box
    """
    _stop(everything=everything, machine=machine, drain=drain)


def _stop(*, everything: bool, machine: str | None = None, drain: bool) -> None:
    with open_queue() as queue:
        hosts = queue.hosts()
        kinds = ("worker", "serve", "tray") if everything else ("worker",)
        asked = queue.stop_hosts(kinds, machine=machine.lower() if machine else None, finish_up=drain)
        others = len(hosts) - len(asked)
    if asked:
        names = ", ".join(f"{host.id} (pid {host.pid} on {plain(host.name)})" for host in asked)
        whom = f"the workers on {plain(machine)}" if machine else "all workers"
        echo(f"{'Drain' if drain else 'Stop'} signal sent to {whom}: {names}")
    else:
        echo(f"No worker is running{f' on {plain(machine)}' if machine else ''}.")
    if others:
        echo(f"{others} other host{'s go' if others > 1 else ' goes'} on; to stop all: queuectl worker stop --all")


worker.add_command(start)
worker.add_command(stop)
