"""An environment for jobs that is cheap to extend: encoded once, not at each of a thousand starts a second."""

import os
import sys
from collections.abc import Mapping
from typing import Any

Variables = Mapping[str, str] | Mapping[bytes, bytes]
"""What ``spawn`` takes: texts on Windows, bytes on POSIX."""


class Environment:
    """Variables that all jobs share."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._shared = _prepare(variables)

    def plus(self, variables: Mapping[str, str]) -> Variables:
        """Return the shared variables and, above them, others."""
        return {**self._shared, **_prepare(variables)}


def _prepare(variables: Mapping[str, str]) -> Mapping[Any, Any]:
    if sys.platform == "win32":
        return variables
    return {os.fsencode(name): os.fsencode(value) for name, value in variables.items()}
