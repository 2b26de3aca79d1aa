"""Refuse a job that could never run, before it is accepted."""

import re

from queuectl.errors import InvalidJob
from queuectl.model.job import JobSpec

COMMAND_MAX_BYTES = 4 * 1024 * 1024
"""A longer command is refused; it would fit no operating system's argument list."""
PRIORITY_RANGE = (-1_000_000, 1_000_000)
RANGES = {
    "priority": PRIORITY_RANGE,
    "slots": (1, 1024),
    "nice": (-20, 19),
    "max_retries": (0, 1_000_000),
    "backoff_base": (0, 86_400),
    "backoff_cap": (0, 365 * 86_400),
    "jitter": (0, 1),
    "timeout": (0, 10 * 365 * 86_400),  # 0 is no limit, as in the settings
    "kill_after": (0, 3600),
    "unique_for": (0, 10 * 365 * 86_400),
}
"""What numbers a field allows."""
_EXIT_CODES = (0, 2**32 - 1)  # Windows' are 32 bits wide
_TEXTS = ("queue", "mutex", "machine", "name", "key", "shell", "cwd", "note", "schedule")
_LONG_TEXTS = {"cwd": 4096, "shell": 4096, "note": 4096}
_HOOKS = ("on_success", "on_failure", "on_dead")
ID_MAX = 2**63 - 1
TEXT_MAX = 200
"""Characters in a name, key, tag or queue name."""


def validate(spec: JobSpec) -> None:
    """Refuse a specification that could never run.

    Raises:
        InvalidJob: names the field.
    """
    _validate_command(spec)
    for name in _TEXTS:
        _validate_text(name, getattr(spec, name))
    _validate_machine(spec.machine)
    for tag in spec.tags:
        _validate_text("tags", tag)
    _validate_environment(spec)
    _validate_characters("path", spec.path or "")
    for name in _HOOKS:
        hook = getattr(spec, name)
        if hook is not None and not hook.strip():
            raise InvalidJob(f"{name} is empty", field=name)
        _validate_size(name, hook or "")
    if spec.run_at is not None and spec.run_at.tzinfo is None:
        raise InvalidJob("run_at needs a time zone", field="run_at")
    _validate_numbers(spec)
    if spec.replace and (spec.key is None or spec.unique_for):
        problem = "unique_for keeps the older job" if spec.unique_for else "only a key says which job makes way"
        raise InvalidJob(f"replace: {problem}", field="replace")
    _validate_parents(spec)


def _validate_machine(machine: str | None) -> None:
    if machine is not None and re.search(r"[\s,]", machine):
        hint = "Give several machines one tag, each by its setting machine_tags, and name that."
        raise InvalidJob(f"machine: {machine!r} is not one name or tag", field="machine", hint=hint)


def _validate_environment(spec: JobSpec) -> None:
    for key, value in spec.env.items():
        if not key or "=" in key:
            raise InvalidJob(f"env: {key!r} is no name of an environment variable", field="env")
        _validate_characters("env", key, value)


def _validate_numbers(spec: JobSpec) -> None:
    for name, (low, high) in RANGES.items():
        _validate_range(name, getattr(spec, name), low, high)
    for name in ("dead_on", "ok_on"):
        for code in getattr(spec, name):
            _validate_range(name, code, *_EXIT_CODES)
    if 0 in spec.dead_on:
        raise InvalidJob("dead_on: exit code 0 is success", field="dead_on")


def _validate_parents(spec: JobSpec) -> None:
    seen: set[int | str] = set()
    for name in ("after", "after_any", "after_failure"):
        parents = set(getattr(spec, name))
        for parent in parents:
            if isinstance(parent, str):
                _validate_text(name, parent)
            elif not 1 <= parent <= ID_MAX:
                raise InvalidJob(f"{name}: {parent} is no job id", field=name)
        for parent in parents & seen:
            raise InvalidJob(f"{name}: job {parent} is waited for in two ways", field=name)
        seen |= parents


def _validate_command(spec: JobSpec) -> None:
    if spec.command is not None and spec.argv is not None:
        raise InvalidJob("give command or argv, not both", field="argv")
    if spec.command is None and spec.argv is None:
        raise InvalidJob("a job needs a command (or argv)", field="command")
    if spec.command is not None:
        if not spec.command.strip():
            raise InvalidJob("the command is empty", field="command")
        parts: tuple[str, ...] = (spec.command,)
    else:
        parts = spec.argv or ()
        if not parts or not parts[0]:
            raise InvalidJob("argv needs a program as its first element", field="argv")
    _validate_size("command" if spec.command is not None else "argv", *parts)


def _validate_size(where: str, *parts: str) -> None:
    size = _validate_characters(where, *parts)
    if size > COMMAND_MAX_BYTES:
        raise InvalidJob(
            f"{where} is {size} bytes long; at most {COMMAND_MAX_BYTES} are allowed",
            field=where,
            hint="Put it into a script and enqueue the script.",
        )


def _validate_characters(name: str, *texts: str) -> int:
    """Refuse what no program and no database takes; return the length in bytes."""
    size = 0
    for text in texts:
        if "\0" in text:
            raise InvalidJob(f"{name} holds a NUL character", field=name)
        try:
            size += len(text.encode())
        except UnicodeEncodeError as exc:
            raise InvalidJob(f"{name} holds text that is not valid Unicode: {exc.reason}", field=name) from None
    return size


def _validate_text(name: str, value: str | None) -> None:
    if value is None:
        return
    if not value.strip():
        raise InvalidJob(f"{name} is empty", field=name)
    limit = _LONG_TEXTS.get(name, TEXT_MAX)
    if len(value) > limit:
        raise InvalidJob(f"{name} is {len(value)} characters long; at most {limit} are allowed", field=name)
    _validate_characters(name, value)
    if name not in _LONG_TEXTS and any(c in value for c in "\r\n\t"):
        raise InvalidJob(f"{name} holds a line break or tab", field=name)


def _validate_range(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:  # a NaN fails here too
        raise InvalidJob(f"{name} must lie between {low} and {high}, not {value}", field=name)
