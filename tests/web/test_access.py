"""Nobody is kept out by how they see, read or type: axe-core on every page, in each theme and at each width."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from queuectl import scheduling
from queuectl.model.job import JobSpec
from queuectl.model.state import State
from tests.hosts import until, waits_for
from tests.web.browser import PHONE, WIDE

pytestmark = pytest.mark.wine("has no browser that Playwright drives")
PAGES = {
    "": "Overview", "jobs": "Jobs", "jobs/1": "fails", "dead": "Dead letter queue", "drop": "Drop folder",
    "schedules": "Schedules", "queues": "Queues", "workers": "Workers", "settings": "Settings",
}  # fmt: skip


@pytest.fixture
def busy(site, tmp_path):
    """A queue with something of everything in it."""
    [dead] = site.queue.enqueue([JobSpec(command="echo oh no; exit 3", name="fails", max_retries=0, tags=("a", "b"))])
    site.queue.wait([dead.id], 30)
    site.queue.enqueue([waits_for(tmp_path / "gate"), JobSpec(command="true", name="a very long name " * 11)])
    site.queue.add("true", run_at=site.queue.clock.now().replace(year=2100), name="much later")
    scheduling.add(site.queue, "tidy", scheduling.rule_of(every="1h"), JobSpec(command="true"))
    site.queue.set_queue("video", max_running=2, defaults={"priority": 3})
    site.queue.pause("video")
    (site.queue.paths.drop / "bad.job").write_text("{")
    until(lambda: list((site.queue.paths.drop / "rejected").glob("bad.job")), "the rejected file")
    until(lambda: site.queue.status().counts[State.PROCESSING] == 1, "the run")
    yield site
    (tmp_path / "gate").touch()


@pytest.mark.parametrize(("scheme", "viewport"), [("light", WIDE), ("dark", PHONE)], ids=["light-wide", "dark-phone"])
def test_axe_finds_nothing_serious(busy, visit, scheme, viewport):
    visitor = visit(color_scheme=scheme, viewport=viewport, bypass_csp=True, reduced_motion="reduce")
    page = visitor.page
    found = []
    for where, heading in PAGES.items():
        visitor.go(where, heading)
        expect(page.locator("#main [aria-busy=true]")).to_have_count(0)
        found += _faults(page, where)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{where or 'overview'} is {wider} px wider than the screen"
    visitor.go("jobs", "Jobs")
    page.get_by_role("button", name="New job").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += _faults(page, "the form of a new job")
    assert not found, "\n".join(found)


def _faults(page, where):
    result = Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        f"{where or 'overview'}: {one['id']} ({one['impact']}): {one['help']}\n    "
        + "\n    ".join(node["html"][:160] + " | " + node["failureSummary"][:200] for node in one["nodes"][:3])
        for one in result.response["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


def test_the_door_says_how_to_come_in(site, browser):
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(site.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "queuectl dashboard" in page.inner_text("main")
    assert not _faults(page, "the door")
    context.close()


def test_a_link_works_once(site, browser):
    url = site.host.dashboard.login_url()
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    expect(page.get_by_role("heading", name="Welcome to queuectl")).to_be_visible()
    [cookie] = context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("Object.keys(localStorage).length") == 0
    context.close()
    other = browser.new_context()
    page = other.new_page()
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("has been used")
    other.close()
