"""The API's handlers over a real queue, without HTTP; each answer is held against its schema."""

import json
import re
from functools import cache
from urllib.parse import parse_qs, unquote, urlsplit

import jsonschema
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from queuectl.web.answers import Answers
from queuectl.web.api.table import ENDPOINTS
from queuectl.web.endpoint import Site
from queuectl.web.openapi import STREAMS, document

DOCUMENT = document((*ENDPOINTS, *STREAMS))


def holds(schema, value):
    """Fail unless a value is what a schema of the document says."""
    _validator(json.dumps({"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema)).validate(
        value
    )


@cache
def _validator(text):
    registry = Registry().with_resource("urn:api", DRAFT202012.create_resource(DOCUMENT))
    schema = json.loads(text.replace("#/components", "urn:api#/components"))
    return Draft202012Validator(schema, registry=registry, format_checker=jsonschema.FormatChecker())


class Api:
    """Ask endpoints as the application would."""

    def __init__(self, queue, *, folder=None, watches=False, host_id="none"):
        self.queue = queue
        site = Site(
            host_id=host_id,
            drop_folder=folder or queue.paths.drop,
            watches=watches,
            csrf=lambda name: f"csrf of {name}",
        )
        self._answers = Answers(queue, site, ENDPOINTS)

    def ask(self, method, address, body=None, *, key=None, session=None):
        """Return the status and the value of an answer; ``body`` is what becomes JSON, or bytes as they are."""
        parts = urlsplit(address)
        path = parts.path if parts.path in {"/metrics", "/healthz"} else f"/api/v1{parts.path}"
        endpoint, values = next(
            (one, {name: unquote(text) for name, text in found.groupdict().items()})
            for one in ENDPOINTS
            if one.method == method
            and (found := re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", one.full_path), path))
        )
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        written = self._answers.call(
            endpoint, values, parse_qs(parts.query, keep_blank_values=True), body=data, session=session,
            idempotency_key=key,
        )  # fmt: skip
        assert written.status != 500, f"{method} {address} failed"
        if written.download is not None or written.status == 204:
            return written.status, written.download
        if not written.media_type.endswith("json"):
            return written.status, written.body.decode()
        value = json.loads(written.body)
        holds(endpoint.answer if written.status < 300 else "Problem", value)
        return written.status, value

    def get(self, address):
        """Return what a GET answers."""
        status, value = self.ask("GET", address)
        assert status == 200, value
        return value

    def refuses(self, status, method, address, body=None, **rest):
        """Return why it is refused, with this status."""
        found, value = self.ask(method, address, body, **rest)
        assert found == status, value
        return value["detail"]
