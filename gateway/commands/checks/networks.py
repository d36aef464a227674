"""Who may send: networks that contain everybody, and listening addresses that collide."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence

from gateway.commands.checks.line import Line, error, warn

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_WIDE = {4: 8, 6: 16}  # prefix lengths: shorter ones of public addresses are whole regions of the internet


def check_relay_from(relay_from: Sequence[Network]) -> Iterator[Line]:
    """smtp.relay_from: who may send to any domain, and speak for the district."""
    for network in relay_from:
        if network.prefixlen == 0:
            yield error(
                "smtp.relay_from",
                f"{network} lets everybody send to any domain and in the district's name: an open relay; "
                "name the networks of the district's servers and of its mail platform",
            )
        elif not network.is_private and network.prefixlen < _WIDE[network.version]:
            yield warn("smtp.relay_from", f"{network} is very wide; name the networks of your servers only")


def check_proxies(key: str, proxies: Sequence[Network]) -> Iterator[Line]:
    """Networks that are believed when they say who the client is."""
    for network in proxies:
        if network.prefixlen == 0:
            yield error(key, f"{network} lets everybody claim any address; name the load balancers only")


def check_listen(addresses: Mapping[str, Sequence[str]]) -> Iterator[Line]:
    """Listening addresses by key: no two may be the same, also where one of them is every address of the machine."""
    seen: list[tuple[str, str, str, int]] = []
    for key, listens in addresses.items():
        for address in listens:
            host, _, port = address.rpartition(":")
            host = host.strip("[]").lower()
            for other_key, other, other_host, other_port in seen:
                if int(port) == other_port != 0 and _collide(host, other_host):
                    yield error(key, f"{address} collides with {other_key} = {other}; choose another port")
            seen.append((key, address, host, int(port)))


def _collide(one: str, other: str) -> bool:
    every = ("0.0.0.0", "::", "")
    same_family = (":" in one) == (":" in other)
    return one == other or ((one in every or other in every) and (same_family or "::" in (one, other)))
