"""A real browser on the real page: found on this machine, let in by a code, and watched for what it complains of."""

import os
import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.conftest import CI
from tests.support import PATIENCE

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

expect.set_options(timeout=PATIENCE * 1000)


def find_browser():
    """Return the path of a Chromium or one of its kin, or skip the test; in CI its absence is a failure."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        message = "this test needs a browser: install chromium, Chrome or Edge, and run again"
        if CI:
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return found


@contextmanager
def started_browser():
    """Start a browser without a window."""
    path = find_browser()
    with sync_playwright() as playwright:
        # Without its sandbox where a container, or root, lets it have none: it only meets our own page.
        sandbox = [] if hasattr(os, "geteuid") and os.geteuid() else ["--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=path, args=[*sandbox, "--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Somebody with a page open; what their browser complains of is kept, and is an error in the end."""

    def __init__(self, browser, url, **options):
        self.context = browser.new_context(viewport=options.pop("viewport", WIDE), **options)
        self.context.set_default_timeout(PATIENCE * 1000)
        self.page = self.context.new_page()
        self.complaints = []
        self.failed = []
        self.allowed = ()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", lambda asked: self.failed.append(f"{asked.url}: {asked.failure}"))
        self.page.on("dialog", self._refuse)
        self.base = "{0.scheme}://{0.netloc}/".format(urlsplit(url))
        self.page.goto(url)
        self.page.wait_for_url(f"{self.base}#/**")
        try:
            expect(self.page.locator("#main .page")).to_be_visible()
        except AssertionError as exc:
            raise AssertionError(f"{exc}\nThe browser complains: {self.complaints}\nNot had: {self.failed}") from None

    def _hear(self, message):
        if message.type in {"error", "warning"} and not any(word in message.text for word in self.allowed):
            self.complaints.append(f"{message.type}: {message.text}")

    def _refuse(self, dialog):
        self.complaints.append(f"a script opened a dialog: {dialog.message}")
        dialog.dismiss()

    def go(self, where, heading=None):
        """Go to a page by its name in the address."""
        self.page.evaluate("to => { location.hash = to; }", f"#/{where}")
        if heading:
            expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def close(self):
        """Leave; complaints are errors."""
        self.context.close()
        assert not self.complaints, "\n".join(self.complaints)
