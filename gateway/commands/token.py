"""`chaperone token`: API tokens of console accounts."""

from __future__ import annotations

import asyncio
import re
from argparse import Namespace

from rich.table import Table

from gateway.assembly.factories import open_store
from gateway.commands.context import actor, load_settings, local_time
from gateway.commands.tables import print_table
from gateway.console.auth.credentials import hash_secret, new_token_secret
from gateway.core.accounts.account import Token
from gateway.core.fault import Fault, Refusal
from gateway.core.policy.decision import AuditEntry
from gateway.settings.model import Settings

_EXPIRES = re.compile(r"([1-9]\d{0,4})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def run(options: Namespace) -> int:
    """Create, revoke or list tokens."""
    settings = load_settings(options)
    match options.action:
        case "create":
            return asyncio.run(
                _create(settings, options.user.strip().lower(), _lifetime(options.expires), options.read_only)
            )
        case "revoke":
            return asyncio.run(_revoke(settings, options.id))
        case _:
            return asyncio.run(_list(settings))


def _lifetime(text: str) -> float:
    found = _EXPIRES.fullmatch(text)
    if found is None:
        raise Fault(f"token create: --expires {text!r} is not a time; write one such as 12h or 90d")
    return float(int(found[1]) * _UNITS[found[2]])


async def _create(settings: Settings, name: str, lifetime: float, reads_only: bool) -> int:
    secret = new_token_secret()
    key = hash_secret(secret, "token")
    async with open_store(settings) as store:
        found = await store.accounts.find(name)
        if found is None or found[0].disabled_at is not None:
            raise Refusal(f"token create: no account {name}; `chaperone user list` shows them")
        now = await store.clock.now()
        token = Token(key[:12], name, reads_only, now, now + lifetime, None)
        detail = {"token": token.id, "expires": lifetime, "reads_only": reads_only}
        await store.tokens.add(key, token, AuditEntry(now, actor(), "token created", name, detail))
    print(secret)
    return 0


async def _revoke(settings: Settings, id_: str) -> int:
    async with open_store(settings) as store:
        name = await store.tokens.revoke(id_, AuditEntry(await store.clock.now(), actor(), "token revoked", id_))
    if name is None:
        raise Refusal(f"token revoke: no token {id_} in force; `chaperone token list` shows them")
    print(f"revoked {id_} of {name}")
    return 0


async def _list(settings: Settings) -> int:
    zone = settings.district.time_zone
    async with open_store(settings) as store:
        now, tokens = await store.clock.now(), await store.tokens.list_all()
    table = Table("id", "account", "rights", "since", "until", "used", "", box=None, header_style="bold")
    for token in tokens:
        ended = "" if token.in_force(now) else "expired" if token.revoked_at is None else "revoked"
        used = "never" if token.used_at is None else local_time(token.used_at, zone)
        rights = "read" if token.reads_only else "all"
        table.add_row(
            token.id,
            token.user,
            rights,
            local_time(token.created_at, zone),
            local_time(token.expires_at, zone),
            used,
            ended,
        )
    print_table(table, empty="No tokens yet; `chaperone token create` makes one.")
    return 0
