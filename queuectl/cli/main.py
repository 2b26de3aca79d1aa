"""The entry point: finds a command's module only when it is called, and turns every error into an exit code."""

import errno
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from queuectl import __version__
from queuectl.cli.base import database_option
from queuectl.cli.output import colour_wanted, complain, discard
from queuectl.errors import QueuectlError

COMMANDS = {
    "enqueue": "enqueue:enqueue",
    "list": "jobs:list_jobs",
    "show": "jobs:show",
    "search": "jobs:search",
    "history": "jobs:history",
    "graph": "graph:graph",
    "logs": "logs:logs",
    "wait": "wait:wait",
    "status": "status:status",
    "progress": "progress:progress",
    "cancel": "change:cancel",
    "retry": "change:retry",
    "edit": "edit:edit",
    "copy": "edit:copy",
    "tag": "edit:tag",
    "note": "edit:note",
    "delete": "change:delete",
    "prune": "change:prune",
    "stats": "stats:stats",
    "export": "archive:export",
    "import": "archive:import_jobs",
    "migrate-store": "moving:migrate_store",
    "dlq": "dlq:dlq",
    "pause": "pause:pause",
    "resume": "pause:resume",
    "queue": "queue:queue",
    "schedule": "schedule:schedule",
    "serve": "serve:serve",
    "worker": "worker:worker",
    "tray": "tray:tray",
    "autostart": "tray:autostart",
    "dashboard": "dashboard:dashboard",
    "config": "config:config",
    "drop-folder": "drop:drop_folder",
    "doctor": "doctor:doctor",
    "self": "self_:self_",
    "completion": "completion:completion",
}
"""Each command's module in this package and its name there, in the order of ``--help``."""

INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(f"queuectl.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for one that does not exist."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand:
            raise click.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; it has not failed when somebody reads only the beginning of what it prints."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            discard(sys.stdout)
            return 0
        return code


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="queuectl")
@database_option
def cli() -> None:
    """Run commands in the background and lose none of them.

    \b
    Try:  queuectl enqueue "echo hello"     put a command into the queue
          queuectl serve                    run what is in the queue, and watch the drop folder
          queuectl status                   see what is going on

    Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 wrong state, 5 database unavailable,
    6 needs a running host, 130 interrupted.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the code that fits."""
    sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    _prepare_streams()
    try:
        code = cli.main(args=args, prog_name="queuectl", standalone_mode=False, color=colour_wanted())
    except QueuectlError as exc:
        return _fail(exc.message, exc.hint, exc.exit_code)
    except click.ClickException as exc:
        try:
            exc.show()
        except OSError:
            discard(sys.stderr)
        return exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except OSError as exc:
        return _fail(*_explain(exc), 1)
    except Exception as exc:
        if os.environ.get("QUEUECTL_DEBUG"):
            raise
        hint = "This is a mistake in queuectl. Set QUEUECTL_DEBUG=1 to see where, and please report it."
        return _fail(f"unexpected {type(exc).__name__}: {exc}", hint, 1)
    return code if isinstance(code, int) else 0


def _prepare_streams() -> None:
    """Have all three streams, and let none of them fail on a character."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A path that is not UTF-8 is printed as it is, so that a script can use it.
        utf8 = sys.stdout.encoding.lower() == "utf-8"
        sys.stdout.reconfigure(errors="surrogateescape" if utf8 else "backslashreplace")


def _explain(exc: OSError) -> tuple[str, str]:
    if exc.filename:
        return f"{exc.filename}: {exc.strerror}", "Run 'queuectl doctor' to see what this machine lacks."
    if isinstance(exc, FileNotFoundError):  # os.getcwd's
        return "the current directory has been deleted", "Change to one that exists: cd ~"
    if exc.errno in {errno.ENOSPC, errno.EFBIG, errno.EIO}:
        discard(sys.stdout)
        return f"the output cannot be written: {exc.strerror}", ""
    return str(exc), "Run 'queuectl doctor' to see what this machine lacks."


def _fail(message: str, hint: str, code: int) -> int:
    complain(message, hint)
    return code
