"""One attempt: spawn the command, watch it, stop its whole tree when asked, and say how it ended."""

import os
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from queuectl.clock import Clock
from queuectl.engine.output import open_log, read_tail, trim
from queuectl.engine.progress import VARIABLE, ProgressReader
from queuectl.engine.tenure import FOR_EVER, Tenure
from queuectl.model.hooks import HOOKS
from queuectl.model.job import Job, Outcome, OutcomeKind, ProgressMode
from queuectl.platform.elapsed import elapsed
from queuectl.platform.environment import Environment
from queuectl.platform.paths import user_home
from queuectl.platform.process import LONGEST_ARGUMENT, MARKER, Process, kill_marked, shell_command, spawn
from queuectl.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

CUT_OFF = "its host was cut off from the database"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What the settings say about every run; durations in seconds, 0 is no timeout."""

    timeout: float
    kill_grace: float
    log_max_bytes: int
    tail_bytes: int
    shell: str
    progress: str

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Take them from the settings."""
        return cls(**{name: settings[name] for name in cls.__slots__})


class Run:
    """One attempt at a claimed job; ``execute`` belongs to a worker, everything else to any thread."""

    def __init__(
        self,
        job: Job,
        log: Path,
        *,
        limits: Limits,
        environ: Environment,
        clock: Clock,
        tenure: Tenure = FOR_EVER,
        on_start: "Callable[[Run], None] | None" = None,
    ) -> None:
        if job.lease is None:
            raise ValueError(f"job {job.id} was never claimed")
        self.job = job
        self.token = job.lease.token
        self.limits = limits
        self.slots = job.spec.slots
        self.timeout = (limits.timeout if job.spec.timeout is None else job.spec.timeout) or None
        self._reports = log.with_name(f"{log.stem}.progress")
        mode = job.spec.progress or limits.progress
        self.progress = ProgressReader(self._reports, log, scan_output=mode == ProgressMode.AUTO, clock=clock)
        self._kill_grace = limits.kill_grace if job.spec.kill_after is None else job.spec.kill_after
        self.tenure = tenure
        """How long its lease surely lasts; each renewal brings another one."""
        self.noted = False
        self.kill_at: float | None = None
        """When patience with a run that was asked to stop ends, on the monotonic clock."""
        self.began: float | None = None
        """When its process was started, on the monotonic clock."""
        self._log = log
        self._environ = environ
        self._clock = clock
        self._on_start = on_start
        self._guard = threading.Lock()
        self._process: Process | None = None
        self._descriptor: int | None = None
        self._stopped_as: OutcomeKind | None = None
        self._stop_reason: str | None = None
        self._cut_off = False

    @property
    def process(self) -> Process | None:
        """Return its process, once there is one."""
        return self._process

    def execute(self) -> Outcome:
        """Run the attempt to its end, whatever that is."""
        started = self._clock.now()
        try:
            self._descriptor = open_log(self._log)
        except OSError as exc:
            return self._failed(started, f"its log {self._log} cannot be written: {exc.strerror}")
        try:
            return self._run(started, self._descriptor)
        finally:
            with self._guard:
                os.close(self._descriptor)
                self._descriptor = None

    def _run(self, started: datetime, descriptor: int) -> Outcome:
        with self._guard:
            if self._stopped_as is None and self.left <= 0:
                self._stopped_as, self._stop_reason = OutcomeKind.INTERRUPTED, CUT_OFF
            begins = self._stopped_as is None
        if begins:
            try:  # unguarded: a folder on a dead network drive must hold up nobody who watches or stops runs
                process = self._spawn(descriptor)
            except OSError as exc:
                problem = self._why_not(exc)
                _say(descriptor, problem)
                return self._failed(started, problem)
            with self._guard:
                self._process, self.began = process, self._clock.monotonic()
                if self._stopped_as is not None:
                    process.terminate()
            self._set_niceness(process, descriptor)
        if self._process is not None and self._on_start is not None:
            self._on_start(self)
        code = self._process.wait() if self._process is not None else None
        if self._stopped_as is not None:
            kill_marked([self.token])  # whoever left the group was not asked, but must not live on either
        with self._guard:
            tail, size = self._end_of_log(descriptor)
            kind, reason, exit_code = self._judge(code)
        return Outcome(
            kind=kind,
            exit_code=exit_code,
            reason=reason,
            started_at=started,
            finished_at=max(started, self._clock.now()),
            tail=tail,
            output_bytes=size,
        )

    def _spawn(self, descriptor: int) -> Process:
        spec = self.job.spec
        own = {} if spec.path is None else {"PATH": self._environ.path(spec.path)}
        environ = self._environ.plus(
            {
                **own,
                **spec.env,
                "QUEUECTL_JOB_ID": str(self.job.id),
                "QUEUECTL_ATTEMPT": str(self.job.runs),
                "QUEUECTL_QUEUE": spec.queue,
                VARIABLE: str(self._reports),
                MARKER: self.token,
            }
        )
        if spec.argv is not None:
            return spawn(spec.argv, cwd=self._directory(), env=environ, stdout=descriptor)
        command = spec.command or ""
        shell = spec.shell or self.limits.shell
        if LONGEST_ARGUMENT and len(command.encode()) > LONGEST_ARGUMENT:
            command = self._script(command)
        return spawn(shell_command(command, shell), cwd=self._directory(), env=environ, stdout=descriptor)

    def _directory(self) -> str:
        spec = self.job.spec
        if spec.cwd is None or (spec.queue == HOOKS and not Path(spec.cwd).is_dir()):
            return str(user_home())  # a hook may have to tell that this is why its job failed
        return spec.cwd

    def _set_niceness(self, process: Process, descriptor: int) -> None:
        niceness = self.job.spec.nice
        if niceness is None:
            return
        try:
            process.set_niceness(niceness)
        except ProcessLookupError:
            pass  # it has ended already
        except OSError as exc:
            _say(descriptor, f"it runs without its niceness of {niceness}: {exc.strerror or exc}")

    def _script(self, command: str) -> str:
        script = self._log.with_name("command.sh")
        script.write_text(command, encoding="utf-8")
        script.chmod(0o600)
        return f". '{str(script).replace(chr(39), chr(39) + chr(92) + chr(39) + chr(39))}'"

    def _why_not(self, exc: OSError) -> str:
        spec = self.job.spec
        cwd = spec.cwd or str(user_home())
        if not Path(cwd).is_dir():
            return f"could not start: the working directory {cwd} does not exist"
        program = spec.argv[0] if spec.argv else spec.shell or self.limits.shell
        if isinstance(exc, FileNotFoundError):
            return f"could not start: there is no program {program!r} on the job's PATH"
        return f"could not start {program or 'the shell'!r}: {exc.strerror or exc}"

    def _end_of_log(self, descriptor: int) -> tuple[str, int]:
        """Return the log's tail and size; whatever its disk is like, the run has ended as it has."""
        self._trim(descriptor)
        try:
            return read_tail(descriptor, self.limits.tail_bytes)
        except OSError as exc:
            return f"queuectl: its log cannot be read: {exc.strerror}\n", 0

    def _failed(self, started: datetime, reason: str) -> Outcome:
        now = self._clock.now()
        return Outcome(kind=OutcomeKind.FAILED, reason=reason, started_at=started, finished_at=now, tail=reason)

    def _judge(self, code: int | None) -> tuple[OutcomeKind, str | None, int | None]:
        exit_code, reason = _explain(code)
        if self._stopped_as is not None:
            return self._stopped_as, self._stop_reason, exit_code
        if code == 0 or exit_code in self.job.spec.ok_on:
            return OutcomeKind.COMPLETED, None, exit_code
        return OutcomeKind.FAILED, reason, exit_code

    @property
    def left(self) -> float:
        """Return the seconds until it has to be asked to end because its lease was not renewed."""
        return self.tenure.stop_at(self._kill_grace) - elapsed()

    def cut_off(self) -> None:
        """Ask it to end, and have it killed before its lease ends, for whatever reason it is already asked to."""
        if self._cut_off:
            return
        self._cut_off = True
        self.stop(OutcomeKind.INTERRUPTED, CUT_OFF)
        latest = self._clock.monotonic() + self.tenure.kill_at - elapsed()
        self.kill_at = latest if self.kill_at is None else min(self.kill_at, latest)

    def stop(self, kind: OutcomeKind, reason: str) -> None:
        """Ask the attempt's whole tree to end, as ``kind``; the warden kills what does not within ``kill_grace``.

        The first reason counts; a run that has not started yet never will.
        """
        with self._guard:
            if self._stopped_as is None:
                self._stopped_as, self._stop_reason = kind, reason
            if self.kill_at is None:
                self.kill_at = self._clock.monotonic() + self._kill_grace
            if self._process is not None:
                self._process.terminate()

    def kill(self) -> None:
        """Kill the attempt's whole tree now."""
        if self._process is not None:
            self._process.kill(self.token)

    def trim(self) -> None:
        """Keep the log within its size while the attempt runs."""
        with self._guard:
            if self._descriptor is not None:
                self._trim(self._descriptor)

    def _trim(self, descriptor: int) -> None:
        with suppress(OSError):  # the disk is full: then the log ends where it was cut
            trim(descriptor, self.limits.log_max_bytes)


def _say(descriptor: int, text: str) -> None:
    with suppress(OSError):  # the disk is full, which is no reason to leave a process to itself
        os.write(descriptor, f"queuectl: {text}\n".encode(errors="replace"))


def _explain(code: int | None) -> tuple[int | None, str | None]:
    """Return the exit code as shells count it, and what to say of it."""
    if code is None or code == 0:
        return code, None
    if code > 0:
        return code, f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return 128 - code, f"killed by {name}"
