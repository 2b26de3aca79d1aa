"""From a request to an answer, without HTTP: find the endpoint, read what was sent, call it, explain what failed."""

import json
import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from queuectl.errors import Forbidden, NotFound, QueuectlError, StoreUnavailable, UsageError, WrongState
from queuectl.web.endpoint import Answer, Call, Download, Endpoint, Site

if TYPE_CHECKING:
    from queuectl.queue import Queue

JSON = "application/json"
PROBLEM = "application/problem+json"
PATIENCE = 30.0
"""Seconds that the server of a database gets for each answer, while somebody waits for ours."""
_STATUS: Sequence[tuple[type[QueuectlError], HTTPStatus]] = (
    (UsageError, HTTPStatus.BAD_REQUEST),
    (NotFound, HTTPStatus.NOT_FOUND),
    (WrongState, HTTPStatus.CONFLICT),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (StoreUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)

log = logging.getLogger("queuectl.web")


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """An answer as it goes out."""

    status: int
    body: bytes
    media_type: str = JSON
    download: Download | None = None


class Answers:
    """Answer requests over one queue; its methods block, and may be called from several threads."""

    def __init__(self, queue: "Queue", site: Site, endpoints: Sequence[Endpoint]) -> None:
        self._queue = queue
        self._site = site
        self._endpoints = endpoints

    def call(
        self,
        endpoint: Endpoint,
        path: Mapping[str, str],
        query: Mapping[str, Sequence[str]],
        *,
        body: bytes = b"",
        session: str | None = None,
        idempotency_key: str | None = None,
    ) -> Written:
        """Answer a request to an endpoint; what goes wrong becomes an answer, too."""
        self._queue.store.answer_within(PATIENCE)
        try:
            if endpoint.commands:
                require_enqueueing(self._queue)
            call = Call(
                queue=self._queue, site=self._site, values=endpoint.read(path, query), body=_parsed(endpoint, body),
                session=session, idempotency_key=idempotency_key, now=self._queue.store.now(),
            )  # fmt: skip
            return _written(endpoint, endpoint.handler(call))
        except QueuectlError as exc:
            return explain(exc)
        except Exception:
            log.exception("%s %s failed", endpoint.method, endpoint.path)
            detail = "something is wrong in queuectl itself"
            return _problem(
                HTTPStatus.INTERNAL_SERVER_ERROR, detail, "The log of the host says more; please report it."
            )

    def look(self, address: str) -> Written:
        """Answer a GET of a path with its query, as a page's live view asks for it."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return explain(NotFound(f"there is no {address[:200]} to look at"))
        for endpoint in self._endpoints:
            path = _match(endpoint.full_path, parts.path) if endpoint.method == "GET" else None
            if path is not None and endpoint.media_type == JSON:
                return self.call(endpoint, path, parse_qs(parts.query, keep_blank_values=True))
        return explain(NotFound(f"there is no {parts.path[:200]} to look at"))


def require_enqueueing(queue: "Queue") -> None:
    """Go on only where the page and the API may add and change commands.

    Raises:
        Forbidden: it is switched off.
    """
    if not queue.settings()["api_enqueue"]:
        hint = "To allow it again: queuectl config set api_enqueue on"
        raise Forbidden("adding and changing commands is switched off here", hint=hint)


def explain(exc: QueuectlError) -> Written:
    """Turn an error into an answer."""
    status = next((status for kind, status in _STATUS if isinstance(exc, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    return _problem(status, exc.message, exc.hint)


def _problem(status: HTTPStatus, detail: str, hint: str) -> Written:
    value = {"title": status.phrase, "status": int(status), "detail": detail, "hint": hint}
    return Written(status=status, body=_dump(value), media_type=PROBLEM)


def _written(endpoint: Endpoint, result: Any) -> Written:
    if isinstance(result, Download):
        return Written(status=HTTPStatus.OK, body=b"", media_type=endpoint.media_type, download=result)
    if endpoint.status == HTTPStatus.NO_CONTENT and not isinstance(result, Answer):
        return Written(status=endpoint.status, body=b"")
    answer = (
        result
        if isinstance(result, Answer)
        else Answer(content=result, status=endpoint.status, media_type=endpoint.media_type)
    )
    body = answer.content.encode() if isinstance(answer.content, str) and answer.media_type != JSON else None
    return Written(
        status=answer.status, body=_dump(answer.content) if body is None else body, media_type=answer.media_type
    )


def _dump(value: Any) -> bytes:
    # ASCII only: what a job wrote may hold halves of characters, which no UTF-8 can.
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _match(pattern: str, path: str) -> dict[str, str] | None:
    wanted, given = pattern.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    found: dict[str, str] = {}
    for part, text in zip(wanted, given, strict=True):
        if part.startswith("{"):
            found[part[1:-1]] = unquote(text)
        elif part != text:
            return None
    return found if all(found.values()) else None


def _parsed(endpoint: Endpoint, body: bytes) -> Any:
    """Read a body.

    Raises:
        UsageError: it is missing, unwanted, or no JSON that can be kept.
    """
    if endpoint.body is None:
        if body.strip() not in {b"", b"{}"}:
            raise UsageError("this takes no body")
        return None
    if not body.strip():
        if endpoint.body_required:
            raise UsageError("the body is missing", hint="Send JSON.")
        return None
    try:
        value = json.loads(body, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair cannot be kept
    except (RecursionError, UnicodeError) as exc:
        what = "is nested too deep" if isinstance(exc, RecursionError) else "is not UTF-8"
        raise UsageError(f"the body {what}") from None
    except ValueError as exc:
        raise UsageError(f"the body is no JSON: {exc}") from None
    return value


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise UsageError(f"{twice[:50]!r} is given twice")
    return result


def _no_number(text: str) -> float:
    raise UsageError(f"{text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UsageError(f"{text[:50]} is too large")
    return value
