"""A job that could never run is refused, and the error names the field."""

from datetime import UTC, datetime

import pytest

from queuectl.errors import InvalidJob
from queuectl.model.job import JobSpec
from queuectl.model.validation import COMMAND_MAX_BYTES, TEXT_MAX, validate

GOOD = [
    {"command": "echo hi"},
    {"command": "printf '%s\n' one two\necho three\t"},
    {"command": "echo Grüße 🚀"},
    {"command": "x" * COMMAND_MAX_BYTES},
    {"argv": ("prog", "", "an argument\nof two lines")},
    {"cwd": "/tmp", "env": {"A": "", "B": "x=y\n"}, "shell": "bash", "path": "/bin"},
    {"name": "n" * TEXT_MAX, "key": "k", "queue": "mail", "tags": ("a", "b c")},
    {"priority": -1_000_000},
    {"priority": 1_000_000, "max_retries": 0, "backoff_base": 0, "timeout": 0.001},
    {"max_retries": 1_000_000, "backoff_base": 86_400, "after": (1, 2**63 - 1)},
    {"run_at": datetime(1970, 1, 1, tzinfo=UTC)},
]
BAD = [
    ("command", {"command": None}, "needs a command"),
    ("command", {"command": ""}, "empty"),
    ("command", {"command": " \n\t "}, "empty"),
    ("command", {"command": "echo \0"}, "NUL"),
    ("command", {"command": "echo \ud800"}, "Unicode"),
    ("command", {"command": "ä" * (COMMAND_MAX_BYTES // 2 + 1)}, "bytes long"),
    ("argv", {"command": "echo", "argv": ("echo",)}, "not both"),
    ("argv", {"argv": ()}, "program"),
    ("argv", {"argv": ("", "x")}, "program"),
    ("argv", {"argv": ("echo", "\0")}, "NUL"),
    ("argv", {"argv": ("echo", "\udcff")}, "Unicode"),
    ("argv", {"argv": ("echo", *["x" * 1024] * 4096)}, "bytes long"),
    ("queue", {"queue": ""}, "empty"),
    ("queue", {"queue": " "}, "empty"),
    ("queue", {"queue": "a\nb"}, "line break"),
    ("machine", {"machine": "gpu,big"}, "one name or tag"),
    ("machine", {"machine": "office mac"}, "one name or tag"),
    ("name", {"name": "a\tb"}, "tab"),
    ("name", {"name": "n" * (TEXT_MAX + 1)}, "characters long"),
    ("name", {"name": "\ud83d"}, "Unicode"),
    ("key", {"key": ""}, "empty"),
    ("key", {"key": "\0"}, "NUL"),
    ("tags", {"tags": ("good", "")}, "empty"),
    ("cwd", {"cwd": ""}, "empty"),
    ("cwd", {"cwd": "/" * 4097}, "characters long"),
    ("cwd", {"cwd": "/\udcff"}, "Unicode"),
    ("shell", {"shell": "sh\0"}, "NUL"),
    ("path", {"path": "/bin:/\udcff"}, "Unicode"),
    ("env", {"env": {"": "x"}}, "name of an environment variable"),
    ("env", {"env": {"A=B": "x"}}, "name of an environment variable"),
    ("env", {"env": {"A\0": "x"}}, "NUL"),
    ("env", {"env": {"A": "x\0"}}, "NUL"),
    ("env", {"env": {"A": "\ud800"}}, "Unicode"),
    ("priority", {"priority": 1_000_001}, "between"),
    ("priority", {"priority": -(2**70)}, "between"),
    ("max_retries", {"max_retries": -1}, "between"),
    ("max_retries", {"max_retries": 1_000_001}, "between"),
    ("backoff_base", {"backoff_base": -0.5}, "between"),
    ("backoff_base", {"backoff_base": float("nan")}, "between"),
    ("timeout", {"timeout": -1}, "between"),
    ("timeout", {"timeout": float("inf")}, "between"),
    ("after", {"after": (0,)}, "no job id"),
    ("after", {"after": (1, 2**63)}, "no job id"),
    ("run_at", {"run_at": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001 (that is the case)
]


def spec(fields):
    return JobSpec(**({} if "argv" in fields else {"command": "true"}) | fields)


@pytest.mark.parametrize("fields", GOOD, ids=",".join)
def test_what_can_run_is_accepted(fields):
    validate(spec(fields))


@pytest.mark.parametrize(("field", "fields", "message"), BAD, ids=[f"{field}-{text}" for field, _, text in BAD])
def test_what_cannot_run_is_refused_by_name(field, fields, message):
    with pytest.raises(InvalidJob) as caught:
        validate(spec(fields))
    assert caught.value.field == field
    assert message in caught.value.message
    assert field in caught.value.message
    caught.value.message.encode()


def test_a_command_that_is_too_long_gets_a_hint():
    with pytest.raises(InvalidJob) as caught:
        validate(JobSpec(command="x" * (COMMAND_MAX_BYTES + 1)))
    assert "script" in caught.value.hint
