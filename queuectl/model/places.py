"""Where each job and each of its fields stands in a JSON or TOML text that is known to be valid."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from queuectl.errors import InvalidJobFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The line where a job begins and the lines of its fields; lines count from 1."""

    line: int
    fields: dict[str, int] = field(default_factory=dict)


_JSON_TOKEN = re.compile(r'("(?:[^"\\]++|\\.)*+")(\s*+:)?|[{}\[\]]|[^\s{}\[\],:"]++')
_NO_NUMBERS = frozenset({"NaN", "Infinity", "-Infinity"})


def json_places(text: str) -> list[Place]:
    """Find the jobs of a JSON text that parses: one object, or a list of them.

    Raises:
        InvalidJobFile: a key occurs twice in one object, or a number is none (NaN, Infinity).
    """
    places: list[Place] = []
    keys: list[set[str]] = []  # one for each open bracket; stays empty for a list
    outside = 1 if text.lstrip().startswith("[") else 0
    line, end = 1, 0
    for token in _JSON_TOKEN.finditer(text):
        line += text.count("\n", end, token.start())
        end = token.start()
        word = token[0]
        if word in "}]":
            keys.pop()
        elif token[2]:
            name = json.loads(token[1])
            if name in keys[-1]:
                raise InvalidJobFile(f"{name!r} is given twice", line=line)
            keys[-1].add(name)
            if len(keys) == outside + 1:
                places[-1].fields[name] = line
        else:
            if word in _NO_NUMBERS:
                raise InvalidJobFile(f"{word} is no number", line=line)
            if len(keys) == outside:
                places.append(Place(line=line))
            if word in "{[":
                keys.append(set())
    return places


# Each alternative matches even where its end is missing, so that one pass over any text is enough.
_TOML_TOKEN = re.compile(
    r'"""(?:[^"\\]++|\\.?|"(?!""))*+"{0,5}'
    r"|'''(?:[^']++|'(?!''))*+'{0,5}"
    r'|"(?:[^"\\\n]++|\\[^\n]?)*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+"
    r"|\n|[\[\]{}=,.]|[^\s\[\]{}=,.\"'#]++",
    re.DOTALL,
)


def toml_statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and the tokens of each statement; on a text that is no TOML the tokens mean nothing."""
    words: list[str] = []
    line = begin = 1
    depth = 0
    for token in _TOML_TOKEN.finditer(text):
        word = token[0]
        if word == "\n":
            if words and depth <= 0:
                yield begin, words
                words, depth = [], 0
        elif not word.startswith("#"):
            begin = begin if words else line
            words.append(word)
            depth += (word in "[{") - (word in "]}")
        line += word.count("\n")
    if words:
        yield begin, words


def toml_places(text: str) -> tuple[Place, list[Place]]:
    """Find the top level of a TOML text that parses, and each ``[[job]]`` in it."""
    top = Place(line=1)
    jobs: list[Place] = []
    here: Place | None = top
    for line, words in toml_statements(text):
        names = [word.strip("\"'") for word in words if word not in "[]."]
        if words[0] != "[":
            if here is not None:
                here.fields.setdefault(names[0], line)
        elif words[1] == "[" and names == ["job"]:
            here = Place(line=line)
            jobs.append(here)
        else:  # a table: [env], or [job.env] which belongs to the job above it
            here = None
            owner, name = (jobs[-1], names[1]) if jobs and names[0] == "job" and names[1:] else (top, names[0])
            owner.fields.setdefault(name, line)
    return top, jobs
