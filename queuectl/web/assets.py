"""The page's files, in memory."""

from collections.abc import Mapping
from pathlib import Path

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
"""Said by ourselves: what Python knows of types comes from Windows' registry, and may be anything there."""
Assets = Mapping[str, tuple[bytes, str]]
"""Contents and types by paths."""


def read_assets() -> Assets:
    """Read the page's files into memory, with their types: then no request can name any other file."""
    here = Path(__file__).parent
    return {
        f"/{path.relative_to(here).as_posix()}": (path.read_bytes(), TYPES[path.suffix])
        for path in sorted((here / "static").rglob("*"))
        if path.suffix in TYPES
    }
