"""The page itself: its files, and how a browser comes in."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from queuectl.web.assets import TYPES, Assets
from queuectl.web.door import DOOR_POLICY, EXPIRED, enter, source_of
from queuectl.web.endpoint import PREFIX
from queuectl.web.guard import LOGIN, POLICY, problem
from queuectl.web.keys import SESSION_SECONDS, Keys

if TYPE_CHECKING:
    from starlette.requests import Request


def page_routes(keys: Keys, assets: Assets) -> list[Route]:
    """Return the routes of the page, of its files and of its door."""
    content, policy = _with_healer(assets)

    async def page(request: "Request") -> Response:
        response = Response(content, headers={"content-security-policy": policy}, media_type=TYPES[".html"])
        session = request.state.proof.session
        if session:  # whoever comes back stays in
            _set_cookie(response, keys, keys.session(session))
        return response

    async def file(request: "Request") -> Response:
        found = assets.get(request.url.path)
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


def _with_healer(assets: Assets) -> tuple[bytes, str]:
    """Return the page, and its policy: what sees that a part did not come stands in it, or it might not come itself."""
    script = assets["/static/whole.js"][0].replace(b"\r\n", b"\n")  # as a browser reads it before it takes the hash
    page = assets["/static/index.html"][0]
    healed = page.replace(b'<script src="/static/whole.js"></script>', b"<script>" + script + b"</script>")
    return healed, POLICY.replace("script-src 'self'", f"script-src 'self' {source_of(script)}")


def _set_cookie(response: Response, keys: Keys, cookie: str) -> None:
    response.set_cookie(keys.cookie, cookie, max_age=SESSION_SECONDS, path="/", httponly=True, samesite="strict")
