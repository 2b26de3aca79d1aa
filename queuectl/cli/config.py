"""``queuectl config``: look at settings and change them."""

import click

from queuectl.cli.base import command, json_option, open_queue
from queuectl.cli.output import echo, on_terminal, print_json, print_table
from queuectl.settings import SETTINGS, Resolved


class SettingKey(click.ParamType[str]):
    """A setting by its key; ``-`` and ``_`` are the same."""

    name = "key"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[click.shell_completion.CompletionItem]:
        """Offer the settings."""
        from click.shell_completion import CompletionItem

        wanted = incomplete.replace("-", "_")
        return [CompletionItem(key, help=row.help) for key, row in SETTINGS.items() if key.startswith(wanted)]


KEY = SettingKey()


@click.group("config")
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
    """Print one setting, or all with their origin, range and meaning."""
    with open_queue() as queue:
        settings = queue.settings()
        rows = [settings.resolve(key)] if key else settings.all()
    if as_json:
        values = [_plain(row) for row in rows]
        print_json(values[0] if key else values)
    elif key:
        echo(rows[0].setting.format(rows[0].value))
    else:
        cells = (
            (r.setting.key, r.setting.format(r.value), r.origin.value, r.setting.range, r.setting.help) for r in rows
        )
        print_table(("KEY", "VALUE", "FROM", "ALLOWED", "MEANING"), cells)


def _plain(row: Resolved) -> dict[str, object]:
    setting = row.setting
    return {
        "key": setting.key,
        "value": row.value,
        "origin": row.origin.value,
        "default": setting.default,
        "type": setting.kind,
        "range": setting.range,
        "kept": setting.kept.value,
        "help": setting.help,
    }


@command("set")
@click.argument("key", type=KEY)
@click.argument("value")
def set_value(key: str, value: str) -> None:
    """Change a setting; running hosts take it up at once."""
    with open_queue() as queue:
        row = queue.set_setting(key, value)
    _report(row)


@command("unset")
@click.argument("key", type=KEY)
def unset(key: str) -> None:
    """Bring a setting back to its default."""
    with open_queue() as queue:
        row = queue.unset_setting(key)
    _report(row)


def _report(row: Resolved) -> None:
    setting = row.setting
    echo(f"{setting.key} = {setting.format(row.value)}")
    if row.origin.value == "environment":
        click.echo(f"Note: {setting.env} is set in the environment and overrides what is kept.", err=True)
    if on_terminal():
        echo(setting.help)


for sub in (get, set_value, unset):
    config.add_command(sub)
