"""How a command becomes something to spawn, and whose environment it gets."""

import os
import sys

import pytest

from queuectl.platform.process import MARKER, clean_environment, shell_command
from queuectl.settings import SETTINGS

BUNDLE = os.path.join(os.sep, "tmp", "_MEI1234")  # noqa: PTH118  (a text as PyInstaller writes it)


def paths(*parts):
    return os.pathsep.join(parts)


@pytest.fixture
def frozen(monkeypatch):
    """Make this program look like one that PyInstaller froze."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", BUNDLE, raising=False)


@pytest.mark.posix
@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "fish", "/opt/my shells/ksh"])
def test_a_posix_shell_gets_the_command_as_one_argument(shell):
    assert shell_command("echo 'a b'", shell) == [shell, "-c", "echo 'a b'"]


@pytest.mark.posix
def test_the_systems_own_shell_is_bin_sh():
    assert shell_command("true", "") == ["/bin/sh", "-c", "true"]


@pytest.mark.parametrize("shell", ["powershell", "pwsh", "pwsh.exe", "PowerShell.exe"])
def test_powershell_runs_without_profile_and_questions(shell):
    command = 'Write-Output "a b"'
    assert shell_command(command, shell) == [shell, "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", command]


@pytest.mark.skipif(sys.platform != "win32", reason="cmd.exe is Windows's")
@pytest.mark.parametrize("shell", ["", "cmd", "CMD.EXE"])
def test_cmd_gets_a_raw_command_line(shell, monkeypatch):
    monkeypatch.setenv("COMSPEC", r"C:\Program Files\cmd.exe")
    assert shell_command('dir "a b"', shell) == r'"C:\Program Files\cmd.exe" /d /s /c "dir "a b""'


@pytest.mark.skipif(sys.platform != "win32", reason="cmd.exe is Windows's")
def test_cmd_with_a_path_is_that_one():
    assert shell_command("dir", r"D:\old\cmd.exe") == r'"D:\old\cmd.exe" /d /s /c "dir"'


def test_the_users_environment_is_passed_on():
    environ = {"HOME": "/home/me", "LD_LIBRARY_PATH": "/opt/lib", "LD_LIBRARY_PATH_ORIG": "/x", "QUEUECTL_HOME": "/q"}
    assert clean_environment(environ) == environ


def test_what_a_job_is_told_sets_nothing_for_a_queuectl_in_it():
    settings = {setting.env for setting in SETTINGS.values()}
    assert not settings & {MARKER, "QUEUECTL_JOB_ID", "QUEUECTL_ATTEMPT", "QUEUECTL_QUEUE"}


def test_what_an_outer_job_was_told_is_not():
    outer = {MARKER: "t", "QUEUECTL_JOB_ID": "1", "QUEUECTL_ATTEMPT": "1", "QUEUECTL_QUEUE": "default"}
    assert clean_environment({**outer, "QUEUECTL_DB": "my.db"}) == {"QUEUECTL_DB": "my.db"}


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("name", ["LD_LIBRARY_PATH", "LIBPATH"])
def test_a_frozen_program_gives_the_library_path_back(name):
    changed = {name: paths(BUNDLE, "/opt/lib"), f"{name}_ORIG": "/opt/lib"}
    assert clean_environment(changed) == {name: "/opt/lib"}
    assert clean_environment({name: BUNDLE}) == {}


@pytest.mark.usefixtures("frozen")
def test_a_frozen_programs_folders_are_taken_out_of_every_variable():
    inside = os.path.join(BUNDLE, "lib")  # noqa: PTH118
    environ = {
        "PATH": paths(inside, "/bin", BUNDLE, "/usr/bin"),
        "DYLD_LIBRARY_PATH": BUNDLE,
        "SSL_CERT_FILE": os.path.join(inside, "cacert.pem"),  # noqa: PTH118
        "NEIGHBOUR": f"{BUNDLE}5",
    }
    assert clean_environment(environ) == {"PATH": paths("/bin", "/usr/bin"), "NEIGHBOUR": f"{BUNDLE}5"}


def test_what_the_bootloader_tells_its_child_is_no_business_of_a_job():
    names = ["_PYI_ARCHIVE_FILE", "_PYI_PARENT_PROCESS_LEVEL", "PYINSTALLER_RESET_ENVIRONMENT", "_MEIPASS2"]
    assert clean_environment(dict.fromkeys(names, "1")) == {}
