"""The roster loaded: OneRoster tables, contacts and groups together, or one clear error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from gateway.core.messages.addresses import canonical
from gateway.directory.building import with_groups
from gateway.directory.difference import refuse_removal
from gateway.directory.lists import read_contacts, read_groups
from gateway.directory.oneroster import read
from gateway.directory.roster import Roster
from gateway.directory.tables import Folder
from gateway.directory.validation import RosterError, RosterWarning, RosterWarnings


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a roster comes from, and whose domains are whose."""

    oneroster: Path
    groups: Path | None = None
    contacts: Path | None = None
    domains: Sequence[str] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    student_domains: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A roster, and the oddities that were mended on the way."""

    roster: Roster
    warnings: tuple[RosterWarning, ...]


def load(
    path: Path,
    *,
    groups: Path | None = None,
    contacts: Path | None = None,
    domains: Sequence[str] = (),
    aliases: Mapping[str, str] | None = None,
    student_domains: Sequence[str] = (),
    now: float,
) -> Loaded:
    """Load a OneRoster folder or zip with the district's own lists.

    `aliases` maps other domains to the district's; `now` settles which roles of 1.2 are in force. Raises RosterError.
    """
    return load_from(Sources(path, groups, contacts, domains, aliases or {}, student_domains), now)


def load_from(sources: Sources, now: float) -> Loaded:
    """Load a roster from its sources. Raises RosterError."""
    oddities = RosterWarnings()
    aliases = {_domain(other): _domain(ours) for other, ours in sources.aliases.items()}
    with Folder(sources.oneroster, oddities) as folder:
        building = read(folder, aliases, now, oddities)
    if sources.contacts is not None:
        read_contacts(sources.contacts, building, oddities)
    if not building.reachable():
        what = "nobody has a mail address or a phone number"
        raise RosterError(building.file, None, what, "export the columns email, sms and phone")
    image = building.finished(
        [_domain(each) for each in sources.domains], [_domain(each, aliases) for each in sources.student_domains]
    )
    del building
    if sources.groups is not None:
        members = read_groups(sources.groups, aliases, oddities)
        image = with_groups(image, members, str(sources.groups), oddities)
    return Loaded(Roster(image), tuple(oddities))


def load_after(old: Roster | None, sources: Sources, max_removal: float, now: float) -> tuple[Loaded, int]:
    """Load a roster in place of another: with it how many people were added, removed or changed.

    Raises RosterError, RemovalRefused where more than the share `max_removal` of the people would go, unless whoever
    imported the set has allowed it.
    """
    loaded = load_from(sources, now)
    if old is None:
        return loaded, len(loaded.roster)
    allowed = max(max_removal, loaded.roster.max_removal)
    return loaded, len(refuse_removal(old, loaded.roster, allowed, str(sources.oneroster)))


def _domain(written: str, aliases: Mapping[str, str] = MappingProxyType({})) -> str:
    return canonical(f"x@{written.strip()}", aliases).partition("@")[2]
