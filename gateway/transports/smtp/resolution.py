"""Names of next hops: the addresses of a host, and the mail servers of a domain (RFC 5321 section 5, RFC 7505)."""

from __future__ import annotations

import asyncio
import ipaddress
import random
import socket
from collections.abc import Callable, Sequence

import dns.asyncresolver
import dns.exception
import dns.resolver
from dns.rdtypes.ANY.MX import MX

from gateway.core.messages.reply import reply
from gateway.ports.channels import HopDown
from gateway.transports.smtp.destination import Destination, Endpoint, NoMailServer, split_address

_HOST_TIMEOUT = 5.0
_MX_TIMEOUT = 10.0
_KEEP = 30.0  # seconds that addresses are used before they are looked up again
_KEEP_FAILURE = 2.0
_MAX_SERVERS = 10  # mail servers of a domain that are tried
_SMTP_PORT = 25


class HopResolver:
    """Looks up next hops. `hostname` is our own name: a domain whose best mail server is this gateway is a loop.

    `mx_port` and `nameservers` ("address" or "address:port") are those of the system unless given.
    """

    def __init__(
        self, hostname: str = "", *, mx_port: int = _SMTP_PORT, nameservers: Sequence[str] = (),
        shuffle: Callable[[list[str]], None] = random.shuffle,
    ) -> None:  # fmt: skip
        self._hostname, self._mx_port = hostname.lower().rstrip("."), mx_port
        self._nameservers, self._shuffle = tuple(nameservers), shuffle
        self._dns: dns.asyncresolver.Resolver | None = None

    async def endpoints(self, destination: Destination, domain: str) -> tuple[Endpoint, ...]:
        """The endpoints to try, in order. Raises HopDown, NoMailServer if there will never be any."""
        if destination.mx:
            hosts = [(name, self._mx_port) for name in await self._mail_servers(domain)]
        else:
            hosts = [split_address(address) for address in destination.addresses]
        found: dict[Endpoint, None] = {}
        for host, port in hosts:
            for ip in await _addresses_of(host, port):
                found.setdefault(Endpoint(host, ip, port))
        if not found:
            raise _unknown_host()
        return tuple(found)

    async def _mail_servers(self, domain: str) -> Sequence[str]:
        """The hosts of a domain in order of preference, equal ones in random order; the domain itself without MX."""
        if domain.startswith("["):
            return [domain.strip("[]").removeprefix("IPv6:").removeprefix("ipv6:")]
        try:
            name = domain if domain.isascii() else domain.encode("idna").decode()
            answer = await self._resolver().resolve(f"{name}.", "MX", lifetime=_MX_TIMEOUT)
        except dns.resolver.NXDOMAIN:
            raise NoMailServer(reply(550, "5.1.2", "The domain does not exist")) from None
        except dns.resolver.NoAnswer:
            return [domain]
        except (dns.exception.DNSException, OSError, UnicodeError):
            raise _unknown_host() from None
        records = [record for record in answer if isinstance(record, MX)]
        servers = [(record.preference, record.exchange.to_text(omit_final_dot=True).lower()) for record in records]
        if any(host in ("", ".", "@") for _, host in servers):  # null MX
            raise NoMailServer(reply(556, "5.1.10", "The domain accepts no mail"))
        ours = min((preference for preference, host in servers if host == self._hostname), default=None)
        if ours is not None:
            servers = [server for server in servers if server[0] < ours]
            if not servers:
                raise NoMailServer(reply(554, "5.4.6", "The domain's mail comes back to this server"))
        ordered: list[str] = []
        for preference in sorted({preference for preference, _ in servers}):
            equal = [host for at, host in servers if at == preference]
            self._shuffle(equal)
            ordered += equal
        return ordered[:_MAX_SERVERS]

    def _resolver(self) -> dns.asyncresolver.Resolver:
        if self._dns is None:
            made = dns.asyncresolver.Resolver(configure=not self._nameservers)
            made.cache = dns.resolver.LRUCache(2000)
            for nameserver in self._nameservers:
                host, _, port = nameserver.partition(":")
                made.nameservers = [*made.nameservers, host]
                made.port = int(port) if port else made.port
            self._dns = made
        return self._dns


class ResolvedEndpoints:
    """The endpoints of one next hop, looked up again from time to time. A failed look-up keeps those known before."""

    def __init__(self, resolver: HopResolver, destination: Destination, domain: str) -> None:
        self._resolver, self._destination, self._domain = resolver, destination, domain
        self.known: tuple[Endpoint, ...] = ()
        self._until = 0.0
        self._failure: HopDown | None = None
        self._looking: asyncio.Task[None] | None = None
        literal = [split_address(address) for address in destination.addresses]
        if not destination.mx and all(_is_literal(host) for host, _ in literal):
            self.known = tuple(dict.fromkeys(Endpoint(host, host, port) for host, port in literal))
            self._until = float("inf")

    async def get(self) -> tuple[Endpoint, ...]:
        """The endpoints in order. Raises HopDown."""
        if self._until <= asyncio.get_running_loop().time():
            if self._looking is None:
                self._looking = asyncio.create_task(self._look_up())
            if not self.known:
                await asyncio.shield(self._looking)
        if not self.known and self._failure is not None:
            raise type(self._failure)(self._failure.reply)
        return self.known

    def close(self) -> None:
        """Look nothing up any more."""
        if self._looking is not None:
            self._looking.cancel()

    async def _look_up(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self.known = await self._resolver.endpoints(self._destination, self._domain)
            self._failure = None
            self._until = loop.time() + _KEEP
        except HopDown as down:
            self._failure = down
            if isinstance(down, NoMailServer):
                self.known = ()
            self._until = loop.time() + _KEEP_FAILURE
        finally:
            self._looking = None


async def _addresses_of(host: str, port: int) -> list[str]:
    """Every address of a host; none if its name cannot be looked up."""
    if _is_literal(host):
        return [host]
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_HOST_TIMEOUT):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        return []
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _unknown_host() -> HopDown:
    return HopDown(reply(451, "4.4.3", "The address of the next hop cannot be found, try again later"))
