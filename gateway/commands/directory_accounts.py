"""`chaperone directory`: personal accounts to decide on, unknown addresses, organizations, suggested children."""

from __future__ import annotations

import asyncio
import json
import time
from argparse import Namespace
from collections.abc import Awaitable, Callable

from rich.table import Table

from gateway.assembly.factories import directory_sources, open_store
from gateway.commands.context import actor, load_settings
from gateway.commands.tables import print_table
from gateway.core.fault import Refusal
from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.parties import AccountBasis
from gateway.core.policy.decision import AuditEntry
from gateway.core.relation.account_decisions import ACTS, ORGANIZATION_REGISTERED, ORGANIZATION_REMOVED
from gateway.core.relation.personal_account import AccountStatus, Organization, StoredAccount
from gateway.core.serialization.json_fields import rfc3339
from gateway.directory.loading import load_sources
from gateway.directory.roster import Roster
from gateway.directory.suggested_children import suggest_children
from gateway.ports.store import Store
from gateway.settings.model import Settings

_MAX_LISTED = 1000


def run(options: Namespace) -> int:
    """Run one of the actions on addresses beside the roster."""
    settings = load_settings(options)
    if options.action == "suggest-children":
        return _suggest_children(settings, options)
    actions: dict[str, Callable[[Store, Settings, Namespace], Awaitable[int]]] = {
        "unknown": _unknown,
        "accounts": _accounts,
        "confirm": _decide,
        "refuse": _decide,
        "organization": _organization,
    }

    async def act() -> int:
        async with open_store(settings) as store:
            return await actions[options.action](store, settings, options)

    return asyncio.run(act())


def _roster(settings: Settings) -> Roster:
    return load_sources(directory_sources(settings), time.time()).roster


async def _unknown(store: Store, settings: Settings, options: Namespace) -> int:
    """District addresses that neither roster nor groups know, the most used first."""
    roster = await asyncio.to_thread(_roster, settings)
    listed = await store.directory_accounts.unknown(_MAX_LISTED)
    unknown = [seen for seen in listed if roster.is_unknown_internal(seen.address)]
    await store.directory_accounts.forget_unknown(
        [seen.address for seen in listed if not roster.is_unknown_internal(seen.address)]
    )
    rows = [
        {
            "address": seen.address, "messages": seen.messages, "first_at": rfc3339(seen.first_at),
            "last_at": rfc3339(seen.last_at),
        }
        for seen in unknown
    ]  # fmt: skip
    return _show(options, rows, ("address", "messages", "last_at"), "every district address seen is known")


async def _accounts(store: Store, settings: Settings, options: Namespace) -> int:
    status = None if options.status == "all" else AccountStatus(options.status)
    rows = [_account_row(account) for account in await store.directory_accounts.accounts(status, _MAX_LISTED)]
    return _show(options, rows, ("address", "person", "status", "basis", "confidence", "messages"), "no such account")


def _account_row(account: StoredAccount) -> dict[str, object]:
    return {
        "address": account.address, "person": account.person, "status": str(account.status),
        "basis": str(account.basis), "confidence": account.confidence, "messages": account.messages,
        "last_at": rfc3339(account.last_at), "decided_by": account.decided_by,
        "decided_at": rfc3339(account.decided_at) if account.decided_at else None,
    }  # fmt: skip


async def _decide(store: Store, settings: Settings, options: Namespace) -> int:
    """Confirm or refuse that an outside address is a personal account of a person."""
    roster = await asyncio.to_thread(_roster, settings)
    person = roster.by_id(options.person) or roster.person(options.person)
    if person is None or roster.by_id(person.id) is None:
        raise Refusal(f"directory {options.action}: {options.person} is nobody in the roster; give a sourcedId")
    if roster.is_internal(options.address):
        raise Refusal(f"directory {options.action}: {options.address} is a district address, not a personal account")
    status = AccountStatus.CONFIRMED if options.action == "confirm" else AccountStatus.REFUSED
    address, now = canonical_address(options.address), await store.clock.now()
    detail = {"person": person.id, **({"reason": options.reason} if options.reason else {})}
    account = StoredAccount(
        address, person.id, status, AccountBasis.KNOWN, first_at=now, last_at=now, decided_by=actor(), decided_at=now,
        reason=options.reason,
    )  # fmt: skip
    await store.directory_accounts.decide(account, AuditEntry(now, actor(), ACTS[str(status)], address, detail))
    said = "is a personal account of" if status is AccountStatus.CONFIRMED else "is no personal account of"
    print(f"{address} {said} {person.id}; in force in all processes within 10 seconds")
    return 0


async def _organization(store: Store, settings: Settings, options: Namespace) -> int:
    """List organizations, or register or remove one."""
    accounts = store.directory_accounts
    if not options.name:
        rows: list[dict[str, object]] = [
            {"name": organization.name, "label": organization.label, "by": organization.decided_by}
            for organization in await accounts.organizations()
        ]
        return _show(options, rows, ("name", "label", "by"), "no organization is registered")
    name = options.name.strip().lower()
    name = canonical_address(name) if "@" in name else name.strip(".")
    now = await store.clock.now()
    if options.remove:
        if not await accounts.remove_organization(name, AuditEntry(now, actor(), ORGANIZATION_REMOVED, name)):
            raise Refusal(f"directory organization: {name} is not registered")
        print(f"removed {name}")
        return 0
    if "." not in name:
        raise Refusal(f"directory organization: {name} is neither an address nor a domain")
    organization = Organization(name, options.label, actor(), now)
    await accounts.register_organization(organization, AuditEntry(now, actor(), ORGANIZATION_REGISTERED, name))
    print(f"registered {name}; in force in all processes within 10 seconds")
    return 0


def _suggest_children(settings: Settings, options: Namespace) -> int:
    rows: list[dict[str, object]] = [
        {
            "staff": pair.staff.id, "staff_name": pair.staff.name, "student": pair.student.id,
            "student_name": pair.student.name, "reasons": list(pair.reasons),
        }
        for pair in suggest_children(_roster(settings))
    ]  # fmt: skip
    code = _show(options, rows, ("staff", "staff_name", "student", "student_name", "reasons"), "nothing to suggest")
    if rows and not options.json:
        print("None of these is applied. To confirm one, list the staff member in the student's agentSourcedIds.")
    return code


def _show(options: Namespace, rows: list[dict[str, object]], columns: tuple[str, ...], empty: str) -> int:
    if options.json:
        print(json.dumps(rows))
    else:
        shown = Table(*(column.replace("_", " ") for column in columns))
        for row in rows:
            shown.add_row(*(_cell(row[column]) for column in columns))
        print_table(shown, empty=empty)
    return 0


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
