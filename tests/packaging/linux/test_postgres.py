"""A queue that several machines share, from the executables: what connects to it is unpacked when one is wanted."""

import json
from pathlib import Path

import pytest

from tests.hosts import until
from tests.packaging.linux.conftest import Executable, lose_folder


@pytest.fixture
def shared(postgres_url, monkeypatch):
    """Have everything that is started work on a queue on a server."""
    monkeypatch.setenv("QUEUECTL_DB", postgres_url)
    monkeypatch.setenv("QUEUECTL_RUN_QUEUES", "*")


def test_the_command_line_works_on_it(shared, queuectl):
    number = queuectl.run("enqueue", "echo hello").strip()
    queuectl.run("worker", "start", "--burst")
    assert queuectl.run("logs", number) == "hello\n"
    assert json.loads(queuectl.run("status", "--json"))["counts"]["completed"] == 1
    assert queuectl.unpacked() == []


def test_the_folder_form_does_too(shared, dist, temp, tmp_path):
    [archive] = dist.glob("queuectl-*.tar.gz")
    import tarfile

    with tarfile.open(archive) as files:
        files.extractall(tmp_path, filter="data")
    [program] = tmp_path.glob("queuectl-*/queuectl")
    assert Executable(program, temp).run("enqueue", "true").strip().isdigit()


def test_a_host_goes_on_without_its_folder(shared, queuectl, tmp_path):
    other = Executable(queuectl.path, tmp_path)
    with queuectl.running("serve", "--no-drop") as process:
        process.says("Ctrl+C")
        lose_folder(queuectl)
        number = other.run("enqueue", "echo still here").strip()
        other.run("wait", number)
    assert other.run("logs", number) == "still here\n"


def test_the_tray_works_on_it(shared, tray, queuectl, desktop):
    with tray.running():
        desktop.icon()
        queuectl.run("wait", queuectl.run("enqueue", "true").strip())


def test_a_queue_in_a_file_unpacks_nothing_of_it(queuectl, serving):
    [folder] = queuectl.unpacked()
    until((folder / "queuectl.settled").exists, "everything to be imported")
    assert not (folder / "psycopg_binary").exists()
    assert not list(Path(folder).glob("libpq*"))
