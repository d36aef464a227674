"""What is known about addresses beside the roster (guessed, confirmed and refused accounts), and the roster's files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.core.messages.parties import Role
from gateway.core.policy.decision import AuditEntry
from gateway.core.relation.answers import Answered
from gateway.core.relation.personal_account import AccountStatus, Organization, StoredAccount


@dataclass(frozen=True, slots=True)
class UnknownAddress:
    """A district address that neither roster nor groups know, and how many messages had it."""

    address: str
    messages: int
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class Sightings:
    """What was seen of addresses within some time. `unknown`: messages by address."""

    accounts: Sequence[StoredAccount] = ()
    unknown: Mapping[str, int] | None = None


class DirectoryAccountStore(Protocol):
    """Addresses beside the roster. Addresses are in canonical form."""

    async def accounts(self, status: AccountStatus | None, limit: int) -> Sequence[StoredAccount]:
        """Accounts with a status, or all; the last seen or decided first."""

    async def account(self, address: str, person: str) -> StoredAccount | None:
        """One account."""

    async def decide(self, account: StoredAccount, entry: AuditEntry) -> StoredAccount:
        """Confirm or refuse an account, on record. Returns what is stored then, with what was counted before.

        One address is confirmed for one person only: it is refused for all others that it was guessed for.
        """

    async def organizations(self) -> Sequence[Organization]:
        """The registered organizations, by name."""

    async def register_organization(self, organization: Organization, entry: AuditEntry) -> None:
        """Register an organization, or change its label."""

    async def remove_organization(self, name: str, entry: AuditEntry) -> bool:
        """Remove an organization. Returns whether it was registered."""

    async def mark(self) -> object:
        """A value that changes whenever somebody decides something."""

    async def decided(self) -> Sequence[StoredAccount]:
        """Every confirmed and refused account."""

    async def unknown(self, limit: int) -> Sequence[UnknownAddress]:
        """Unknown district addresses, the most used first."""

    async def forget_unknown(self, addresses: Collection[str]) -> None:
        """Delete addresses from the list, which are known now."""

    async def record(self, sightings: Sightings) -> None:
        """Add what was seen."""

    async def answered(self, message_ids: Sequence[str]) -> Sequence[Answered]:
        """The messages in scope with these Message-IDs, in the order of the ids."""

    async def count_students(self, author: str, students: Collection[str], at: float, within: float) -> Sequence[str]:
        """Note that an outside address writes to students (sourcedIds). Returns all of them within some seconds."""


class RosterRefused(Exception):
    """A roster, or a list beside it, cannot be read or used. The text says what and how to fix it, and names nobody."""


@dataclass(frozen=True, slots=True)
class RosterStatus:
    """The roster in use. `source`: the file name of the configured folder or zip. `changed_at`: of its newest file."""

    source: str
    people: Mapping[Role, int]
    changed_at: float
    warnings: Sequence[str]
    max_removal: float


@dataclass(frozen=True, slots=True)
class RosterChange:
    """What an import changes, or would change: the first people by sourcedId, with their roles, and counts of all.

    `refused` says why it is more than `directory.max_removal` allows; "" if it is not.
    """

    added: Mapping[str, Sequence[str]]
    removed: Mapping[str, Sequence[str]]
    changed: Mapping[str, Sequence[str]]
    counts: Mapping[str, int]
    before: int
    after: int
    warnings: Sequence[str] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A record of the district's contacts: a personal account or a district phone of a person (sourcedId)."""

    person: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group address with its members as written, and those of them that neither roster nor groups know."""

    address: str
    members: Sequence[str]
    unknown: Sequence[str]


class RosterAdministration(Protocol):
    """The files of the roster and of the district's lists. Large work is done in a child process with limits.

    Methods raise RosterRefused.
    """

    async def status(self) -> RosterStatus:
        """The roster in use."""

    async def preview(self, upload: Path | None, max_removal: float) -> RosterChange:
        """What an uploaded zip would change; without one, what the configured files would change, read again."""

    async def apply(self, upload: Path | None, max_removal: float) -> RosterChange:
        """Import an uploaded zip, or use the configured files as they are now. Every process has it within seconds."""

    async def contacts(self) -> Sequence[ListedContact]:
        """The records of the contacts, in the order of the file; empty without one."""

    async def groups(self) -> Sequence[ListedGroup]:
        """The group addresses, those with unknown members first."""
