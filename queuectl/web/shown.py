"""Jobs as the page and the API show them: what can be done with them, and no values of environment variables."""

from collections.abc import Mapping
from typing import Any

from queuectl.model.job import Job
from queuectl.model.plain import as_json
from queuectl.model.state import State, Verb, allows

TITLE_MAX = 500
"""Characters of a title."""


def job_as_json(job: Job) -> dict[str, Any]:
    """Return a job as the API shows it."""
    return {**without_values(as_json(job)), "title": title_of(job), "verbs": verbs(job)}


def title_of(job: Job) -> str:
    """Return a job's title, cut to what fits."""
    title = job.spec.title
    return title if len(title) <= TITLE_MAX else title[: TITLE_MAX - 1] + "…"


def without_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a job with the names of its environment variables alone."""
    shown = dict(fields)
    if shown.get("env"):
        shown["env"] = dict.fromkeys(shown["env"])
    return shown


def verbs(job: Job) -> list[str]:
    """Return what can be done with a job now."""
    possible = {
        "cancel": allows(Verb.CANCEL, job.state) and not job.cancel_requested,
        "retry": allows(Verb.RETRY, job.state),
        "delete": job.state is not State.PROCESSING,
        "edit": allows(Verb.EDIT, job.state),
        "copy": True,
    }
    return [verb for verb, is_possible in possible.items() if is_possible]
