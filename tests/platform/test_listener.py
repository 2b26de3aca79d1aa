"""A listening socket: at the port that is wanted, at any other where that is taken, and nowhere else."""

import socket

import pytest

from queuectl.platform.listener import listen


def test_it_listens_where_it_should():
    with listen("127.0.0.1", 0) as listener:
        address, port = listener.getsockname()
        assert address == "127.0.0.1"
        with socket.create_connection((address, port), 5) as client:
            assert client.getpeername()[1] == port


def test_a_taken_port_leads_to_another():
    with listen("127.0.0.1", 0) as first, listen("127.0.0.1", first.getsockname()[1]) as second:
        assert second.getsockname()[1] not in {0, first.getsockname()[1]}


def test_a_port_is_free_again_at_once():
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port), 5)
        first.setblocking(True)
        served, _ = first.accept()
        served.close()  # it is this side that ends, and whose port rests
        client.close()
    with listen("127.0.0.1", port) as again:
        assert again.getsockname()[1] == port


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(OSError, match=r"."):
        listen("192.0.2.1", 0)
