"""``queuectl enqueue``: put commands into the queue."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from queuectl.cli.base import DURATION, JOB, MOMENT, command, in_seconds, json_option, open_queue
from queuectl.cli.output import on_terminal, print_json, say
from queuectl.errors import UsageError
from queuectl.model.fields import spec_from_mapping
from queuectl.model.job import JobSpec
from queuectl.model.plain import as_json as job_as_json
from queuectl.queue import Queue

EXAMPLES = """
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


class _Enqueue(click.Command):
    """Knows whether ``--`` was given: only then are the words a program and its arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["as_argv"] = "--" in args
        return super().parse_args(ctx, args)


@command("enqueue", cls=_Enqueue, epilog=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[COMMAND | -- PROGRAM ARG...]")
@click.option("-c", "--command", "text", help="The command, for the shell.")
@click.option("--name", help="A name for people.")
@click.option("-q", "--queue", help="The queue it belongs to.")
@click.option("-p", "--priority", type=int, help="Higher runs first; 0 is usual.")
@click.option("--at", type=MOMENT, help="Not before: 18:30, or 2030-12-31T18:30.")
@click.option("--delay", type=DURATION, help="Not before this long from now: 90, 10m, 1h30m.")
@click.option("--after", type=JOB, multiple=True, help="Only when this job has completed; may be repeated.")
@click.option("--timeout", type=DURATION, help="Stop it, and all it started, after this long.")
@click.option("--max-retries", type=int, help="Retries after the first run.")
@click.option("--backoff-base", type=float, help="Wait before retry n: this to the power of n, in seconds.")
@click.option("--key", help="A job with this key is not added while one lives.")
@click.option("-t", "--tag", "tags", multiple=True, help="A tag; may be repeated.")
@click.option("--cwd", type=click.Path(), help="Where it runs; else here.")
@click.option("-e", "--env", multiple=True, metavar="NAME=VALUE", help="A variable; may be repeated.")
@click.option("--shell", help="bash, zsh, fish, powershell, pwsh, cmd, or a path.")
@json_option
def enqueue(words: tuple[str, ...], text: str | None, as_json: bool, **options: Any) -> None:
    """Put a command into the queue; it is kept when this returns."""
    fields = _fields(options)
    specs = [_with(spec, fields) for spec in _specs(words, text, fields)]
    with open_queue() as queue:
        specs = [_after(queue, spec, options["after"]) for spec in specs]
        known = {spec.key: queue.store.by_key(spec.key) for spec in specs if spec.key}
        jobs = queue.enqueue(specs)
        for job in jobs:
            before = known.get(job.spec.key or "")
            if before is not None and before.id == job.id:
                say(f"A job with the key {job.spec.key!r} has not ended: job {job.id}. It was not added again.")
        if as_json:
            values = [job_as_json(job) for job in jobs]
            print_json(values if words == ("-",) else values[0])
        elif on_terminal():
            click.echo(f"Added job {jobs[0].id}." if len(jobs) == 1 else f"Added {len(jobs)} jobs.")
            if not queue.hosts():
                say("Nothing is running that could take it. Start something: queuectl serve")
        else:
            click.echo("\n".join(str(job.id) for job in jobs))


def _fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the options that were given into the fields of a job."""
    fields = {name: value for name, value in options.items() if value not in {None, ()}}
    fields.pop("after", None)
    if "at" in fields and "delay" in fields:
        raise UsageError("give --at or --delay, not both")
    if "at" in fields:
        fields["run_at"] = fields.pop("at")
    if "delay" in fields:
        fields["run_at"] = in_seconds(fields.pop("delay"))
    fields["env"] = dict(_variable(text) for text in options["env"])
    fields["cwd"] = str(Path(options["cwd"]).absolute()) if options["cwd"] else None
    return fields


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--env {text!r}: write NAME=VALUE")
    return name, value


def _specs(words: tuple[str, ...], text: str | None, fields: Mapping[str, Any]) -> list[JobSpec]:
    """Find out which of the ways to name a command was used."""
    now = datetime.now().astimezone()
    as_argv = click.get_current_context().meta["as_argv"]
    given = {name: value for name, value in fields.items() if name != "env" and value is not None}
    if text is not None:
        if words:
            raise UsageError("give the command once: as an argument, or with -c")
        return [spec_from_mapping({"command": text, **given}, now=now)]
    if not words:
        raise UsageError("what shall run?", hint='Try: queuectl enqueue "echo hello"')
    if as_argv:
        return [spec_from_mapping({"argv": list(words), **given}, now=now)]
    if len(words) > 1:
        raise UsageError(
            f"{len(words)} words: is it one command, or a program and its arguments?",
            hint='Write "one command" in quotes for the shell, or -- before a program and its arguments.',
        )
    if words == ("-",):
        return _from_stdin(now)
    from queuectl.model.jobfile import parse_line

    if words[0].lstrip().startswith("{"):
        return [parse_line(words[0], now=now)]
    return [spec_from_mapping({"command": words[0], **given}, now=now)]


def _from_stdin(now: datetime) -> list[JobSpec]:
    from queuectl.model.jobfile import parse_line

    specs = []
    try:
        for number, line in enumerate(sys.stdin.buffer.read().decode("utf-8-sig").splitlines(), start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                try:
                    specs.append(parse_line(line, now=now))
                except UsageError as exc:
                    raise UsageError(f"line {number}: {exc.message}; nothing was added", hint=exc.hint) from None
    except UnicodeDecodeError as exc:
        raise UsageError(f"standard input is not UTF-8 (byte {exc.start}); nothing was added") from None
    if not specs:
        raise UsageError("standard input holds no command")
    return specs


def _with(spec: JobSpec, fields: Mapping[str, Any]) -> JobSpec:
    """Add the options to a specification that came as JSON, and the caller's directory and search path to any."""
    changes = {name: value for name, value in fields.items() if value is not None and name not in {"env", "tags"}}
    if "tags" in fields:
        changes["tags"] = (*spec.tags, *(tag for tag in fields["tags"] if tag not in spec.tags))
    changes["env"] = {**spec.env, **fields["env"]}
    changes["cwd"] = str(Path(fields["cwd"] or spec.cwd or ".").expanduser().absolute())
    path = os.environ.get("PATH")
    if path is not None and "PATH" not in changes["env"]:
        changes["path"] = path
    return replace(spec, **changes)


def _after(queue: Queue, spec: JobSpec, references: tuple[str, ...]) -> JobSpec:
    if not references:
        return spec
    parents = tuple(queue.find(reference).id for reference in references)
    return replace(spec, after=tuple(dict.fromkeys((*spec.after, *parents))))
