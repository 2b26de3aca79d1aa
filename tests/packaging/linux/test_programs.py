"""What a user does first with the downloaded files."""

import json
import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import httpx

from queuectl import __version__
from tests.conftest import need
from tests.hosts import until
from tests.packaging.linux.conftest import look_at_the_page
from tests.support import is_alive


def test_it_tells_its_version_and_its_commands(queuectl, tray):
    assert queuectl.run("--version") == f"queuectl, version {__version__}\n"
    assert tray.run("--version") == f"queuectl-tray {__version__}\n"
    assert "enqueue" in queuectl.run("--help")
    assert queuectl.unpacked() == []


def test_it_is_whole(queuectl, tray):
    found = {one["what"]: one for one in json.loads(queuectl.run("self", "check", "--json"))}
    assert found["installed"]["found"] == f"as one file: {queuectl.path}"
    assert all(one["level"] != "error" for one in found.values())
    assert "D-Bus" in found["tray"]["found"] or "tray icon" in found["tray"]["found"]
    assert json.loads(queuectl.run("doctor", "--json"))[0]["what"] == "version"


def test_a_job_is_added_run_and_read(queuectl, serving):
    queuectl.run("enqueue", "echo hello; echo oh >&2")
    queuectl.run("wait", "1")
    assert queuectl.run("logs", "1") == "hello\noh\n"
    assert json.loads(queuectl.run("list", "--json"))[0]["state"] == "completed"
    queuectl.run("enqueue", "exit 3", "--max-retries", "0")
    queuectl.run("wait", "2", code=1)
    assert "exit code 3" in queuectl.run("dlq", "list")


def test_a_timeout_takes_the_children_along(queuectl, serving, tmp_path):
    pids = tmp_path / "pids"
    queuectl.run("enqueue", f"sleep 1000 & echo $! >{pids}; sleep 1000", "--timeout", "1s", "--max-retries", "0")
    queuectl.run("wait", "1", code=1)
    pid = int(pids.read_text())
    until(lambda: not is_alive(pid), "the child's end")


def test_a_dropped_file_is_run(queuectl, serving, tmp_path):
    folder = Path(queuectl.run("drop-folder").strip())
    file = tmp_path / "one.job"
    file.write_text("echo dropped\n")
    shutil.move(file, folder / "one.job")
    until(lambda: json.loads(queuectl.run("list", "--json", "--state", "completed")), "the dropped job's end")
    assert queuectl.run("logs", "1") == "dropped\n"


def test_the_page_is_served(queuectl, serving):
    queuectl.run("enqueue", "echo hello")
    look_at_the_page(queuectl.run("dashboard", "--print-url").split()[0])
    facts = json.loads(queuectl.run("dashboard", "--token", "--json"))
    listed = httpx.get(f"{facts['api']}/jobs", headers={"Authorization": f"Bearer {facts['token']}"}, trust_env=False)
    assert listed.json()["jobs"][0]["command"] == "echo hello"


def test_worker_processes_run_jobs(queuectl):
    queuectl.run("enqueue", "echo from a worker")
    queuectl.run("worker", "start", "--count", "1", "--limit", "1")
    assert queuectl.run("logs", "1") == "from a worker\n"


def test_both_programs_share_the_database_of_an_installed_version(queuectl, serving, desktop, tray):
    from queuectl.queue import Queue

    with Queue.open() as queue, tray.running():
        queue.add("echo mine")
        assert desktop.icon()
        queuectl.run("wait", "1")
    assert queuectl.run("logs", "1") == "mine\n"


def test_shells_complete(queuectl):
    script = queuectl.run("completion", "bash")
    call = f"COMP_WORDS=(queuectl enq) COMP_CWORD=1; _queuectl_completion {queuectl.path}"
    asked = f"{script}\n{call}; echo ${{COMPREPLY[@]}}"
    told = subprocess.run(
        [need("bash"), "-c", asked], capture_output=True, text=True, check=True, env={**os.environ, **queuectl.environ}
    )
    assert told.stdout.strip() == "enqueue"


def test_live_status_needs_nothing_that_was_left_out(queuectl):
    script = need("script")
    command = f"timeout -s INT 3 {queuectl.path} status --watch"
    environ = {**os.environ, **queuectl.environ, "TERM": "xterm"}
    told = subprocess.run(
        [script, "-qec", command, "/dev/null"], capture_output=True, text=True, check=False, env=environ
    )
    assert "error" not in told.stdout.lower()
    assert "queue" in told.stdout.lower()


def test_what_is_in_dist_is_what_the_sums_say(dist):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=dist, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    named = {line.split("  ")[1] for line in (dist / "SHA256SUMS").read_text().splitlines()}
    assert {file.name for file in dist.iterdir() if file.is_file()} == named | {"SHA256SUMS"}


def test_whose_work_it_holds_is_told(dist):
    terms = (dist / "THIRD_PARTY_LICENSES").read_text()
    [bill] = dist.glob("*.cdx.json")
    components = {one["name"].lower() for one in json.loads(bill.read_text())["components"]}
    for name in (
        "apsw",
        "click",
        "dbus-fast",
        "pillow",
        "psutil",
        "python",
        "sqlite",
        "pyinstaller bootloader",
        "watchdog",
    ):
        assert name in terms.lower()
        assert name in components
    assert "pyinstaller-hooks-contrib" not in components
    assert "pytest" not in components


def test_the_archive_holds_both_programs_in_a_folder(dist, tmp_path, temp):
    [file] = dist.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        archive.extractall(tmp_path, filter="data")
    [folder] = tmp_path.glob("queuectl-*")
    assert {"LICENSE", "README.md", "THIRD_PARTY_LICENSES", "queuectl", "queuectl-tray"} <= {
        file.name for file in folder.iterdir()
    }
    environ = {**os.environ, "TMPDIR": str(temp)}
    began = time.monotonic()
    told = subprocess.run(
        [folder / "queuectl", "self", "check"], capture_output=True, text=True, env=environ, check=False
    )
    assert told.returncode == 0, told.stdout
    assert "as a folder" in told.stdout
    assert time.monotonic() - began < 30
    assert list(temp.glob("_MEI*")) == []
