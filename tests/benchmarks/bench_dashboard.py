"""What open pages cost: the drain of a full queue with twenty of them, against the same host with none."""

import contextlib
import os
import subprocess
import time
from urllib.parse import quote, urlsplit

from measure import PYTHON, fresh_home, goal_at_least, in_turns, report

from queuectl.host import Host, HostOptions
from queuectl.model.job import JobSpec
from queuectl.queue import Queue
from queuectl.web.client import token

JOBS = int(os.environ.get("BENCH_JOBS", "6000"))
PAGES = 20
VIEWS = ("/api/v1/status", "/api/v1/overview?span=hour")
"""What the Overview looks at."""
READER = """
import selectors, socket, sys
port, count, request = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode().decode("unicode_escape").encode()
selector = selectors.DefaultSelector()
total = 0
for _ in range(count):
    page = socket.create_connection(("127.0.0.1", port))
    page.sendall(request)
    selector.register(page, selectors.EVENT_READ)
print("open", flush=True)
while selector.get_map():
    for key, _ in selector.select():
        data = key.fileobj.recv(1 << 20)
        total += len(data)
        if not data:
            selector.unregister(key.fileobj)
print(total)
"""
"""Reads what the server sends to so many pages, and does nothing with it: what a browser does is its own affair."""


@contextlib.contextmanager
def pages(queue, url, count):
    """Keep so many pages open."""
    if not count:
        yield lambda: 0
        return
    port = urlsplit(url).port
    query = "&".join(f"view={quote(view)}" for view in VIEWS)
    request = (
        f"GET /api/v1/events?{query} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n"
        f"Authorization: Bearer {token(queue)}\\r\\n\\r\\n"
    )
    reader = subprocess.Popen([PYTHON, "-c", READER, str(port), str(count), request], stdout=subprocess.PIPE, text=True)
    assert reader.stdout.readline() == "open\n"
    time.sleep(1.5)  # so that the server is imported, and each page has had its first views
    yield lambda: int(reader.stdout.readline())
    reader.wait(30)


def drained(count):
    """Drain a full queue with so many pages open; return jobs/s."""
    fresh_home()
    with Queue.open() as queue:
        queue.set_setting("dashboard_port", "0")
        queue.pause()
        queue.enqueue([JobSpec(command="true", cwd="/")] * JOBS)
        host = Host(queue, HostOptions(kind="serve", workers=4, budget=JOBS, dashboard=True))
        host.start()
        with pages(queue, host.page, count) as told:
            began = time.perf_counter()
            queue.resume()
            host.wait_until_idle()
            seconds = time.perf_counter() - began
            host.stop()
            sent = told()
    assert not count or sent > 20_000, sent
    return JOBS / seconds


FIRST = """
import socket, time
from urllib.parse import urlsplit
from queuectl.host import Host, HostOptions
from queuectl.queue import Queue
with Queue.open() as queue:
    queue.set_setting("dashboard_port", "0")
    host = Host(queue, HostOptions(kind="serve", workers=1, dashboard=True))
    host.start()
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", urlsplit(host.page).port)) as page:
        page.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        page.recv(100)
    print(time.perf_counter() - began)
    host.stop()
"""


def first_page():
    """Return the seconds from knocking at a host that nobody has asked yet to its first answer."""
    fresh_home()
    return float(subprocess.run([PYTHON, "-c", FIRST], capture_output=True, text=True, check=True).stdout)


def main():
    """Print both."""
    without, with_pages = in_turns(lambda: drained(0), lambda: drained(PAGES))
    ratio = with_pages / without
    note = f"{with_pages:.0f} against {without:.0f} jobs/s"
    report(f"drain, 4 workers: {PAGES} open pages / none", f"{ratio:.2f}", goal=goal_at_least(ratio, 0.95), note=note)
    [seconds] = in_turns(first_page)
    report("the very first answer of a page, its server imported then", f"{seconds * 1000:.0f} ms")


if __name__ == "__main__":
    main()
