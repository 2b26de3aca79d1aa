"""What the API answers over a queue that has seen everything; each answer is held against its schema."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from queuectl import scheduling
from queuectl.model.job import JobSpec
from queuectl.model.state import State
from tests.hosts import run_cli, until, waits_for
from tests.support import PATIENCE
from tests.web.api import Api
from tests.web.conftest import running_site

SECRET = "swordfish"


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """A queue with a job in each state, a schedule, pauses, dropped files; and a host that runs one of them."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("seen")
        patch.setenv("QUEUECTL_HOME", str(home))
        with running_site(workers=2) as site:
            queue = site.queue
            done = queue.add("echo hello", name="greeting", tags=("a", "b"), env={"TOKEN": SECRET}, note="fine")
            bad = [queue.add("echo disk 7 is full; exit 3", max_retries=0, queue="video") for _ in range(3)]
            queue.wait([done.id, *(job.id for job in bad)], PATIENCE)
            running = queue.enqueue([waits_for(home / "go")])[0]
            until(lambda: queue.store.get(running.id).state is State.PROCESSING)
            queue.pause("video")
            queue.pause("later", datetime.now(UTC) + timedelta(hours=1))
            queue.set_queue("video", max_running=2, defaults={"timeout": "2h"})
            waiting = queue.add("echo waits", queue="video")
            queue.add("echo then", after=(waiting.id,), after_any=(running.id,), queue="video")
            queue.add("echo tomorrow", run_at=datetime.now(UTC) + timedelta(days=1), timeout=90)
            queue.cancel(queue.add("echo never", queue="video").id, reason="not today")
            rule = scheduling.rule_of("0 3 * * *", timezone="Europe/Berlin")
            scheduling.add(queue, "nightly", rule, JobSpec(argv=("true",), env={"KEY": SECRET}, queue="video"))
            scheduling.run_now(queue, "nightly")
            scheduling.add(queue, "paused", scheduling.rule_of(every="15m"), JobSpec(command="true"))
            scheduling.pause(queue, "paused")
            folder = queue.paths.drop
            until((folder / "accepted").is_dir)
            (folder / "good.job").write_text("echo one\necho two\n")
            (folder / "bad.job").write_text('{"commando": "x"}')
            until(lambda: (folder / "accepted" / "good.job").exists() and (folder / "rejected" / "bad.job").exists())
            api = Api(queue, watches=True, host_id=site.host.id)
            api.cli = lambda *args: run_cli(*args, env={"QUEUECTL_HOME": str(home)}, check=True).json()
            api.done, api.bad, api.running, api.waiting = done, bad, running, waiting
            yield api
            (home / "go").touch()


def test_a_job_is_told_as_show_tells_it_and_more(seen):
    found = seen.get(f"/jobs/{seen.done.id}")
    shown = seen.cli("show", str(seen.done.id), "--json")
    assert {name: found[name] for name in shown if name not in {"env", "runs_list"}} == {
        name: value for name, value in shown.items() if name not in {"env", "runs_list"}
    }
    assert found["env"] == {"TOKEN": None}
    [run] = found["runs_list"]
    assert (run["log"], run["log_bytes"]) == (True, 6)
    assert found["verbs"] == ["retry", "delete", "edit", "copy"]


def test_no_answer_holds_a_value_of_an_environment(seen):
    paths = ["/jobs?limit=500", f"/jobs/{seen.done.id}", "/overview", "/status", "/schedules", "/schedules/nightly"]
    for path in paths:
        assert SECRET not in json.dumps(seen.get(path)), path
    assert seen.get("/schedules/nightly")["job"]["env"] == {"KEY": None}


def test_jobs_come_in_pages(seen):
    first = seen.get("/jobs?limit=4")
    assert (len(first["jobs"]), first["total"]) == (4, seen.queue.store.newest_id())
    second = seen.get(f"/jobs?limit=500&cursor={first['next']}")
    ids = [job["id"] for job in first["jobs"] + second["jobs"]]
    assert ids == list(range(seen.queue.store.newest_id(), 0, -1))
    assert second["next"] is None
    assert {"default", "video"} <= set(first["queues"])


def test_jobs_are_filtered_and_ordered(seen):
    assert {job["id"] for job in seen.get("/jobs?state=dead")["jobs"]} == {job.id for job in seen.bad}
    two = seen.get("/jobs?state=dead&state=cancelled")
    assert (len(two["jobs"]), two["total"]) == (4, 4)
    tagged = seen.get("/jobs?tag=b")
    assert ([job["id"] for job in tagged["jobs"]], tagged["total"], tagged["tags"]) == (
        [seen.done.id],
        None,
        ["a", "b"],
    )
    assert [job["id"] for job in seen.get("/jobs?text=GREETING")["jobs"]] == [seen.done.id]
    assert seen.get("/jobs?text=greeting&queue=video")["jobs"] == []
    assert seen.get("/jobs?queue=&text=&tag=")["total"] == seen.get("/jobs")["total"]
    due = seen.get("/jobs?order=due")
    assert ([job["state"] for job in due["jobs"]], due["total"]) == (["scheduled"], 1)
    ended = [job["finished_at"] for job in seen.get("/jobs?order=ended")["jobs"]]
    assert ended == sorted(ended, reverse=True)
    assert seen.get("/jobs?order=oldest&limit=1")["jobs"][0]["id"] == 1


def test_a_question_that_makes_no_sense_is_refused(seen):
    for query in (
        "limit=0", "limit=501", "limit=x", "limit=1&limit=2", "state=lost", "order=", "cursor=nonsense", "colour=red",
        "cursor=newest:1:2", "cursor=newest:99999999999999999999", "limit=1e3", "limit=" + "9" * 5000,
    ):  # fmt: skip
        seen.refuses(400, "GET", f"/jobs?{query}")
    for path in ("/jobs/99999", "/jobs/" + "9" * 30, "/jobs/no%20key", "/jobs/%00", "/schedules/none"):
        seen.refuses(404, "GET", path)
    seen.refuses(400, "GET", "/overview?span=year")
    seen.refuses(400, "GET", "/stats?since=nan")


def test_who_waits_for_whom_is_told_on_both_sides(seen):
    [behind] = seen.get(f"/jobs/{seen.waiting.id}")["waited_for_by"]
    job = seen.get(f"/jobs/{behind['id']}")
    assert (behind["state"], behind["kind"], behind["met"]) == ("blocked", "after", False)
    assert {(one["id"], one["kind"], one["state"]) for one in job["waits_for"]} == {
        (seen.waiting.id, "after", "pending"), (seen.running.id, "after_any", "processing"),
    }  # fmt: skip


def test_the_status_is_that_of_the_command(seen):
    found, shown = seen.get("/status"), seen.cli("status", "--json")
    for value in (found, shown):
        for host in value["hosts"]:
            host.pop("seen_at")
        for job in value["running"]:
            for more in ("title", "verbs", "env"):
                job.pop(more, None)
    assert found == shown


@pytest.mark.parametrize(("span", "points", "step"), [("hour", 60, 60), ("day", 144, 600), ("week", 168, 3600)])
def test_the_overview_tells_what_its_page_shows(seen, span, points, step):
    found = seen.get(f"/overview?span={span}")
    assert found["ever"] == found["total"] == seen.queue.store.newest_id()
    assert (len(found["series"]["points"]), found["series"]["step"]) == (points, step)
    moments = [datetime.fromisoformat(point["at"]) for point in found["series"]["points"]]
    assert {(after - before).total_seconds() for before, after in pairwise(moments)} == {step}
    assert moments[-1] <= datetime.fromisoformat(found["now"]) < moments[-1] + timedelta(seconds=step)
    assert sum(point["completed"] for point in found["series"]["points"]) >= 1
    assert sum(point["failed"] for point in found["series"]["points"]) == len(seen.bad)
    assert [job["id"] for job in found["running"]] == [seen.running.id]
    assert found["running"][0]["host_name"] == found["hosts"][0]["name"]
    assert (found["hosts"][0]["busy"], found["hosts"][0]["machine"], found["hosts"][0]["dashboard"]) == (1, True, True)
    assert {one["name"] for one in found["next"] if one["kind"] == "schedule"} == {"nightly"}
    assert [one["at"] for one in found["next"]] == sorted(one["at"] for one in found["next"])
    runs = {(run["job"], run["outcome"]) for lane in found["timeline"]["lanes"] for run in lane["runs"]}
    assert {(seen.running.id, None), (seen.done.id, "completed"), (seen.bad[0].id, "failed")} <= runs
    assert {job.id for job in seen.bad} <= {job["id"] for job in found["recent"]}
    assert [pause["queue"] for pause in found["pauses"]] == ["later", "video"]


def test_dead_jobs_are_grouped_by_their_error(seen):
    found = seen.get("/dead")
    [group] = found["groups"]
    assert (found["total"], found["looked_at"], group["count"]) == (3, 3, 3)
    assert group["error"].startswith("disk 7 is full")
    assert set(group["ids"]) == {job.id for job in seen.bad}
    assert group["jobs"][0]["tail"] == "disk 7 is full\n"
    assert group["oldest"] <= group["newest"]
    assert seen.get("/dead?queue=default")["groups"] == []
    assert seen.get("/dead?queue=video")["total"] == 3


def test_other_exit_codes_are_other_errors(site):
    jobs = [site.queue.add(f"exit {code}", max_retries=0) for code in (4, 3, 3)]
    site.queue.wait([job.id for job in jobs], PATIENCE)
    groups = site.script.get("/dead").json()["groups"]
    assert [(group["error"], group["count"]) for group in groups] == [("exit code 3", 2), ("exit code 4", 1)]


def test_queues_are_those_of_the_command_and_more(seen):
    found = {one["name"]: one for one in seen.get("/queues")}
    for one in seen.cli("queue", "list", "--json"):
        assert {name: found[one["name"]][name] for name in one} == one
    video = found["video"]
    assert (video["max_running"], video["defaults"]) == (2, {"timeout": "2h"})
    assert (video["paused"], video["paused_until"]) == (True, None)


def test_schedules_tell_their_next_times_and_their_last_job(seen):
    by_name = {one["name"]: one for one in seen.get("/schedules")}
    nightly = by_name["nightly"]
    assert (len(nightly["upcoming"]), nightly["upcoming"][0]) == (5, nightly["next_at"])
    assert nightly["last_job"]["schedule"] == "nightly"
    assert (by_name["paused"]["upcoming"], by_name["paused"]["last_job"]) == ([], None)
    assert [job["id"] for job in seen.get("/schedules/nightly")["runs"]] == [nightly["last_job"]["id"]]


def test_hosts_tell_what_they_run(seen):
    [host] = seen.get("/hosts")
    assert (host["workers"], host["busy"], host["stopping"]) == (2, 1, False)
    assert [job["id"] for job in host["running"]] == [seen.running.id]


def test_stats_are_those_of_the_command(seen):
    assert seen.get("/stats?since=604800") == seen.cli("stats", "--json")
    assert {one["queue"] for one in seen.get("/stats?queue=video")} == {"video"}
    assert seen.get("/stats?since=0") == []


def test_the_drop_folder_tells_what_became_of_files(seen):
    found = seen.get("/drop")
    [accepted], [rejected] = found["accepted"], found["rejected"]
    jobs = [seen.queue.store.get(job_id) for job_id in accepted["jobs"]]
    assert [job.spec.command for job in jobs] == ["echo one", "echo two"]
    assert (rejected["name"], rejected["reason"][:14]) == ("bad.job", "line 1: unknow")
    assert (found["accepted_count"], found["rejected_count"], found["waiting"]) == (1, 1, [])
    assert (found["watched"], found["enabled"], found["problem"]) == (True, True, None)


def test_a_session_has_a_csrf_token_and_a_bearer_needs_none(seen):
    assert seen.get("/session")["csrf"] is None
    status, found = seen.ask("GET", "/session", session="me")
    assert (status, found["csrf"], found["may_enqueue"]) == (200, "csrf of me", True)


def test_settings_are_those_of_the_command_and_more(seen):
    found = {one["key"]: one for one in seen.get("/settings")}
    for one in seen.cli("config", "get", "--json"):
        assert {name: found[one["key"]][name] for name in one} == one
    assert (found["lease"]["text"], found["lease"]["default_text"]) == ("1m", "1m")
    assert found["max_retries"]["fixed"] is False
    assert found["dashboard_bind"]["fixed"] is True


def test_health_is_whether_the_database_can_be_read(seen):
    assert seen.get("/healthz") == {"status": "ok"}


def test_the_document_is_served(seen):
    assert seen.get("/openapi.json")["openapi"] == "3.1.0"
