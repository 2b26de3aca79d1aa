"""From a dropped file to its jobs, or to its reason; through every crash."""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from queuectl.dropfolder.events import DropEvent, DropKind
from queuectl.model.jobfile import MAX_BYTES
from queuectl.platform.lock import FileLock
from queuectl.platform.paths import user_home
from queuectl.queue import Queue

CRASHER = Path(__file__).with_name("crasher.py")
posix = pytest.mark.posix


# --- accepted ----------------------------------------------------------------------------------------------------


def test_a_file_becomes_its_jobs_and_lies_in_accepted(drop):
    drop.put("nightly.job", "echo one\necho two\n")
    drop.run()
    assert drop.commands() == ["echo one", "echo two"]
    assert drop.accepted() == ["nightly.job"]
    assert drop.events == [DropEvent(kind=DropKind.ACCEPTED, name="nightly.job", job_ids=(1, 2))]
    assert list(drop.folder.claimed.iterdir()) == [drop.folder.lock]


def test_a_file_waits_as_long_as_the_settings_cannot_be_read(drop):
    drop.put("nightly.job")
    drop.queue.paths.config.parent.mkdir(parents=True, exist_ok=True)
    drop.queue.paths.config.write_text("workers = \n")
    ingester = drop.ingester(patience=0)
    drop.run(ingester, until=lambda: drop.events)
    [event] = drop.events
    assert event.kind is DropKind.ERROR
    assert "the file is kept and tried again" in event.reason
    drop.queue.paths.config.write_text("")
    drop.run(ingester)
    assert (drop.accepted(), drop.rejected()) == (["nightly.job"], [])


def test_what_powershell_5_writes_is_taken(drop):
    drop.put("ps.job", b"\xff\xfe" + 'echo "grüße"\r\n'.encode("utf-16-le"))
    drop.run()
    assert drop.commands() == ['echo "grüße"']


def test_dropped_jobs_run_in_the_users_home_or_seen_from_there(drop):
    drop.put("a.job", '[{"command": "a"}, {"command": "b", "cwd": "src"}, {"command": "c", "cwd": "~/x"}]')
    drop.put("b.job", f"command = 'd'\ncwd = '{drop.path}'")
    drop.run()
    home = user_home()
    assert [drop.queue.find(number).spec.cwd for number in (1, 2, 3, 4)] == [
        str(home), str(home / "src"), str(Path("~/x").expanduser()), str(drop.path)
    ]  # fmt: skip


@pytest.mark.posix
def test_the_home_of_nobody_is_a_reason_to_reject(drop):
    drop.put("a.job", '{"command": "a", "cwd": "~nobody-of-this-name/x"}')
    drop.run()
    assert drop.commands() == []
    [explained] = drop.path.glob("rejected/*.error.txt")
    assert "cwd" in explained.read_text()


def test_names_that_are_not_for_the_queue_are_left_alone(drop):
    names = [".hidden.job", "x.job.part", "job", "x.txt", ".job"]
    for name in names:
        drop.put(name)
    drop.put("UPPER.JOB")
    drop.run()
    assert drop.accepted() == ["UPPER.JOB"]
    assert sorted(path.name for path in drop.path.iterdir() if path.is_file()) == sorted(names)


def test_files_are_taken_in_the_order_of_their_names(drop):
    for number in (3, 1, 2):
        drop.put(f"{number}.job", f"echo {number}")
    drop.run()
    assert drop.commands() == ["echo 1", "echo 2", "echo 3"]


def test_the_same_name_again_overwrites_nothing(drop):
    ingester = drop.ingester()
    for number in range(4):
        drop.put("x.job", f"echo {number}")
        drop.run(ingester)
    assert drop.accepted() == ["x-2.job", "x-3.job", "x-4.job", "x.job"]
    assert (drop.folder.accepted / "x-4.job").read_text() == "echo 3"


@posix
def test_names_that_are_long_or_no_text(drop):
    names = [b"a" * 251 + b".job", b"b" * 251 + b".job", "ü".encode() * 125 + b".job", b"\xff\xfe\n.job"]
    for number, name in enumerate(names):
        path = os.path.join(os.fsencode(drop.path), name)  # noqa: PTH118 (a name that is no text)
        Path(os.fsdecode(path)).write_bytes(b"echo hi" if number % 2 else b"\0")
    drop.run()
    assert len(drop.accepted()) == 2
    assert len(drop.rejected()) == 4
    assert "\N{REPLACEMENT CHARACTER}" * 3 + ".job" in {event.name for event in drop.events}


# --- settling ----------------------------------------------------------------------------------------------------


def test_a_file_is_taken_only_after_it_was_left_alone(drop):
    ingester = drop.ingester(settle=0.2)
    path = drop.put("slow.job", "echo 0\n")
    with path.open("a") as file:
        for number in range(1, 8):
            assert ingester.look() == pytest.approx(0.2, abs=0.1)
            time.sleep(0.1)
            assert not drop.claims()
            file.write(f"echo {number}\n")
            file.flush()
    drop.run(ingester)
    assert drop.commands() == [f"echo {number}" for number in range(8)]


@posix
@pytest.mark.parametrize("half", ["", '{"command": "echo'])
def test_a_slow_writer_may_finish_what_makes_no_sense_yet(drop, half):
    ingester = drop.ingester(patience=1.0)
    path = drop.path / "slow.job"
    with path.open("w") as file:
        file.write(half)
        file.flush()
        drop.run(ingester, until=drop.claims)
        drop.run(ingester, until=lambda: False, seconds=0.3)
        assert not drop.rejected()
        file.write('{"command": "echo hi"}'.removeprefix(half))
    drop.run(ingester)
    assert drop.commands() == ["echo hi"]
    assert not drop.rejected()


@posix
def test_a_file_that_grows_after_its_claim_settles_there(drop):
    ingester = drop.ingester(settle=0.2)
    path = drop.put("slow.job", "echo 0\n")
    ingester.look()
    with path.open("a") as file:
        claim = drop.folder.claim(path)  # as if it had settled just before
        for number in range(1, 5):
            ingester.look()
            time.sleep(0.1)
            file.write(f"echo {number}\n")
            file.flush()
            assert claim.path.exists()
    drop.run(ingester)
    assert drop.commands() == [f"echo {number}" for number in range(5)]


def test_nothing_waits_means_no_next_look(drop):
    ingester = drop.ingester()
    assert ingester.look() is None
    drop.put("x.job")
    assert ingester.look() == pytest.approx(0.05, abs=0.05)
    (drop.path / "x.job").unlink()
    assert ingester.look() is None


# --- rejected ----------------------------------------------------------------------------------------------------


def test_a_file_that_makes_no_sense_lies_beside_its_reason(drop):
    drop.put("bad.job", "[[job]]\ncommand = 'a'\n\n[[job]]\ncomand = 'ü'\n")
    drop.run()
    assert drop.rejected() == ["bad.job", "bad.job.error.txt"]
    assert not drop.commands()
    reason = drop.reason("bad.job")
    assert "line 5: unknown field 'comand'" in reason
    assert 'Did you mean "command"?' in reason
    assert str(drop.path) in reason
    assert drop.events == [DropEvent(kind=DropKind.REJECTED, name="bad.job", reason="line 5: unknown field 'comand'")]


def test_a_job_that_the_queue_refuses_rejects_the_whole_file(drop):
    drop.put("late.job", '[{"command": "a"}, {"command": "b", "after": [999]}]')
    drop.run()
    assert not drop.commands()
    assert "999" in drop.reason("late.job")


def test_a_rejected_file_can_be_mended_and_dropped_again(drop):
    ingester = drop.ingester()
    for text in ("\0", "{", "[]"):
        drop.put("x.job", text)
        drop.run(ingester)
    assert drop.rejected() == sorted(f"x{n}.job{e}" for n in ("", "-2", "-3") for e in ("", ".error.txt"))
    mended = (drop.folder.rejected / "x-2.job").rename(drop.path / "x.job")
    mended.write_text("echo hi")
    drop.run(ingester)
    assert drop.commands() == ["echo hi"]


def test_a_strangers_explanation_is_not_overwritten(drop):
    (drop.folder.rejected / "x.job.error.txt").write_text("mine")
    drop.put("x.job", "{")
    drop.run()
    assert drop.reason("x.job") == "mine"
    assert drop.rejected() == ["x-2.job", "x-2.job.error.txt", "x.job.error.txt"]


def test_a_file_that_is_too_large_is_not_read(drop):
    drop.put("large.job", b"#" * (MAX_BYTES + 5))
    drop.run()
    assert str(MAX_BYTES + 5) in drop.reason("large.job")


def make_link(path):
    path.symlink_to(path.parent.parent / "outside.job")


def make_dangling_link(path):
    path.symlink_to("nowhere")


def make_fifo(path):
    os.mkfifo(path)


def make_folder(path):
    path.mkdir()
    (path / "inside.txt").write_text("kept")


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as one, contextlib.chdir(path.parent):
        one.bind(path.name)


@posix
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (make_link, "a symbolic link"),
        (make_dangling_link, "a symbolic link"),
        (make_fifo, "a pipe"),
        (make_folder, "a folder"),
        (make_socket, "a device or socket"),
    ],
)
def test_what_is_no_plain_file_is_moved_itself_and_never_followed(drop, tmp_path, make, reason):
    outside = tmp_path / "outside.job"
    outside.write_text("echo from outside")
    make(drop.path / "odd.job")
    before = (drop.path / "odd.job").lstat()
    drop.run()
    assert reason in drop.reason("odd.job")
    after = (drop.folder.rejected / "odd.job").lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert outside.read_text() == "echo from outside"
    assert not drop.commands()


@pytest.fixture
def as_root():
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can give a file to another user; run this test as root")


@pytest.mark.usefixtures("as_root")
def test_another_users_file_is_rejected(drop, tmp_path):
    path = drop.put("theirs.job")
    os.chown(path, 54321, -1)
    original = tmp_path / "original"
    original.write_text("echo from another")
    os.chown(original, 54321, -1)
    os.link(original, drop.path / "linked.job")
    drop.run()
    assert "another user (uid 54321)" in drop.reason("theirs.job")
    assert "another user (uid 54321)" in drop.reason("linked.job")
    assert original.read_text() == "echo from another"
    assert not drop.commands()


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything; run as a user")
def test_a_file_that_may_not_be_read_is_rejected(drop):
    drop.put("closed.job").chmod(0)
    drop.run()
    assert "may not be read" in drop.reason("closed.job")


# --- trouble -----------------------------------------------------------------------------------------------------


class Reopened:
    """A queue whose database goes away and comes back."""

    def __init__(self, queue):
        self.queue = queue
        self.clock = queue.clock

    def enqueue(self, specs, **options):
        return self.queue.enqueue(specs, **options)


def test_without_the_database_files_are_kept_and_enqueued_when_it_is_back(drop):
    queue = Reopened(Queue.open(drop.database))
    queue.queue.close()
    ingester = drop.ingester(queue)
    drop.put("a.job", "echo a")
    drop.put("b.job", "echo b")
    drop.put("bad.job", "{")
    drop.run(ingester, until=lambda: False, seconds=1.0)
    assert drop.claims() == ["a.job", "b.job", "bad.job"]
    errors = [event for event in drop.events if event.kind is DropKind.ERROR]
    assert len(errors) == 1
    assert "the file is kept" in errors[0].reason
    queue.queue = drop.queue
    drop.run(ingester)
    assert drop.commands() == ["echo a", "echo b"]
    assert drop.rejected() == ["bad.job", "bad.job.error.txt"]


def test_one_file_that_cannot_be_handled_stops_no_other(drop):
    ingester = drop.ingester()
    drop.folder.rejected.rmdir()
    drop.folder.rejected.write_text("in the way")
    drop.put("bad.job", "{")
    drop.put("good.job", "echo good")
    drop.run(ingester, until=lambda: any(event.kind is DropKind.ERROR for event in drop.events))
    assert drop.commands() == ["echo good"]
    assert drop.claims() == ["bad.job"]
    assert ingester.look() > 0.1, "it is not tried without a pause"
    drop.folder.rejected.unlink()
    drop.folder.prepare()
    drop.run(ingester)
    assert drop.rejected() == ["bad.job", "bad.job.error.txt"]


def test_a_listener_that_fails_harms_nothing(drop):
    def fail(event):
        raise RuntimeError(event)

    drop.put("x.job")
    drop.put("y.job", "{")
    drop.run(drop.ingester(on_event=fail))
    assert drop.accepted() == ["x.job"]
    assert "y.job" in drop.rejected()


def test_a_stop_leaves_the_rest_for_later(drop):
    stop = threading.Event()
    for number in range(5):
        drop.put(f"{number}.job")
    ingester = drop.ingester(stop=stop, on_event=lambda _: stop.set())
    drop.run(ingester, until=stop.is_set)
    assert drop.accepted() == ["0.job"]
    ingester.close()
    drop.run()
    assert len(drop.commands()) == 5


# --- several hosts -----------------------------------------------------------------------------------------------


def test_a_living_hosts_claims_are_not_taken_up(drop):
    claim = drop.folder.claim(drop.put("x.job"))
    other = FileLock(drop.folder.lock)
    assert other.acquire(0)
    ingester = drop.ingester()
    for _ in range(10):
        assert ingester.look() is None
        time.sleep(0.02)
    assert claim.path.exists()
    other.close()
    drop.run(ingester)
    assert drop.commands() == ["echo hi"]


@posix
def test_the_lock_is_taken_again_when_the_folder_was_made_anew(drop):
    ingester = drop.ingester()
    ingester.look()
    shutil.rmtree(drop.path)
    drop.folder.prepare()
    ingester.look()
    assert not FileLock(drop.folder.lock).acquire(0)


# --- P9 ----------------------------------------------------------------------------------------------------------


def crash(drop, step):
    return subprocess.run([sys.executable, CRASHER, drop.database, drop.path, step], timeout=60, check=False).returncode


@pytest.mark.parametrize(
    ("step", "content"),
    [(step, "echo one\necho two\n") for step in ("made", "claimed", "read", "enqueued", "moved")]
    + [(step, '{"comand": 1}') for step in ("made", "claimed", "read", "explained", "moved")],
)
def test_p9_a_file_is_enqueued_once_or_rejected_with_its_reason_after_a_crash_at_any_step(drop, step, content):
    drop.put("x.job", content)
    assert crash(drop, step) == 9
    assert not (drop.folder.rejected / "x.job").exists() or drop.reason("x.job")
    crash(drop, step)  # the second host meets the same end, where it gets that far
    drop.run()
    files = [path for path in drop.path.rglob("*") if path.is_file() and path != drop.folder.lock]
    if content.startswith("echo"):
        assert drop.commands() == ["echo one", "echo two"]
        assert files == [drop.folder.accepted / "x.job"]
    else:
        assert not drop.commands()
        assert drop.rejected() == ["x.job", "x.job.error.txt"]
        assert len(files) == 2
        assert "comand" in drop.reason("x.job")
    assert (drop.folder.rejected / "x.job" if "comand" in content else files[0]).read_text() == content


@posix
def test_p9_holds_for_many_files_while_hosts_are_killed_at_random(drop):
    chance = random.Random(9)
    good = {f"good-{number}.job": f"echo {number}" for number in range(60)}
    bad = {f"bad-{number}.job": "{" for number in range(20)}
    names = iter(chance.sample(sorted(good | bad), 80))
    for _ in range(10):
        arguments = [sys.executable, CRASHER, drop.database, drop.path, "never"]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as host:
            host.stdout.readline()
            for name in [next(names) for _ in range(8)]:
                drop.put(name, (good | bad)[name])
                time.sleep(chance.uniform(0, 0.02))
            time.sleep(chance.uniform(0, 0.1))
            host.kill()
    drop.run()
    assert Counter(drop.commands()) == Counter(good.values())
    assert drop.accepted() == sorted(good)
    assert drop.rejected() == sorted(name + end for name in bad for end in ("", ".error.txt"))
