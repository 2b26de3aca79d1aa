"""Refuse a job that could never run, before it is accepted."""

from queuectl.errors import InvalidJob
from queuectl.model.job import JobSpec

COMMAND_MAX_BYTES = 4 * 1024 * 1024
"""A longer command is refused; it would fit no operating system's argument list."""
PRIORITY_RANGE = (-1_000_000, 1_000_000)
ID_MAX = 2**63 - 1
TEXT_MAX = 200
"""Characters in a name, key, tag or queue name."""


def validate(spec: JobSpec) -> None:
    """Refuse a specification that could never run.

    Raises:
        InvalidJob: names the field.
    """
    _validate_command(spec)
    for name in ("queue", "name", "key", "shell", "cwd"):
        _validate_text(name, getattr(spec, name))
    for tag in spec.tags:
        _validate_text("tags", tag)
    for key, value in spec.env.items():
        if not key or "=" in key:
            raise InvalidJob(f"env: {key!r} is no name of an environment variable", field="env")
        _validate_characters("env", key, value)
    _validate_characters("path", spec.path or "")
    if spec.run_at is not None and spec.run_at.tzinfo is None:
        raise InvalidJob("run_at needs a time zone", field="run_at")
    low, high = PRIORITY_RANGE
    if not low <= spec.priority <= high:
        raise InvalidJob(f"priority must lie between {low} and {high}, not {spec.priority}", field="priority")
    _validate_range("max_retries", spec.max_retries, 0, 1_000_000)
    _validate_range("backoff_base", spec.backoff_base, 0, 86_400)
    _validate_range("timeout", spec.timeout, 0, 10 * 365 * 86_400)  # 0 is no limit, as in the settings
    for parent in spec.after:
        if not 1 <= parent <= ID_MAX:
            raise InvalidJob(f"after: {parent} is no job id", field="after")


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
    where = "command" if spec.command is not None else "argv"
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
    limit = 4096 if name in {"cwd", "shell"} else TEXT_MAX
    if len(value) > limit:
        raise InvalidJob(f"{name} is {len(value)} characters long; at most {limit} are allowed", field=name)
    _validate_characters(name, value)
    if name not in {"cwd", "shell"} and any(c in value for c in "\r\n\t"):
        raise InvalidJob(f"{name} holds a line break or tab", field=name)


def _validate_range(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:  # a NaN fails here too
        raise InvalidJob(f"{name} must lie between {low} and {high}, not {value}", field=name)
