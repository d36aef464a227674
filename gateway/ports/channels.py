"""The ways in and out: transports, next hops, peers of text messages, media."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.channels.smpp_message import PartialText, SentPart, SmsPart
from gateway.core.channels.smpp_pdu import Pdu
from gateway.core.messages.delivery import Claim, NextHop, Outcome
from gateway.core.messages.media import MediaFile, MediaRequest, MediaResult
from gateway.core.messages.message import EarlierMessage as EarlierMessage
from gateway.core.messages.message import OutgoingMessage as OutgoingMessage
from gateway.core.messages.message import Recipient
from gateway.core.messages.reply import Reply


class Transport(Protocol):
    """One way out of one channel."""

    async def deliver(
        self, hop: NextHop, claim: Claim, holds_claim: Callable[[], Awaitable[bool]]
    ) -> Mapping[str, Outcome]:
        """Hand a message on and say for each recipient of the claim how it ended; never raises for the peer's doing.

        `holds_claim` is asked before the last byte that makes the next hop responsible; when it answers False nothing
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
class HttpAnswer:
    """What a peer of the channel sms answered to a request over HTTP."""

    status: int
    content: bytes = b""
    kind: str = ""

    @property
    def taken(self) -> bool:
        """The request was granted."""
        return 200 <= self.status <= 299


class SmsPeers(Protocol):
    """The peers of texts, asked while somebody waits for the answer. Both raise HopDown where none comes."""

    async def ask(self, method: str, target: str, content: bytes = b"", kind: str = "") -> HttpAnswer:
        """A request to the provider's API, with our credentials; `target`: path and query."""

    async def hand(self, form: Sequence[tuple[str, str]], kind: str, url: str = "", token: str = "") -> HttpAnswer:
        """A webhook to the district's application, signed as the provider signs; `url`: another place of its.

        `kind`: form or json. The same `token` tells the application that it is the same webhook again.
        """


class HopTransaction(Protocol):
    """One transaction with a next hop, its sender accepted. Every method raises HopDown when the next hop is lost."""

    async def recipient(self, recipient: Recipient) -> Reply:
        """Name one more recipient."""

    async def data(self) -> Reply:
        """Ask for the content to be let in; 354 when it is."""

    async def send(self, content: bytes) -> None:
        """Send on a piece of the content as it is; returns when the next hop keeps pace."""

    async def finish(self) -> Reply:
        """Say that the content is whole, which ends the transaction: the next hop's word on it."""

    async def abort(self) -> None:
        """End the transaction without a message: reset it or, once content went, break the connection. Never raises."""


class HopConnector(Protocol):
    """Transactions with next hops while a client's is open."""

    async def begin(
        self, hop: NextHop, sender: str, options: Sequence[str], first: Recipient, *, size: int | None, tls: bool
    ) -> tuple[HopTransaction | None, Reply]:
        """Connect, give the sender and the first recipient; the exchange with the reply to that recipient.

        None and a refusal where the sender was refused. `options` are those of MAIL; `size` in bytes where the client
        said one; `tls`: it came over TLS, and goes on in clear to a loopback address only. Raises HopDown.
        """


class SmppPeer(Protocol):
    """Whoever is at the other end of SMPP sessions: the provider's SMSC, or the district's applications."""

    def bound(self, account: str = "") -> bool:
        """Whether a request can be made now: to an application's account, or to whoever there is."""

    async def ask(self, request: Pdu, account: str = "") -> Pdu:
        """The response to a request; its sequence number is the session's to give.

        `account`: which application; "": any that is bound. Raises HopDown where no response comes: the
        peer may have taken the request all the same.
        """


class SmsPartStore(Protocol):
    """Parts of texts over SMPP."""

    async def add(self, key: str, name: str, part: SmsPart) -> PartialText:
        """Keep a part of a long text, with the others of its `key`; all of them that are there.

        The same part again changes nothing, within the minutes in which one may come twice. Another one under the same
        number begins a text of its own, under the id `name`.
        """

    async def overdue(self, age: float, limit: int) -> Sequence[PartialText]:
        """Texts that are not made yet although their first part is so many seconds old."""

    async def parts_of(self, message_id: str) -> Sequence[SmsPart]:
        """The parts of a text in their order; none once its content is gone."""

    async def smsc_ids(self, message_id: str, position: int) -> Mapping[int, str]:
        """By number, under which ids the SMSC has the parts of a text for one recipient."""

    async def record_smsc_id(self, message_id: str, position: int, part: SmsPart, name: str) -> None:
        """The SMSC took a part, and knows it by this id."""

    async def find_by_smsc_ids(self, names: Collection[str]) -> SentPart | None:
        """Which part of which text the SMSC knows by one of these ids; the latest where there are several."""


class MediaStore(Protocol):
    """Media of texts in scope, from acceptance until each is fetched or has failed."""

    async def claim_due(self, limit: int, lease: float) -> Sequence[MediaRequest]:
        """Claim some that are to be fetched, the first due first, until `lease` seconds from now."""

    async def record_result(self, wanted: MediaRequest, fetched: MediaResult, later: float | None) -> None:
        """What came of one: settled for good, or due again in `later` seconds. A second time changes nothing.

        With the last one of a text the text is due for publication at once.
        """

    async def files_of(self, message_id: str) -> Sequence[MediaFile]:
        """The pictures and files of a text in their order, with the contents of those that were fetched."""


class MediaFetcher(Protocol):
    """Where pictures and files are fetched from."""

    async def fetch(self, url: str) -> MediaResult:
        """What is at an address, within bounds of size, time and redirects; never raises for the peer's doing."""


class SmppBindStore(Protocol):
    """What the processes with SMPP sessions of applications share."""

    async def record_sender(self, line: str, account: str) -> None:
        """An application sent from a number."""

    async def last_sender(self, line: str) -> str:
        """The application that last sent from a number, "" where none is known."""

    async def share_bound(self, process: str, accounts: Collection[str]) -> Mapping[str, float]:
        """Note which applications are bound at a process, and no others; how long ago others said so, by account."""
