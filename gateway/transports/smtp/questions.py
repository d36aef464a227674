"""Questions to a next hop: does it take mail for a recipient? Asked for mail in scope, which it gets only later."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.core.messages.delivery import NextHop
from gateway.core.messages.message import Recipient
from gateway.core.messages.reply import Reply
from gateway.ports.channels import HopDown
from gateway.transports.smtp.connection import SmtpConnection
from gateway.transports.smtp.destination import NoMailServer
from gateway.transports.smtp.routes import HopRoutes, domain_for, first_commands

_TIMEOUT = 2.0  # for an answer
_SLOT_TIMEOUT = 0.5
_KEEP = 300.0  # seconds for which a recipient that was accepted is not asked for again
_QUIET = 30.0  # seconds without questions after one that took too long
_MOST = 20_000  # recipients that are remembered


class RecipientQuestions:
    """Asks with MAIL and RCPT in a transaction that ends with RSET, on connections that transactions use too."""

    def __init__(self, routes: HopRoutes) -> None:
        self._routes = routes
        self._accepted: dict[tuple[str, str], float] = {}
        self._quiet: dict[str, float] = {}

    async def ask(
        self, hop: NextHop, sender: str, options: Sequence[str], recipient: Recipient, *, tls: bool, client: str
    ) -> Reply | None:
        """The permanent refusal of a recipient. None if it is accepted, or if nothing certain is known in time."""
        now = asyncio.get_running_loop().time()
        key = (hop.target, recipient.address)
        if self._accepted.get(key, 0.0) > now or self._quiet.get(hop.target, 0.0) > now:
            return None

        def commands(connection: SmtpConnection) -> list[bytes] | Reply:
            return first_commands(connection, sender, options, None, [recipient])

        try:
            async with asyncio.timeout(_TIMEOUT):
                lease, replies = await self._routes.open_transaction(
                    hop, commands, domain=domain_for(hop, recipient), tls=tls, client=client, wait=_SLOT_TIMEOUT
                )
        except TimeoutError:
            self._quiet[hop.target] = now + _QUIET
            return None
        except NoMailServer as nowhere:
            return nowhere.reply
        except HopDown:
            return None
        lease.give_back(clean=False)
        if len(replies) < 2 or not replies[0].accepted:
            return None
        answer = replies[1]
        if answer.accepted:
            if len(self._accepted) >= _MOST:
                self._accepted = {key: until for key, until in self._accepted.items() if until > now}
            if len(self._accepted) < _MOST:
                self._accepted[key] = now + _KEEP
        if answer.permanent and not (answer.code == 552 and answer.enhanced in ("", "5.5.3")):
            return answer
        return None
