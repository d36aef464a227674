"""A store with accounts, and reminders on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.core.policy.decision import AuditEntry
from gateway.store import open_store
from tests.console.district import roster
from tests.contracts.messages import Clock
from tests.stages.reminder_run import NOON, USERS, ReminderRun


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[ReminderRun]:
    clock = Clock(NOON)
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=clock) as store:
        made = ReminderRun(store, roster(), clock)
        for user in USERS:
            await store.accounts.add(user, "", AuditEntry(NOON, "tests", "account added", user.name))
        yield made
