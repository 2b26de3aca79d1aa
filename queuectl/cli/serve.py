"""``queuectl serve``: the host in the terminal, with one line for each thing that happens."""

import click

from queuectl.cli.base import QUEUES, SettingValue, command, open_queue


@command("serve")
@click.option("-w", "--workers", type=SettingValue("workers"), help="How many jobs run at once.")
@click.option("--poll", type=SettingValue("poll"), help="How often to look into the database when nobody rings.")
@click.option("-q", "--queue", "queues", type=QUEUES, help="Take jobs of these queues only: a,b.")
@click.option("--drop/--no-drop", default=True, help="Whether to watch the drop folder.")
@click.option("--dashboard/--no-dashboard", default=True, help="Whether to have a page and an HTTP API.")
def serve(workers: int | None, poll: float | None, queues: tuple[str, ...] | None, drop: bool, dashboard: bool) -> None:
    """Run jobs, watch the drop folder, and serve the dashboard.

    It ends with Ctrl+C; what does not end soon then goes back to the queue.

    \b
    Examples:
      queuectl serve
      queuectl serve --workers 8 --no-drop
    """
    from queuectl.cli.hosting import expect_duty, greet, print_drop, print_event, run_host
    from queuectl.host import Host, HostOptions

    with open_queue() as queue:
        host = Host(
            queue,
            HostOptions(kind="serve", workers=workers, poll=poll, queues=queues, drop_folder=drop, dashboard=dashboard),
            listener=print_event,
            on_drop=print_drop,
        )
        expect_duty(host)
        run_host(host, lambda: greet(host, queue))
