"""A real host with its page, and those who visit it: a script with the token, a browser's session."""

import re
from contextlib import contextmanager

import httpx
import pytest

from queuectl.host import Host, HostOptions
from queuectl.web.client import token
from tests.hosts import quick_queue
from tests.support import PATIENCE


class Site:
    """A running host's page: its queue, its address, and clients that are let in."""

    def __init__(self, queue, host):
        self.queue = queue
        self.host = host
        self.url = host.page
        self.api = f"{host.page}api/v1"
        self.token = token(queue)
        self.script = httpx.Client(
            base_url=self.api, headers={"Authorization": f"Bearer {self.token}"}, timeout=PATIENCE, trust_env=False
        )

    def browser(self):
        """Return a client with a session, as a browser has it that came in by a code."""
        client = httpx.Client(
            base_url=self.url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=PATIENCE, trust_env=False
        )
        entered = client.get(self.host.dashboard.login_url(), headers={"Sec-Fetch-Site": "none"})
        assert entered.status_code == 200, entered.text
        csrf = client.get("/api/v1/session").json()["csrf"]
        client.headers["X-CSRF-Token"] = csrf
        return client


@contextmanager
def running_site(*, workers=2, drop_folder=True):
    """Run a host with a page in this process."""
    with quick_queue() as queue:
        queue.set_setting("dashboard_port", "0")
        host = Host(queue, HostOptions(kind="serve", workers=workers, drop_folder=drop_folder, dashboard=True))
        host.start()
        site = Site(queue, host)
        try:
            yield site
        finally:
            site.script.close()
            host.hurry()
            host.stop()


@pytest.fixture
def site():
    """A host with two workers, a drop folder and a page, in this process."""
    with running_site() as running:
        yield running


def events(response):
    """Yield the server-sent events of a streaming response: name, data."""
    name, data = "message", []
    for line in response.iter_lines():
        if not line:
            if data:
                yield name, "\n".join(data)
            name, data = "message", []
        elif match := re.match(r"(event|data): ?(.*)", line):
            if match[1] == "event":
                name = match[2]
            else:
                data.append(match[2])


@pytest.fixture(scope="session")
def browser():
    """A browser for all tests of this process."""
    from tests.web.browser import started_browser

    with started_browser() as started:
        yield started


@pytest.fixture
def visit(site, browser):
    """Open the page, as one who came in by a code; at the end, nothing may have been complained of."""
    from tests.web.browser import Visitor

    visitors = []

    def open_page(to="", **options):
        visitors.append(Visitor(browser, site.host.dashboard.login_url(to), **options))
        return visitors[-1]

    yield open_page
    for visitor in visitors:
        visitor.close()
