"""`chaperone directory`: imports a roster, shows what is known about an address, writes an example roster."""

from __future__ import annotations

import asyncio
import time
from argparse import Namespace
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from rich.console import Console
from rich.text import Text

from gateway.assembly.factories import directory_sources, open_store
from gateway.assembly.stored_accounts import stored_accounts
from gateway.commands import directory_accounts
from gateway.commands.context import actor, load_settings
from gateway.core.fault import Fault, Refusal
from gateway.core.messages.parties import Person, Role
from gateway.core.policy.decision import AuditEntry
from gateway.directory.importing import import_roster
from gateway.directory.loading import load_sources
from gateway.directory.roster_difference import RosterDifference
from gateway.directory.show import AddressReport, describe_address
from gateway.settings.model import Settings

_MAX_SHOWN = 50


def run(options: Namespace) -> int:
    """Import a roster, show an address, or write the example."""
    if options.action == "example":
        return _write_example(options.folder)
    if options.action not in ("import", "show"):
        return directory_accounts.run(options)
    settings = load_settings(options)
    if options.action == "show":
        return _show(settings, options.address)
    if options.dry_run:
        return _import(settings, options.path, dry_run=True)[0]
    return asyncio.run(_import_audited(settings, options.path))


async def _import_audited(settings: Settings, source: Path) -> int:
    """Import and record it in the audit log. Nothing is imported if the store cannot be opened."""
    async with open_store(settings) as store:
        code, changes = await asyncio.to_thread(_import, settings, source, dry_run=False)
        people = {name: len(getattr(changes, name)) for name in ("added", "removed", "changed")}
        await store.audit.record([AuditEntry(await store.clock.now(), actor(), "roster imported", source.name, people)])
    return code


def _import(settings: Settings, source: Path, *, dry_run: bool) -> tuple[int, RosterDifference]:
    imported = import_roster(
        source, settings.directory.oneroster, max_removal=settings.directory.max_removal, dry_run=dry_run,
        groups=settings.directory.groups, contacts=settings.directory.contacts, domains=settings.district.domains,
        aliases=settings.district.aliases, student_domains=settings.directory.student_domains, now=time.time(),
    )  # fmt: skip
    console, changes = Console(highlight=False), imported.difference
    for warning in imported.warnings[:_MAX_SHOWN]:
        console.print(Text(f"note: {warning}", "yellow"), soft_wrap=True)
    _list(console, "+", "green", changes.added)
    _list(console, "-", "red", changes.removed)
    _list(console, "~", "cyan", changes.changed)
    did = "would change" if dry_run else "changed"
    print(f"{did} {len(changes)} people: {changes.before} before, {changes.after} after")
    return 0, changes


def _list(console: Console, sign: str, color: str, people: Mapping[str, frozenset[Role]]) -> None:
    for id_, roles in list(people.items())[:_MAX_SHOWN]:
        console.print(Text(f"{sign} {id_}  {', '.join(sorted(roles)) or 'no role'}", color))
    if len(people) > _MAX_SHOWN:
        console.print(Text(f"{sign} and {len(people) - _MAX_SHOWN} more", color))


def _show(settings: Settings, address: str) -> int:
    roster = load_sources(directory_sources(settings), time.time()).roster
    roster.use_personal_accounts(stored_accounts(settings))
    found = describe_address(roster, address)
    if found.status == "unknown":
        where = "in a district domain" if found.internal else "outside the district"
        raise Refusal(f"directory show: {address} is unknown: {where}, not a group, not a known account")
    _print(Console(highlight=False), found)
    return 0


def _print(console: Console, found: AddressReport) -> None:
    console.print(Text(f"{found.address}  {found.status.replace('_', ' ')}", "bold"))
    rows = [
        ("stands for", ", ".join(found.rewritten)),
        ("person", "" if found.person is None else _named(found.person)),
        ("roles", "" if found.person is None else ", ".join(sorted(found.person.roles))),
        ("accounts", ", ".join(f"{account.address} ({account.kind.name.lower()})" for account in found.accounts)),
        ("buildings", ", ".join(building.name for building in found.buildings)),
        ("children", ", ".join(_named(child) for child in found.children)),
        ("guardians", ", ".join(_named(guardian) for guardian in found.guardians)),
        ("groups", ", ".join(found.groups)),
        ("members", ", ".join(_named(member) for member in found.members)),
    ]
    for name, value in rows:
        if value:
            console.print(Text(f"  {name:<10} {value}"), soft_wrap=True)


def _write_example(folder: Path) -> int:
    """Write the example roster: a OneRoster 1.1 folder with two schools, three staff and two students."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Fault(f"directory example: {folder} is not empty; name a new or empty folder")
        with as_file(files("gateway.commands") / "example_roster") as example:
            for file in sorted(example.glob("*.csv")):
                (folder / file.name).write_bytes(file.read_bytes())
    except OSError as error:
        raise Fault(f"directory example: {folder}: {error.strerror}; name a folder that this user may write") from None
    print(f"wrote an example roster to {folder}; edit its files, then run `chaperone directory import`")
    return 0


def _named(person: Person) -> str:
    return f"{person.name} ({person.id})" if person.name else person.id
