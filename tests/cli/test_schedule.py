"""``queuectl schedule``: every way to say it, what it prints, and the exit code that fits."""

import os
from datetime import datetime
from pathlib import Path

import pytest

from queuectl import scheduling
from queuectl.model.catchup import CatchUp, OverlapPolicy
from queuectl.model.job import JobSpec
from queuectl.model.recurrence import Cron
from queuectl.scheduling import TIME_VARIABLE
from queuectl.store.types import JobFilter
from tests.hosts import run_cli, until

NIGHTLY = "0 3 * * *"


@pytest.mark.parametrize(
    ("words", "cron", "command", "argv"),
    [
        ([NIGHTLY, "--", "tar", "czf", "--json", "--"], NIGHTLY, None, ("tar", "czf", "--json", "--")),
        (["0", "3", "*", "*", "*", "--", "ls"], NIGHTLY, None, ("ls",)),
        (["@daily", "echo hi"], "@daily", "echo hi", None),
        (["@daily", "-c", "echo hi"], "@daily", "echo hi", None),
        (["0", "3", "*", "*", "*", "-c", "echo hi"], NIGHTLY, "echo hi", None),
        (["@daily", '{"command": "echo hi"}'], "@daily", "echo hi", None),
        (["--every", "15m", "echo hi"], None, "echo hi", None),
        (["--every", "15m", "-c", "echo hi"], None, "echo hi", None),
        (["--every", "15m", "--", "ls", "-l"], None, None, ("ls", "-l")),
        (["echo hi", "--every", "900"], None, "echo hi", None),
    ],
)
def test_one_is_added_in_each_of_its_spellings(here, jobs, words, cron, command, argv):
    done = here("schedule", "add", "s", *words)
    assert (done.code, done.err) == (0, "")
    added = jobs.store.schedule("s")
    assert done.out.startswith("Schedule s: ")
    assert (added.spec.command, added.spec.argv) == (command, argv)
    assert (added.spec.cwd, added.spec.path) == (str(Path.cwd()), os.environ["PATH"])
    assert (added.rule.text if isinstance(added.rule, Cron) else None) == cron
    if cron is None:
        assert added.rule.seconds == 900
        assert added.rule.anchor == added.created_at


def test_every_option_reaches_the_schedule_and_its_jobs(here, jobs, tmp_path):
    done = here(
        "schedule", "add", "s", "@daily", "--timezone", "Asia/Tokyo", "--catch-up", "all", "--overlap",
        "cancel-previous", "--name", "n", "-q", "video", "-p", "5", "--slots", "2", "--mutex", "gpu", "--timeout", "90",
        "--dead-on", "2,64", "--tag", "a", "--cwd", str(tmp_path), "-e", "A=1", "--json", "--", "ls",
    )  # fmt: skip
    assert done.code == 0
    added = jobs.store.schedule("s")
    assert (added.rule.zone, added.catch_up, added.overlap) == (
        "Asia/Tokyo", CatchUp.ALL, OverlapPolicy.CANCEL_PREVIOUS,
    )  # fmt: skip
    assert done.json()["job"] == {
        "argv": ["ls"], "cwd": str(tmp_path), "env": {"A": "1"}, "queue": "video", "priority": 5, "slots": 2,
        "mutex": "gpu", "timeout": 90.0, "dead_on": [2, 64], "name": "n", "tags": ["a"],
    }  # fmt: skip
    job = jobs.find(int(here("schedule", "run", "s").out))
    assert (job.spec.queue, job.spec.mutex, job.spec.timeout, job.spec.dead_on) == ("video", "gpu", 90.0, (2, 64))
    assert (job.spec.schedule, job.spec.env["A"], job.spec.path) == ("s", "1", os.environ["PATH"])


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["add", "s"], 2, "what shall run?"),
        (["add", "s", "@daily"], 2, "what shall run?"),
        (["add", "s", "@daily", "--"], 2, "what shall run?"),
        (["add", "s", "--every", "15m"], 2, "what shall run?"),
        (["add", "s", "--", "ls"], 2, "when shall it run?"),
        (["add", "s", "-c", "ls"], 2, "when shall it run?"),
        (["add", "s", "@daily", "--every", "15m", "--", "ls"], 2, "give --every or cron"),
        (["add", "s", "@daily", "-c", "ls", "--", "ls"], 2, "give the command once"),
        (["add", "s", "0", "3", "*", "*", "*", "ls"], 2, "quotes"),
        (["add", "s", "@daily", "ls", "-l"], 2, "-l"),
        (["add", "s", "61 3 * * *", "ls"], 2, "minute is misspelt or out of range"),
        (["add", "s", "0 0 30 2 *", "ls"], 2, "never happens"),
        (["add", "s", "@daily", "ls", "--timezone", "berlin"], 2, "Did you mean Europe/Berlin?"),
        (["add", "s", "--every", "0.5s", "ls"], 2, "1s to"),
        (["add", "s", "--every", "soon", "ls"], 2, "no duration"),
        (["add", "s", "--every", "15m", "--timezone", "UTC", "ls"], 2, "same in every time zone"),
        (["add", "", "@daily", "ls"], 2, "name is empty"),
        (["add", "s", "@daily", "ls", "--slots", "0"], 2, "slots must lie between"),
        (["add", "s", "@daily", '{"command": "ls", "key": "k"}'], 2, "key: the job of a schedule cannot have it"),
        (["add", "there", "@daily", "ls"], 4, "--replace"),
        (["run", "there"], 4, "queuectl wait 1"),
        (["show", "s"], 3, "queuectl schedule list"),
        (["pause", "s"], 3, "there is no schedule 's'"),
        (["resume", "s"], 3, "there is no schedule 's'"),
        (["run", "s"], 3, "there is no schedule 's'"),
        (["remove", "s"], 3, "there is no schedule 's'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint_and_changes_nothing(here, jobs, words, code, told):
    before = scheduling.add(jobs, "there", scheduling.rule_of(every="15m"), JobSpec(command="x"))
    scheduling.run_now(jobs, "there")
    done = here("schedule", *words)
    assert (done.code, done.out) == (code, "")
    assert told in done.err
    assert [one.created_at for one in jobs.store.schedules()] == [before.created_at]
    assert len(jobs.store.jobs(JobFilter())) == 1


def test_it_is_listed_and_shown_in_words_and_with_what_comes_and_what_was(here, jobs):
    assert here("schedule", "list").out == ""
    assert here("schedule", "list", "--json").json() == []
    here("schedule", "add", "nightly", NIGHTLY, "echo hi", "--timezone", "UTC")
    here("schedule", "add", "tidy", "--every", "15m", "echo hi")
    here("schedule", "pause", "tidy")
    here("schedule", "run", "nightly")
    nightly, tidy = [line.split("\t") for line in here("schedule", "list").out.splitlines()]
    assert nightly[:2] == ["nightly", "at 03:00 every day (UTC)"]
    assert nightly[3:] == ["1", "pending", "echo hi"]
    assert tidy == ["tidy", "every 15 minutes", "paused", "", "", "echo hi"]
    shown = here("schedule", "show", "nightly").out
    assert "Times\tat 03:00 every day (UTC)\n" in shown
    assert shown.count("Next\t") == 5
    assert "Run\t1\tpending\t" in shown
    value = here("schedule", "show", "nightly", "--json").json()
    assert [job["id"] for job in value["runs"]] == [1]
    assert value["upcoming"][0] == value["next_at"]
    assert len(value["upcoming"]) == 5
    assert [one["name"] for one in here("schedule", "list", "--json").json()] == ["nightly", "tidy"]
    assert "resume tidy" in here("schedule", "show", "tidy").out


def test_pause_resume_replace_and_remove_say_what_they_did(here, jobs):
    here("schedule", "add", "s", "--every", "15m", "echo hi")
    assert here("schedule", "pause", "s").out == "Schedule s: every 15 minutes; paused.\n"
    assert here("schedule", "resume", "s", "--json").json()["paused"] is False
    assert here("schedule", "add", "s", "--every", "1h", "echo ho", "--replace").out.startswith(
        "Schedule s: every hour;"
    )
    assert jobs.store.schedule("s").spec.command == "echo ho"
    assert here("schedule", "remove", "s", "--json").json()["job"]["command"] == "echo ho"
    assert here("schedule", "list").out == ""


def test_status_names_the_next_one(here):
    assert here("status", "--json").json()["next_scheduled"] is None
    here("schedule", "add", "later", "--every", "2h", "echo hi")
    here("schedule", "add", "sooner", "--every", "1h", "echo hi")
    found = here("status", "--json").json()["next_scheduled"]
    assert found["name"] == "sooner"
    assert datetime.fromisoformat(found["at"])


def test_it_happens_and_tells_of_it(start_host, jobs):
    start_host()
    run_cli("schedule", "add", "tick", "--every", "1s", 'echo "hello"', check=True)
    until(lambda: scheduling.runs(jobs, "tick", 1))
    job = scheduling.runs(jobs, "tick", 9)[-1]
    run_cli("wait", str(job.id), check=True)
    assert run_cli("logs", str(job.id), check=True).out.strip(' "\n') == "hello"
    shown = run_cli("schedule", "show", "tick", "--json", check=True).json()
    assert shown["runs"][-1]["env"][TIME_VARIABLE]
    assert run_cli("show", str(job.id), check=True).out.count("tick") >= 2
