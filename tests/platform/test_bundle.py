"""An executable that unpacks itself: what killed ones left goes, what lives or belongs to others stays."""

import os
import subprocess
import sys
import time

import pytest

from queuectl.platform import bundle
from tests.support import PATIENCE

HOLDER = """
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY); fcntl.flock(fd, fcntl.LOCK_EX); print("held", flush=True); sys.stdin.read()
"""


@pytest.fixture
def temp(tmp_path, monkeypatch):
    """Make this program look like a frozen one that has unpacked itself."""
    here = tmp_path / "_MEIself"
    here.mkdir()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(here), raising=False)
    monkeypatch.setattr(bundle, "_locked", [])
    return tmp_path


def left(temp, name, *, marker=True, age=10 * bundle.YOUNG):
    folder = temp / name
    (folder / "queuectl").mkdir(parents=True)
    (folder / "queuectl" / "some.so").write_bytes(b"x")
    if marker:
        (folder / bundle.MARKER).touch()
    then = time.time() - age
    os.utime(folder, (then, then))
    return folder


def test_folders_of_killed_programs_are_removed(temp):
    gone = left(temp, "_MEIold")
    stays = [
        left(temp, "_MEIother", marker=False),
        left(temp, "_MEIyoung", age=1),
        left(temp, "something"),
        left(temp, "_MEIself2", age=0),
        temp / "_MEIself",
    ]
    assert bundle.sweep() == 1
    assert not gone.exists()
    assert all(folder.exists() for folder in stays)


@pytest.mark.posix
def test_a_living_programs_folder_is_not(temp):
    folder = left(temp, "_MEIold")
    argv = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        assert bundle.sweep() == 0
        assert folder.exists()
        holder.communicate("", PATIENCE)
    assert bundle.sweep() == 1


@pytest.mark.posix
def test_a_link_is_not_followed(temp, tmp_path_factory):
    elsewhere = left(tmp_path_factory.mktemp("elsewhere"), "precious")
    (temp / "_MEIlink").symlink_to(elsewhere)
    assert bundle.sweep() == 0
    assert (elsewhere / "queuectl" / "some.so").exists()


@pytest.mark.posix
def test_the_environment_is_given_back_and_the_folder_locked(temp, monkeypatch):
    bundled = str(temp / "_MEIself")
    monkeypatch.setattr(os, "environ", {"LD_LIBRARY_PATH": f"{bundled}:/opt/lib", "LD_LIBRARY_PATH_ORIG": "/opt/lib"})
    os.environ["_PYI_ARCHIVE_FILE"] = "/x"
    for _ in range(2):  # what is done twice changes nothing
        bundle.hold()
        assert os.environ == {"LD_LIBRARY_PATH": "/opt/lib"}
    assert len(bundle._locked) == 1
    with pytest.raises(BlockingIOError):
        bundle._open_locked(temp / "_MEIself")
    os.close(bundle._locked[0])


def test_it_does_nothing_where_nothing_was_unpacked(monkeypatch):
    before = dict(os.environ)
    bundle.hold()
    bundle.settle()
    assert bundle.sweep() == 0
    assert os.environ == before
    assert bundle.kind() == "a checkout"
