"""What is opened, and by which of this desktop's programs; they are scripts here that note what they were told."""

import sys

import pytest

from queuectl.platform import opener
from tests.hosts import until

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="these have one way to open a terminal")


@pytest.mark.parametrize(
    ("name", "option"), [("gnome-terminal", "--"), ("xfce4-terminal", "-x"), ("kitty", "/bin/sh"), ("another", "-e")]
)
def test_the_terminal_of_choice_is_told_the_program_in_its_own_way(tmp_path, monkeypatch, name, option):
    note = tmp_path / "note"
    script = tmp_path / name
    script.write_text(f'#!/bin/sh\necho "$1" > {note}.new; /bin/mv {note}.new {note}\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TERMINAL", name)
    opener.open_terminal(["queuectl", "status"])
    until(note.exists, "the terminal")
    assert note.read_text().strip() == option
