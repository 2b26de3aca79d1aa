"""The entry point: finds a command's module only when it is called, and turns every error into an exit code."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from queuectl import __version__
from queuectl.cli.base import database_option
from queuectl.errors import QueuectlError

COMMANDS = {
    "enqueue": "enqueue:enqueue",
    "list": "jobs:list_jobs",
    "show": "jobs:show",
    "logs": "logs:logs",
    "wait": "wait:wait",
    "status": "status:status",
    "cancel": "change:cancel",
    "retry": "change:retry",
    "delete": "change:delete",
    "prune": "change:prune",
    "dlq": "dlq:dlq",
    "pause": "pause:pause",
    "resume": "pause:resume",
    "serve": "serve:serve",
    "worker": "worker:worker",
    "config": "config:config",
    "drop-folder": "drop:drop_folder",
    "doctor": "doctor:doctor",
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
        except click.UsageError as exc:
            from difflib import get_close_matches

            close = get_close_matches(args[0], COMMANDS, n=1)
            if close and "mean" not in exc.message:
                raise click.UsageError(f"{exc.message} Did you mean {close[0]!r}?", ctx) from None
            raise


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
    try:
        code = cli.main(args=args, prog_name="queuectl", standalone_mode=False)
        sys.stdout.flush()
    except QueuectlError as exc:
        return _fail(exc.message, exc.hint, exc.exit_code)
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as exc:
        if os.environ.get("QUEUECTL_DEBUG"):
            raise
        hint = "This is a mistake in queuectl. Set QUEUECTL_DEBUG=1 to see where, and please report it."
        return _fail(f"unexpected {type(exc).__name__}: {exc}", hint, 1)
    return code if isinstance(code, int) else 0


def _fail(message: str, hint: str, code: int) -> int:
    click.secho("error: ", nl=False, err=True, fg="red", bold=True)
    click.echo(message, err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    return code
