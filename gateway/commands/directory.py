"""`chaperone directory`: take a roster in, and what is known of an address."""

from __future__ import annotations

import asyncio
import time
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

from gateway.assembly.factories import directory_sources, open_store
from gateway.commands.context import actor, settings_of
from gateway.core.fault import Refusal
from gateway.core.messages.parties import Person, Role
from gateway.core.policy.decision import AuditEntry
from gateway.directory.difference import Difference
from gateway.directory.importing import import_roster
from gateway.directory.loading import load_from
from gateway.directory.show import Facts, facts
from gateway.settings.model import Settings

_MOST = 50


def run(given: Namespace) -> int:
    """Import or show."""
    settings = settings_of(given)
    if given.deed == "show":
        return _show(settings, given.address)
    if given.dry_run:
        return _import(settings, given.path, dry_run=True)[0]
    return asyncio.run(_imported(settings, given.path))


async def _imported(settings: Settings, source: Path) -> int:
    """Import, with its entry of the audit log: a store that cannot be opened lets nothing change."""
    async with open_store(settings) as store:
        code, changes = await asyncio.to_thread(_import, settings, source, dry_run=False)
        people = {name: len(getattr(changes, name)) for name in ("added", "removed", "changed")}
        await store.record([AuditEntry(await store.now(), actor(), "roster imported", source.name, people)])
    return code


def _import(settings: Settings, source: Path, *, dry_run: bool) -> tuple[int, Difference]:
    imported = import_roster(
        source, settings.directory.oneroster, max_removal=settings.directory.max_removal, dry_run=dry_run,
        groups=settings.directory.groups, contacts=settings.directory.contacts, domains=settings.district.domains,
        aliases=settings.district.aliases, student_domains=settings.directory.student_domains, now=time.time(),
    )  # fmt: skip
    console, changes = Console(highlight=False), imported.difference
    for warning in imported.warnings[:_MOST]:
        console.print(Text(f"note: {warning}", "yellow"), soft_wrap=True)
    _list(console, "+", "green", changes.added)
    _list(console, "-", "red", changes.removed)
    _list(console, "~", "cyan", changes.changed)
    did = "would change" if dry_run else "changed"
    print(f"{did} {len(changes)} people: {changes.before} before, {changes.after} after")
    return 0, changes


def _list(console: Console, sign: str, colour: str, people: Mapping[str, frozenset[Role]]) -> None:
    for id_, roles in list(people.items())[:_MOST]:
        console.print(Text(f"{sign} {id_}  {', '.join(sorted(roles)) or 'no role'}", colour))
    if len(people) > _MOST:
        console.print(Text(f"{sign} and {len(people) - _MOST} more", colour))


def _show(settings: Settings, address: str) -> int:
    found = facts(load_from(directory_sources(settings), time.time()).roster, address)
    if found.standing == "unknown":
        where = "in a district domain" if found.internal else "outside the district"
        raise Refusal(f"directory show: {address} is nobody's: {where}, in no group, and no known account")
    _print(Console(highlight=False), found)
    return 0


def _print(console: Console, found: Facts) -> None:
    console.print(Text(f"{found.address}  {found.standing.replace('_', ' ')}", "bold"))
    rows = [
        ("stands for", ", ".join(found.rewritten)),
        ("person", "" if found.person is None else _named(found.person)),
        ("roles", "" if found.person is None else ", ".join(sorted(found.person.roles))),
        ("accounts", ", ".join(f"{each.address} ({each.kind.name.lower()})" for each in found.accounts)),
        ("buildings", ", ".join(each.name for each in found.buildings)),
        ("children", ", ".join(_named(each) for each in found.children)),
        ("guardians", ", ".join(_named(each) for each in found.guardians)),
        ("groups", ", ".join(found.groups)),
        ("members", ", ".join(_named(each) for each in found.members)),
    ]
    for name, value in rows:
        if value:
            console.print(Text(f"  {name:<10} {value}"), soft_wrap=True)


def _named(person: Person) -> str:
    return f"{person.name} ({person.id})" if person.name else person.id
