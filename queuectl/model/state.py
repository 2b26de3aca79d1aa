"""The states of a job and the one table of the ways between them."""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a job stands; the text is what ``jobs.state`` holds."""

    PENDING = "pending"
    """Ready to be claimed."""
    SCHEDULED = "scheduled"
    """Its first run lies in the future."""
    BLOCKED = "blocked"
    """Waits for other jobs: for their end, or for a mutex that one of them has."""
    PROCESSING = "processing"
    """A host holds its lease."""
    FAILED = "failed"
    """Waits for its retry."""
    COMPLETED = "completed"
    """Ended well."""
    DEAD = "dead"
    """Kept failing: in the dead letter queue."""
    CANCELLED = "cancelled"
    """Ended by a person, or by a job it waited for."""


FINAL = frozenset({State.COMPLETED, State.DEAD, State.CANCELLED})
"""States that only a retry leaves."""

WAITING = frozenset({State.PENDING, State.SCHEDULED, State.BLOCKED, State.FAILED})
"""States of a job that has yet to run, or to run again."""


class Verb(StrEnum):
    """What can happen to a job."""

    CLAIM = "claim"
    """A host takes it and spends an attempt."""
    COMPLETE = "complete"
    """Its run ended well."""
    FAIL = "fail"
    """Its run ended badly and another one is due."""
    BURY = "bury"
    """Its run ended badly and was the last one."""
    RELEASE = "release"
    """Its host stopped; the attempt is given back."""
    RECOVER = "recover"
    """Its host died; it may run again."""
    PROMOTE = "promote"
    """Its time has come."""
    BLOCK = "block"
    """Another job has, or will have first, the mutex that it needs."""
    UNBLOCK = "unblock"
    """The jobs it waited for are done."""
    EDIT = "edit"
    """A person changed what it is, or when it may run."""
    CANCEL = "cancel"
    """A person, or a job it waited for, ended it."""
    RETRY = "retry"
    """A person gives it a new set of attempts."""


TRANSITIONS: Mapping[Verb, Mapping[State, frozenset[State]]] = {
    Verb.CLAIM: {State.PENDING: frozenset({State.PROCESSING})},
    Verb.COMPLETE: {State.PROCESSING: frozenset({State.COMPLETED})},
    Verb.FAIL: {State.PROCESSING: frozenset({State.FAILED})},
    Verb.BURY: {State.PROCESSING: frozenset({State.DEAD})},
    Verb.RELEASE: {State.PROCESSING: frozenset({State.PENDING})},
    Verb.RECOVER: {State.PROCESSING: frozenset({State.PENDING})},
    Verb.PROMOTE: {
        State.SCHEDULED: frozenset({State.PENDING}),
        State.FAILED: frozenset({State.PENDING}),
    },
    Verb.BLOCK: {State.PENDING: frozenset({State.BLOCKED})},
    Verb.UNBLOCK: {State.BLOCKED: frozenset({State.PENDING, State.SCHEDULED})},
    Verb.EDIT: {
        **{state: frozenset({State.PENDING, State.SCHEDULED, State.BLOCKED}) for state in sorted(WAITING)},
        State.FAILED: frozenset({State.FAILED, State.PENDING, State.SCHEDULED, State.BLOCKED}),
        **{state: frozenset({state}) for state in sorted(FINAL)},
    },
    Verb.CANCEL: {state: frozenset({State.CANCELLED}) for state in (*sorted(WAITING), State.PROCESSING)},
    Verb.RETRY: {state: frozenset({State.PENDING}) for state in (*sorted(FINAL), State.FAILED)},
}
"""Which verb leads from which state to which; what is not here is forbidden."""


def allows(verb: Verb, state: State) -> bool:
    """Tell whether ``verb`` may happen to a job in ``state``."""
    return state in TRANSITIONS[verb]


def leads_to(verb: Verb, before: State, after: State) -> bool:
    """Tell whether ``verb`` may take a job from ``before`` to ``after``."""
    return after in TRANSITIONS[verb].get(before, frozenset())
