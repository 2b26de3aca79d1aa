"""Which of several sockets have something to say."""

import math
import select
import sys
from collections.abc import Collection


def readable(descriptors: Collection[int], seconds: float | None) -> set[int]:
    """Wait until one of them has something to say, at most so many seconds (None is for ever); return which have."""
    if sys.platform == "win32":
        return set(select.select(list(descriptors), [], [], seconds)[0])
    poll = select.poll()  # unlike select, it can look at any number of open files
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in poll.poll(None if seconds is None else math.ceil(seconds * 1000))}
