"""What is asked for a log and answers oddly: another program at that address by now, or a machine that falls silent."""

import io
import json
import os
import re
import socket
import threading
from datetime import UTC, datetime

import pytest

from queuectl import elsewhere
from queuectl.errors import NotFound
from queuectl.model.state import Verb
from queuectl.queue import Queue
from queuectl.store.types import HostRow
from tests.hosts import run_cli
from tests.store.conformance.case import claim, end, outcome, verdict
from tests.support import PATIENCE

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
PART = {"start": 0, "end": 2, "size": 2, "text": "no", "whole": True, "running": False}
ODD = {
    "a list": json.dumps([1]).encode(),
    "another object": b"{}",
    "another type": json.dumps({**PART, "end": "2"}).encode(),
    "no JSON": b"<html>",
    "more than was asked for": json.dumps({**PART, "text": "x" * 1_000_000}).encode(),
}


@pytest.fixture
def jobs(postgres_url, monkeypatch):
    monkeypatch.setenv("QUEUECTL_DB", postgres_url)
    with Queue.open() as queue:
        queue.add("true")
        [job] = claim(queue.store, owner="odd")
        end(queue.store, job, tail="the end\n")
        yield queue


@pytest.fixture
def run(jobs):
    [found] = jobs.attempts(1)
    return found


@pytest.fixture
def answering(jobs):
    """Have the other machine's address answer with these bytes, and be silent or hang up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def answer(data, *, hang_up):
            def serve():
                while not over.is_set():
                    try:
                        connection, _ = server.accept()
                    except OSError:
                        return
                    with connection:
                        connection.recv(65536)
                        connection.sendall(data)
                        if not hang_up:
                            over.wait(PATIENCE)
                        linger = b"\1\0\0\0\0\0\0\0"  # it resets the connection
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

            threading.Thread(target=serve, daemon=True).start()

        tell(jobs, f"http://key@127.0.0.1:{server.getsockname()[1]}/")
        yield answer
        over.set()
        server.shutdown(socket.SHUT_RDWR)


def tell(jobs, logs):
    now = datetime.now(UTC)
    jobs.store.add_host(
        HostRow(
            id="odd", machine="another", name="a machine", kind="serve", pid=os.getpid(), workers=1, port=None,
            version="0", started_at=now, seen_at=now, stop=None, dashboard=None, logs=logs,
        )
    )  # fmt: skip


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_what_is_no_part_of_a_log_is_not_taken_for_one(jobs, run, answering, body):
    answering(HEAD % len(body) + body, hang_up=True)
    with pytest.raises(NotFound, match="cannot be reached"):
        elsewhere.read_part(jobs, run, limit=100)


@pytest.mark.parametrize("hang_up", [True, False], ids=["hangs up", "falls silent"])
def test_a_log_that_does_not_come_to_its_end_is_said_to_be_out_of_reach(jobs, run, answering, monkeypatch, hang_up):
    monkeypatch.setattr(elsewhere, "TIMEOUT", 0.5)
    answering(HEAD % 1000 + b"begun", hang_up=hang_up)
    with pytest.raises(NotFound, match="cannot be reached"):
        elsewhere.copy_log(jobs, run, io.BytesIO())


def test_then_its_end_is_shown(run, answering):
    answering(HEAD % 1000 + b"begun", hang_up=True)
    shown = run_cli("logs", str(run.job_id), check=True)
    assert shown.out == "the end\n"
    assert "cannot be reached" in shown.err


@pytest.mark.parametrize(
    "logs", ["http://key@127.0.0.1:99999/", "http://a%0d%0ab\n@[::1", "http://k\u00fcy@127.0.0.1:1/"]
)
def test_an_address_that_is_none_is_out_of_reach(jobs, run, logs):
    tell(jobs, logs)
    with pytest.raises(NotFound, match="cannot be reached"):
        elsewhere.read_part(jobs, run, limit=100)


def test_the_name_of_another_machine_is_no_code_for_the_terminal(jobs):
    job = jobs.add("true")
    [taken] = claim(jobs.store, owner="odd")
    jobs.store.finish(
        taken, outcome(jobs.store, Verb.COMPLETE), verdict(jobs.store, Verb.COMPLETE), host_name="\x1b]0;odd\x07"
    )
    shown = run_cli("logs", str(job.id), check=True)
    assert "odd, which shares no logs now" in re.sub(r"[^ -~]", "", shown.err)
    assert not re.search(r"[\x00-\x08\x0e-\x1f]", shown.err)
