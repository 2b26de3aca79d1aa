"""The OpenAPI document says what the API does: schemathesis asks by it, and no answer is outside of it."""

import json
import os
import re
from collections import Counter
from http import HTTPStatus
from types import SimpleNamespace

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from queuectl import scheduling
from queuectl.engine.output import open_log
from queuectl.model.admission import Room
from queuectl.model.fields import FIELDS
from queuectl.model.job import JobSpec
from queuectl.model.plain import as_json
from queuectl.queue import Queue
from queuectl.settings import SETTINGS
from queuectl.web.api.table import ENDPOINTS
from queuectl.web.client import token
from queuectl.web.openapi import STREAMS
from queuectl.web.server import Dashboard
from tests.conftest import examples
from tests.support import PATIENCE
from tests.web.api import DOCUMENT

SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(DOCUMENT)))
STREAMED = {one.full_path for one in STREAMS}
OPERATIONS = {
    operation.definition.raw["operationId"]: operation
    for operation in (found.ok() for found in SCHEMA.get_all_operations())
    if operation.path not in STREAMED
}
CHECKED = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)
REJECTED = CHECKS.get_by_names(["negative_data_rejection"])
JOBS = 30
RUNNING = 5
THERE = {
    "job": st.integers(1, JOBS).map(str),
    "number": st.just(1),
    "name": st.sampled_from(["q1", "s", "x.job"]),
    "key": st.sampled_from(sorted(SETTINGS)),
}
"""What a path can name that is there; else most answers would be that it is not."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A page without a host, over a queue with a few jobs: what is asked of it runs nowhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUEUECTL_HOME", str(tmp_path_factory.mktemp("served")))
        with Queue.open() as queue:
            queue.set_setting("dashboard_port", "0")
            (queue.paths.drop / "rejected").mkdir(parents=True)
            for number in range(JOBS):
                queue.add(f"echo {number}", queue=f"q{number % 3}", tags=("t",))
            for job in queue.store.claim("a host", Room(workers=RUNNING, free=RUNNING), lease=3600):
                os.close(open_log(queue.paths.log(job.id, 1)))
                queue.paths.log(job.id, 1).write_text("one\ntwo\n")
            scheduling.add(queue, "s", scheduling.rule_of("@daily", timezone="UTC"), JobSpec(command="true"))
            page = Dashboard(queue, "none", queue.paths.drop, watches=True)
            page.start()
            yield SimpleNamespace(url=page.url.rstrip("/"), headers={"Authorization": f"Bearer {token(queue)}"})
            page.stop(PATIENCE)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["sensible", "senseless"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_is_asked_the_answer_is_one_of_the_document(served, name, mode):
    operation = OPERATIONS[name]
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query or operation.path_parameters):
        mode = GenerationMode.POSITIVE

    @seed(6)
    @settings(
        max_examples=examples(20 if operation.body else 10), deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def ask(case, data):
        if mode is GenerationMode.POSITIVE and data.draw(st.sampled_from([True, True, False])):
            case.path_parameters = {
                name: data.draw(THERE[name]) if name in THERE else value
                for name, value in (case.path_parameters or {}).items()
            }
        answer = case.call(base_url=served.url, headers=served.headers, timeout=PATIENCE)
        case.validate_response(answer, checks=CHECKED)
        if mode is GenerationMode.NEGATIVE and answer.status_code != HTTPStatus.MISDIRECTED_REQUEST:
            case.validate_response(answer, checks=REJECTED)

    ask()


def test_every_endpoint_is_described_once():
    described = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
    assert sorted(described) == sorted((one.method.lower(), one.full_path) for one in (*ENDPOINTS, *STREAMS))
    ids = Counter(operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values())
    assert set(ids.values()) == {1}


def test_all_that_is_named_is_there_and_all_that_is_there_is_named():
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOCUMENT)))
    assert named == DOCUMENT["components"]["schemas"].keys()
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_each_operation_says_what_it_is_for():
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"].endswith("."), path
            assert set(operation["tags"]) <= tags
            assert set(re.findall(r"{(\w+)}", path)) == {
                one["name"] for one in operation["parameters"] if one["in"] == "path"
            }
            assert all(one["description"] for one in operation["parameters"])
            assert {"400", "401", "403", "503"} <= operation["responses"].keys()
            assert ("requestBody" in operation) <= (method in {"post", "put", "patch"})


def test_a_body_has_the_fields_of_a_file_and_an_answer_those_of_a_job():
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["JobFields"]["properties"].keys() == schemas["JobChanges"]["properties"].keys() == FIELDS.keys()
    assert all(field["description"] for field in schemas["JobFields"]["properties"].values())
    with Queue.open() as queue:
        assert list(schemas["Job"]["properties"]) == [*as_json(queue.add("a")), "title", "verbs"]


def test_what_runs_commands_is_marked_so():
    assert {(one.method, one.path) for one in ENDPOINTS if one.commands} == {
        ("POST", "/jobs"), ("POST", "/jobs/{job}/copy"), ("POST", "/schedules"), ("POST", "/schedules/{name}/run"),
        ("POST", "/drop"),
    }  # fmt: skip
