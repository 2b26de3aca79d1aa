"""The suite that every store passes: inherit StoreConformance in a test class and provide ``make_store``."""

from tests.store.conformance.adding import Adding, Batches, Keys
from tests.store.conformance.archive import Archives, ReservedIds, Searches, Statistics
from tests.store.conformance.case import SettableClock, StoreCase
from tests.store.conformance.claiming import Claiming
from tests.store.conformance.editing import Editing
from tests.store.conformance.ending import Cancelling, Deleting, Finishing, Retrying
from tests.store.conformance.leases import Leases
from tests.store.conformance.limits import Hooks, Mutexes, QueueLimits, Slots
from tests.store.conformance.looking import Counts, Lists, Transactions
from tests.store.conformance.pages import Pages
from tests.store.conformance.registry import Hosts, Pauses, Settings
from tests.store.conformance.runs import DeadWithTails, RecentRuns, RunsCounted
from tests.store.conformance.schedules import RunsOfSchedules, Schedules
from tests.store.conformance.transitions import Transitions
from tests.store.conformance.waiting import Counting, Dependencies, DueJobs, KindsOfWaits, Progresses, Replacing

PARTS = (
    Adding, Keys, Batches, Claiming, Leases, Transitions, DueJobs, Dependencies, Finishing, Cancelling, Retrying,
    Deleting, Archives, ReservedIds, Searches, Statistics, Lists, Counts, Transactions, Hosts, Pauses, Settings,
    Mutexes, QueueLimits, Slots, Hooks, KindsOfWaits, Replacing, Progresses, Counting, Editing,
    Schedules, RunsOfSchedules, Pages, RunsCounted, RecentRuns, DeadWithTails,
)  # fmt: skip


class StoreConformance(*PARTS):
    """All of it."""


__all__ = ["SettableClock", "StoreCase", "StoreConformance"]
