"""All endpoints of the HTTP API."""

from collections.abc import Sequence

from queuectl.web.endpoint import Endpoint

ENDPOINTS: Sequence[Endpoint] = ()
