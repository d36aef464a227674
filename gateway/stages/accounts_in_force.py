"""The directory with the personal accounts in force: what administrators decided, read again every few seconds."""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.relation.personal_account import AccountStatus
from gateway.core.relation.personal_accounts import PersonalAccounts
from gateway.observability.events import EventLog
from gateway.ports.directory_accounts import DirectoryAccountStore
from gateway.ports.messages import StoreDown
from gateway.stages.wakeup import Wakeup

EVERY = 2.0
"""Seconds after which a decision is in force in every process, at the latest."""


async def read_personal_accounts(accounts: DirectoryAccountStore) -> PersonalAccounts:
    """What was decided. Raises StoreDown."""
    decided = await accounts.decided()
    return PersonalAccounts(
        {account.address: account.person for account in decided if account.status is AccountStatus.CONFIRMED},
        frozenset((account.address, account.person) for account in decided if account.status is AccountStatus.REFUSED),
        frozenset(organization.name for organization in await accounts.organizations()),
    )


async def keep_accounts_in_force(
    accounts: DirectoryAccountStore, use: Callable[[PersonalAccounts], None], event_log: EventLog, wakeup: Wakeup
) -> None:
    """Pass on what was decided whenever it changes, until `wakeup` is stopped."""
    seen: object = None
    while not wakeup.stopped:
        try:
            mark = await accounts.mark()
            if mark != seen:
                use(await read_personal_accounts(accounts))
                seen = mark
        except StoreDown:
            event_log.store_lost("accounts")
        await wakeup.rest(EVERY)
