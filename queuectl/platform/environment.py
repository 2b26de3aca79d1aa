"""The environment of jobs: the user's own, and cheap to extend, for there may be a thousand starts a second."""

import os
import sys
from collections.abc import Mapping
from typing import Any

Variables = Mapping[str, str] | Mapping[bytes, bytes]
"""What ``spawn`` takes: texts on Windows, bytes on POSIX."""


_BUNDLE_PREFIXES = ("_PYI_", "PYINSTALLER_", "_MEIPASS")
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "LIBPATH")


def without_bundle(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment as it was before PyInstaller's loader changed it."""
    clean = {name: value for name, value in environ.items() if not name.startswith(_BUNDLE_PREFIXES)}
    bundle: str | None = getattr(sys, "_MEIPASS", None)
    if bundle is not None:
        _restore_library_paths(clean)
        _remove_bundle(clean, bundle)
    return clean


def _restore_library_paths(environ: dict[str, str]) -> None:
    for name in _LIBRARY_PATHS:
        original = environ.pop(f"{name}_ORIG", None)
        if original is not None:
            environ[name] = original


def _remove_bundle(environ: dict[str, str], bundle: str) -> None:
    """Take the bundle's folders out of PATH, DYLD_LIBRARY_PATH and whatever else a package's hook has changed."""
    for name, value in list(environ.items()):
        if bundle in value:
            rest = [part for part in value.split(os.pathsep) if not f"{part}{os.sep}".startswith(f"{bundle}{os.sep}")]
            if rest:
                environ[name] = os.pathsep.join(rest)
            else:
                del environ[name]


class Environment:
    """Variables that all jobs share, encoded once; in a ``shared`` queue are jobs of other machines, too."""

    def __init__(self, variables: Mapping[str, str], *, shared: bool = False) -> None:
        self._shared = _prepare(variables)
        self._behind = os.pathsep + variables["PATH"] if shared and variables.get("PATH") else ""

    def path(self, caller: str) -> str:
        """Return where a job finds programs: where its caller did, then, of a shared queue, where this machine does."""
        return caller + self._behind

    def plus(self, variables: Mapping[str, str]) -> Variables:
        """Return the shared variables and, above them, others."""
        return {**self._shared, **_prepare(variables)}


def _prepare(variables: Mapping[str, str]) -> Mapping[Any, Any]:
    if sys.platform == "win32":
        return variables
    return {os.fsencode(name): os.fsencode(value) for name, value in variables.items()}
