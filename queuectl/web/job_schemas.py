"""The JSON Schemas of jobs: the fields that an author sets, in one table, and what the API shows of a job."""

from collections.abc import Mapping
from typing import Any

from queuectl.model.job import BackoffKind, DeadParent, OutcomeKind, ProgressMode
from queuectl.model.state import State
from queuectl.model.validation import RANGES

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
ID: Schema = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
COUNT: Schema = {"type": "integer", "minimum": 0}


def table(**properties: Schema) -> Schema:
    """Describe an object that has all of these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def body(properties: Mapping[str, Schema], *required: str) -> Schema:
    """Describe an object that may have these properties, or null for each that is not required, and no others."""
    found = {name: schema if name in required else nullable(schema) for name, schema in properties.items()}
    described: Schema = {"type": "object", "properties": found, "additionalProperties": False}
    return {**described, "required": list(required)} if required else described


def nullable(schema: Schema) -> Schema:
    """Allow null, too."""
    if "enum" in schema:
        return {**schema, "type": [schema["type"], "null"], "enum": [*schema["enum"], None]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    rest = {name: value for name, value in schema.items() if name != "description"}
    said = {"description": schema["description"]} if "description" in schema else {}
    return {"anyOf": [rest, {"type": "null"}], **said}


def ref(name: str) -> Schema:
    """Refer to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def many(item: Schema, most: int | None = None) -> Schema:
    """Describe a list."""
    found: Schema = {"type": "array", "items": item}
    return found if most is None else {**found, "maxItems": most}


def choice(kind: Any) -> Schema:
    """Describe one of some words."""
    return {"type": "string", "enum": [member.value for member in kind]}


_DURATION: Schema = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "examples": ["90s", "1h30m"]}]}
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
_PARENTS = many({"anyOf": [ID, _NAME]})
_CODES = many({"type": "integer", "minimum": 0, "maximum": 2**32 - 1})
_HOOK: Schema = {"type": "string", "minLength": 1}

_FIELDS: Mapping[str, tuple[Schema, str]] = {
    "command": ({"type": "string", "minLength": 1}, "What a shell runs; this or argv."),
    "argv": ({**many(TEXT), "minItems": 1}, "A program and its arguments, run as they are; this or command."),
    "cwd": ({"type": "string", "minLength": 1, "maxLength": 4096}, "Where it runs, seen from the home directory."),
    "env": (
        {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        "Environment variables. Values are never shown again; when a job is changed or copied, null keeps one.",
    ),
    "shell": ({"type": "string", "minLength": 1, "maxLength": 4096}, "bash, zsh, powershell, pwsh, cmd, or a path."),
    "queue": (_NAME, "The queue it belongs to."),
    "priority": (WHOLE, "Higher runs first; 0 is usual."),
    "slots": (WHOLE, "How many workers' room it takes."),
    "machine": (_NAME, "The name or tag of the machines on which it may run."),
    "mutex": (_NAME, "Of all jobs with this mutex, one runs at a time."),
    "nice": (WHOLE, "POSIX niceness; 19 is the least eager."),
    "run_at": ({"type": "string", "examples": ["2030-12-31T18:00:00Z"]}, "Not before this moment, in ISO 8601."),
    "delay": (_DURATION, "Not before this long from now, in seconds or as 1h30m; this or run_at."),
    "max_retries": (WHOLE, "Retries after the first run."),
    "backoff": (choice(BackoffKind), "How the wait grows from retry to retry."),
    "backoff_base": (NUMBER, "Seconds to begin with."),
    "backoff_cap": (_DURATION, "The longest wait."),
    "jitter": (NUMBER, "Share of each wait that is left to chance."),
    "dead_on": (_CODES, "Exit codes after which it is dead at once."),
    "ok_on": (_CODES, "Exit codes besides 0 that mean success."),
    "timeout": (_DURATION, "The longest run; 0 is no limit."),
    "kill_after": (_DURATION, "Time between the polite signal and the kill."),
    "progress": (choice(ProgressMode), "Whether progress is read from its output, too."),
    "key": (_NAME, "While a job with this key lives, it is returned instead of a second one."),
    "id": (_NAME, "Another word for key."),
    "unique_for": (_DURATION, "How long after its adding no second job with its key is added."),
    "replace": (FLAG, "Whether a live job with its key makes way."),
    "name": (_NAME, "A name for people."),
    "tags": (many(_NAME), "Tags."),
    "note": ({"type": "string", "minLength": 1, "maxLength": 4096}, "A remark for people."),
    "after": (_PARENTS, "Jobs that must have completed: ids, or names or keys of jobs beside it."),
    "after_any": (_PARENTS, "Jobs that must have ended, however."),
    "after_failure": (_PARENTS, "Jobs that must have ended as dead or cancelled."),
    "dead_parent": (choice(DeadParent), "What becomes of it when one of them ends otherwise."),
    "on_success": (_HOOK, "Shell command to run after it has completed."),
    "on_failure": (_HOOK, "Shell command to run after each of its runs that failed."),
    "on_dead": (_HOOK, "Shell command to run after it has died."),
}


def _field(name: str) -> Schema:
    schema, said = _FIELDS[name]
    if name in RANGES and schema in (WHOLE, NUMBER):
        low, high = RANGES[name]
        schema = {**schema, "minimum": low, "maximum": high}
    return {**schema, "description": said}


def _shown(name: str) -> Schema:
    """Describe a field of a job as it is shown: durations in seconds."""
    schema, said = _FIELDS[name]
    return {**(NUMBER if schema is _DURATION else schema), "description": said}


_TEXT_OR_NONE = nullable(TEXT)
_MOMENT_OR_NONE = nullable(MOMENT)
_SHOWN: Mapping[str, Schema] = {
    "id": ID,
    "state": choice(State),
    **{name: nullable(_shown(name)) for name in ("name", "command", "argv", "cwd")},
    "env": {
        "type": "object",
        "additionalProperties": {"type": "null"},
        "description": "The names of its variables; their values are never shown.",
    },
    "shell": nullable(_shown("shell")),
    "queue": TEXT,
    "priority": WHOLE,
    "slots": WHOLE,
    **{name: nullable(_shown(name)) for name in ("mutex", "machine", "nice", "key")},
    "tags": many(TEXT),
    "note": _TEXT_OR_NONE,
    "schedule": {**_TEXT_OR_NONE, "description": "The schedule that it is an occurrence of."},
    **{name: many({"type": ["integer", "string"]}) for name in ("after", "after_any", "after_failure")},
    "dead_parent": nullable(_shown("dead_parent")),
    "max_retries": WHOLE,
    "backoff": nullable(_shown("backoff")),
    "backoff_base": NUMBER,
    "backoff_cap": nullable(_shown("backoff_cap")),
    "jitter": nullable(_shown("jitter")),
    "dead_on": _CODES,
    "ok_on": _CODES,
    **{name: nullable(_shown(name)) for name in ("timeout", "kill_after", "on_success", "on_failure", "on_dead")},
    "progress": {"type": ["number", "null"], "description": "How much of the run is done, from 0 to 1."},
    "progress_text": _TEXT_OR_NONE,
    "source": {"type": "string", "description": "Who enqueued it, or what."},
    "attempts": {**COUNT, "description": "Runs spent since it was added or last retried by a person."},
    "runs": {**COUNT, "description": "Runs ever begun."},
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "run_at": _MOMENT_OR_NONE,
    "started_at": _MOMENT_OR_NONE,
    "finished_at": _MOMENT_OR_NONE,
    "exit_code": nullable(WHOLE),
    "reason": {**_TEXT_OR_NONE, "description": "Why it stands where it stands, if that is not plain."},
    "cancel_requested": FLAG,
    "host": {**_TEXT_OR_NONE, "description": "The id of the host that runs it."},
    "title": {"type": "string", "description": "Its name, else what it runs, on one line."},
    "verbs": many({"type": "string", "enum": ["cancel", "retry", "delete", "edit", "copy"]}),
}
JOB = table(**_SHOWN)


def job_and(**more: Schema) -> Schema:
    """Describe a job with more properties."""
    return table(**_SHOWN, **more)


_ATTEMPT = table(
    number=ID, host=TEXT, pid=nullable(WHOLE), started_at=MOMENT, finished_at=_MOMENT_OR_NONE,
    outcome=nullable(choice(OutcomeKind)), next_state=nullable(choice(State)), exit_code=nullable(WHOLE),
    reason=_TEXT_OR_NONE, tail={"type": "string", "description": "The end of its output."}, output_bytes=COUNT,
    log={"type": "boolean", "description": "Whether its whole log is on this machine."}, log_bytes=COUNT,
)  # fmt: skip
_EVENT = table(
    at=MOMENT, verb=TEXT, before=nullable(choice(State)), after=choice(State), actor=TEXT, detail=_TEXT_OR_NONE
)
_RELATIVE = table(
    id=ID, title=TEXT, state=choice(State),
    kind={"type": "string", "enum": ["after", "after_any", "after_failure"]},
    met={"type": "boolean", "description": "Whether this wait is over."},
)  # fmt: skip

JOB_SCHEMAS: Mapping[str, Schema] = {
    "Job": JOB,
    "JobFields": {
        "type": "object",
        "description": "A job as a .job file has it; a field that is null counts as left out.",
        "properties": {name: nullable(_field(name)) for name in _FIELDS},
        "additionalProperties": False,
        "anyOf": [{"required": ["command"]}, {"required": ["argv"]}],
    },
    "JobChanges": {
        "type": "object",
        "description": "Fields to change; null takes one away.",
        "properties": {name: nullable(_field(name)) for name in _FIELDS},
        "additionalProperties": False,
    },
    "Attempt": _ATTEMPT,
    "Event": _EVENT,
    "Relative": _RELATIVE,
    "JobDetails": job_and(
        runs_list=many(ref("Attempt")), history=many(ref("Event")), waits_for=many(ref("Relative")),
        waits_because={**nullable(TEXT), "description": "Why nobody takes it now: a pause, or no such host."},
        waited_for_by=many(ref("Relative")), command_line=TEXT, command_line_powershell=TEXT,
    ),
    "JobPage": table(
        jobs=many(ref("Job")),
        next={**_TEXT_OR_NONE, "description": "The cursor of the page behind this one; null when there is none."},
        exhausted={"type": "boolean", "description": "False when the search stopped early, to answer fast."},
        total={"type": ["integer", "null"], "description": "How many match; null when a text or a tag is sought."},
        queues=many(TEXT), tags=many(TEXT, 50),
    ),
    "JobFilter": body(
        {"state": many(choice(State)), "queue": TEXT, "tag": TEXT, "text": TEXT}
    ),
    "JobAction": {
        **body(
            {
                "verb": {"type": "string", "enum": ["retry", "cancel", "delete"]},
                "ids": many(ID, 100_000), "filter": ref("JobFilter"),
            },
            "verb",
        ),
        "description": "What to do, and with which jobs: ids or a filter.",
    },
    "JobActionResult": table(done=COUNT, refused=COUNT, problems=many(table(id=WHOLE, detail=TEXT), 20)),
    "LogPart": table(
        job=ID, run=ID, start=COUNT, end=COUNT, size=COUNT, text=TEXT,
        whole={"type": "boolean", "description": "False when only the end is to be had, which the database keeps."},
        running=FLAG,
    ),
}  # fmt: skip
