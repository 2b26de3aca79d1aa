"""A socket that listens for connections, on a port that no other program can take over."""

import socket
import sys

_BACKLOG = 128
_MOST = 512


def listen(address: str, port: int) -> socket.socket:
    """Return a non-blocking socket that listens at this port or, where that is taken, at any free one.

    Raises:
        OSError: the address is none of this machine's.
        UnicodeError: it cannot even be one.
    """
    try:
        return _listen(address, port)
    except OSError:
        return _listen(address, 0)


def _listen(address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # where the usual option lets another program in at the same port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:  # where it only lets a restarted host have its port again
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except (OSError, OverflowError, UnicodeError):
        listener.close()
        raise
    return listener


def most_connections() -> int:
    """Return how many connections this process can hold and still open what else it needs: a quarter of its files."""
    if sys.platform == "win32":  # which has no such limit
        return _MOST
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(_MOST, files // 4) if files > 0 else _MOST  # no limit is a negative one
