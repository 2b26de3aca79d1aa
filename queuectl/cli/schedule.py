"""``queuectl schedule``: jobs that come again and again."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from queuectl.cli.base import command, group, json_option, open_queue, present
from queuectl.cli.job_options import KINDS, directory, job_options, read_options, search_path, with_fields
from queuectl.cli.output import echo, local, on_terminal, print_json, say
from queuectl.cli.schedule_shown import NAME, list_schedules, show
from queuectl.errors import UsageError
from queuectl.model.catchup import CatchUp, OverlapPolicy
from queuectl.text import plain

if TYPE_CHECKING:
    from queuectl.model.job import Job, JobSpec
    from queuectl.model.schedules import Schedule

BEHIND = "words behind --"


@group("schedule")
def schedule() -> None:
    """Run jobs again and again, at times or an interval.

    A schedule is kept in the database, as the jobs are; every host looks after it, and each of its occurrences becomes
    one job, however many hosts there are.

    \b
    Examples:
      queuectl schedule add backup "0 3 * * *" -- tar czf backup.tgz docs
      queuectl schedule add tidy --every 15m "rm -rf cache/*"
      queuectl schedule list
    """


class _Add(click.Command):
    """Knows which words stand behind ``--``: they are a program and its arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[BEHIND] = tuple(args[args.index("--") + 1 :]) if "--" in args else None
        return super().parse_args(ctx, args)


@command("add", cls=_Add)
@NAME
@click.argument("words", nargs=-1, metavar="[CRON] [COMMAND | -- PROGRAM ARG...]")
@click.option("-c", "--command", "text", metavar="COMMAND", help="The command, for the shell.")
@click.option("--every", metavar="DURATION", help="An interval instead of cron: 30s, 15m, 1h30m.")
@click.option("--timezone", metavar="ZONE", help="Whose clocks cron means: Europe/Berlin; else this machine's.")
@click.option(
    "--catch-up", type=click.Choice([one.value for one in CatchUp]), default=CatchUp.ONCE.value, show_default=True,
    help="What passed while no host ran: left out, one run for all, or each.",
)  # fmt: skip
@click.option(
    "--overlap", type=click.Choice([one.value for one in OverlapPolicy]), default=OverlapPolicy.SKIP.value,
    show_default=True, help="If the run before has not ended: no new one, wait for it, or end it.",
)  # fmt: skip
@click.option("--replace", "replacing", is_flag=True, help="Change the one of this name, if there is one.")
@job_options(KINDS)
@json_option
def add(
    schedule_name: str,
    words: tuple[str, ...],
    text: str | None,
    every: str | None,
    timezone: str | None,
    catch_up: str,
    overlap: str,
    replacing: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Add a schedule.

    CRON is five fields, minute hour day month weekday, or @hourly, @daily, @weekly, @monthly, @yearly.

    \b
    Examples:
      queuectl schedule add backup "0 3 * * *" -- tar czf backup.tgz docs
      queuectl schedule add report "0 9 * * MON-FRI" "make report" --timezone Europe/Berlin
      queuectl schedule add tidy --every 15m "rm -rf cache/*" --timeout 5m
      queuectl schedule add backup @daily -- rsync -a docs/ nas:docs --replace
    """
    from queuectl import scheduling

    cron, spec = _read_words(words, click.get_current_context().meta[BEHIND], text, by_interval=every is not None)
    if every is not None and timezone is not None:
        raise UsageError("an interval is the same in every time zone", hint="Leave out --timezone, or --every.")
    fields = read_options(options)
    spec = with_fields(spec, fields)
    path = spec.path if "PATH" in spec.env else search_path()
    spec = replace(spec, cwd=directory(fields.get("cwd") or spec.cwd), path=path)
    rule = scheduling.rule_of(cron, every=every, timezone=timezone)
    with open_queue() as queue:
        added = scheduling.add(
            queue, schedule_name, rule, spec, catch_up=CatchUp(catch_up), overlap=OverlapPolicy(overlap),
            replacing=replacing,
        )  # fmt: skip
        _tell(added, as_json)
        if on_terminal() and not as_json and not queue.hosts():
            say("Nothing is running that could start it. Start something: queuectl serve")


def _read_words(
    words: tuple[str, ...], behind: tuple[str, ...] | None, text: str | None, *, by_interval: bool
) -> "tuple[str | None, JobSpec]":
    """Tell the cron rule from what is to run."""
    from queuectl.model.job import JobSpec

    before = words[: len(words) - len(behind)] if behind else words
    if behind is None and text is None:
        before, commands = (() if by_interval else before[:1]), before[0 if by_interval else 1 :]
        if len(commands) > 1:
            raise UsageError(
                f"{len(commands)} words behind the times: is it one command, or a program and its arguments?",
                hint='Put the cron fields in quotes, and the command too, or -- before a program: "0 3 * * *" "make"',
            )
        text = commands[0] if commands else None
    elif behind is not None and text is not None:
        raise UsageError("give the command once: behind --, or with -c")
    if not behind and text is None:
        raise UsageError("what shall run?", hint='Try: queuectl schedule add NAME "0 3 * * *" "echo hello"')
    if by_interval and before:
        raise UsageError(f"give --every or cron ({plain(' '.join(before))!r}), not both")
    if not by_interval and not before:
        raise UsageError("when shall it run?", hint='Try "0 3 * * *" (at 3:00 every day), @hourly, or --every 15m.')
    if text is not None and text.lstrip().startswith("{"):
        from queuectl.model.jobfile import parse_line

        return " ".join(before) or None, parse_line(text, now=present())
    return " ".join(before) or None, JobSpec(argv=behind) if behind else JobSpec(command=text)


@command("pause")
@NAME
@json_option
def pause(schedule_name: str, as_json: bool) -> None:
    """Let a schedule rest; what it has enqueued goes on.

    \b
    Examples:
      queuectl schedule pause backup
    """
    from queuectl import scheduling

    with open_queue() as queue:
        _tell(scheduling.pause(queue, schedule_name), as_json)


@command("resume")
@NAME
@json_option
def resume(schedule_name: str, as_json: bool) -> None:
    """Let a schedule happen again, from now on.

    What passed meanwhile is not caught up with. It also wakes a schedule that rests since the clock was set back.

    \b
    Examples:
      queuectl schedule resume backup
    """
    from queuectl import scheduling

    with open_queue() as queue:
        _tell(scheduling.resume(queue, schedule_name), as_json)


@command("run")
@NAME
@json_option
def run(schedule_name: str, as_json: bool) -> None:
    """Enqueue a schedule's job now, besides its times.

    \b
    Examples:
      queuectl schedule run backup
      queuectl wait $(queuectl schedule run backup)
    """
    from queuectl import scheduling
    from queuectl.model.plain import as_json as job_as_json

    with open_queue() as queue:
        job: Job = scheduling.run_now(queue, schedule_name)
    if as_json:
        print_json(job_as_json(job))
    else:
        echo(f"Added job {job.id}." if on_terminal() else str(job.id))


@command("remove")
@NAME
@json_option
def remove(schedule_name: str, as_json: bool) -> None:
    """Forget a schedule; the jobs that it has enqueued stay.

    \b
    Examples:
      queuectl schedule remove backup
    """
    from queuectl import scheduling
    from queuectl.model.schedules import schedule_as_json

    with open_queue() as queue:
        found = queue.store.schedule(schedule_name)
        scheduling.remove(queue, schedule_name)
    if as_json:
        print_json(schedule_as_json(found))
    else:
        echo(f"Schedule {plain(schedule_name)} is forgotten.")


def _tell(found: "Schedule", as_json: bool) -> None:
    from queuectl.model.recurrence import describe as describe_rule
    from queuectl.model.schedules import schedule_as_json

    if as_json:
        print_json(schedule_as_json(found))
        return
    then = (
        "paused" if found.paused else f"next at {local(found.next_at)}" if found.next_at else "it never happens again"
    )
    echo(f"Schedule {plain(found.name)}: {plain(describe_rule(found.rule))}; {then}.")


for one in (add, list_schedules, show, pause, resume, run, remove):
    schedule.add_command(one)
