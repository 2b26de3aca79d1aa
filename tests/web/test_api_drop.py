"""Files dropped through the API: what name they may have, that none is overwritten, and what becomes of them."""

import os
import stat
import sys

import pytest

from queuectl.queue import Queue
from tests.hosts import until
from tests.web.api import Api
from tests.web.conftest import running_site


@pytest.fixture
def api():
    """The API over a queue whose folder is there, and watched by nobody."""
    with Queue.open() as queue:
        for name in ("accepted", "rejected"):
            (queue.paths.drop / name).mkdir(parents=True, mode=0o700)
        yield Api(queue, watches=True)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_put_into_the_folder(api):
    assert api.ask("POST", "/drop", {"name": "x.job", "text": "echo hällo\n"}) == (202, {"name": "x.job"})
    path = api.queue.paths.drop / "x.job"
    assert path.read_text("utf-8") == "echo hällo\n"
    assert sys.platform == "win32" or stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names_in(path.parent) == ["accepted", "rejected", "x.job"]
    [waiting] = api.get("/drop")["waiting"]
    assert (waiting["name"], waiting["bytes"]) == ("x.job", 12)


@pytest.mark.parametrize("linked", [True, False], ids=["links", "no links"])
def test_a_file_that_is_there_is_not_overwritten(api, monkeypatch, linked):
    if not linked:

        def refuse(*_):
            raise OSError(1, "there are no links here")

        monkeypatch.setattr(os, "link", refuse)
    assert api.ask("POST", "/drop", {"name": "x.job", "text": "echo 1"})[0] == 202
    assert "lies in the drop folder" in api.refuses(409, "POST", "/drop", {"name": "x.job", "text": "echo 2"})
    assert (api.queue.paths.drop / "x.job").read_text() == "echo 1"
    assert names_in(api.queue.paths.drop) == ["accepted", "rejected", "x.job"]


NAMES = [
    "", "x", ".job", ".x.job", "x.jobs", "a/x.job", "../x.job", "..\\x.job", "/etc/x.job", "C:x.job", "x\0.job",
    "x\n.job", "x\x1b.job", "x\u202e.job", "a" * 197 + ".job", "ä" * 99 + ".job", "x?.job", "*.job", '".job',
    "accepted", "con.job", "NUL.job", "com1.x.job",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_no_file_should_have_is_refused(api, name):
    api.refuses(400, "POST", "/drop", {"name": name, "text": "echo"})
    assert names_in(api.queue.paths.drop) == ["accepted", "rejected"]


def test_what_else_is_refused(api):
    for body in ({}, {"name": "x.job"}, {"text": "a"}, {"name": "x.job", "text": 7}, {"name": 7, "text": "a"}, [],
                 {"name": "x.job", "text": "a", "mode": 0o777}, {"name": "x.job", "text": "\ud800"}):  # fmt: skip
        api.refuses(400, "POST", "/drop", body)
    api.queue.set_setting("api_enqueue", "off")
    api.refuses(403, "POST", "/drop", {"name": "x.job", "text": "a"})
    api.queue.set_setting("api_enqueue", "on")
    unwatched = Api(api.queue, watches=False)
    unwatched.refuses(409, "POST", "/drop", {"name": "x.job", "text": "a"})
    assert unwatched.get("/drop")["problem"]
    (api.queue.paths.drop / "accepted").rmdir()
    (api.queue.paths.drop / "rejected").rmdir()
    api.queue.paths.drop.rmdir()
    api.refuses(409, "POST", "/drop", {"name": "x.job", "text": "a"})
    assert api.get("/drop")["waiting"] == []


def test_a_rejected_file_is_deleted_with_its_reason(api):
    rejected = api.queue.paths.drop / "rejected"
    (rejected / "x.job").write_text("{")
    (rejected / "x.job.error.txt").write_text(
        "queuectl has not taken x.job.\n\nWhat is wrong: line 1: JSON\nWhere: x\n"
    )
    (rejected / "y.job").write_text("{")
    found = {file["name"]: file["reason"] for file in api.get("/drop")["rejected"]}
    assert found == {"x.job": "line 1: JSON", "y.job": "no reason was kept"}
    assert api.ask("DELETE", "/drop/rejected/x.job") == (204, None)
    assert names_in(rejected) == ["y.job"]
    api.refuses(404, "DELETE", "/drop/rejected/x.job")


def test_nothing_but_a_rejected_file_can_be_deleted(api):
    for name in ("x.job", "accepted/x.job", "secret"):
        (api.queue.paths.drop / name).write_text("keep")
    (api.queue.paths.drop / "rejected" / "folder.job").mkdir()
    for name in (
        "..%2Fx.job",
        "..%2Faccepted%2Fx.job",
        "..%5Cx.job",
        "x.job",
        "secret",
        "..",
        "x%00.job",
        "x.job.error.txt",
    ):
        api.refuses(404, "DELETE", f"/drop/rejected/{name}")
    status, _ = api.ask("DELETE", f"/drop/rejected/{'a' * 5000}.job")
    assert status in {404, 409}
    api.refuses(409, "DELETE", "/drop/rejected/folder.job")
    assert (api.queue.paths.drop / "x.job").exists()
    assert (api.queue.paths.drop / "accepted" / "x.job").exists()


@pytest.mark.posix
def test_a_link_in_place_of_a_reason_is_not_followed(api, tmp_path):
    (tmp_path / "secret").write_text("What is wrong: a secret\n")
    rejected = api.queue.paths.drop / "rejected"
    (rejected / "x.job").write_text("{")
    (rejected / "x.job.error.txt").symlink_to(tmp_path / "secret")
    (rejected / "fifo.job").write_text("{")
    os.mkfifo(rejected / "fifo.job.error.txt")
    assert {file["reason"] for file in api.get("/drop")["rejected"]} == {"no reason was kept"}


def test_only_the_newest_files_are_told(api):
    for number in range(120):
        path = api.queue.paths.drop / "accepted" / f"{number}.job"
        path.write_text("echo")
        os.utime(path, (2_000_000_000 + number, 2_000_000_000 + number))
    found = api.get("/drop")
    assert (len(found["accepted"]), found["accepted_count"]) == (100, 120)
    assert found["accepted"][0]["name"] == "119.job"
    assert found["accepted"][0]["jobs"] == []


def test_files_of_one_name_are_told_apart():
    with running_site(workers=1) as site:
        api = Api(site.queue, watches=True)
        site.queue.pause()
        for number in range(3):
            assert api.ask("POST", "/drop", {"name": "x.job", "text": f"echo {number}\necho {number}"})[0] == 202
            until(lambda number=number: len(site.queue.jobs()) == 2 * (number + 1))
            until(lambda number=number: api.get("/drop")["accepted_count"] == number + 1)
        found = {file["name"]: file["jobs"] for file in api.get("/drop")["accepted"]}
        assert found == {"x.job": [1, 2], "x-2.job": [3, 4], "x-3.job": [5, 6]}
