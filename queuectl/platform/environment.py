"""An environment for jobs that is cheap to extend: encoded once, not at each of a thousand starts a second."""

import os
import sys
from collections.abc import Mapping

Variables = Mapping[str, str] | Mapping[bytes, bytes]
"""What ``spawn`` takes: texts on Windows, bytes on POSIX."""


class Environment:
    """Variables that all jobs share."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        if sys.platform == "win32":
            self._shared = dict(variables)
        else:
            self._shared = _encode(variables)

    def plus(self, variables: Mapping[str, str]) -> Variables:
        """Return the shared variables and, above them, others."""
        if sys.platform == "win32":
            return {**self._shared, **variables}
        return {**self._shared, **_encode(variables)}


if sys.platform != "win32":

    def _encode(variables: Mapping[str, str]) -> dict[bytes, bytes]:
        return {os.fsencode(name): os.fsencode(value) for name, value in variables.items()}
