"""Assembly: the only chooser of adapters. Parts are opened in the order in which they need each other and closed in
reverse: that is the drain order, relays first and the store last.

Everything that can be refused (policy, roster, model, ports) is looked at before the store is opened, so that a
gateway that cannot start writes nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.core.delivery import NextHop
from gateway.core.fault import Fault
from gateway.core.message import Channel
from gateway.core.parties import Direction
from gateway.journal import Journal
from gateway.settings import Settings, Smtp
from gateway.stages.beat import Beat

ROLES = ("smtp", "sms", "classify", "decide", "deliver", "console")
_DRAIN = 25.0


@dataclass(slots=True)
class Running:
    """A serving gateway: whether a part of it failed, and the addresses it listens on."""

    failed: bool = False
    where: dict[str, str] = field(default_factory=dict)


def next_hops(smtp: Smtp) -> tuple[NextHop, ...]:
    """The next hops of mail: entries with the same target are one hop; "*" serves every other domain."""
    named = frozenset(domain.lower() for domain in smtp.next_hop if domain != "*")
    targets = dict.fromkeys(smtp.next_hop.values())
    return tuple(
        NextHop(
            Channel.MAIL,
            target,
            frozenset(domain.lower() for domain, to in smtp.next_hop.items() if to == target and domain != "*"),
            smtp.next_hop.get("*") == target,
            named,
        )
        for target in targets
    )


def bound(addresses: tuple[str, ...], key: str) -> list[socket.socket]:
    """Listening sockets for configured addresses. Raises Fault where one is taken or not ours."""
    sockets = []
    for address in addresses:
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            made = socket.socket(family, socket.SOCK_STREAM)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((host, int(port)))
            made.listen(1024)
            made.setblocking(False)
        except OSError as error:
            raise Fault(
                f"{key}: cannot listen on {address} ({error.strerror}); end what holds it or choose another port"
            ) from None
        sockets.append(made)
    return sockets
