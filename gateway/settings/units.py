"""Value types of the configuration: durations, sizes, addresses. Errors say how to write a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, StringConstraints

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}
_SIZES = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def _seconds(value: object) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)", str(value))
    if match is None:
        raise ValueError('write a duration such as "60s", "5m", "24h" or "30d"')
    return float(match[1]) * _UNITS[match[2]]


def _bytes(value: object) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(KiB|MiB|GiB|B|)", str(value))
    if match is None:
        raise ValueError('write a size such as "900KiB", "36MiB" or "10GiB"')
    return int(float(match[1]) * _SIZES[match[2]])


def _optional_path(value: object) -> object:
    """An empty path means none."""
    return None if value == "" else value


def _address(value: object) -> str:
    host, _, port = str(value).rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) < 65536:
        raise ValueError('write an address with its port, such as "127.0.0.1:2525" or "[::1]:2525"')
    return str(value)


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError('unknown time zone; write one such as "America/Chicago"') from None
    return value


def _domain(value: object) -> str:
    text = str(value).strip().rstrip(".").lower()
    if not re.fullmatch(r"[^\s@]+\.[^\s@.]+", text):
        raise ValueError('write a mail domain such as "riverbend.example"')
    return text


def _bare_newline(value: object) -> object:
    """Accept the British spelling too."""
    return "normalize" if value == "normalise" else value


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value), strict=False)
    except ValueError:
        raise ValueError('write a network such as "10.0.0.0/8" or "::1/128"') from None


def _web_url(value: str) -> str:
    parts = urlsplit(value)
    if value and not (parts.scheme in ("http", "https") and parts.hostname):
        raise ValueError('write a web address such as "https://sms.riverbend.example"')
    return value


def _smsc_url(value: str) -> str:
    parts = urlsplit(value)
    if not (parts.scheme in ("smpp", "smpps") and parts.hostname and parts.username and not parts.password):
        raise ValueError('write the SMSC as "smpp://system_id@smsc.example:2775"; use smpps:// for TLS')
    return value


def _accounts(value: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    for name, account in value.items():
        if set(account) != {"password"} or not account["password"]:
            raise ValueError(f'write each account as {name} = {{ password_file = "FILE" }}')
    return value


def is_duration(metadata: Sequence[object]) -> bool:
    """Whether the metadata of a field are those of `Seconds`."""
    return any(getattr(item, "func", None) is _seconds for item in metadata)


def is_size(metadata: Sequence[object]) -> bool:
    """Whether the metadata of a field are those of `Bytes`."""
    return any(getattr(item, "func", None) is _bytes for item in metadata)


RetainedGroup = Annotated[str, StringConstraints(pattern=r"^(held|flagged|alerted|[1-9][0-9]?[a-z]?)$")]
Seconds = Annotated[float, BeforeValidator(_seconds)]
Bytes = Annotated[int, BeforeValidator(_bytes)]
Address = Annotated[str, BeforeValidator(_address)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
Domain = Annotated[str, BeforeValidator(_domain)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
BareNewline = Annotated[Literal["normalize", "refuse"], BeforeValidator(_bare_newline)]
FilePath = Annotated[Path | None, BeforeValidator(_optional_path)]
UndecidedAction = Literal["hold", "flag", "release"]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
SmscUrl = Annotated[str, AfterValidator(_smsc_url)]
Accounts = Annotated[Mapping[str, Mapping[str, str]], AfterValidator(_accounts)]
