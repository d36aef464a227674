"""The store on the way of a message: intake, outbox, decisions, delivery queue, follow-ups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.channels.smpp_message import SmsPart
from gateway.core.messages.delivery import Claim, NextHop, Outcome, State
from gateway.core.messages.followup import Followup
from gateway.core.messages.message import EarlierMessage as EarlierMessage
from gateway.core.messages.message import Message
from gateway.core.messages.message import OutgoingMessage as OutgoingMessage
from gateway.core.policy.contact import ContactLogRow
from gateway.core.policy.decision import AuditEntry, PendingMessage, Transition, TransitionRule

POLL_SECONDS = 1.0
"""Seconds after which it is looked for what another process made due, or let go of."""


NO_LIMIT = 1 << 62
"""More bytes than any content has."""


class WakeupSignal(Protocol):
    """What a claim waits by: `gateway.stages.wakeup.Wakeup` is one.

    With an alarm a claim is made within the transaction of this process that makes something due. Where there is none
    it returns empty after LOOK seconds, or looks when the alarm rings, which is for what other processes did.
    """

    stopped: bool

    def wake(self) -> None:
        """There is something to do."""

    async def rest(self, seconds: float) -> bool:
        """Until woken or stopped, at most so many seconds; whether woken."""


class StoreDown(Exception):
    """The store cannot be reached or refused to commit: nothing of the call was written."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A message without a verdict; `place` where it was published, None while that is unconfirmed."""

    id: str
    received_at: float
    place: str | None


class IntakeStore(Protocol):
    """Where relays leave messages."""

    async def accept(
        self, message: Message, contacts: Sequence[ContactLogRow] = (), due: Collection[str] | None = None,
        parts: Sequence[SmsPart] = (),
    ) -> None:  # fmt: skip
        """Make a message durable: on return it survives anything. A second accept of the same id changes nothing.

        The recipients in `due` are queued at once, the others received; None: those without a pair are due. `parts`:
        the PDUs of a text over SMPP.
        """

    async def waiting_bytes(self) -> int:
        """Bytes of content of messages undecided or queued, at most a second old."""

    async def states(self, message_id: str) -> Mapping[str, State]:
        """The state of each recipient, by address; empty for an unknown id."""


class OutboxStore(Protocol):
    """Messages to publish, and messages without a verdict."""

    async def claim_unpublished(
        self,
        limit: int,
        lease: float,
        alarm: WakeupSignal | None = None,
        *,
        inline: int = NO_LIMIT,
        room: int = NO_LIMIT,
    ) -> Sequence[OutgoingMessage]:
        """Claim up to `limit` messages due for publication, in order of acceptance, until `lease` seconds from now.

        Contents of more than `inline` bytes are left in the store. The last message is the one with which the others
        have `room` bytes or more.
        """

    async def mark_published(self, places: Mapping[str, str]) -> None:
        """Note the confirmed places, by message id. It has time: it goes along with another transaction."""

    async def publish_again(self, ids: Collection[str]) -> None:
        """Make messages due for publication now."""

    async def awaiting_verdict(self, before: float, limit: int) -> Sequence[Unanswered]:
        """Messages accepted before a time of the store's clock with a recipient still `received` and no verdict."""

    async def unclassified(self, after: float, before: float, limit: int) -> Sequence[Unanswered]:
        """Messages with content received between two times without a verdict, whatever became of their recipients.

        By the clock of who received them: whether one is really lost is seen by its place, and not by a time.
        """

    async def outgoing(self, message_id: str) -> OutgoingMessage | None:
        """One message with its context; None when it or its content is gone."""


@dataclass(frozen=True, slots=True)
class AppliedTransition:
    """A ruling that was carried out, with the message as it stood before."""

    pending: PendingMessage
    ruling: Transition


class DispositionStore(Protocol):
    """Decisions by the policy or by a person."""

    async def apply(self, cases: Sequence[tuple[str, TransitionRule]]) -> Sequence[AppliedTransition | None]:
        """Carry out each rule on its message, locked; what was carried out, None for an unknown message.

        Writes the changes, the verdict, the followups and the acts of a ruling in one transaction. A state that is no
        longer one of received or held is never changed. A followup of `Follow` kind is written once per ruling.
        """


class DeliveryQueueStore(Protocol):
    """Recipients that are due for delivery."""

    async def claim(
        self, hop: NextHop, limit: int, lease: float, alarm: WakeupSignal | None = None, *, room: int = NO_LIMIT
    ) -> Sequence[Claim]:
        """Claim up to `limit` messages with due recipients behind a hop, all due recipients of a message together.

        The last of them is the one with which their contents have `room` bytes or more.
        """

    async def renew(self, token: str, lease: float) -> bool:
        """Whether the claim is still ours; if so it is ours for `lease` more seconds, less a twentieth at most."""

    async def record_outcomes(
        self, claim: Claim, outcomes: Mapping[str, tuple[Outcome, float | None]], followups: Sequence[Followup]
    ) -> bool:
        """Record outcomes by recipient, each with its next attempt (None: final). False when the claim was lost.

        Deferred with a next attempt stays queued; Deferred without is a bounce. Recipients of the claim that are left
        out of `outcomes` are due again at once. The followups are written only when the claim still held.
        """

    async def next_due(self) -> float | None:
        """When the next queued recipient becomes due; None when there is none."""


class FollowupStore(Protocol):
    """What must follow a change of state, until it is done."""

    async def claim_due(self, limit: int, lease: float, alarm: WakeupSignal | None = None) -> Sequence[Followup]:
        """Claim followups that are due, the oldest first."""

    async def complete(
        self, ids: Collection[str], message: Message | None = None, acts: Sequence[AuditEntry] = ()
    ) -> None:
        """Done: the rows go; a message of ours (a bounce, a notice) is queued and acts are written with that.

        Without a message it has time: it goes along with another transaction.
        """

    async def postpone(self, ids: Collection[str], after: float) -> None:
        """Not now: due again after so many seconds."""
