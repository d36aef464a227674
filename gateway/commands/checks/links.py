"""Addresses of pages and webhooks that others must reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from gateway.commands.checks.certificates import is_loopback
from gateway.commands.checks.line import Line, error, warn


def check_public_url(key: str, url: str, resolves: Callable[[str], bool]) -> Iterator[Line]:
    """A URL that is given to others. `resolves`: whether a host name has an address."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        yield error(key, f"{url!r} is not a web address; write one such as https://chaperone.riverbend.example")
    elif is_loopback(f"{host}:0") or host in ("0.0.0.0", "::"):
        yield warn(key, f"links lead to {url}, which others cannot open; set it to the address that they use")
    else:
        if parts.scheme == "http":
            yield warn(key, f"{url} is in clear text: passwords could be read; use https:// and a proxy with TLS")
        if not resolves(host):
            yield warn(key, f"the name {host} has no address here; correct it, or add it to the DNS")
