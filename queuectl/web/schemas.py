"""The JSON Schemas of what the API takes and answers: the components of its OpenAPI document."""

from collections.abc import Mapping

from queuectl.model.catchup import CatchUp, OverlapPolicy
from queuectl.model.defaults import DEFAULTABLE
from queuectl.model.job import OutcomeKind
from queuectl.model.state import State
from queuectl.settings import Kept, Origin
from queuectl.web.job_schemas import (
    COUNT,
    FLAG,
    ID,
    JOB_SCHEMAS,
    MOMENT,
    NUMBER,
    TEXT,
    WHOLE,
    Schema,
    body,
    choice,
    job_and,
    many,
    nullable,
    ref,
    table,
)

_COUNTS: Schema = {
    "type": "object",
    "properties": {state.value: COUNT for state in State},
    "additionalProperties": False,
}
_PAUSE = table(
    queue={**nullable(TEXT), "description": "null is all queues."}, since=MOMENT, until=nullable(MOMENT)
)  # fmt: skip
_PAUSES: Mapping[str, Schema] = {"paused": FLAG, "pauses": many(ref("Pause"))}
_HOST: Mapping[str, Schema] = {
    "id": TEXT,
    "kind": TEXT,
    "name": {"type": "string", "description": "The machine's name."},
    "pid": WHOLE,
    "workers": {**COUNT, "description": "How many jobs it runs at once."},
    "version": TEXT,
    "started_at": MOMENT,
    "seen_at": MOMENT,
    "stopping": FLAG,
    "tags": {**many(TEXT), "description": "What its machine is, besides its name."},
    "queues": {**nullable(many(TEXT)), "description": "Whose jobs it takes; null is all."},
}
_HOST_SHOWN: Mapping[str, Schema] = {
    **_HOST,
    "machine": {"type": "boolean", "description": "Whether it is on this machine."},
    "busy": {**COUNT, "description": "How many jobs it runs now."},
    "dashboard": {"type": "boolean", "description": "Whether it is the one that answers."},
}
_SCHEDULE: Mapping[str, Schema] = {
    "name": TEXT,
    "cron": nullable(TEXT),
    "timezone": nullable(TEXT),
    "every": {"type": ["number", "null"], "description": "Seconds."},
    "anchor": nullable(MOMENT),
    "description": {"type": "string", "description": "Its times, in words."},
    "catch_up": choice(CatchUp),
    "overlap": choice(OverlapPolicy),
    "paused": FLAG,
    "created_at": MOMENT,
    "last_at": MOMENT,
    "next_at": nullable(MOMENT),
    "last_job": nullable(ref("Job")),
    "missed": COUNT,
    "skipped": COUNT,
    "problem": nullable(TEXT),
    "job": {"type": "object", "description": "The job's fields, without values of its environment."},
    "upcoming": many(MOMENT, 5),
}
_RUN = table(
    job=ID, number=ID, title=TEXT, started_at=MOMENT, finished_at=nullable(MOMENT),
    outcome=nullable(choice(OutcomeKind)),
)  # fmt: skip
_FILE: Mapping[str, Schema] = {"name": TEXT, "bytes": COUNT, "at": MOMENT}
_VALUE: Schema = {"type": ["string", "number", "boolean"]}

SCHEMAS: Mapping[str, Schema] = {
    "Problem": {
        "type": "object",
        "description": "What went wrong (RFC 9457), and what to do next.",
        "properties": {"title": TEXT, "status": WHOLE, "detail": TEXT, "hint": TEXT},
        "required": ["title", "status", "detail", "hint"],
    },
    **JOB_SCHEMAS,
    "Session": table(
        csrf={**nullable(TEXT), "description": "What a page sends as X-CSRF-Token; null for a bearer, who needs none."},
        version=TEXT, machine=TEXT, database=TEXT, user=TEXT, may_enqueue=FLAG, now=MOMENT,
        shared={**FLAG, "description": "Whether several machines may have the same database."},
    ),
    "Pause": _PAUSE,
    "Pauses": table(**_PAUSES),
    "Host": table(**_HOST_SHOWN),
    "HostWithJobs": table(**_HOST_SHOWN, running=many(ref("Job"))),
    "Stop": body({"finish": {"type": "boolean", "description": "Whether it first runs what is in the queue by now."}}),
    "Stopping": table(id=TEXT, stopping=FLAG),
    "Status": table(
        database=TEXT, counts=_COUNTS, queues={"type": "object", "additionalProperties": _COUNTS}, **_PAUSES,
        next_scheduled=nullable(table(name=TEXT, at=MOMENT)), running=many(ref("Job")),
        hosts=many(table(**_HOST, dashboard={**nullable(TEXT), "description": "The address of its page."})),
    ),
    "Overview": table(
        now=MOMENT, database=TEXT, counts=_COUNTS, total=COUNT,
        ever={**COUNT, "description": "The newest id that was ever given; 0 is the first time."},
        **_PAUSES, running=many(job_and(host_name=nullable(TEXT))), hosts=many(ref("Host")),
        next=many(
            table(
                kind={"type": "string", "enum": ["schedule", "job"]}, name=nullable(TEXT), at=MOMENT,
                id=nullable(ID), title=TEXT,
            ),
            8,
        ),
        recent=many(ref("Job"), 10),
        series=table(step=WHOLE, points=many(table(at=MOMENT, completed=COUNT, failed=COUNT))),
        timeline=table(
            **{"from": MOMENT}, to=MOMENT, lanes=many(table(host=TEXT, host_name=TEXT, runs=many(_RUN)))
        ),
    ),
    "Summary": table(
        queue=TEXT, name=nullable(TEXT), runs=COUNT, completed=COUNT, success=NUMBER, took_p50=NUMBER,
        took_p95=NUMBER, took_total=NUMBER, waited_p50=nullable(NUMBER), waited_p95=nullable(NUMBER),
    ),
    "Health": table(status={"const": "ok"}),
    "Dead": table(
        total=COUNT,
        looked_at={**COUNT, "description": "How many were grouped, those that died last."},
        groups=many(
            table(
                error=TEXT, count=COUNT, newest=MOMENT, oldest=MOMENT, ids=many(ID, 1000),
                jobs=many(job_and(tail={"type": "string", "description": "The end of its output."}), 5),
            )
        ),
    ),
    "Queue": table(
        name=TEXT, limit=nullable(COUNT), max_running=nullable(COUNT), defaults={"type": "object"}, counts=_COUNTS,
        paused=FLAG, paused_until=nullable(MOMENT),
    ),
    "QueueChanges": body(
        {
            "max_running": {"type": "integer", "minimum": 0, "maximum": 1_000_000,
                            "description": "How many of its jobs run at once; null is no limit."},
            "defaults": {
                "type": "object", "description": "Fields for jobs that leave them out.",
                "properties": {
                    name: JOB_SCHEMAS["JobFields"]["properties"][name] for name in DEFAULTABLE
                },
                "additionalProperties": False,
            },
        }
    ),
    "QueueName": body({"queue": {"type": "string", "minLength": 1, "maxLength": 200,
                                 "description": "null is all queues."}}),
    "PauseWish": body(
        {
            "queue": {"type": "string", "minLength": 1, "maxLength": 200, "description": "null is all queues."},
            "for": {"type": "number", "exclusiveMinimum": 0, "maximum": 100 * 365 * 86_400, "description": "Seconds."},
            "until": {"type": "string", "examples": ["2030-12-31T18:00:00Z"], "description": "With its time zone."},
        }
    ),
    "Schedule": table(**_SCHEDULE),
    "ScheduleWithRuns": table(**_SCHEDULE, runs=many(ref("Job"))),
    "NewSchedule": {
        **body(
            {
                "name": {"type": "string", "minLength": 1, "maxLength": 100},
                "cron": {"type": "string", "examples": ["0 3 * * *", "@hourly"]},
                "timezone": {"type": "string", "examples": ["Europe/Berlin"],
                             "description": "Whose clocks cron means; else this machine's."},
                "every": {"type": ["number", "string"], "examples": [900, "15m"], "description": "Seconds, or 15m."},
                "catch_up": choice(CatchUp), "overlap": choice(OverlapPolicy),
                "replace": {"type": "boolean", "description": "Whether one of that name makes way."},
                "job": ref("JobFields"),
            },
            "name", "job",
        ),
        "description": "A schedule: cron or every, and the job of each of its occurrences.",
    },
    "Setting": table(
        key=TEXT, value=_VALUE, origin=choice(Origin), default=_VALUE, type=TEXT, range=TEXT, kept=choice(Kept),
        help=TEXT, text={"type": "string", "description": "The value as a person writes it."}, default_text=TEXT,
        choices=many(TEXT), fixed={"type": "boolean", "description": "Whether it cannot be changed here."},
        why_fixed=nullable(TEXT),
    ),
    "Drop": table(
        folder=TEXT, enabled=FLAG, watched=FLAG, problem=nullable(TEXT), waiting=many(table(**_FILE), 100),
        accepted=many(table(**_FILE, jobs=many(ID)), 100), rejected=many(table(**_FILE, reason=TEXT), 100),
        accepted_count=COUNT, rejected_count=COUNT,
    ),
}  # fmt: skip
