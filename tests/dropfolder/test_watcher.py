"""The watcher's thread: quick when a file comes, quiet when none does, and not to be stopped by trouble."""

import shutil
import statistics
import threading
import time
from collections import Counter

import pytest

from queuectl.dropfolder.events import DropKind
from queuectl.dropfolder.folder import DropFolder
from queuectl.dropfolder.watcher import Watcher

posix = pytest.mark.posix


@pytest.fixture
def listings(monkeypatch):
    """Count how often the folder is listed."""
    times = []
    original = DropFolder.waiting
    monkeypatch.setattr(DropFolder, "waiting", lambda self: (times.append(time.monotonic()), original(self))[1])
    return times


def test_a_dropped_file_is_enqueued_within_half_a_second_or_so(drop, wait_until, listings):
    drop.watcher(interval=60.0)
    wait_until(lambda: listings)
    time.sleep(0.3)
    took = []
    for number in range(7):
        begin = time.monotonic()
        drop.put(f"{number}.job")
        wait_until(lambda expected=number + 1: len(drop.events) == expected)
        took.append(time.monotonic() - begin)
        time.sleep(0.05 * number)
    assert statistics.median(took) < 0.5
    assert max(took) < 3.0


def test_what_no_event_told_of_is_found_by_the_listing(drop, wait_until, monkeypatch):
    monkeypatch.setattr("queuectl.dropfolder.watcher._Alarm.watch", lambda *_: None)
    drop.watcher(interval=0.2)
    time.sleep(0.1)
    drop.put("x.job")
    wait_until(drop.accepted)


def test_what_lay_there_before_is_taken(drop, wait_until):
    drop.put("x.job")
    drop.folder.claim(drop.put("y.job"))
    drop.watcher(interval=60.0)
    wait_until(lambda: drop.accepted() == ["x.job", "y.job"])


def test_its_own_moves_do_not_keep_it_busy(drop, wait_until, listings):
    drop.watcher(interval=60.0)
    drop.put("x.job")
    wait_until(drop.accepted)
    time.sleep(2.0)
    del listings[:]
    time.sleep(2.0)
    assert not listings


def test_a_growing_file_does_not_keep_it_busy(drop, wait_until, listings):
    drop.watcher(interval=60.0)
    wait_until(lambda: listings)
    with (drop.path / "x.job").open("w") as file:
        begin = time.monotonic()
        del listings[:]
        while time.monotonic() - begin < 1.0:
            file.write("echo hi\n")
            file.flush()
            time.sleep(0.001)
        assert len(listings) < 15
    wait_until(drop.accepted)


def test_a_thousand_files_at_once_are_each_enqueued_once(drop, wait_until):
    drop.watcher()
    for number in range(1000):
        (drop.path / f"{number}.job").write_text(f"echo {number}\n")
    wait_until(lambda: len(drop.events) == 1000, seconds=90)
    assert Counter(drop.commands()) == Counter(f"echo {number}" for number in range(1000))
    assert len(drop.accepted()) == 1000
    assert {event.kind for event in drop.events} == {DropKind.ACCEPTED}


def test_files_that_are_written_slowly_arrive_whole(drop, wait_until):
    drop.watcher()

    def write(number):
        with (drop.path / f"{number}.job").open("w") as file:
            for line in range(10):
                file.write(f"echo {number}-{line}\n")
                file.flush()
                time.sleep(0.05)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    wait_until(lambda: len(drop.accepted()) == 5)
    assert Counter(drop.commands()) == Counter(f"echo {number}-{line}" for number in range(5) for line in range(10))


def test_several_hosts_share_a_folder_and_take_over_from_each_other(drop, wait_until):
    watchers = [drop.watcher(interval=0.2) for _ in range(3)]
    for number in range(30):
        drop.put(f"{number}.job", f"echo {number}")
        if number % 10 == 9:
            time.sleep(0.3)
            assert watchers.pop().stop(10.0)
            if not watchers:
                watchers.append(drop.watcher(interval=0.2))
    wait_until(lambda: len(drop.accepted()) == 30)
    assert Counter(drop.commands()) == Counter(f"echo {number}" for number in range(30))


@posix
def test_a_folder_that_others_can_write_is_reported_once_and_looked_at_again(drop, wait_until):
    drop.path.chmod(0o777)
    drop.put("x.job")
    drop.watcher(interval=0.1)
    wait_until(lambda: drop.events)
    time.sleep(0.5)
    assert [(event.kind, event.name) for event in drop.events] == [(DropKind.ERROR, "")]
    assert "others can write" in drop.events[0].reason
    assert "chmod" in drop.events[0].reason
    assert not drop.commands()
    drop.path.chmod(0o700)
    wait_until(drop.accepted)


def test_a_missing_folder_is_made(tmp_path, drop, wait_until):
    watcher = Watcher(drop.queue, tmp_path / "new" / "drop")
    watcher.start()
    wait_until((tmp_path / "new" / "drop" / "rejected").is_dir)
    assert watcher.stop(10.0)


@posix
@pytest.mark.parametrize("how", ["deleted", "renamed", "replaced"])
def test_a_folder_that_goes_away_is_made_anew_and_watched(drop, wait_until, tmp_path, how):
    drop.watcher(interval=0.3)
    drop.put("x.job")
    wait_until(drop.accepted)
    if how == "deleted":
        shutil.rmtree(drop.path)
    else:
        drop.path.rename(tmp_path / "elsewhere")
        if how == "replaced":
            drop.path.mkdir(mode=0o700)
    wait_until(drop.folder.rejected.is_dir)
    time.sleep(0.5)
    drop.put("y.job")
    wait_until(lambda: drop.accepted() == ["y.job"])
    assert len(drop.commands()) == 2


@posix
def test_events_come_from_a_folder_that_was_made_anew(drop, wait_until, listings):
    watcher = drop.watcher(interval=60.0)
    wait_until(lambda: listings)
    shutil.rmtree(drop.path)
    watcher._wake.set()  # as the listing would, within the minute
    wait_until(drop.folder.rejected.is_dir)
    time.sleep(1.0)
    drop.put("y.job")
    wait_until(drop.accepted, seconds=5.0)


def test_without_events_there_is_still_the_listing(drop, wait_until, monkeypatch):
    def fail(*_, **__):
        raise OSError("inotify watch limit reached")

    monkeypatch.setattr("watchdog.observers.api.BaseObserver.schedule", fail)
    drop.watcher(interval=0.2)
    drop.put("x.job")
    wait_until(drop.accepted)


def test_it_stops_at_once_while_it_waits_and_ends_its_threads(drop, wait_until, listings):
    before = set(threading.enumerate())
    watcher = drop.watcher(interval=60.0)
    wait_until(lambda: listings)
    time.sleep(0.2)
    begin = time.monotonic()
    assert watcher.stop(10.0)
    assert time.monotonic() - begin < 2.0
    wait_until(lambda: set(threading.enumerate()) <= before)
    assert watcher.stop(0.0)


def test_it_stops_in_the_middle_of_many_files_and_the_next_one_goes_on(drop, wait_until):
    for number in range(200):
        drop.put(f"{number}.job", f"echo {number}")
    watcher = drop.watcher()
    wait_until(lambda: drop.events)
    assert watcher.stop(10.0)
    assert len(drop.events) < 200
    drop.watcher()
    wait_until(lambda: len(drop.accepted()) == 200, seconds=60)
    assert Counter(drop.commands()) == Counter(f"echo {number}" for number in range(200))


def test_stopping_what_never_started_is_no_error(drop):
    assert Watcher(drop.queue, drop.path).stop(1.0)
