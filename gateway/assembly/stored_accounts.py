"""What administrators decided about outside addresses, for commands: read once from the store."""

from __future__ import annotations

import asyncio
import sys

from gateway.assembly.factories import open_store, store_file
from gateway.core.fault import Fault
from gateway.core.relation.personal_accounts import NO_PERSONAL_ACCOUNTS, PersonalAccounts
from gateway.ports.messages import StoreDown
from gateway.settings.model import Settings
from gateway.stages.accounts_in_force import read_personal_accounts


def stored_accounts(settings: Settings) -> PersonalAccounts:
    """The decisions, none where there is no store yet. If they cannot be read, print why to standard error."""
    file = store_file(settings)
    if file is not None and not file.exists():
        return NO_PERSONAL_ACCOUNTS
    try:
        return asyncio.run(_read(settings))
    except (Fault, StoreDown) as fault:
        print(f"without the confirmed personal accounts: {fault}", file=sys.stderr)
        return NO_PERSONAL_ACCOUNTS


async def _read(settings: Settings) -> PersonalAccounts:
    async with open_store(settings) as store:
        return await read_personal_accounts(store.directory_accounts)
