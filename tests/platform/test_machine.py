"""What is told of a machine."""

import socket
import subprocess

import pytest

from queuectl.platform import machine


def test_its_name_is_what_others_call_it_and_no_process_is_asked(monkeypatch):
    machine.name.cache_clear()
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    assert machine.name() == socket.gethostname()
