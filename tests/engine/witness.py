"""A job that tells of overlapping runs: ``witness.py FOLDER SECONDS [SECONDS OF LATER RUNS]``.

It takes a lock that dies with it, checks that nothing of an earlier run of the same job lives, starts a child in a
session of its own, works for a while, and leaves one line in ``ends``.
"""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

folder = Path(sys.argv[1])
job = os.environ["QUEUECTL_JOB_ID"]
seconds = float(sys.argv[2] if os.environ["QUEUECTL_ATTEMPT"] == "1" else sys.argv[-1])


def note(name, text):
    with (folder / name).open("a") as file:
        file.write(f"{job} {text}\n")


def lives(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


lock = (folder / f"lock.{job}").open("w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    note("overlaps", "two runs at once")
pids = folder / f"pids.{job}"
for pid in pids.read_text().split() if pids.exists() else ():
    if lives(int(pid)):
        note("overlaps", f"process {pid} of an earlier run lives")
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
with pids.open("a") as file:
    file.write(f"{os.getpid()} {child.pid}\n")
note("starts", os.environ["QUEUECTL_ATTEMPT"])
time.sleep(seconds)
child.kill()
child.wait()
note("ends", os.environ["QUEUECTL_ATTEMPT"])
