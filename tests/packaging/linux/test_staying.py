"""The tray survives weeks, cleaners and being moved, and what was killed leaves no growing heap."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import psutil

from tests.hosts import until
from tests.packaging.linux.conftest import Executable, look_at_the_page, lose_folder
from tests.support import PATIENCE


def test_the_tray_shows_its_icon_and_menu(tray, desktop):
    with tray.running():
        assert desktop.icon()
        until(lambda: "0 running" in desktop.property("ToolTip")[2], "the tooltip")
        assert desktop.entry("Quit") is not None
        assert desktop.property("IconPixmap")


def test_the_tray_does_everything_without_its_folder(tray, queuectl, desktop, tmp_path):
    opened = tmp_path / "opened"
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\nenv >>{opened}; echo "asked for $@" >>{opened}\n')
    opener.chmod(0o755)
    path = f"{opener.parent}:{os.environ['PATH']}"
    tray.environ["PATH"] = path
    home = Path(os.environ["QUEUECTL_HOME"])
    with tray.running() as process:
        desktop.icon()
        lose_folder(tray)
        queuectl.run("enqueue", "echo still here")
        queuectl.run("wait", "1")
        before = desktop.property("IconPixmap")
        desktop.click("Pause")
        until(lambda: desktop.property("IconPixmap") != before, "another picture")
        desktop.click("Resume")
        until(lambda: desktop.property("IconPixmap") == before, "the first picture")
        queuectl.run("enqueue", "exit 1", "--max-retries", "0")
        queuectl.run("wait", "2", code=1)
        until(lambda: "1 dead" in desktop.property("ToolTip")[2], "the dead job in the tooltip")
        assert desktop.notification().title
        for number, labels in enumerate((["Open drop folder"], ["Open logs"], ["Dead letter queue (1)", "Open"]), 1):
            desktop.click(*labels)
            # There is no terminal here, so that the last one is shown in a text file.
            until(lambda n=number: opened.exists() and opened.read_text().count("asked for ") == n, labels)
        assert "_MEI" not in opened.read_text()
        folder = Path(queuectl.run("drop-folder").strip())
        (folder / "one.job").write_text("echo dropped\n")
        until(lambda: "dropped" in queuectl.run("list"), "the dropped job")
        (folder / "two.job").write_text('[[job]]\ncommand = "echo toml"\n')
        until(lambda: "toml" in queuectl.run("list"), "the dropped job")
        (folder / "three.job").write_text('[{"command": ""}]')
        until(lambda: list((folder / "rejected").glob("three*")), "the rejection")
        queuectl.run("worker", "stop", "--all")
        assert process.ends() == 0
    log = (home / "queuectl-tray.log").read_text()
    assert "Traceback" not in log, log
    assert "No module" not in log, log


def test_serve_goes_on_without_its_folder(queuectl):
    other = Executable(queuectl.path, queuectl.temp.with_name("other"))
    other.temp.mkdir()
    with queuectl.running("serve") as process:
        process.says("Ctrl+C")
        lose_folder(queuectl)
        for number, command in enumerate(("echo one", "kill -9 $$", "sleep 1000"), 1):
            other.run("enqueue", command, "--max-retries", "0", "--timeout", "1s")
            other.run("wait", str(number), code=int(number > 1))
        look_at_the_page(other.run("dashboard", "--print-url").split()[0])
        assert process.terminate() == 0
    assert "Error" not in "\n".join(process.lines)


def kill_hard(process):
    """Kill the loader and the program that it has started, as the out-of-memory killer might."""
    family = psutil.Process(process.process.pid)
    for member in (*family.children(recursive=True), family):
        member.send_signal(signal.SIGKILL)
    process.process.wait(PATIENCE)


def test_what_killed_programs_leave_is_removed_and_what_lives_is_not(queuectl):
    with queuectl.running("serve") as first:
        first.says("Ctrl+C")
        kill_hard(first)
    [left] = queuectl.unpacked()
    long_ago = time.time() - 3600
    os.utime(left, (long_ago, long_ago))
    foreign = queuectl.temp / "_MEIforeign"
    foreign.mkdir()
    os.utime(foreign, (long_ago, long_ago))
    with queuectl.running("serve") as second:
        second.says("Ctrl+C")
        until(lambda: not left.exists(), "the removal of what was left")
        [living] = [folder for folder in queuectl.unpacked() if folder != foreign]
        os.utime(living, (long_ago, long_ago))
        with queuectl.running("worker", "--count", "1") as third:
            until(
                lambda: [f for f in queuectl.unpacked() if (f / "queuectl.settled").exists() and f != living], "third"
            )
            assert living.exists()
            third.terminate()
    assert queuectl.unpacked() == [foreign]


def test_what_starts_at_login_follows_the_executable(dist, temp, tmp_path, desktop, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    old, new = tmp_path / "old place", tmp_path / "new place"
    old.mkdir()
    for name in ("queuectl", "queuectl-tray"):
        shutil.copy(dist / name, old)
    Executable(old / "queuectl", temp).run("autostart", "on")
    told = json.loads(Executable(old / "queuectl", temp).run("autostart", "status", "--json"))
    assert str(old / "queuectl-tray") in told["command"]
    old.rename(new)
    with Executable(new / "queuectl-tray", temp).running():
        desktop.icon()
        entry = Path(told["place"])
        until(lambda: f'Exec="{new / "queuectl-tray"}"' in entry.read_text(), "the corrected entry")


def test_a_second_start_shows_the_first_one(tray, desktop):
    with tray.running():
        desktop.icon()
        tray.run()
        assert len(desktop.registered) == 1
