"""All endpoints of the HTTP API."""

from collections.abc import Sequence

from queuectl.web.api import dead, drop, hosts, job, jobs, logs, overview, queues, schedules, settings
from queuectl.web.endpoint import Endpoint
from queuectl.web.metrics import ENDPOINTS as METRICS
from queuectl.web.openapi import own_endpoint

_BESIDE: Sequence[Endpoint] = (
    *overview.ENDPOINTS,
    *jobs.ENDPOINTS,
    *job.ENDPOINTS,
    *logs.ENDPOINTS,
    *dead.ENDPOINTS,
    *queues.ENDPOINTS,
    *schedules.ENDPOINTS,
    *settings.ENDPOINTS,
    *drop.ENDPOINTS,
    *hosts.ENDPOINTS,
    *METRICS,
)
ENDPOINTS: Sequence[Endpoint] = (*_BESIDE, own_endpoint(_BESIDE))
"""Each before those whose paths would take its own, such as /jobs/actions before /jobs/{job}."""
