"""What Prometheus scrapes, read by the rules of its text format."""

import re
from datetime import UTC, datetime

import pytest

from queuectl import __version__
from queuectl.model.admission import Room
from queuectl.model.job import Outcome, OutcomeKind
from queuectl.model.policy import Verdict
from queuectl.model.state import State, Verb
from queuectl.queue import Queue
from queuectl.store.types import HostRow
from tests.web.api import Api

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
SAMPLE = re.compile(rf"({NAME})(?:{{({LABEL}(?:,{LABEL})*)}})? (-?[0-9]+(?:\.[0-9]+)?)")


def read(text):
    """Read the format: each family's HELP and TYPE once and before its samples, no sample twice."""
    assert text.endswith("\n")
    helps, types, samples = {}, {}, {}
    for line in text.removesuffix("\n").split("\n"):
        if match := re.fullmatch(rf"# HELP ({NAME}) (.+)", line):
            assert match[1] not in helps
            helps[match[1]] = match[2]
        elif match := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge)", line):
            assert list(helps)[-1] == match[1]
            types[match[1]] = match[2]
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert list(types)[-1] == match[1], "the samples of a family stand together"
            assert (types[match[1]] == "counter") == match[1].endswith("_total")
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
            plain = {
                name: re.sub(r"\\(.)", lambda one: {"n": "\n"}.get(one[1], one[1]), value)
                for name, value in labels.items()
            }
            key = (match[1], frozenset(plain.items()))
            assert key not in samples
            samples[key] = float(match[3])
    assert helps.keys() == types.keys()
    return samples


def value(samples, name, **labels):
    return samples[name, frozenset(labels.items())]


@pytest.fixture
def api():
    """The API over a queue that nobody works on."""
    with Queue.open() as queue:
        yield Api(queue)


def test_an_empty_queue_has_metrics(api):
    _, text = api.ask("GET", "/metrics")
    samples = read(text)
    assert value(samples, "queuectl_info", version=__version__) == 1
    assert value(samples, "queuectl_hosts") == 0


def test_jobs_runs_workers_and_pauses_are_counted(api):
    hostile = 'q"\\ {}=,\u2028ä'
    queue = api.queue
    queue.add("a")
    [job] = queue.store.claim("h1", Room(workers=1, free=1), lease=60)
    outcome = Outcome(kind=OutcomeKind.FAILED, exit_code=1, finished_at=datetime.now(UTC))
    queue.store.finish(job, outcome, Verdict(verb=Verb.BURY, state=State.DEAD), host_name="here")
    queue.add("b")
    queue.store.claim("h1", Room(workers=1, free=1), lease=60)
    queue.add("c", queue=hostile)
    queue.pause(hostile)
    now = queue.store.now()
    queue.store.add_host(
        HostRow(
            id="h1", machine="elsewhere", name='n"', kind="serve", pid=1, workers=4, port=None, version="1",
            started_at=now, seen_at=now, stop=None,
        )
    )  # fmt: skip
    status, text = api.ask("GET", "/metrics")
    assert status == 200
    samples = read(text)
    assert value(samples, "queuectl_jobs", queue="default", state="dead") == 1
    assert value(samples, "queuectl_jobs", queue="default", state="processing") == 1
    assert value(samples, "queuectl_jobs", queue="default", state="pending") == 0
    assert value(samples, "queuectl_jobs", queue=hostile, state="pending") == 1
    assert value(samples, "queuectl_runs_total", queue="default", outcome="failed") == 1
    assert value(samples, "queuectl_run_seconds_total", queue="default") >= 0
    assert value(samples, "queuectl_workers", host="h1", machine='n"') == 4
    assert value(samples, "queuectl_workers_busy", host="h1", machine='n"') == 1
    assert value(samples, "queuectl_hosts") == 1
    assert value(samples, "queuectl_paused", queue=hostile) == 1
    assert value(samples, "queuectl_paused", queue="default") == 0
    queue.pause()
    assert value(read(api.ask("GET", "/metrics")[1]), "queuectl_paused", queue="default") == 1


def test_the_type_of_the_answer_names_the_format(site):
    answer = site.script.get(f"{site.url}metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    read(answer.text)
