"""The policy that a process works with: on record when it comes into force, and replaced as a whole on SIGHUP."""

from __future__ import annotations

import asyncio

from gateway.assembly.console import read_adopted_policy
from gateway.assembly.factories import load_policy, policy_source
from gateway.assembly.process import Process
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.policy import Policy
from gateway.settings.model import Settings


async def record_policy(process: Process, settings: Settings, policy: Policy) -> None:
    """Put on record that a policy is in force, with its text. Raises StoreDown."""
    store = process.store
    await store.audit.record([AuditEntry(await store.clock.now(), "gateway", "policy in force", policy.hash)])
    if (source := await asyncio.to_thread(policy_source, settings, policy)) is not None:
        await store.policy_versions.record(policy.hash, source, read_adopted_policy(settings))


def reload_policy_with(process: Process, *, decides: bool, shows: bool) -> None:
    """Reload the policy with the process, and the district's own text if it `shows` or records that.

    Each decision is made by one policy, and names it. The process that decides puts a new one on record before it uses
    it.
    """

    async def use_policy(settings: Settings) -> int:
        policy = await asyncio.to_thread(load_policy, settings)
        text = await asyncio.to_thread(read_adopted_policy, settings) if shows else ""
        if policy == process.policy and text == process.adopted_policy:
            return 0
        if decides:
            await record_policy(process, settings, policy)
        process.policy = process.running.policy = policy
        process.adopted_policy = text
        process.event_log.versions_in_use(policy=policy.hash)
        return 1

    process.reloads.add("policy", use_policy)
