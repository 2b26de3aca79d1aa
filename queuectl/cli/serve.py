"""``queuectl serve``: the host in the terminal, with one line for each thing that happens."""

import click

from queuectl.cli.base import QUEUES, SettingValue, command, open_queue
from queuectl.cli.output import bold


@command("serve")
@click.option("-w", "--workers", type=SettingValue("workers"), help="How many jobs run at once.")
@click.option("--poll", type=SettingValue("poll"), help="How often to look into the database when nobody rings.")
@click.option("-q", "--queue", "queues", type=QUEUES, help="Take jobs of these queues only: a,b.")
@click.option("--drop/--no-drop", default=True, help="Whether to watch the drop folder.")
def serve(workers: int | None, poll: float | None, queues: tuple[str, ...] | None, drop: bool) -> None:
    """Run jobs, and watch the drop folder, until Ctrl+C.

    \b
    Examples:
      queuectl serve
      queuectl serve --workers 8 --no-drop
    """
    from queuectl.cli.hosting import print_drop, print_event, run_host, tell
    from queuectl.host import Host, HostOptions, drop_folder
    from queuectl.narrator import greeting

    with open_queue() as queue:
        host = Host(
            queue,
            HostOptions(kind="serve", workers=workers, poll=poll, queues=queues, drop_folder=drop),
            listener=print_event,
            on_drop=print_drop,
        )
        tell(bold(f"queuectl runs up to {host.workers} jobs at once."))
        for line in greeting(queue.store.location, drop_folder(queue) if host.watcher else None):
            tell(line)
        run_host(host)
