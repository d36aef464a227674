"""From where somebody signs in, in coarse words: enough to know one's own browser by, too little to follow anybody."""

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
_INSIDE = [ip_network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]


def place_of(agent: str, address: str) -> str:
    """What a browser calls itself, and the network that its address is of."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{browser}{' on ' * bool(system)}{system}, {_network(address)}"


def _network(address: str) -> str:
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return "from an unknown address"
    if known.is_loopback:
        return "from the gateway's own machine"
    if isinstance(known, IPv4Address):
        coarse = ".".join(str(known).split(".")[:2]) + ".*.*"
    else:
        coarse = ":".join(known.exploded.split(":")[:2]) + ":*"
    return f"from {coarse}" + " (a private network)" * any(known in each for each in _INSIDE)
