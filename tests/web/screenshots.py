"""Photograph every page over a queue that has seen some work: light and dark, wide and on a phone.

    python tests/web/screenshots.py OUTDIR

Needs a Chromium or one of its kin. Two of the pictures, overview-light-tall.png and dead-dark-wide.png, stand in the
README as docs/overview.png and docs/dead.png.
"""

import os
import random
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ["QUEUECTL_HOME"] = tempfile.mkdtemp(prefix="queuectl-pictures-")

from queuectl import archive, scheduling
from queuectl.host import Host, HostOptions
from queuectl.model.archive import Record
from queuectl.model.job import Attempt, Job, JobSpec, OutcomeKind
from queuectl.model.state import State
from queuectl.platform import machine
from queuectl.queue import Queue
from tests.web.browser import PHONE, WIDE, Visitor, started_browser

WORK = (
    ("thumbnails", "mogrify -resize 320x photos/*.jpg", "images", 4, 0.02, ""),
    ("transcode lecture", "ffmpeg -i lecture.mov lecture.mp4", "video", 90, 0.04, "lecture.mov: moov atom not found"),
    ("nightly backup", "restic backup ~/documents", "backup", 40, 0.03, "Fatal: unable to open repository: timeout"),
    ("import orders", "python import_orders.py", "etl", 12, 0.16, "KeyError: 'customer_id'"),
    ("build docs", "make -C docs html", "default", 25, 0.06, "Warning, treated as error: undefined label 'setup'"),
    ("sync to nas", "rsync -a photos/ nas:photos", "backup", 18, 0.05, "rsync: connection unexpectedly closed"),
)
"""Name, command, queue, seconds it takes, the share that fails, and what it says then."""
PAGES = {
    "overview": "", "jobs": "jobs", "job": "jobs/{running}", "dead-job": "jobs/{dead}", "dead": "dead", "drop": "drop",
    "schedules": "schedules", "queues": "queues", "workers": "workers", "settings": "settings",
}  # fmt: skip
TALL = {"width": 1280, "height": 920}
RUNNING = 'for i in $(seq 1 99); do queuectl progress 0.$(printf %02d $i) "frame $((i * 81)) of 8019"; sleep 1; done'


def history(queue, host_id):
    """Fill the queue with an hour of work that this host has done."""
    rng = random.Random(7)
    now = queue.store.now()
    at, records = now - timedelta(minutes=60), []
    places = [at] * 3
    while min(places) < now - timedelta(seconds=20):
        place = places.index(min(places))
        name, command, line, seconds, share, error = rng.choice(WORK)
        began = places[place] + timedelta(seconds=rng.uniform(0.2, 25))
        ended = min(began + timedelta(seconds=seconds * rng.uniform(0.5, 1.6)), now - timedelta(seconds=5))
        if ended <= began:
            break
        places[place] = ended
        failed = rng.random() < share
        records.append(
            record(
                len(records) + 1,
                JobSpec(command=command, name=name, queue=line),
                began,
                ended,
                failed and error,
                host_id,
            )
        )
    archive.restore(queue, records)


def record(number, spec, began, ended, error, host_id):
    """Return a job that has ended, dead where there is an error."""
    state, code = (State.DEAD, 1) if error else (State.COMPLETED, 0)
    outcome = OutcomeKind.FAILED if error else OutcomeKind.COMPLETED
    reason = "exit code 1" if error else None
    tail = f"reading the input\nworking ...\n\x1b[31m{error}\x1b[0m\n" if error else "done\n"
    attempt = Attempt(
        job_id=number, number=1, host=host_id, host_name=machine.name(), pid=None, pid_created=None, started_at=began,
        finished_at=ended, outcome=outcome, next_state=state, exit_code=code, reason=reason, tail=tail,
        output_bytes=len(tail),
    )  # fmt: skip
    job = Job(
        id=number, state=state, spec=spec, max_retries=0, backoff_base=2.0, source="ada@workbench", attempts=1, runs=1,
        created_at=began - timedelta(seconds=3), updated_at=ended, run_at=None, started_at=began, finished_at=ended,
        exit_code=code, reason=reason, cancel_requested=False, lease=None,
    )  # fmt: skip
    return Record(job=job, attempts=[attempt])


@contextmanager
def busy_site():
    """Run a host in whose queue there is something of everything; yield the host, and jobs by what they show."""
    with Queue.open() as queue:
        queue.set_setting("dashboard_port", "0")
        queue.set_queue("video", max_running=2)
        host = Host(queue, HostOptions(kind="tray", workers=3, drop_folder=True, dashboard=True))
        history(queue, host.id)
        host.start()
        running = queue.add(RUNNING, name="transcode keynote.mov", queue="video", tags=("talks",))
        queue.add("sleep 900", name="nightly backup", queue="backup")
        queue.add("for i in 1 2 3; do echo chunk $i; sleep 300; done", name="upload archive")
        for number in range(14):
            queue.add("true", name=f"thumbnails {number + 1}", queue="images", priority=number % 3)
        queue.add("report", name="weekly report", run_at=queue.store.now() + timedelta(hours=5))
        scheduling.add(queue, "nightly backup", scheduling.rule_of("0 3 * * *"), JobSpec(command="restic backup docs"))
        scheduling.add(queue, "tidy cache", scheduling.rule_of(every="15m"), JobSpec(command="rm -rf cache/*"))
        (queue.paths.drop / "broken.job").write_text('{"comand": "echo hi"}')
        (queue.paths.drop / "photos.job").write_text("echo one photo\n")
        time.sleep(8)  # for the progress to come, and the drop folder to settle
        dead = queue.dead(1)[0]
        yield host, {"running": running.id, "dead": dead.id}
        for run in queue.store.running():
            queue.cancel(run.job.id)
        host.hurry()
        host.stop()


def main():
    """Take all pictures."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with busy_site() as (host, jobs), started_browser() as browser:
        for scheme in ("light", "dark"):
            for size, viewport in (("wide", WIDE), ("tall", TALL), ("phone", PHONE)):
                visitor = Visitor(browser, host.dashboard.login_url(), viewport=viewport, color_scheme=scheme)
                for name, where in PAGES.items():
                    visitor.go(where.format(**jobs))
                    visitor.page.wait_for_timeout(700)
                    path = out / f"{name}-{scheme}-{size}.png"
                    visitor.page.screenshot(path=path)
                    print(path)
                visitor.close()


if __name__ == "__main__":
    main()
