"""The page's server against those who hold connections, and against what keeps it from being there."""

import http.client
import logging
import socket
import threading
import time

import httpx
import pytest

from queuectl.errors import StoreUnavailable
from queuectl.host import Host, HostOptions
from queuectl.web import connection, guard
from tests.hosts import quick_queue, until
from tests.support import PATIENCE


@pytest.fixture
def knock(site):
    """Open connections that have sent what is given; they are closed at the end."""
    opened = []

    def connect(data):
        one = socket.create_connection(("127.0.0.1", site.host.dashboard.port), timeout=PATIENCE)
        opened.append(one)
        one.sendall(data.encode())
        return one

    yield connect
    for one in opened:
        one.close()


def ended(one):
    """Read to the end of a connection; return what came."""
    found = b""
    try:
        while piece := one.recv(65_536):
            found += piece
    except ConnectionError:
        pass
    return found


def head(site, line):
    return f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{site.host.dashboard.port}\r\n"


def test_who_asks_nothing_is_not_waited_for(site, knock, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", 0.3)
    silent, slow = knock(""), knock("GET / HTTP/1.1\r\nHost:")
    assert ended(silent) == ended(slow) == b""


def test_a_connection_that_is_used_stays(site, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", 0.3)
    one = http.client.HTTPConnection("127.0.0.1", site.host.dashboard.port, timeout=PATIENCE)
    for _ in range(8):
        one.request("GET", "/api/v1/session", headers={"Authorization": f"Bearer {site.token}"})
        socket_of_it = one.sock
        assert len(one.getresponse().read()) > 100
        assert one.sock is socket_of_it is not None
        time.sleep(0.2)  # as a script that asks again and again
    assert ended(one.sock) == b""  # and then not for ever
    one.close()


def test_a_body_that_never_comes_is_not_waited_for_when_nothing_is_proven(site, knock, monkeypatch):
    monkeypatch.setattr(guard, "PATIENCE", 0.3)
    one = knock(head(site, "POST /api/v1/jobs") + "Content-Length: 100\r\n\r\n")
    assert ended(one).startswith(b"HTTP/1.1 401")


def test_no_more_connections_are_held_than_there_are_files_to_spare(site, knock, monkeypatch):
    monkeypatch.setattr(connection, "most_connections", lambda: 10)
    site.script.get("/session")
    held = site.host.dashboard._server.server_state.connections
    for _ in range(100):
        knock("GET / HTTP/1.1\r\nX: ")
    assert until(lambda: 0 < len(held) <= 10)
    assert site.script.get("/session").status_code == 200
    job = site.queue.add("echo hi")
    site.queue.wait([job.id], PATIENCE)


def test_most_connections_is_a_part_of_the_files():
    assert 16 <= connection.most_connections() <= 512


def test_nothing_that_strangers_send_fills_the_log(site, knock, caplog):
    caplog.set_level(logging.INFO)
    for data in (
        "\x16\x03\x01 garbage\r\n\r\n",
        head(site, "GET /") + "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ):
        assert ended(knock(data)).startswith(b"HTTP/1.1 4")
    assert not [record for record in caplog.records if record.name.startswith(("uvicorn", "asyncio", "queuectl.web"))]


@pytest.mark.parametrize("address", ["", " ", "a" * 70, "a..b", "192.0.2.1"])
def test_jobs_run_without_a_page_where_its_address_is_none(address):
    with quick_queue() as queue:
        queue.set_setting("dashboard_port", "0")
        queue.set_setting("dashboard_bind", address)
        host = Host(queue, HostOptions(kind="serve", workers=1, dashboard=True))
        host.start()
        try:
            assert host.page is None
            job = queue.add("echo hi")
            queue.wait([job.id], PATIENCE)
        finally:
            host.stop()


def test_a_host_stops_whose_page_nobody_could_be_told_of(monkeypatch):
    def fail(*_):
        raise StoreUnavailable("the disk is full")

    with quick_queue() as queue:
        queue.set_setting("dashboard_port", "0")
        monkeypatch.setattr(queue.store, "set_dashboard", fail)
        host = Host(queue, HostOptions(kind="serve", workers=1, dashboard=True))
        host.start()
        host.stop()
    assert not [one.name for one in threading.enumerate() if one.name.startswith("dashboard")]


def test_a_page_bound_to_every_address_is_asked_for_by_one_of_its_family():
    with quick_queue() as queue:
        queue.set_setting("dashboard_port", "0")
        queue.set_setting("dashboard_bind", "::")
        host = Host(queue, HostOptions(kind="serve", workers=1, dashboard=True))
        host.start()
        try:
            if host.page is None:
                pytest.skip("there is no IPv6 here")
            assert host.page.startswith("http://[::1]:")
        finally:
            host.stop()


def test_a_host_that_was_struck_off_is_listed_with_its_page_again(site):
    site.queue.store.remove_host(site.host.id)
    site.queue.store.ring()
    found = until(lambda: [one.dashboard for one in site.queue.hosts()])
    assert found == [site.host.page]


def test_a_page_that_fails_is_not_listed_any_more(site, monkeypatch, caplog):
    def fail(serving):
        serving.close()
        raise OSError("no descriptor is left")

    monkeypatch.setattr("asyncio.run", fail)
    with pytest.raises(httpx.TransportError):
        site.script.get("/session")
    until(lambda: [one.dashboard for one in site.queue.hosts()] == [None])
    assert "the page is gone" in caplog.text
