"""What a machine runs: of which queues, and which of the jobs that ask for certain machines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from queuectl.settings import Settings

ALL = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """Jobs of these queues (None is all), for any machine or for one of these names, in lower case."""

    queues: tuple[str, ...] | None
    names: tuple[str, ...]
    tags: tuple[str, ...] = ()
    """Those of the names that the machine was given; the others are its own."""


def read_duty(settings: Settings, machine: str, *, shared: bool, queues: Sequence[str] | None = None) -> Duty:
    """Return what a machine of this name runs; ``queues`` are what the command line says.

    Whoever can write to a database can run commands on its hosts, so that with one which machines share (``shared``)
    a machine runs nothing before somebody there has said what.
    """
    tags = tuple(dict.fromkeys(_listed(settings["machine_tags"].lower())))
    own = (machine.lower(), machine.lower().partition(".")[0])
    told = tuple(queues) if queues is not None else tuple(_listed(settings["run_queues"]))
    everything = ALL in told or (not told and queues is None and not shared)
    return Duty(queues=None if everything else told, names=tuple(dict.fromkeys((*own, *tags))), tags=tags)


def _listed(text: str) -> list[str]:
    return [part for part in re.split(r"[,\s]+", text) if part]
