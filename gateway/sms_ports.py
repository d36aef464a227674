"""The ports of texts: the peers at the other end of SMPP sessions, what the store keeps of such texts, and media."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from gateway.core.media import Fetched, Wanted
from gateway.core.smpp import Pdu
from gateway.core.smpp_message import Gathered, TextPart, Told


class Peer(Protocol):
    """Whoever is at the other end of SMPP sessions: the provider's SMSC, or the district's applications."""

    def bound(self, account: str = "") -> bool:
        """Whether a request can be made now: to an application's account, or to whoever there is."""

    async def ask(self, request: Pdu, account: str = "") -> Pdu:
        """The response to a request; its sequence number is the session's to give.

        `account`: which application; "": any that is bound. Raises HopDown where no response comes: the
        peer may have taken the request all the same.
        """


class TextParts(Protocol):
    """Parts of texts, durable when a call returns. Every method raises StoreDown."""

    async def gather(self, key: str, name: str, part: TextPart) -> Gathered:
        """Keep a part of a long text, with the others of its `key`; all of them that are there.

        The same part again changes nothing, within the minutes in which one may come twice. Another one under the same
        number begins a text of its own, under the id `name`.
        """

    async def overdue(self, age: float, limit: int) -> Sequence[Gathered]:
        """Texts that are not made yet although their first part is so many seconds old."""

    async def text_parts(self, message_id: str) -> Sequence[TextPart]:
        """The parts of a text in their order; none once its content is gone."""

    async def known_by(self, message_id: str, position: int) -> Mapping[int, str]:
        """By number, under which ids the SMSC has the parts of a text for one recipient."""

    async def note_id(self, message_id: str, position: int, part: TextPart, name: str) -> None:
        """The SMSC took a part, and knows it by this id."""

    async def told_of(self, names: Collection[str]) -> Told | None:
        """Which part of which text the SMSC knows by one of these ids; the latest where there are several."""


class TextMedia(Protocol):
    """Pictures and files of texts in scope, from acceptance on, until each is settled. Both raise StoreDown."""

    async def media_due(self, limit: int, lease: float) -> Sequence[Wanted]:
        """Claim some that are to be fetched, the first due first, until `lease` seconds from now."""

    async def media_ended(self, wanted: Wanted, fetched: Fetched, later: float | None) -> None:
        """What came of one: settled for good, or due again in `later` seconds. A second time changes nothing.

        With the last one of a text the text is due for publication at once.
        """


class Elsewhere(Protocol):
    """Where pictures and files are fetched from."""

    async def fetch(self, url: str) -> Fetched:
        """What is at an address, within bounds of size, time and redirects; never raises for the peer's doing."""


class Switchboard(Protocol):
    """What the processes with sessions of applications tell each other. Every method raises StoreDown."""

    async def spoke(self, line: str, account: str) -> None:
        """An application sent from a number."""

    async def speaker(self, line: str) -> str:
        """The application that last sent from a number, "" where none is known."""

    async def bound_here(self, process: str, accounts: Collection[str]) -> Mapping[str, float]:
        """Note which applications are bound at a process, and no others; how long ago others said so, by account."""
