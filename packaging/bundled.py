"""Find out what the executables are made of: from the files that PyInstaller took to the projects they belong to."""

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Part:
    """One project that something in the executables comes from."""

    name: str
    version: str
    kind: str
    """``python`` for a package of the Python package index, ``system`` for a library of the system it was built on,
    ``core`` for the interpreter and what belongs to it."""
    licence: str
    homepage: str = ""
    texts: tuple[Path, ...] = ()
    """The files with its licence."""

    @cached_property
    def full_text(self) -> str:
        """Return the licence's words."""
        return "\n\n".join(path.read_text("utf-8", "replace").strip() for path in self.texts)


def parts(sources: Path) -> list[Part]:
    """Return what the files that are listed in ``sources`` belong to, in order of their names.

    Raises:
        LookupError: nobody knows where one of them comes from, or under which licence.
    """
    listed = {Path(file) for group in json.loads(sources.read_text("utf-8")).values() for file in group}
    owners = dict(_owners())
    found: dict[str, Part] = {}
    own = (ROOT / "queuectl", ROOT / "packaging", sources.parent)
    for file in sorted(file for file in listed if file.is_absolute()):  # the others are links to these
        real = file.resolve()
        if any(real.is_relative_to(folder) for folder in own):
            continue
        distribution = owners.get(real)
        if distribution is not None:
            part = _of_distribution(distribution)
        elif _is_pythons(real):
            continue  # it is always there
        else:
            part = _of_system(real)
        found.setdefault(part.name, part)
    for part in _core():
        found[part.name] = part
    for part in found.values():
        if not part.full_text and not part.licence:
            raise LookupError(f"the licence of {part.name} was not found")
    return sorted(found.values(), key=lambda part: part.name.lower())


def _is_pythons(file: Path) -> bool:
    prefix = Path(sys.base_prefix).resolve()
    of_its_own = prefix not in {Path("/usr"), Path("/usr/local")} and file.is_relative_to(prefix)
    library = Path(sysconfig.get_path("stdlib")).resolve()
    return of_its_own or file.is_relative_to(library) or file.name.startswith(("libpython", "python3"))


def _owners() -> Iterator[tuple[Path, metadata.Distribution]]:
    for distribution in metadata.distributions():
        for file in distribution.files or ():
            yield Path(str(distribution.locate_file(file))).resolve(), distribution


def _of_distribution(distribution: metadata.Distribution) -> Part:
    about = distribution.metadata
    texts = [
        Path(str(distribution.locate_file(file)))
        for file in distribution.files or ()
        if ".dist-info" in str(file)
        and file.name.upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS", "COPYRIGHT"))
    ]
    classifiers = [text.rpartition("::")[2].strip() for text in about.get_all("Classifier") or () if "License" in text]
    licence = _first(about, "License-Expression") or ", ".join(classifiers) or _first(about, "License")
    pages = dict(page.split(", ", 1) for page in about.get_all("Project-URL") or ())
    page = _first(about, "Home-page") or next(iter(pages.values()), "")
    return Part(
        name=about["Name"], version=distribution.version, kind="python", licence=licence, homepage=page,
        texts=tuple(sorted(texts)),
    )  # fmt: skip


def _first(about: metadata.PackageMetadata, field: str) -> str:
    """Return the first line of a field, or nothing."""
    values = about.get_all(field) or [""]
    return str(values[0]).partition("\n")[0]


def _of_system(file: Path) -> Part:
    """Ask Debian's package manager whose a library is; on Windows and macOS it is the system's maker's."""
    if sys.platform == "win32":
        return Part(
            name="Microsoft C runtime", version="", kind="system", licence="LicenseRef-Microsoft-redistributable"
        )
    if sys.platform == "darwin":
        return Part(name="macOS libraries", version="", kind="system", licence="LicenseRef-Apple")
    spellings = [file]  # dpkg knows some files by a path from before /lib became a link to /usr/lib
    if file.is_relative_to("/usr"):
        spellings.append("/" / file.relative_to("/usr"))
    for path in spellings:
        told = subprocess.run(["dpkg", "-S", str(path)], capture_output=True, text=True, check=False)
        if told.returncode == 0:
            package = told.stdout.partition(":")[0]
            form = "--showformat=${Version}\n${Homepage}\n"
            query = ["dpkg-query", "-W", form, package]
            shown = subprocess.run(query, capture_output=True, text=True, check=True)
            version, page = shown.stdout.splitlines()[:2]
            text = Path("/usr/share/doc", package, "copyright")
            return Part(name=package, version=version, kind="system", licence="", homepage=page, texts=(text,))
    raise LookupError(f"nobody knows where {file} comes from, and so under which licence it is")


def _core() -> Iterator[Part]:
    import apsw

    version = sys.version.split()[0]
    licences = [Path(sysconfig.get_path("stdlib")) / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE.txt"]
    text = next((path for path in licences if path.exists()), None)
    if text is None:
        raise LookupError("Python's LICENSE.txt was not found")
    yield Part(
        name="Python", version=version, kind="core", licence="PSF-2.0", homepage="https://www.python.org", texts=(text,)
    )
    yield Part(
        name="SQLite", version=apsw.sqlite_lib_version(), kind="core", licence="blessing",
        homepage="https://www.sqlite.org/copyright.html",
    )  # fmt: skip
    freezer = metadata.distribution("pyinstaller")
    yield Part(
        name="PyInstaller bootloader", version=freezer.version, kind="core",
        licence="GPL-2.0-or-later WITH Bootloader-exception", homepage="https://pyinstaller.org",
        texts=_of_distribution(freezer).texts,
    )  # fmt: skip
