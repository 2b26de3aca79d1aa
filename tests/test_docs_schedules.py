"""Hold docs/schedules.md against the program: each of its examples runs."""

import re
import shlex
from pathlib import Path

from queuectl.model.catchup import CatchUp, OverlapPolicy
from queuectl.queue import Queue
from queuectl.scheduling import NAME_VARIABLE, TIME_VARIABLE
from tests.hosts import run_cli

TEXT = (Path(__file__).parent.parent / "docs" / "schedules.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_each_command_runs_in_the_order_of_the_page(tmp_path):
    lines = [shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) > 8
    for program, *words in lines:
        assert program == "queuectl"
        run_cli(*words, cwd=tmp_path, check=True)
    with Queue.open() as queue:
        backup, report, tidy = queue.store.schedules()
    assert backup.spec.argv == ("tar", "czf", "backup.tgz", "docs")
    assert (report.rule.zone, report.spec.command, report.spec.timeout) == ("Europe/Berlin", "make report", 600)
    assert tidy.rule.seconds == 900


def test_the_python_example_runs(capsys):
    [code] = blocks("python")
    exec(code, {})
    assert capsys.readouterr().out.count("+00:00") == 3


def test_it_names_every_policy_and_its_default():
    first_cells = re.findall(r"^\| `([a-z][a-z-]+)`( \(usual\))? \|", TEXT, re.MULTILINE)
    assert [name for name, _ in first_cells] == [
        CatchUp.ONCE, CatchUp.SKIP, CatchUp.ALL, *OverlapPolicy,
    ]  # fmt: skip
    assert [name for name, usual in first_cells if usual] == ["once", "skip"]
    assert NAME_VARIABLE in TEXT
    assert TIME_VARIABLE in TEXT
