"""A command starts fast: it imports only what it needs."""

import subprocess
import sys

import pytest

HEAVY = {
    "apsw", "asyncio", "difflib", "logging", "platformdirs", "psutil", "queuectl.queue", "random", "shutil", "socket",
    "subprocess", "tempfile", "tomllib", "unicodedata", "watchdog",
}  # fmt: skip
"""Each of these costs some hundredths of what an enqueue should take in all."""


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["--version"], set()),
        (["--help"], {"shutil"}),  # click's, for the width of the terminal
        (["enqueue", "true"], {"apsw", "queuectl.queue"}),
        (["enqueue", "--", "true", "--priority", "5"], {"apsw", "queuectl.queue"}),
        (["list"], {"apsw", "queuectl.queue"}),
        (["status"], {"apsw", "queuectl.queue"}),
    ],
)
def test_a_command_imports_only_what_it_needs(words, needed):
    code = f"import sys; from queuectl.cli.main import run; run({words}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = HEAVY & set(done.stderr.split())
    if sys.platform == "win32" and "apsw" in needed:
        found -= {"socket", "subprocess"}  # how the platform module asks Windows for its name
    assert found == needed
