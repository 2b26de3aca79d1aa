"""Let libraries be imported where Python has no TLS: our executables leave its OpenSSL out, as Python speaks none."""

import sys
from types import ModuleType


def stand_in_for_ssl() -> None:
    """Give ``import ssl`` a module of empty names where there is no real one; who imports it here never uses it."""
    try:
        import ssl  # noqa: F401 - whether it is there
    except ImportError:
        import asyncio  # noqa: F401 - it knows how to do without, and has to find that out first

        module = ModuleType("ssl")
        module.__getattr__ = _anything  # type: ignore[method-assign]  # PEP 562
        sys.modules["ssl"] = module


def _anything(name: str) -> object:
    return 0 if name.isupper() else type(name, (Exception,), {})
