"""Write the manual pages and the shells' completions from what click knows of the commands.

    python packaging/manual.py FOLDER

makes queuectl.1, queuectl-tray.1, queuectl.bash, queuectl.zsh and queuectl.fish there.
"""

import inspect
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from queuectl import __version__
from queuectl.cli.main import cli

TRAY = """\
.SH NAME
queuectl\\-tray \\- run jobs in the background, with an icon in the system tray
.SH SYNOPSIS
.B queuectl\\-tray
[\\fB\\-\\-db\\fR \\fIPATH\\fR] [\\fB\\-\\-check\\fR] [\\fB\\-\\-version\\fR]
.SH DESCRIPTION
Runs what is in the queue and watches the drop folder, until it is told to quit in the menu of its icon. Where no icon
can be shown, it says so and runs jobs all the same.
.SH OPTIONS
.TP
\\fB\\-\\-db\\fR \\fIPATH\\fR
The queue's database; else $QUEUECTL_DB, else this user's own.
.TP
\\fB\\-\\-check\\fR
Only tell whether a tray icon can be shown here.
.TP
\\fB\\-\\-version\\fR
Tell the version.
.SH SEE ALSO
.BR queuectl (1)
"""


def escape(text: str) -> str:
    """Return text that troff prints as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(f"\\&{line}" if line[:1] in {".", "'"} else line for line in text.splitlines())


def heading(name: str) -> str:
    """Return the line that every page begins with."""
    when = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), timezone.utc)  # noqa: UP017
    return f'.TH {name.upper()} 1 {when:%Y-%m-%d} "queuectl {__version__}" "User Commands"\n'


def page() -> str:
    """Return the manual page of the command line, every command with its options."""
    ctx = click.Context(cli, info_name="queuectl", **cli.context_settings)
    lines = [
        heading("queuectl") + ".SH NAME\nqueuectl \\- run commands in the background and lose none of them",
        ".SH SYNOPSIS\n.B queuectl\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]...",
        ".SH DESCRIPTION",
        *_prose(cli),
        ".SH OPTIONS",
        *_options(cli, ctx),
        ".SH COMMANDS",
    ]
    for path, command, context in _walk(cli, ctx, ()):
        usage = " ".join(command.collect_usage_pieces(context))
        lines += [
            f".SS queuectl {escape(' '.join(path))} {escape(usage)}",
            *_prose(command),
            *_options(command, context),
        ]
    return "\n".join([*lines, ".SH SEE ALSO", ".BR queuectl\\-tray (1)", ""])


def _walk(
    group: click.Group, ctx: click.Context, above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command, click.Context]]:
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if command is None or command.hidden:
            continue
        context = click.Context(command, parent=ctx, info_name=name)
        yield (*above, name), command, context
        if isinstance(command, click.Group):
            yield from _walk(command, context, (*above, name))


def _prose(command: click.Command) -> Iterator[str]:
    """Turn a help text into paragraphs; one that begins with a backspace keeps its lines."""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if paragraph.startswith("\b"):
            yield f".PP\n.nf\n{escape(paragraph.removeprefix(chr(8)).strip(chr(10)))}\n.fi"
        elif paragraph.strip():
            yield f".PP\n{escape(paragraph)}"


def _options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            yield f".TP\n\\fB{escape(record[0])}\\fR\n{escape(record[1]) or '.'}"


def completion(shell: str) -> str:
    """Return the script that completes in a shell."""
    kind = get_completion_class(shell)
    if kind is None:
        raise LookupError(f"click has no completion for {shell}")
    return kind(cli, {}, "queuectl", "_QUEUECTL_COMPLETE").source()


def main(folder: Path) -> None:
    """Write all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "queuectl.1").write_text(page(), "utf-8")
    (folder / "queuectl-tray.1").write_text(heading("queuectl-tray") + TRAY, "utf-8")
    for shell in ("bash", "zsh", "fish"):
        (folder / f"queuectl.{shell}").write_text(completion(shell), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
