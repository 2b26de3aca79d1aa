"""Hold the README and the pages against the program: settings, commands, .job files and Python."""

import re
import shlex
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from queuectl.cli.main import COMMANDS, cli
from queuectl.model.jobfile import parse
from queuectl.queue import Queue
from queuectl.settings import SETTINGS
from tests.hosts import HostProcess, run_cli

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((README.parent / "docs").glob("*.md"))}
"""The longer pages."""
ALL = TEXT + "".join(PAGES.values())


def blocks(language, text=ALL):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def table_rows(heading, text=TEXT):
    section = text.split(f"# {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_the_settings_table_is_the_program_s():
    rows = {row[0].strip("`"): row[1:] for row in table_rows("Settings", PAGES["settings"])}
    assert list(rows) == list(SETTINGS)
    for setting in SETTINGS.values():
        default = "cores, at most 4" if setting.key == "workers" else setting.format(setting.default) or "empty"
        assert rows[setting.key] == [default, setting.range, setting.kept.value, setting.help]


def test_the_command_table_names_every_command():
    first_cells = " ".join(row[0] for row in table_rows("The command line"))
    named = set(re.findall(r"`([a-z-]+)", first_cells))
    assert set(COMMANDS) <= named


def test_every_command_in_a_block_parses():
    lines = [line for block in blocks("sh") + blocks("console") for line in block.splitlines()]
    commands = [line.removeprefix("$ ").split("  #")[0] for line in lines]
    commands = [re.sub(r'"\$\(.*?\)"', "x", line) for line in commands]
    ours = [shlex.split(line)[1:] for line in commands if line.startswith("queuectl ")]
    assert len(ours) > 5
    for line in ours:
        command, words = cli, line
        with click.Context(cli, info_name="queuectl", **cli.context_settings) as ctx:
            while isinstance(command, click.Group):
                name, command, words = command.resolve_command(ctx, words)
            command.make_context(name, list(words), parent=ctx)


@pytest.mark.parametrize("block", blocks("toml") + blocks("json") + blocks("text"))
def test_every_job_file_is_taken(block):
    assert len(parse(block.encode(), now=datetime.now(UTC))) >= 2


def test_the_fields_that_are_named_are_the_fields_there_are():
    from queuectl.model.fields import FIELDS

    cells = " ".join(row[0] for row in table_rows("Fields", PAGES["jobs"]))
    assert set(re.findall(r"`([a-z_]+)`", cells)) == set(FIELDS)


def test_the_python_example_runs():
    [code] = blocks("python", TEXT)
    host = HostProcess("worker", "--count", "1")
    try:
        names = {}
        exec(code, names)
        assert names["ended"].state == "completed"
    finally:
        assert host.terminate() == 0


def test_the_failing_example_shows_what_is_printed():
    added = run_cli("enqueue", "exit 1", "--max-retries", "0", check=True)
    run_cli("worker", "--limit", "1", check=True)
    assert run_cli("dlq", "list", check=True).out.startswith(f"{added.out.strip()}\tdead\t1/1\tdefault\t")
    assert run_cli("dlq", "retry", added.out.strip()).out in TEXT.replace("Job 2", "Job 1").replace("= 2.", "= 0.")


def test_the_sql_example_works_with_what_python_has():
    import sqlite3

    [query] = re.findall(r'sqlite3 queue.db "(SELECT .*?)"', TEXT)
    with Queue.open() as queue:
        queue.add("exit 0")
        with sqlite3.connect(queue.store.location) as connection:
            assert connection.execute(query).fetchall() == [("pending", 1)]


def test_pinned_versions_hold_no_addresses():
    text = (README.parent / "packaging" / "constraints.txt").read_text()
    assert "://" not in text
    names = {re.split(r"[=;\s]", line)[0].lower() for line in text.splitlines() if line and not line.startswith("#")}
    project = tomllib.loads((README.parent / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[<>=;\s\[]", need)[0].lower() for need in project["dependencies"]}
    assert wanted <= names
