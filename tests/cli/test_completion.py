"""Completion, in the shells themselves: commands, options, states, jobs and settings, and never a word too many."""

import os
import shlex
import subprocess

import pytest

from queuectl import scheduling
from queuectl.cli.main import COMMANDS
from queuectl.model.job import JobSpec
from tests.conftest import need
from tests.hosts import PATIENCE, run_cli

CASES = [
    ("queuectl statu", ["status"]),
    ("queuectl worker st", ["start", "stop"]),
    ("queuectl list --lim", ["--limit"]),
    ("queuectl list --state d", ["dead"]),
    ("queuectl prune -s ", ["cancelled", "completed", "dead"]),
    ("queuectl show ", ["57", "56"]),
    ("queuectl cancel 57 5", ["57", "56"]),
    ("queuectl enqueue --after 57", ["57"]),
    ("queuectl config get max", ["max_retries"]),
    ("queuectl config set max-", ["max-retries"]),
    ("queuectl completion po", ["powershell"]),
]
BASH = """
source <(queuectl completion bash)
while read -r line; do
    COMP_WORDS=($line) COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
    if [[ $line == *" ." ]]; then COMP_WORDS[COMP_CWORD]=; fi
    _queuectl_completion queuectl
    echo "${COMPREPLY[*]}"
done
"""


@pytest.fixture
def two_jobs(jobs):
    """Have two jobs, with ids that no other thing is called."""
    jobs.enqueue([JobSpec(command="echo 'hi: there, you'", name="a: b, c")] * 57)
    for job_id in range(1, 56):
        jobs.delete(job_id)


def complete(path, shell, script, lines=""):
    done = subprocess.run(
        [*shell, script],
        input=lines,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.posix
@pytest.mark.usefixtures("two_jobs")
def test_bash_completes(path_with_queuectl):
    # A word that is only begun by a space is written as a dot, for bash to see it.
    lines = "".join(f"{line}.\n" if line.endswith(" ") else f"{line}\n" for line, _ in CASES)
    told = complete(path_with_queuectl, [need("bash"), "--norc", "-c"], BASH, lines).splitlines()
    assert [line.split() for line in told] == [wanted for _, wanted in CASES]


@pytest.mark.posix
@pytest.mark.usefixtures("two_jobs")
def test_fish_completes_with_descriptions(path_with_queuectl):
    asked = "; ".join(f"complete -C {shlex.quote(line)}; echo -----" for line, _ in CASES)
    fish = [need("fish"), "--no-config", "-c"]
    told = complete(path_with_queuectl, fish, f"queuectl completion fish | source; {asked}")
    blocks = [block.splitlines() for block in told.split("-----\n")[:-1]]
    values = [sorted(line.split("\t")[0] for line in block) for block in blocks]
    assert values == [sorted(wanted) for _, wanted in CASES]
    assert blocks[0][0].startswith("status\tShow what is in the queue")


@pytest.mark.posix
@pytest.mark.usefixtures("two_jobs")
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("queuectl statu\t", "queuectl status "),
        ("queuectl list --lim\t", "queuectl list --limit "),
        ("queuectl list --state d\t", "queuectl list --state dead "),
        ("queuectl show 57\t\t", "queuectl show 57 "),
        ("queuectl show \t\t", r"56\s+57\s+-- pending: a: b, c"),
        ("queuectl config get max\t", "queuectl config get max_retries "),
    ],
)
def test_zsh_completes_what_a_person_types(path_with_queuectl, tmp_path, typed, shown):
    from tests.cli.terminal import Terminal

    place = {"PATH": path_with_queuectl, "ZDOTDIR": str(tmp_path), "HOME": str(tmp_path)}
    zsh = Terminal(need("zsh"), "-f", "-i", columns=120, cwd=tmp_path, **place)
    try:
        zsh.keys("PROMPT='ready> '; autoload -Uz compinit; compinit -u -D; eval \"$(queuectl completion zsh)\"\n")
        zsh.shows("ready> $")
        zsh.keys(typed)
        zsh.shows(shown)
        assert "rror" not in zsh.text.split("ready> ")[-1]
    finally:
        zsh.close()


# PowerShell: its script as a text, and what the script does


def ask(line, cword, **env):
    """Do what the PowerShell script does, and return types, values and helps."""
    done = run_cli(
        env={"_QUEUECTL_COMPLETE": "powershell_complete", "COMP_WORDS": line, "COMP_CWORD": str(cword), **env}
    )
    assert (done.returncode, done.err) == (0, "")
    told = done.out.replace("\r\n", "\n").rstrip("\n").split("\n")
    return list(zip(told[::3], told[1::3], told[2::3], strict=True)) if told != [""] else []


def test_the_powershell_script_registers_a_completer_that_asks_the_program():
    script = run_cli("completion", "powershell", check=True).out
    assert "Register-ArgumentCompleter -Native -CommandName queuectl" in script
    for name in ("COMP_WORDS", "COMP_CWORD", "_QUEUECTL_COMPLETE"):
        assert f"$env:{name} = " in script
    assert "& queuectl 2>$null" in script
    assert script.count("{") == script.count("}")
    assert script.count("(") == script.count(")")


@pytest.mark.usefixtures("two_jobs")
@pytest.mark.parametrize(("line", "wanted"), CASES)
def test_powershell_is_answered(line, wanted):
    words = line.split()
    cword = len(words) if line.endswith(" ") else len(words) - 1
    answers = ask(line, cword)
    assert [value for _, value, _ in answers] == wanted
    assert {kind for kind, _, _ in answers} <= {"plain"}


def test_powershell_gets_every_command_with_its_meaning():
    answers = ask("queuectl ", 1)
    assert [value for _, value, _ in answers] == list(COMMANDS)
    assert all(len(meaning) > 10 for _, _, meaning in answers)


# what completion must not do


def test_schedules_are_completed_by_name(jobs):
    for name in ("backup", "tidy"):
        scheduling.add(jobs, name, scheduling.rule_of(every="1h"), JobSpec(command=f"echo {name}"))
    assert ask("queuectl schedule show ", 3) == [("plain", "backup", "echo backup"), ("plain", "tidy", "echo tidy")]
    assert [value for _, value, _ in ask("queuectl schedule pause t", 3)] == ["tidy"]
    assert ask("queuectl schedule run ", 3, QUEUECTL_DB="missing") == []


@pytest.mark.parametrize("where", ["missing", "folder", "text", "nobody", "server"])
def test_completion_creates_nothing_and_complains_of_nothing(tmp_path, where):
    place = tmp_path / "place"
    place.mkdir()
    (place / "folder").mkdir()
    (place / "text").write_text("no database, but long enough to be taken for one")
    database = {"nobody": "~nobody-of-that-name/x.db", "server": "postgresql://x/y"}.get(where, str(place / where))
    assert ask("queuectl show ", 2, QUEUECTL_DB=database) == []
    assert ask(f"queuectl --db {shlex.quote(database)} show ", 4) == []
    assert sorted(path.name for path in place.iterdir() if path.suffix != ".files") == ["folder", "text"]
    assert not (tmp_path / "home").exists()


@pytest.mark.usefixtures("two_jobs")
def test_a_database_that_is_named_on_the_line_is_the_one_that_is_asked(tmp_path):
    database = shlex.quote(str(tmp_path / "home" / "queue.db"))
    elsewhere = {"QUEUECTL_HOME": str(tmp_path / "elsewhere")}
    for line in (f"queuectl --db {database} show ", f"queuectl show --db {database} "):
        assert [value for _, value, _ in ask(line, 4, **elsewhere)] == ["57", "56"]
    assert not (tmp_path / "elsewhere").exists()


def test_a_broken_settings_file_does_not_hinder_completion(jobs, tmp_path):
    jobs.add("echo hi")
    (tmp_path / "home" / "config.toml").write_text("this is no TOML")
    assert [value for _, value, _ in ask("queuectl show ", 2)] == ["1"]


@pytest.mark.posix
def test_files_are_completed_where_a_file_is_meant(typed):
    (typed.place / "queue-of-mine.db").touch()
    need("fish")
    told = typed("fish --no-config -c 'queuectl completion fish | source; complete -C \"queuectl --db que\"'")
    assert told.splitlines()[0].startswith("queue-of-mine.db")
