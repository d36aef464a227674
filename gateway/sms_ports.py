"""The ports of texts over SMPP: the peers at the other end of sessions, and what the store keeps of such texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

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
