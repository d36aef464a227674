"""Accounts of the console: who signs in, and what a role may do there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_RESERVED = frozenset({"policy", "gateway"})  # who else decides and acts in the audit log
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 512


class AccountRole(StrEnum):
    """What somebody is to the console."""

    TECHNOLOGY_DIRECTOR = "technology_director"
    BUILDING_ADMINISTRATOR = "building_administrator"
    SECURITY = "security"
    AUDITOR = "auditor"
    STAFF = "staff"  # sees where their own messages are, and nothing else


class Right(StrEnum):
    """What can be done in the console."""

    QUEUE = "queue"  # see which messages are held, and who asks for help
    CONTENT = "content"  # read a message
    DECIDE = "decide"
    TRACE = "trace"  # where a message is, without content
    AUDIT = "audit"
    STATS = "stats"


RIGHTS: Mapping[AccountRole, frozenset[Right]] = {
    AccountRole.TECHNOLOGY_DIRECTOR: frozenset(Right),
    AccountRole.BUILDING_ADMINISTRATOR: frozenset({Right.QUEUE, Right.CONTENT, Right.DECIDE, Right.TRACE, Right.STATS}),
    AccountRole.SECURITY: frozenset({Right.TRACE, Right.STATS}),
    AccountRole.AUDITOR: frozenset({Right.TRACE, Right.AUDIT, Right.STATS}),
    AccountRole.STAFF: frozenset(),
}


@dataclass(frozen=True, slots=True)
class User:
    """An account. `buildings` are sourcedIds of orgs, `person` is the sourcedId of who it belongs to, "" for none."""

    name: str
    role: AccountRole
    buildings: tuple[str, ...] = ()
    person: str = ""
    created_at: float = 0.0
    disabled_at: float | None = None
    subject: str = ""  # whom the sign-in service means by this account; "" until it signed in by it
    by_groups: bool = False  # role and buildings are those of the service's groups, read anew at each sign-in

    def may(self, right: Right) -> bool:
        """Whether the role has a right at all; building and conflict of interest are looked at beside it."""
        return right in RIGHTS[self.role]

    @property
    def sees_every_building(self) -> bool:
        """Whether no building bounds what this account sees."""
        return self.role not in (AccountRole.BUILDING_ADMINISTRATOR, AccountRole.STAFF)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. It ends at `expires_at`, or when it was not used for too long."""

    user: User
    created_at: float
    seen_at: float
    expires_at: float
    waits: bool = False  # for the second step of signing in: it opens nothing yet
    id: str = ""  # the beginning of its hash
    way: str = ""  # by what it was opened
    place: str = ""  # from where, in coarse words
    has_step: bool = False  # the account has a second step of signing in, confirmed
    vouched_at: float | None = None  # when the service said last what its groups are, where the role is theirs


@dataclass(frozen=True, slots=True)
class Token:
    """An API token as a list shows it; `id` is the beginning of its hash. `reads_only`: it decides nothing."""

    id: str
    user: str
    reads_only: bool
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    used_at: float | None = None  # about when it was used last

    def in_force(self, now: float) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key that a device keeps and never shows, as its half here; `count`: how often it was used, where it counts."""

    id: str
    user: str
    name: str
    public_key: bytes
    count: int
    created_at: float
    used_at: float | None = None


def account_name(text: str) -> str | None:
    """A name in its one form, None where it cannot be one."""
    name = text.strip().lower()
    return name if _NAME.fullmatch(name) and name not in _RESERVED else None


def password_fault(password: str, name: str) -> str:
    """What is wrong with a new password and how to mend it; "" where nothing is."""
    if len(password) < SHORTEST_PASSWORD:
        return f"the password is too short: use {SHORTEST_PASSWORD} characters or more, several words say"
    if len(password) > LONGEST_PASSWORD:
        return f"the password is longer than {LONGEST_PASSWORD} characters: use a shorter one"
    if name.lower() in password.lower() or len(set(password)) < 5:
        return "the password is easily guessed: leave the account's name out, and use more than a few characters"
    return ""


# --- whom the district's sign-in service vouches for ----------------------------------------------------------------

CLAIM = "chaperone:"
"""What a group or an app role of the service begins with that gives a role here: chaperone:ROLE or, for a building
administrator, chaperone:building_administrator:ORG with the sourcedId of a building."""
_CLAIMS = ("roles", "groups")
_TENANTS = ("https://login.microsoftonline.com/", "https://login.microsoftonline.us/")


@dataclass(frozen=True, slots=True)
class Vouched:
    """Somebody whom the service let in: `subject` names them for ever; `address` is verified, "" where none is.

    `role` is None where no group of theirs gives one.
    """

    subject: str
    address: str
    role: AccountRole | None = None
    buildings: tuple[str, ...] = ()
    again: str = field(default="", compare=False, repr=False)  # with what the service can be asked again, sealed


def vouched(issuer: str, claims: Mapping[str, object]) -> Vouched:
    """What the claims of a valid token say."""
    given = [each for name in _CLAIMS for each in _texts(claims.get(name))]
    role, buildings = role_of(given)
    return Vouched(f"{issuer} {claims.get('sub')}", _address_of(issuer, claims), role, buildings)


def role_of(groups: Iterable[str]) -> tuple[AccountRole | None, tuple[str, ...]]:
    """The role that groups give, the one with the most rights, with every building of a building administrator."""
    roles: dict[AccountRole, list[str]] = {}
    for each in groups:
        name, _, building = each.removeprefix(CLAIM).partition(":")
        known = each.startswith(CLAIM) and name in list(AccountRole)
        if known and (AccountRole(name) is AccountRole.BUILDING_ADMINISTRATOR) == bool(building):
            roles.setdefault(AccountRole(name), []).extend([building] if building else [])
    for role in AccountRole:
        if role in roles:
            return role, tuple(dict.fromkeys(roles[role]))
    return None, ()


def _address_of(issuer: str, claims: Mapping[str, object]) -> str:
    """The address that the service itself has verified. Entra says no more than the name of its own tenant's user."""
    email, name = claims.get("email"), claims.get("preferred_username")
    if claims.get("email_verified") in (True, "true") and isinstance(email, str):
        return email.strip().lower()
    if issuer.startswith(_TENANTS) and "email_verified" not in claims and isinstance(name, str) and "@" in name:
        return name.strip().lower()
    return ""


def _texts(value: object) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [each for each in found if isinstance(each, str)]
