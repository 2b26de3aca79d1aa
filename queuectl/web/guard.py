"""The guard: outermost, and closed unless a request proves that it may pass; it also puts the headers on each answer.

A request needs the exact name and port it was sent to, a bearer's token or a session's cookie, and, to change
anything by a cookie, both the browser's word that it comes from this very page and the session's CSRF token.
"""

import asyncio
import json
import re
from collections.abc import Collection, Iterable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from queuectl.errors import QueuectlError
from queuectl.web.endpoint import PREFIX
from queuectl.web.keys import Keys

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES = 1024 * 1024
PATIENCE_BYTES = 8 * BODY_BYTES
"""How much of a body is read that is refused anyway."""
PATIENCE = 10.0
"""Seconds in which it has to come."""
SAFE = frozenset({"GET", "HEAD"})
METHODS = SAFE | {"POST", "PUT", "PATCH", "DELETE"}
LOGIN = "/login"
"""The one path that needs no proof: it takes a one-time code, which is one."""
CSRF_HEADER = "x-csrf-token"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""On each answer, unless it has one of these itself."""
LOGS = re.compile(f"{re.escape(PREFIX)}/jobs/[0-9]+/runs/[0-9]+/log(/raw)?")
"""What the key of the logs opens, for reading."""
HOW_TO_COME_IN = "Open the page with: queuectl dashboard. A script sends: Authorization: Bearer, and the token."


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What a request has proven; ``session`` is None for a bearer of the token."""

    session: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a request does not pass."""

    status: int
    detail: str
    hint: str = ""


def judge(
    method: str, path: str, headers: Iterable[tuple[str, str]], keys: Keys, names: Collection[str]
) -> Proof | Refusal | None:
    """Decide whether a request passes; None is for the login, whose code is still to be looked at.

    ``headers`` have names in lower case; ``names`` are all ``host:port`` under which this server may be asked for.
    """
    found = _collect(headers)
    if isinstance(found, Refusal):
        return found
    host = found.get("host", "").lower()
    if host not in names:
        hint = f"Ask {min(names)} itself; more names: queuectl config set dashboard_hosts NAME:PORT."
        return Refusal(status=HTTPStatus.MISDIRECTED_REQUEST, detail="this is not the server you asked for", hint=hint)
    if method not in METHODS:
        return Refusal(status=HTTPStatus.METHOD_NOT_ALLOWED, detail=f"there is no {method[:20]} here")
    if path == LOGIN and method == "GET":
        return None
    proof = _proof(found, keys, reads_log=method in SAFE and LOGS.fullmatch(path) is not None)
    if proof is None:
        return Refusal(status=HTTPStatus.UNAUTHORIZED, detail="this request proves nothing", hint=HOW_TO_COME_IN)
    return _where_from(method, host, found, proof, keys) or _body(method, found) or proof


def _collect(headers: Iterable[tuple[str, str]]) -> dict[str, str] | Refusal:
    """Return the headers that decide; one that is given twice could be read in two ways."""
    deciding = {"host", "authorization", "origin", "sec-fetch-site", "content-type", "content-length", CSRF_HEADER}
    found: dict[str, str] = {}
    for name, value in headers:
        if name in deciding and name in found:
            return Refusal(status=HTTPStatus.BAD_REQUEST, detail=f"the header {name} is given twice")
        found[name] = f"{found[name]}; {value}" if name == "cookie" and name in found else value
    return found


def _proof(headers: Mapping[str, str], keys: Keys, *, reads_log: bool) -> Proof | None:
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        known = keys.is_token(token.strip()) or (reads_log and keys.is_logs_key(token.strip()))
        return Proof(session=None) if scheme.lower() == "bearer" and known else None
    for cookie in headers.get("cookie", "").split(";"):  # what other ports have set is there too, however odd
        name, _, value = cookie.strip().partition("=")
        session = keys.check_session(value) if name == keys.cookie else None
        if session is not None:
            return Proof(session=session)
    return None


def _where_from(method: str, host: str, headers: Mapping[str, str], proof: Proof, keys: Keys) -> Refusal | None:
    """Refuse what another site's page has sent, and a change by a cookie that no page of ours is known to have sent."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    allowed = {"same-origin", "none"} if method in SAFE else {"same-origin"}
    if (site is not None and site not in allowed) or (origin is not None and origin.lower() != f"http://{host}"):
        return Refusal(status=HTTPStatus.FORBIDDEN, detail="another site's page has sent this request")
    if method in SAFE or proof.session is None:
        return None
    if site is None and origin is None:
        return Refusal(status=HTTPStatus.FORBIDDEN, detail="nothing says that this page has sent this request")
    token = headers.get(CSRF_HEADER, "")
    if not keys.is_csrf(proof.session, token):
        hint = "Load the page anew; a script sends the token instead of a cookie."
        return Refusal(status=HTTPStatus.FORBIDDEN, detail="the CSRF token is missing or wrong", hint=hint)
    return None


def _body(method: str, headers: Mapping[str, str]) -> Refusal | None:
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or len(length) > 15:
        return Refusal(status=HTTPStatus.BAD_REQUEST, detail="the length of the body is no number")
    has_body = int(length) > 0 or "transfer-encoding" in headers
    if int(length) > BODY_BYTES:
        return Refusal(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail=TOO_LARGE)
    if has_body and method in SAFE:
        return Refusal(status=HTTPStatus.BAD_REQUEST, detail=f"a {method} has no body")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and (kind != "application/json" or headers.get("content-encoding", "identity") != "identity"):
        hint = "Send JSON, with: Content-Type: application/json"
        return Refusal(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail="the body is not JSON", hint=hint)
    return None


TOO_LARGE = "the body is larger than 1 MiB"


class BodyTooLarge(Exception):
    """More came than is allowed, without a length said before."""


class Guard:
    """Let an ASGI application see only what ``judge`` lets pass; its proof is in ``scope["state"]["proof"]``."""

    def __init__(self, app: "ASGIApp", keys: Keys, names: Collection[str]) -> None:
        self.app = app
        self._keys = keys
        self._names = names

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Judge one request."""
        if scope["type"] != "http":
            return
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        try:
            verdict = judge(scope["method"], scope["path"], headers, self._keys, self._names)
        except QueuectlError as exc:
            verdict = Refusal(status=HTTPStatus.SERVICE_UNAVAILABLE, detail="the token cannot be read", hint=exc.hint)
        send = _with_headers(send)
        if isinstance(verdict, Refusal):
            with suppress(TimeoutError):
                await asyncio.wait_for(_read_on(receive), PATIENCE)
            wants_page = any(name == "accept" and "text/html" in value for name, value in headers)
            await _refuse(send, verdict, as_page=wants_page)
            return
        scope.setdefault("state", {})["proof"] = verdict
        await self.app(scope, _limited(receive), send)


def _limited(receive: "Receive") -> "Receive":
    received = 0

    async def receive_limited() -> "MutableMapping[str, Any]":
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > BODY_BYTES:
            if message.get("more_body"):
                await _read_on(receive)
            raise BodyTooLarge
        return message

    return receive_limited


async def _read_on(receive: "Receive") -> None:
    """Read what is still to come of a body, within reason: who is cut off while sending never reads the answer."""
    received = 0
    while received <= PATIENCE_BYTES:
        message = await receive()
        received += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return


def _with_headers(send: "Send") -> "Send":
    async def send_with_headers(message: "Message") -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message.get("headers", ())}
            message["headers"] = [
                *message.get("headers", ()),
                *((name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in own),
            ]
        await send(message)

    return send_with_headers


async def _refuse(send: "Send", refusal: Refusal, *, as_page: bool) -> None:
    status = HTTPStatus(refusal.status)
    headers = [(b"connection", b"close")]  # what is left of a body is not read
    if status is HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    if as_page and status is HTTPStatus.UNAUTHORIZED:
        from queuectl.web.door import DOOR, DOOR_POLICY

        body, kind = DOOR, b"text/html; charset=utf-8"
        headers.append((b"content-security-policy", DOOR_POLICY))
    else:
        body, kind = problem(status, refusal.detail, refusal.hint), b"application/problem+json"
    headers += [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def problem(status: int, detail: str, hint: str = "") -> bytes:
    """Write a failure as the JSON of RFC 9457, with our hint beside it."""
    value = {"title": HTTPStatus(status).phrase, "status": int(status), "detail": detail, "hint": hint}
    return json.dumps(value).encode()
