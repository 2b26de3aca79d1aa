"""Both ways to start a process on Linux must be one to the job."""

import os
import sys
import threading

import pytest

from queuectl.platform.posix_spawn import AVAILABLE

process_posix = pytest.importorskip("queuectl.platform.process_posix", exc_type=ImportError)

pytestmark = pytest.mark.posix
SHOW = """
import os, signal, sys
status = open('/proc/self/status').read()
ignored = int(status.split('SigIgn:')[1].split()[0], 16)
print(len(os.listdir('/proc/self/fd')), os.getcwd(), sorted(os.environ.items()), sys.argv[1:])
print(os.getsid(0) == os.getpid(), os.read(0, 1), sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))
print(ignored & 0x7FFFFFFF)  # above are the C library's own signals, which posix_spawn leaves ignored
"""


@pytest.fixture(params=["popen", "posix_spawn"])
def way(request, monkeypatch):
    if request.param == "posix_spawn" and not AVAILABLE:
        pytest.skip("posix_spawn needs Linux with glibc 2.34")
    monkeypatch.setattr(process_posix, "AVAILABLE", request.param == "posix_spawn")


def run(argv, cwd, env):
    read, write = os.pipe()
    os.set_inheritable(read, True)  # a descriptor that a careless parent left open
    try:
        process = process_posix.spawn(argv, cwd=str(cwd), env=env, stdout=write)
    finally:
        os.close(write)
    output = b""
    while chunk := os.read(read, 65536):
        output += chunk
    os.close(read)
    return process.wait(), output.decode()


@pytest.mark.skipif(not AVAILABLE, reason="posix_spawn needs Linux with glibc 2.34")
def test_a_job_sees_no_difference(tmp_path, monkeypatch):
    seen = []
    for available in {AVAILABLE, False}:
        monkeypatch.setattr(process_posix, "AVAILABLE", available)
        env = {"A": "1", "B": "ü ", "PATH": os.environ["PATH"]}
        seen.append(run([sys.executable, "-I", "-c", SHOW, "x y", "ü"], tmp_path, env))
    assert seen[0][0] == 0, seen
    assert len(set(seen)) == 1
    assert f"{tmp_path} [('A', '1'), ('B', 'ü ')" in seen[0][1]
    assert "\nTrue b'' []\n" in seen[0][1]


@pytest.mark.usefixtures("way")
def test_a_program_is_looked_up_in_the_job_s_path(tmp_path):
    tool = tmp_path / "bin" / "my-tool"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho found $0\n")
    tool.chmod(0o700)
    env = {"PATH": f"/nowhere:{tool.parent}:/usr/bin:/bin"}
    assert run(["my-tool"], tmp_path, env) == (0, f"found {tool}\n")
    assert run(["./bin/my-tool"], tmp_path, env) == (0, "found ./bin/my-tool\n")


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program", "./no-such-program"])
@pytest.mark.usefixtures("way")
def test_a_program_that_is_not_there(tmp_path, program):
    with pytest.raises(FileNotFoundError):
        run([program], tmp_path, {"PATH": "/usr/bin:/bin"})


@pytest.mark.usefixtures("way")
def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        run(["/bin/sh", "-c", "true"], tmp_path / "gone", {})


@pytest.mark.usefixtures("way")
def test_a_file_that_is_no_program(tmp_path):
    file = tmp_path / "file"
    file.write_text("no program")
    with pytest.raises(PermissionError):
        run([str(file)], tmp_path, {})
    file.chmod(0o700)
    with pytest.raises(OSError, match="Exec format error"):
        run([str(file)], tmp_path, {})


@pytest.mark.usefixtures("way")
def test_an_argument_that_is_too_long(tmp_path):
    with pytest.raises(OSError, match="Argument list too long"):
        run(["/bin/sh", "-c", "true", "x" * 1_000_000], tmp_path, {})


@pytest.mark.usefixtures("way")
def test_many_threads_start_processes_at_once(tmp_path):
    codes = []
    threads = [
        threading.Thread(target=lambda n=n: codes.append((n, run(["/bin/sh", "-c", f"exit {n}"], tmp_path, {})[0])))
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [(n, n) for n in range(40)]
