"""Names of servers, looked up by us: libpq would let no other thread of the process run meanwhile.

A host that is cut off cannot look up names either, and must be able to stop its jobs.
"""

import ipaddress
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def looked_up(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a connection with the addresses of its hosts, in their order.

    Raises:
        OSError: none of the names has an address.
    """
    given = dict(options)
    hosts = str(given.get("host") or "").split(",")
    if given.get("hostaddr") or not any(map(_is_name, hosts)):
        return given
    ports = str(given.get("port") or "").split(",")
    places: list[tuple[str, str, str]] = []
    problem: OSError | None = None
    for number, host in enumerate(hosts):
        port = ports[number] if len(ports) > 1 else ports[0]
        try:
            places += [(host, address, port) for address in _addresses(host)]
        except OSError as exc:
            problem = exc
    if problem is not None and not places:
        raise problem
    for name, values in zip(("host", "hostaddr", "port"), zip(*places, strict=True), strict=True):
        given[name] = ",".join(values)
    return given


def _is_name(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or Path(host).is_absolute():
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def _addresses(host: str) -> list[str]:
    if not _is_name(host):
        return ["" if host.startswith(("/", "@")) or not host else host]
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
