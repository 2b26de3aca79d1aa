"""Jobs of a frozen host get the user's own environment, and run the system's programs."""

import json

import pytest

from tests.conftest import need

OURS = ("_PYI_", "PYINSTALLER_", "_MEIPASS", "LD_LIBRARY_PATH_ORIG", "LIBPATH")


def environment_of_a_job(queuectl, env):
    with queuectl.running("serve", env=env) as process:
        process.says("Ctrl+C")
        queuectl.run("enqueue", "env", env=env)
        queuectl.run("wait", "1")
    lines = queuectl.run("logs", "1").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


@pytest.mark.parametrize("mine", [None, "/opt/mine", "/opt/mine:/opt/other"])
def test_nothing_of_the_bundle_gets_into_a_job(queuectl, mine):
    env = {"LD_LIBRARY_PATH": mine} if mine else {}
    found = environment_of_a_job(queuectl, env)
    assert found.get("LD_LIBRARY_PATH") == mine
    assert [name for name in found if name.startswith(OURS)] == []
    assert [name for name, value in found.items() if "_MEI" in value] == []


def test_the_systems_programs_run(queuectl, serving):
    for tool in ("python3", "openssl", "git"):
        need(tool)
    commands = [
        "python3 -c 'import ssl, ctypes, zlib, sys; print(sys.executable)'",
        "openssl version",
        "git --version",
    ]
    for number, command in enumerate(commands, 1):
        queuectl.run("enqueue", command, "--max-retries", "0")
        queuectl.run("wait", str(number))
        assert "_MEI" not in queuectl.run("logs", str(number))


def test_a_job_runs_queuectl_itself(queuectl, serving):
    queuectl.run("enqueue", f"{queuectl.path} enqueue 'echo inner' && {queuectl.path} wait 2")
    queuectl.run("wait", "1")
    assert queuectl.run("logs", "2") == "inner\n"


def test_each_program_starts_the_other(queuectl, tray, desktop):
    with queuectl.running("tray"):
        assert desktop.icon()
        found = {one["what"]: one["found"] for one in json.loads(queuectl.run("doctor", "--json"))}
        assert found["host"].startswith("tray ")
        assert found["tray"] == "A tray icon can be shown."
        queuectl.run("worker", "stop", "--all")
