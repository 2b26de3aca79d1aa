"""The page as people use it, in a real browser on a real host: each walk begins where they would begin."""

import re
import sys

import pytest
from playwright.sync_api import expect

from queuectl.model.job import JobSpec
from queuectl.model.state import State
from tests.clusters import new_cluster
from tests.hosts import HostProcess, hosts_of_the_test, quick_queue, run_cli, until, waits_for
from tests.support import PATIENCE
from tests.web.browser import PHONE, WIDE

HOSTILE = "<script>alert(1)</script>"
pytestmark = pytest.mark.wine("has no browser that Playwright drives")


def wait_for(site, job_id, state):
    until(lambda: site.queue.store.get(job_id).state is state, f"{state} of job {job_id}")


def test_from_the_first_visit_to_a_job_that_is_retried_and_completes(site, visit, tmp_path):
    gate = tmp_path / "gate"
    page = visit().page
    expect(page.get_by_role("heading", name="Welcome to queuectl")).to_be_visible()
    expect(page.get_by_text(str(site.queue.paths.drop))).to_be_visible()
    page.get_by_role("button", name="New job").first.click()
    dialog = page.get_by_role("dialog")
    program = f"import os, sys; print('begun', flush=True); sys.exit(not os.path.exists({str(gate)!r}))"
    dialog.get_by_label("Command").fill(f'"{sys.executable}" -c "{program}"')
    dialog.get_by_label("Name").fill("the walk")
    dialog.get_by_label("Retries").fill("0")
    dialog.get_by_role("button", name="Enqueue").click()
    expect(dialog).to_be_hidden()
    wait_for(site, 1, State.DEAD)
    page.get_by_role("link", name="Dead letter queue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dead letter queue")
    group = page.get_by_role("region", name="begun")
    expect(group.get_by_role("link", name="the walk")).to_be_visible()
    expect(group.get_by_role("group", name="End of the output of job 1")).to_contain_text("begun")
    gate.touch()
    group.get_by_role("button", name="Retry job 1").click()
    wait_for(site, 1, State.COMPLETED)
    expect(page.get_by_text("No dead jobs")).to_be_visible()
    page.get_by_role("link", name="Jobs", exact=True).click()
    row = page.get_by_role("row").filter(has_text="the walk")
    expect(row).to_contain_text("completed")
    row.get_by_role("link", name="the walk").click()
    expect(page.get_by_role("region", name="History")).to_contain_text("Sent to run again")
    assert site.queue.store.get(1).source == "dashboard"


def test_a_running_job_is_watched_live_and_cancelled(site, visit, tmp_path):
    gate = tmp_path / "gate"
    text = (
        "import os, sys, time\nprint('line one', flush=True)\n"
        "while not os.path.exists(sys.argv[1]): time.sleep(0.02)\nprint('line two', flush=True)\ntime.sleep(1000)"
    )
    [job] = site.queue.enqueue([JobSpec(argv=(sys.executable, "-c", text, str(gate)), name="watched")])
    page = visit(f"jobs/{job.id}").page
    log = page.get_by_role("log")
    expect(log).to_contain_text("line one")
    assert "line two" not in log.inner_text()
    gate.touch()
    expect(log).to_contain_text("line two")
    page.get_by_role("button", name="Cancel").click()
    wait_for(site, job.id, State.CANCELLED)
    expect(page.locator(".page")).to_contain_text("cancelled")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()


def test_progress_and_counts_change_by_themselves(site, visit, tmp_path):
    [job] = site.queue.enqueue([waits_for(tmp_path / "gate")])
    wait_for(site, job.id, State.PROCESSING)
    page = visit().page
    running = page.get_by_role("region", name="Running")
    expect(running).to_be_visible()
    site.queue.store.report_progress(site.queue.store.get(job.id), 0.42, "half way")
    site.queue.store.ring()
    expect(running.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "42")
    expect(running).to_contain_text("half way")
    expect(page.get_by_role("link", name="processing 1")).to_be_visible()
    (tmp_path / "gate").touch()
    expect(page.get_by_role("link", name="completed 1")).to_be_visible()


def test_pause_and_resume(site, visit):
    site.queue.add("echo first")
    page = visit().page
    page.get_by_role("button", name="Pause all").click()
    page.get_by_role("dialog").get_by_role("button", name="Until I resume").click()
    expect(page.get_by_text("All queues are paused", exact=False).first).to_be_visible()
    assert [pause.queue for pause in site.queue.store.pauses()] == [""]
    job = site.queue.add("echo second")
    expect(page.get_by_role("link", name="pending 1")).to_be_visible()
    page.get_by_role("button", name="Resume all").click()
    wait_for(site, job.id, State.COMPLETED)
    expect(page.get_by_role("button", name="Pause all")).to_be_visible()
    run_cli("pause", check=True)  # from elsewhere
    expect(page.get_by_role("button", name="Resume all")).to_be_visible()


def test_five_hundred_are_retried_at_once(site, visit):
    site.queue.pause()
    jobs = site.queue.enqueue([JobSpec(command="true", name=f"job {n}", tags=("many",)) for n in range(500)])
    other = site.queue.add("true")
    for job in (*jobs, other):
        site.queue.cancel(job.id)
    page = visit("jobs?state=cancelled&tag=many").page
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_role("button", name=re.compile("Select all")).click()
    page.get_by_role("button", name="Retry", exact=True).click()
    until(lambda: site.queue.status().counts[State.PENDING] == 500, "500 pending jobs")
    assert site.queue.store.get(other.id).state is State.CANCELLED


def test_some_are_selected_and_deleted(site, visit):
    site.queue.pause()
    jobs = site.queue.enqueue([JobSpec(command="true", name=f"job {n}") for n in range(5)])
    page = visit("jobs").page
    page.get_by_role("checkbox", name=f"Select job {jobs[4].id}").check()
    page.get_by_role("checkbox", name=f"Select job {jobs[2].id}").click(modifiers=["Shift"])
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Delete")).click()
    until(lambda: len(site.queue.jobs()) == 2, "two jobs left")
    assert [job.id for job in site.queue.jobs()] == [jobs[1].id, jobs[0].id]
    expect(page.locator("tbody tr")).to_have_count(2)


def test_what_was_selected_in_another_list_is_left_alone(site, visit):
    site.queue.pause()
    kept, gone = site.queue.enqueue([JobSpec(command="true", name=name) for name in ("kept", "gone")])
    page = visit("jobs").page
    page.get_by_role("checkbox", name=f"Select job {kept.id}").check()
    page.get_by_role("searchbox").fill("gone")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("region", name="Selected jobs")).to_have_count(0)
    page.get_by_role("checkbox", name=f"Select job {gone.id}").check()
    expect(page.get_by_role("region", name="Selected jobs")).to_contain_text("1 selected")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    until(lambda: [job.id for job in site.queue.jobs()] == [kept.id], "one job left")


def test_pages_of_jobs_and_filters_are_in_the_address(site, visit):
    site.queue.pause()
    site.queue.enqueue([JobSpec(command=f"echo {n}", queue="abc"[n % 3]) for n in range(120)])
    visitor = visit("jobs")
    page = visitor.page
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("button", name="Older").click()
    expect(page.locator("tbody tr").first).to_contain_text("70")
    page.get_by_label("Queue", exact=True).select_option("b")
    expect(page).to_have_url(re.compile("queue=b"))
    expect(page.locator("tbody tr")).to_have_count(40)
    page.get_by_role("searchbox").fill("echo 11")
    expect(page.locator("tbody tr")).to_have_count(3)  # 112, 115, 118
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_label("Order", exact=True).select_option("oldest")
    expect(page.locator("tbody tr").first).to_contain_text("echo 112")


def test_a_log_of_fifty_megabytes_opens_at_its_end_and_follows(site, visit, tmp_path):
    site.queue.set_setting("log_max_bytes", "100 MiB")
    gate = tmp_path / "gate"
    text = (
        "import os, sys, time\nout = sys.stdout\n"
        "out.write('x' * (1 << 20) + '\\n')\n"
        "for n in range(500_000): out.write(f'{n:08d} ' + 'y' * 91 + '\\n')\n"
        "print('it is written', flush=True)\n"
        "while not os.path.exists(sys.argv[1]): time.sleep(0.02)\nprint('and it grows', flush=True)"
    )
    [job] = site.queue.enqueue([JobSpec(argv=(sys.executable, "-c", text, str(gate)))])
    path = site.queue.paths.log(job.id, 1)
    until(lambda: path.exists() and path.stat().st_size > 50_000_000, "50 MB")
    visitor = visit(f"jobs/{job.id}")
    log = visitor.page.get_by_role("log")
    expect(log).to_contain_text("it is written")
    received = visitor.page.evaluate(
        "performance.getEntriesByType('resource').reduce((sum, one) => sum + one.decodedBodySize, 0)"
    )
    assert received < 2_000_000
    assert log.evaluate("box => box.scrollTop + box.clientHeight >= box.scrollHeight - 30")
    gate.touch()
    expect(log).to_contain_text("and it grows")
    assert log.evaluate("box => box.querySelectorAll('*').length") < 20_000
    before = log.inner_text().partition(" yyy")[0].split()[-1]
    log.evaluate("box => { box.scrollTop = 0; }")
    expect(log).to_contain_text(f"{int(before) - 500:08d}", use_inner_text=True)


def test_hostile_names_and_output_stay_text(site, visit):
    evil = (
        f"{HOSTILE}<img src=x onerror=alert(2)> \x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J"
        " \u202egnp.exe \x00\x07 <a href=javascript:alert(3)>x</a>"
    )
    written = f"b'z' * (1 << 20) + b'\\n' + {evil!r}.encode() + b'\\nend\\n'"
    text = f"import sys; sys.stdout.buffer.write({written}); sys.exit(3)"
    [job] = site.queue.enqueue(
        [
            JobSpec(
                argv=(sys.executable, "-c", text), name=HOSTILE, tags=("<b>tag</b>",), queue="<i>queue</i>",
                note=f"{HOSTILE}\u202e", key="'\"><script>", max_retries=0, cwd="/",
            )
        ]
    )  # fmt: skip
    wait_for(site, job.id, State.DEAD)
    (site.queue.paths.drop / f"{HOSTILE.replace('/', '')}.job").write_text("{")
    visitor = visit()
    page = visitor.page
    for where in ("", "jobs", f"jobs/{job.id}", "dead", "queues", "drop"):
        visitor.go(where)
        expect(page.locator("#main")).to_contain_text(HOSTILE.replace("/", "") if where == "drop" else "<")
        assert page.locator("#main script, #main img[src=x], #main a[href^=javascript], #main b, #main i").count() == 0
    visitor.go(f"jobs/{job.id}")
    log = page.get_by_role("log")
    expect(log).to_contain_text("end")
    expect(log).to_contain_text(HOSTILE)
    shown = log.inner_text()
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    assert page.title() != "title"


def drag(page, name, content):
    data = page.evaluate_handle(
        """([name, bytes]) => { const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name)); return data; }""",
        [name, list(content)],
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("#main", event, {"dataTransfer": data})


def test_no_other_file_than_jobs_is_taken_from_a_drag(site, visit):
    """Each line of a file that is dragged by mistake would be run as a command."""
    page = visit("drop").page
    expect(page.get_by_role("heading", level=1)).to_have_text("Drop folder")
    drag(page, "notes.txt", b"echo never")
    expect(page.get_by_text("notes.txt is no .job file.")).to_be_visible()
    drag(page, "picture.job", b"\x89PNG\r\n\xff\xfe\nrm -rf x")
    expect(page.get_by_text("picture.job is no text.")).to_be_visible()
    drag(page, "wide.job", "echo wide".encode("utf-16"))
    expect(page.get_by_role("region", name="Accepted")).to_contain_text("wide.job")
    assert [job.spec.command for job in site.queue.jobs()] == ["echo wide"]


def test_a_file_is_dragged_onto_the_page(site, visit):
    visitor = visit("drop")
    page = visitor.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Drop folder")
    drag(page, "hello.job", b"echo dragged")
    drag(page, "broken.job", b'{"comand": "x"}')
    until(lambda: [job for job in site.queue.jobs() if job.state is State.COMPLETED], "the dragged job")
    expect(page.get_by_role("region", name="Accepted")).to_contain_text("hello.job")
    rejected = page.get_by_role("region", name="Rejected")
    expect(rejected).to_contain_text("broken.job")
    expect(rejected).to_contain_text("comand")
    rejected.get_by_role("button", name=re.compile("Delete")).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    until(lambda: not list((site.queue.paths.drop / "rejected").iterdir()), "an empty folder")


def test_a_setting_is_changed_and_brought_back(site, visit):
    page = visit("settings").page
    page.get_by_role("button", name="Change max retries").click()
    field = page.get_by_label("max_retries", exact=True)
    field.fill("7")
    field.press("Enter")
    until(lambda: site.queue.settings()["max_retries"] == 7, "the setting")
    page.get_by_role("button", name="Back to the default of max retries").click()
    until(lambda: site.queue.settings()["max_retries"] == 3, "its default")
    expect(page.get_by_role("button", name="Change api enqueue")).to_have_count(0)


def test_a_schedule_is_added_run_and_paused(site, visit):
    page = visit("schedules").page
    page.get_by_role("button", name="New schedule").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("tidy")
    dialog.get_by_label("Command").fill("echo tidy")
    dialog.get_by_label("Minute hour day month weekday").fill("0 3 * * *")
    dialog.get_by_role("button", name="Add schedule").click()
    expect(page.get_by_role("row", name=re.compile("tidy"))).to_be_visible()
    page.get_by_role("button", name="Run tidy now").click()
    until(lambda: [job.state for job in site.queue.jobs()] == [State.COMPLETED], "its run")
    page.get_by_role("button", name="Pause tidy").click()
    until(lambda: site.queue.store.schedule("tidy").paused, "its pause")
    expect(page.get_by_role("button", name="Resume tidy")).to_be_visible()


def test_a_job_is_edited_and_run_again(site, visit):
    job = site.queue.add("exit 3", max_retries=0, env={"SECRET": "do not show me"}, name="first")
    wait_for(site, job.id, State.DEAD)
    visitor = visit(f"jobs/{job.id}")
    page = visitor.page
    expect(page.get_by_text("SECRET").first).to_be_visible()
    assert "do not show me" not in page.content()
    page.get_by_role("button", name="Edit and run again").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Command").fill("exit 0")
    dialog.get_by_role("button", name="Enqueue").click()
    expect(page).to_have_url(re.compile(f"jobs/{job.id + 1}"))
    wait_for(site, job.id + 1, State.COMPLETED)
    assert site.queue.store.get(job.id + 1).spec.env == {"SECRET": "do not show me"}
    assert site.queue.store.get(job.id).spec.command == "exit 3"


def test_what_nobody_changed_in_a_form_stays_as_it_was(site, visit):
    site.queue.pause()
    job = site.queue.add("  echo a\r\necho b\n", tags=("two words", "one"), name="before")
    page = visit(f"jobs/{job.id}").page
    page.get_by_role("button", name="Edit", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("after")
    dialog.get_by_role("button", name="Save").click()
    until(lambda: site.queue.store.get(job.id).spec.name == "after", "its new name")
    spec = site.queue.store.get(job.id).spec
    assert (spec.command, spec.tags) == (job.spec.command, ("two words", "one"))
    page.get_by_role("button", name="Edit the tags").click()
    page.get_by_role("textbox", name="tags").fill("two words, three")
    page.get_by_role("textbox", name="tags").press("Enter")
    until(lambda: site.queue.store.get(job.id).spec.tags == ("two words", "three"), "its new tags")


def test_a_form_says_what_is_wrong_until_that_changes(site, visit):
    page = visit("jobs").page
    page.get_by_role("button", name="New job").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Command").fill("true")
    dialog.get_by_label("Timeout").fill("soon")
    dialog.get_by_role("button", name="Enqueue").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Timeout")
    dialog.get_by_label("Timeout").fill("1m")
    expect(dialog.get_by_role("alert")).to_have_text("")
    expect(dialog.get_by_label("Command")).to_have_value("true")


def test_long_texts_cover_nothing_and_are_not_cut_unseen(site, visit, tmp_path):
    [job] = site.queue.enqueue([waits_for(tmp_path / "gate")])
    wait_for(site, job.id, State.PROCESSING)
    site.queue.store.report_progress(site.queue.store.get(job.id), 0.42, "a long way to go " * 8)
    site.queue.store.ring()
    for viewport in (WIDE, PHONE):
        visitor = visit(viewport=viewport)
        for where in ("", "jobs", "workers", f"jobs/{job.id}"):
            visitor.go(where)
            bar = visitor.page.locator(".progress-of").first
            expect(bar.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "42")
            number = bar.locator(".progress-number").bounding_box()
            text = bar.locator(".note").bounding_box()
            assert number["x"] + number["width"] <= text["x"], where
        line = visitor.page.get_by_role("region", name="As a command").locator("code")
        assert line.evaluate("code => code.scrollWidth <= code.clientWidth")


def test_settings_are_named_as_the_command_line_names_them(site, visit):
    page = visit("settings").page
    expect(page.locator("[data-row=max_retries]")).to_contain_text("max_retries")


def test_lanes_of_hosts_with_one_name_are_told_apart(site, visit, tmp_path):
    other = HostProcess("worker", "start", "--count", "1")
    other.says("started")
    jobs = site.queue.enqueue([waits_for(tmp_path / "gate") for _ in range(3)])
    for job in jobs:
        wait_for(site, job.id, State.PROCESSING)
    lanes = visit().page.locator(".lane:not(.lane-axis) .lane-name")
    expect(lanes).to_have_count(3)
    assert len(set(lanes.all_inner_texts())) == 3
    (tmp_path / "gate").touch()
    site.queue.wait([job.id for job in jobs], PATIENCE)
    other.terminate()


def test_the_keyboard_is_enough(site, visit):
    site.queue.pause()
    site.queue.enqueue([JobSpec(command="true", name=f"job {n}") for n in range(3)])
    visitor = visit()
    page = visitor.page
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("tbody tr").nth(1).get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("job 1")
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Command")).to_be_focused()
    page.keyboard.type("echo typed")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_be_hidden()
    assert site.queue.jobs()[0].spec.command == "echo typed"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_what_changes_disturbs_nobody_who_types_or_selects(site, visit):
    site.queue.pause()
    jobs = site.queue.enqueue([JobSpec(command="true", name=f"job {n}") for n in range(3)])
    page = visit("jobs").page
    page.get_by_role("checkbox", name=f"Select job {jobs[0].id}").check()
    page.get_by_role("searchbox").focus()
    job = site.queue.add("true", name="newcomer")
    expect(page.get_by_role("row", name=re.compile("newcomer"))).to_be_visible()
    expect(page.get_by_role("checkbox", name=f"Select job {jobs[0].id}")).to_be_checked()
    expect(page.get_by_role("checkbox", name=f"Select job {job.id}")).not_to_be_checked()
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_enqueueing_can_be_switched_off(site, visit):
    site.queue.set_setting("api_enqueue", "off")
    job = site.queue.add("exit 3", max_retries=0)
    wait_for(site, job.id, State.DEAD)
    page = visit(f"jobs/{job.id}").page
    button = page.get_by_role("button", name="New job").first
    expect(button).to_have_attribute("aria-disabled", "true")
    refused = site.script.post("/jobs", json={"command": "true"})
    assert refused.status_code == 403
    assert "api_enqueue" in refused.json()["hint"]
    page.get_by_role("button", name="Retry", exact=True).click()  # adds no command
    until(lambda: len(site.queue.attempts(job.id)) == 2, "its second run")


@pytest.mark.parametrize("part", ["app.js", "live.js", "css/base.css"])
def test_a_page_of_which_a_part_did_not_come_is_loaded_anew(visit, part):
    visitor = visit()
    page, missed = visitor.page, []

    def miss(route):
        if missed:
            route.continue_()
        else:
            missed.append(route)

    page.route(f"**/static/{part}", miss)
    with page.expect_request(f"**/static/{part}"):
        page.reload(wait_until="commit")
    visitor.allowed = ("ERR_CONNECTION_RESET",)
    until(lambda: missed or page.wait_for_timeout(10), "the request")
    missed[0].abort("connectionreset")
    expect(page.get_by_text("A part of this page did not come")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.get_by_text("A part of this page did not come")).to_have_count(0)


def test_the_page_comes_back_with_its_host(browser):
    from tests.web.browser import Visitor

    with quick_queue() as queue, hosts_of_the_test() as hosts:
        port = _free_port()
        queue.set_setting("dashboard_port", str(port))
        host = HostProcess("serve")
        hosts.append(host)
        host.says("To stop")
        visitor = Visitor(browser, run_cli("dashboard", "--print-url", check=True).out.strip())
        visitor.allowed = ("Failed to load resource", "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING")
        page = visitor.page
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        host.kill()
        expect(page.get_by_role("alert")).to_contain_text("queuectl is not running on this machine")
        queue.add("echo while it was gone")
        host = HostProcess("serve")
        hosts.append(host)
        host.says("To stop")
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        visitor.go("jobs", "Jobs")
        expect(page.get_by_role("row", name=re.compile("while it was gone"))).to_be_visible()
        run_cli("dashboard", "--new-token", check=True)
        host.terminate()
        host = HostProcess("serve")
        hosts.append(host)
        host.says("To stop")
        visitor.allowed += ("401",)
        expect(page.get_by_role("alert")).to_contain_text("queuectl dashboard")
        visitor.close()
        host.terminate()


def _free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_many_tabs_share_what_a_browser_allows(site, visit):
    """A browser opens six connections to one server; a seventh tab would hang if hidden ones kept theirs."""
    visitor = visit()
    pages = [visitor.page]
    for _ in range(7):
        # Without a window, no tab is ever hidden by another; this is what one learns that is.
        pages[-1].evaluate(
            """() => { Object.defineProperty(document, 'hidden', { get: () => true });
            document.dispatchEvent(new Event('visibilitychange')); }"""
        )
        page = visitor.context.new_page()
        page.goto(f"{visitor.base}#/jobs")
        expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
        pages.append(page)
    job = site.queue.add("true", name="seen by the last")
    pages[-1].bring_to_front()
    expect(pages[-1].get_by_role("row", name=re.compile("seen by the last"))).to_be_visible()
    assert site.queue.wait([job.id], PATIENCE)[0].state is State.COMPLETED


@pytest.mark.posix
def test_a_database_that_goes_away_leaves_the_page_as_it_was_under_a_banner(request, monkeypatch):
    cluster = new_cluster()
    request.addfinalizer(cluster.remove)
    monkeypatch.setenv("QUEUECTL_DB", cluster.url())
    monkeypatch.setenv("QUEUECTL_RUN_QUEUES", "*")
    site = request.getfixturevalue("site")
    site.queue.add("true", name="seen before", queue="paused")
    site.queue.wait([1], PATIENCE)
    page = request.getfixturevalue("visit")().page
    page.get_by_role("link", name="Jobs", exact=True).click()
    row = page.get_by_role("row").filter(has_text="seen before")
    expect(row).to_contain_text("completed")
    cluster.stop()
    banner = page.get_by_role("alert").filter(has_text="The database does not work")
    expect(banner).to_be_visible(timeout=PATIENCE * 1000)
    expect(banner).to_contain_text("cannot be reached")
    expect(banner).to_contain_text("postgresql://")  # an address gets no capital
    expect(row).to_contain_text("completed")
    cluster.start()
    expect(banner).to_be_hidden(timeout=PATIENCE * 1000)
    site.queue.add("true", name="seen later")
    expect(page.get_by_role("row").filter(has_text="seen later")).to_contain_text("completed")
