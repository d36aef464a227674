"""A console whose policy requires two people."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

from pytest_asyncio import fixture as async_fixture

from gateway.core.messages.delivery import State
from gateway.core.messages.message import Message
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import ClauseReviewRules
from tests.console.district import policy
from tests.console.running_console import RunningConsole, running_console


def two_person_policy() -> Policy:
    """The shipped policy; clause 7a requires two people, and a reason to release."""
    shipped = policy()
    rules = ClauseReviewRules(two_people=frozenset({"release", "reject"}), reason=frozenset({"release"}))
    return replace(shipped, clauses={**shipped.clauses, "7a": replace(shipped.clauses["7a"], review_rules=rules)})


async def recipient_states(console: RunningConsole, name: str) -> set[State]:
    """The states of the copies of a message of the district."""
    (trace,) = await console.store.lookups.trace(id=console.id(name))
    return {recipient.state for recipient in trace.recipients}


@async_fixture(loop_scope="session")
async def strict_world(
    sqlite_district: tuple[Path, Mapping[str, Message]], tmp_path: Path
) -> AsyncIterator[RunningConsole]:
    """A console with this policy."""
    file, messages = sqlite_district
    async with running_console(
        f"sqlite:///{shutil.copy(file, tmp_path)}", messages, in_force=two_person_policy
    ) as running:
        yield running
