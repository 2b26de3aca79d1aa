"""The Store protocol: what any database must do for the queue, in verbs of the domain.

Each verb is one transaction, unless the caller has opened a wider one with ``transaction()``. Each verb checks the
state (and lease token) it expects in the same statement that changes it. Verbs raise StoreUnavailable and its
children when the database fails; then nothing has changed.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from queuectl.clock import Clock
from queuectl.model.dependencies import Dependency
from queuectl.model.job import Attempt, Event, Job, Outcome
from queuectl.model.state import State
from queuectl.store.page_verbs import PageVerbs
from queuectl.store.run_verbs import RunVerbs
from queuectl.store.schedule_verbs import ScheduleVerbs
from queuectl.store.types import HostRow, NewJob, Pause, QueueRow, Report, Running

if TYPE_CHECKING:  # every command would pay for what few verbs speak of
    from queuectl.model.admission import Room
    from queuectl.model.archive import Record
    from queuectl.model.policy import Verdict


class Store(PageVerbs, RunVerbs, ScheduleVerbs, Protocol):
    """Keep the jobs, and make each change to them whole or not at all."""

    @property
    def location(self) -> str:
        """Say where the jobs are kept, without passwords."""
        ...

    @property
    def address(self) -> str:
        """Return what opens it, passwords included: for the environment of jobs, and for no eyes."""
        ...

    def close(self) -> None:
        """Give back every connection of every thread."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Join the verbs inside into one transaction; on an exception all of them are undone.

        Whoever catches the error of an ``enqueue`` inside keeps what it had added before it failed; every other verb
        refuses before it changes anything.
        """
        ...

    @property
    def clock(self) -> Clock:
        """Return what tells about the same time as ``now``, also while a server cannot be reached."""
        ...

    def now(self) -> datetime:
        """Return the time by which leases and schedules are measured."""
        ...

    def changed(self) -> bool:
        """Tell, cheaply, whether another connection has changed anything since this thread's last call."""
        ...

    def answer_within(self, seconds: float | None) -> None:
        """Give up what this thread asks of a server that does not answer for so long; None is the usual patience."""
        ...

    def ring(self) -> None:
        """Wake the hosts: something may be there for them. Best effort; a lost ring costs one poll."""
        ...

    def listen(self, on_ring: Callable[[], None]) -> Callable[[float], None]:
        """Call ``on_ring``, in a thread of its own, when anybody rings by way of the database.

        Returns:
            What ends it; it waits at most so many seconds for the thread.
        """
        ...

    def is_elected(self) -> bool:
        """Tell whether this store's process does what one host does for all; always, where all are on one machine.

        Cheap, and no promise: nothing may depend on it but who does a work first.
        """
        ...

    # jobs: by a caller

    def enqueue(self, jobs: Sequence[NewJob], *, batch: str | None = None, source: str = "") -> list[Job]:
        """Keep new jobs durably and return them in order.

        A job whose key a live job has is not added: the live one is returned, or makes way if the job replaces it.
        With ``batch``, a second call returns the jobs of the first one that still exist and adds nothing.

        Raises:
            NotFound: a job waits for one that does not exist.
            WrongState: a job waits for one that has ended otherwise than it should.
        """
        ...

    def get(self, job_id: int) -> Job:
        """Return one job.

        Raises:
            NotFound: there is none with that id.
        """
        ...

    def hold(self, job_id: int, *, waits: bool = False) -> Job:
        """Return one job as it is now, and let nobody else change it before the end of the caller's transaction.

        With ``waits``, nobody else changes what any job waits for, either.

        Raises:
            NotFound: there is none with that id.
        """
        ...

    def missing(self, job_ids: Collection[int]) -> Sequence[int]:
        """Return those of the ids that no job has."""
        ...

    def by_key(self, key: str) -> Job | None:
        """Return the newest job with this key."""
        ...

    def newest_id(self) -> int:
        """Return the highest id that was ever given, whether or not its job is still there; 0 when none was."""
        ...

    def attempts(self, job_id: int) -> list[Attempt]:
        """Return the runs of a job in order, the one that goes on included."""
        ...

    def events(self, job_id: int) -> list[Event]:
        """Return what happened to a job besides its runs, in order."""
        ...

    def counts(self) -> Mapping[str, Mapping[State, int]]:
        """Count the jobs by queue and state; its cost does not grow with the number of jobs."""
        ...

    def graph(self, job_id: int, limit: int = 10_000) -> list[Dependency]:
        """Return who waits, or waited, for whom among the jobs that are tied to this one, however far away."""
        ...

    def cancel(self, job_id: int, *, actor: str, reason: str | None = None) -> Job:
        """End a waiting job, or ask the host of a running one to stop it; its dependents end too.

        Raises:
            NotFound, WrongState: it has ended already.
        """
        ...

    def retry(self, job_id: int, *, actor: str) -> Job:
        """Give an ended or failed job a new set of attempts, due now.

        Raises:
            NotFound, WrongState: it still waits or runs, or another live job has its key.
        """
        ...

    def edit(self, job_id: int, new: NewJob, *, actor: str, detail: str | None = None) -> Job:
        """Give a job that does not run another specification; where it may run now, or not yet, it says so.

        One that has ended stays ended, and one that waits for its retry still does unless its time or its waits change.

        Raises:
            NotFound: there is no such job, or none that it would wait for.
            WrongState: it runs, another live job has its key, or jobs would wait for each other in a circle.
        """
        ...

    def annotate(self, job_id: int, *, tags: Sequence[str], note: str | None) -> Job:
        """Give a job other tags and another note, whatever its state.

        Raises:
            NotFound: there is no such job.
        """
        ...

    def delete(self, job_id: int) -> None:
        """Forget a job that does not run; jobs that wait for it are cancelled.

        Raises:
            NotFound, WrongState: it runs.
        """
        ...

    def forget(self, state: State, before: datetime, limit: int) -> list[int]:
        """Delete up to ``limit`` jobs that ended in ``state`` before a moment, and for which none waits.

        Returns:
            Their ids.
        """
        ...

    def nth_ended(self, state: State, n: int) -> datetime | None:
        """Return when the ``n``-th newest (from 1) of the jobs that ended in ``state`` did so; None with fewer."""
        ...

    def records(self, after: int, limit: int) -> "list[Record]":
        """Return up to ``limit`` whole jobs with ids above ``after``, by id."""
        ...

    def restore(self, records: "Sequence[Record]") -> None:
        """Keep whole jobs under the ids they have.

        Raises:
            WrongState: there is a job with such an id, or a live one with such a key; nothing is kept.
        """
        ...

    def reserve_ids(self, highest: int) -> None:
        """Give no id up to this one to a new job."""
        ...

    # jobs: by a host

    def claim(
        self,
        owner: str,
        room: "Room",
        *,
        lease: float,
        queues: Sequence[str] | None = None,
        newest: int | None = None,
        places: Collection[str] = (),
    ) -> list[Job]:
        """Take pending jobs, by priority and age, for ``lease`` seconds; each spends an attempt.

        Limits of queues, mutexes and slots decide as ``model.admission.admit`` says. ``newest`` is the highest id
        that is taken. ``places`` are the names of this machine, in lower case: jobs for others are left to them.
        """
        ...

    def started(self, job_id: int, token: str, *, host_name: str, pid: int, pid_created: float | None) -> None:
        """Note the process of a run that goes on; a stale token changes nothing.

        Raises:
            LeaseLost: the token is not the current one.
        """
        ...

    def finish(self, job: Job, outcome: Outcome, verdict: "Verdict", *, host_name: str) -> Job:
        """Report how a claimed job's run ended, under the token it was claimed with; return the job as it is now.

        A job that a person wanted cancelled is cancelled wherever the verdict would let it run again.

        Raises:
            LeaseLost: the token is not the current one; nothing has changed.
        """
        ...

    def finish_all(self, reports: Sequence[Report], *, host_name: str) -> list[Job | None]:
        """Report several at once, each as ``finish`` does; None stands for one whose token is not the current one."""
        ...

    def report_progress(self, job: Job, fraction: float, text: str | None) -> None:
        """Note how much of a claimed job's run is done, from 0 to 1; a stale lease changes nothing."""
        ...

    def unclaim(self, jobs: Sequence[Job]) -> None:
        """Put back jobs that were claimed but never started, attempt and run number included; stale ones stay."""
        ...

    def renew(self, owner: str, *, lease: float) -> None:
        """Show that a host lives: renew its leases and its row."""
        ...

    def held(self, owner: str) -> set[str]:
        """Return the tokens of the leases that a host holds."""
        ...

    def cancelling(self, owner: str) -> list[int]:
        """Return the ids of a host's running jobs that a person wants cancelled."""
        ...

    def promote(self) -> int:
        """Make every scheduled or failed job that is due pending; return how many."""
        ...

    def next_due(self) -> datetime | None:
        """Return when time itself will next have something for a host: a job is due, or a pause ends."""
        ...

    def expired(self) -> list[Running]:
        """Return the runs whose lease has ended."""
        ...

    def running(self, owner: str | None = None) -> list[Running]:
        """Return the runs that go on, of one host or of all."""
        ...

    # hosts

    def add_host(self, host: HostRow) -> None:
        """Register a host."""
        ...

    def remove_host(self, host_id: str) -> None:
        """Strike a host off; its running jobs stay until they are recovered."""
        ...

    def hosts(self) -> list[HostRow]:
        """Return all registered hosts, oldest first."""
        ...

    def describe_host(
        self, host_id: str, workers: int, *, tags: Sequence[str] = (), queues: Sequence[str] | None = None
    ) -> None:
        """Say how many workers a host has by now, and what its machine runs."""
        ...

    def set_dashboard(self, host_id: str, url: str | None, logs: str | None = None) -> None:
        """Say at which address a host's page is, and where others may ask for its logs; None is nowhere."""
        ...

    def ask_to_stop(self, host_id: str, how: str) -> None:
        """Ask a host to stop."""
        ...

    def stop_asked(self, host_id: str) -> str | None:
        """Return how a host was asked to stop, or None; ``gone`` when its row has been struck off."""
        ...

    # queues

    def queues(self) -> list[QueueRow]:
        """Return the queues that were ever used or set up, by name."""
        ...

    def set_queue(
        self, name: str, *, max_running: int | None = None, defaults: Mapping[str, Any] | None = None
    ) -> QueueRow:
        """Set up a queue: how many of its jobs may run at once, and fields for jobs that leave them out."""
        ...

    def remove_queue(self, name: str) -> None:
        """Forget an empty queue, its limit, defaults and pause.

        Raises:
            NotFound, WrongState: it still has jobs.
        """
        ...

    # pauses

    def pause(self, queue: str, until: datetime | None) -> None:
        """Take no more jobs from a queue (the empty name is all queues) until a moment or a resume."""
        ...

    def resume(self, queue: str) -> bool:
        """Take jobs from a queue again; tell whether it was paused."""
        ...

    def pauses(self) -> list[Pause]:
        """Return the pauses in force."""
        ...

    # settings

    def settings(self) -> dict[str, str]:
        """Return the settings that are kept in the database, as text."""
        ...

    def set_setting(self, key: str, value: str | None) -> None:
        """Keep a setting, or forget it."""
        ...
