"""The two pages before the page: how to come in, and the step from a one-time code into the page itself."""

import base64
import hashlib
from html import escape

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto 0; padding: 0 1.5rem; }
h1 { font-size: 1.4rem; }
code { font: 0.95em ui-monospace, monospace; background: color-mix(in srgb, currentColor 9%, transparent);
  padding: 0.15em 0.4em; border-radius: 4px; }
p { opacity: 0.85; }
"""


def source_of(content: bytes) -> str:
    """Return how a content security policy names a script or style that stands in the page itself."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}'"


DOOR_POLICY = (
    f"default-src 'none'; style-src {source_of(_STYLE.encode())}; img-src data:; base-uri 'none'; "
    "frame-ancestors 'none'"
).encode()
"""These pages run nothing and load nothing."""


def _page(title: str, body: str, head: str = "") -> bytes:
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<link rel="icon" href="data:,">\n'
        f"<title>{title}</title>\n{head}"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    ).encode()


_HOW = (
    "<p>Choose <b>Open dashboard</b> in the menu of queuectl's icon, or type:</p>\n"
    "<p><code>queuectl dashboard</code></p>\n"
    "<p>Each way opens a link that works once, within a minute. Then this browser is known here.</p>\n"
)
DOOR = _page("queuectl: who are you?", f"<h1>This page opens from queuectl itself</h1>\n{_HOW}")
EXPIRED = _page("queuectl: the link is used up", f"<h1>This link has been used, or is too old</h1>\n{_HOW}")


def enter(target: str) -> bytes:
    """Return a page that goes on to the page itself, by a step of its own.

    A redirect would be part of a navigation that began elsewhere, on which browsers hold back a strict cookie.
    """
    address = escape(target, quote=True)
    return _page(
        "queuectl",
        f'<p><a href="{address}">Go on</a></p>\n',
        head=f'<meta http-equiv="refresh" content="0; url={address}">\n',
    )
