"""The command line in this process, a queue to look into, hosts, and a shell that knows queuectl."""

import io
import json
import os
import shlex
import subprocess
import sys
from types import SimpleNamespace

import pytest

from queuectl.cli.main import run
from queuectl.queue import Queue
from tests.conftest import need
from tests.hosts import PATIENCE, HostProcess


def pytest_collection_modifyitems(items):
    """Begin with the walk-through that takes 15 s by itself, so that the others run beside it."""
    items.sort(key=lambda item: "timeout_15" not in item.name)


@pytest.fixture
def here(capsys, monkeypatch):
    """Return a function that runs the command line in this process, for cases too many for a process each."""

    def run_here(*args, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code = run(args)
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err, json=lambda: json.loads(out))

    return run_here


@pytest.fixture
def jobs():
    """Open the test's own queue."""
    with Queue.open() as opened:
        yield opened


@pytest.fixture
def start_host():
    """Start hosts in processes of their own; they are killed at the end."""
    hosts = []

    def start(*args, **options):
        hosts.append(HostProcess(*(args or ("worker", "--count", "1", "-v")), **options))
        return hosts[-1]

    yield start
    for host in hosts:
        if host.process.poll() is None:
            host.kill()


@pytest.fixture
def path_with_queuectl(tmp_path):
    """Return a search path on which the program stands under its name."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "queuectl"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m queuectl "$@"\n')
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def typed(path_with_queuectl, tmp_path):
    """Return a function that runs lines as a person types them into bash, in a directory of their own."""
    place = tmp_path / "place"
    place.mkdir()
    search = {"PATH": path_with_queuectl}

    def type_in(lines, *, code=0, **env):
        done = subprocess.run(
            [need("bash"), "-c", lines],
            cwd=place,
            env={**os.environ, **search, **env},
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            check=False,
        )
        assert done.returncode == code, done.stderr or done.stdout
        return done.stdout

    type_in.place, type_in.env = place, {**os.environ, **search}
    return type_in
