"""A transaction that passes through while its client's is open (docs/architecture.md, Scope).

A client that waits before the content holds no connection if others need it: the transaction leaves its connection and
begins again on another one when the client goes on. The next hop has seen nothing of the message until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.core.messages.delivery import NextHop
from gateway.core.messages.message import Recipient
from gateway.core.messages.reply import Reply, invalid_answer, to_temporary
from gateway.transports.smtp.commands import ContentLimits, content_limits, rcpt_command, refused_recipient
from gateway.transports.smtp.connection import SmtpConnection
from gateway.transports.smtp.destination import hop_lost
from gateway.transports.smtp.route import HopLease
from gateway.transports.smtp.routes import HopRoutes, domain_for, first_commands


class PassingTransaction:
    """See gateway.ports.channels.HopTransaction. It ends with `finish` or `abort`. `client` is who has its slot."""

    def __init__(
        self, routes: HopRoutes, hop: NextHop, sender: str, options: Sequence[str], *, size: int | None, tls: bool,
        client: str,
    ) -> None:  # fmt: skip
        self._routes, self._hop, self._sender, self._options = routes, hop, sender, options
        self._size, self._tls, self._client = size, tls, client
        self._accepted: list[Recipient] = []
        self._lease: HopLease | None = None
        self._limits = ContentLimits()
        self._in_content = False
        self._time = asyncio.get_running_loop().time
        self.open = False
        self.relays_dsn = True

    async def begin(self, first: Recipient) -> Reply:
        """Give the sender and the first recipient. The reply is that to the recipient, or the refusal of the sender."""
        replies = await self._start([first])
        self.open = replies[0].accepted and self._lease is not None
        return self._count(first, replies[-1] if self.open else replies[0])

    async def recipient(self, recipient: Recipient) -> Reply:
        """See gateway.ports.channels.HopTransaction."""
        lease = self._usable()
        if lease is None:
            replies = await self._resume([*self._accepted, recipient])
            return self._count(recipient, replies[-1])
        connection = lease.connection
        if (refusal := refused_recipient(connection, recipient)) is not None:
            return refusal
        lease.slot.busy(self._time())
        answer = await connection.command(rcpt_command(connection, recipient))
        self._wait(lease)
        return self._count(recipient, answer)

    async def data(self) -> Reply:
        """See gateway.ports.channels.HopTransaction."""
        if self._usable() is None:
            await self._resume(self._accepted)
        lease = self._held()
        self._limits = content_limits(lease.connection, self._options)
        self.relays_dsn = lease.connection.offers("DSN")
        lease.slot.busy(self._time())
        answer = await lease.connection.command(b"DATA", lease.connection.timeouts.data)
        self._in_content = lease.slot.in_content = answer.code == 354
        self._wait(lease)
        if answer.accepted:  # a 2xx before any content makes no sense: the client stays responsible for the message
            return invalid_answer()
        return answer if self._in_content else to_temporary(answer)

    async def send(self, content: bytes) -> None:
        """See gateway.ports.channels.HopTransaction."""
        lease = self._held()
        if (refusal := self._limits.refuses(content)) is not None:
            raise refusal
        lease.slot.busy(self._time(), len(content))
        await lease.connection.content(content)
        self._wait(lease)

    async def finish(self, last: bytes = b"") -> Reply:
        """See gateway.ports.channels.HopTransaction."""
        lease = self._held()
        if (refusal := self._limits.refuses(last)) is not None:
            raise refusal
        lease.slot.busy(self._time())
        answer = await lease.connection.end_of_data(last)
        self._end(clean=True)
        return to_temporary(answer)

    async def abort(self) -> None:
        """See gateway.ports.channels.HopTransaction."""
        self._end(clean=False)

    async def _start(self, recipients: Sequence[Recipient]) -> list[Reply]:
        """Send MAIL and RCPT on a connection of the pool. Keeps it if the sender was accepted."""

        def commands(connection: SmtpConnection) -> list[bytes] | Reply:
            return first_commands(connection, self._sender, self._options, self._size, recipients)

        lease, replies = await self._routes.open_transaction(
            self._hop, commands, domain=domain_for(self._hop, recipients[0]), tls=self._tls, client=self._client
        )
        if len(replies) == 1 or not replies[0].accepted:
            lease.give_back(clean=False)
        else:
            self._lease = lease
            self._wait(lease)
        return replies

    async def _resume(self, recipients: Sequence[Recipient]) -> list[Reply]:
        """Begin again after the connection was left to others. Raises HopDown if the replies are not what they were."""
        self.open = False
        replies = await self._start(recipients)
        if self._lease is None or not all(answer.accepted for answer in replies[: len(self._accepted) + 1]):
            self._end(clean=False)
            raise hop_lost()
        self.open = True
        return replies

    def _count(self, recipient: Recipient, answer: Reply) -> Reply:
        if answer.accepted and self.open:
            self._accepted.append(recipient)
        return to_temporary(answer)

    def _wait(self, lease: HopLease) -> None:
        """From now on the transaction waits for its client."""
        lease.slot.idle(self._time(), self._leave)
        lease.route.slots.idled()

    def _leave(self) -> None:
        """Leave the connection to others. Content that was begun cannot be taken back: the message is lost."""
        self._end(clean=False)

    def _usable(self) -> HopLease | None:
        """The connection, None if it was left to others or the next hop closed it meanwhile."""
        if self._lease is not None and self._lease.connection.broken:
            self._end(clean=False)
        return self._lease

    def _held(self) -> HopLease:
        if self._lease is None:
            raise hop_lost()
        return self._lease

    def _end(self, *, clean: bool) -> None:
        lease, self._lease = self._lease, None
        if lease is None:
            return
        if self._in_content and not clean:
            lease.connection.abort()  # the only way to take back content that was sent
        lease.slot.busy(self._time())
        lease.give_back(clean=clean)
