"""The ports: what the stages ask of bus, store and transports. Each has a real adapter and passes one contract suite.

Times are seconds since the epoch, UTC. The store's own clock settles what is due (on PostgreSQL the database's).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.core.audit import Head, Linked
from gateway.core.contact import Contact
from gateway.core.decision import Act, Followup, Pending, Rule, Ruling
from gateway.core.delivery import Claim, NextHop, Outcome, State
from gateway.core.media import Medium
from gateway.core.message import Message, Recipient
from gateway.core.message import Outgoing as Outgoing
from gateway.core.message import Said as Said
from gateway.core.moderation import Backlog, Explained, Held, Trace
from gateway.core.reply import Reply
from gateway.core.smpp_message import TextPart

# --- the bus -------------------------------------------------------------------------------------------------------


class BusDown(Exception):
    """The broker cannot be reached or did not confirm: nothing is known to be written, try again."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record in Kafka's own words; partition and offset are -1 until the broker gave them."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int = -1
    offset: int = -1


class Standing(StrEnum):
    """Where a published record stands for a consumer group."""

    AHEAD = "ahead"  # the group has yet to commit it
    PASSED = "passed"  # the group committed past it
    GONE = "gone"  # the record is no longer there, or was never confirmed


class Subscription(Protocol):
    """One member of a consumer group on one topic. Records come again until committed."""

    async def batch(self, limit: int, wait: float) -> Sequence[Record]:
        """Up to `limit` next records, waiting at most `wait` seconds for the first; empty when none came.

        Raises BusDown when the broker is lost; the next call tries again. Records taken and not committed when this
        member leaves are given to whoever takes over.
        """

    async def commit(self) -> None:
        """Commit every record handed out so far. A partition lost in a rebalance is silently left to its new owner."""

    async def rewind(self) -> None:
        """Go back to what is committed: every record handed out since then comes again."""

    async def lag(self) -> int:
        """Records of the assigned partitions that the group has yet to commit."""


class Bus(Protocol):
    """Topics, by their names without the prefix: messages, verdicts, decisions, dead-letters."""

    async def publish(self, records: Sequence[Record]) -> Sequence[str | None]:
        """Write records (acks=all, idempotent); for each its place, or None where it was not confirmed.

        A place names the record for `standing`: opaque to the caller, kept in the store. Raises BusDown when none
        could be written.
        """

    def subscribe(self, topic: str, group: str) -> AbstractAsyncContextManager[Subscription]:
        """Join a consumer group on a topic; new groups begin at the earliest record."""

    async def standing(self, topic: str, group: str, places: Sequence[str]) -> Sequence[Standing]:
        """Where each place stands for a group. Raises BusDown."""

    def connected(self) -> bool:
        """Whether the broker answered last time."""


# --- the store -----------------------------------------------------------------------------------------------------


LOOK = 1.0
"""Seconds after which it is looked for what another process made due, or let go of."""

WHOLE = 1 << 62
"""More bytes than any content has."""


class Alarm(Protocol):
    """What a claim waits by: `gateway.stages.beat.Beat` is one.

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


class Intake(Protocol):
    """Where relays leave messages."""

    async def accept(
        self, message: Message, contacts: Sequence[Contact] = (), due: Collection[str] | None = None,
        parts: Sequence[TextPart] = (),
    ) -> None:  # fmt: skip
        """Make a message durable: on return it survives anything. A second accept of the same id changes nothing.

        The recipients in `due` are queued at once, the others received; None: those without a pair are due. `parts`:
        the PDUs of a text over SMPP.
        """

    async def waiting_bytes(self) -> int:
        """Bytes of content of messages undecided or queued, at most a second old."""

    async def states(self, message_id: str) -> Mapping[str, State]:
        """The state of each recipient, by address; empty for an unknown id."""

    async def secret(self, name: str) -> bytes:
        """A random key of 32 bytes kept in the store, made at the first call and the same ever after."""


class Outbox(Protocol):
    """What the publisher and the classifiers read."""

    async def unpublished(
        self, limit: int, lease: float, alarm: Alarm | None = None, *, inline: int = WHOLE, room: int = WHOLE
    ) -> Sequence[Outgoing]:
        """Claim up to `limit` messages due for publication, in order of acceptance, until `lease` seconds from now.

        Contents of more than `inline` bytes are left in the store. The last message is the one with which the others
        have `room` bytes or more.
        """

    async def published(self, places: Mapping[str, str]) -> None:
        """Note the confirmed places, by message id. It has time: it goes along with another transaction."""

    async def publish_again(self, ids: Collection[str]) -> None:
        """Make messages due for publication now."""

    async def unanswered(self, before: float, limit: int) -> Sequence[Unanswered]:
        """Messages accepted before a time of the store's clock with a recipient still `received` and no verdict."""

    async def unread(self, after: float, before: float, limit: int) -> Sequence[Unanswered]:
        """Messages with content received between two times without a verdict, whatever became of their recipients.

        By the clock of who received them: whether one is really lost is seen by its place, and not by a time.
        """

    async def outgoing(self, message_id: str) -> Outgoing | None:
        """One message with its context; None when it or its content is gone."""

    async def media(self, message_id: str) -> Sequence[Medium]:
        """The pictures and files of a text in their order, with the contents of those that were fetched."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A ruling that was carried out, with the message as it stood before."""

    pending: Pending
    ruling: Ruling


class Dispositions(Protocol):
    """Decisions by policy or by a person: one transaction per message, compare-and-set on every state."""

    async def settle(self, cases: Sequence[tuple[str, Rule]]) -> Sequence[Settled | None]:
        """Carry out each rule on its message, locked; what was carried out, None for an unknown message.

        Writes the changes, the verdict, the followups and the acts of a ruling in one transaction. A state that is no
        longer one of received or held is never changed. A followup of `Follow` kind is written once per ruling.
        """


class Queue(Protocol):
    """Delivery: `next_attempt_at` is the one column that drives it."""

    async def claim(
        self, hop: NextHop, limit: int, lease: float, alarm: Alarm | None = None, *, room: int = WHOLE
    ) -> Sequence[Claim]:
        """Claim up to `limit` messages with due recipients behind a hop, all due recipients of a message together.

        The last of them is the one with which their contents have `room` bytes or more.
        """

    async def renew(self, token: str, lease: float) -> bool:
        """Whether the claim is still ours; if so it is ours for `lease` more seconds, less a twentieth at most."""

    async def conclude(
        self, claim: Claim, outcomes: Mapping[str, tuple[Outcome, float | None]], followups: Sequence[Followup]
    ) -> bool:
        """Record outcomes by recipient, each with its next attempt (None: final). False when the claim was lost.

        Deferred with a next attempt stays queued; Deferred without is a bounce. Recipients of the claim that are left
        out of `outcomes` are due again at once. The followups are written only when the claim still held.
        """

    async def next_due(self) -> float | None:
        """When the next queued recipient becomes due; None when there is none."""


class Followups(Protocol):
    """What must follow a change of state, until done."""

    async def due_followups(self, limit: int, lease: float, alarm: Alarm | None = None) -> Sequence[Followup]:
        """Claim followups that are due, the oldest first."""

    async def followed(self, ids: Collection[str], message: Message | None = None, acts: Sequence[Act] = ()) -> None:
        """Done: the rows go; a message of ours (a bounce, a notice) is queued and acts are written with that.

        Without a message it has time: it goes along with another transaction.
        """

    async def follow_later(self, ids: Collection[str], after: float) -> None:
        """Not now: due again after so many seconds."""


class Review(Protocol):
    """What people look up; no call here changes anything."""

    async def held(self, ids: Sequence[str] | None = None) -> Sequence[Held]:
        """Every message with a held recipient, or those among some, the earliest due first."""

    async def trace(self, *, id: str = "", message_id: str = "", address: str = "") -> Sequence[Trace]:
        """Messages by one of the three, the newest first; many of them are cut."""

    async def traced(
        self, before: tuple[float, str], *, message_id: str = "", address: str = ""
    ) -> Sequence[Trace]:  # fmt: skip
        """The next ones by one of the two behind a place, a time of acceptance and an id; none where it ends."""

    async def explained(self, id: str) -> Explained | None:
        """One message with its content and verdict; None for an unknown id. The caller settles who may see content."""

    async def judged(self, after: str, limit: int) -> Sequence[str]:
        """The ids of messages that a person decided about, in order, behind the id `after` ("": from the first)."""

    async def classified(self, after: str, limit: int) -> Sequence[str]:
        """The ids of messages with a verdict, in order, behind the id `after` ("": from the first)."""

    async def backlog(self) -> Backlog:
        """What waits, for the gauges; `unlinked_for`: how long the oldest audit row has been unchained."""

    async def now(self) -> float:
        """The store's clock."""


class Audit(Protocol):
    """The audit log: rows are written unchained with the act, and linked in batches."""

    async def record(self, acts: Sequence[Act]) -> None:
        """Write acts that belong to no other transaction (views, logins, changes of policy and directory)."""

    async def link(self, limit: int) -> int:
        """Number and link committed rows, in one process at a time; how many were linked."""

    async def audit_rows(self, after: int, limit: int) -> Sequence[Linked]:
        """Linked rows in order, behind the row with the number `after` (0: from the first)."""

    async def audit_head(self) -> Head | None:
        """The last row that was linked, as the chainer left it; None before the first."""


class Retention(Protocol):
    """Content and rows that have had their time."""

    async def expire(self, delivered: float, decided: float, limit: int) -> int:
        """Let go of at most `limit` contents older than the periods allow (seconds); how many went.

        Content goes only when every recipient is in a final state, no case or legal hold names it, and the longest of
        its periods has passed: what was flagged, alerted or ever held falls under `decided`.
        """


class Store(Intake, Outbox, Dispositions, Queue, Followups, Review, Audit, Retention, Protocol):
    """The truth. Everything here is durable when it returns and raises StoreDown when it cannot be."""


# --- the ways out --------------------------------------------------------------------------------------------------


class Transport(Protocol):
    """One way out of one channel."""

    async def deliver(
        self, hop: NextHop, claim: Claim, still_ours: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        """Hand a message on and say for each recipient of the claim how it ended; never raises for the peer's doing.

        `still_ours` is asked before the last byte that makes the next hop responsible; when it answers False nothing
        is handed over and the mapping is empty.
        """


class HopDown(Exception):
    """The next hop cannot be reached, or went away in the middle: `reply` is what a client may be told of it.

    Where the next hop refused before it went away, that refusal is the reply; else it is a temporary one of ours.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.code)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer of the channel sms answered to a request over HTTP."""

    status: int
    content: bytes = b""
    kind: str = ""

    @property
    def taken(self) -> bool:
        """The request was granted."""
        return 200 <= self.status <= 299


class Texting(Protocol):
    """The peers of texts, asked while somebody waits for the answer. Both raise HopDown where none comes."""

    async def ask(self, method: str, target: str, content: bytes = b"", kind: str = "") -> Answer:
        """A request to the provider's API, with our credentials; `target`: path and query."""

    async def hand(self, form: Sequence[tuple[str, str]], kind: str, url: str = "", token: str = "") -> Answer:
        """A webhook to the district's application, signed as the provider signs; `url`: another place of its.

        `kind`: form or json. The same `token` tells the application that it is the same webhook again.
        """


class Exchange(Protocol):
    """One transaction with a next hop, its sender accepted. Every method raises HopDown when the next hop is lost."""

    async def recipient(self, recipient: Recipient) -> Reply:
        """Name one more recipient."""

    async def data(self) -> Reply:
        """Ask for the content to be let in; 354 when it is."""

    async def send(self, content: bytes) -> None:
        """Send on a piece of the content as it is; returns when the next hop keeps pace."""

    async def finish(self) -> Reply:
        """Say that the content is whole, which ends the transaction: the next hop's word on it."""

    async def leave(self) -> None:
        """End the transaction without a message: reset it or, once content went, break the connection. Never raises."""


class Outward(Protocol):
    """Transactions with next hops while a client's is open."""

    async def begin(
        self, hop: NextHop, sender: str, options: Sequence[str], first: Recipient, *, size: int | None, tls: bool
    ) -> tuple[Exchange | None, Reply]:
        """Connect, give the sender and the first recipient; the exchange with the reply to that recipient.

        None and a refusal where the sender was refused. `options` are those of MAIL; `size` in bytes where the client
        said one; `tls`: it came over TLS, and goes on in clear to a loopback address only. Raises HopDown.
        """
