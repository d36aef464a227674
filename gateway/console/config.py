"""Whose console it is, and what it asks of the store."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from gateway.console.auth.oidc import Provider
from gateway.ports.accounts import (
    AccountStore,
    GrantStore,
    GroupRoleStore,
    IdentityStore,
    PasskeyStore,
    SecretStore,
    SessionStore,
)
from gateway.ports.audit import AuditStore
from gateway.ports.cases import CaseStore
from gateway.ports.help import HelpStore
from gateway.ports.messages import DispositionStore
from gateway.ports.reports import ReportStore
from gateway.ports.review import ClaimStore, HeaderStore, ListStore, LookupStore, UndoStore


class Store(
    LookupStore, DispositionStore, AuditStore, UndoStore, ListStore, HelpStore, AccountStore, IdentityStore,
    SessionStore, PasskeyStore, GroupRoleStore, ClaimStore, CaseStore, GrantStore, ReportStore, SecretStore,
    HeaderStore, Protocol,
):  # fmt: skip
    """What the console asks of the store."""


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
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
