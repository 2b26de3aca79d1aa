"""A table on a terminal, tab-separated lines in a pipe, JSON when asked, and nothing where nobody reads."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from queuectl.cli.output import cut
from queuectl.model.job import JobSpec
from queuectl.queue import Queue
from tests.hosts import CLI, HostProcess, run_cli
from tests.support import PATIENCE

LONG = "x" * 300
EVIL = "evil\x1b[31m\x07\x9b\u202ename"
ON_A_TERMINAL = [["list"], ["dlq", "list"], ["show", "1"], ["status"], ["config", "get"], ["doctor"]]
WITH_JSON = [
    (["list"], list),
    (["dlq", "list"], list),
    (["show", "1"], dict),
    (["status"], dict),
    (["wait", "1"], list),
    (["config", "get"], list),
    (["config", "get", "workers"], dict),
    (["enqueue", "echo hi"], dict),
    (["drop-folder"], dict),
    (["doctor"], list),
]


@pytest.fixture(scope="session")
def home_with_several(tmp_path_factory):
    """Make a home with one job of each kind that a table can have trouble with; the first one is dead."""
    home = tmp_path_factory.mktemp("several") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUEUECTL_HOME", str(home))
        with Queue.open() as queue:
            queue.add("exit 1", max_retries=0)
            host = HostProcess("worker", "-l", "1")
            assert host.ends() == 0
            queue.add(f"echo {LONG}", queue="a queue with a long name")
            queue.cancel(queue.add("echo hi", name=EVIL).id)
            queue.add("echo 日本語" * 40)
            queue.add("two\nlines\tand a tab", run_at=datetime.now(UTC) + timedelta(days=1))
    return home


@pytest.fixture
def several(home_with_several, tmp_path):
    """Give the test several jobs of its own."""
    shutil.copytree(home_with_several, tmp_path / "home")


with_several = pytest.mark.usefixtures("several")


@with_several
@pytest.mark.parametrize(("words", "kind"), WITH_JSON, ids=lambda value: " ".join(value) if type(value) is list else "")
def test_json_is_one_document_of_the_right_kind(here, words, kind):
    done = here(*words, "--json")
    assert isinstance(done.json(), kind)
    assert done.err == "" or words[0] == "wait"


@pytest.mark.parametrize("words", [["list"], ["dlq", "list"]])
def test_an_empty_list_is_empty_for_programs(here, words):
    assert here(*words).out == ""
    assert here(*words, "--json").out == "[]\n"


@with_several
def test_json_keeps_every_character(here):
    by_id = {job["id"]: job for job in here("list", "--json").json()}
    assert by_id[3]["name"] == EVIL
    assert by_id[5]["command"] == "two\nlines\tand a tab"


@with_several
def test_json_is_ascii_where_the_pipe_is_not_utf8():
    done = run_cli("show", "4", "--json", env={"PYTHONIOENCODING": "latin-1"}, check=True)
    assert done.stdout.isascii()
    assert "日本語" in json.loads(done.stdout)["command"]


@with_several
def test_a_pipe_that_is_not_utf8_loses_no_line():
    done = run_cli("list", env={"PYTHONIOENCODING": "cp1252"}, check=True)
    assert len(done.out.splitlines()) == 5
    assert "\\u65e5" in done.out


@with_several
def test_a_pipe_gets_a_line_a_row_with_tabs_between_the_cells(here):
    rows = [line.split("\t") for line in here("list").out.split("\n")[:-1]]
    assert [row[0] for row in rows] == ["5", "4", "3", "2", "1"]
    assert {len(row) for row in rows} == {7}
    assert rows[0][6] == "two lines and a tab"
    assert rows[3][6] == f"echo {LONG}"
    assert {len(line.split("\t")) for line in here("config", "get").out.splitlines()} == {5}
    assert {len(line.split("\t")) for line in here("doctor").out.splitlines()} == {4}


@with_several
@pytest.mark.parametrize("words", [*ON_A_TERMINAL, ["logs", "1"], ["wait", "3"]])
def test_no_control_character_and_no_colour_reaches_a_pipe(here, words):
    done = here(*words)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", done.out + done.err)


# on a terminal


@with_several
@pytest.mark.posix
@pytest.mark.parametrize("columns", [80, 120])
def test_what_a_terminal_shows_fits_on_it(columns):
    from tests.cli.terminal import shown

    for words in ON_A_TERMINAL[:-1]:  # doctor has paths, which are not cut
        text = shown(*words, columns=columns)
        lines = text.splitlines()
        own = [line for line in lines if "/" not in line]
        assert max(map(len, own)) <= columns, text
    assert f"echo {LONG[:10]}" in shown("list", columns=columns)


@with_several
@pytest.mark.posix
def test_a_list_on_a_terminal_is_a_table_with_ages():
    from tests.cli.terminal import shown

    heading, *rows = shown("list").splitlines()
    assert heading.split() == ["ID", "STATE", "TRY", "QUEUE", "AGE", "COMMAND", "NOTE"]
    assert [row.split()[0] for row in rows] == ["5", "4", "3", "2", "1"]
    age = heading.index("AGE")
    assert all(re.match(r"\d+[sm] ", row[age:]) for row in rows[-2:])
    assert rows[-1].endswith("exit code 1")
    assert "…" in rows[3]
    assert shown("list", "-s", "processing") == "No jobs.\n"
    assert shown("dlq", "list", "-n", "1").count("\n") == 2
    run_cli("dlq", "purge", "--yes", check=True)
    assert shown("dlq", "list") == "The dead letter queue is empty.\n"


@with_several
@pytest.mark.posix
def test_colours_are_for_terminals_without_no_color():
    from tests.cli.terminal import shown

    assert "\x1b[31mdead" in shown("list", colours=True)
    assert "\x1b" not in shown("list", colours=True, NO_COLOR="1")
    assert "\x1b[31m" in shown("list", colours=True, NO_COLOR="")
    assert "\x1b[31m" in shown("show", "99", code=3, colours=True)
    assert "\x1b" not in shown("show", "99", code=3, colours=True, NO_COLOR="1")


@pytest.mark.posix
def test_only_states_are_coloured_as_states(jobs):
    from tests.cli.terminal import shown

    jobs.add("echo hi", queue="dead")
    assert shown("list", colours=True).count("\x1b[31m") == 0


@with_several
@pytest.mark.posix
def test_no_name_reaches_a_terminal_raw():
    from tests.cli.terminal import shown

    for words in (
        ["list"],
        ["show", "3"],
        ["cancel", "2", "--reason", EVIL],
        ["show", "2"],
        ["pause", "-q", EVIL],
        ["status"],
    ):
        text = shown(*words)
        assert not re.search("[\x1b\x07\x9b\u202e]", text)
    assert "evil\ufffd[31m" in shown("show", "3")


@pytest.mark.posix
def test_enqueue_tells_a_person_what_happened():
    from tests.cli.terminal import shown

    text = shown("enqueue", "echo hi")
    assert text.startswith("Added job 1.\n")
    assert "queuectl serve" in text


@pytest.mark.posix
def test_a_setting_is_shown_with_its_meaning_on_a_line_of_its_own():
    from tests.cli.terminal import shown

    text = shown("config", "get", QUEUECTL_MAX_RETRIES="7")
    assert "max_retries = 7  (0 to 1000000, from environment)\n    Retries after the first run" in text
    assert "shell = (empty)  (any text)\n" in text


@pytest.mark.posix
def test_show_keeps_the_lines_of_a_script_and_tells_runs_and_history(jobs):
    from tests.cli.terminal import shown

    jobs.add("echo one\necho two")
    host = HostProcess("worker", "-l", "1")
    assert host.ends() == 0
    text = shown("show", "1")
    assert "Command     echo one\n            echo two\n" in text
    assert "\nRuns\nNO  STARTED" in text
    assert "\nEnd of its output\n  one\n  two\n" in text
    assert "\nHistory\nTIME" in text


@pytest.mark.posix
def test_watching_shows_the_queue_anew_until_ctrl_c(jobs):
    from tests.cli.terminal import Terminal

    terminal = Terminal(*CLI, "status", "--watch")
    try:
        terminal.shows("0 pending")
        jobs.add("echo hi")
        terminal.shows("1 pending")
        terminal.keys("\x03")
        assert terminal.ends() == 130
        assert "Traceback" not in terminal.text
        assert "rror" not in terminal.text
    finally:
        terminal.close()


@pytest.mark.posix
def test_serve_tells_where_everything_is_and_stops_on_ctrl_c(jobs, tmp_path):
    from tests.cli.terminal import Terminal

    terminal = Terminal(*CLI, "serve")
    try:
        terminal.shows("To stop")
        jobs.add(f"echo {LONG}", name=EVIL + LONG[:150])
        terminal.shows("job 1 .*completed")
        (tmp_path / "home" / "drop" / f"{LONG[:100]}.job").write_text('{"x": 1}')
        terminal.shows("drop x+.*rejected")
        terminal.keys("\x03")
        assert terminal.ends() == 0
        lines = terminal.text.splitlines()
        assert f"  Drop folder  {tmp_path}/home/drop" in lines
        assert all(len(line) <= 80 for line in lines if "job 1" in line)
        assert sum("rejected" in line for line in lines) == 1
        assert "\x07" not in terminal.text
    finally:
        terminal.close()


def test_wide_characters_count_double():
    assert cut("日本語", 6) == "日本語"
    assert cut("日本語", 5) == "日本…"
    assert cut("日本語", 4) == "日…"
    assert cut("abcdef", 4) == "abc…"


# where nobody reads


@pytest.mark.posix
@pytest.mark.parametrize("words", [["list", "-n", "1000"], ["config", "get"], ["list", "--json"], ["--help"]])
def test_a_reader_that_leaves_early_is_no_error(words):
    with Queue.open() as queue:
        queue.enqueue([JobSpec(command=f"echo {LONG}")] * 500)
    process = subprocess.Popen([*CLI, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(PATIENCE) == (1 if words == ["--help"] and process.returncode else 0)


@pytest.mark.posix
def test_nobody_who_reads_an_error_leaves_its_exit_code():
    script = f'"{sys.executable}" -m queuectl "$@" 2>&1 >/dev/null | true; exit ${{PIPESTATUS[0]}}'
    for words, code in ((["show", "99"], 3), (["list", "-s", "none"], 2)):
        from tests.conftest import need

        done = subprocess.run([need("bash"), "-c", script, "-", *words], timeout=PATIENCE, check=False)
        assert done.returncode == code


@with_several
@pytest.mark.posix
def test_an_output_that_cannot_be_written_is_an_error_with_its_reason():
    with Path("/dev/full").open("w") as full:
        for words in (["list"], ["show", "1", "--json"], ["--help"]):
            done = subprocess.run([*CLI, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            assert done.returncode == 1
            assert done.stderr == "error: the output cannot be written: No space left on device\n"


@with_several
@pytest.mark.posix
def test_closed_streams_are_no_error():
    for words in (["list"], ["enqueue", "echo hi"], ["status"], ["doctor", "--json"]):
        script = f'exec "{sys.executable}" -m queuectl "$@" <&- >&- 2>&-'
        done = subprocess.run(["/bin/sh", "-c", script, "-", *words], timeout=PATIENCE, check=False)
        assert done.returncode == 0
    with Queue.open() as queue:
        assert queue.find(6).spec.command == "echo hi"
