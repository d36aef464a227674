"""Stores on the way of a message: intake, outbox, decisions, delivery queue and follow-ups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.channels.smpp_message import SmsPart
from gateway.core.contact.log import ContactLogRow
from gateway.core.messages.delivery import Claim, NextHop, Outcome, State
from gateway.core.messages.followup import Followup
from gateway.core.messages.message import Message, OutgoingMessage
from gateway.core.messages.work import Unreadable
from gateway.core.policy.decision import AuditEntry, PendingMessage, Transition, TransitionRule
from gateway.ports.urgency import WebhookNotice

POLL_SECONDS = 1.0
"""Seconds between two looks for rows that another process made due, or whose lease ended."""

NO_LIMIT = 1 << 62
"""More bytes than any content has."""


class WakeupSignal(Protocol):
    """What a claim waits on; `gateway.stages.wakeup.Wakeup` is one.

    With a signal, a claim runs in the same transaction of this process that makes a row due. If there is no such
    transaction, the claim returns empty after POLL_SECONDS. If the signal wakes it (another process made a row due), it
    looks at once.
    """

    stopped: bool

    def wake(self) -> None:
        """Wake whoever rests."""

    async def rest(self, seconds: float) -> bool:
        """Rest until woken or stopped, at most `seconds`. Returns whether it was woken."""


class StoreDown(Exception):
    """The store cannot be reached or refused to commit. Nothing of the call was written."""


class StoreFull(StoreDown):
    """The disk of the database is full. What is read is still answered."""


class ValuesRefused(StoreDown):
    """The database refused the values of this call and would refuse them again. The database itself is up."""


@dataclass(frozen=True, slots=True)
class UnclassifiedMessage:
    """A message without a verdict. `place`: its record on the bus, None while the bus has not confirmed it."""

    id: str
    received_at: float
    place: str | None


class IntakeStore(Protocol):
    """Where relays leave messages."""

    async def accept(
        self, message: Message, contacts: Sequence[ContactLogRow] = (), due: Collection[str] | None = None,
        parts: Sequence[SmsPart] = (),
    ) -> None:  # fmt: skip
        """Make a message durable. A second accept of the same id changes nothing.

        Recipients in `due` are queued, the others are `received`. None queues recipients without a staff-student pair.
        `parts`: the PDUs of a text message over SMPP.
        """

    async def waiting_bytes(self) -> int:
        """Bytes of content of undecided and queued messages. The number is at most one second old."""

    async def states(self, message_id: str) -> Mapping[str, State]:
        """The state of each recipient by address; empty for an unknown id."""


class OutboxStore(Protocol):
    """Messages to publish, and messages without a verdict."""

    async def claim_unpublished(
        self,
        limit: int,
        lease: float,
        wakeup: WakeupSignal | None = None,
        *,
        inline: int = NO_LIMIT,
        room: int = NO_LIMIT,
    ) -> Sequence[OutgoingMessage | Unreadable]:
        """Claim up to `limit` messages that are due for publication for `lease` seconds, in order of acceptance.

        Contents of more than `inline` bytes stay in the store. Claiming ends with the message whose content fills
        `room` bytes.
        """

    async def mark_published(self, places: Mapping[str, str]) -> None:
        """Record confirmed places by message id. The write waits for another transaction to join."""

    async def publish_again(self, ids: Collection[str]) -> None:
        """Make messages due for publication now."""

    async def awaiting_verdict(self, before: float, limit: int) -> Sequence[UnclassifiedMessage]:
        """Messages without a verdict that have a recipient in state `received`, accepted before a store time."""

    async def unclassified(self, now: float, min_age: float, limit: int) -> Sequence[UnclassifiedMessage]:
        """Messages with content and no verdict that are `min_age` seconds old, whatever their recipients' states.

        The oldest come first. Their times are those of the receiving processes; a message from the future counts as
        old. Use the place, not the time, to tell whether a record is lost.
        """

    async def unanswered(self, ids: Collection[str]) -> Collection[str]:
        """Those of some messages that have no verdict."""

    async def outgoing(self, message_id: str) -> OutgoingMessage | None:
        """One message with its context; None if it or its content is gone."""


@dataclass(frozen=True, slots=True)
class AppliedTransition:
    """A transition that was carried out, with the message as it was before."""

    pending: PendingMessage
    transition: Transition


class DispositionStore(Protocol):
    """Decisions by the policy or by a person. Each message is locked, and every state is compared and set."""

    async def apply(self, rules: Sequence[tuple[str, TransitionRule]]) -> Sequence[AppliedTransition | None]:
        """Apply each rule to its message, given by id. Returns None in place of an unknown message.

        One transaction writes the state changes, the verdict, the follow-ups and the audit entries of a transition.
        Only the states `received` and `held` change.
        """


class DeliveryQueueStore(Protocol):
    """Recipients that are due for delivery, ordered by their next attempt."""

    async def claim(
        self, hop: NextHop, limit: int, lease: float, wakeup: WakeupSignal | None = None, *, room: int = NO_LIMIT,
        alerts: bool = False,
    ) -> Sequence[Claim | Unreadable]:  # fmt: skip
        """Claim up to `limit` messages for a next hop. A claim has all recipients of the message that are due there.

        Claiming ends with the message whose content fills `room` bytes. With `alerts` only calls for help are claimed.
        A message that cannot be read is `Unreadable`.
        """

    async def claim_late(
        self, hop: NextHop, limit: int, lease: float, *, ended: float, warn: float
    ) -> Sequence[Claim | Unreadable]:
        """Claim only recipients that are due and were queued at least `ended` seconds ago.

        Those whose sender was not told of the delay are claimed after `warn` seconds.
        """

    async def bring_forward(self, hop: NextHop, within: float) -> None:
        """Make recipients due within some seconds that wait because the next hop could not be reached.

        Those that wait longer are spread over this time in their order; calls for help are due at once.
        """

    async def renew(self, token: str, lease: float) -> bool:
        """Extend a claim to at least 95 % of `lease` seconds from now. Returns False if the claim is lost."""

    async def record_outcomes(
        self, claim: Claim, outcomes: Mapping[str, tuple[Outcome, float | None]], followups: Sequence[Followup],
        *, warned: Collection[str] = (), entries: Sequence[AuditEntry] = (),
    ) -> bool:  # fmt: skip
        """Record an outcome and the next attempt (None if final) by recipient. Returns False if the claim is lost.

        Deferred with a next attempt stays queued; Deferred without one is a bounce. Recipients that `outcomes` does not
        name are due again at once. Follow-ups and audit entries are written only if the claim still holds. `warned`:
        whose sender is told of the delay by one of the follow-ups.
        """

    async def next_due(self) -> float | None:
        """When the next queued recipient is due; None if none is queued."""


class FollowupStore(Protocol):
    """What must follow a change of state, until it is done."""

    async def claim_due(
        self, limit: int, lease: float, wakeup: WakeupSignal | None = None
    ) -> Sequence[Followup | Unreadable]:  # fmt: skip
        """Claim follow-ups that are due, the oldest first. Kinds of a newer version are left alone."""

    async def complete(
        self, ids: Collection[str], *messages: Message, entries: Sequence[AuditEntry] = (),
        webhooks: Sequence[WebhookNotice] = (),
    ) -> None:  # fmt: skip
        """Delete follow-ups that are done. Messages of ours (a bounce or notice) are queued in the same transaction.

        So are notices for the webhook. Without any, the write waits for another transaction to join.
        """

    async def postpone(self, ids: Collection[str], after: float) -> None:
        """Make follow-ups due again `after` some seconds."""
