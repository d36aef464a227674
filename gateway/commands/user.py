"""`chaperone user`: console accounts."""

from __future__ import annotations

import asyncio
import getpass
import sys
import time
from argparse import Namespace
from dataclasses import replace

from rich.table import Table
from rich.text import Text

from gateway.assembly.factories import directory_sources, open_store
from gateway.commands.checks.roster_ids import check_buildings, check_person
from gateway.commands.context import actor, load_settings, local_time
from gateway.commands.tables import print_table
from gateway.console.auth.credentials import hash_password
from gateway.core.accounts.account import LONGEST_PASSWORD, AccountRole, Right, User, account_name, password_problem
from gateway.core.fault import Fault, Refusal
from gateway.core.policy.decision import AuditEntry
from gateway.directory.loading import load_sources
from gateway.settings.model import Settings


def run(options: Namespace) -> int:
    """Add, disable or list accounts, or change a password or second step."""
    settings = load_settings(options)
    match options.action:
        case "add":
            user = _new(options)
            _check_ids(settings, user)
            password = "" if options.by_service else _password(options)
            return asyncio.run(_add(settings, user, password, insists=options.no_person))
        case "passwd":
            return asyncio.run(
                _passwd(settings, _name(options.name), _password(options), tokens=not options.keep_tokens)
            )
        case "codes-off":
            return asyncio.run(_codes_off(settings, _name(options.name)))
        case "disable":
            return asyncio.run(_disable(settings, _name(options.name)))
        case _:
            return asyncio.run(_list(settings))


def _name(text: str) -> str:
    name = account_name(text)
    if name is None:
        raise Fault(f"user: {text!r} is not an account name; use letters, digits and . _ @ + - (at most 64)")
    return name


def _new(options: Namespace) -> User:
    role = AccountRole(options.role)
    if options.no_person and options.person:
        raise Fault("user add: --person and --no-person exclude each other; give one of them")
    if (role is AccountRole.BUILDING_ADMINISTRATOR) != bool(options.building):
        raise Fault("user add: building_administrator, and no other role, needs --building: a sourcedId of orgs.csv")
    if "" in options.building:
        raise Fault("user add: --building is empty; give a sourcedId of orgs.csv")
    return User(_name(options.name), role, tuple(dict.fromkeys(options.building)), options.person)


def _check_ids(settings: Settings, user: User) -> None:
    """Refuse a person or a building that the roster does not have."""
    if not (user.person or user.buildings):
        return
    roster = load_sources(directory_sources(settings), time.time()).roster
    if user.person:
        check_person(roster, user.person, "user add: --person")
    check_buildings(roster, user.buildings, "user add: --building")


def _password(options: Namespace) -> str:
    if options.password_stdin:
        password = sys.stdin.readline(2 * LONGEST_PASSWORD).rstrip("\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise Refusal(f"user {options.action}: the two passwords differ; try again")
    else:
        raise Fault(f"user {options.action}: no terminal to ask for the password; give it with --password-stdin")
    if fault := password_problem(password, options.name):
        raise Refusal(f"user {options.action}: {fault}")
    return password


async def _add(settings: Settings, user: User, password: str, *, insists: bool) -> int:
    detail = {"role": user.role, "buildings": list(user.buildings), "person": user.person}
    password_hash = await hash_password(password) if password else ""
    async with open_store(settings) as store:
        entry = AuditEntry(await store.clock.now(), actor(), "account added", user.name, detail)
        known = None if await store.accounts.add(user, password_hash, entry) else await store.accounts.find(user.name)
        if (
            known is not None and known[0].role is AccountRole.STAFF and not password_hash
        ):  # a staff account gets a role
            user = replace(user, subject=known[0].subject, person=user.person or known[0].person)
            known = None if await store.identities.recognize(user, entry) else known
        if known is not None:
            raise Refusal(f"user add: {user.name} already exists; `chaperone user passwd` changes the password")
    print(f"added {user.name} ({user.role})")
    if user.may(Right.DECIDE) and not user.person and not insists:
        print(
            f"warning: {user.name} decides on messages and has no person, so it can decide on its owner's own "
            "messages; give --person ID, a sourcedId of users.csv, or --no-person if nobody of the roster owns it",
            file=sys.stderr,
        )
    return 0


async def _passwd(settings: Settings, name: str, password: str, *, tokens: bool) -> int:
    """Reset a password. Somebody else may have known the old one, so sessions and tokens end."""
    password_hash = await hash_password(password)
    async with open_store(settings) as store:
        entry = AuditEntry(
            await store.clock.now(), actor(), "password changed", name, {"tokens": "ended"} if tokens else {}
        )
        if not await store.accounts.set_password(name, password_hash, entry, tokens=tokens):
            raise Refusal(f"user passwd: no account {name}; `chaperone user list` shows them")
    ended = "and its API tokens are revoked" if tokens else "but its API tokens still work"
    print(f"changed the password of {name}; the account is signed out everywhere, {ended}")
    return 0


async def _codes_off(settings: Settings, name: str) -> int:
    async with open_store(settings) as store:
        now, passkeys = await store.clock.now(), await store.passkeys.of_user(name)
        for passkey in passkeys:
            await store.passkeys.remove(
                name, passkey.id, AuditEntry(now, actor(), "passkey removed", name, {"name": passkey.name})
            )
        codes = await store.second_steps.remove(name, AuditEntry(now, actor(), "codes no longer asked for", name))
        if not codes and not passkeys:
            raise Refusal(f"user codes-off: {name} has no second step; `chaperone user list` shows the accounts")
        await store.sessions.end_all(name, AuditEntry(now, actor(), "sessions ended", name))
    print(f"{name} is signed out everywhere and signs in with the password alone")
    print("ask its owner to set up codes or a passkey again")
    return 0


async def _disable(settings: Settings, name: str) -> int:
    async with open_store(settings) as store:
        if not await store.accounts.disable(
            name, AuditEntry(await store.clock.now(), actor(), "account disabled", name)
        ):
            raise Refusal(f"user disable: no enabled account {name}; `chaperone user list` shows them")
    print(f"disabled {name}: signed out everywhere, tokens revoked; messages and cases it had taken are free again")
    return 0


async def _list(settings: Settings) -> int:
    async with open_store(settings) as store:
        users = await store.accounts.list_all()
    table = Table("name", "role", "buildings", "person", "since", "", box=None, header_style="bold")
    for user in users:
        since = local_time(user.created_at, settings.district.time_zone)
        gone = "" if user.disabled_at is None else "disabled"
        table.add_row(user.name, user.role, Text(", ".join(user.buildings)), Text(user.person), since, gone)
    print_table(table, empty="No accounts yet; `chaperone user add` makes one.")
    return 0
