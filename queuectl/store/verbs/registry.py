"""What a store keeps besides jobs: hosts, queues, pauses and settings."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from queuectl.clock import Clock
from queuectl.errors import NotFound, WrongState
from queuectl.store import mutexes
from queuectl.store.database import Connections
from queuectl.store.rows import duty_values, host_from_row, pause_from_row, queue_from_row, to_ms
from queuectl.store.types import HostRow, Pause, QueueRow


class RegistryVerbs:
    """Implement the Store protocol's verbs about hosts, queues, pauses and settings."""

    _db: Connections
    _clock: Clock

    # hosts

    def add_host(self, host: HostRow) -> None:
        with self._db.write() as db:
            db.execute(
                db.sql.ADD_HOST,
                (
                    host.id, host.machine, host.name, host.kind, host.pid, host.workers, host.port, host.version,
                    to_ms(host.started_at), to_ms(host.seen_at), host.dashboard, host.logs,
                    *duty_values(host.tags, host.queues),
                ),
            )  # fmt: skip
            # A host of an earlier version, which knows no mutexes, may have ended a job that others wait for.
            waiting: list[Any] = [row[0] for row in db.execute(db.sql.MUTEXES)]
            mutexes.settle(db, waiting, self._clock.now())

    def remove_host(self, host_id: str) -> None:
        with self._db.write() as db:
            db.execute(db.sql.REMOVE_HOST, (host_id,))

    def hosts(self) -> list[HostRow]:
        with self._db.read() as db:
            return [host_from_row(row) for row in db.execute(db.sql.HOSTS)]

    def describe_host(
        self, host_id: str, workers: int, *, tags: Sequence[str] = (), queues: Sequence[str] | None = None
    ) -> None:
        with self._db.write() as db:
            db.execute(db.sql.DESCRIBE_HOST, (workers, *duty_values(tags, queues), host_id))

    def set_dashboard(self, host_id: str, url: str | None, logs: str | None = None) -> None:
        with self._db.write() as db:
            db.execute(db.sql.SET_DASHBOARD, (url, logs, host_id))

    def ask_to_stop(self, host_id: str, how: str) -> None:
        with self._db.write() as db:
            db.execute(db.sql.ASK_TO_STOP, (how, host_id))

    def stop_asked(self, host_id: str) -> str | None:
        with self._db.read() as db:
            row = db.execute(db.sql.STOP_ASKED, (host_id,)).fetchone()
        return row[0] if row else "gone"

    # queues

    def queues(self) -> list[QueueRow]:
        with self._db.read() as db:
            return [queue_from_row(row) for row in db.execute(db.sql.QUEUES)]

    def set_queue(
        self, name: str, *, max_running: int | None = None, defaults: Mapping[str, Any] | None = None
    ) -> QueueRow:
        kept = json.dumps(defaults, ensure_ascii=False) if defaults else None
        with self._db.write() as db:
            db.execute(db.sql.SET_QUEUE, (name, to_ms(self._clock.now()), max_running, kept))
            return queue_from_row(db.execute(db.sql.QUEUE, (name,)).fetchone())

    def remove_queue(self, name: str) -> None:
        with self._db.write() as db:
            db.lock_queues()
            if db.execute(db.sql.QUEUE, (name,)).fetchone() is None:
                raise NotFound(f"there is no queue {name!r}", hint="List them: queuectl queue list")
            count = db.execute(db.sql.JOBS_IN_QUEUE, (name,)).get
            if count:
                hint = "Only an empty queue can be removed; delete or prune its jobs first."
                raise WrongState(f"queue {name!r} has {count} jobs", hint=hint)
            db.execute(db.sql.REMOVE_QUEUE, (name,))
            db.execute(db.sql.RESUME, (name,))

    # pauses

    def pause(self, queue: str, until: datetime | None) -> None:
        with self._db.write() as db:
            now = to_ms(self._clock.now())
            db.execute(db.sql.PAUSE, (queue, now, None if until is None else to_ms(until)))

    def resume(self, queue: str) -> bool:
        with self._db.write() as db:
            db.execute(db.sql.RESUME, (queue,))
            return bool(db.changes())

    def pauses(self) -> list[Pause]:
        with self._db.read() as db:
            return [pause_from_row(row) for row in db.execute(db.sql.PAUSES, (to_ms(self._clock.now()),))]

    # settings

    def settings(self) -> dict[str, str]:
        with self._db.read() as db:
            found: Any = db.execute(db.sql.SETTINGS).fetchall()
            return dict(found)

    def set_setting(self, key: str, value: str | None) -> None:
        with self._db.write() as db:
            if value is None:
                db.execute(db.sql.UNSET, (key,))
            else:
                db.execute(db.sql.SET, (key, value))
