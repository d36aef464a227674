"""Limits of what clients may do: rates by key, with a bound on how much is remembered."""

from __future__ import annotations

import ipaddress

_MINUTE = 60.0


class RateLimit:
    """At most `per_minute` events of one key in a minute, spread or at once; 0 is no limit.

    A generic cell rate: one number a key, the time when all of its events so far would be done at the allowed rate.
    At most `keys` keys are remembered; above that the oldest are forgotten.
    """

    def __init__(self, per_minute: int, keys: int = 10_000) -> None:
        self._per_minute, self._keys = per_minute, keys
        self._done_at: dict[str, float] = {}

    def allows(self, key: str, now: float) -> bool:
        """Whether one more event may happen now (monotonic seconds). It counts if it may."""
        if self.is_reached(key, now):
            return False
        if self._per_minute:
            done_at = max(self._done_at.pop(key, now), now) + _MINUTE / self._per_minute
            self._done_at[key] = done_at
            if len(self._done_at) > self._keys:
                del self._done_at[next(iter(self._done_at))]
        return True

    def is_reached(self, key: str, now: float) -> bool:
        """Whether no more events may happen now. Counts nothing."""
        if not self._per_minute:
            return False
        left = _MINUTE - (self._done_at.get(key, now) - now)
        return left < _MINUTE / self._per_minute * 0.999


def client_key(address: str) -> str:
    """What an address counts as: the IPv4 address, or the /64 network of an IPv6 address. "" for no valid address."""
    ip = parse_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return "" if ip is None else str(ip)


def parse_address(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address without its zone. An IPv4-mapped IPv6 address is the IPv4 address; None if it is not valid."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return ip if mapped is None else mapped
