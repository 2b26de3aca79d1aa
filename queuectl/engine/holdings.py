"""The runs whose leases a host has: begun, kept alive, stopped, put back."""

import logging
import queue
from collections.abc import Collection

from queuectl.engine.events import EventKind, JobEvent, Listener, tell
from queuectl.engine.inbox import Finished, Inbox, Lasting, Progressed
from queuectl.engine.runner import Limits, Run
from queuectl.engine.tenure import FOR_EVER, Tenure
from queuectl.engine.warden import Warden
from queuectl.engine.worker import Pool
from queuectl.errors import LeaseLost
from queuectl.model.job import Job, Outcome, OutcomeKind
from queuectl.platform import machine
from queuectl.platform.elapsed import elapsed
from queuectl.platform.environment import Environment
from queuectl.queue import Queue

log = logging.getLogger("queuectl.engine")


class Holdings:
    """Keep a host's runs from the claim until their end is committed, with the pool and the warden that see to them.

    They are known by their leases: the same job may be claimed anew while an old run of it still ends.
    """

    def __init__(
        self,
        jobs: Queue,
        host_id: str,
        inbox: Inbox,
        *,
        workers: int,
        environ: Environment,
        listener: Listener | None,
    ) -> None:
        self.ended_tokens: queue.SimpleQueue[str] = queue.SimpleQueue()
        """Leases of runs that have ended here; the reaper looks for what they left behind."""
        self._queue = jobs
        self._store = jobs.store
        self._host_id = host_id
        self._inbox = inbox
        self._environ = environ
        self._listener = listener
        self._runs: dict[str, Run] = {}
        self._returning: list[Run] = []
        self._interrupted: str | None = None
        self.pool = Pool(workers, self._report)
        self._warden = Warden(
            clock=jobs.clock,
            on_lasting=lambda run: inbox.put(Lasting(run)),
            on_progress=lambda run, progress: inbox.put(Progressed(run, progress)),
        )

    def start(self) -> None:
        """Start the workers and the warden."""
        self._warden.start()
        self.pool.start()

    def stop(self, timeout: float) -> None:
        """End them; wait at most ``timeout`` seconds for each."""
        self.pool.stop(timeout)
        self._warden.stop(timeout)

    @property
    def runs(self) -> list[Run]:
        """Return the runs that there are."""
        return list(self._runs.values())

    @property
    def at_work(self) -> bool:
        """Tell whether a run has yet to end; those that have ended and are not yet reported do not count."""
        return len(self._runs) > len(self._inbox.finished)

    def slots(self, besides: Collection[str] = ()) -> list[int]:
        """Return how many workers each run takes, but for those with these leases."""
        return [min(run.slots, self.pool.size) for token, run in self._runs.items() if token not in besides]

    def tenure(self, lease: float) -> Tenure:
        """Say how long a lease of so many seconds that is asked for now will surely last."""
        return Tenure(elapsed(), lease) if self._queue.paths.is_shared else FOR_EVER

    def begin(self, job: Job, limits: Limits, tenure: Tenure) -> None:
        """Have a job that was claimed run."""
        log_file = self._queue.paths.log(job.id, job.runs)
        run = Run(
            job, log_file, limits=limits, environ=self._environ, clock=self._queue.clock, tenure=tenure,
            on_start=self._started,
        )  # fmt: skip
        self._runs[run.token] = run
        if self._interrupted is not None:
            run.stop(OutcomeKind.INTERRUPTED, self._interrupted)
        self._warden.add(run)
        self.pool.put(run)

    def forget(self, run: Run) -> None:
        """Forget a run whose end is committed."""
        self._runs.pop(run.token, None)

    def note(self, run: Run) -> None:
        """Keep in the database which process a run is."""
        process = run.process
        if process is None or run.token not in self._runs:
            return
        try:
            self._store.started(
                run.job.id, run.token, host_name=machine.name(), pid=process.pid, pid_created=process.created()
            )
        except LeaseLost as exc:
            log.warning("%s", exc)

    def renew(self, lease: float) -> None:
        """Renew the leases for so many seconds, and stop the runs whose lease somebody else has ended."""
        tenure = self.tenure(lease)
        self._store.renew(self._host_id, lease=lease)
        held = self._store.held(self._host_id)
        stray = held - self._runs.keys()
        if stray:  # a commit that was reported as failed had happened all the same
            running = self._store.running(self._host_id)
            self._store.unclaim([row.job for row in running if row.job.lease and row.job.lease.token in stray])
        finished = {item.run for item in self._inbox.finished}
        for run in self.runs:
            if run.token in held:
                run.tenure = tenure
            elif run not in finished:
                log.warning("job %s was taken from this host; its run is stopped", run.job.id)
                self._stop(run, OutcomeKind.LOST, "its lease was taken from this host")

    def cancel(self, job_ids: Collection[int]) -> None:
        """Stop the runs of these jobs: somebody has asked for it."""
        for run in self.runs if job_ids else ():
            if run.job.id in job_ids:
                self._stop(run, OutcomeKind.CANCELLED, "cancelled while it ran")

    def interrupt(self, reason: str) -> None:
        """Stop the runs that go on, and those that begin from now on; they spend no attempt."""
        self._interrupted = reason
        for run in self.runs:
            self._stop(run, OutcomeKind.INTERRUPTED, reason)

    @property
    def idle(self) -> bool:
        """Tell whether there are runs that no worker has begun."""
        return bool(self._returning or self.pool.waiting())

    @property
    def returning(self) -> bool:
        """Tell whether jobs were to be put back when the database failed."""
        return bool(self._returning)

    def put_back(self) -> list[Job]:
        """Put the jobs that no worker has begun back into the queue, and return them.

        Where the database fails, the next call goes on with these: nobody knows whose they are now.
        """
        self._returning += self.pool.take_back()
        jobs = [run.job for run in self._returning]
        self._store.unclaim(jobs)
        for run in self._returning:
            self._warden.remove(run)
            self.forget(run)
        self._returning = []
        return jobs

    def _stop(self, run: Run, kind: OutcomeKind, reason: str) -> None:
        run.stop(kind, reason)
        self._warden.wake()

    # the worker's side

    def _started(self, run: Run) -> None:
        self._warden.started(run)
        if self._listener is not None:
            tell(self._listener, JobEvent(kind=EventKind.STARTED, job=run.job))

    def _report(self, run: Run, outcome: Outcome | None) -> None:
        if outcome is None:
            reason = "queuectl failed to run it; its log says why"
            outcome = Outcome(kind=OutcomeKind.FAILED, reason=reason, finished_at=self._queue.clock.now())
        self._warden.remove(run)
        self.ended_tokens.put(run.token)
        self._inbox.put(Finished(run, outcome))
