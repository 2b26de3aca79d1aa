"""The page of a queue that machines share, in a real browser: where jobs run, and why they wait."""

import re

import pytest
from playwright.sync_api import expect

from queuectl.model.state import State
from queuectl.store.types import JobFilter
from tests.hosts import HostProcess, until
from tests.support import PATIENCE
from tests.web.browser import PHONE
from tests.web.conftest import running_site

pytestmark = pytest.mark.posix


@pytest.fixture
def site(postgres_url, monkeypatch):
    """A host on a machine that nobody has told what it runs."""
    monkeypatch.setenv("QUEUECTL_DB", postgres_url)
    monkeypatch.delenv("QUEUECTL_RUN_QUEUES")
    with running_site() as running:
        yield running


def test_a_machine_that_was_told_nothing_says_so_and_is_told(site, visit):
    site.queue.add("true")  # or the page bids a newcomer welcome
    page = visit().page
    expect(page.get_by_text("runs no queue")).to_be_visible()
    page.get_by_role("link", name="Workers", exact=True).first.click()
    card = page.get_by_role("region", name="Host")
    expect(card).to_contain_text("Runs nothing before somebody has said which queues")
    card.get_by_role("link", name="Choose them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    expect(page.get_by_text("run_queues", exact=True)).to_be_visible()
    site.queue.set_setting("run_queues", "default")
    page.get_by_role("link", name="Workers", exact=True).first.click()
    expect(card).to_contain_text("Runs nothing now")


def test_a_job_asks_for_a_machine_and_says_why_it_waits(site, visit):
    site.queue.set_setting("run_queues", "default")
    site.queue.set_setting("machine_tags", "gpu")
    until(lambda: [host.tags for host in site.queue.hosts()] == [("gpu",)], "the host's tags")
    visitor = visit("jobs", viewport=PHONE)
    page = visitor.page
    page.get_by_role("button", name="New job").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("#known-machines option[value=gpu]")).to_have_count(1)
    dialog.get_by_label("Command").fill("true")
    dialog.get_by_role("combobox", name="Machine").fill("elsewhere")
    dialog.get_by_role("button", name="Enqueue").click()
    expect(dialog).to_be_hidden()
    [job] = site.queue.jobs(JobFilter(states=(State.PENDING,)))
    assert job.spec.machine == "elsewhere"
    expect(page.get_by_text("only on elsewhere")).to_be_visible()
    visitor.go(f"jobs/{job.id}")
    waits = page.get_by_text("waits: no host runs on a machine with the name or tag elsewhere")
    expect(waits).to_have_count(2)
    for one in waits.all():
        box = one.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= PHONE["width"]
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(dialog.get_by_role("combobox", name="Machine")).to_have_value("elsewhere")
    dialog.get_by_role("combobox", name="Machine").fill("gpu")
    dialog.get_by_role("button", name="Save").click()
    [ended] = site.queue.wait([job.id], PATIENCE)
    assert (ended.state, ended.spec.machine) == (State.COMPLETED, "gpu")


def test_a_running_job_s_log_that_is_not_shared_is_not_said_to_be_empty(site, visit, tmp_path):
    """The other machine has a home of its own, and thus folders of its own."""
    env = {"QUEUECTL_HOME": str(tmp_path / "there"), "QUEUECTL_RUN_QUEUES": "default"}
    host = HostProcess("serve", "--no-drop", "--no-dashboard", env=env)
    host.says("Ctrl+C")
    gate = tmp_path / "gate"
    job = site.queue.add(f"echo first; while ! test -e {gate}; do sleep 0.05; done; echo last")
    until(lambda: site.queue.store.get(job.id).state is State.PROCESSING, "its start")
    page = visit(f"jobs/{job.id}").page
    log = page.get_by_role("log", name="Output")
    expect(log).to_contain_text("on the machine that runs the job, which does not share it now")
    expect(log).not_to_contain_text("It wrote nothing")
    gate.touch()
    expect(log).to_contain_text("last")
    expect(log).to_contain_text("This is the end of the log")
    expect(page.get_by_text("the last 11 B")).to_be_visible()
    host.terminate()


def test_a_schedule_asks_for_a_machine(site, visit):
    page = visit("schedules").page
    page.get_by_role("button", name="New schedule").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name", exact=True).fill("nightly")
    dialog.get_by_label("Command").fill("true")
    dialog.get_by_role("combobox", name="Machine").fill("gpu")
    dialog.get_by_role("button", name="Add schedule").click()
    expect(page.get_by_text(re.compile("Schedule nightly is added"))).to_be_visible()
    assert site.queue.store.schedule("nightly").spec.machine == "gpu"
