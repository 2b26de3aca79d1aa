"""Every command explains itself: in a sentence that fits, with examples that work, and a word on each option."""

import re
import shlex

import click
import pytest

from queuectl.cli.main import COMMANDS, cli
from tests.hosts import run_cli


def walk(command, path):
    yield path, command
    if isinstance(command, click.Group):
        with click.Context(command, info_name=path[-1], **cli.context_settings) as ctx:
            for name in command.list_commands(ctx):
                yield from walk(command.get_command(ctx, name), (*path, name))


EVERY = list(walk(cli, ("queuectl",)))
each_command = pytest.mark.parametrize(("path", "command"), EVERY, ids=[" ".join(path) for path, _ in EVERY])


def examples(command):
    """Return the lines of a help text that show how the program is called, without what is said about them."""
    lines = [line.strip() for line in (command.help or "").splitlines()]
    lines = [re.split(r"\s{2,}", line.removeprefix("Try:").strip())[0] for line in lines]
    return [line for line in lines if re.match(r"(\S+ )*(\"?\$\(|\| )?queuectl ", line) and not line[0].isupper()]


def ours(line):
    """Return the words that queuectl gets in a line for a shell."""
    part = re.search(r"(?:^|\| |\| xargs |\$\()queuectl ([^|)]*)", line)[1]
    return shlex.split(re.split(r" && | > ", part)[0])


def test_all_commands_were_found():
    assert {path[1] for path, _ in EVERY if len(path) > 1} == set(COMMANDS)
    assert ("queuectl", "dlq", "retry") in [path for path, _ in EVERY]


@pytest.mark.parametrize("path", [path for path, command in EVERY if isinstance(command, click.Group)], ids=" ".join)
def test_each_command_s_first_sentence_fits_in_the_list(path):
    told = run_cli(*path[1:], "--help", env={"COLUMNS": "80"}, check=True).out
    listed = re.findall(r"^  ([a-z-]+)  +(.*)$", told.split("\nCommands:\n")[1], re.MULTILINE)
    assert [name for name, _ in listed] == [one[-1] for one, _ in EVERY if one[:-1] == path]
    for name, sentence in listed:
        assert sentence.endswith("."), name
        assert not sentence.endswith("..."), name
    assert all(len(line) <= 80 for line in told.splitlines() if "queuectl" not in line)


@each_command
def test_help_needs_no_database_and_creates_none(tmp_path, here, path, command):
    done = here(*path[1:], "-h")
    assert done.code == 0
    assert done.out.startswith(f"Usage: {' '.join(path)}")
    assert command.help.split("\n")[0].rstrip() in done.out
    assert not (tmp_path / "home").exists()


@each_command
def test_it_has_examples_and_they_parse(path, command):
    found = examples(command)
    assert found, "show how it is called"
    used = set()
    for line in found:
        part, name, words = cli, "queuectl", ours(line)
        with click.Context(cli, info_name="queuectl", **cli.context_settings) as root:
            while isinstance(part, click.Group) and words and not words[0].startswith("-"):
                name, part, words = part.resolve_command(root, words)
                used.add(name)
            part.make_context(name, list(words), parent=root)
    assert path[-1] in used or path == ("queuectl",)


@pytest.mark.parametrize("command", [command for _, command in EVERY], ids=[" ".join(path) for path, _ in EVERY])
def test_every_option_says_what_it_does(command):
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.opts
            assert parameter.help.endswith("."), parameter.opts
            assert parameter.help[0].isupper() or parameter.opts == ["--shell"], parameter.opts


def test_without_a_word_it_shows_its_help():
    done = run_cli()
    assert done.returncode == 2
    assert done.out == ""
    assert done.err.startswith("Usage: queuectl [OPTIONS] COMMAND")
    assert "Exit codes: 0 ok" in done.err


def test_the_version_is_told():
    from queuectl import __version__

    assert run_cli("--version", check=True).out == f"queuectl, version {__version__}\n"
