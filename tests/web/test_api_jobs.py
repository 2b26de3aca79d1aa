"""Jobs through the API: enqueue, change, copy, act on; and what is refused."""

from pathlib import Path

import pytest

from queuectl.model.admission import Room
from queuectl.model.state import State
from queuectl.queue import Queue
from tests.web.api import Api


@pytest.fixture
def api():
    """The API over a queue that nobody works on."""
    with Queue.open() as queue:
        yield Api(queue)


def test_a_job_is_enqueued_as_a_file_would_have_it(api):
    status, job = api.ask("POST", "/jobs", {"command": "echo hi", "timeout": "1h30m", "tags": ["a"], "cwd": "docs"})
    assert status == 201
    assert (job["timeout"], job["tags"], job["state"], job["source"]) == (5400, ["a"], "pending", "api")
    assert job["cwd"] == str(Path.home() / "docs")
    _, job = api.ask("POST", "/jobs", {"argv": ["echo", "$HOME"], "env": {"A": "b"}}, session="me")
    assert (job["argv"], job["cwd"], job["source"], job["env"]) == (
        ["echo", "$HOME"], str(Path.home()), "dashboard", {"A": None},
    )  # fmt: skip
    assert api.queue.store.get(job["id"]).spec.env == {"A": "b"}


def test_a_list_of_jobs_is_taken_whole_or_not_at_all(api):
    status, jobs = api.ask("POST", "/jobs", [{"command": "a", "name": "first"}, {"command": "b", "after": ["first"]}])
    assert (status, jobs[1]["after"], jobs[1]["state"]) == (201, [jobs[0]["id"]], "blocked")
    detail = api.refuses(400, "POST", "/jobs", [{"command": "a"}, {"command": ""}])
    assert detail.startswith("job 2 of 2: ")
    assert len(api.queue.jobs()) == 2
    api.refuses(400, "POST", "/jobs", [])
    api.refuses(400, "POST", "/jobs", [{"command": "a"}] * 10_001)
    api.refuses(404, "POST", "/jobs", {"command": "a", "after": [99]})


def test_a_repetition_with_the_same_key_adds_nothing(api):
    _, first = api.ask("POST", "/jobs", {"command": "a"}, key="k1")
    _, again = api.ask("POST", "/jobs", {"command": "a"}, key="k1")
    _, other = api.ask("POST", "/jobs", {"command": "a"}, key="k2")
    assert first["id"] == again["id"] != other["id"]
    _, copied = api.ask("POST", f"/jobs/{first['id']}/copy", key="k1")
    _, once_more = api.ask("POST", f"/jobs/{first['id']}/copy", key="k1")
    assert copied["id"] == once_more["id"] not in {first["id"], other["id"]}
    api.ask("DELETE", f"/jobs/{first['id']}")
    api.refuses(409, "POST", "/jobs", {"command": "a"}, key="k1")
    for key in ("", "a b", "ä", "x" * 201, "a\nb"):
        api.refuses(400, "POST", "/jobs", {"command": "a"}, key=key)


NESTED = b'{"command": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
BAD_BODIES = [
    b"", b"{", b"[1]", b"7", b'"text"', b"null", b"{}", b"\xff", b"\xef\xbb\xbf{}", NESTED,
    b'{"command": "a", "command": "b"}', b'{"command": "a", "timeout": NaN}', b'{"command": "a", "timeout": Infinity}',
    b'{"command": "a", "timeout": 1e999}', b'{"command": "a", "priority": 1' + b"0" * 5000 + b"}",
    b'{"command": "a", "priority": 99999999999999999999}', b'{"command": "\\ud800"}', b'{"command": "a\\u0000b"}',
    b'{"command": "a", "name": "\\udfff"}', b'{"\\ud800": 1}', b'{"command": 7}', b'{"command": "a", "argv": ["b"]}',
    b'{"argv": "ls"}', b'{"argv": []}', b'{"argv": [1]}', b'{"command": "a", "env": {"A": 1}}',
    b'{"command": "a", "env": {"A": null}}', b'{"command": "a", "env": {"A=B": "c"}}', b'{"command": "a", "env": []}',
    b'{"command": "a", "colour": "red"}', b'{"command": "a", "colour": null}', b'{"command": "a", "priority": true}',
    b'{"command": "a", "priority": 1.5}', b'{"command": "a", "tags": "b"}', b'{"command": "a", "tags": ["b\\n"]}',
    b'{"command": "a", "run_at": "soon"}', b'{"command": "a", "run_at": "0001-01-01T00:00:00+14:00"}',
    b'{"command": "a", "delay": 1e300}', b'{"command": "a", "delay": -1}', b'{"command": "a", "queue": ""}',
    b'{"command": "a", "after": [0]}', b'{"command": "a", "after": [true]}',
    b'{"command": "a", "cwd": "~nobody-here/x"}',
    b'{"command": "a", "key": "k", "id": "k"}', b'{"command": "a", "replace": 1}', b'{"command": "a", "jitter": 2}',
    b'{"command": "a", "dead_on": [4294967296]}', b'{"command": "' + b"a" * 300 + b'", "name": "' + b"n" * 201 + b'"}',
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: body[:40].decode("ascii", "replace"))
def test_a_body_that_cannot_be_is_a_mistake_of_the_sender(api, body):
    assert api.refuses(400, "POST", "/jobs", body)
    assert api.queue.jobs() == []


def test_any_moment_that_can_be_written_can_be_asked_for(api):
    for moment in ("9999-12-31T23:59:59Z", "0001-01-02T00:00:00Z", "2030-01-01"):
        status, _ = api.ask("POST", "/jobs", {"command": "a", "run_at": moment})
        assert status == 201


def test_a_job_is_changed_field_by_field(api):
    job = api.queue.add("a", env={"KEEP": "1", "GO": "2"}, timeout=60, tags=("x",), note="n", priority=3)
    changes = {"command": "b", "env": {"KEEP": None, "NEW": "3"}, "timeout": None, "priority": 7, "delay": 3600}
    status, changed = api.ask("PATCH", f"/jobs/{job.id}", changes)
    assert status == 200
    assert (changed["command"], changed["timeout"], changed["priority"], changed["state"]) == (
        "b",
        None,
        7,
        "scheduled",
    )
    spec = api.queue.store.get(job.id).spec
    assert spec.env == {"KEEP": "1", "NEW": "3"}
    assert (spec.tags, spec.note) == (("x",), "n")
    _, changed = api.ask("PATCH", f"/jobs/{job.id}", {"argv": ["c", "d"]})
    assert (changed["command"], changed["argv"]) == (None, ["c", "d"])
    _, changed = api.ask("PATCH", f"/jobs/{job.id}", {"run_at": None, "env": None})
    assert (changed["state"], changed["env"]) == ("pending", {})
    _, changed = api.ask("PATCH", f"/jobs/{job.id}", {"cwd": "x"})
    assert changed["cwd"] == str(Path.home() / "x")


def test_what_a_job_cannot_be_changed_to(api):
    job = api.queue.add("a", env={"A": "1"})
    for body in (
        {}, [], {"command": None}, {"command": ""}, {"colour": 1}, {"env": {"B": None}}, {"env": {"B": 1}},
        {"priority": "high"}, {"command": "a", "argv": ["b"]}, {"after": [job.id + 2**62]}, {"state": "dead"},
    ):  # fmt: skip
        status, _ = api.ask("PATCH", f"/jobs/{job.id}", body)
        assert status in {400, 404}, body
    api.refuses(404, "PATCH", "/jobs/99", {"priority": 1})
    assert api.queue.store.get(job.id).spec == job.spec


def test_tags_and_a_note_go_on_a_job_in_whatever_state(api):
    job = api.queue.add("a", tags=("old", "kept"))
    api.queue.store.claim("host", Room(workers=1, free=1), lease=60)
    _, changed = api.ask("PATCH", f"/jobs/{job.id}", {"tags": ["kept", "new"], "note": "look"})
    assert (changed["state"], changed["tags"], changed["note"]) == ("processing", ["kept", "new"], "look")
    _, changed = api.ask("PATCH", f"/jobs/{job.id}", {"tags": None, "note": None})
    assert (changed["tags"], changed["note"]) == ([], None)
    api.refuses(400, "PATCH", f"/jobs/{job.id}", {"note": "x" * 5000})
    api.refuses(409, "PATCH", f"/jobs/{job.id}", {"priority": 1})


def test_a_copy_is_a_new_job_with_the_same_secrets(api):
    job = api.queue.add("a", key="k", env={"A": "1"}, schedule="s", timeout=5)
    status, copied = api.ask("POST", f"/jobs/{job.id}/copy", {"timeout": 9, "env": {"A": None, "B": "2"}}, session="me")
    assert (status, copied["timeout"], copied["key"], copied["schedule"]) == (201, 9, None, None)
    assert copied["source"] == "dashboard"
    assert api.queue.store.get(copied["id"]).spec.env == {"A": "1", "B": "2"}
    status, same = api.ask("POST", f"/jobs/{job.id}/copy", {})
    assert (status, same["command"]) == (201, "a")


def test_a_job_is_cancelled_retried_and_deleted(api):
    job = api.queue.add("a", key="seven")
    _, found = api.ask("POST", "/jobs/seven/cancel", {"reason": "not today"})
    assert (found["state"], found["verbs"]) == ("cancelled", ["retry", "delete", "edit", "copy"])
    assert api.get(f"/jobs/{job.id}")["history"][-1]["detail"] == "not today"
    api.refuses(409, "POST", f"/jobs/{job.id}/cancel")
    assert api.ask("POST", f"/jobs/{job.id}/retry")[1]["state"] == "pending"
    api.refuses(409, "POST", f"/jobs/{job.id}/retry")
    api.refuses(400, "POST", f"/jobs/{job.id}/retry", {"now": True})
    api.refuses(400, "POST", f"/jobs/{job.id}/cancel", {"reason": "x" * 1001})
    api.refuses(400, "POST", f"/jobs/{job.id}/cancel", {"reason": "a\0b"})
    assert api.ask("DELETE", f"/jobs/{job.id}") == (204, None)
    api.refuses(404, "DELETE", f"/jobs/{job.id}")


def test_many_jobs_are_acted_on_by_id(api):
    ids = [api.queue.add("a").id for _ in range(3)]
    _, done = api.ask("POST", "/jobs/actions", {"verb": "cancel", "ids": [*ids, 99]})
    assert (done["done"], done["refused"], done["problems"][0]["id"]) == (3, 1, 99)
    assert {job.state for job in api.queue.jobs()} == {State.CANCELLED}


def test_many_jobs_are_acted_on_by_a_filter(api):
    video = [api.queue.add(f"v{number}", queue="video", tags=("t",)) for number in range(5)]
    other = api.queue.add("v9")
    _, done = api.ask("POST", "/jobs/actions", {"verb": "cancel", "filter": {"queue": "video", "state": ["pending"]}})
    assert (done["done"], done["refused"], done["problems"]) == (5, 0, [])
    assert api.queue.store.get(other.id).state is State.PENDING
    _, done = api.ask("POST", "/jobs/actions", {"verb": "retry", "filter": {"text": "v3"}})
    assert done["done"] == 1
    _, done = api.ask("POST", "/jobs/actions", {"verb": "delete", "filter": {"tag": "t", "state": ["cancelled"]}})
    assert done["done"] == 4
    assert [job.id for job in api.queue.jobs()] == [other.id, video[3].id]


def test_an_action_that_is_not_clear_is_not_done(api):
    api.queue.add("a")
    for body in (
        {}, {"verb": "retry"}, {"verb": "burn", "ids": [1]}, {"verb": "delete", "ids": [1], "filter": {}},
        {"verb": "delete", "ids": ["1"]}, {"verb": "delete", "ids": [True]}, {"verb": "delete", "ids": [0]},
        {"verb": "delete", "ids": [2**63]}, {"verb": "delete", "ids": [1.0]}, {"verb": "delete", "filter": []},
        {"verb": "delete", "filter": {"state": "dead"}}, {"verb": "delete", "filter": {"state": ["lost"]}},
        {"verb": "delete", "filter": {"colour": "red"}}, {"verb": 7, "ids": [1]}, {"ids": [1]}, [],
    ):  # fmt: skip
        api.refuses(400, "POST", "/jobs/actions", body)
    assert len(api.queue.jobs()) == 1


def test_with_enqueueing_switched_off_nothing_adds_or_changes_a_command(api):
    job = api.queue.add("a", env={"A": "1"})
    api.queue.set_setting("api_enqueue", "off")
    api.refuses(403, "POST", "/jobs", {"command": "b"})
    api.refuses(403, "POST", f"/jobs/{job.id}/copy")
    for field, value in {
        "command": "b", "argv": ["b"], "cwd": "/", "env": {"A": "2"}, "shell": "bash", "on_success": "b",
        "on_failure": "b", "on_dead": "b",
    }.items():  # fmt: skip
        api.refuses(403, "PATCH", f"/jobs/{job.id}", {field: value})
    assert api.queue.store.get(job.id).spec == job.spec
    _, changed = api.ask("PATCH", f"/jobs/{job.id}", {"priority": 4, "queue": "q", "tags": ["t"], "delay": 60})
    assert (changed["priority"], changed["queue"], changed["tags"], changed["state"]) == (4, "q", ["t"], "scheduled")
    assert api.ask("POST", f"/jobs/{job.id}/cancel")[0] == 200
    assert api.ask("POST", f"/jobs/{job.id}/retry")[0] == 200
    assert api.get("/session")["may_enqueue"] is False
    assert len(api.queue.jobs()) == 1
