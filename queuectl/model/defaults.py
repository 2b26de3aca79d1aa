"""What a job that leaves fields out gets: its queue's defaults, then the settings'."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from queuectl.errors import InvalidJob
from queuectl.model.dependencies import parents
from queuectl.model.fields import read_field
from queuectl.model.job import DeadParent, JobSpec
from queuectl.model.validation import validate
from queuectl.settings import Settings

DEFAULTABLE = (
    "priority", "slots", "mutex", "machine", "nice", "max_retries", "backoff", "backoff_base", "backoff_cap", "jitter",
    "dead_on", "ok_on", "timeout", "kill_after", "progress", "shell", "dead_parent", "on_success", "on_failure",
    "on_dead",
)  # fmt: skip
"""Fields for which a queue may have a default."""
_UNSET = {field.name: field.default for field in fields(JobSpec)}


def read_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    """Read a queue's defaults, written as in a .job file.

    Raises:
        InvalidJob: names the field that cannot have a default, or whose value cannot be.
    """
    found = {}
    for name, value in values.items():
        if name not in DEFAULTABLE:
            hint = f"A queue may have defaults for: {', '.join(DEFAULTABLE)}."
            raise InvalidJob(f"{name}: a queue has no default for it", field=name, hint=hint)
        found[name] = read_field(name, value)
    validate(replace(JobSpec(command="true"), **found))
    return found


def fill(spec: JobSpec, defaults: Mapping[str, Any], settings: Settings) -> JobSpec:
    """Return a specification with its queue's defaults (as ``read_defaults`` returns them) and the settings'."""
    changes = {name: value for name, value in defaults.items() if getattr(spec, name) == _UNSET[name]}
    if spec.dead_parent is None and "dead_parent" not in changes and any(True for _ in parents(spec)):
        changes["dead_parent"] = DeadParent(settings["dead_parent"])
    if spec.unique_for and spec.key is None:
        changes["key"] = _key_of_command(spec)
    return replace(spec, **changes) if changes else spec


def _key_of_command(spec: JobSpec) -> str:
    """Make a key of what a job runs and where, for one that is to be unique and has no key."""
    import hashlib  # few jobs are to be unique without a key

    what = json.dumps([spec.queue, spec.command, spec.argv, spec.cwd])
    return f"unique-{hashlib.sha256(what.encode()).hexdigest()[:32]}"
