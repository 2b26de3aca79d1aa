"""Which characters programs of this system write that do not write UTF-8."""

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
