"""``queuectl edit``, ``copy``, ``tag`` and ``note``: change jobs, and make more of them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from queuectl.cli.base import JOB, command, open_queue, present
from queuectl.cli.job_options import KINDS, ORDER, directory, job_options, read_options, with_fields, with_waits
from queuectl.cli.output import complain, describe, echo, on_terminal, say, state_text
from queuectl.errors import InvalidJobFile, QueuectlError, UsageError
from queuectl.model.dependencies import FIELDS as WAITS
from queuectl.model.job import JobSpec
from queuectl.model.state import FINAL
from queuectl.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from queuectl.model.job import Job
    from queuectl.queue import Queue

_CLEAR = click.option("--clear", "cleared", multiple=True, metavar="FIELD", help="Take a field away; may be repeated.")
_COMMAND = click.option("-c", "--command", "text", metavar="COMMAND", help="Another command, for the shell.")


@command("edit")
@click.argument("job", type=JOB)
@_COMMAND
@job_options(KINDS, ORDER)
@_CLEAR
def edit(job: str, text: str | None, cleared: tuple[str, ...], **options: Any) -> None:
    """Change a job that does not run.

    Without options it opens the job in $VISUAL or $EDITOR, as TOML with the fields of .job files. A job that has ended
    stays ended until its retry.

    \b
    Examples:
      queuectl edit 7
      queuectl edit 7 --timeout 2h --priority 5 --clear mutex
      queuectl edit 8 --after 7 --clear run_at
    """
    with open_queue() as queue:
        found = queue.find(job)
        edited = change(queue, found, text, cleared, options)
    if edited is None:
        say(f"Job {found.id} stays as it was.")
    else:
        _tell(edited, "changed")


def change(
    queue: "Queue", job: "Job", text: str | None, cleared: tuple[str, ...], options: dict[str, Any]
) -> "Job | None":
    """Change a job as options say, or in an editor when there are none; None when nothing was changed."""
    from queuectl.editing import edit as edit_job

    if text is None and not cleared and not any(value not in {None, ()} for value in options.values()):
        spec = _in_editor(job)
        return None if spec is None else edit_job(queue, job, spec)
    return edit_job(queue, job, _changed(queue, job.spec, text, cleared, options))


def _changed(
    queue: "Queue", spec: JobSpec, text: str | None, cleared: tuple[str, ...], options: dict[str, Any]
) -> JobSpec:
    """Apply options to a specification; a list of jobs to wait for replaces the one before."""
    from queuectl.model.fields import FIELDS

    blank = JobSpec()
    for name in (field.replace("-", "_") for field in cleared):
        if name not in FIELDS or not hasattr(blank, name) or name in {"command", "argv"}:
            raise UsageError(f"--clear {name}: there is no such field to take away")
        spec = replace(spec, **{name: getattr(blank, name)})
    if text is not None:
        spec = replace(spec, command=text, argv=None)
    rewired: dict[str, Any] = {name: () for name in WAITS if options[name]}
    spec = replace(spec, **rewired)
    fields = read_options(options)
    if "cwd" in fields:
        fields["cwd"] = directory(fields["cwd"])
    return with_waits(queue, with_fields(spec, fields), options)


def _in_editor(job: "Job") -> JobSpec | None:
    """Let a person change a job as TOML, again until it can be; None when it was left as it was."""
    from queuectl.model.jobfile import parse

    shown = _as_toml(job)
    text = shown
    while True:
        try:
            answer = click.edit(text, extension=".toml")
        except click.ClickException as exc:  # there is no such editor, or it failed
            raise QueuectlError(exc.message, hint="Set EDITOR, or use options: queuectl edit --help") from None
        if answer is None or answer.strip() == shown.strip():
            return None
        try:
            spec = _the_only(parse(answer.encode(), now=present()))
        except InvalidJobFile as exc:
            if not on_terminal():
                raise
            complain(exc.message, exc.hint)
            click.confirm("Edit it again?", default=True, abort=True, err=True)
            text = answer
        else:
            return replace(spec, path=job.spec.path, schedule=job.spec.schedule)


def _the_only(specs: "Sequence[JobSpec]") -> JobSpec:
    if len(specs) != 1:
        raise InvalidJobFile(f"it holds {len(specs)} jobs instead of one")
    return specs[0]


def _as_toml(job: "Job") -> str:
    import tomli_w

    from queuectl.model.fields import FIELDS, as_fields

    fields = as_fields(job.spec)
    silent = [name for name in FIELDS if name not in fields and name not in {"id", "command", "argv"}]
    lines = [f"# Job {job.id}, {job.state.value}. Save to change it; leave it as it is to change nothing."]
    wrapped = click.wrap_text("It may also have: " + ", ".join(silent), width=110)
    lines += [f"# {line}" for line in wrapped.splitlines()]
    return "\n".join(lines) + "\n\n" + tomli_w.dumps(fields, multiline_strings=True)


@command("copy")
@click.argument("job", type=JOB)
@_COMMAND
@job_options(KINDS, ORDER)
@_CLEAR
@click.option("--edit", "in_editor", is_flag=True, help="Open the copy in an editor first.")
def copy(job: str, text: str | None, cleared: tuple[str, ...], in_editor: bool, **options: Any) -> None:
    """Enqueue a job like another one.

    It is due now and waits for nothing, unless options say so; a key stays with the older job.

    \b
    Examples:
      queuectl copy 7
      queuectl copy 7 --env QUALITY=high --tag again
      queuectl copy 7 --edit
    """
    from queuectl.editing import copy as copy_job

    with open_queue() as queue:
        found = queue.find(job)
        base = replace(found.spec, key=None, run_at=None, after=(), after_any=(), after_failure=())
        spec = _changed(queue, base, text, cleared, options)
        if in_editor:
            spec = _in_editor(replace(found, spec=spec)) or spec
        copied = copy_job(queue, found, spec)
    _tell(copied, f"is a copy of job {found.id}") if on_terminal() else click.echo(copied.id)


@command("tag")
@click.argument("job", type=JOB)
@click.argument("tags", nargs=-1)
@click.option("-r", "--remove", multiple=True, help="Take this tag away; may be repeated.")
def tag(job: str, tags: tuple[str, ...], remove: tuple[str, ...]) -> None:
    """Give a job tags, whatever its state, and show them.

    \b
    Examples:
      queuectl tag 7 nightly keep
      queuectl tag 7 --remove keep
    """
    from queuectl.editing import tag as tag_job

    with open_queue() as queue:
        found = queue.find(job)
        if tags or remove:
            found = tag_job(queue, found, add=tags, remove=remove)
    for one in found.spec.tags:
        echo(plain(one))


@command("note")
@click.argument("job", type=JOB)
@click.argument("text", nargs=-1)
@click.option("--clear", is_flag=True, help="Take the remark away.")
def note(job: str, text: tuple[str, ...], clear: bool) -> None:
    """Put a remark on a job, whatever its state, and show it.

    \b
    Examples:
      queuectl note 7 failed because the disk was full
      queuectl note 7 --clear
    """
    from queuectl.editing import note as note_job

    if text and clear:
        raise UsageError("give a remark or --clear, not both")
    with open_queue() as queue:
        found = queue.find(job)
        if text or clear:
            found = note_job(queue, found, " ".join(text) or None)
    if found.spec.note:
        echo(plain(found.spec.note))


def _tell(job: "Job", what: str) -> None:
    if not on_terminal():
        return
    note = "" if job.state in FINAL else plain(describe(job, present()))
    echo(f"Job {job.id} {what}; it is {state_text(job.state)}" + (f", {note}." if note else "."))
