"""What every SMTP session of this process shares: its limits and the parts it hands messages to."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from email.utils import formatdate

from gateway.core.messages.addresses import domain_of, names_route
from gateway.core.messages.delivery import NextHop
from gateway.core.messages.parties import Directory
from gateway.core.messages.refusal import Refused
from gateway.observability.events import EventLog
from gateway.ports.channels import HopConnector, Transport
from gateway.stages.intake import MessageIntake

_HELO = re.compile(r"[!-'*-:=?-\[\]-~]{1,255}")  # what can stand in a trace field as it is
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """Plain values, so that any process can be given them. Sizes in bytes, times in seconds.

    `domains`: the district's own first, aliases among them, in lower case; to these anybody may send, to others only
    the networks in `relay_from`. `patience`: how long a client may be silent, in the middle of its content too; from
    `crowded` sessions on it is `patience_in_crowd`. `max_sessions_of_one`: of one client that is not in `relay_from`;
    the platforms and servers that are may need all of them. `hop_patience`: how long a next hop may take over a
    recipient, with all that goes before; a client waits five minutes for that (RFC 5321 section 4.5.3.2.3).
    `max_held`: content of messages being taken in, over all sessions.
    """

    hostname: str
    domains: tuple[str, ...]
    relay_from: tuple[str, ...] = ()
    max_size: int = 36 << 20
    refuse_bare_newline: bool = False
    tls_cert: str = ""
    tls_key: str = ""
    require_tls: bool = False
    proxy_protocol: bool = False
    max_recipients: int = 1000
    max_received: int = 50
    max_sessions: int = 1000
    max_sessions_of_one: int = 50
    max_held: int = 512 << 20
    max_errors: int = 20
    max_idle_commands: int = 100
    patience: float = 300.0
    crowded: int = 150
    patience_in_crowd: float = 20.0
    hop_patience: float = 100.0
    drain: float = 20.0


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end of a session. `trusted`: may send to any domain; `tls`: protocol and cipher, "" in clear;
    `protocol`: SMTP or ESMTP.
    """

    address: str
    helo: str = ""
    trusted: bool = False
    tls: str = ""
    protocol: str = "SMTP"


@dataclass(slots=True)
class Load:
    """How much is going on: open sessions, those of each client, and bytes of content held in memory."""

    sessions: int = 0
    held: int = 0
    clients: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class SmtpContext:
    """The parts. `networks` gives the domains of social networks in the policy in force; `clock` seconds, UTC."""

    config: SmtpConfig
    directory: Directory
    intake: MessageIntake
    hops: tuple[NextHop, ...]
    outward: HopConnector
    transport: Transport
    event_log: EventLog
    networks: Callable[[], Collection[str]]
    clock: Callable[[], float]
    load: Load = field(default_factory=Load)

    @property
    def patience(self) -> float:
        """How long a client may be silent as things are: an idle session takes a place that others need."""
        config = self.config
        if self.load.sessions < config.crowded:
            return config.patience
        return min(config.patience, config.patience_in_crowd)

    def come(self, client: str) -> bool:
        """Whether there is room for one more session of a client, as `client_of` names it; then it is counted."""
        if self.load.clients[client] >= self.config.max_sessions_of_one:
            return False
        self.load.clients[client] += 1
        return True

    def go(self, client: str) -> None:
        """One session of a client is over."""
        self.load.clients[client] -= 1
        if not self.load.clients[client]:
            del self.load.clients[client]

    def hold(self, size: int) -> None:
        """Keep so many bytes of content in memory, until they are given back by `load`. Raises Refused."""
        if self.load.held + size > self.config.max_held:
            raise Refused(452, "4.3.1", "Too much at once, try again later", "memory")
        self.load.held += size

    def serves(self, address: str) -> bool:
        """Whether an address belongs to the district, to whom anybody may send, and its mail ends there.

        The next hop trusts us: it would take user%elsewhere@district from us and send it on to elsewhere.
        """
        return domain_of(address) in self.config.domains and not names_route(address)

    def hop(self, address: str) -> NextHop | None:
        """The next hop that serves an address; None where none does."""
        domain = domain_of(address)
        return next((each for each in self.hops if domain in each.domains), None) or next(
            (each for each in self.hops if each.default), None
        )


def trusts(relay_from: tuple[str, ...], address: str) -> bool:
    """Whether an address lies in one of the networks; an IPv4 address written as an IPv6 one counts as itself."""
    peer = _read(address)
    return peer is not None and any(peer.version == each.version and peer in each for each in _networks(relay_from))


def client_of(address: str) -> str:
    """Whom an address counts as: itself, or its /64 where it is of IPv6, which one client has whole; "" for none."""
    peer = _read(address)
    if isinstance(peer, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((peer, 64), strict=False))
    return "" if peer is None else str(peer)


def _read(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        peer = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    return peer if mapped is None else mapped


@functools.cache
def _networks(relay_from: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(each, strict=False) for each in relay_from)


def received(config: SmtpConfig, peer: Peer, at: float, *, utf8: bool, name: str = "") -> bytes:
    """Our trace field (RFC 5321 section 4.4); `name` is the id of a message that was taken in."""
    literal = f"IPv6:{peer.address}" if ":" in peer.address else peer.address
    helo = peer.helo if _HELO.fullmatch(peer.helo) else "unknown"
    protocol = ("UTF8SMTP" if utf8 else peer.protocol) + ("S" if peer.tls else "")
    lines = [
        f"Received: from {helo} ([{literal or 'unknown'}])",
        f"\tby {config.hostname} (Chaperone) with {protocol}" + (f" id {name}" if name else ""),
        *([f"\t({peer.tls})"] if peer.tls else []),
    ]
    return ("\r\n".join(lines) + f";\r\n\t{formatdate(at).removesuffix('-0000')}+0000\r\n").encode()
