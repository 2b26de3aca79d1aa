"""The page itself: its files, and how a browser comes in."""

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from queuectl.web.door import DOOR_POLICY, EXPIRED, enter
from queuectl.web.endpoint import PREFIX
from queuectl.web.guard import LOGIN, problem
from queuectl.web.keys import SESSION_SECONDS, Keys

if TYPE_CHECKING:
    from starlette.requests import Request

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
"""Said by ourselves: what Python knows of types comes from Windows' registry, and may be anything there."""


def page_routes(keys: Keys) -> list[Route]:
    """Return the routes of the page, of its files and of its door."""
    static = read_static()

    async def page(request: "Request") -> Response:
        content, kind = static["/static/index.html"]
        response = Response(content, media_type=kind)
        session = request.state.proof.session
        if session:  # whoever comes back stays in
            _set_cookie(response, keys, keys.session(session))
        return response

    async def file(request: "Request") -> Response:
        found = static.get(request.url.path)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return Response(found[0], media_type=found[1])

    async def login(request: "Request") -> Response:
        headers = {"content-security-policy": DOOR_POLICY.decode()}
        cookie = keys.redeem(request.query_params.get("code", ""))
        if cookie is None:
            return Response(EXPIRED, HTTPStatus.UNAUTHORIZED, headers, TYPES[".html"])
        target = request.query_params.get("to", "").lstrip("/")
        safe = "".join(char for char in target if char.isascii() and (char.isalnum() or char in "/=&?.-_"))
        response = Response(enter(f"/#/{safe}"), headers=headers, media_type=TYPES[".html"])
        _set_cookie(response, keys, cookie)
        return response

    async def code(request: "Request") -> Response:
        if request.state.proof.session is not None:
            refused = problem(HTTPStatus.FORBIDDEN, "only a bearer of the token lets others in")
            return Response(refused, HTTPStatus.FORBIDDEN, media_type="application/problem+json")
        return Response(f'{{"code":"{keys.code()}"}}', HTTPStatus.CREATED, media_type="application/json")

    return [
        Route("/", page, methods=["GET"]),
        Route("/static/{path:path}", file, methods=["GET"]),
        Route(LOGIN, login, methods=["GET"]),
        Route(f"{PREFIX}/codes", code, methods=["POST"]),
    ]


def _set_cookie(response: Response, keys: Keys, cookie: str) -> None:
    response.set_cookie(keys.cookie, cookie, max_age=SESSION_SECONDS, path="/", httponly=True, samesite="strict")


def read_static() -> dict[str, tuple[bytes, str]]:
    """Read the page's files into memory, with their types: then no request can name any other file."""
    here = Path(__file__).parent
    return {
        f"/{path.relative_to(here).as_posix()}": (path.read_bytes(), TYPES[path.suffix])
        for path in sorted((here / "static").rglob("*"))
        if path.suffix in TYPES
    }
