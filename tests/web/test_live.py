"""Live views and logs over real HTTP: at once, at each change, and to the end of the host."""

import json
import sys
import threading
import time

import pytest

from queuectl.host import Host, HostOptions
from queuectl.model.job import JobSpec
from queuectl.model.state import State
from tests.hosts import quick_queue, until, waits_for
from tests.support import PATIENCE
from tests.web.conftest import events


def follow(site, *views):
    """Yield the views of a stream as they come."""
    with site.script.stream("GET", "/events", params=[("view", view) for view in views]) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for name, data in events(response):
            yield name, json.loads(data)


def test_a_view_comes_at_once_and_with_each_change(site):
    stream = follow(site, "/api/v1/status")
    name, value = next(stream)
    assert (name, value["view"]) == ("view", "/api/v1/status")
    assert value["data"]["counts"]["pending"] == 0
    site.queue.pause()
    job = site.queue.add("echo hi")
    seen = next(value for _, value in stream if value["data"]["counts"]["pending"] == 1)
    assert seen["data"]["paused"]
    site.queue.resume()
    assert next(value for _, value in stream if value["data"]["counts"]["completed"] == 1)
    site.queue.wait([job.id], PATIENCE)
    stream.close()


def test_what_another_process_changes_is_seen(site):
    from tests.hosts import run_cli

    stream = follow(site, "/api/v1/jobs")
    next(stream)
    run_cli("enqueue", "echo from elsewhere", check=True)
    assert next(value for _, value in stream if value["data"]["jobs"])
    stream.close()


def test_a_view_that_is_none_is_a_problem_and_the_others_live(site):
    stream = follow(site, "//[", "/api/v1/nothing", "/api/v1/status", "/api/v1/jobs/99")
    found = {value["view"]: value for _, value in (next(stream) for _ in range(4))}
    assert found["//["]["problem"]["status"] == 404
    assert found["/api/v1/nothing"]["problem"]["status"] == 404
    assert found["/api/v1/jobs/99"]["problem"]["status"] == 404
    assert "data" in found["/api/v1/status"]
    stream.close()


def test_pages_that_come_all_at_once_are_all_told_at_once(site):
    site.queue.pause()  # nothing changes, which would tell them what they missed

    def first(place, told):
        stream = follow(site, "/api/v1/overview", "/api/v1/jobs", "/api/v1/settings")
        for _ in range(3):
            next(stream)
        told.set()
        stream.close()

    for _ in range(3):
        pages = [threading.Event() for _ in range(20)]
        for place, told in enumerate(pages):
            threading.Thread(target=first, args=(place, told), daemon=True).start()
        assert all(told.wait(10) for told in pages)  # a ping, after 15 seconds, would be no view


def test_nothing_is_sent_while_nothing_changes(site):
    until(lambda: time.time() % 60 < 50, "a minute that lasts: with each, the chart of the last hour moves on")
    stream = follow(site, "/api/v1/overview")
    next(stream)
    site.queue.pause()
    changed = next(stream)
    assert changed[1]["data"]["paused"]
    came = []
    reader = threading.Thread(target=lambda: came.extend([next(stream)]), daemon=True)
    reader.start()
    reader.join(3)  # several rounds of what is worked out each second
    assert not came
    site.queue.resume()
    reader.join(PATIENCE)
    assert came[0][1]["data"]["paused"] is False


@pytest.mark.parametrize("views", [(), ("/api/v1/status",) * 1 + tuple(f"/api/v1/jobs/{n}" for n in range(8))])
def test_a_page_has_some_views_and_not_too_many(site, views):
    answer = site.script.get("/events", params=[("view", view) for view in views])
    assert answer.status_code == 400


def test_pages_that_go_away_are_forgotten(site):
    streams = [follow(site, "/api/v1/status") for _ in range(5)]
    for stream in streams:
        next(stream)
    views = site.host.dashboard.views
    assert len(views._pages) == 5
    for stream in streams:
        stream.close()
    site.queue.pause()
    until(lambda: not views._pages and views._thread is None, "the end of the views")


def test_a_host_stops_in_time_with_twenty_pages_open():
    with quick_queue() as queue:
        queue.set_setting("dashboard_port", "0")
        host = Host(queue, HostOptions(kind="serve", workers=1, dashboard=True))
        host.start()
        from tests.web.conftest import Site

        site = Site(queue, host)
        said_goodbye = []

        def read(begun):
            for name, _ in follow(site, "/api/v1/overview", "/api/v1/jobs"):
                begun.set()
                if name == "bye":
                    said_goodbye.append(name)

        started = [threading.Event() for _ in range(20)]
        readers = [threading.Thread(target=read, args=(event,), daemon=True) for event in started]
        for reader in readers:
            reader.start()
        assert all(event.wait(PATIENCE) for event in started)
        began = time.monotonic()
        host.stop()
        took = time.monotonic() - began
        for reader in readers:
            reader.join(PATIENCE)
        assert len(said_goodbye) == 20
        assert took < 5  # each thread has five seconds to end; none was left to wait that long
        assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("dashboard")]


def test_the_server_is_not_there_before_somebody_knocks(tmp_path):
    program = """
import sys
from queuectl.host import Host, HostOptions
from queuectl.queue import Queue
with Queue.open() as queue:
    queue.set_setting("dashboard_port", "0")
    host = Host(queue, HostOptions(kind="serve", workers=1, dashboard=True))
    host.start()
    print("page" if host.page else "none", *({"uvicorn", "starlette", "asyncio"} & sys.modules.keys()))
    host.stop()
"""
    import subprocess

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["page"]


def test_a_log_is_followed_to_its_end(site, tmp_path):
    gate = tmp_path / "gate"
    text = (
        "import os, sys, time\nprint('héllo', flush=True)\n"
        "while not os.path.exists(sys.argv[1]): time.sleep(0.02)\nprint('done')"
    )
    [job] = site.queue.enqueue([JobSpec(argv=(sys.executable, "-X", "utf8", "-c", text, str(gate)))])
    until(lambda: site.queue.store.get(job.id).state is State.PROCESSING, "the run")
    with site.script.stream("GET", f"/jobs/{job.id}/runs/1/log/stream") as response:
        stream = events(response)
        name, data = next(stream)
        assert name == "log"
        assert json.loads(data)["text"].strip() == "héllo"
        gate.touch()
        rest = list(stream)
    assert rest[-1] == ("end", "{}")
    assert "done" in "".join(json.loads(data)["text"] for name, data in rest[:-1])


def test_a_log_is_followed_from_where_the_page_is(site):
    job = site.queue.add("echo hello")
    site.queue.wait([job.id], PATIENCE)
    with site.script.stream("GET", f"/jobs/{job.id}/runs/1/log/stream", params={"from": 2}) as response:
        pieces = [(name, json.loads(data)) for name, data in events(response)]
    assert pieces[0][1]["text"].strip() == "llo"
    assert pieces[0][1]["start"] == 2
    assert pieces[-1] == ("end", {})


@pytest.mark.parametrize("path", ["99/runs/1", "1/runs/0", "1/runs/2", "1/runs/x", "1/runs/-1", "1/runs/" + "9" * 30])
def test_a_log_that_is_none_is_not_found(site, path):
    job = site.queue.add("echo hello")
    site.queue.wait([job.id], PATIENCE)
    assert site.script.get(f"/jobs/{path}/log/stream").status_code == 404


def test_a_page_far_behind_begins_anew_at_the_end(site, tmp_path):
    job = site.queue.add("echo hello")
    site.queue.wait([job.id], PATIENCE)
    log = site.queue.paths.log(job.id, 1)
    log.write_bytes(b"".join(b"line %d\n" % number for number in range(300_000)))
    with site.script.stream("GET", f"/jobs/{job.id}/runs/1/log/stream") as response:
        pieces = [(name, json.loads(data)) for name, data in events(response)]
    assert pieces[0][1]["dropped"]
    assert pieces[0][1]["text"].startswith("line ")
    assert pieces[-2][1]["end"] == log.stat().st_size


def test_a_host_without_a_page_says_so():
    from tests.hosts import HostProcess, run_cli

    host = HostProcess("serve", "--no-dashboard")
    host.says("To stop")
    done = run_cli("dashboard", "--print-url")
    assert done.returncode == 6
    assert "has no page" in done.err
    host.terminate()
    done = run_cli("dashboard", "--print-url")
    assert done.returncode == 6
    assert "queuectl serve" in done.err


def test_the_command_line_lets_a_browser_in(tmp_path):
    import httpx

    from tests.hosts import HostProcess, run_cli

    host = HostProcess("serve")
    host.says("Dashboard")
    host.says("To stop")
    url = run_cli("dashboard", "--print-url", check=True).out.strip()
    with httpx.Client(trust_env=False) as browser:
        entered = browser.get(url)
        assert entered.status_code == 200
        assert "HttpOnly" in entered.headers["set-cookie"]
        assert "SameSite=strict" in entered.headers["set-cookie"]
        base = url.partition("login")[0]
        assert browser.get(base).status_code == 200
        assert httpx.get(url, trust_env=False).status_code == 401  # it works once
        facts = run_cli("dashboard", "--token", "--json", check=True).json()
        assert facts["url"] == base
        headers = {"Authorization": f"Bearer {facts['token']}"}
        assert httpx.get(f"{facts['api']}/status", headers=headers, trust_env=False).status_code == 200
        assert run_cli("dashboard", "--token", check=True).out.strip() == facts["token"]
        run_cli("dashboard", "--new-token", check=True)
        assert browser.get(base).status_code == 401
        assert httpx.get(f"{facts['api']}/status", headers=headers, trust_env=False).status_code == 401
    host.terminate()


def test_a_page_on_a_taken_port_finds_another(site):
    from queuectl.web.server import Dashboard

    site.queue.set_setting("dashboard_port", str(site.host.dashboard.port))
    other = Dashboard(site.queue, "other", site.queue.paths.drop)
    other.start()
    try:
        assert other.port != site.host.dashboard.port
    finally:
        other.stop(5)


def test_waiting_for_a_gate_keeps_a_job_running(site, tmp_path):
    gate = tmp_path / "gate"
    [job] = site.queue.enqueue([waits_for(gate)])
    stream = follow(site, f"/api/v1/jobs/{job.id}")
    assert next(value for _, value in stream if value["data"]["state"] == "processing")
    gate.touch()
    assert next(value for _, value in stream if value["data"]["state"] == "completed")
    stream.close()
