"""``queuectl config``: look at settings and change them."""

from typing import TYPE_CHECKING

import click

from queuectl.cli.base import command, group, json_option, open_queue
from queuectl.cli.output import bold, echo, on_terminal, print_json, print_rows, say, terminal_width
from queuectl.settings import SETTINGS, Origin, Resolved

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class SettingKey(click.ParamType[str]):
    """A setting by its key; ``-`` and ``_`` are the same."""

    name = "key"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG002
        """Offer the settings, spelt the way that was begun."""
        from click.shell_completion import CompletionItem

        wanted = incomplete.replace("-", "_")
        dashes = "-" in incomplete
        return [
            CompletionItem(key.replace("_", "-") if dashes else key, help=row.help)
            for key, row in SETTINGS.items()
            if key.startswith(wanted)
        ]


KEY = SettingKey()


@group("config")
def config() -> None:
    """Look at settings and change them.

    \b
    Examples:
      queuectl config get
      queuectl config set max-retries 5
      queuectl config unset max-retries
    """


@command("get")
@click.argument("key", type=KEY, required=False)
@json_option
def get(key: str | None, as_json: bool) -> None:
    """Print one setting, or all with their meaning.

    In a pipe it prints, separated by tabs: key, value, where it comes from, what is allowed, meaning.

    \b
    Examples:
      queuectl config get
      queuectl config get max-retries
      queuectl config get --json
    """
    with open_queue() as queue:
        settings = queue.settings()
    rows = [settings.resolve(key)] if key else settings.all()
    if as_json:
        from queuectl.shapes import setting_as_json

        values = [setting_as_json(row) for row in rows]
        print_json(values[0] if key else values)
    elif key:
        echo(rows[0].setting.format(rows[0].value))
    elif on_terminal():
        for row in rows:
            _print(row)
    else:
        print_rows((row.setting.key, _value(row), row.origin, row.setting.range, row.setting.help) for row in rows)


def _value(row: Resolved) -> str:
    return row.setting.format(row.value)


def _print(row: Resolved) -> None:
    setting = row.setting
    origin = "" if row.origin is Origin.DEFAULT else f", from {row.origin.value}"
    value = click.style(_value(row) or "(empty)", fg=None if row.origin is Origin.DEFAULT else "green")
    echo(f"{bold(setting.key)} = {value}  {click.style(f'({setting.range}{origin})', dim=True)}")
    echo(click.wrap_text(setting.help, terminal_width(), initial_indent="    ", subsequent_indent="    "))


@command("set", context_settings={"ignore_unknown_options": True})  # -1 is a value, if a wrong one
@click.argument("key", type=KEY)
@click.argument("value")
def set_value(key: str, value: str) -> None:
    """Change a setting; running hosts take it up at once.

    \b
    Examples:
      queuectl config set max-retries 5
      queuectl config set keep-completed 7d
    """
    with open_queue() as queue:
        row = queue.set_setting(key, value)
    _report(row)


@command("unset")
@click.argument("key", type=KEY)
def unset(key: str) -> None:
    """Bring a setting back to its default.

    \b
    Example:
      queuectl config unset max-retries
    """
    with open_queue() as queue:
        row = queue.unset_setting(key)
    _report(row)


def _report(row: Resolved) -> None:
    setting = row.setting
    echo(f"{setting.key} = {setting.format(row.value)}")
    if row.origin is Origin.ENVIRONMENT:
        say(f"Note: {setting.env} is set in the environment and overrides what is kept.")
    if on_terminal():
        echo(setting.help)


for sub in (get, set_value, unset):
    config.add_command(sub)
