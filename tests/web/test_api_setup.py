"""Queues, pauses, schedules, settings and hosts through the API: change them, and what is refused."""

from datetime import datetime, timedelta

import pytest

from queuectl.queue import Queue
from queuectl.store.types import HostRow
from tests.web.api import Api


@pytest.fixture
def api():
    """The API over a queue that nobody works on."""
    with Queue.open() as queue:
        yield Api(queue)


def test_a_queue_is_set_up_and_forgotten(api):
    status, found = api.ask("PUT", "/queues/video", {"max_running": 2, "defaults": {"timeout": "2h", "nice": None}})
    assert (status, found["max_running"], found["limit"], found["defaults"]) == (200, 2, 2, {"timeout": "2h"})
    _, found = api.ask("PUT", "/queues/video", {"defaults": {"nice": 5}})
    assert (found["max_running"], found["defaults"]) == (2, {"nice": 5})
    _, found = api.ask("PUT", "/queues/video", {"max_running": None})
    assert (found["max_running"], found["defaults"]) == (None, {"nice": 5})
    job = api.queue.add("a", queue="video")
    assert job.spec.nice == 5
    api.refuses(409, "DELETE", "/queues/video")
    api.queue.delete(job.id)
    assert api.ask("DELETE", "/queues/video") == (204, None)
    api.refuses(404, "DELETE", "/queues/video")


def test_a_queue_that_cannot_be_is_not_set_up(api):
    for body in (
        {"max_running": -1}, {"max_running": 1.5}, {"max_running": True}, {"max_running": 10**30}, {"limit": 1}, [],
        {"defaults": []}, {"defaults": {"command": "a"}}, {"defaults": {"timeout": "soon"}}, {"defaults": {"x": 1}},
        {"defaults": {"on_dead": ""}},
    ):  # fmt: skip
        api.refuses(400, "PUT", "/queues/video", body)
    api.refuses(400, "PUT", "/queues/video", b"null")
    api.refuses(400, "PUT", f"/queues/{'q' * 201}", {})
    api.refuses(400, "PUT", "/queues/a%0Ab", {})
    assert api.get("/queues") == []


def test_defaults_that_run_commands_need_enqueueing(api):
    api.ask("PUT", "/queues/q", {"defaults": {"on_dead": "mail"}})
    api.queue.set_setting("api_enqueue", "off")
    api.refuses(403, "PUT", "/queues/q", {"defaults": {"on_dead": "rm -rf /"}})
    api.refuses(403, "PUT", "/queues/q", {"defaults": {}})
    status, found = api.ask("PUT", "/queues/q", {"max_running": 1, "defaults": {"on_dead": "mail", "nice": 3}})
    assert (status, found["max_running"], found["defaults"]) == (200, 1, {"on_dead": "mail", "nice": 3})


def test_queues_are_paused_for_a_while_until_a_moment_and_for_good(api):
    job = api.queue.add("a", queue="video")
    _, found = api.ask("POST", "/pause")
    assert api.get(f"/jobs/{job.id}")["waits_because"] == "all queues are paused"
    assert (found["paused"], found["pauses"][0]["queue"], found["pauses"][0]["until"]) == (True, None, None)
    _, found = api.ask("POST", "/pause", {"queue": "video", "for": 3600})
    until = datetime.fromisoformat(found["pauses"][1]["until"])
    assert timedelta(minutes=59) < until - api.queue.store.now() < timedelta(minutes=61)
    _, found = api.ask("POST", "/resume", {"queue": None})
    assert (found["paused"], len(found["pauses"])) == (False, 1)
    assert api.get("/queues")[0]["paused_until"] == found["pauses"][0]["until"]
    _, found = api.ask("POST", "/pause", {"queue": "video", "until": "2100-01-01T00:00:00+01:00"})
    assert found["pauses"][0]["until"] == "2099-12-31T23:00:00.000Z"
    _, found = api.ask("POST", "/resume", {"queue": "video"})
    assert found["pauses"] == []


def test_a_pause_that_makes_no_sense_is_refused(api):
    for body in (
        {"for": 0}, {"for": -1}, {"for": "1h"}, {"for": 1e300}, {"until": "soon"}, {"until": "2000-01-01T00:00:00Z"},
        {"until": "2100-01-01T00:00:00"}, {"for": 1, "until": "2100-01-01T00:00:00Z"}, {"queue": ""}, {"queue": 7},
        {"queue": "q" * 201}, {"queues": "q"}, [],
    ):  # fmt: skip
        api.refuses(400, "POST", "/pause", body)
    api.refuses(400, "POST", "/resume", {"queue": "a\0"})
    assert api.queue.store.pauses() == []


def test_a_schedule_is_added_run_paused_and_removed(api):
    new = {"name": "night/ly", "cron": "0 3 * * *", "timezone": "UTC", "job": {"command": "a", "env": {"A": "b"}}}
    status, found = api.ask("POST", "/schedules", {**new, "overlap": "queue"})
    assert (status, found["overlap"], found["catch_up"], found["job"]["env"]) == (201, "queue", "once", {"A": None})
    assert len(found["upcoming"]) == 5
    path = "/schedules/night%2Fly"
    status, job = api.ask("POST", f"{path}/run")
    assert (status, job["schedule"], job["env"].keys()) == (
        201,
        "night/ly",
        {"A", "QUEUECTL_SCHEDULE", "QUEUECTL_SCHEDULED_AT"},
    )
    _, found = api.ask("POST", f"{path}/pause")
    assert (found["paused"], found["upcoming"], found["last_job"]["id"]) == (True, [], job["id"])
    assert api.ask("POST", f"{path}/resume")[1]["paused"] is False
    api.refuses(409, "POST", "/schedules", new)
    _, found = api.ask("POST", "/schedules", {**new, "job": {"argv": ["b"]}, "replace": True})
    assert found["job"] == {"argv": ["b"], "cwd": found["job"]["cwd"]}
    assert api.ask("DELETE", path) == (204, None)
    for method, more in (("GET", ""), ("DELETE", ""), ("POST", "/run"), ("POST", "/pause"), ("POST", "/resume")):
        api.refuses(404, method, path + more)


@pytest.mark.parametrize("every", [900, "15m", 900.0])
def test_an_interval_is_seconds_or_a_text(api, every):
    _, found = api.ask("POST", "/schedules", {"name": "n", "every": every, "job": {"command": "a"}})
    assert (found["every"], found["cron"], found["timezone"]) == (900, None, None)


def test_a_schedule_that_cannot_be_is_not_added(api):
    job = {"command": "a"}
    for body in (
        {}, [], {"name": "n", "job": job}, {"name": "n", "cron": "@daily"}, {"cron": "@daily", "job": job},
        {"name": "n", "cron": "@daily", "every": 5, "job": job}, {"name": "n", "cron": "61 * * * *", "job": job},
        {"name": "n", "cron": "0 0 30 2 *", "job": job}, {"name": "n", "every": True, "job": job},
        {"name": "n", "every": 0, "job": job}, {"name": "n", "every": 1e300, "job": job},
        {"name": "n", "every": [5], "job": job}, {"name": "n", "every": "soon", "job": job},
        {"name": "n", "every": 5, "timezone": "UTC", "job": job}, {"name": "", "every": 5, "job": job},
        {"name": "n", "cron": "@daily", "timezone": "../../etc/passwd", "job": job},
        {"name": "n", "cron": "@daily", "timezone": "x" * 10_000, "job": job},
        {"name": "n" * 101, "every": 5, "job": job}, {"name": "n\n", "every": 5, "job": job},
        {"name": "n", "every": 5, "job": []}, {"name": "n", "every": 5, "job": {}},
        {"name": "n", "every": 5, "job": {"command": "a", "key": "k"}}, {"name": "n", "every": 5, "job": job, "x": 1},
        {"name": "n", "every": 5, "job": job, "overlap": "always"}, {"name": "n", "every": 5, "job": job, "replace": 1},
        {"name": "n", "cron": 7, "job": job}, {"name": 7, "every": 5, "job": job},
    ):  # fmt: skip
        api.refuses(400, "POST", "/schedules", body)
    assert api.get("/schedules") == []


def test_schedules_need_enqueueing(api):
    api.ask("POST", "/schedules", {"name": "n", "every": 900, "job": {"command": "a"}})
    api.queue.set_setting("api_enqueue", "off")
    api.refuses(403, "POST", "/schedules", {"name": "m", "every": 900, "job": {"command": "a"}})
    api.refuses(403, "POST", "/schedules/n/run")
    assert api.ask("POST", "/schedules/n/pause")[0] == 200


def test_a_setting_is_changed_and_brought_back(api):
    status, found = api.ask("PUT", "/settings/max-retries", {"value": "7"})
    assert (status, found["key"], found["value"], found["origin"]) == (200, "max_retries", 7, "database")
    _, found = api.ask("PUT", "/settings/keep_completed", {"value": "7d"})
    assert (found["value"], found["text"], found["default_text"]) == (604_800, "7d", "30d")
    _, found = api.ask("DELETE", "/settings/max_retries")
    assert (found["value"], found["origin"]) == (3, "default")


def test_a_value_that_cannot_be_is_refused(api):
    for body in ({"value": "x"}, {"value": "-1"}, {"value": 7}, {"value": None}, {}, {"value": "1", "x": 1}, [], "7"):
        api.refuses(400, "PUT", "/settings/max_retries", body)
    for value in ("a\0", "a\x7f", "a\x1b[0m", "a\u2028b"):
        api.refuses(400, "PUT", "/settings/shell", {"value": value})
    api.refuses(404, "PUT", "/settings/colour", {"value": "red"})
    api.refuses(404, "DELETE", "/settings/colour")


@pytest.mark.parametrize(
    "key", ["dashboard_enabled", "dashboard_bind", "dashboard-port", "DASHBOARD_HOSTS", "api_enqueue"]
)
def test_what_guards_the_page_cannot_be_changed_through_it(api, key):
    before = api.queue.settings().resolve(key)
    assert "guards" in api.refuses(403, "PUT", f"/settings/{key}", {"value": "on"})
    api.refuses(403, "DELETE", f"/settings/{key}")
    assert api.queue.settings().resolve(key) == before


def test_what_the_environment_decides_cannot_be_changed(api, monkeypatch):
    monkeypatch.setenv("QUEUECTL_MAX_RETRIES", "5")
    found = next(one for one in api.get("/settings") if one["key"] == "max_retries")
    assert (found["fixed"], found["value"], found["origin"]) == (True, 5, "environment")
    assert "QUEUECTL_MAX_RETRIES" in found["why_fixed"]
    api.refuses(403, "PUT", "/settings/max_retries", {"value": "1"})


def test_with_enqueueing_switched_off_no_setting_brings_a_command_in(api):
    keys = ["on_success", "on_failure", "on_dead", "on_empty", "shell", "drop_folder"]
    for key in keys:
        assert api.ask("PUT", f"/settings/{key}", {"value": "/bin/x"})[0] == 200
    api.queue.set_setting("api_enqueue", "off")
    for key in keys:
        api.refuses(403, "PUT", f"/settings/{key}", {"value": "/bin/y"})
        api.refuses(403, "DELETE", f"/settings/{key}")
    fixed = {one["key"] for one in api.get("/settings") if one["fixed"]}
    assert set(keys) <= fixed
    assert "workers" not in fixed


def test_a_host_is_asked_to_stop(api):
    from queuectl.platform import machine

    now = api.queue.store.now()
    api.queue.store.add_host(
        HostRow(
            id="h1", machine="elsewhere", name="far", kind="serve", pid=1, workers=2, port=None, version="1",
            started_at=now, seen_at=now, stop=None, dashboard="http://127.0.0.1:7420/",
        )
    )  # fmt: skip
    [host] = api.get("/hosts")
    assert (host["machine"], host["dashboard"], host["busy"], host["running"]) == (False, False, 0, [])
    assert machine.identity() != "elsewhere"
    api.refuses(400, "POST", "/hosts/h1/stop", {"finish": "yes"})
    api.refuses(404, "POST", "/hosts/h2/stop")
    assert api.ask("POST", "/hosts/h1/stop")[0] == 202
    assert api.queue.store.stop_asked("h1") == "graceful"
    newest = api.queue.add("a")
    assert api.ask("POST", "/hosts/h1/stop", {"finish": True})[0] == 202
    assert api.queue.store.stop_asked("h1") == f"finish up to {newest.id}"
    assert api.get("/hosts")[0]["stopping"] is True
