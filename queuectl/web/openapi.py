"""The OpenAPI document of the HTTP API, made from the table of its endpoints."""

from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

from queuectl import __version__
from queuectl.errors import NotFound
from queuectl.web.endpoint import Call, Endpoint, Kind, Parameter, Schema, whole
from queuectl.web.schemas import SCHEMAS

ABOUT = """\
Everything that queuectl's page shows and does, for scripts. Send the token as `Authorization: Bearer TOKEN`;
`queuectl dashboard --token` prints it. Times are ISO 8601 in UTC, durations are seconds. Failures are
`application/problem+json` with what went wrong (`detail`) and what to do next (`hint`)."""
TAGS = {
    "overview": "The queue as a whole.",
    "jobs": "Jobs: list, enqueue, change, cancel, retry, delete.",
    "logs": "What runs wrote.",
    "queues": "Named queues, their limits, defaults and pauses.",
    "schedules": "Jobs that come again and again.",
    "settings": "The same settings as `queuectl config`.",
    "drop folder": "The folder that is watched for .job files.",
    "hosts": "The processes that run jobs.",
}
_ANY = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.MISDIRECTED_REQUEST)
"""What any request may fail with, besides the database."""
_WITH_BODY = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
_TYPES: Mapping[Kind, Schema] = {
    Kind.TEXT: {"type": "string"},
    Kind.WHOLE: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.FLAG: {"type": "boolean"},
    Kind.TEXTS: {"type": "string"},
}


def _told_elsewhere(_call: Call) -> Any:
    raise NotFound("this is no plain answer")


_STREAM = "text/event-stream"
STREAMS: Sequence[Endpoint] = (
    Endpoint(
        method="GET", path="/events", tag="overview", handler=_told_elsewhere, media_type=_STREAM,
        summary="Live views: server-sent events with what a GET would answer, at once and at each change.",
        parameters=(
            Parameter(name="view", help="The path of a GET, such as /api/v1/overview?span=hour.", kind=Kind.TEXTS),
        ),
    ),
    Endpoint(
        method="GET", path="/jobs/{job}/runs/{number}/log/stream", tag="logs", handler=_told_elsewhere,
        media_type=_STREAM, problems=(HTTPStatus.NOT_FOUND,),
        summary="A log as it grows: server-sent events, and an end when the run has ended.",
        parameters=(
            Parameter(name="job", help="The job's id, or its key."), whole("number", "Which run, from 1 on."),
            whole("from", "The byte at which to begin.", low=0, default=0),
        ),
    ),
)  # fmt: skip
"""Served by the application itself, and described here."""


def own_endpoint(endpoints: Sequence[Endpoint]) -> Endpoint:
    """Return the endpoint that serves the document of all others."""

    @cache
    def whole_document() -> dict[str, Any]:
        return document((*endpoints, own, *STREAMS))

    own = Endpoint(
        method="GET", path="/openapi.json", tag="overview", handler=lambda _: whole_document(),
        answer={"type": "object"}, summary="This document.",
    )  # fmt: skip
    return own


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Describe endpoints in OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.full_path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "queuectl", "version": __version__, "description": ABOUT, "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": said} for name, said in TAGS.items()],
        "security": [{"bearerAuth": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "bearerAuth": {"type": "http", "scheme": "bearer"},
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "queuectl",
                    "description": "A page's cookie; its name goes on with what tells instances apart.",
                },
            },
        },
    }  # fmt: skip


def _operation(one: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": _operation_id(one),
        "summary": one.summary,
        "tags": [one.tag],
        "parameters": [_parameter(one, parameter) for parameter in one.parameters],
        "responses": _responses(one),
    }
    if one.idempotent_by_key:
        found["parameters"].append(
            {
                "name": "Idempotency-Key", "in": "header", "required": False,
                "description": "A text of your choice; a second request with it answers what the first did.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
            }
        )  # fmt: skip
    if one.body is not None:
        schema = _schema(one.body) if one.body_required else {"anyOf": [_schema(one.body), {"type": "null"}]}
        content = {"application/json": {"schema": schema}}
        found["requestBody"] = {"required": one.body_required, "content": content}
    return found


def _operation_id(one: Endpoint) -> str:
    words = [part.strip("{}").replace(".", "_") for part in one.path.strip("/").split("/")]
    return "_".join([one.method.lower(), *words])


def _parameter(one: Endpoint, parameter: Parameter) -> dict[str, Any]:
    in_path = f"{{{parameter.name}}}" in one.path
    return {
        "name": parameter.name,
        "in": "path" if in_path else "query",
        "required": in_path,
        "description": parameter.help,
        "schema": _parameter_schema(parameter),
    }


def _parameter_schema(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_TYPES[parameter.kind])
    if parameter.kind in {Kind.WHOLE, Kind.NUMBER}:
        schema |= {"minimum": parameter.low, "maximum": parameter.high}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.kind is Kind.TEXTS:
        return {"type": "array", "items": schema}
    return schema if parameter.default is None else {**schema, "default": parameter.default}


def _responses(one: Endpoint) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(one.status).phrase}
    if one.status != HTTPStatus.NO_CONTENT:
        schema = {"type": "string"} if one.answer is None else _schema(one.answer)
        success["content"] = {one.media_type: {"schema": schema}}
    statuses = {*_ANY, *one.problems, HTTPStatus.SERVICE_UNAVAILABLE}
    statuses |= set(_WITH_BODY) if one.method != "GET" else set()
    statuses |= {HTTPStatus.NOT_FOUND} if "{" in one.path else set()  # an empty part of a path is another path
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        str(int(one.status)): success,
        **{
            str(int(status)): {"description": HTTPStatus(status).phrase, "content": problem}
            for status in sorted(statuses)
        },
    }


def _schema(given: Schema | str) -> Schema:
    return {"$ref": f"#/components/schemas/{given}"} if isinstance(given, str) else given
