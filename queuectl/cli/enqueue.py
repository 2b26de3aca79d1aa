"""``queuectl enqueue``: put commands into the queue."""

import os
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from queuectl.cli.base import DURATION, JOB, MOMENT, command, in_seconds, json_option, open_queue
from queuectl.cli.output import echo, on_terminal, print_json, say
from queuectl.errors import UsageError
from queuectl.text import plain

if TYPE_CHECKING:
    from queuectl.model.job import Job, JobSpec
    from queuectl.queue import Queue


class _Enqueue(click.Command):
    """Knows whether ``--`` was given: only then are the words a program and its arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["as_argv"] = "--" in args
        return super().parse_args(ctx, args)


@command("enqueue", cls=_Enqueue)
@click.argument("words", nargs=-1, metavar="[COMMAND | - | -- PROGRAM ARG...]")
@click.option("-c", "--command", "text", metavar="COMMAND", help="The command, for the shell.")
@click.option("--name", help="A name for people.")
@click.option("-q", "--queue", help="The queue it belongs to.")
@click.option("-p", "--priority", type=int, help="Higher runs first; 0 is usual.")
@click.option("--at", type=MOMENT, help="Not before: 18:30, or 2030-12-31T18:30.")
@click.option("--delay", type=DURATION, help="Not before this long from now: 90, 10m, 1h30m.")
@click.option("--after", type=JOB, multiple=True, help="Only when this job has completed; may be repeated.")
@click.option("--timeout", type=DURATION, help="Stop it, and all it started, after this long.")
@click.option("--max-retries", type=int, help="Retries after the first run.")
@click.option("--backoff-base", type=float, help="Wait before retry n: this to the power of n, in seconds.")
@click.option("--key", help="Add no second job with this key while one lives.")
@click.option("-t", "--tag", "tags", multiple=True, help="A tag; may be repeated.")
@click.option("--cwd", type=click.Path(readable=False), help="Where it runs; else here.")
@click.option("-e", "--env", multiple=True, metavar="NAME=VALUE", help="A variable; may be repeated.")
@click.option("--shell", help="bash, zsh, fish, powershell, pwsh, cmd, or a path.")
@json_option
def enqueue(words: tuple[str, ...], text: str | None, as_json: bool, **options: Any) -> None:
    """Put a command into the queue.

    When this returns, the job is kept: it survives a crash and a power cut.

    \b
    Examples:
      queuectl enqueue "tar czf backup.tgz ~/docs"         a command for the shell
      queuectl enqueue -- ffmpeg -i in.mov out.mp4         a program, run as it is
      queuectl enqueue "make" --timeout 10m --priority 5   limits and order
      queuectl enqueue "report" --at 18:00                 later today
      queuectl enqueue "step 2" --after 41                 when job 41 has completed
      queuectl enqueue '{"id": "job1", "command": "sleep 2"}'
      cat commands.txt | queuectl enqueue -                one a line, all or none
    """
    as_argv: bool = click.get_current_context().meta["as_argv"]
    batch = words == ("-",) and text is None and not as_argv
    specs = _from_stdin() if batch else [_spec(words, text, as_argv=as_argv)]
    fields = _fields(options)
    if "key" in fields and len(specs) > 1:
        raise UsageError("--key names one job, and these are several", hint='Give each its own: {"id": ..., ...}')
    specs = [_with(spec, fields) for spec in specs]
    with open_queue() as queue:
        parents = [queue.find(reference).id for reference in options["after"]]
        specs = [replace(spec, after=tuple(dict.fromkeys((*spec.after, *parents)))) for spec in specs]
        known = {job.id for job in (queue.store.by_key(spec.key) for spec in specs if spec.key) if job}
        jobs = queue.enqueue(specs)
        _report(queue, jobs, known, batch=batch, as_json=as_json)


def _report(queue: "Queue", jobs: "list[Job]", known: set[int], *, batch: bool, as_json: bool) -> None:
    added = {job.id for job in jobs} - known
    told = set(known)
    for job in jobs:
        if job.id in told:
            say(f"Job {job.id} has the key {plain(job.spec.key)!r} and has not ended; it was not added again.")
        told.add(job.id)
    if as_json:
        from queuectl.model.plain import as_json as job_as_json

        values = [job_as_json(job) for job in jobs]
        print_json(values if batch else values[0])
    elif on_terminal():
        echo(f"Added job {min(added)}." if len(added) == 1 else f"Added {len(added)} jobs.")
        if not queue.hosts():
            say("Nothing is running that could take it. Start something: queuectl serve")
    else:
        click.echo("\n".join(str(job.id) for job in jobs))


def _spec(words: tuple[str, ...], text: str | None, *, as_argv: bool) -> "JobSpec":
    """Find out which of the ways to name a command was used."""
    from queuectl.model.job import JobSpec

    if text is not None:
        if words:
            raise UsageError("give the command once: as an argument, or with -c")
        return JobSpec(command=text)
    if not words:
        raise UsageError("what shall run?", hint='Try: queuectl enqueue "echo hello"')
    if as_argv:
        return JobSpec(argv=words)
    if len(words) > 1:
        raise UsageError(
            f"{len(words)} words: is it one command, or a program and its arguments?",
            hint='Write "one command" in quotes for the shell, or -- before a program and its arguments.',
        )
    if words[0].lstrip().startswith("{"):
        from queuectl.model.jobfile import parse_line

        return parse_line(words[0], now=datetime.now().astimezone())
    return JobSpec(command=words[0])


def _from_stdin() -> "list[JobSpec]":
    from queuectl.model.jobfile import parse_line

    if sys.stdin.isatty():
        say("Write one command a line; Ctrl+D ends.")
    data = sys.stdin.buffer.read()
    try:
        # PowerShell 5 writes files in UTF-16.
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        raise UsageError(f"line {line} of standard input is not UTF-8; nothing was added") from None
    now = datetime.now().astimezone()
    specs = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                specs.append(parse_line(line, now=now))
            except UsageError as exc:
                raise UsageError(f"line {number}: {exc.message}; nothing was added", hint=exc.hint) from None
    if not specs:
        raise UsageError("standard input holds no command")
    return specs


def _fields(options: dict[str, Any]) -> dict[str, Any]:
    """Turn the options that were given into the fields of a job; the caller's search path is one of them."""
    fields = {name: value for name, value in options.items() if value is not None and name != "after"}
    if "at" in fields and "delay" in fields:
        raise UsageError("give --at or --delay, not both")
    if "at" in fields:
        fields["run_at"] = fields.pop("at")
    if "delay" in fields:
        fields["run_at"] = in_seconds(fields.pop("delay"))
    fields["env"] = dict(_variable(text) for text in options["env"])
    if "PATH" not in fields["env"] and "PATH" in os.environ:
        fields["path"] = os.environ["PATH"].encode(errors="ignore").decode()
    return fields


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--env {text!r}: write NAME=VALUE")
    return name, value


def _with(spec: "JobSpec", fields: dict[str, Any]) -> "JobSpec":
    """Add the options to a specification; what they say counts more."""
    changes = {
        **fields,
        "tags": tuple(dict.fromkeys((*spec.tags, *fields["tags"]))),
        "env": {**spec.env, **fields["env"]},
        "cwd": _directory(fields.get("cwd") or spec.cwd),
    }
    if "PATH" in spec.env:
        changes.pop("path", None)
    return replace(spec, **changes)


def _directory(text: str | None) -> str:
    """Return where the job runs: there, else here."""
    try:
        path = Path(text or ".").expanduser().absolute()
    except RuntimeError as exc:  # ~ and the name of no user
        raise UsageError(f"--cwd {text!r}: {exc}") from None
    if text and not path.is_dir():
        say(f"Note: there is no folder {plain(path)} now; without it the job cannot run.")
    return str(path)
