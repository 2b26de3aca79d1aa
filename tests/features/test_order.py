"""In what order: jobs that wait for others, graphs, and what is added once."""

import json
import sys

import pytest

from tests.hosts import run_cli, until


def states(show, jobs):
    return [show(job)["state"] for job in jobs]


def test_each_way_of_waiting(enqueue, burst, show):
    good, bad = enqueue("echo good"), enqueue("exit 1", "--max-retries", "0")
    ways = ("--after", "--after-any", "--after-failure")
    jobs = [enqueue("echo hi", way, parent) for parent in (good, bad) for way in ways]
    assert set(states(show, jobs)) == {"blocked"}
    burst()
    done, gone = "completed", "cancelled"
    assert states(show, jobs) == [done, done, gone, gone, done, done]
    assert show(jobs[3])["reason"] == f"job {bad}, which it waited for, is dead"


def test_the_dependents_of_a_dead_job_wait_for_its_retry_if_they_wish(enqueue, burst, show, tmp_path):
    flag = tmp_path / "flag"
    code = f"import os, sys; sys.exit(not os.path.exists({str(flag)!r}))"
    parent = enqueue("--max-retries", "0", "--", sys.executable, "-c", code)
    run_cli("config", "set", "dead-parent", "wait", check=True)
    child = enqueue("echo child", "--after", parent)
    burst()
    assert states(show, [parent, child]) == ["dead", "blocked"]
    assert show(child)["reason"] == f"waits for job {parent}, which is dead"
    flag.touch()
    run_cli("retry", str(parent), check=True)
    burst()
    assert states(show, [parent, child]) == ["completed", "completed"]


def test_waits_can_be_edited_and_circles_are_refused(enqueue, burst, show):
    first, second = enqueue("echo 1"), enqueue("echo 2")
    run_cli("edit", str(second), "--after", str(first), check=True)
    assert show(second)["state"] == "blocked"
    refused = run_cli("edit", str(first), "--after", str(second))
    assert (refused.returncode, "for ever" in refused.err) == (4, True)
    run_cli("edit", str(second), "--clear", "after", check=True)
    assert show(second)["state"] == "pending"


GRAPH = """
[[job]]
name = "publish"
argv = {publish}
after = ["build", "check"]

[[job]]
name = "check"
argv = {check}
after_any = ["build"]

[[job]]
name = "build"
argv = {build}
"""


def test_a_file_holds_a_whole_graph(host, notes, show, tmp_path, jobs_folder):
    argv = {name: json.dumps(notes.clerk(name)[1:]) for name in ("publish", "check", "build")}
    host("serve", "--workers", "3", "--poll", "50ms").says("Drop folder")
    draft = tmp_path / "graph.job"
    draft.write_text(GRAPH.format(**argv), encoding="utf-8")
    draft.rename(jobs_folder() / "graph.job")
    until(lambda: len(notes.lines()) == 6, "three jobs")
    assert notes.begun() == ["build", "check", "publish"]
    told = run_cli("graph", "3").out
    assert told.splitlines()[0].startswith("1 build")
    assert "when it has ended: 2 check" in told
    edges = run_cli("graph", "1", "--json").json()["edges"]
    assert {(edge["job"], edge["parent"]) for edge in edges} == {(2, 1), (3, 1), (3, 2)}


def test_a_batch_of_lines_holds_one_too_or_is_refused_whole(show):
    lines = ['{"name": "b", "command": "echo b", "after": ["a"]}', '{"name": "a", "command": "echo a"}']
    ids = run_cli("enqueue", "-", stdin="\n".join(lines).encode(), check=True).out.split()
    assert [show(job)["name"] for job in ids] == ["b", "a"]
    assert show(ids[0])["after"] == [int(ids[1])]
    circle = run_cli("enqueue", "-", stdin=b'{"name": "x", "command": "x", "after": ["x"]}')
    assert circle.returncode == 2
    assert "circle" in circle.err
    missing = run_cli("enqueue", "-", stdin=b'echo fine\n{"command": "x", "after": ["nobody"]}')
    assert missing.returncode == 3
    assert len(run_cli("list", "--json").json()) == 2


def test_a_key_a_span_and_a_replacement(enqueue, burst, show, host, notes):
    first = enqueue("echo 1", "--key", "k")
    again = run_cli("enqueue", "echo 2", "--key", "k")
    assert (int(again.out), "not added again" in again.err) == (first, True)
    burst()
    assert enqueue("echo 3", "--key", "k", "--unique-for", "1h") == first
    assert enqueue("echo 4", "--unique-for", "1h") == enqueue("echo 4", "--unique-for", "1h")
    again = run_cli("enqueue", "echo 4", "--unique-for", "1h")
    assert "not added again" in again.err
    waiting = enqueue("--key", "r", *notes.clerk("old", 60))
    host("worker", "start", "--poll", "50ms")
    until(lambda: "old" in notes.begun(), "the old one")
    fresh = enqueue("--key", "r", "--replace", *notes.clerk("new"))
    until(lambda: states(show, [waiting, fresh]) == ["cancelled", "completed"], "the replacement")
    assert notes.lines()[-2:] == ["begin new", "end new"]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--replace"], 2), (["--unique-for", "1h", "--key", "k", "--replace"], 2), (["--slots", "0"], 2),
        (["--nice", "99"], 2), (["--ok-on", "x"], 2), (["--dead-on", "0"], 2), (["--jitter", "2"], 2),
        (["--after", "4711"], 3), (["--backoff", "cubic"], 2), (["--mutex", ""], 2), (["--on-dead", " "], 2),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(args, code):
    refused = run_cli("enqueue", "exit 0", *args)
    assert refused.returncode == code
    assert refused.err
    assert run_cli("list", "--json").json() == []


def test_the_graph_of_a_long_chain_stays_narrow():
    lines = [{"name": f"n{n}", "command": "exit 0", "after": [f"n{n - 1}"] if n else []} for n in range(200)]
    added = run_cli("enqueue", "-", stdin="\n".join(map(json.dumps, lines)).encode(), check=True).out.split()
    drawn = run_cli("graph", added[100], check=True).out.splitlines()
    assert len(drawn) == 200
    assert max(map(len, drawn)) < 110
