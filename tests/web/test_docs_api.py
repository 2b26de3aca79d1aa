"""What docs/api.md says is so: its requests are sent, and what it names is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from queuectl.model.job import JobSpec
from tests.conftest import need
from tests.support import PATIENCE
from tests.web.api import DOCUMENT, Api

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")


@pytest.mark.posix
def test_its_requests_do_what_it_says(site):
    need("curl")
    queue = site.queue
    dead = [queue.add("echo no; exit 3", max_retries=0, queue="video") for _ in range(2)]
    jobs = queue.enqueue([JobSpec(argv=(sys.executable, "-c", "print('seven')"))] * 5)
    queue.wait([job.id for job in (*dead, *jobs)], PATIENCE)
    queue.pause()
    block = re.search(r"## Five requests\n\n```sh\n(.*?)```", PAGE, re.DOTALL)[1]
    script = "set -e\n" + block.replace("curl -s", "curl -sSf")
    env = {**os.environ, "TOKEN": site.token, "API": site.api, "NO_PROXY": "*"}
    done = subprocess.run(["/bin/sh", "-c", script], env=env, capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert queue.jobs()[0].spec.tags == ("nightly",)
    assert b'"text":"seven\\n"' in done.stdout
    assert {queue.store.get(job.id).state.value for job in dead} == {"pending"}


def test_its_paths_are_there():
    known = [re.sub(r"{\w+}", r"[^/]+", path.removeprefix("/api/v1")) for path in DOCUMENT["paths"]]
    asked = set(re.findall(r"\b(?:GET|POST) (?:/api/v1)?(/[\w/{}.]+)", PAGE)) | set(re.findall(r"\$API(/[\w/]+)", PAGE))
    asked |= set(re.findall(r"\$api(/\w+)", PAGE))
    assert len(asked) > 8
    for path in asked:
        assert any(re.fullmatch(one, path) for one in known), path


def test_its_metrics_are_those_that_there_are(site):
    _, text = Api(site.queue).ask("GET", "/metrics")
    told = set(re.findall(r"`(queuectl_\w+)`", PAGE))
    assert told == set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
