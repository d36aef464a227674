"""The register of tools for commands: policy and store, read once."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from gateway.assembly.factories import open_store, store_file
from gateway.core.fault import Fault
from gateway.core.policy.policy import Policy
from gateway.core.tools.register import RegisterOverTime, Tool
from gateway.ports.messages import StoreDown
from gateway.settings.model import Settings


def stored_tools(settings: Settings) -> Sequence[Tool]:
    """The tools of the store, none where there is no store yet. If it cannot be read, print why to standard error."""
    file = store_file(settings)
    if file is not None and not file.exists():
        return ()
    try:
        return asyncio.run(_read(settings))
    except (Fault, StoreDown) as fault:
        print(f"without the register of tools: {fault}", file=sys.stderr)
        return ()


async def _read(settings: Settings) -> Sequence[Tool]:
    async with open_store(settings) as store:
        return await store.tools.all()


def with_tools(policy: Policy, tools: Sequence[Tool]) -> Policy:
    """A policy with the tools that are in force now."""
    return replace(policy, register=RegisterOverTime(tools, policy.tools).at(time.time()))
