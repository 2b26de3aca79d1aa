"""A job as a command: typed into a shell, it enqueues the same job again."""

import shutil
import subprocess
import sys

import pytest

from queuectl.model.fields import as_fields
from queuectl.model.job import BackoffKind, DeadParent, JobSpec, ProgressMode
from queuectl.queue import Queue
from queuectl.web.commandline import for_powershell, for_sh
from tests.support import PATIENCE

FULL = JobSpec(
    command="echo \"a b\" 'c' $HOME `date` %PATH% \\ \u2019; rm -rf /\nsecond line", name="it's", queue="-video",
    priority=-5, slots=3, mutex="gpu 1", nice=5, timeout=5400, kill_after=0.25, max_retries=0,
    backoff=BackoffKind.LINEAR,
    backoff_base=2.5, backoff_cap=123_456.789, jitter=0.5, dead_on=(2, 64), ok_on=(3,), progress=ProgressMode.AUTO,
    on_success="echo 'done'", on_failure="-x", on_dead='mail "me"', tags=("-a", "b c"), note="--", cwd="/tmp",
    shell="bash", dead_parent=DeadParent.WAIT,
)  # fmt: skip
SPECS = [
    FULL,
    JobSpec(argv=("prog", "-x", "--", "", "it's", "*", "$A", "a b", "-c"), cwd="/tmp"),
    JobSpec(command="-x", cwd="/tmp"),
    JobSpec(command='{"command": "not JSON but a group"; }', cwd="/tmp"),
    JobSpec(command="--", cwd="/tmp"),
    JobSpec(command="-", cwd="/tmp"),
    JobSpec(command="--help", cwd="/tmp"),
]


@pytest.mark.posix
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: (spec.command or spec.argv[0])[:10])
def test_the_line_for_sh_makes_the_same_job(spec):
    with Queue.open() as queue:
        parent = queue.add("true")
        after = {"after": (parent.id,)} if spec is FULL else {}
        job = queue.enqueue([JobSpec(**{name: getattr(spec, name) for name in JobSpec.__dataclass_fields__} | after)])[
            0
        ]
        line = for_sh(job.spec)
        script = f'queuectl() {{ "{sys.executable}" -m queuectl "$@"; }}\n{line}'
        done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr.decode()
        again = queue.store.get(int(done.stdout))
        assert as_fields(again.spec) == as_fields(job.spec)


def test_no_value_of_a_variable_and_no_key_is_in_a_line():
    spec = JobSpec(command="a", env={"TOKEN": "swordfish", "B": ""}, key="k1")
    for line in (for_sh(spec), for_powershell(spec)):
        assert "swordfish" not in line
        assert "TOKEN=..." in line
        assert "k1" not in line


def read_powershell(line):
    """Read a line as PowerShell does: words of plain characters, or in single quotes of any of five kinds."""
    words, place = [], 0
    quotes = "'\u2018\u2019\u201a\u201b"
    while place < len(line):
        if line[place] == " ":
            place += 1
            continue
        word = ""
        if line[place] in quotes:
            place += 1
            while True:
                if line[place] in quotes:
                    if line[place + 1 : place + 2] in tuple(quotes):
                        word += line[place]
                        place += 2
                        continue
                    place += 1
                    break
                word += line[place]
                place += 1
        else:
            while place < len(line) and line[place] != " ":
                assert line[place].isascii()
                assert line[place].isalnum() or line[place] in "_./:=+-"
                word += line[place]
                place += 1
        words.append(word)
    return words


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: (spec.command or spec.argv[0])[:10])
def test_the_line_for_powershell_has_the_same_words(spec):
    import shlex

    assert read_powershell(for_powershell(spec)) == shlex.split(for_sh(spec))


@pytest.mark.skipif(shutil.which("pwsh") is None, reason="needs PowerShell")
def test_powershell_itself_reads_the_words(tmp_path):
    script = tmp_path / "x.ps1"
    show = "import json,sys; print(json.dumps(sys.argv[1:]))"
    script.write_text(
        f"function queuectl {{ & '{sys.executable}' -c '{show}' @args }}\n{for_powershell(FULL)}\n", "utf-8"
    )
    done = subprocess.run(["pwsh", "-NoProfile", "-File", script], capture_output=True, timeout=PATIENCE, check=True)
    import json
    import shlex

    assert json.loads(done.stdout) == shlex.split(for_sh(FULL))[1:]
