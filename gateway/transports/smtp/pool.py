"""The manager of next hops: one pool of connections for delivery, pass-through and questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from gateway.core.messages.delivery import NextHop
from gateway.core.messages.message import Recipient
from gateway.core.messages.reply import Reply
from gateway.transports.smtp.connection import SmtpTimeouts
from gateway.transports.smtp.destination import Destination
from gateway.transports.smtp.passing import PassingTransaction
from gateway.transports.smtp.questions import RecipientQuestions
from gateway.transports.smtp.resolution import HopResolver
from gateway.transports.smtp.routes import HopRoutes, Report


def _say_nothing(name: str, why: str | None) -> None:
    return None


class SmtpPool:
    """Connections to next hops while entered. See gateway.ports.channels.HopConnector.

    `destinations` by name; a next hop that is not among them is a plain "host:port". `idle`: seconds that an unused
    connection is kept. `report` is called when a next hop goes down or comes up.
    """

    def __init__(
        self, hostname: str, destinations: Mapping[str, Destination] | None = None, *,
        timeouts: SmtpTimeouts | None = None, idle: float = 20.0, resolver: HopResolver | None = None,
        report: Report = _say_nothing,
    ) -> None:  # fmt: skip
        self.routes = HopRoutes(
            hostname, destinations or {}, timeouts or SmtpTimeouts(), idle, resolver or HopResolver(hostname), report
        )
        self._questions = RecipientQuestions(self.routes)

    async def __aenter__(self) -> Self:
        self.routes.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.routes.close()

    def replace(self, destinations: Mapping[str, Destination]) -> int:
        """Use other destinations from now on. Returns how many are new or gone.

        Raises OSError, and keeps the old ones, if a CA file cannot be read.
        """
        return self.routes.replace(destinations)

    def reachable(self, name: str) -> bool:
        """Whether mail to a next hop can be tried: it is not known to be down."""
        return self.routes.reachable(name)

    def returns(self, name: str) -> int:
        """How often a next hop came back after an outage, or was replaced."""
        return self.routes.returns(name)

    async def begin(
        self, hop: NextHop, sender: str, options: Sequence[str], first: Recipient, *, size: int | None, tls: bool,
        client: str = "",
    ) -> tuple[PassingTransaction | None, Reply]:  # fmt: skip
        """See gateway.ports.channels.HopConnector."""
        transaction = PassingTransaction(self.routes, hop, sender, options, size=size, tls=tls, client=client)
        answer = await transaction.begin(first)
        return (transaction if transaction.open else None), answer

    async def ask(
        self, hop: NextHop, sender: str, options: Sequence[str], recipient: Recipient, *, tls: bool, client: str = ""
    ) -> Reply | None:
        """See gateway.ports.channels.HopConnector."""
        return await self._questions.ask(hop, sender, options, recipient, tls=tls, client=client)
