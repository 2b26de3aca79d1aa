"""Write THIRD_PARTY_LICENSES: whose work the executables contain, under which terms, and how to change it."""

import sys
import textwrap
from collections.abc import Iterable

from bundled import Part

HEAD = """\
queuectl is under the MIT licence, see LICENSE. Its executables contain the work of others, which is listed here with
the terms it comes under. This file is made from exactly what was put into them.
"""
NOTES = {
    "Microsoft C runtime": "Files that Microsoft allows to be distributed with programs its compiler has built.",
    "macOS libraries": "Libraries of the system that this was built on.",
    "SQLite": "SQLite is in the public domain: its authors disclaim copyright, and give a blessing instead.",
    "PyInstaller bootloader": (
        "The small program that unpacks and starts the executable. Its licence has an exception that allows to "
        "distribute what it starts under any terms."
    ),
    "pystray": (
        "pystray is under the LGPL, version 3. It is used unchanged. To use a changed one: get the sources of queuectl "
        "of this version, install the changed pystray into the environment that packaging/build.py makes "
        "(build/dist-venv), and build again with 'make dist', or 'make dist-windows'. In the folder form of the "
        "program its modules are in the executable's own archive, which is why the way leads through a new build; "
        "everything that it takes is in the sources."
    ),
    "psycopg": (
        "psycopg is under the LGPL, version 3. It is used unchanged. To use a changed one: get the sources of queuectl "
        "of this version, install the changed psycopg into the environment that packaging/build.py makes "
        "(build/dist-venv), and build again with 'make dist'."
    ),
}
RULE = "=" * 100


def text(parts: Iterable[Part]) -> str:
    """Return the whole file.

    Raises:
        LookupError: a licence that asks for its words to be given has none here.
    """
    parts = list(parts)
    lines = [HEAD]
    lines += [f"  {part.name:<28} {part.version:<20} {part.licence or 'see below'}" for part in parts]
    for part in parts:
        lines += ["", RULE, f"{part.name} {part.version}", part.homepage, ""]
        if part.name in NOTES:
            lines += [textwrap.fill(NOTES[part.name], 100), ""]
        if part.full_text:
            lines += [part.full_text]
        elif part.name not in NOTES:
            raise LookupError(f"{part.name} has no text of its licence; packaging/licences.py has to say where it is")
    return "\n".join(lines) + f"\n{RULE}\nBuilt with Python {sys.version.split()[0]} on {sys.platform}.\n"
