"""The configuration of a console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal
from zoneinfo import ZoneInfo

from gateway.console.auth.oidc import OidcConfig


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """The settings of a console and its district.

    `adopted_policy` returns the district's own text in Markdown, "" for none. `provider` is its sign-in service.
    `proxies` may say for which client a request comes. With `hide_names`, reviewers see pseudonyms until they reveal
    the names of a message. `second_step` applies to accounts that sign in with a password.
    """

    district: str
    zone: ZoneInfo
    public_url: str
    adopted_policy: Callable[[], str] = str
    provider: OidcConfig | None = None
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    hide_names: bool = False
    second_step: Literal["optional", "required"] = "optional"

    @property
    def https(self) -> bool:
        """Whether browsers connect over TLS."""
        return self.public_url.lower().startswith("https://")
