"""Read ``.job`` files: bytes in, specifications out, or an error with its line. The whole file is taken or refused."""

import codecs
import json
import re
import tomllib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from queuectl.errors import InvalidJob, InvalidJobFile
from queuectl.model.fields import kind, spec_from_mapping
from queuectl.model.job import JobSpec
from queuectl.model.places import Place, json_places, toml_places, toml_statements

MAX_BYTES = 1024 * 1024
"""A larger file is refused."""

_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
    (b"", "utf-8", "UTF-8"),
)
_TOML_OPENING = re.compile(
    r"""\[\[?\s*[A-Za-z_][\w.-]*\s*\]\]?\s*(?:\#.*)?$   # [[job]], and what was meant as such
      | [\w-]+\s+=\s                                     # field = ...
      | (?:command|argv)\s*=\s*["'\[]""",
    re.VERBOSE,
)
_TOML_KEY_MAX = 64  # tomllib's time grows with the square of the parts of a dotted key
_TOML_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
_OBJECT = re.compile(r"""\{\s*(?:["'}]|\w+\s*:)""")
_OTHER_NAME = {"key": "id", "run_at": "delay", "command": "argv"}

_Jobs = tuple[Sequence[Any], Sequence[Place]]


def parse(data: bytes, *, now: datetime) -> list[JobSpec]:
    """Read a ``.job`` file: lines of commands, JSON or TOML; ``now`` is what ``delay`` counts from.

    Raises:
        InvalidJobFile: names the line, and the field if one is to blame.
    """
    text = _decode(data)
    try:
        jobs, places = _read(text)
    except RecursionError:
        raise InvalidJobFile("brackets are nested too deeply") from None
    if not jobs:
        raise InvalidJobFile("the file holds no job", hint="Write one command a line, then drop it again.")
    return [_spec(job, place, now) for job, place in zip(jobs, places, strict=True)]


def parse_line(line: str, *, now: datetime) -> JobSpec:
    """Read one line of a list of jobs: a JSON object with a job's fields, else a shell command.

    Raises:
        InvalidJob: names the field; it is ``command`` where the JSON itself is broken.
    """
    text = line.strip()
    if not _OBJECT.match(text):
        return spec_from_mapping({"command": text}, now=now)
    try:
        jobs, _ = _read_json(text)
    except RecursionError:
        raise InvalidJob("brackets are nested too deeply", field="command") from None
    except InvalidJobFile as exc:
        hint = "Windows PowerShell 5 takes quotes away from programs' arguments; write \\\" there, or use a .job file."
        raise InvalidJob(exc.message.removeprefix(f"line {exc.line}: "), field="command", hint=hint) from None
    return spec_from_mapping(jobs[0], now=now)


def check_size(size: int) -> None:
    """Refuse a file by its size in bytes, before it is read.

    Raises:
        InvalidJobFile: it is too large.
    """
    if size > MAX_BYTES:
        hint = "Split it, or put the work into a script and enqueue the script."
        raise InvalidJobFile(f"the file is {size} bytes long; at most {MAX_BYTES} are allowed", hint=hint)


def _decode(data: bytes) -> str:
    check_size(len(data))
    bom, codec, label = next(row for row in _ENCODINGS if data.startswith(row[0]))
    try:
        text = data[len(bom) :].decode(codec)
    except UnicodeDecodeError as exc:
        offset = len(bom) + exc.start
        line = _newlines(data[len(bom) : offset].decode(codec, "ignore")).count("\n") + 1
        hint = "Save the file as UTF-8, then drop it again."
        raise InvalidJobFile(f"byte {offset} (counted from 0) is not {label}", line=line, hint=hint) from None
    text = _newlines(text)
    nul = text.find("\0")
    if nul >= 0:
        line = text.count("\n", 0, nul) + 1
        raise InvalidJobFile("holds a NUL character", line=line, hint="Save the file as UTF-8, then drop it again.")
    return text


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read(text: str) -> _Jobs:
    """Find out the format and return the jobs' fields, not yet checked, with their places."""
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    opening = lines[0][1] if lines else ""
    if _TOML_OPENING.match(opening):
        return _read_toml(text)
    if text.lstrip()[:1] in {"{", "["}:
        return _read_json(text)
    try:
        if not {"command", "argv", "job"}.isdisjoint(_load_toml(text)):
            return _read_toml(text)
    except (InvalidJobFile, RecursionError):
        pass  # plain lines are seldom TOML
    return [{"command": line} for _, line in lines], [Place(line=number) for number, _ in lines]


def _read_json(text: str) -> _Jobs:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as exc:
        hint = "Put several objects into a list: [{...}, {...}]." if exc.msg == "Extra data" else None
        raise InvalidJobFile(f"JSON: {exc.msg} (column {exc.colno})", line=exc.lineno, hint=hint) from None
    except ValueError:  # Python's limit on the digits of a whole number
        raise InvalidJobFile("JSON: a number is too long") from None
    return value if isinstance(value, list) else [value], json_places(text)


def _load_toml(text: str) -> dict[str, Any]:
    for line, words in toml_statements(text):
        if words.count(".") > _TOML_KEY_MAX:
            raise InvalidJobFile("TOML: a key has too many parts", line=line)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        where = _TOML_LINE.search(str(exc))
        line = int(where[1]) if where and where[1] else text.rstrip().count("\n") + 1
        raise InvalidJobFile(f"TOML: {_TOML_LINE.sub('', str(exc))}", line=line) from None
    except ValueError:  # Python's limit on the digits of a whole number, or a date that is none
        raise InvalidJobFile("TOML: a number or a date is out of range") from None


def _read_toml(text: str) -> _Jobs:
    table = _load_toml(text)
    top, places = toml_places(text)
    if "job" not in table:
        return [table], [top]
    jobs = table.pop("job")
    line = top.fields.get("job", places[0].line if places else 1)
    for name in table:
        raise InvalidJobFile(f"{name!r} stands outside [[job]]", line=top.fields.get(name))
    if not isinstance(jobs, list):
        raise InvalidJobFile("write [[job]], with two brackets on either side", line=line)
    return jobs, places if len(places) == len(jobs) else [Place(line=line)] * len(jobs)


def _spec(job: Any, place: Place, now: datetime) -> JobSpec:
    if not isinstance(job, dict):
        raise InvalidJobFile(f"a job must be a table of fields, not {kind(job)}", line=place.line)
    try:
        return spec_from_mapping(job, now=now)
    except InvalidJob as exc:
        other = _OTHER_NAME.get(exc.field, "")
        line = place.fields.get(exc.field, place.fields.get(other, place.line))
        raise InvalidJobFile(exc.message, line=line, hint=exc.hint) from None
