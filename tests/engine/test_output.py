"""How a job's output becomes text."""

import os
import subprocess
import sys

import pytest

from queuectl.engine import output
from queuectl.platform import code_page


@pytest.fixture
def console(monkeypatch):
    """Let this be a Windows of Western Europe."""
    monkeypatch.setattr(code_page, "console_codec", lambda: "cp850")


@pytest.fixture
def tail(tmp_path):
    """Return a function that writes a log and reads its last bytes."""

    def read(data, limit):
        descriptor = output.open_log(tmp_path / "logs" / "1.log")
        os.write(descriptor, data)
        try:
            return output.read_tail(descriptor, limit)
        finally:
            os.close(descriptor)

    return read


@pytest.mark.parametrize("data", ["Gr\u00fc\u00dfe\r\n\u4f60\u597d".encode(), b"plain\n", b""])
def test_utf_8_is_read_as_such_on_every_system(data, console):
    assert output.decode(data) == data.decode()


def test_what_cmd_writes_is_read_and_what_others_write_beside_it(console):
    data = "Gr\u00fc\u00dfe von cmd\r\n".encode("cp850") + "Gr\u00fc\u00dfe von Python\n".encode()
    assert output.decode(data) == "Gr\u00fc\u00dfe von cmd\r\nGr\u00fc\u00dfe von Python\n"


def test_a_character_that_is_still_being_written_makes_no_other_of_the_line(console):
    assert output.decode("Gr\u00fc\u00dfe".encode()[:-2]) == "Gr\u00fc\ufffd"


def test_elsewhere_what_is_not_utf_8_is_replaced(monkeypatch):
    monkeypatch.setattr(code_page, "console_codec", lambda: None)
    assert output.decode("Gr\u00fc\u00dfe\0".encode("cp850")) == "Gr\ufffd\ufffde\ufffd"


@pytest.mark.parametrize("limit", range(1, 9))
def test_a_tail_begins_with_a_whole_character(tail, limit, console):
    text, size = tail("\u4f60\u597d!\n".encode(), limit)
    assert (text, size) == ("\u4f60\u597d!\n".encode()[-limit:].decode(errors="ignore"), 8)


@pytest.mark.skipif(sys.platform != "win32", reason="cmd is Windows's")
@pytest.mark.wine("its registry names another code page than its cmd writes")
def test_what_the_cmd_of_this_machine_writes_is_read():
    written = subprocess.run(["cmd", "/d", "/c", "echo \u00fc"], capture_output=True, check=True).stdout
    assert output.decode(written).strip() == "\u00fc"
