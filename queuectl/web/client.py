"""Ask the running host for a way into its page: what the command line and a second tray do."""

import http.client
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from queuectl.errors import HostRequired, QueuectlError
from queuectl.web.endpoint import PREFIX
from queuectl.web.keys import read_token, token_file

if TYPE_CHECKING:
    from queuectl.queue import Queue

TIMEOUT = 10.0
"""Seconds to wait for a host that is busy or has just been woken."""


def page_url(queue: "Queue") -> str:
    """Return the address of the page of a host that lives on this machine, the oldest one's.

    Raises:
        HostRequired: none has a page.
    """
    here = [host for host in queue.hosts() if host.machine == queue.machine]
    found = next((host.dashboard for host in here if host.dashboard), None)
    if found is None:
        missing = "no host with a page is running" if not here else "the host that runs has no page"
        raise HostRequired(
            missing, hint="Start the tray, or: queuectl serve; settings that begin with dashboard_ count."
        )
    return found


def token(queue: "Queue") -> str:
    """Return the token that scripts send as a bearer.

    Raises:
        QueuectlError: it cannot be read or made.
    """
    return read_token(token_file(queue.paths.files))


def login_url(queue: "Queue", to: str = "") -> str:
    """Return an address that lets a browser in, once, within a minute; ``to`` is a page such as ``dead``.

    Raises:
        HostRequired: none has a page, or it does not answer.
    """
    url = page_url(queue)
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request("POST", f"{PREFIX}/codes", headers={"Authorization": f"Bearer {token(queue)}"})
        answer = connection.getresponse()
        body = json.loads(answer.read(65_536))
    except (OSError, ValueError, http.client.HTTPException) as exc:
        raise HostRequired(f"the page at {url} does not answer: {exc or type(exc).__name__}") from exc
    finally:
        connection.close()
    if answer.status != http.client.CREATED:
        raise QueuectlError(f"the page at {url} refuses: {body.get('detail', answer.status)}")
    return f"{url}login?code={body['code']}" + (f"&to={quote(to, safe='')}" if to else "")
