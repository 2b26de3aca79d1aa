"""``queuectl drop-folder``: where .job files go."""

import click

from queuectl.cli.base import command, json_option, open_queue
from queuectl.cli.output import echo, on_terminal, print_json, say


@command("drop-folder")
@click.option("--open", "launch", is_flag=True, help="Open it in the file manager.")
@json_option
def drop_folder(launch: bool, as_json: bool) -> None:
    """Print the folder that is watched for .job files.

    It is made if it is not there.

    \b
    Examples:
      cp nightly.job "$(queuectl drop-folder)"
      queuectl drop-folder --open
    """
    from queuectl.host import drop_folder as folder_of

    with open_queue() as queue:
        folder = folder_of(queue)
        watched = any(host.kind != "worker" for host in queue.hosts())
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if as_json:
        print_json({"path": str(folder), "watched": watched})
    else:
        echo(str(folder))
        if on_terminal() and not watched:
            say("Nobody watches it now. Start a host: queuectl serve")
    if launch:
        click.launch(str(folder))
