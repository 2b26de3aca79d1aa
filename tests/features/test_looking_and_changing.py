"""Edit, copy, tag, note, search, history, statistics, export and import, retention."""

import json
import os
import stat
import sys
from dataclasses import replace

import pytest

from queuectl import editing
from queuectl.errors import WrongState
from queuectl.queue import Queue
from tests.hosts import run_cli


@pytest.fixture
def editor(tmp_path):
    """Return a function that makes an editor which changes one text into another."""

    def editor(old, new):
        script = tmp_path / "editor.py"
        script.write_text(
            f"import sys, pathlib\npath = pathlib.Path(sys.argv[1])\ntext = path.read_text('utf-8')\n"
            f"assert {old!r} in text, text\npath.write_text(text.replace({old!r}, {new!r}), 'utf-8')\n",
            encoding="utf-8",
        )
        return {"VISUAL": f'"{sys.executable}" "{script}"'}

    return editor


def test_edit_by_options_and_in_an_editor(enqueue, burst, show, editor):
    job = enqueue("echo one", "--mutex", "m", "-t", "a", "--delay", "1h")
    run_cli("edit", str(job), "--priority", "5", "--clear", "mutex", "--clear", "run-at", "-t", "b", check=True)
    found = show(job)
    assert (found["priority"], found["mutex"], found["state"], found["tags"]) == (5, None, "pending", ["a", "b"])
    run_cli("edit", str(job), env=editor("echo one", "echo two"), check=True)
    refused = run_cli("edit", str(job), env=editor("command", "comand"))
    assert (refused.returncode, 'Did you mean "command"' in refused.err) == (2, True)
    unchanged = run_cli("edit", str(job), env=editor("echo", "echo"), check=True)
    assert "stays as it was" in unchanged.err
    burst()
    assert run_cli("logs", str(job)).out == "two\n"
    told = [event["detail"] for event in show(job)["history"] if event["verb"] == "edit"]
    assert told == ["mutex, priority, run_at, tags", "command"]
    assert run_cli("edit", "4711", "--priority", "1").returncode == 3


def test_what_others_change_meanwhile_is_not_lost(enqueue):
    with Queue.open() as queue:
        seen = queue.find(enqueue("echo hi"))
        editing.tag(queue, seen, add=["a"])
        editing.note(queue, seen, "a remark")
        assert editing.tag(queue, seen, add=["b"]).spec.tags == ("a", "b")
        assert queue.find(seen.id).spec.note == "a remark"
        with pytest.raises(WrongState, match="meanwhile"):
            editing.edit(queue, seen, replace(seen.spec, priority=5))
        seen = queue.find(seen.id)
        assert editing.edit(queue, seen, replace(seen.spec, priority=5)).spec.tags == ("a", "b")


def test_an_editor_that_fails_changes_nothing_and_says_how_else(enqueue):
    failed = run_cli("edit", str(enqueue("echo hi")), env={"VISUAL": f"{sys.executable} -c exit(1)"})
    assert (failed.returncode, failed.err.startswith("error: "), "hint: " in failed.err) == (1, True, True), failed.err


def test_a_dead_job_is_edited_and_retried(enqueue, burst, show, editor):
    job = enqueue("exit 1", "--max-retries", "0")
    burst()
    run_cli("retry", str(job), "--edit", env=editor("exit 1", "exit 0"), check=True)
    burst()
    assert show(job)["state"] == "completed"


def test_what_has_ended_gets_no_time_and_its_id_is_not_given_again(enqueue, burst, tmp_path):
    job, last = enqueue("echo hi"), enqueue("echo last")
    burst()
    assert run_cli("edit", str(job), "--at", "18:00").returncode == 4
    file = str(tmp_path / "jobs.jsonl")
    run_cli("export", file, check=True)
    run_cli("delete", str(last), check=True)
    run_cli("import", file, check=True)
    assert sorted(row["id"] for row in run_cli("list", "--json").json()) == [job, last + 1, last + 2]


def test_a_copy_is_a_job_of_its_own(enqueue, burst, show):
    parent = enqueue("echo parent")
    job = enqueue("echo hi", "--key", "k", "--after", parent, "--env", "A=1", "--timeout", "5m", "-t", "x")
    copied = int(run_cli("copy", str(job), "--env", "B=2", check=True).out)
    found = show(copied)
    assert (found["command"], found["env"], found["timeout"], found["tags"]) == (
        "echo hi", {"A": "1", "B": "2"}, 300.0, ["x"],
    )  # fmt: skip
    assert (found["key"], found["after"], found["state"]) == (None, [], "pending")


def test_tags_and_notes_in_any_state(enqueue, burst, show):
    job = enqueue("echo hi", "-t", "old")
    burst()
    assert run_cli("tag", str(job), "new", "keep", "--remove", "old", check=True).out.split() == ["new", "keep"]
    run_cli("note", str(job), "the", "disk", "was", "full", check=True)
    assert run_cli("note", str(job)).out == "the disk was full\n"
    assert (show(job)["tags"], show(job)["note"]) == (["new", "keep"], "the disk was full")
    assert [row["id"] for row in run_cli("list", "--tag", "keep", "--json").json()] == [job]
    assert run_cli("note", str(job), "x", "--clear").returncode == 2


def test_search_history_and_statistics(enqueue, burst, show):
    jobs = [enqueue("echo needle in the output", "--name", "first"), enqueue("echo other", "-t", "NEEDLE", "-q", "q")]
    hay = enqueue("exit 3", "--max-retries", "0", "--name", "first")
    burst()
    assert [row["id"] for row in run_cli("search", "Needle", "--json").json()] == jobs[::-1]
    assert run_cli("search", "needle", "-q", "q").out.startswith(f"{jobs[1]}\t")
    assert run_cli("search", "nothing has this", "--json").json() == []
    told = run_cli("history", str(hay), "--json").json()
    assert [event["verb"] for event in told] == ["enqueue", "claim", "failed"]
    assert {event["actor"] for event in told[1:]} == {show(hay)["runs_list"][0]["host"]}
    first = next(row for row in run_cli("stats", "--json").json() if row["name"] == "first")
    assert (first["runs"], first["completed"], first["success"]) == (2, 1, 0.5)
    assert first["took_p95"] >= first["took_p50"] >= 0 <= first["waited_p50"]
    assert run_cli("stats", "--since", "7d", "-q", "none", "--json").json() == []


def test_an_export_is_imported_whole_or_not_at_all(enqueue, burst, show, tmp_path):
    done = enqueue("echo hi", "--name", "first", "--env", "A=ü")
    failed = enqueue("exit 1", "--after-any", done, "--max-retries", "0", "--key", "k")
    waiting = enqueue("echo waits", "--after", failed, "--dead-parent", "wait", "--slots", "3", "--ok-on", "4")
    burst()
    file, other = tmp_path / "jobs.jsonl", str(tmp_path / "other.db")
    run_cli("export", str(file), check=True)
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    run_cli("--db", other, "import", str(file), check=True)
    for job in (done, failed, waiting):
        here, there = (
            run_cli("show", str(job), "--json").json(),
            run_cli("--db", other, "show", str(job), "--json").json(),
        )
        assert here == there
    again = run_cli("--db", other, "import", str(file), check=True)
    assert "new ids" in again.err
    moved = run_cli("--db", other, "show", str(waiting + 3), "--json").json()
    assert (moved["state"], moved["after"]) == ("blocked", [failed + 3])
    broken = tmp_path / "broken.jsonl"
    broken.write_text(file.read_text("utf-8") + '{"type": "job"}\n', encoding="utf-8")
    refused = run_cli("--db", other, "import", str(broken))
    assert (refused.returncode, "line 5" in refused.err) == (2, True)
    assert run_cli("--db", other, "import", str(tmp_path / "none")).returncode == 2
    assert len(run_cli("--db", other, "list", "--json").json()) == 6
    lines = run_cli("export", "--state", "dead").out.splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["queuectl export", "job"]


def test_only_so_many_of_each_end_are_kept(enqueue, burst, host, show):
    jobs = [enqueue("--", sys.executable, "-c", "pass") for _ in range(5)]
    dead = enqueue("exit 1", "--max-retries", "0")
    burst(1)
    run_cli("config", "set", "keep-completed-count", "2", check=True)
    burst(1)  # a host forgets as it starts
    left = {row["id"] for row in run_cli("list", "--json").json()}
    assert left == {*jobs[-2:], dead}


def test_an_export_holds_what_other_programs_take_for_line_ends(enqueue, tmp_path):
    enqueue("printf 'a\u2028b\x85c'")
    file, other = tmp_path / "jobs.jsonl", str(tmp_path / "other.db")
    run_cli("export", str(file), check=True)
    assert run_cli("--db", other, "import", str(file), check=True).out == "Imported 1 job.\n"
