"""The ASGI application: the page, the streams and the API's endpoints, behind the guard."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from queuectl.errors import QueuectlError, UsageError
from queuectl.web.answers import PROBLEM, Answers, Written, explain
from queuectl.web.endpoint import PREFIX, Download, Endpoint, whole
from queuectl.web.guard import TOO_LARGE, BodyTooLarge, Guard, problem
from queuectl.web.pages import page_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from queuectl.web.assets import Assets
    from queuectl.web.keys import Keys
    from queuectl.web.logstream import LogStreams
    from queuectl.web.views import Views

PIECE = 256 * 1024
"""Bytes that are read at a time of a file that goes out."""
log = logging.getLogger("queuectl.web")
_FROM = whole("from", "The byte at which to begin.", low=0, default=0)


def make_app(
    answers: Answers,
    endpoints: Sequence[Endpoint],
    *,
    keys: "Keys",
    names: Collection[str],
    views: "Views",
    logs: "LogStreams",
    pool: Executor,
    assets: "Assets",
) -> Guard:
    """Return the whole application; handlers run in ``pool``, ``names`` are what it may be asked for."""
    routes = [*page_routes(keys, assets), *_stream_routes(views, logs, pool), *_routes(endpoints, answers, pool)]
    app = _Application(routes=routes, exception_handlers={HTTPException: _failed, Exception: _broken})
    app.router.redirect_slashes = False
    return Guard(app, keys, names)


class _Application(Starlette):
    """Finds routes of the API by the path as it was written, so that a name may hold a slash: /queues/a%2Fb."""

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/"):
            scope["path"] = scope["raw_path"].decode("latin-1")
        await super().__call__(scope, receive, send)


def _routes(endpoints: Sequence[Endpoint], answers: Answers, pool: Executor) -> list[Route]:
    """Make one route a path, so that its other methods are answered with those that there are."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.full_path, {})[endpoint.method] = endpoint
    return [Route(path, _handler(methods, answers, pool), methods=list(methods)) for path, methods in paths.items()]


def _handler(
    methods: dict[str, Endpoint], answers: Answers, pool: Executor
) -> Callable[["Request"], Awaitable[Response]]:
    async def handle(request: "Request") -> Response:
        endpoint = methods["GET" if request.method == "HEAD" else request.method]
        try:
            body = await request.body()
        except BodyTooLarge:
            too_large = problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)
            return Response(too_large, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"connection": "close"}, PROBLEM)
        query = {name: request.query_params.getlist(name) for name in request.query_params}

        def call() -> Written:
            return answers.call(
                endpoint,
                {name: unquote(text) for name, text in request.path_params.items()},
                query,
                body=body,
                session=request.state.proof.session,
                idempotency_key=request.headers.get("idempotency-key"),
            )

        return _response(await asyncio.get_running_loop().run_in_executor(pool, call))

    return handle


def _response(written: Written) -> Response:
    if written.download is not None:
        headers = {"content-disposition": f'attachment; filename="{written.download.name}"'}
        return StreamingResponse(_pieces(written.download), headers=headers, media_type=written.media_type)
    if written.status == HTTPStatus.NO_CONTENT:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return Response(written.body, written.status, media_type=written.media_type)


def _pieces(download: Download) -> Iterator[bytes]:
    """Read a file up to where it ends now; a log may grow meanwhile, or be cut, so its length is not said before."""
    try:
        with download.path.open("rb") as file:
            left = file.seek(0, 2)
            file.seek(0)
            while piece := file.read(min(PIECE, left)):
                left -= len(piece)
                yield piece
    finally:
        if download.forget:
            download.path.unlink(missing_ok=True)


def _stream_routes(views: "Views", logs: "LogStreams", pool: Executor) -> list[Route]:
    async def events(request: "Request") -> Response:
        paths = request.query_params.getlist("view")
        refused = views.refuse(paths)
        return _response(explain(UsageError(refused))) if refused else _stream(views.follow(paths))

    async def log(request: "Request") -> Response:
        loop = asyncio.get_running_loop()
        try:
            begin = _FROM.read(request.query_params.getlist("from"))
            job, number = unquote(request.path_params["job"]), request.path_params["number"]
            where = await loop.run_in_executor(pool, logs.find, job, number)
        except QueuectlError as exc:
            return _response(explain(exc))
        return _stream(logs.follow(where, begin, pool))

    return [
        Route(f"{PREFIX}/events", events, methods=["GET"]),
        Route(f"{PREFIX}/jobs/{{job}}/runs/{{number}}/log/stream", log, methods=["GET"]),
    ]


def _stream(events: AsyncGenerator[bytes]) -> Response:
    async def closing() -> AsyncGenerator[bytes]:
        async with contextlib.aclosing(events):  # a page that goes away is forgotten at once
            async for event in events:
                yield event

    return StreamingResponse(closing(), media_type="text/event-stream")


async def _failed(request: "Request", exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    missing = status == HTTPStatus.NOT_FOUND
    detail = f"there is no {request.url.path[:200]}" if missing else f"{request.method} is not for this"
    headers = dict(getattr(exc, "headers", None) or {})
    return Response(problem(status, detail, f"What there is: GET {PREFIX}/openapi.json"), status, headers, PROBLEM)


async def _broken(request: "Request", exc: Exception) -> Response:
    log.error("%s %s failed", request.method, request.scope["path"], exc_info=exc)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return Response(
        problem(status, "something is wrong in queuectl itself", "Please report it."), status, None, PROBLEM
    )
