"""Read what programs of this system write: UTF-8, or what its console has in place of it."""

import sys
from functools import cache


@cache
def console_codec() -> str | None:
    """Return the codec of what cmd.exe and its like write; None where everything writes UTF-8.

    The registry tells, for this program's manifest asks for UTF-8, and then GetOEMCP answers that.
    """
    if sys.platform != "win32":
        return None
    import codecs
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\Nls\CodePage") as key:
            return codecs.lookup(f"cp{winreg.QueryValueEx(key, 'OEMCP')[0]}").name
    except (OSError, LookupError):
        return None


def decode(data: bytes) -> str:
    """Read a job's output as text, whatever it is; never a NUL.

    A line is UTF-8, else in the characters of Windows' console, which cmd.exe and its like write, else it gets
    replacement characters. One log can hold both.
    """
    codec = console_codec()
    lines = data.splitlines(keepends=True) if codec else [data]
    return "".join(_decode_line(line, codec) for line in lines).replace("\0", "\ufffd")


def _decode_line(line: bytes, codec: str | None) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        within_a_character = error.reason == "unexpected end of data"
        return line.decode("utf-8" if codec is None or within_a_character else codec, errors="replace")
