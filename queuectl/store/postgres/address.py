"""Where a PostgreSQL queue is: its URL as people may see it, and how to connect to it safely."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from queuectl.errors import UsageError

SCHEMES = ("postgresql", "postgres")
CONNECT_TIMEOUT = 10
"""Seconds."""
SILENCE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
"""After how much of it a machine at the other end is taken for gone; the last one in milliseconds."""
_FROM_OUTSIDE = {"host": "PGHOST", "hostaddr": "PGHOSTADDR", "sslrootcert": "PGSSLROOTCERT"}
"""What libpq takes from the environment, and we have to know to connect safely."""
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A database on a server, from its URL."""

    url: str
    """With the password, if it has one: for connections, and for the environment of jobs."""
    location: str
    """Without."""
    options: Mapping[str, Any]
    """What libpq is to be told."""


def parse(url: str) -> Address:
    """Read a URL such as ``postgresql://user@host/database``.

    Raises:
        UsageError: it is none.
    """
    try:
        options = conninfo_to_dict(url)
        ports = [int(port or 0) for port in str(options.get("port") or "").split(",")]
        if not all(0 <= port < 65_536 for port in ports):
            raise ValueError(ports)  # noqa: TRY301 - as int() does
    except (ProgrammingError, ValueError) as exc:
        # libpq's own words may repeat the password.
        hint = "Such as --db postgresql://user:password@host/database; quote what is special in a password: %40 for @."
        raise UsageError("the URL of the PostgreSQL database cannot be understood", hint=hint) from exc
    if options.get("sslmode", "disable") not in SSL_MODES:
        hint = f"It is one of {', '.join(SSL_MODES)}."
        raise UsageError("the URL of the PostgreSQL database has an unknown sslmode", hint=hint)
    for name, variable in _FROM_OUTSIDE.items():
        if os.environ.get(variable):
            options.setdefault(name, os.environ[variable])
    host = str(options.get("host") or options.get("hostaddr") or "")
    options.setdefault("connect_timeout", CONNECT_TIMEOUT)
    options.setdefault("application_name", "queuectl")
    for name, value in SILENCE.items():
        options.setdefault(name, value)
    if "," in host:
        options.setdefault("target_session_attrs", "read-write")  # the one that is no standby
    places = (host, str(options.get("hostaddr") or ""))  # a name, and where it is said to be
    if not all(map(is_near, places)) and "sslmode" not in options and "service" not in options:
        options["sslmode"] = "verify-full"
        if "sslrootcert" not in options and not (Path.home() / ".postgresql" / "root.crt").exists():
            options["sslrootcert"] = "system"
    return Address(url=url, location=_shown(options, host), options=options)


def is_near(host: str) -> bool:
    """Tell whether what is sent to a host (or hosts, by commas) stays on this machine: by a socket or by loopback."""
    return all(_is_near(one) for one in host.split(","))


def _is_near(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost" or Path(host).is_absolute():
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(options: Mapping[str, Any], host: str) -> str:
    user = quote(str(options["user"]), safe="") + "@" if options.get("user") else ""
    ports = str(options.get("port") or "").split(",")
    port = f":{','.join(ports)}" if set(ports) - {"", "5432"} else ""
    database = quote(str(options.get("dbname") or options.get("user") or ""), safe="")
    if host.startswith(("/", "@")):  # a socket's folder is no host
        return f"postgresql://{user}{port}/{database}?host={quote(host, safe='/,@')}"
    hosts = ",".join(f"[{one}]" if ":" in one else quote(one, safe="") for one in host.split(",")) or "localhost"
    return f"postgresql://{user}{hosts}{port}/{database}"
