"""Which folders are refused, and which names are free."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl.dropfolder.folder import DropFolder, _free_name, check_folder, is_job_name, printable
from queuectl.errors import DropFolderRefused

posix = pytest.mark.posix


@posix
def test_what_is_missing_is_made_for_its_user_alone(tmp_path):
    folder = DropFolder(tmp_path / "deep" / "drop")
    folder.prepare()
    for path in (folder.path, folder.accepted, folder.rejected, folder.claimed):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert folder.prepare() == folder.prepare()


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
@pytest.mark.parametrize("part", [".", "accepted", "rejected", ".claimed"])
def test_a_folder_that_others_can_write_is_refused(tmp_path, mode, part):
    folder = DropFolder(tmp_path / "drop")
    folder.prepare()
    path = folder.path / part
    path.chmod(mode)
    with pytest.raises(DropFolderRefused) as caught:
        folder.prepare()
    assert f'chmod go-w "{path}"' in caught.value.hint
    path.chmod(0o755)
    folder.prepare()


@posix
def test_a_link_a_file_and_another_users_folder_are_refused(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    for name, reason in (("link", "symbolic link"), ("dangling", "symbolic link"), ("file", "no folder")):
        with pytest.raises(DropFolderRefused, match=reason):
            DropFolder(tmp_path / name).prepare()


def test_another_users_folder_is_refused(tmp_path):
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user; run this test as root")
    (tmp_path / "theirs").mkdir(mode=0o700)
    os.chown(tmp_path / "theirs", 54321, -1)
    with pytest.raises(DropFolderRefused, match="another user"):
        DropFolder(tmp_path / "theirs").prepare()


def test_looking_makes_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        check_folder(tmp_path / "drop")
    assert not list(tmp_path.iterdir())


def test_names():
    assert is_job_name("a.job")
    assert is_job_name("A.JoB")
    assert not any(is_job_name(name) for name in (".job", ".a.job", "a.job~", "a.jobs", "job", "a.job.txt"))
    assert printable("a\n\udcff.job") == "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}.job"


@given(st.sets(st.integers(1, 40)), st.booleans())
def test_a_free_name_is_free_and_the_first_one_where_there_are_no_gaps(taken, dense):
    taken = set(range(1, len(taken) + 1)) if dense else taken
    names = {f"x-{number}.job" if number > 1 else "x.job" for number in taken}
    free = _free_name("x.job", names.__contains__)
    assert free not in names
    if dense:
        number = len(taken) + 1
        assert free == (f"x-{number}.job" if number > 1 else "x.job")


def test_a_free_name_is_found_in_few_looks():
    looks = []

    def is_taken(name):
        looks.append(name)
        return name == "x.job" or int(name[2:-4]) < 500_000

    assert _free_name("x.job", is_taken) == "x-500000.job"
    assert len(looks) < 50


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=300))
def test_a_free_name_leaves_room_for_the_reason(stem):
    name = stem.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape") + ".job"
    free = _free_name(name, lambda _: False)
    assert len(os.fsencode(free)) <= 230
    assert free.endswith(".job")
    assert free == name or len(os.fsencode(name)) > 230
