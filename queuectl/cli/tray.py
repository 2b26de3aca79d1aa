"""``queuectl tray`` and ``queuectl autostart``: the tray application, now and at login."""

import os

import click

from queuectl.cli.base import command, json_option, location, places
from queuectl.cli.output import echo, print_json
from queuectl.errors import QueuectlError


@command("tray")
@click.pass_context
def tray(ctx: click.Context) -> int:
    """Run jobs, with an icon in the system tray.

    It goes on until it is told to quit. Where no tray can be shown, it says so and runs jobs all the same.

    \b
    Examples:
      queuectl tray
      queuectl tray --db ./queue.db
    """
    import subprocess

    from queuectl.platform.autostart import program

    database = ctx.ensure_object(dict).get("db")
    secret = bool(database) and places().holds_password  # what stands on a command line is seen by all
    argv = [*program("queuectl-tray", "queuectl.tray"), *(["--db", database] if database and not secret else [])]
    environ = {**os.environ, "QUEUECTL_DB": str(database)} if secret else None
    try:
        return subprocess.call(argv, env=environ)  # noqa: S603 - the executable beside this one
    except OSError as exc:
        hint = "It belongs beside this program; install both."
        raise QueuectlError(f"{argv[0]} cannot be started: {exc.strerror}", hint=hint) from exc


@command("autostart")
@click.argument("what", type=click.Choice(["on", "off", "status"]))
@json_option
def autostart(what: str, as_json: bool) -> None:
    """Have the tray start at login, or no longer.

    \b
    Examples:
      queuectl autostart on
      queuectl autostart status
    """
    from queuectl.platform import autostart as entry

    try:
        if what == "on":
            from queuectl.store.opening import refuse_password

            refuse_password(places())
            database = ("--db", places().address) if location() else ()
            entry.turn_on([*entry.program("queuectl-tray", "queuectl.tray"), *database])
        elif what == "off":
            entry.turn_off()
    except OSError as exc:
        raise QueuectlError(f"{entry.place()} cannot be changed: {exc.strerror or exc}") from exc
    current = entry.current()
    if as_json:
        print_json({"on": current is not None, "command": current, "place": entry.place()})
    elif current is None:
        echo("The tray does not start at login.")
    else:
        echo(f"The tray starts at login: {current}\n({entry.place()})")
