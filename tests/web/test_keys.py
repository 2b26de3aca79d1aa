"""The token in its file, codes that work once, sessions that outlive their host."""

import os
import stat
import sys
import threading

import pytest

from queuectl.errors import QueuectlError
from queuectl.web import keys
from queuectl.web.keys import Keys, new_token, read_token


def test_the_token_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "files" / "dashboard.token"
    token = read_token(path)
    assert len(token) == 43  # 32 bytes
    assert read_token(path) == token
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.posix
def test_a_token_that_others_could_read_is_replaced(tmp_path):
    path = tmp_path / "dashboard.token"
    token = read_token(path)
    path.chmod(0o644)
    assert read_token(path) != token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_many_who_come_first_get_one_token(tmp_path):
    path = tmp_path / "dashboard.token"
    start, found = threading.Barrier(8), []

    def read():
        start.wait()
        found.append(read_token(path))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_file_that_holds_no_token_is_said(tmp_path):
    path = tmp_path / "dashboard.token"
    path.touch(0o600)
    with pytest.raises(QueuectlError, match="holds no token"):
        read_token(path)


@pytest.mark.posix
def test_a_full_disk_leaves_no_half_token(tmp_path):
    import resource
    import signal

    path = tmp_path / "dashboard.token"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(QueuectlError, match="cannot be used"):
            read_token(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(read_token(path)) == 43


def test_codes_are_made_and_redeemed_by_many_at_once(tmp_path):
    site = Keys(tmp_path / "dashboard.token")
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    entered, failed = [], []

    def visit():
        try:
            for _ in range(300):
                code = site.code()
                entered.append(bool(site.redeem(code)))
        except RuntimeError as exc:
            failed.append(exc)

    threads = [threading.Thread(target=visit) for _ in range(8)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not failed
    assert entered == [True] * 2400


def test_a_code_works_once_and_not_for_long(tmp_path, monkeypatch):
    site = Keys(tmp_path / "dashboard.token")
    code = site.code()
    session = site.check_session(site.redeem(code))
    assert session
    assert site.redeem(code) is None
    assert site.redeem("x") is None
    late = site.code()
    monkeypatch.setattr(keys.time, "monotonic", lambda: keys.time.time() + 10**9)
    assert site.redeem(late) is None


def test_old_codes_make_room(tmp_path):
    site = Keys(tmp_path / "dashboard.token")
    codes = [site.code() for _ in range(150)]
    assert site.redeem(codes[0]) is None
    assert site.redeem(codes[-1])


def test_a_session_outlives_its_host_and_not_its_token(tmp_path):
    path = tmp_path / "dashboard.token"
    cookie = Keys(path).session()
    later = Keys(path)
    name = later.check_session(cookie)
    assert name
    csrf = later.csrf(name)
    assert later.is_csrf(name, csrf)
    assert not later.is_csrf("other", csrf)
    new_token(path)
    assert later.check_session(cookie) is None
    assert not later.is_csrf(name, csrf)


@pytest.mark.parametrize("forged", ["", "x", "a.b", "a.b.c", "a.9999999999.", ".9999999999.x", "a.²³.x", "ä.9.ö"])
def test_a_forged_session_is_none(tmp_path, forged):
    assert Keys(tmp_path / "dashboard.token").check_session(forged) is None


def test_a_session_ends(tmp_path, monkeypatch):
    site = Keys(tmp_path / "dashboard.token")
    cookie = site.session()
    now = keys.time.time()
    monkeypatch.setattr(keys.time, "time", lambda: now + keys.SESSION_SECONDS + 2)
    assert site.check_session(cookie) is None


def test_two_queues_have_cookies_of_their_own(tmp_path):
    assert Keys(tmp_path / "a").cookie != Keys(tmp_path / "b").cookie
