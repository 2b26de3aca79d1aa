"""Change what a job is, and copy it: the use cases behind ``edit``, ``copy``, ``tag`` and ``note``."""

from collections.abc import Sequence
from dataclasses import replace

from queuectl.errors import InvalidJob, WrongState
from queuectl.model.fields import as_fields
from queuectl.model.job import Job, JobSpec
from queuectl.model.state import FINAL
from queuectl.model.validation import validate
from queuectl.platform.paths import from_home
from queuectl.queue import Queue


def at_home(spec: JobSpec) -> JobSpec:
    """Let a job that nobody enqueued from a directory run in the user's home, or where it says, seen from there.

    Raises:
        InvalidJob: its directory begins with ~ and the name of no user.
    """
    try:
        return replace(spec, cwd=from_home(spec.cwd))
    except RuntimeError as exc:
        raise InvalidJob(f"cwd: {exc}", field="cwd") from None


def edit(queue: Queue, job: Job, spec: JobSpec) -> Job:
    """Give a job that does not run another specification, made from the one that ``job`` has.

    Raises:
        InvalidJob: it could never run so.
        NotFound, WrongState: it runs, it would wait for what cannot come, its key is taken, or somebody else has
            changed it meanwhile.
    """
    validate(spec)
    if job.state in FINAL and spec.run_at is not None:
        hint = f"A retry runs it at once; have another one run then: queuectl copy {job.id} --at ..."
        raise WrongState(f"job {job.id} has ended, so it has no time to run any more", hint=hint)
    before, after = as_fields(job.spec), as_fields(spec)
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    new = queue.filled_in(spec, queue.settings())
    with queue.store.transaction():
        present = queue.store.hold(job.id, waits=True).spec
        if replace(present, run_at=None) != replace(job.spec, run_at=None):  # its time is the clock's, too
            hint = f"Look at it, and change it again: queuectl show {job.id}"
            raise WrongState(f"job {job.id} was changed by somebody else meanwhile", hint=hint)
        edited = queue.store.edit(job.id, new, actor=queue.actor, detail=", ".join(changed) or None)
    queue.store.ring()
    return edited


def copy(queue: Queue, job: Job, spec: JobSpec | None = None) -> Job:
    """Enqueue a job like another one, due now; its key stays with the older one, and its waits are over.

    Raises:
        InvalidJob: it could never run so.
    """
    base = spec or replace(job.spec, run_at=None, after=(), after_any=(), after_failure=())
    [copied] = queue.enqueue([replace(base, key=None if spec is None else spec.key, schedule=None)])
    return copied


def tag(queue: Queue, job: Job, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Job:
    """Give a job tags, and take others from it, whatever its state.

    Raises:
        InvalidJob: a tag cannot be.
    """
    with queue.store.transaction():
        spec = queue.store.hold(job.id).spec  # as it is now: others may tag it at the same time
        tags = [one for one in dict.fromkeys((*spec.tags, *add)) if one not in remove]
        validate(replace(spec, tags=tuple(tags)))
        return queue.store.annotate(job.id, tags=tags, note=spec.note)


def note(queue: Queue, job: Job, text: str | None) -> Job:
    """Put a remark on a job, or take it away, whatever its state.

    Raises:
        InvalidJob: it is too long.
    """
    with queue.store.transaction():
        spec = queue.store.hold(job.id).spec
        validate(replace(spec, note=text))
        return queue.store.annotate(job.id, tags=spec.tags, note=text)
