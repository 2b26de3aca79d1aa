"""Run the tests with Windows' CPython, within with-wine: in groups, two at a time, and sum up what came of them.

usage: run_tests.py PYTHON [WORDS FOR PYTEST...]. Each group is a process of its own, for pytest ends a process in
which a test hangs; then the others still tell theirs. What fails is shown in full, what passes in one line.
"""

import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

LEFT_OUT = {
    "packaging": "smoke-windows tries the executables",
    "tray": "it is the Linux desktop's; smoke-windows tries that of Windows",
    "test_docs_schedules.py": "the pages and their examples are the same on every system",
    "test_readme.py": "the same",
    "test_house.py": "so are the sources",
}
"""Folders and files of tests that are not run, and why."""
CHOSEN = {
    "features": (
        "test_exit_codes_that_are_fine",
        "test_hooks_of_a_job_tell",
        "test_a_hook_that_fails_or_hangs",
        "test_a_queue_s_limit_holds_across_hosts",
        "test_a_drain_runs_what_is_queued",
        "test_edit_by_options_and_in_an_editor",
        "test_an_export_holds_what_other_programs",
        "test_a_file_holds_a_whole_graph",
        "test_a_job_reports_by_file_and_by_command",
        "test_percentages_in_the_output",
    )
}
"""Of these folders, the tests that are run: those to which a process, the shell, an editor or a file matters. Each
starts many processes, which take long here; the rest goes through the same code, and all of them run on Windows."""
FILES = {"web": ("test_guard.py", "test_keys.py", "test_live.py")}
"""Of these folders, the files that are run: there is no browser, and the answers are the same on every system."""
LONGEST_FIRST = ("cli", "features", "engine", "store", "dropfolder", "platform", "model")
AT_ONCE = 2
SECONDS_A_GROUP = 400
FEW = 3
"""So many failed tests of a group are tried again, and told of: Wine's CreateProcess says "Internal error" at times."""
NOTHING_CHOSEN = 5


def main() -> None:
    """Run all groups; the exit code tells whether all of them passed."""
    python, *words = sys.argv[1:]
    tests = Path("tests")
    found = {folder.name for folder in tests.iterdir() if any(folder.glob("test_*.py"))} - set(LEFT_OUT)
    others = [file for file in sorted(tests.glob("test_*.py")) if file.name not in LEFT_OUT]
    names = [name for name in LONGEST_FIRST if name in found] + sorted(found - set(LONGEST_FIRST))
    groups = {name: [tests / name / file for file in FILES.get(name, ("",))] for name in names} | {"others": others}
    waiting = queue.SimpleQueue[str]()
    for name in groups:
        waiting.put(name)
    began = time.monotonic()
    total = Counter[str]()
    with tempfile.TemporaryDirectory() as scratch:

        def work() -> None:
            while True:
                try:
                    name = waiting.get_nowait()
                except queue.Empty:
                    return
                total.update(
                    run_group(name, [python, *pytest(groups[name], name, Path(scratch)), *words], Path(scratch))
                )

        threads = [threading.Thread(target=work, name=f"lane-{number}") for number in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    left_out = [*LEFT_OUT, *(f"most of {name}" for name in (*CHOSEN, *FILES))]
    print(f"Left out, see packaging/windows/run_tests.py for the reasons: {', '.join(left_out)}.")
    lost = f", {total['lost']} groups without a result" if total["lost"] else ""
    second = f", {total['second']} of the passed at the second try" if total["second"] else ""
    print(
        f"Under Wine: {total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped{second}{lost}"
        f" in {time.monotonic() - began:.0f} s."
    )
    sys.exit(0 if total["passed"] and not total["failed"] and not total["lost"] else 1)


def environment() -> dict[str, str]:
    """Return what Windows' Python is told: to keep what it compiles, not beside the sources, as it starts often."""
    here = "Z:" + str(Path.cwd()).replace("/", "\\")
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return usual | {"PYTHONPATH": here, "PYTHONPYCACHEPREFIX": here + r"\build\windows\pycache"}


def pytest(files: list[Path], name: str, scratch: Path) -> list[str | Path]:
    """Return what is handed to Python."""
    own = scratch / name  # the beginning of the names of its files
    chosen = ["-k", " or ".join(CHOSEN[name])] if name in CHOSEN else []
    plain = ["-q", "--tb", "short", "--durations", "5", "--timeout", "180", "-p", "no:xdist", *chosen]
    return [
        "-m",
        "pytest",
        *files,
        "--junit-xml",
        f"{own}.xml",
        "--basetemp",
        f"{own}.tmp",
        "-o",
        f"cache_dir={own}.cache",
        *plain,
    ]


def run_group(name: str, command: list[str | Path], scratch: Path) -> Counter[str]:
    """Run one group, tell of it, and return how many tests passed, failed and were skipped."""
    began = time.monotonic()
    found = run_once(name, command, scratch)
    if 0 < found["failed"] <= FEW and not found["lost"]:
        elsewhere = ["--basetemp", scratch / f"{name}.again"]  # what failed may still hold files where it was
        again = run_once(f"{name}, those that failed again", [*command, *elsewhere, "--last-failed"], scratch, name)
        if again["passed"] + again["failed"] == found["failed"]:
            found += Counter(passed=again["passed"], second=again["passed"])
            found["failed"] = again["failed"]
    second = f" ({found['second']} at the second try)" if found["second"] else ""
    told = ", ".join(f"{found[kind]} {kind}" for kind in ("passed", "failed", "skipped"))
    lost = ", and came to no proper end" if found["lost"] else ""
    print(f"{name}: {told}{second}{lost} in {time.monotonic() - began:.0f} s", flush=True)
    return found


def run_once(title: str, command: list[str | Path], scratch: Path, name: str = "") -> Counter[str]:
    """Run a process of tests, show what it wrote if not all is well, and return what was counted."""
    result = scratch / f"{name or title}.xml"
    result.unlink(missing_ok=True)
    output = bytearray()
    # A pipe, for Wine 8 cannot have a regular file as a standard stream; what tests leave behind may hold it open.
    process = subprocess.Popen(
        [os.environ["WINE"], *command],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    stream = process.stdout
    assert stream is not None  # noqa: S101 - tells mypy what PIPE means

    def read() -> None:
        for line in stream:
            output.extend(line)

    reader = threading.Thread(target=read, name=title, daemon=True)
    reader.start()
    try:
        code = process.wait(SECONDS_A_GROUP)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
        output.extend(f"Stopped after {SECONDS_A_GROUP} s.\n".encode())
    reader.join(2)
    found = read_result(result)
    if not found or (code not in {0, NOTHING_CHOSEN} and not found["failed"]):
        found["lost"] = 1
    if found["failed"] or found["lost"]:
        print(f"\n=== {title}\n{output.decode('utf-8', 'replace')}", end="", flush=True)
    return found


def read_result(file: Path) -> Counter[str]:
    """Count what pytest wrote; nothing where it did not come to its end."""
    if not file.exists():
        return Counter()
    suite = ET.parse(file).getroot().find("testsuite")  # noqa: S314 - our own pytest wrote it
    if suite is None:
        return Counter()
    tests, skipped, failed, errors = (int(suite.get(key, 0)) for key in ("tests", "skipped", "failures", "errors"))
    return Counter(passed=tests - skipped - failed - errors, failed=failed + errors, skipped=skipped)


if __name__ == "__main__":
    main()
