"""``.job`` files: every format, every encoding, every refusal with its line."""

import contextlib
import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from queuectl.errors import InvalidJob, InvalidJobFile
from queuectl.model.fields import FIELDS, spec_from_mapping
from queuectl.model.job import JobSpec
from queuectl.model.jobfile import MAX_BYTES, parse, parse_line
from tests.conftest import examples

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def commands(data: bytes) -> list[str | None]:
    return [spec.command for spec in parse(data, now=NOW)]


def refusal(text: str | bytes) -> InvalidJobFile:
    with pytest.raises(InvalidJobFile) as caught:
        parse(text.encode() if isinstance(text, str) else text, now=NOW)
    return caught.value


# --- what is in a file -------------------------------------------------------------------------------------------


def test_each_plain_line_is_one_command_and_comments_and_blanks_are_none():
    text = "# nightly\n\n  echo one  \n\t# indented comment\necho two # not a comment of ours\n"
    assert commands(text.encode()) == ["echo one", "echo two # not a comment of ours"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_and_line_ends(codec, newline):
    assert commands(newline.join(["echo café", "echo 日本", ""]).encode(codec)) == ["echo café", "echo 日本"]


def test_what_powershell_5_writes_with_its_arrow():
    data = b"\xff\xfe" + 'echo "héllo"\r\n'.encode("utf-16-le")
    assert commands(data) == ['echo "héllo"']
    assert commands(b"\xfe\xff" + "echo hi".encode("utf-16-be")) == ["echo hi"]
    assert commands(b"\xff\xfe" + '{"command": "echo hi"}\r\n'.encode("utf-16-le")) == ["echo hi"]


def test_the_unicode_line_separators_end_no_command():
    assert commands("echo a\u2028b\x0bc\x85d".encode()) == ["echo a\u2028b\x0bc\x85d"]


ALL_FIELDS = {
    "command": "make",
    "cwd": "/srv",
    "env": {"LANG": "C", "EMPTY": ""},
    "shell": "bash",
    "queue": "builds",
    "priority": -5,
    "run_at": "2030-01-02T03:04:05Z",
    "max_retries": 0,
    "backoff_base": 1.5,
    "timeout": "5m",
    "key": "nightly",
    "name": "Nightly",
    "tags": ["a", "b"],
    "after": [1, 2],
}
ALL_FIELDS_SPEC = JobSpec(
    command="make",
    cwd="/srv",
    env={"LANG": "C", "EMPTY": ""},
    shell="bash",
    queue="builds",
    priority=-5,
    run_at=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
    max_retries=0,
    backoff_base=1.5,
    timeout=300.0,
    key="nightly",
    name="Nightly",
    tags=("a", "b"),
    after=(1, 2),
)


def test_json_and_toml_carry_every_field():
    assert parse(json.dumps(ALL_FIELDS).encode(), now=NOW) == [ALL_FIELDS_SPEC]
    assert parse(tomli_w.dumps(ALL_FIELDS).encode(), now=NOW) == [ALL_FIELDS_SPEC]
    assert parse(tomli_w.dumps({"job": [ALL_FIELDS] * 2}).encode(), now=NOW) == [ALL_FIELDS_SPEC] * 2


def test_the_fields_are_those_of_a_spec_but_path_and_schedule():
    known = {field.name for field in dataclasses.fields(JobSpec)}
    assert set(FIELDS) == (known - {"path", "schedule"}) | {"id", "delay"}


def test_json_lists_and_the_seeds_id():
    text = '\n [{"id": "job1", "command": "sleep 2"},\n {"argv": ["ls", "-l"], "timeout": null}]\n'
    assert parse(text.encode(), now=NOW) == [JobSpec(key="job1", command="sleep 2"), JobSpec(argv=("ls", "-l"))]


@pytest.mark.parametrize(
    "text",
    ["command = 'ls'", "# jobs\n\n[[job]]\ncommand = 'ls'", "[[job]]\ncommand='ls'", "job = [{command = 'ls'}]",
     "queue = 'default'\ncommand = 'ls'", "[[ job ]] # first\ncommand = '''\nls'''", 'command="ls"'],
)  # fmt: skip
def test_toml_in_its_spellings(text):
    assert commands(text.encode()) == ["ls"]


@pytest.mark.parametrize("text", ["X=1 ./run", "env=prod ./deploy --all", "[ -f x ]".replace("[", "test"), "a.b.c"])
def test_what_only_looks_a_little_like_toml_is_a_command(text):
    assert commands(text.encode()) == [text]


# --- times -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2030-01-02T03:04:05Z", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2030-01-02 03:04:05+02:00", datetime(2030, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2030-01-02T03:04", datetime(2030, 1, 2, 3, 4).astimezone()),
        ("2030-07-02", datetime(2030, 7, 2).astimezone()),
    ],
)
def test_run_at_is_iso_8601_and_local_time_unless_it_says_otherwise(text, expected):
    fields = {"command": "x", "run_at": text}
    spec = spec_from_mapping(fields, now=NOW)
    assert spec.run_at == expected
    assert spec.run_at is not None
    assert spec.run_at.tzinfo is UTC
    for value in (text, f"'{text}'"):
        if value != "2030-01-02T03:04":  # TOML wants seconds
            assert parse(f"command = 'x'\nrun_at = {value}\n".encode(), now=NOW)[0].run_at == expected


@pytest.mark.parametrize(("delay", "seconds"), [(90, 90), (0.5, 0.5), ("10m", 600), ("1h30m", 5400), (0, 0)])
def test_delay_counts_from_now(delay, seconds):
    spec = spec_from_mapping({"command": "x", "delay": delay}, now=NOW)
    assert spec.run_at == NOW + timedelta(seconds=seconds)


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"comand": "x"}, "comand", "unknown field"),
        ({"command": "x", "path": "/bin"}, "path", "unknown field"),
        ({"command": ""}, "command", "empty"),
        ({"command": "  "}, "command", "empty"),
        ({}, "command", "needs a command"),
        ({"command": None}, "command", "needs a command"),
        ({"command": "x", "argv": ["x"]}, "argv", "not both"),
        ({"argv": []}, "argv", "program"),
        ({"argv": "ls"}, "argv", "a list in brackets, not a text"),
        ({"argv": ["ls", 1]}, "argv", "item 2 must be a text in quotes, not a number"),
        ({"command": 1}, "command", "must be a text in quotes, not a number"),
        ({"command": "x", "priority": True}, "priority", "must be a whole number, not true or false"),
        ({"command": "x", "priority": "5"}, "priority", "must be a whole number, not a text"),
        ({"command": "x", "priority": 5.0}, "priority", "must be a whole number, not 5"),
        ({"command": "x", "priority": 10**400}, "priority", "too large"),
        ({"command": "x", "timeout": False}, "timeout", "must be a number, not true or false"),
        ({"command": "x", "timeout": "soon"}, "timeout", "no duration"),
        ({"command": "x", "timeout": -1}, "timeout", "0 or more"),
        ({"command": "x", "timeout": float("inf")}, "timeout", "finite"),
        ({"command": "x", "backoff_base": float("nan")}, "backoff_base", "finite"),
        ({"command": "x", "max_retries": -1}, "max_retries", "between"),
        ({"command": "x", "run_at": "tomorrow"}, "run_at", "no time"),
        ({"command": "x", "run_at": 1_900_000_000}, "run_at", "must be a time"),
        ({"command": "x", "run_at": "0001-01-01T00:00:00+14:00"}, "run_at", "out of range"),
        ({"command": "x", "delay": 1e15}, "delay", "too long"),
        ({"command": "x", "delay": 1, "run_at": "2030-01-01"}, "delay", "not both"),
        ({"command": "x", "id": 1}, "id", "must be a text in quotes"),
        ({"command": "x", "id": "a", "key": "a"}, "id", "another word for key"),
        ({"command": "x", "env": ["A=1"]}, "env", "must be a table of texts"),
        ({"command": "x", "env": {"A": 1}}, "env", "variable 'A' must be a text"),
        ({"command": "x", "env": {"A=B": "1"}}, "env", "no name"),
        ({"command": "x", "tags": "a"}, "tags", "must be a list"),
        ({"command": "x", "after": [1.5]}, "after", "item 1 must be a whole number"),
        ({"command": "x", "after": [0]}, "after", "no job id"),
        ({"command": "a\0b"}, "command", "NUL"),
        ({"command": "x", "name": "\ud800"}, "name", "half a character"),
        ({"command": "x", "queue": ""}, "queue", "empty"),
        ({"command": "x", "x" * 5000: 1}, "x" * 5000, "..."),
    ],
)
def test_a_field_that_is_wrong_is_named(fields, field, message):
    with pytest.raises(InvalidJob) as caught:
        spec_from_mapping(fields, now=NOW)
    assert caught.value.field == field
    assert message in caught.value.message
    assert len(caught.value.message) < 300


def test_did_you_mean():
    with pytest.raises(InvalidJob) as caught:
        spec_from_mapping({"comand": "x"}, now=NOW)
    assert caught.value.hint == 'Did you mean "command"?'


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        # plain
        ("", None, "no job"),
        ("# nothing\n\n", None, "no job"),
        ("echo a\necho b\0\n", 2, "NUL"),
        # JSON
        ("[]", None, "no job"),
        ('{"command": "a"', 1, "JSON"),
        ('{"command": "a"}\n{"command": "b"}\n', 2, "Extra data"),
        ('[\n{"command": "a"},\n\n{"command": "b",\n "timeot": 1}]', 5, "timeot"),
        ('[\n{"command": "a"},\n\n{"queue": "b"\n}]', 4, "needs a command"),
        ('[\n{"command": "a"},\n3]', 3, "must be a table of fields, not a number"),
        ('[\n{"command": "a"},\n["b"]]', 3, "must be a table of fields, not a list"),
        ('{"command": "a",\n"command": "b"}', 2, "'command' is given twice"),
        ('{"command": "a",\n"c\\u006fmmand": "b"}', 2, "'command' is given twice"),
        ('{"command": "a", "env": {\n"A": "1",\n"A": "1"}}', 3, "'A' is given twice"),
        ('{"command": "a",\n"timeout": NaN}', 2, "NaN is no number"),
        ('{"command": "a",\n"timeout": -Infinity}', 2, "-Infinity is no number"),
        ('{"command": "a",\n"timeout": 1e999}', 2, "timeout: must be a finite number"),
        ('{"command": "}]\\"{[",\n"env": {"x": "\\\\"},\n"after": 1}', 3, "after: must be a list"),
        ('{"command": "a",\n\n"id": "a\\tb"}', 3, "key holds a line break"),
        ('{"command": "a", "priority":\n' + "9" * 5000 + "}", None, "too long"),
        ("[" * 100_000, None, "nested too deeply"),
        ('{"command":' * 90_000, None, "nested too deeply"),
        # TOML
        ("command = 'a'\ntimeout = 'x'\n", 2, "timeout"),
        ("command = 'a\n", 1, "TOML"),
        ("# jobs\n[[job]]\ncommand = 'a'\n[[job]]\ncommand = b\n", 5, "TOML"),
        ("[[job]]\ncommand = 'a'\n[[job]]\ncommand = '''\n[[job]]\n'''\n\npriority = true\n", 8, "priority"),
        ('[[job]]\ncommand = """\n\\""" [[job]]\n""""\n[[job]]\nname = "x" # """\n', 5, "needs a command"),
        ("[[job]]\ncommand = 'a'\n[job.env]\ntimeout = 1\n[[job]]\nargv = [\n 'a',\n 1]\n", 3, "variable 'timeout'"),
        ("[[job]]\nargv = [\n '[[job]]', # ]\n 'a']\n[[job]]\nargv = [\n 'a',\n 1]\n", 6, "item 2"),
        ('[[job]]\ncommand = "a"\n"timeout" = "x"\n', 3, "timeout"),
        ("queue = 'x'\n[[job]]\ncommand = 'a'\n", 1, "'queue' stands outside"),
        ("[job]\ncommand = 'a'\n", 1, "two brackets"),
        ("[[jobs]]\ncommand = 'a'\n", 1, "unknown field 'jobs'"),
        ("queue = 'x'\n", 1, "needs a command"),
        ("comand = 'x'\n", 1, "unknown field"),
        ("job = []", None, "no job"),
        ("\njob = [{command = 'a'}, {command = 1}]", 2, "command"),
        ("command = 'a'\nrun_at = 10:00:00", 2, "run_at: must be a time"),
        ("command = 'a'\npriority = 0x" + "f" * 5000, 2, "too large"),
        ("command = 'a'\npriority = " + "9" * 5000, None, "out of range"),
        ("command = 'a'\nafter = " + "[" * 5000 + "]" * 5000, None, "nested too deeply"),
        ("command = 'a'\n" + "a." * 100_000 + "a = 1", 2, "too many parts"),
        ("command = 'a'\nrun_at = 2030-02-30", 2, "Invalid date"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(text, line, message):
    error = refusal(text)
    assert message in error.message
    assert error.line == line


def test_bytes_that_are_no_text_are_refused_with_their_place():
    assert "line 2: byte 8 (counted from 0) is not UTF-8" in refusal(b"echo a\n \xff\n").message
    assert "line 2: byte 11 (counted from 0) is not UTF-8" in refusal(b"\xef\xbb\xbfecho a\r\n\xff").message
    assert refusal(b"\xff\xfe" + "echo\n".encode("utf-16-le") + b"\x00").line == 2
    assert "NUL" in refusal("echo hi".encode("utf-16-le")).message


def test_the_size_is_limited():
    assert commands(b"#" * (MAX_BYTES - 5) + b"\necho") == ["echo"]
    assert str(MAX_BYTES) in refusal(b"#" * (MAX_BYTES - 4) + b"\necho").message


@pytest.mark.parametrize(
    "text",
    ['"""\\' * 260_000, '"""', "'''" * 340_000, '"\\' * 500_000, "{" * 10**6, "a.b=" * 250_000, "[[job]]\n" * 130_000],
)
def test_the_largest_files_are_read_in_moderate_time(text):
    with pytest.raises(InvalidJobFile):
        parse(b"x = 1\n" + text.encode(), now=NOW)


# --- one line ----------------------------------------------------------------------------------------------------


def test_a_line_is_a_command_or_a_json_object():
    assert parse_line(" echo hi \n", now=NOW) == JobSpec(command="echo hi")
    assert parse_line('{"id": "job1", "command": "sleep 2"}', now=NOW) == JobSpec(key="job1", command="sleep 2")
    assert parse_line("{ echo a; echo b; }", now=NOW) == JobSpec(command="{ echo a; echo b; }")
    assert parse_line("[ -f x ] && echo y", now=NOW) == JobSpec(command="[ -f x ] && echo y")


@pytest.mark.parametrize(
    "line", ["", "{}", '{"command": "a"', "{id: job1, command: sleep 2}", '{"a":' * 50_000, '{"command": NaN}']
)
def test_a_line_that_is_wrong_names_its_field(line):
    with pytest.raises(InvalidJob) as caught:
        parse_line(line, now=NOW)
    assert caught.value.field == "command"
    assert not caught.value.message.startswith("line ")


# --- anything at all ---------------------------------------------------------------------------------------------

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from([*FIELDS, "path", "comand"]), JSON_VALUES, max_size=5)
FRAGMENTS = st.sampled_from(
    [
        "command",
        "argv",
        "[[job]]",
        "=",
        '"',
        "'",
        '"""',
        "\n",
        "\r\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "#",
        "\\",
        "x",
        "1",
        ".",
    ]
)


def specs_or_refusal(data: bytes) -> None:
    try:
        specs = parse(data, now=NOW)
    except InvalidJobFile as exc:
        assert exc.line is None or exc.line >= 1  # noqa: PT017 (both ends are right; neither is expected)
    else:
        assert specs
        assert all(isinstance(spec, JobSpec) for spec in specs)


@given(st.binary() | st.text().map(str.encode) | st.text().map(lambda text: text.encode("utf-16", "surrogatepass")))
def test_any_bytes_give_specs_or_a_refusal(data):
    specs_or_refusal(data)


@settings(max_examples=examples(300))
@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_any_broken_syntax_gives_specs_or_a_refusal(text):
    specs_or_refusal(text.encode())


@given(MAPPINGS | st.lists(MAPPINGS, max_size=3))
def test_any_json_gives_specs_or_a_refusal(value):
    specs_or_refusal(json.dumps(value).encode())
    specs_or_refusal(json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(st.text())
def test_any_line_gives_a_spec_or_a_usage_error(line):
    with contextlib.suppress(InvalidJob):
        assert isinstance(parse_line(line, now=NOW), JobSpec)


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=20)
SPECS = st.builds(
    JobSpec,
    command=WORDS,
    cwd=st.none() | WORDS,
    env=st.dictionaries(WORDS.filter(lambda name: "=" not in name), WORDS, max_size=3),
    shell=st.none() | WORDS,
    queue=WORDS,
    priority=st.integers(-1000, 1000),
    run_at=st.none() | st.datetimes(datetime(1990, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (given the zone)
    max_retries=st.none() | st.integers(0, 100),
    backoff_base=st.none() | st.floats(0, 1000),
    timeout=st.none() | st.floats(0.001, 100_000),
    key=st.none() | WORDS,
    name=st.none() | WORDS,
    tags=st.lists(WORDS, max_size=3).map(tuple),
    after=st.lists(st.integers(1, 10**12), max_size=3).map(tuple),
) | st.builds(JobSpec, argv=st.lists(WORDS, min_size=1, max_size=4).map(tuple))


@given(st.lists(SPECS, min_size=1, max_size=3), st.booleans())
def test_specs_make_the_round_trip_through_json_and_toml(specs, nulls):
    jobs = []
    for spec in specs:
        fields = {name: value for name, value in dataclasses.asdict(spec).items() if name in FIELDS}
        fields["run_at"] = spec.run_at and spec.run_at.isoformat()
        jobs.append({name: value for name, value in fields.items() if nulls or value is not None})
    for codec in ("utf-8", "utf-8-sig", "utf-16"):
        assert parse(json.dumps(jobs, ensure_ascii=False, indent=2).encode(codec), now=NOW) == specs
    if not nulls:
        assert parse(tomli_w.dumps({"job": jobs}).encode(), now=NOW) == specs


@given(st.lists(WORDS, max_size=6), st.integers(0, 5))
def test_the_line_of_a_wrong_job_is_right_among_any_others(names, position):
    jobs = [{"command": "x", "name": name} for name in names]
    jobs.insert(position, {"command": "x", "name": "]}\n[[job]]\n", "priority": False})
    text = json.dumps(jobs, indent=0)
    wanted = next(number for number, line in enumerate(text.split("\n"), start=1) if line.startswith('"priority"'))
    assert refusal(text.replace("]}\\n[[job]]\\n", "]}[[job]]")).line == wanted
    text = tomli_w.dumps({"job": jobs}, multiline_strings=True).replace('[[job]]\n"""', '[[job]]"""')
    wanted = next(number for number, line in enumerate(text.split("\n"), start=1) if line.startswith("priority"))
    assert refusal(text).line == wanted
