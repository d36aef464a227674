"""A mail server that messages go to: what is configured of it, and the addresses that this leads to."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.messages.reply import Reply, reply
from gateway.ports.channels import HopDown


class TlsPolicy(StrEnum):
    """TLS with a next hop, by STARTTLS.

    `opportunistic`: if offered, without looking at the certificate, and in clear text where it fails. `required`: never
    in clear text. `verify`: also with a certificate of the hop's name from a trusted authority.
    """

    NONE = "none"
    OPPORTUNISTIC = "opportunistic"
    REQUIRED = "required"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class Destination:
    """A configured next hop.

    `name` is its label in logs and metrics. `addresses` are "host:port", tried in order; every address of a host is
    tried. `mx`: the mail servers of the recipient's domain instead. `ca_file`: trust these authorities instead of the
    system's; `ca_hash` changes with its content. `connections`: open connections at once.
    """

    name: str
    addresses: tuple[str, ...] = ()
    tls: TlsPolicy = TlsPolicy.OPPORTUNISTIC
    ca_file: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    connections: int = 20
    mx: bool = False
    ca_hash: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address to connect to. `host` is the name or literal that led to it, which its certificate must have."""

    host: str
    ip: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine by its name: what goes there is seen by nobody else."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class HopRefusal(HopDown):
    """The next hop answered, and refused the connection or our conditions for it."""


class NoMailServer(HopDown):
    """The recipient's domain has no mail server, for good: `reply` is permanent."""


def split_address(address: str) -> tuple[str, int]:
    """The host and port of "host:port"; the brackets of an IPv6 literal are removed."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def hop_unreachable() -> HopDown:
    """The next hop cannot be reached."""
    return HopDown(_UNREACHABLE)


def hop_lost() -> HopDown:
    """The connection to the next hop was lost."""
    return HopDown(reply(451, "4.4.2", "The connection to the next hop was lost, try again later"))


def hop_busy() -> HopDown:
    """All connections to the next hop are in use."""
    return HopDown(reply(451, "4.4.5", "The next hop is busy, try again later"), "next_hop_busy")


_UNREACHABLE: Reply = reply(451, "4.4.1", "The next hop cannot be reached, try again later")
