"""Enqueue what is to run after runs, in the transaction that reports these."""

from collections.abc import Iterable
from dataclasses import replace

from queuectl.model.hooks import HOOKS, HookSettings, after_run, when_empty
from queuectl.model.job import Job, JobSpec, Outcome
from queuectl.model.state import State
from queuectl.platform import machine
from queuectl.queue import Queue
from queuectl.store.types import NewJob

AT_WORK = (State.PENDING, State.PROCESSING, State.FAILED)
"""States of a job for which the queue is not empty; what is scheduled or blocked has no work to do yet."""


def add_hooks(
    jobs: Queue, ended: Iterable[tuple[Job, Outcome]], settings: HookSettings, *, where: str | None = None
) -> bool:
    """Enqueue the hooks of runs that have ended, each with the job as it is now; tell whether there were any.

    They run on the machine ``where``, on this one when None, if others share the database.
    """
    specs = [
        spec
        for job, outcome in ended
        for spec in after_run(job, outcome, settings, str(jobs.paths.log(job.id, job.runs)))
    ]
    if jobs.paths.is_shared:  # other machines have not the log that it is told of
        specs = [replace(spec, machine=where or machine.name()) for spec in specs]
    return _enqueue(jobs, specs)


def add_hook_when_empty(jobs: Queue, settings: HookSettings) -> bool:
    """Enqueue the hook that tells of an empty queue, if it is empty; tell whether it was."""
    spec = when_empty(settings)
    if spec is None:
        return False
    if jobs.paths.is_shared:  # where something of the queue may run, as something has just run
        spec = replace(spec, machine=machine.name(), key=f"{spec.key} {machine.name()}")
    counts = ((queue, states) for queue, states in jobs.store.counts().items() if queue != HOOKS)
    if any(states.get(state) for _, states in counts for state in AT_WORK):
        return False
    return _enqueue(jobs, [spec])


def _enqueue(jobs: Queue, specs: list[JobSpec]) -> bool:
    if not specs:
        return False
    jobs.store.enqueue([NewJob(spec=spec, max_retries=0, backoff_base=0) for spec in specs], source="hook")
    return True
