"""Reminders on a store with accounts and the sample district's messages, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from gateway.core.accounts.account import AccountRole, User
from gateway.core.messages.followup import FollowupKind
from gateway.core.messages.message import Message
from gateway.core.policy.policy import Policy
from gateway.directory.roster import Roster
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.stages.reminders import Reminders, ReminderStores
from tests.console.district import MESSAGES, add_message, policy
from tests.contracts.messages import Clock

ZONE = ZoneInfo("America/Chicago")
NOON = datetime(2026, 11, 24, 12, tzinfo=ZONE).timestamp()
HOUR, MINUTE = 3600.0, 60.0
LAST = "safety@riverbend.example"
USERS = (
    User("director@riverbend.example", AccountRole.TECHNOLOGY_DIRECTOR),
    User("kessler", AccountRole.BUILDING_ADMINISTRATOR, ("o-high",), person="s-01"),
    User("middle@riverbend.example", AccountRole.BUILDING_ADMINISTRATOR, ("o-middle",)),
    User("nobody-s-address", AccountRole.BUILDING_ADMINISTRATOR, ("o-high",)),
    User("auditor@riverbend.example", AccountRole.AUDITOR),
)


@dataclass
class ReminderRun:
    """A store with accounts, and reminders over it."""

    store: Store
    people: Roster
    clock: Clock
    policy: Policy = field(default_factory=policy)
    decided: int = 0

    def __post_init__(self) -> None:
        self.reminders = Reminders(
            ReminderStores.of(self.store), self.people, lambda: self.policy, EventLog(CollectorRegistry()),
            fallback=[LAST], zone=ZONE, district="Riverbend", decided=self.count,
        )  # fmt: skip

    @property
    def now(self) -> float:
        """The time."""
        return self.clock.now

    @now.setter
    def now(self, at: float) -> None:
        self.clock.now = at

    def count(self) -> None:
        """Count a decision."""
        self.decided += 1

    async def add_message(self, name: str) -> Message:
        """Store one of the district's messages, decided by the policy now."""
        return await add_message(self.store, MESSAGES[name], self.now, self.people, self.policy)

    async def notices(self, *kinds: FollowupKind) -> list[tuple[FollowupKind, str, int]]:
        """The notices after one check: kind, recipient, number of messages."""
        await self.reminders.check()
        due = await self.store.followups.claim_due(100, 60)
        await self.store.followups.complete([followup.id for followup in due])
        found = []
        for followup in due:
            if followup.kind in kinds:
                to, items = followup.body.get("to", []), followup.body.get("items", [])
                found += [(followup.kind, str(address), len(items)) for address in to]  # type: ignore[attr-defined,arg-type]
        return sorted(found)


def kessler(run: ReminderRun) -> str:
    person = run.people.by_id("s-01")
    assert person is not None
    return person.address
