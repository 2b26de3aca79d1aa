"""Metrics in Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats)."""

from collections.abc import Iterable, Mapping, Sequence

from queuectl import __version__
from queuectl.model.state import State
from queuectl.web.api.hosts import by_host
from queuectl.web.endpoint import Answer, Call, Endpoint

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[Mapping[str, str], float]


def metrics(call: Call) -> Answer:
    """Return what Prometheus scrapes."""
    store = call.queue.store
    found = call.queue.status()
    running = by_host(found.running)
    paused = {pause.queue for pause in found.pauses}
    queues = [row.name for row in store.queues()]
    totals = store.run_totals()
    took: dict[str, float] = {}
    for one in totals:
        took[one.queue] = took.get(one.queue, 0.0) + one.took
    families = (
        _family("queuectl_info", "gauge", "The version that answers.", [({"version": __version__}, 1)]),
        _family(
            "queuectl_jobs", "gauge", "Jobs by queue and state.",
            [
                ({"queue": queue, "state": state.value}, found.queues.get(queue, {}).get(state, 0))
                for queue in queues
                for state in State
            ],
        ),
        _family(
            "queuectl_runs_total", "counter", "Runs that have ended, by queue and outcome.",
            [({"queue": one.queue, "outcome": one.outcome.value}, one.runs) for one in totals],
        ),
        _family(
            "queuectl_run_seconds_total", "counter", "Time that ended runs took, by queue.",
            [({"queue": queue}, seconds) for queue, seconds in took.items()],
        ),
        _family("queuectl_hosts", "gauge", "Hosts that live.", [({}, len(found.hosts))]),
        _family(
            "queuectl_workers", "gauge", "Jobs that each host runs at once, at most.",
            [({"host": host.id, "machine": host.name}, host.workers) for host in found.hosts],
        ),
        _family(
            "queuectl_workers_busy", "gauge", "Jobs that each host runs now.",
            [({"host": host.id, "machine": host.name}, len(running.get(host.id, ()))) for host in found.hosts],
        ),
        _family(
            "queuectl_paused", "gauge", "Whether a queue is paused, by itself or with all.",
            [({"queue": queue}, int("" in paused or queue in paused)) for queue in queues],
        ),
    )  # fmt: skip
    return Answer(content="".join(families), media_type=MEDIA_TYPE)


def _family(name: str, kind: str, help_: str, samples: Iterable[Sample]) -> str:
    lines: Sequence[str] = [f"{name}{_labels(labels)} {_number(value)}\n" for labels, value in samples]
    return f"# HELP {name} {help_}\n# TYPE {name} {kind}\n" + "".join(lines)


def _labels(labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def _escaped(text: str) -> str:
    safe = text.encode("utf-8", "replace").decode()
    return safe.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


ENDPOINTS = (
    Endpoint(
        method="GET", path="/metrics", tag="overview", handler=metrics, bare=True, media_type=MEDIA_TYPE,
        summary="Metrics for Prometheus.",
    ),
)  # fmt: skip
