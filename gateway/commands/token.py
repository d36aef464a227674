"""`chaperone token`: API tokens of the console's accounts."""

from __future__ import annotations

import asyncio
import re
from argparse import Namespace

from rich.console import Console
from rich.table import Table

from gateway.assembly.factories import open_store
from gateway.commands.context import actor, local_time, settings_of
from gateway.console.auth.credentials import digest, new_token
from gateway.core.accounts.account import Token
from gateway.core.fault import Fault, Refusal
from gateway.core.policy.decision import AuditEntry
from gateway.settings.model import Settings

_EXPIRES = re.compile(r"([1-9]\d{0,4})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def run(given: Namespace) -> int:
    """Create, revoke or list."""
    settings = settings_of(given)
    match given.deed:
        case "create":
            return asyncio.run(_create(settings, given.user.strip().lower(), _lasts(given.expires), given.read_only))
        case "revoke":
            return asyncio.run(_revoke(settings, given.id))
        case _:
            return asyncio.run(_list(settings))


def _lasts(text: str) -> float:
    found = _EXPIRES.fullmatch(text)
    if found is None:
        raise Fault(f"token create: --expires {text!r} is no time; write one like 12h or 90d")
    return float(int(found[1]) * _UNITS[found[2]])


async def _create(settings: Settings, name: str, lasts: float, reads_only: bool) -> int:
    secret = new_token()
    key = digest(secret, "token")
    async with open_store(settings) as store:
        found = await store.user(name)
        if found is None or found[0].disabled_at is not None:
            raise Refusal(f"token create: no account {name}; `chaperone user list` shows them")
        now = await store.now()
        token = Token(key[:12], name, reads_only, now, now + lasts, None)
        detail = {"token": token.id, "expires": lasts, "reads_only": reads_only}
        await store.add_token(key, token, AuditEntry(now, actor(), "token created", name, detail))
    print(secret)
    return 0


async def _revoke(settings: Settings, id_: str) -> int:
    async with open_store(settings) as store:
        name = await store.revoke_token(id_, AuditEntry(await store.now(), actor(), "token revoked", id_))
    if name is None:
        raise Refusal(f"token revoke: no token {id_} in force; `chaperone token list` shows them")
    print(f"revoked {id_} of {name}")
    return 0


async def _list(settings: Settings) -> int:
    zone = settings.district.time_zone
    async with open_store(settings) as store:
        now, tokens = await store.now(), await store.tokens()
    table = Table("id", "account", "rights", "since", "until", "used", "", box=None, header_style="bold")
    for each in tokens:
        ended = "" if each.in_force(now) else "expired" if each.revoked_at is None else "revoked"
        used = "never" if each.used_at is None else local_time(each.used_at, zone)
        rights = "read" if each.reads_only else "all"
        table.add_row(
            each.id,
            each.user,
            rights,
            local_time(each.created_at, zone),
            local_time(each.expires_at, zone),
            used,
            ended,
        )
    console = Console()
    console.print(
        table if tokens else "No tokens yet; `chaperone token create` makes one.", soft_wrap=not console.is_terminal
    )
    return 0
