"""`chaperone user`: accounts of the console."""

from __future__ import annotations

import asyncio
import getpass
import sys
from argparse import Namespace
from dataclasses import replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.assembly.factories import open_store
from gateway.commands.context import actor, local_time, settings_of
from gateway.console.auth.credentials import hashed
from gateway.core.accounts.account import LONGEST_PASSWORD, AccountRole, User, account_name, password_fault
from gateway.core.fault import Fault, Refusal
from gateway.core.policy.decision import AuditEntry
from gateway.settings.model import Settings


def run(given: Namespace) -> int:
    """Add, change the password or second step of, disable or list."""
    settings = settings_of(given)
    match given.deed:
        case "add":
            return asyncio.run(_add(settings, _new(given), "" if given.by_service else _password(given)))
        case "passwd":
            return asyncio.run(_passwd(settings, _name(given.name), _password(given), tokens=not given.keep_tokens))
        case "codes-off":
            return asyncio.run(_codes_off(settings, _name(given.name)))
        case "disable":
            return asyncio.run(_disable(settings, _name(given.name)))
        case _:
            return asyncio.run(_list(settings))


def _name(text: str) -> str:
    name = account_name(text)
    if name is None:
        raise Fault(f"user: {text!r} is no name of an account: use letters, digits and . _ @ + - (at most 64)")
    return name


def _new(given: Namespace) -> User:
    role = AccountRole(given.role)
    if (role is AccountRole.BUILDING_ADMINISTRATOR) != bool(given.building):
        raise Fault("user add: --building belongs to building_administrator, which needs one: a sourcedId of orgs.csv")
    if "" in given.building:
        raise Fault("user add: --building is empty: name a sourcedId of orgs.csv")
    return User(_name(given.name), role, tuple(dict.fromkeys(given.building)), given.person)


def _password(given: Namespace) -> str:
    if given.password_stdin:
        password = sys.stdin.readline(2 * LONGEST_PASSWORD).rstrip("\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise Refusal(f"user {given.deed}: the two passwords differ; try again")
    else:
        raise Fault(f"user {given.deed}: no terminal to ask for the password; give it with --password-stdin")
    if fault := password_fault(password, given.name):
        raise Refusal(f"user {given.deed}: {fault}")
    return password


async def _add(settings: Settings, user: User, password: str) -> int:
    detail = {"role": user.role, "buildings": list(user.buildings), "person": user.person}
    password_hash = await hashed(password) if password else ""
    async with open_store(settings) as store:
        act = AuditEntry(await store.now(), actor(), "account added", user.name, detail)
        known = None if await store.add_user(user, password_hash, act) else await store.user(user.name)
        if known is not None and known[0].role is AccountRole.STAFF and not password_hash:  # a role for who had none
            user = replace(user, subject=known[0].subject, person=user.person or known[0].person)
            known = None if await store.recognise(user, act) else known
        if known is not None:
            raise Refusal(f"user add: {user.name} is there already; `chaperone user passwd` changes the password")
    print(f"added {user.name} ({user.role})")
    if not user.person:
        print(
            "note: without --person nothing keeps this account from deciding on its owner's own messages",
            file=sys.stderr,
        )
    return 0


async def _passwd(settings: Settings, name: str, password: str, *, tokens: bool) -> int:
    """A reset: whoever had the password before may have opened what it opens, so all of that ends."""
    password_hash = await hashed(password)
    async with open_store(settings) as store:
        act = AuditEntry(await store.now(), actor(), "password changed", name, {"tokens": "ended"} if tokens else {})
        if not await store.set_password(name, password_hash, act, tokens=tokens):
            raise Refusal(f"user passwd: no account {name}; `chaperone user list` shows them")
    ended = "and whose API tokens are revoked" if tokens else "but its API tokens go on"
    print(f"changed the password of {name}, who is signed out everywhere, {ended}")
    return 0


async def _codes_off(settings: Settings, name: str) -> int:
    async with open_store(settings) as store:
        now, passkeys = await store.now(), await store.passkeys(name)
        for each in passkeys:
            await store.drop_passkey(
                name, each.id, AuditEntry(now, actor(), "passkey removed", name, {"name": each.name})
            )
        codes = await store.drop_second_step(name, AuditEntry(now, actor(), "codes no longer asked for", name))
        if not codes and not passkeys:
            raise Refusal(f"user codes-off: {name} is asked for no code; `chaperone user list` shows the accounts")
        await store.end_sessions(name, AuditEntry(now, actor(), "sessions ended", name))
    print(f"{name} is signed out everywhere and signs in by the password alone")
    print("tell them to set up codes or a passkey again")
    return 0


async def _disable(settings: Settings, name: str) -> int:
    async with open_store(settings) as store:
        if not await store.disable(name, AuditEntry(await store.now(), actor(), "account disabled", name)):
            raise Refusal(f"user disable: no account {name} that is not disabled; `chaperone user list` shows them")
    print(f"disabled {name}: signed out everywhere, its tokens revoked; what it had taken goes back to its building")
    return 0


async def _list(settings: Settings) -> int:
    async with open_store(settings) as store:
        users = await store.users()
    table = Table("name", "role", "buildings", "person", "since", "", box=None, header_style="bold")
    for each in users:
        since = local_time(each.created_at, settings.district.time_zone)
        gone = "" if each.disabled_at is None else "disabled"
        table.add_row(each.name, each.role, Text(", ".join(each.buildings)), Text(each.person), since, gone)
    console = Console()
    console.print(
        table if users else "No accounts yet; `chaperone user add` makes one.", soft_wrap=not console.is_terminal
    )
    return 0
