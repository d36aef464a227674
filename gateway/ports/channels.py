"""Ways in and out: transports, next hops, SMS peers, and the stores of text messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.channels.smpp_message import PartialText, SentPart, SmsPart
from gateway.core.channels.smpp_pdu import Pdu
from gateway.core.messages.delivery import Claim, NextHop, Outcome
from gateway.core.messages.media import MediaFile, MediaRequest, MediaResult
from gateway.core.messages.message import Recipient
from gateway.core.messages.reply import Reply


class Transport(Protocol):
    """One way out of one channel."""

    async def deliver(
        self, hop: NextHop, claim: Claim, holds_claim: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        """Deliver a message and return the outcomes of recipients of the claim. Never raises for what a peer does.

        It returns as soon as a peer has taken the message, so that this is on record before anything else is tried.
        Recipients without an outcome are due again at once; there is at least one with an outcome while the claim
        holds.

        `holds_claim` is called before the last byte that makes the next hop responsible. If it returns False, nothing
        is delivered and the mapping is empty.
        """


class HopDown(Exception):
    """The next hop cannot be reached or hung up. `reply` is what the client may be told.

    If the next hop refused before it hung up, `reply` is that refusal, otherwise a temporary one of ours. `reason` is
    the word of the refusal in metrics.
    """

    def __init__(self, reply: Reply, reason: str = "next_hop_down") -> None:
        super().__init__(reply.code)
        self.reply, self.reason = reply, reason


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The response of an SMS peer to an HTTP request."""

    status: int
    content: bytes = b""
    kind: str = ""  # media type

    @property
    def accepted(self) -> bool:
        """Whether the status is a success (2xx)."""
        return 200 <= self.status <= 299


class SmsPeers(Protocol):
    """The SMS provider and the district's application, for requests that pass through. Both methods raise HopDown."""

    async def ask(self, method: str, target: str, content: bytes = b"", kind: str = "") -> HttpAnswer:
        """Send a request to the provider's API with our credentials. `target`: path and query."""

    async def hand(self, form: Sequence[tuple[str, str]], kind: str, url: str = "", token: str = "") -> HttpAnswer:
        """Send a webhook to the district's application, signed as the provider signs. `url`: another URL than usual.

        `kind`: form or json. A retry has the same `token`, so that the application can tell.
        """


class HopTransaction(Protocol):
    """One SMTP transaction with a next hop that accepted the sender. Methods raise HopDown if the next hop is lost.

    `relays_dsn`: the next hop announced DSN, so it sends the delivery reports.
    """

    relays_dsn: bool

    async def recipient(self, recipient: Recipient) -> Reply:
        """Name one more recipient."""

    async def data(self) -> Reply:
        """Ask to send the content; 354 means yes."""

    async def send(self, content: bytes) -> None:
        """Send a piece of the content unchanged. Returns when the next hop keeps pace.

        The first piece has the whole header section. Raises Refused if the next hop cannot take the content (8-bit
        bytes without 8BITMIME or SMTPUTF8).
        """

    async def finish(self, last: bytes = b"") -> Reply:
        """Send the last piece as `send` does, and end the content and the transaction; the next hop's reply."""

    async def abort(self) -> None:
        """End the transaction without a message. Once content was sent, break the connection. Never raises."""


class HopConnector(Protocol):
    """Opens transactions with next hops while a client's transaction is open.

    `client` is who the connections are shared out to; "" for one that is trusted.
    """

    async def begin(
        self, hop: NextHop, sender: str, options: Sequence[str], first: Recipient, *, size: int | None, tls: bool,
        client: str = "",
    ) -> tuple[HopTransaction | None, Reply]:  # fmt: skip
        """Connect, give the sender and the first recipient, and return the reply to that recipient.

        If the next hop refused the sender, the transaction is None and the reply is the refusal. `options` are those of
        MAIL, `size` the size in bytes that the client announced. A message that came over TLS (`tls`) leaves in clear
        text only to a loopback address. Raises HopDown.
        """

    async def ask(
        self, hop: NextHop, sender: str, options: Sequence[str], recipient: Recipient, *, tls: bool, client: str = ""
    ) -> Reply | None:
        """Ask whether the next hop takes mail for a recipient. Nothing is sent.

        Returns its permanent refusal. None if it accepts the recipient, or does not say so within a short time.
        """


class SmppPeer(Protocol):
    """The other end of SMPP sessions: the provider's SMSC, or the district's applications."""

    def bound(self, account: str = "") -> bool:
        """Whether a request can be made now, to an application's account or to any peer."""

    async def ask(self, request: Pdu, account: str = "", *, urgent: bool = False) -> Pdu:
        """Send a request and return its response. The session sets the sequence number.

        An `urgent` request does not wait for the responses to others.

        `account` names the application, "" any that is bound. Raises HopDown if no response comes; the peer may have
        taken the request all the same.
        """


class SmsPartStore(Protocol):
    """Parts of text messages over SMPP. Calls are durable when they return and raise StoreDown."""

    async def add(self, key: str, name: str, part: SmsPart) -> PartialText:
        """Store one part of a long text and return all parts with its `key`.

        A repeated part changes nothing within the minutes in which repeats are expected. A different part with the same
        number starts a text of its own with the id `name`.
        """

    async def overdue(self, age: float, limit: int, *, account: str | None = None) -> Sequence[PartialText]:
        """Incomplete texts whose first part is at least `age` seconds old.

        `account`: only those that it sent and of which no part has come for `age` seconds.
        """

    async def parts_of(self, message_id: str) -> Sequence[SmsPart]:
        """The parts of a text in order; empty once its content has expired."""

    async def smsc_ids(self, message_id: str, position: int) -> Mapping[int, str]:
        """The SMSC's ids of the parts of a text for one recipient, by part number."""

    async def record_smsc_id(self, message_id: str, position: int, part: SmsPart, smsc_id: str) -> None:
        """Record the id that the SMSC gave to a part."""

    async def end_turn(self, message_id: str, position: int) -> None:
        """Let later texts of its conversation go: this text no longer keeps them back."""

    async def find_by_smsc_ids(self, smsc_ids: Collection[str]) -> SentPart | None:
        """The part that the SMSC knows by one of these ids; the latest if there are several."""


class MediaStore(Protocol):
    """Media of texts in scope, from acceptance until each is fetched or has failed. Methods raise StoreDown."""

    async def claim_due(self, limit: int, lease: float) -> Sequence[MediaRequest]:
        """Claim media to fetch for `lease` seconds, the first due first."""

    async def record_result(self, request: MediaRequest, result: MediaResult, retry_in: float | None) -> None:
        """Record the result of a fetch: final, or due again in `retry_in` seconds. A second result changes nothing.

        The last final result of a text makes the text due for publication at once.
        """

    async def files_of(self, message_id: str) -> Sequence[MediaFile]:
        """The media of a text in order, with the contents of those that were fetched."""


class MediaFetcher(Protocol):
    """Fetches media."""

    async def fetch(self, url: str) -> MediaResult:
        """Fetch a URL within limits of size, time and redirects. Never raises for what a peer does."""


class SmppBindStore(Protocol):
    """What the processes with SMPP sessions of applications share. Methods raise StoreDown."""

    async def record_sender(self, line: str, account: str) -> None:
        """Record that an application sent from a number."""

    async def last_sender(self, line: str) -> str:
        """The application that last sent from a number; "" if unknown."""

    async def share_bound(self, process: str, accounts: Collection[str]) -> Mapping[str, float]:
        """Record which applications are bound at a process. Returns those bound elsewhere, with seconds since known."""
