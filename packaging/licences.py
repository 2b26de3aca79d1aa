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
    "psycopg-binary": (
        "It brings these libraries along, unchanged: libpq (PostgreSQL Licence; Portions Copyright (c) 1996-2026, "
        "PostgreSQL Global Development Group; Portions Copyright (c) 1994, The Regents of the University of "
        "California), OpenSSL (Apache License 2.0, whose words stand under watchdog; Copyright The OpenSSL Project "
        "Authors) and, where that system's libpq wants them, MIT Kerberos (MIT; Copyright 1985-2026 by the "
        "Massachusetts Institute of Technology), OpenLDAP (OpenLDAP Public License 2.8; Copyright 1998-2026 The "
        "OpenLDAP Foundation), Cyrus SASL (BSD with attribution: this product includes software developed by "
        "Computing Services at Carnegie Mellon University), libxcrypt and keyutils (LGPL, version 2.1 or later). They "
        "are libraries of their own, to be replaced in the folder form of the program, or by a new build as for "
        "psycopg."
    ),
}
LIBPQ = """\
libpq comes under these terms:

Permission to use, copy, modify, and distribute this software and its documentation for any purpose, without fee, and
without a written agreement is hereby granted, provided that the above copyright notice and this paragraph and the
following two paragraphs appear in all copies.

IN NO EVENT SHALL THE UNIVERSITY OF CALIFORNIA BE LIABLE TO ANY PARTY FOR DIRECT, INDIRECT, SPECIAL, INCIDENTAL, OR
CONSEQUENTIAL DAMAGES, INCLUDING LOST PROFITS, ARISING OUT OF THE USE OF THIS SOFTWARE AND ITS DOCUMENTATION, EVEN IF
THE UNIVERSITY OF CALIFORNIA HAS BEEN ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.

THE UNIVERSITY OF CALIFORNIA SPECIFICALLY DISCLAIMS ANY WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE. THE SOFTWARE PROVIDED HEREUNDER IS ON AN "AS IS"
BASIS, AND THE UNIVERSITY OF CALIFORNIA HAS NO OBLIGATIONS TO PROVIDE MAINTENANCE, SUPPORT, UPDATES, ENHANCEMENTS, OR
MODIFICATIONS.
"""
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
        if part.name == "psycopg-binary":
            lines += [LIBPQ]
        if part.full_text:
            lines += [part.full_text]
        elif part.name not in NOTES:
            raise LookupError(f"{part.name} has no text of its licence; packaging/licences.py has to say where it is")
    return "\n".join(lines) + f"\n{RULE}\nBuilt with Python {sys.version.split()[0]} on {sys.platform}.\n"
