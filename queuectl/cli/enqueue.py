"""``queuectl enqueue``: put commands into the queue."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from queuectl.cli.base import command, json_option, open_queue, present
from queuectl.cli.job_options import (
    KINDS,
    ONCE,
    ORDER,
    directory,
    job_options,
    read_options,
    search_path,
    with_fields,
    with_waits,
)
from queuectl.cli.output import echo, on_terminal, print_json, say
from queuectl.errors import UsageError
from queuectl.model.state import FINAL
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
@job_options(KINDS, ORDER, ONCE)
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
      queuectl enqueue "encode" --slots 4 --mutex gpu      alone on the gpu, in the room of four
      queuectl enqueue '{"id": "job1", "command": "sleep 2"}'
      cat commands.txt | queuectl enqueue -                one a line, all or none
    """
    from queuectl.store.types import JobFilter

    as_argv: bool = click.get_current_context().meta["as_argv"]
    batch = words == ("-",) and text is None and not as_argv
    specs = _from_stdin() if batch else [_spec(words, text, as_argv=as_argv)]
    fields = read_options(options)
    if "key" in fields and len(specs) > 1:
        raise UsageError("--key names one job, and these are several", hint='Give each its own: {"id": ..., ...}')
    specs = [_with(spec, fields) for spec in specs]
    with open_queue() as queue:
        specs = [with_waits(queue, spec, options) for spec in specs]
        newest = queue.jobs(JobFilter(limit=1)) if any(spec.key or spec.unique_for for spec in specs) else []
        jobs = queue.enqueue(specs)
        known = {job.id for job in jobs if newest and job.id <= newest[0].id}
        _report(queue, jobs, known, {spec.key for spec in specs}, batch=batch, as_json=as_json)


def _report(
    queue: "Queue", jobs: "list[Job]", known: set[int], keys: "set[str | None]", *, batch: bool, as_json: bool
) -> None:
    added = {job.id for job in jobs} - known
    told = set(known)
    for job in jobs:
        if job.id in told:
            state = "was added not long ago" if job.state in FINAL else "has not ended"
            what = f"has the key {plain(job.spec.key)!r}" if job.spec.key in keys else "is the same"
            say(f"Job {job.id} {what} and {state}; it was not added again.")
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

        return parse_line(words[0], now=present())
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
    now = present()
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


def _with(spec: "JobSpec", fields: dict[str, Any]) -> "JobSpec":
    """Add the options to a specification, and where and with which search path it was enqueued."""
    spec = with_fields(spec, fields)
    path = spec.path if "PATH" in spec.env else search_path()
    return replace(spec, cwd=directory(fields.get("cwd") or spec.cwd), path=path)
