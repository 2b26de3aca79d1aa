"""Logs through the API: parts that begin and end with whole lines and characters, of any log, and the whole file."""

import os
from itertools import pairwise

import pytest

from queuectl.engine.output import open_log, trim
from queuectl.model.admission import Room
from queuectl.model.job import Outcome, OutcomeKind
from queuectl.model.policy import Verdict
from queuectl.model.state import State, Verb
from queuectl.queue import Queue
from tests.web.api import Api


@pytest.fixture
def api():
    """The API over a queue with one job that runs, and a log to write to."""
    with Queue.open() as queue:
        found = Api(queue)
        queue.add("a")
        [found.job] = queue.store.claim("host", Room(workers=1, free=1), lease=60)
        found.descriptor = open_log(queue.paths.log(1, 1))
        yield found
        os.close(found.descriptor)


def end(api, tail=""):
    """Let the run end."""
    outcome = Outcome(kind=OutcomeKind.COMPLETED, exit_code=0, finished_at=api.queue.store.now(), tail=tail)
    api.queue.store.finish(api.job, outcome, Verdict(verb=Verb.COMPLETE, state=State.COMPLETED), host_name="here")


def all_parts(api, limit):
    """Read a log from its end to its beginning, part by part."""
    parts, before = [], ""
    while True:
        part = api.get(f"/jobs/1/runs/1/log?limit={limit}{before}")
        parts.insert(0, part)
        if part["start"] == 0:
            return parts
        before = f"&before={part['start']}"


def test_a_log_is_read_from_its_end_in_whole_lines(api):
    lines = [f"line {number}: äöü €\n" for number in range(500)]
    os.write(api.descriptor, "".join(lines).encode())
    end(api)
    parts = all_parts(api, 1000)
    assert "".join(part["text"] for part in parts) == "".join(lines)
    assert all(part["text"].startswith("line ") and part["text"].endswith("\n") for part in parts)
    assert all(before["end"] == after["start"] for before, after in pairwise(parts))
    assert (parts[-1]["whole"], parts[-1]["running"]) == (True, False)
    assert parts[-1]["end"] == parts[-1]["size"] == len("".join(lines).encode())


@pytest.mark.parametrize("limit", [5, 7, 64])
def test_no_character_is_cut_where_lines_are_long(api, limit):
    text = "😀€ä" * 40
    os.write(api.descriptor, text.encode())
    end(api)
    assert "".join(part["text"] for part in all_parts(api, limit)) == text


def test_a_character_that_is_being_written_is_left_for_later(api):
    os.write(api.descriptor, "abc€".encode()[:-1])
    part = api.get("/jobs/1/runs/1/log")
    assert (part["text"], part["end"], part["size"], part["running"]) == ("abc", 3, 5, True)
    end(api)
    part = api.get("/jobs/1/runs/1/log")
    assert (part["text"], part["end"]) == ("abc\ufffd", 5)


def test_what_is_no_utf8_is_replaced(api):
    os.write(api.descriptor, b"\xff\xfe\x00ok\xc3(\n" + bytes(range(128, 256)))
    end(api)
    part = api.get("/jobs/1/runs/1/log?limit=1")
    assert len(part["text"]) <= 1
    whole = api.get("/jobs/1/runs/1/log")
    assert "ok" in whole["text"]
    assert "\0" not in whole["text"]
    for before in range(whole["size"] + 2):
        assert api.get(f"/jobs/1/runs/1/log?before={before}&limit=3")["end"] <= before


def test_a_log_that_was_cut_tells_so_and_no_place_in_it_is_wrong(api):
    os.write(api.descriptor, b"head\n" * 400 + b"middle\n" * 2000 + b"tail\n" * 400)
    before = api.get("/jobs/1/runs/1/log?limit=100")["start"]
    assert trim(api.descriptor, 4096)
    part = api.get(f"/jobs/1/runs/1/log?before={before}")
    assert part["end"] == part["size"] < before
    assert "queuectl dropped" in part["text"]
    assert part["text"].startswith("head\n")


def test_an_empty_log_and_a_log_without_a_line_break(api):
    part = api.get("/jobs/1/runs/1/log")
    assert (part["start"], part["end"], part["text"], part["whole"]) == (0, 0, "", True)
    os.write(api.descriptor, b"x" * 3000)
    part = api.get("/jobs/1/runs/1/log?limit=1000")
    assert (part["start"], part["end"], part["text"]) == (2000, 3000, "x" * 1000)
    assert api.get("/jobs/1/runs/1/log?before=0")["text"] == ""


def test_without_the_file_the_end_comes_from_the_database(api):
    end(api, tail="the end €\n")
    api.queue.paths.log(1, 1).unlink()
    part = api.get("/jobs/1/runs/1/log")
    assert (part["text"], part["whole"], part["running"]) == ("the end €\n", False, False)
    assert api.get("/jobs/1")["runs_list"][0]["log"] is False
    assert "not on this machine" in api.refuses(404, "GET", "/jobs/1/runs/1/log/raw")


def test_a_whole_log_is_a_file(api):
    status, download = api.ask("GET", "/jobs/1/runs/1/log/raw")
    assert (status, download.path, download.name) == (200, api.queue.paths.log(1, 1), "job-1-run-1.log")


def test_only_runs_have_logs(api):
    api.refuses(404, "GET", "/jobs/1/runs/2/log")
    api.refuses(404, "GET", "/jobs/2/runs/1/log")
    for number in ("0", "-1", "x", "1.0", "..", "%2e%2e", "1%00", "9" * 400):
        api.refuses(400, "GET", f"/jobs/1/runs/{number}/log")
        api.refuses(400, "GET", f"/jobs/1/runs/{number}/log/raw")
    for query in ("before=-1", "limit=0", "limit=1048577", "before=x"):
        api.refuses(400, "GET", f"/jobs/1/runs/1/log?{query}")
