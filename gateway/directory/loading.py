"""Loads a roster: OneRoster tables, contacts and groups together, or one clear error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from gateway.core.messages.addresses import canonical_address
from gateway.directory.district_lists import read_contacts, read_groups, read_special_staff
from gateway.directory.oneroster import read_oneroster
from gateway.directory.roster import Roster
from gateway.directory.roster_builder import add_groups
from gateway.directory.roster_difference import check_removal
from gateway.directory.tables import OneRosterFiles
from gateway.directory.validation import RosterError, RosterWarning, RosterWarnings


@dataclass(frozen=True, slots=True)
class RosterSources:
    """The files of a roster and the domains of the district."""

    oneroster: Path
    groups: Path | None = None
    contacts: Path | None = None
    domains: Sequence[str] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    student_domains: Sequence[str] = ()
    unknown_is_student: bool = False
    special_staff: Path | None = None
    reads_guardians: bool = False


@dataclass(frozen=True, slots=True)
class LoadedRoster:
    """A roster, and the warnings from reading it."""

    roster: Roster
    warnings: tuple[RosterWarning, ...]


def load_roster(
    path: Path,
    *,
    groups: Path | None = None,
    contacts: Path | None = None,
    domains: Sequence[str] = (),
    aliases: Mapping[str, str] | None = None,
    student_domains: Sequence[str] = (),
    special_staff: Path | None = None,
    now: float,
) -> LoadedRoster:
    """Load a OneRoster folder or zip and the district's own lists. Raises RosterError.

    `aliases` maps other domains to those of the district. `now` decides which roles of OneRoster 1.2 are valid.
    """
    sources = RosterSources(
        path, groups, contacts, domains, aliases or {}, student_domains, special_staff=special_staff
    )  # fmt: skip
    return load_sources(sources, now)


def load_sources(sources: RosterSources, now: float) -> LoadedRoster:
    """Load a roster. `now` is in seconds since the epoch. Raises RosterError."""
    warnings = RosterWarnings()
    aliases = {_domain(alias): _domain(domain) for alias, domain in sources.aliases.items()}
    with OneRosterFiles(sources.oneroster, warnings) as folder:
        builder = read_oneroster(folder, aliases, now, warnings)
    if sources.contacts is not None:
        read_contacts(sources.contacts, builder, warnings)
    special = {} if sources.special_staff is None else read_special_staff(sources.special_staff, builder, warnings)
    if not builder.has_addresses():
        what = "nobody has a mail address or a phone number"
        raise RosterError(builder.file, None, what, "export the columns email, sms and phone")
    image = builder.build(
        [_domain(domain) for domain in sources.domains],
        [_domain(domain, aliases) for domain in sources.student_domains],
        unknown_is_student=sources.unknown_is_student,
        reads_guardians=sources.reads_guardians,
        special_staff=special,
    )
    del builder
    if sources.groups is not None:
        members = read_groups(sources.groups, aliases, warnings)
        image = add_groups(image, members, str(sources.groups), warnings)
    return LoadedRoster(Roster(image), tuple(warnings))


def load_replacement(
    old: Roster | None, sources: RosterSources, max_removal: float, now: float
) -> tuple[LoadedRoster, int]:
    """Load a roster that replaces another, and count the people added, removed or changed.

    Raises RosterError, and RemovalRefused when more than the share `max_removal` would be removed, unless the import of
    the set allowed more.
    """
    loaded = load_sources(sources, now)
    if old is None:
        return loaded, len(loaded.roster)
    allowed = max(max_removal, loaded.roster.max_removal)
    return loaded, len(check_removal(old, loaded.roster, allowed, str(sources.oneroster)))


def _domain(written: str, aliases: Mapping[str, str] = MappingProxyType({})) -> str:
    return canonical_address(f"x@{written.strip()}", aliases).partition("@")[2]
