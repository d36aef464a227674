"""Whose console it is, and what it asks of the store."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from gateway.account_ports import Identities, Passkeys, Sessions, Vouchings
from gateway.console.oidc import Provider
from gateway.console_ports import (
    Accounts,
    Beginnings,
    Calls,
    Cases,
    Grants,
    Handling,
    Lists,
    Recall,
    Reports,
    Secrets,
)
from gateway.ports import Audit, Dispositions, Review


class Store(
    Review, Dispositions, Audit, Recall, Lists, Calls, Accounts, Identities, Sessions, Passkeys, Vouchings, Handling,
    Cases, Grants, Reports, Secrets, Beginnings, Protocol,
):  # fmt: skip
    """What the console asks of the store."""


@dataclass(frozen=True, slots=True)
class House:
    """Whose console this is."""

    district: str
    zone: ZoneInfo
    public_url: str
    adopted_policy: str = ""  # Markdown; "": the clauses in our own words
    provider: Provider | None = None  # the district's sign-in service
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()  # who may say for whom a request comes
    hide_names: bool = False  # reviewers see pseudonyms until they open the names of a message
    second_step: Literal["optional", "required"] = "optional"  # of those who sign in by a password

    @property
    def https(self) -> bool:
        """Whether browsers come over TLS."""
        return self.public_url.lower().startswith("https://")
