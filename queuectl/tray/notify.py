"""Which notifications to show, and when: grouped when many come at once, silent in silent hours."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from queuectl.model.job import Job
from queuectl.tray.backend import Action, Notification

INTERVAL = 5.0
"""Seconds between two notifications."""
REAL_WORK = 10.0
"""Seconds that the queue must have been at work before its becoming empty is news."""


def is_silent(hours: str, now: datetime) -> bool:
    """Tell whether a local time lies in hours such as ``22:00-07:00``; an empty text is never.

    Raises:
        ValueError: the text is no pair of times.
    """
    if not hours.strip():
        return False
    begin, end = (time.fromisoformat(part.strip()) for part in hours.split("-"))
    at = now.time()
    return begin <= at < end if begin <= end else at >= begin or at < end


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What has happened since the last notification."""

    dead: Sequence[Job] = ()
    rejected: Sequence[tuple[str, str]] = ()
    emptied: timedelta | None = None
    """How long the queue had been at work before it became empty."""

    def __bool__(self) -> bool:
        return bool(self.dead or self.rejected or self.emptied)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What a click on a notification can do."""

    retry: Callable[[int], None]
    show_log: Callable[[int], None]
    open_dead: Callable[[], None]
    open_rejected: Callable[[], None]


def compose(news: News, answers: Answers) -> Notification:
    """Put all that is new into one notification."""
    if len(news.dead) == 1 and not news.rejected:
        job = news.dead[0]
        return Notification(
            title=f"Job {job.id} is dead",
            body=f"{_short(job.spec.title)}\n{job.reason or ''}".strip(),
            urgent=True,
            actions=(
                Action(key="log", label="Show log", act=lambda: answers.show_log(job.id)),
                Action(key="retry", label="Retry", act=lambda: answers.retry(job.id)),
            ),
        )
    if news.dead:
        lines = [f"{job.id}: {_short(job.spec.title)}" for job in news.dead[:3]]
        more = [f"and {len(news.dead) - 3} more"] if len(news.dead) > 3 else []
        rejected = [f"{len(news.rejected)} dropped files were rejected"] if news.rejected else []
        return Notification(
            title=f"{len(news.dead)} jobs are dead",
            body="\n".join(lines + more + rejected),
            urgent=True,
            actions=(Action(key="open", label="Open", act=answers.open_dead),),
        )
    if news.rejected:
        name, reason = news.rejected[0]
        several = len(news.rejected) > 1
        return Notification(
            title=f"{len(news.rejected)} dropped files were rejected" if several else f"{name} was rejected",
            body=", ".join(name for name, _ in news.rejected[:5]) if several else reason,
            actions=(Action(key="open", label="Open folder", act=answers.open_rejected),),
        )
    return Notification(title="The queue is empty", body="All jobs have ended.")


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


@dataclass
class Notifier:
    """Gather news and show it, at most one notification in ``INTERVAL`` seconds; ``allowed`` asks the settings."""

    show: Callable[[Notification], None]
    answers: Answers
    allowed: Callable[[str], bool]
    now: Callable[[], float]
    _dead: list[Job] = field(default_factory=list)
    _rejected: list[tuple[str, str]] = field(default_factory=list)
    _emptied: timedelta | None = None
    _shown_at: float = float("-inf")
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def job_died(self, job: Job) -> None:
        """Tell that a job moved to the dead letter queue."""
        with self._guard:
            self._dead.append(job)

    def drop_rejected(self, name: str, reason: str) -> None:
        """Tell that a dropped file was rejected."""
        with self._guard:
            self._rejected.append((name, reason))

    def queue_emptied(self, worked: timedelta) -> None:
        """Tell that the queue became empty after some work."""
        if worked.total_seconds() >= REAL_WORK:
            with self._guard:
                self._emptied = worked

    def flush(self) -> float | None:
        """Show what is new, if it is time; return in how many seconds to come again, or None."""
        with self._guard:
            if not (self._dead or self._rejected or self._emptied):
                return None
            wait = self._shown_at + INTERVAL - self.now()
            if wait > 0:
                return wait
            news = News(
                dead=tuple(self._dead) if self.allowed("notify_dead") else (),
                rejected=tuple(self._rejected) if self.allowed("notify_rejected") else (),
                emptied=self._emptied if self.allowed("notify_empty") else None,
            )
            self._dead.clear()
            self._rejected.clear()
            self._emptied = None
            if not news:
                return None
            self._shown_at = self.now()
        self.show(compose(news, self.answers))
        return None
