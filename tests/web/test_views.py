"""The thread that works out views: what comes in between, and what fails, keeps it from none of its pages."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from queuectl.errors import StoreUnavailable
from queuectl.web.answers import Written
from queuectl.web.views import PING, Views
from tests.support import PATIENCE


class Counted:
    """A view whose answer is another each time that it is worked out."""

    def __init__(self):
        self.times = {}

    def look(self, path):
        """Answer, and count."""
        self.times[path] = self.times.get(path, 0) + 1
        return Written(status=200, body=b"%d" % self.times[path])


@pytest.fixture
def played():
    """Play a scene with views in a loop of its own, to its end within some time."""

    def play(views, scene):
        # In a thread, as in a host: what drives the browser of other tests has a loop in this one.
        with ThreadPoolExecutor(1) as pool:
            try:
                return pool.submit(asyncio.run, asyncio.wait_for(scene(), PATIENCE)).result()
            finally:
                views.stop(PATIENCE)

    return play


def test_pages_that_come_and_come_do_not_keep_the_others_from_news(played):
    counted = Counted()
    views = Views(counted.look, lambda: True)

    async def scene():
        page = views.follow(["/a"])
        await anext(page)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            newcomer = views.follow(["/b"])
            await anext(newcomer)
            await asyncio.sleep(0.05)
            await newcomer.aclose()
        await page.aclose()

    played(views, scene)
    assert counted.times["/a"] >= 4


def test_a_database_that_fails_ends_no_page(played):
    counted = Counted()
    fails = [True] * 3

    def changed():
        if fails:
            fails.pop()
            raise StoreUnavailable("the disk is gone")
        return True

    views = Views(counted.look, changed)

    async def scene():
        page = views.follow(["/a"])
        while fails or counted.times["/a"] < 6:
            await anext(page)
        await page.aclose()

    played(views, scene)


def test_a_page_that_comes_while_the_thread_ends_is_served(played):
    counted = Counted()
    views = Views(counted.look, lambda: False)

    async def scene():
        for _ in range(100):
            page = views.follow(["/a"])
            await anext(page)
            assert b"event: view" in await asyncio.wait_for(anext(page), PING - 1)  # it waited for no ping
            await page.aclose()
            await asyncio.sleep(0)

    played(views, scene)
