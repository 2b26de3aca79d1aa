"""Which commands run after a job's run, and what they are told: each is a job of its own, in the queue of the hooks.

So a hook is as durable as a job, has its own log and timeout, and cannot change what became of the job it tells of.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from queuectl.model.job import Job, JobSpec, Outcome, OutcomeKind
from queuectl.model.state import State
from queuectl.settings import Settings

HOOKS = "hooks"
"""The queue of what runs after other jobs; hosts take from it whatever is paused, limited or chosen."""
PRIORITY = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class HookSettings:
    """The hooks of jobs that name none of their own, and the longest run of any, in seconds."""

    on_success: str = ""
    on_failure: str = ""
    on_dead: str = ""
    on_empty: str = ""
    hook_timeout: float = 60.0

    @classmethod
    def of(cls, settings: Settings) -> "HookSettings":
        """Take them from the settings."""
        return cls(**{name: settings[name] for name in cls.__slots__})


def after_run(job: Job, outcome: Outcome, settings: HookSettings, log: str) -> list[JobSpec]:
    """Return what is to run after a run that left a job as it is now; ``log`` is the path of the run's log."""
    if job.spec.queue == HOOKS:
        return []
    return [
        JobSpec(
            command=command,
            env=_facts(job, outcome, event, log),
            cwd=job.spec.cwd,
            path=job.spec.path,
            shell=job.spec.shell,
            queue=HOOKS,
            priority=PRIORITY,
            max_retries=0,
            timeout=settings.hook_timeout,
            name=f"on_{event} of job {job.id}",
        )
        for event in _events(job, outcome)
        if (command := getattr(job.spec, f"on_{event}") or getattr(settings, f"on_{event}"))
    ]


def when_empty(settings: HookSettings) -> JobSpec | None:
    """Return what is to run when the last job has ended and none waits."""
    if not settings.on_empty:
        return None
    return JobSpec(
        command=settings.on_empty,
        env={"JOB_EVENT": "empty"},
        queue=HOOKS,
        priority=PRIORITY,
        max_retries=0,
        timeout=settings.hook_timeout,
        key="on_empty",
        name="on_empty",
    )


def _events(job: Job, outcome: Outcome) -> Iterator[str]:
    if job.state is State.COMPLETED:
        yield "success"
    elif outcome.kind in {OutcomeKind.FAILED, OutcomeKind.TIMEOUT, OutcomeKind.LOST}:
        if job.state is not State.CANCELLED:
            yield "failure"
        if job.state is State.DEAD:
            yield "dead"


def _facts(job: Job, outcome: Outcome, event: str, log: str) -> Mapping[str, str]:
    """Tell a hook about its job; the job's own variables come along."""
    took = outcome.finished_at - (outcome.started_at or outcome.finished_at)
    return {
        **job.spec.env,
        "JOB_EVENT": event,
        "JOB_ID": str(job.id),
        "JOB_NAME": job.spec.name or "",
        "JOB_TITLE": job.spec.title,
        "JOB_QUEUE": job.spec.queue,
        "JOB_TAGS": ",".join(job.spec.tags),
        "JOB_STATE": job.state.value,
        "JOB_ATTEMPT": str(job.attempts),
        "JOB_EXIT_CODE": "" if outcome.exit_code is None else str(outcome.exit_code),
        "JOB_REASON": job.reason or outcome.reason or "",
        "JOB_SECONDS": f"{took.total_seconds():.3f}",
        "JOB_LOG": log,
    }
