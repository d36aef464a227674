"""The ways to all next hops, shared by delivery, pass-through and questions.

Connections are opened when needed, kept for a while, and carry one transaction at a time. If an idle connection turns
out to be broken, or an address does not answer, the transaction starts again elsewhere, before the next hop has seen
anything of the message.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from gateway.core.messages.addresses import domain_of
from gateway.core.messages.delivery import NextHop
from gateway.core.messages.message import Recipient
from gateway.core.messages.reply import Reply
from gateway.ports.channels import HopDown
from gateway.transports.smtp.commands import mail_command, rcpt_command, refused_recipient
from gateway.transports.smtp.connection import SmtpConnection, SmtpTimeouts
from gateway.transports.smtp.destination import Destination, Endpoint
from gateway.transports.smtp.resolution import HopResolver
from gateway.transports.smtp.route import HopLease, HopRoute

Report = Callable[[str, str | None], None]
"""Called when the state of a next hop changes: its name, and why it is down; "" if it is up, None if it is gone."""

Commands = Callable[[SmtpConnection], list[bytes] | Reply]
"""The first commands of a transaction for what a next hop offers, or a refusal, which is then the only reply."""


class HopRoutes:
    """The ways to next hops, by name, and with MX by domain.

    `destinations` by name; a next hop that is not among them is a plain "host:port". `keep`: seconds that an unused
    connection is kept. Raises OSError for a CA file that cannot be read.
    """

    def __init__(
        self, hostname: str, destinations: Mapping[str, Destination], timeouts: SmtpTimeouts, keep: float,
        resolver: HopResolver, report: Report,
    ) -> None:  # fmt: skip
        self._hostname, self._destinations = hostname, dict(destinations)
        self._timeouts, self._keep, self._report, self._resolver = timeouts, keep, report, resolver
        self._routes: dict[tuple[str, str], HopRoute] = {}
        self._returns: Counter[str] = Counter()
        self._all_down: set[str] = set()  # next hops with MX
        self._sweep: asyncio.TimerHandle | None = None
        self._left: set[asyncio.Task[None]] = set()
        self._closed = False

    def open(self) -> None:
        """Start. The next hops count as up until one is found down."""
        for name, destination in self._destinations.items():
            self._report(name, "")
            if not destination.mx:
                self._open_route(destination, "")

    async def close(self) -> None:
        """Close every idle connection. Those on loan are closed when they are given back."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        await asyncio.gather(*(route.close() for route in self._routes.values()), *self._left)

    def replace(self, destinations: Mapping[str, Destination]) -> int:
        """Use other destinations from now on. Transactions that are open end as they began.

        Returns how many are new or gone. Raises OSError for a CA file that cannot be read; then nothing has changed.
        """
        changed = len(set(destinations.values()) ^ set(self._destinations.values()))
        made = {
            (destination.name, ""): self._new_route(destination, "")
            for destination in destinations.values()
            if not destination.mx and self._destinations.get(destination.name) != destination
        }
        kept = {key: route for key, route in self._routes.items() if destinations.get(key[0]) == route.destination}
        for key, route in self._routes.items():
            if key not in kept:
                self._leave(route)
        gone = self._destinations.keys() - destinations.keys()
        self._routes, self._destinations = kept | made, dict(destinations)
        self._all_down &= {name for name, _ in self._routes}
        for name in sorted(gone):
            self._report(name, None)
        for name, _ in made:
            self._returns[name] += 1
            self._report(name, "")
        return changed

    def reachable(self, name: str) -> bool:
        """Whether mail to a next hop can be tried. With MX always: each domain has servers of its own."""
        route = self._routes.get((name, ""))
        return route is None or route.reachable

    def returns(self, name: str) -> int:
        """How often a next hop came back after an outage, or was replaced."""
        return self._returns[name]

    async def open_transaction(
        self, hop: NextHop, commands: Commands, *, domain: str, tls: bool, client: str, wait: float | None = None
    ) -> tuple[HopLease, list[Reply]]:
        """Send the first commands of a transaction to recipients in `domain`. Returns the connection and the replies.

        The commands are sent at once if the hop supports PIPELINING, otherwise one by one until MAIL is refused.
        `wait`: seconds to wait for a free connection. Raises HopDown.
        """
        route = self._route(hop, domain)
        tried: set[Endpoint] = set()
        while True:
            lease = await route.borrow(client, tls=tls, wait=self._timeouts.slot if wait is None else wait, avoid=tried)
            endpoint = lease.connection.endpoint
            others = lease.reused or route.has_other({*tried, endpoint})
            began = lease.connection.heard_at
            try:
                lines = commands(lease.connection)
                if isinstance(lines, Reply):
                    return lease, [lines]
                replies = await _send_commands(lease.connection, lines, self._timeouts.begin if others else None)
            except HopDown:
                lease.give_back(clean=False)
                self._note_silence(route, lease, began)
                if not others:
                    raise
            except BaseException:
                lease.connection.abort()
                lease.give_back(clean=False)
                self._note_silence(route, lease, began)
                raise
            else:
                if not others or all(answer.code != 421 for answer in replies[:2]):
                    return lease, replies
                lease.connection.abort()  # the hop was about to close the connection
                lease.give_back(clean=False)
            if not lease.reused:
                tried.add(endpoint)

    def _note_silence(self, route: HopRoute, lease: HopLease, since: float) -> None:
        """A hop that takes connections and then does not answer is as dead as one that takes none."""
        silent = asyncio.get_running_loop().time() - max(since, lease.connection.heard_at)
        if silent >= self._timeouts.begin - 0.01:
            route.hung(lease.connection.endpoint)

    def _route(self, hop: NextHop, domain: str) -> HopRoute:
        destination = self._destinations.get(hop.target) or Destination(hop.target, (hop.target,))
        domain = domain if destination.mx else ""
        route = self._routes.get((hop.target, domain))
        return self._open_route(destination, domain) if route is None else route

    def _open_route(self, destination: Destination, domain: str) -> HopRoute:
        route = self._routes[destination.name, domain] = self._new_route(destination, domain)
        if self._sweep is None and not self._closed:
            self._sweep = asyncio.get_running_loop().call_later(self._keep, self._expire)
        return route

    def _new_route(self, destination: Destination, domain: str) -> HopRoute:
        def tell(why: str) -> None:
            self._way_changed(destination, why)

        return HopRoute(destination, domain, self._hostname, self._resolver, self._timeouts, self._keep, tell)

    def _way_changed(self, destination: Destination, why: str) -> None:
        """A way is down, or up again. With MX, the next hop is down while several domains are, and all of them."""
        if not why:
            self._returns[destination.name] += 1
        if destination.mx:
            self._look_at_all_ways(destination.name, why)
        else:
            self._report(destination.name, why)

    def _look_at_all_ways(self, name: str, why: str) -> None:
        """Whether any server behind a next hop with MX answers. One domain says nothing about the others."""
        ways = [route for (of, _), route in self._routes.items() if of == name]
        down = len(ways) > 1 and all(route.down for route in ways)
        if down != (name in self._all_down):
            self._all_down ^= {name}
            self._report(name, why if down else "")

    def _expire(self) -> None:
        """Close connections that were idle for too long, and forget domains that get no mail."""
        loop = asyncio.get_running_loop()
        for key, route in list(self._routes.items()):
            if route.expire(loop.time()):
                del self._routes[key]
                self._leave(route)
                self._look_at_all_ways(key[0], "unreachable")
        self._sweep = loop.call_later(min(self._keep / 2, 1.0), self._expire)

    def _leave(self, route: HopRoute) -> None:
        leaving = asyncio.get_running_loop().create_task(route.close())
        self._left.add(leaving)
        leaving.add_done_callback(self._left.discard)


def domain_for(hop: NextHop, recipient: Recipient) -> str:
    """The domain that decides where a recipient's mail goes behind a hop with MX; "" behind any other."""
    return domain_of(recipient.address) if hop.by_domain else ""


def first_commands(
    connection: SmtpConnection, sender: str, options: Sequence[str], size: int | None, recipients: Sequence[Recipient]
) -> list[bytes] | Reply:
    """MAIL and RCPT, or the refusal of an address that the next hop cannot take."""
    line = mail_command(connection, sender, options, size)
    if isinstance(line, Reply):
        return line
    for recipient in recipients:
        if (refusal := refused_recipient(connection, recipient)) is not None:
            return refusal
    return [line, *(rcpt_command(connection, recipient) for recipient in recipients)]


async def _send_commands(connection: SmtpConnection, lines: list[bytes], seconds: float | None) -> list[Reply]:
    """The replies to commands; those after a 421, which ends the connection, may be missing."""
    replies: list[Reply] = []
    try:
        if connection.offers("PIPELINING"):
            for expected in connection.send(*lines):
                replies.append(await connection.wait_for(expected, seconds))
        else:
            for line in lines:
                replies.append(await connection.command(line, seconds))
                if len(replies) == 1 and not replies[0].accepted:
                    break
    except HopDown:
        if not replies or replies[-1].code != 421:
            raise
    return replies
