"""Who is let in, by the table of all routes: nobody who has not proven it, whatever the method and the headers."""

import http.client
import itertools
import re
from urllib.parse import urlsplit

import pytest

from queuectl.web.guard import BODY_BYTES, HEADERS, LOGIN, METHODS
from queuectl.web.keys import token_file

UNSAFE = sorted(METHODS - {"GET", "HEAD"})


@pytest.fixture
def ask(site):
    """Send a request with exactly these headers, and return its status, headers and body."""
    parts = urlsplit(site.url)

    def send(method, path, headers=None, body=None):
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            for one in value if isinstance(value, list) else [value]:
                connection.putheader(name, one)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        result = answer.status, dict(answer.getheaders()), b"" if _is_stream(answer) else answer.read()
        connection.close()
        return result

    return send


def _is_stream(answer):
    return answer.getheader("content-type", "").startswith("text/event-stream")


@pytest.fixture
def proofs(site):
    """What proves who one is: a bearer's header, and a session's with and without what a page adds to it."""
    browser = site.browser()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return {
        "bearer": {"Authorization": f"Bearer {site.token}"},
        "cookie": {"Cookie": cookie},
        "csrf": {"Cookie": cookie, "X-CSRF-Token": browser.headers["X-CSRF-Token"]},
    }


def routes(site):
    """Return each path that the application knows, with something in the place of its parameters."""
    site.script.get("/session")  # the first visitor has it built
    app = site.host.dashboard.app.app
    found = [(route.path, route.methods) for route in app.routes]
    assert len(found) > 20
    for path, methods in found:
        filled = re.sub(r"\{\w+(:path)?\}", "1", path)
        assert "{" not in filled, path
        yield filled, methods


def names(site):
    """Return hosts that this is not, by name, port, or trick."""
    port = urlsplit(site.url).port
    return (
        "", "evil.example", f"evil.example:{port}", "127.0.0.1", "localhost", f"127.0.0.1:{port + 1}",
        f"127.0.0.2:{port}", f"127.0.0.1.evil.example:{port}", f"localhost.evil.example:{port}", f"0.0.0.0:{port}",
        f"[::1]:{port}", f"user@127.0.0.1:{port}", f"127.0.0.1:{port}:{port}", f"127.0.0.1:{port}.", f"127.1:{port}",
        f"2130706433:{port}",
    )  # fmt: skip


def test_every_route_refuses_who_asks_for_another_server(site, ask, proofs):
    for (path, methods), name in itertools.product(routes(site), names(site)):
        for method in methods:
            status, _, body = ask(method, path, {"Host": name, "Sec-Fetch-Site": "same-origin", **proofs["bearer"]})
            assert status in {421, 400} if name == "" else status == 421, (method, path, name, status, body)


def test_every_route_and_method_refuses_who_proves_nothing(site, ask):
    host = urlsplit(site.url).netloc
    wrong = (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer " + "A" * 43},
        {"Authorization": f"Basic {site.token}"},
        {"Cookie": f"{site.host.dashboard.keys.cookie}=x.9999999999.y"},
        {"Cookie": f"session={site.token}"},
        {"X-CSRF-Token": site.token},
    )
    tried = 0
    for (path, _), method, headers in itertools.product(
        routes(site), [*sorted(METHODS), "OPTIONS", "TRACE", "BREW"], wrong
    ):
        if (path, method) == (LOGIN, "GET"):
            continue
        status, answered, body = ask(method, path, {"Host": host, **headers})
        assert status == (401 if method in METHODS else 405), (method, path, headers, status)
        assert not any(name.lower().startswith("access-control-") for name in answered)
        assert site.token.encode() not in body
        tried += 1
    assert tried > 1000


def test_every_change_by_a_cookie_needs_this_very_page(site, ask, proofs):
    host = urlsplit(site.url).netloc
    port = urlsplit(site.url).port
    same, origin = {"Sec-Fetch-Site": "same-origin"}, {"Origin": f"http://{host}"}
    refused = [
        proofs["cookie"],
        {**proofs["cookie"], **same},
        {**proofs["cookie"], **origin},
        {**proofs["cookie"], **same, "X-CSRF-Token": "x"},
        proofs["csrf"],
        *({**proofs["csrf"], "Sec-Fetch-Site": site_} for site_ in ("cross-site", "same-site", "none", "")),
        *(
            {**proofs["csrf"], **extra, "Origin": origin_}
            for extra in ({}, same)
            for origin_ in (
                "null", "http://evil.example", f"http://localhost:{port + 1}", f"https://{host}",
                f"http://{host}.evil", "",
            )
        ),
        *({**proofs["bearer"], "Sec-Fetch-Site": site_} for site_ in ("cross-site", "same-site")),
        {**proofs["bearer"], "Origin": "http://evil.example"},
    ]  # fmt: skip
    for path, methods in routes(site):
        for method in methods & set(UNSAFE):
            for headers in refused:
                status, _, _ = ask(method, path, {"Host": host, **headers})
                assert status == 403, (method, path, headers, status)
            # Past the guard, whatever the endpoint says to a body that is none.
            for headers in ({**proofs["csrf"], **same}, {**proofs["csrf"], **origin}, {**proofs["bearer"]}):
                status, _, body = ask(method, path, {"Host": host, "Content-Type": "application/json", **headers}, b"[")
                assert status not in {401, 421, 500}, (method, path, status, body)
                assert b"another site" not in body


def test_reading_by_a_cookie_is_not_for_other_sites(site, ask, proofs):
    host = urlsplit(site.url).netloc
    for path, methods in routes(site):
        if "GET" in methods and path != LOGIN:
            for site_ in ("cross-site", "same-site"):
                assert ask("GET", path, {"Host": host, "Sec-Fetch-Site": site_, **proofs["cookie"]})[0] == 403, path
            assert ask("GET", path, {"Host": host, "Origin": "http://evil.example", **proofs["cookie"]})[0] == 403, path


def test_each_answer_has_the_headers_that_protect_it(site, ask, proofs):
    host = urlsplit(site.url).netloc
    for path, methods in routes(site):
        for headers in ({}, proofs["bearer"]):
            method = "GET" if "GET" in methods else min(methods)
            _, answered, _ = ask(method, path, {"Host": host, **headers})
            answered = {name.lower(): value for name, value in answered.items()}
            assert answered.keys() >= HEADERS.keys(), (path, answered)
            assert answered["cache-control"] == "no-store"
            assert "unsafe" not in answered["content-security-policy"]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/plain"}, b'{"command": "true"}', 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"command=true", 415),
        ({}, b'{"command": "true"}', 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"x", 415),
        ({"Content-Type": "application/json"}, b"x" * (BODY_BYTES + 1), 413),
        ({"Content-Type": "application/json"}, b'{"command": ', 400),
        ({"Content-Type": "application/json"}, b"\xff\xfe", 400),
        ({"Content-Type": "application/json"}, b"[" * 100_000, 400),
        ({"Content-Type": "application/json"}, b'{"command": "true", "priority": NaN}', 400),
        ({"Content-Type": "application/json"}, b'{"command": "true", "timeout": 1e999}', 400),
        ({"Content-Type": "application/json"}, b'{"command": "a", "command": "b"}', 400),
        ({"Content-Type": "application/json"}, rb'{"command": "\ud800"}', 400),
        ({"Content-Type": "application/json"}, b"", 400),
        ({"Content-Type": "application/json; charset=utf-8"}, b'{"command": "true"}', 201),
    ],
)
def test_a_body_is_json_and_not_too_large(site, ask, proofs, headers, body, status):
    host = urlsplit(site.url).netloc
    answered, _, text = ask("POST", "/api/v1/jobs", {"Host": host, **proofs["bearer"], **headers}, body)
    assert answered == status, text


def test_a_body_without_a_length_is_counted_as_it_comes(site):
    def chunks():
        for _ in range(40):
            yield b"x" * 65_536

    answer = site.script.post("/jobs", content=chunks(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_a_header_that_is_given_twice_is_refused(site, ask, proofs):
    host = urlsplit(site.url).netloc
    status, _, _ = ask("GET", "/api/v1/session", {"Host": [host, "evil.example"], **proofs["bearer"]})
    assert status == 400
    status, _, _ = ask("GET", "/api/v1/session", {"Host": host, "Authorization": ["Bearer x", f"Bearer {site.token}"]})
    assert status == 400


def test_whoever_is_proven_comes_in(site, ask, proofs):
    host = urlsplit(site.url).netloc
    for headers in (proofs["bearer"], proofs["cookie"], {**proofs["cookie"], "Sec-Fetch-Site": "none"}):
        assert ask("GET", "/", {"Host": host, **headers})[0] == 200
        assert ask("GET", "/healthz", {"Host": host, **headers})[0] == 200
    assert ask("GET", "/", {"Host": f"localhost:{urlsplit(site.url).port}", **proofs["bearer"]})[0] == 200


def test_more_names_can_be_allowed(site):
    from queuectl.web.server import Dashboard

    site.queue.set_setting("dashboard_hosts", "box.lan:80, BOX:7420")
    dashboard = Dashboard(site.queue, "other", site.queue.paths.drop)
    dashboard.start()
    try:
        assert {"box.lan:80", "box:7420", f"127.0.0.1:{dashboard.port}"} <= set(dashboard.names)
    finally:
        dashboard.stop(5)


NEIGHBOURS = (
    '{}; theme={{"a": 1, "b": [2]}}',
    'theme={{"a": 1}}; {}',
    "a b c; {}",
    "x[1]=2; $y; ={{}}; path=/; {}",
    "{};;;",
)


@pytest.mark.parametrize("cookies", NEIGHBOURS)
def test_what_other_ports_set_as_cookies_keeps_nobody_out(ask, site, proofs, cookies):
    headers = {"Host": urlsplit(site.url).netloc, "Cookie": cookies.format(proofs["cookie"]["Cookie"])}
    assert ask("GET", "/api/v1/status", headers)[0] == 200


def test_a_session_that_another_port_has_forged_keeps_nobody_out(ask, site, proofs):
    own = proofs["cookie"]["Cookie"]
    name = own.partition("=")[0]
    for cookies in (f"{own}; {name}=x", f"{name}=x; {own}", f"{name}; {own}"):
        headers = {"Host": urlsplit(site.url).netloc, "Cookie": cookies}
        assert ask("GET", "/api/v1/status", headers)[0] == 200
    headers = {"Host": urlsplit(site.url).netloc, "Cookie": f"{name}=x; x{own}; {name}"}
    assert ask("GET", "/api/v1/status", headers)[0] == 401


@pytest.mark.posix
def test_nobody_comes_in_while_the_token_cannot_be_read(ask, site, proofs):
    path = token_file(site.queue.paths.files)
    path.unlink()
    path.mkdir()
    status, _, body = ask("GET", "/api/v1/status", {"Host": urlsplit(site.url).netloc, **proofs["bearer"]})
    assert status == 503
    assert str(path).encode() not in body


def test_a_name_given_twice_among_very_many_is_found_at_once(ask, site, proofs):
    body = "{" + ",".join(f'"k{n}":0' for n in range(70_000)) + ',"k69999":1}'
    headers = {"Host": urlsplit(site.url).netloc, "Content-Type": "application/json", **proofs["bearer"]}
    status, _, found = ask("POST", "/api/v1/jobs", headers, body.encode())
    assert status == 400
    assert b"k69999" in found
