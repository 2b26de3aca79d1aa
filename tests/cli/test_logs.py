"""What ``logs`` writes: the bytes as they are, but to Windows' console what it can show."""

import io

import pytest

from queuectl.cli import logs
from queuectl.platform import code_page

FROM_CMD = "Gr\u00fc\u00dfe\r\n".encode("cp850")


@pytest.mark.parametrize(("terminal", "shown"), [(True, "Gr\u00fc\u00dfe\r\n".encode()), (False, FROM_CMD)])
def test_what_cmd_wrote_can_be_read_on_the_console(terminal, shown, monkeypatch, capsysbinary):
    monkeypatch.setattr(logs, "on_terminal", lambda: terminal)
    for module in (logs, code_page):
        monkeypatch.setattr(module, "console_codec", lambda: "cp850")
    logs._print(io.BytesIO(FROM_CMD), 0)
    assert capsysbinary.readouterr().out == shown
