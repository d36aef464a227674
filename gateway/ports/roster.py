"""The roster's files, as the console's administration sees them: what is in them, and importing a new set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.core.messages.parties import Role


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
