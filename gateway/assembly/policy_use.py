"""The policy that a process works with: the last version of the store, and the policy file as one of its authors.

The file is the first version. Afterwards it becomes a version when it has changed, at a start or on SIGHUP, and then
wins over what was published. A file that has not changed leaves in force what was published since.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

from gateway.assembly.console import read_adopted_policy
from gateway.assembly.factories import load_policy, policy_of_version, policy_source
from gateway.assembly.process import Process
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.policy import Policy
from gateway.core.policy_versions.version import FILE, NewPolicy, PublishedPolicy
from gateway.observability.events import EventLog
from gateway.ports.messages import StoreDown
from gateway.ports.store import Store
from gateway.settings.model import Settings
from gateway.stages.policy_versions.in_force import EVERY, PolicyInForce, take_over_file
from gateway.stages.wakeup import Wakeup


class PolicyUse:
    """The policy of one process. A process that `decides` takes over the file before it decides anything."""

    def __init__(self, process: Process, *, decides: bool, shows: bool) -> None:
        self._process, self._decides, self._shows = process, decides, shows
        self._settings = process.settings
        self._has_taken_file = not decides
        store = process.store
        self._in_force = PolicyInForce(
            store.policy_versions, store.clock, process.event_log, self._read, self._use,
            process.policy,
        )  # fmt: skip

    async def at(self, now: float) -> Policy:
        """The policy in force at a time by the store's clock. Raises StoreDown if it is not known."""
        if not self._has_taken_file:
            await self._start()
        return await self._in_force.at(now)

    async def run(self, wakeup: Wakeup) -> None:
        """Follow the versions until `wakeup` is stopped."""
        while not self._has_taken_file and not wakeup.stopped:
            try:
                await self._start()
            except StoreDown:
                self._process.event_log.store_lost("policy")
                await wakeup.rest(EVERY)
        await self._in_force.run(wakeup)

    async def reload(self, settings: Settings) -> int:
        """Take over settings, a changed file and a changed text. Raises Fault and StoreDown."""
        policy = await asyncio.to_thread(load_policy, settings)
        adopted = await asyncio.to_thread(read_adopted_policy, settings) if self._shows else ""
        if settings.policy.no_verdict != self._settings.policy.no_verdict:
            self._in_force.forget()
        self._settings = settings
        process, before = self._process, (self._process.policy, self._process.adopted_policy)
        if self._decides and await self._take_over(policy, adopted) is not None:
            await self._put_on_record(policy.hash)
        process.adopted_policy = adopted
        await self._in_force.refresh()
        return int((process.policy, process.adopted_policy) != before)

    async def _start(self) -> None:
        await self._take_over(self._process.policy, self._process.adopted_policy)
        await self._in_force.refresh()
        await self._put_on_record(self._in_force.current.hash)
        self._has_taken_file = True

    async def _take_over(self, policy: Policy, adopted: str) -> PublishedPolicy | None:
        """Make the file a version if it has changed."""
        while (source := await asyncio.to_thread(policy_source, self._settings, policy)) is None:
            policy = await asyncio.to_thread(load_policy, self._settings)  # the file changed since it was read
        new = NewPolicy(policy.hash, source, FILE, lead=0, adopted=adopted, file_hash=policy.hash)
        return await take_over_file(self._process.store.policy_versions, new)

    async def _put_on_record(self, hash_: str) -> None:
        store = self._process.store
        await store.audit.record([AuditEntry(await store.clock.now(), "gateway", "policy in force", hash_)])

    def _read(self, version: PublishedPolicy) -> Policy:
        return policy_of_version(self._settings, version)

    def _use(self, policy: Policy) -> None:
        process = self._process
        process.policy = process.running.policy = policy
        process.event_log.versions_in_use(policy=policy.hash)


async def follow_policy(process: Process, *, decides: bool, shows: bool) -> PolicyUse:
    """Keep the policy in force in a process until it ends, and reload it with the process."""
    use, wakeup = PolicyUse(process, decides=decides, shows=shows), Wakeup()
    process.reloads.add("policy", use.reload)
    with suppress(StoreDown):  # then in the background: decisions wait for it, and relays use the file until then
        await use.at(await process.store.clock.now())
    await process.work(wakeup, policy=partial(use.run, wakeup))
    return use


class WorkerPolicy:
    """The policy of a process that only receives."""

    def __init__(self, settings: Settings, store: Store, event_log: EventLog) -> None:
        self.current, self._settings = load_policy(settings), settings
        self._in_force = PolicyInForce(
            store.policy_versions, store.clock, event_log,
            lambda version: policy_of_version(self._settings, version), self._use, self.current,
        )  # fmt: skip
        self.run = self._in_force.run

    async def reload(self, settings: Settings) -> int:
        """Take over settings. Raises StoreDown."""
        self._settings, before = settings, self.current
        self._in_force.forget()
        await self._in_force.refresh()
        return int(before != self.current)

    def _use(self, policy: Policy) -> None:
        self.current = policy
