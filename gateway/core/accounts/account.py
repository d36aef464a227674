"""Accounts of the console: roles, rights, sessions, tokens and passkeys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_RESERVED = frozenset({"policy", "gateway"})  # actors in the audit log that are not accounts
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 512


class AccountRole(StrEnum):
    """The role of an account."""

    TECHNOLOGY_DIRECTOR = "technology_director"
    BUILDING_ADMINISTRATOR = "building_administrator"
    SECURITY = "security"
    AUDITOR = "auditor"
    STAFF = "staff"  # only sees where their own messages are


class Right(StrEnum):
    """What an account may do."""

    QUEUE = "queue"  # see held messages and help alerts
    CONTENT = "content"  # read messages
    DECIDE = "decide"
    TRACE = "trace"  # see where a message is, without content
    AUDIT = "audit"
    STATS = "stats"
    TOOLS = "tools"  # see the register of tools, and ask for one to be registered


RIGHTS: Mapping[AccountRole, frozenset[Right]] = {
    AccountRole.TECHNOLOGY_DIRECTOR: frozenset(Right),
    AccountRole.BUILDING_ADMINISTRATOR: frozenset(
        {Right.QUEUE, Right.CONTENT, Right.DECIDE, Right.TRACE, Right.STATS, Right.TOOLS}
    ),
    AccountRole.SECURITY: frozenset({Right.TRACE, Right.STATS}),
    AccountRole.AUDITOR: frozenset({Right.TRACE, Right.AUDIT, Right.STATS}),
    AccountRole.STAFF: frozenset({Right.TOOLS}),
}


@dataclass(frozen=True, slots=True)
class User:
    """An account. `buildings` are sourcedIds of orgs; `person` is the sourcedId of its person, "" for none."""

    name: str
    role: AccountRole
    buildings: tuple[str, ...] = ()
    person: str = ""
    created_at: float = 0.0
    disabled_at: float | None = None
    subject: str = ""  # the identity at the sign-in service; "" until it was used
    by_groups: bool = False  # role and buildings come from groups of the sign-in service at each sign-in

    def may(self, right: Right) -> bool:
        """Whether the role has a right. Buildings and conflicts of interest are checked separately."""
        return right in RIGHTS[self.role]

    @property
    def sees_every_building(self) -> bool:
        """Whether this account sees the messages of all buildings."""
        return self.role not in (AccountRole.BUILDING_ADMINISTRATOR, AccountRole.STAFF)


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a browser. It ends at `expires_at`, or when it is unused for too long."""

    user: User
    created_at: float
    seen_at: float
    expires_at: float
    waits: bool = False  # for the second step of signing in; it gives no access yet
    id: str = ""  # the start of its hash
    way: str = ""  # how it was opened
    place: str = ""  # a rough description of the client, see client_hint
    has_step: bool = False  # the account has a confirmed second step
    vouched_at: float | None = None  # when the groups were last read, for a role that comes from groups


@dataclass(frozen=True, slots=True)
class Token:
    """An API token as lists show it. `id` is the start of its hash. `reads_only`: it cannot change anything."""

    id: str
    user: str
    reads_only: bool
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    used_at: float | None = None  # approximate

    def in_force(self, now: float) -> bool:
        """Whether it is valid."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class Passkey:
    """The public half of a passkey. `count` is the signature counter of the device, 0 if it has none."""

    id: str
    user: str
    name: str
    public_key: bytes
    count: int
    created_at: float
    used_at: float | None = None


def account_name(text: str) -> str | None:
    """A name in canonical form, None if it is not valid."""
    name = text.strip().lower()
    return name if _NAME.fullmatch(name) and name not in _RESERVED else None


def password_problem(password: str, name: str) -> str:
    """What is wrong with a new password and how to fix it; "" for nothing."""
    if len(password) < SHORTEST_PASSWORD:
        return f"the password is too short: use {SHORTEST_PASSWORD} characters or more, for example several words"
    if len(password) > LONGEST_PASSWORD:
        return f"the password is longer than {LONGEST_PASSWORD} characters: use a shorter one"
    if name.lower() in password.lower() or len(set(password)) < 5:
        return "the password is easy to guess: leave out the account's name, and use more different characters"
    return ""


# --- identities of the district's sign-in service --------------------------------------------------------------------

GROUP_PREFIX = "chaperone:"
"""The prefix of a group or app role that gives a role here: chaperone:ROLE or, for a building administrator,
chaperone:building_administrator:ORG with the sourcedId of a building."""
_CLAIMS = ("roles", "groups")
_TENANTS = ("https://login.microsoftonline.com/", "https://login.microsoftonline.us/")


@dataclass(frozen=True, slots=True)
class SignedInIdentity:
    """An identity from the sign-in service. `subject` is its permanent id; `address` is verified, "" for none.

    `role` is None when no group gives one.
    """

    subject: str
    address: str
    role: AccountRole | None = None
    buildings: tuple[str, ...] = ()
    refresh_token: str = field(default="", compare=False, repr=False)  # encrypted


def identity_from_claims(issuer: str, claims: Mapping[str, object]) -> SignedInIdentity:
    """The identity in the claims of a valid ID token (OpenID Connect Core, section 2)."""
    groups = [group for name in _CLAIMS for group in _texts(claims.get(name))]
    role, buildings = role_from_groups(groups)
    return SignedInIdentity(f"{issuer} {claims.get('sub')}", _address_of(issuer, claims), role, buildings)


def role_from_groups(groups: Iterable[str]) -> tuple[AccountRole | None, tuple[str, ...]]:
    """The role that groups give, the one with the most rights, with all buildings of a building administrator."""
    roles: dict[AccountRole, list[str]] = {}
    for group in groups:
        name, _, building = group.removeprefix(GROUP_PREFIX).partition(":")
        known = group.startswith(GROUP_PREFIX) and name in list(AccountRole)
        if known and (AccountRole(name) is AccountRole.BUILDING_ADMINISTRATOR) == bool(building):
            roles.setdefault(AccountRole(name), []).extend([building] if building else [])
    for role in AccountRole:
        if role in roles:
            return role, tuple(dict.fromkeys(roles[role]))
    return None, ()


def _address_of(issuer: str, claims: Mapping[str, object]) -> str:
    """The address that the service has verified. Entra only sends the user name in its own tenant."""
    email, name = claims.get("email"), claims.get("preferred_username")
    if claims.get("email_verified") in (True, "true") and isinstance(email, str):
        return email.strip().lower()
    if issuer.startswith(_TENANTS) and "email_verified" not in claims and isinstance(name, str) and "@" in name:
        return name.strip().lower()
    return ""


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]
