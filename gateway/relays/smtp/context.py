"""What all SMTP sessions of a process share: limits, counters, and the parts that messages are handed to."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

from gateway.core.cached_value import cached_value
from gateway.core.messages.addresses import domain_of, has_source_route
from gateway.core.messages.delivery import NextHop
from gateway.core.messages.parties import Directory
from gateway.observability.events import EventLog
from gateway.ports.channels import HopConnector, Transport
from gateway.relays.smtp.limits import RateLimit, parse_address
from gateway.relays.smtp.memory import MemoryBudget
from gateway.stages.address_sightings import AddressSightings
from gateway.stages.intake import MessageIntake

_HELO = re.compile(r"[!-'*-:=?-\[\]-~]{1,255}")  # may appear unchanged in a trace field
_AUTH_FAILURES = 10
"""Failed sign-ins of one client within a minute. More are refused without a look at the password."""
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """Limits and identity of the relay, as plain values. Sizes are in bytes, times in seconds.

    `domains`: the district's domains and their aliases, in lower case, the main one first. Anyone may send to them;
    only the networks in `relay_from`, and clients that authenticated with one of `accounts` (user and password), may
    send to other domains. `client_timeout`: how long a client may be silent, also within content; with `crowded` or
    more open sessions it is `crowded_timeout`. `max_sessions_per_client`, `client_rate` and `sender_rate` (messages a
    minute) limit clients outside `relay_from`; the platforms and servers inside may need everything. `hop_timeout`: how
    long a next hop may take for a recipient, including the connection; a client waits five minutes for the reply (RFC
    5321 section 4.5.3.2.3). `proxies`: the networks from which PROXY and XCLIENT are heard. `refuse_outside_claims`:
    refuse the district's addresses as sender from outside `relay_from`. `verify_recipients`: ask the next hop for the
    recipients of mail in scope. `mailer`: the address in From of reports to senders. `max_in_flight`: bytes of content
    in memory, all copies counted. `greeting_delay`: seconds that clients outside `relay_from` wait for the greeting.
    """

    hostname: str
    domains: tuple[str, ...]
    relay_from: tuple[str, ...] = ()
    max_size: int = 36 << 20
    refuse_bare_newline: bool = False
    require_tls: bool = False
    accounts: Mapping[str, str] = field(default_factory=dict)
    proxy_protocol: bool = False
    proxies: tuple[str, ...] = ()
    refuse_outside_claims: bool = False
    verify_recipients: bool = False
    mailer: str = ""
    max_recipients: int = 1000
    max_received: int = 50
    max_sessions: int = 1000
    max_sessions_per_client: int = 50
    max_in_flight: int = 512 << 20
    client_rate: int = 0
    sender_rate: int = 0
    greeting_delay: float = 0.0
    max_errors: int = 20
    max_idle_commands: int = 100
    client_timeout: float = 300.0
    crowded: int = 150
    crowded_timeout: float = 20.0
    hop_timeout: float = 100.0
    drain: float = 20.0


@dataclass(frozen=True, slots=True)
class SmtpPeer:
    """The other end of a session.

    `trusted`: may send to any domain; `tls`: TLS version and cipher, "" in clear text; `protocol`: SMTP or ESMTP;
    `account`: the account that it authenticated with, "" for none.
    """

    address: str
    helo: str = ""
    trusted: bool = False
    tls: str = ""
    protocol: str = "SMTP"
    account: str = ""


@dataclass(slots=True)
class SmtpLoad:
    """Current load: open sessions, in total and by client."""

    sessions: int = 0
    clients: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class SmtpContext:
    """What a session needs.

    `hops` returns the next hops in use and `networks` the policy's social network domains; `clock` returns seconds,
    UTC.
    """

    config: SmtpConfig
    directory: Directory
    intake: MessageIntake
    hops: Callable[[], tuple[NextHop, ...]]
    connector: HopConnector
    transport: Transport
    event_log: EventLog
    networks: Callable[[], Collection[str]]
    clock: Callable[[], float]
    memory: MemoryBudget
    sightings: AddressSightings
    load: SmtpLoad = field(default_factory=SmtpLoad)

    @cached_value
    def client_rate(self) -> RateLimit:
        """The messages of each client."""
        return RateLimit(self.config.client_rate)

    @cached_value
    def sender_rate(self) -> RateLimit:
        """The messages of each envelope sender."""
        return RateLimit(self.config.sender_rate)

    @cached_value
    def auth_failures(self) -> RateLimit:
        """The failed sign-ins of each client."""
        return RateLimit(_AUTH_FAILURES)

    @cached_value
    def huge_headers(self) -> asyncio.Semaphore:
        """Who parses a huge header section."""
        return asyncio.Semaphore(1)

    @property
    def client_timeout(self) -> float:
        """How long a client may be silent, in seconds. Shorter with many sessions: an idle one blocks others."""
        config = self.config
        if self.load.sessions < config.crowded:
            return config.client_timeout
        return min(config.client_timeout, config.crowded_timeout)

    def admit(self, client: str) -> bool:
        """Count one more session of a client, by its `client_key`. False if the client has too many."""
        if self.load.clients[client] >= self.config.max_sessions_per_client:
            return False
        self.load.clients[client] += 1
        return True

    def session_ended(self, client: str) -> None:
        """Count one session less of a client."""
        self.load.clients[client] -= 1
        if not self.load.clients[client]:
            del self.load.clients[client]

    def is_district_address(self, address: str) -> bool:
        """Whether mail to an address ends in the district, so that anyone may send to it.

        Addresses with a route are excluded: the next hop trusts us and would forward user%elsewhere@district.
        """
        return domain_of(address) in self.config.domains and not has_source_route(address)

    def hop_for(self, address: str) -> NextHop | None:
        """The next hop that serves an address, None if there is none."""
        domain = domain_of(address)
        hops = self.hops()
        return next((hop for hop in hops if hop.target and hop.serves(domain)), None)


def is_trusted(relay_from: tuple[str, ...], address: str) -> bool:
    """Whether an address is in one of the networks. An IPv4-mapped IPv6 address counts as the IPv4 address."""
    ip = parse_address(address)
    return ip is not None and any(ip.version == network.version and ip in network for network in _networks(relay_from))


@functools.cache
def _networks(relay_from: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(network, strict=False) for network in relay_from)


def received_field(config: SmtpConfig, peer: SmtpPeer, at: float, *, utf8: bool, name: str = "") -> bytes:
    """Our trace field (RFC 5321 section 4.4). `name` is the id of a stored message."""
    literal = f"IPv6:{peer.address}" if ":" in peer.address else peer.address
    helo = peer.helo if _HELO.fullmatch(peer.helo) else "unknown"
    protocol = "UTF8SMTP" if utf8 else peer.protocol
    protocol += ("S" if peer.tls else "") + ("A" if peer.account and peer.protocol == "ESMTP" else "")
    lines = [
        f"Received: from {helo} ([{literal or 'unknown'}])",
        f"\tby {config.hostname} (Chaperone) with {protocol}" + (f" id {name}" if name else ""),
        *([f"\t({peer.tls})"] if peer.tls else []),
    ]
    return ("\r\n".join(lines) + f";\r\n\t{formatdate(at).removesuffix('-0000')}+0000\r\n").encode()
