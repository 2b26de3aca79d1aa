"""The seconds that pass, those in which the machine sleeps among them."""

import sys
import time

if sys.platform == "linux":
    _CLOCK = time.CLOCK_BOOTTIME
elif sys.platform == "darwin":
    _CLOCK = time.CLOCK_MONOTONIC  # goes on in sleep, unlike the one of time.monotonic() there


def elapsed() -> float:
    """Return seconds from an arbitrary start; never jumps back, and goes on while the machine sleeps."""
    if sys.platform in {"linux", "darwin"}:
        return time.clock_gettime(_CLOCK)
    return time.monotonic()  # on Windows it counts sleep
