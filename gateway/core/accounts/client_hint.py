"""Client hints: a rough description of a browser, enough to recognize one's own and too little to track anybody."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network

_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("CrOS", "a Chromebook"),
    ("Windows", "Windows"), ("Mac OS X", "a Mac"), ("Linux", "Linux"),
)  # fmt: skip
_PRIVATE = [ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]


def client_hint(agent: str, address: str) -> str:
    """The browser and system of a User-Agent, and the network of an address."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{browser}{' on ' * bool(system)}{system}, {_network(address)}"


def _network(address: str) -> str:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "from an unknown address"
    if parsed.is_loopback:
        return "from the gateway's own machine"
    if isinstance(parsed, IPv4Address):
        coarse = ".".join(str(parsed).split(".")[:2]) + ".*.*"
    else:
        coarse = ":".join(parsed.exploded.split(":")[:2]) + ":*"
    return f"from {coarse}" + " (a private network)" * any(parsed in network for network in _PRIVATE)
