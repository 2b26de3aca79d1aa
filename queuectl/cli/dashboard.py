"""``queuectl dashboard``: open the page, or print what scripts need to use its API."""

import click

from queuectl.cli.base import command, json_option, open_queue
from queuectl.cli.output import echo, on_terminal, print_json, say
from queuectl.errors import UsageError

PAGES = ("overview", "jobs", "dead", "drop", "schedules", "queues", "workers", "settings")


@command("dashboard")
@click.option("--print-url", is_flag=True, help="Print an address that works once, within a minute, and open nothing.")
@click.option("--token", is_flag=True, help="Print the token that scripts send; with --json, the addresses too.")
@click.option("--new-token", is_flag=True, help="Make another token: every script and browser is out.")
@click.option("--page", type=click.Choice(PAGES), default="overview", help="Which page to open.")
@json_option
def dashboard(print_url: bool, token: bool, new_token: bool, page: str, as_json: bool) -> None:
    """Open the dashboard in the browser.

    The tray or "queuectl serve" must be running: the dashboard is theirs.

    \b
    Examples:
      queuectl dashboard
      queuectl dashboard --page dead
      queuectl dashboard --print-url                     for a browser elsewhere, through a tunnel
      curl -H "Authorization: Bearer $(queuectl dashboard --token)" http://127.0.0.1:7420/api/v1/status
    """
    from queuectl.web import client, keys

    if print_url and (token or new_token):
        raise UsageError("give --print-url or --token, not both")
    with open_queue() as queue:
        if new_token:
            keys.new_token(keys.token_file(queue.paths.files))
            say("There is a new token; open pages have to be opened anew.")
            if not token:
                return
        if token and as_json:
            url = client.page_url(queue)
            print_json({"url": url, "api": f"{url}api/v1", "token": client.token(queue)})
        elif token:
            echo(client.token(queue))
        else:
            url = client.login_url(queue, "" if page == "overview" else page)
            if as_json:
                print_json({"url": url})
            elif print_url:
                echo(url)
                say("It works once, within a minute.")
            else:
                _open(url)


def _open(url: str) -> None:
    from queuectl.platform.opener import open_path

    try:
        open_path(url)
    except OSError:
        echo(url)
        say("No browser could be started here. Open this address within a minute; it works once.")
    else:
        if on_terminal():
            echo("The dashboard opens in your browser.")
