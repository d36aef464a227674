"""What all SMTP sessions of a process share: limits, counters, and the parts that messages are handed to."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from email.utils import formatdate

from gateway.core.messages.addresses import domain_of, has_source_route
from gateway.core.messages.delivery import NextHop
from gateway.core.messages.parties import Directory
from gateway.core.messages.refusal import Refused
from gateway.observability.events import EventLog
from gateway.ports.channels import HopConnector, Transport
from gateway.stages.intake import MessageIntake

_HELO = re.compile(r"[!-'*-:=?-\[\]-~]{1,255}")  # may appear unchanged in a trace field
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """Limits and identity of the relay, as plain values. Sizes are in bytes, times in seconds.

    `domains`: the district's domains and their aliases, in lower case, the main one first. Anyone may send to them;
    only the networks in `relay_from` may send to other domains. `client_timeout`: how long a client may be silent, also
    within content; with `crowded` or more open sessions it is `crowded_timeout`. `max_sessions_per_client` limits
    clients outside `relay_from`; the platforms and servers inside may need all sessions. `hop_timeout`: how long a next
    hop may take for a recipient, including the connection; a client waits five minutes for the reply (RFC 5321 section
    4.5.3.2.3). `proxies`: the networks from which the PROXY protocol is heard. `refuse_outside_claims`: refuse the
    district's addresses as sender from outside `relay_from`. `max_memory`: content held in memory by all sessions.
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
    proxies: tuple[str, ...] = ()
    refuse_outside_claims: bool = False
    max_recipients: int = 1000
    max_received: int = 50
    max_sessions: int = 1000
    max_sessions_per_client: int = 50
    max_memory: int = 512 << 20
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

    `trusted`: may send to any domain; `tls`: TLS version and cipher, "" in clear text; `protocol`: SMTP or ESMTP.
    """

    address: str
    helo: str = ""
    trusted: bool = False
    tls: str = ""
    protocol: str = "SMTP"


@dataclass(slots=True)
class SmtpLoad:
    """Current load: open sessions, in total and by client, and bytes of content in memory."""

    sessions: int = 0
    memory: int = 0
    clients: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class SmtpContext:
    """What a session needs. `networks` returns the policy's social network domains; `clock` returns seconds, UTC."""

    config: SmtpConfig
    directory: Directory
    intake: MessageIntake
    hops: tuple[NextHop, ...]
    connector: HopConnector
    transport: Transport
    event_log: EventLog
    networks: Callable[[], Collection[str]]
    clock: Callable[[], float]
    load: SmtpLoad = field(default_factory=SmtpLoad)

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

    def reserve_memory(self, size: int) -> None:
        """Count bytes of content in memory. The caller subtracts them from `load` later. Raises Refused."""
        if self.load.memory + size > self.config.max_memory:
            raise Refused(452, "4.3.1", "Too many messages at once, try again later", "memory")
        self.load.memory += size

    def is_district_address(self, address: str) -> bool:
        """Whether mail to an address ends in the district, so that anyone may send to it.

        Addresses with a route are excluded: the next hop trusts us and would forward user%elsewhere@district.
        """
        return domain_of(address) in self.config.domains and not has_source_route(address)

    def hop_for(self, address: str) -> NextHop | None:
        """The next hop that serves an address, None if there is none."""
        domain = domain_of(address)
        return next((hop for hop in self.hops if domain in hop.domains), None) or next(
            (hop for hop in self.hops if hop.default), None
        )


def is_trusted(relay_from: tuple[str, ...], address: str) -> bool:
    """Whether an address is in one of the networks. An IPv4-mapped IPv6 address counts as the IPv4 address."""
    ip = _parse_address(address)
    return ip is not None and any(ip.version == network.version and ip in network for network in _networks(relay_from))


def client_key(address: str) -> str:
    """What an address counts as: the IPv4 address, or the /64 network of an IPv6 address. "" for no valid address."""
    ip = _parse_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return "" if ip is None else str(ip)


def _parse_address(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return ip if mapped is None else mapped


@functools.cache
def _networks(relay_from: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(network, strict=False) for network in relay_from)


def received_field(config: SmtpConfig, peer: SmtpPeer, at: float, *, utf8: bool, name: str = "") -> bytes:
    """Our trace field (RFC 5321 section 4.4). `name` is the id of a stored message."""
    literal = f"IPv6:{peer.address}" if ":" in peer.address else peer.address
    helo = peer.helo if _HELO.fullmatch(peer.helo) else "unknown"
    protocol = ("UTF8SMTP" if utf8 else peer.protocol) + ("S" if peer.tls else "")
    lines = [
        f"Received: from {helo} ([{literal or 'unknown'}])",
        f"\tby {config.hostname} (Chaperone) with {protocol}" + (f" id {name}" if name else ""),
        *([f"\t({peer.tls})"] if peer.tls else []),
    ]
    return ("\r\n".join(lines) + f";\r\n\t{formatdate(at).removesuffix('-0000')}+0000\r\n").encode()
