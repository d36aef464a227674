"""The configuration of a console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal
from zoneinfo import ZoneInfo

from gateway import policies
from gateway.console.auth.oidc import OidcConfig
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy


def _read_policy(source: str) -> Policy:
    return policies.read_text(source, dict.fromkeys(Direction, Action.FLAG))


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """How a policy is read under the settings, the mode, and how many people must agree before it is in force.

    `read` raises PolicyFault.
    """

    read: Callable[[str], Policy] = _read_policy
    mode: str = "enforce"
    people: int = 1


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """The settings of a console and its district.

    `adopted_policy` returns the district's own text in Markdown, "" for none. `provider` is its sign-in service.
    `proxies` may say for which client a request comes. With `hide_names`, reviewers see pseudonyms until they reveal
    the names of a message. `second_step` applies to accounts that sign in with a password. `notify`: who is told last.
    `mailed_links`: whether staff sign in with a link from a mail, to see their own messages. `max_waiting` and `shadow`
    are those of the intake, for messages that are sent again. `attorneys` are addresses and domains whose mail is left
    out of redacted copies of records.
    """

    district: str
    zone: ZoneInfo
    public_url: str
    adopted_policy: Callable[[], str] = str
    provider: OidcConfig | None = None
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    hide_names: bool = False
    second_step: Literal["optional", "required"] = "optional"
    notify: tuple[str, ...] = ()
    mailed_links: bool = True
    max_waiting: int = 10 << 30
    shadow: bool = False
    attorneys: tuple[str, ...] = ()
    policy_rules: PolicyRules = PolicyRules()

    @property
    def https(self) -> bool:
        """Whether browsers connect over TLS."""
        return self.public_url.lower().startswith("https://")
