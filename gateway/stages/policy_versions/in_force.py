"""The policy in force: the last version of the store, looked for every two seconds, the same in every process.

A version is published some seconds before it is in force. So every process knows it by then, and which version decides
depends only on the time by the store's clock. A version is read once and never changes.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.fault import Fault
from gateway.core.policy.policy import Policy
from gateway.core.policy_versions.version import LEAD, NewPolicy, PublishedPolicy, in_force_at
from gateway.observability.events import EventLog
from gateway.ports.clock import StoreClock
from gateway.ports.messages import StoreDown
from gateway.ports.review import PolicyVersionStore
from gateway.stages.wakeup import Wakeup

EVERY = 2.0
"""Seconds after which a new version is known in every process, at the latest."""

ReadPolicy = Callable[[PublishedPolicy], Policy]
"""A version as a policy, under this process's settings. Raises Fault if this version of the gateway cannot read it."""


class PolicyInForce:
    """The versions that are or will be in force. Until they are read, `first` is: the policy of the file.

    `use` is called whenever another policy comes into force. The policies are kept whole, and never changed.
    """

    def __init__(
        self, versions: PolicyVersionStore, clock: StoreClock, event_log: EventLog, read: ReadPolicy,
        use: Callable[[Policy], None], first: Policy,
    ) -> None:  # fmt: skip
        self._versions, self._clock, self._event_log = versions, clock, event_log
        self._read, self._use = read, use
        self._known: list[PublishedPolicy] = []
        self._policies: dict[int, Policy] = {}
        self._refused: set[int] = set()
        self._current, self._mark, self._read_at = first, -1, 0.0

    @property
    def current(self) -> Policy:
        """The policy that was in force at the last look."""
        return self._current

    async def at(self, now: float) -> Policy:
        """The policy in force at a time. Raises StoreDown if it is not known."""
        if self._mark < 0 or abs(now - self._read_at) > LEAD - EVERY / 2:  # a version might have been missed
            await self.refresh()
        return self._policy_at(now)

    async def refresh(self) -> None:
        """Look for new versions, and switch if another one is in force now. Raises StoreDown."""
        now, mark = await self._clock.now(), await self._versions.mark()
        if mark != self._mark:
            self._known = list(await self._versions.current())
            for version in self._known:
                self._take(version)
            numbers = {version.period.number for version in self._known}
            self._policies = {number: policy for number, policy in self._policies.items() if number in numbers}
            self._mark = mark
        self._read_at = now
        policy = self._policy_at(now)
        if policy is not self._current:
            self._current = policy
            self._use(policy)

    def forget(self) -> None:
        """Read the versions again at the next look: the settings have changed."""
        self._policies.clear()
        self._refused.clear()
        self._mark = -1

    def _take(self, version: PublishedPolicy) -> None:
        number = version.period.number
        if number in self._policies or number in self._refused:
            return
        try:
            self._policies[number] = self._read(version)
        except Fault as fault:  # written for a newer gateway: the version before stays in force here
            self._refused.add(number)
            self._event_log.kept("policy", str(fault))

    def _policy_at(self, now: float) -> Policy:
        readable = [version for version in self._known if version.period.number in self._policies]
        version = in_force_at(readable, now)
        return self._current if version is None else self._policies[version.period.number]

    def _rest(self) -> float:
        """Seconds until the next look: when another version comes into force, or as usual."""
        coming = [version.period.since - self._read_at for version in self._known]
        return min([EVERY, *(seconds for seconds in coming if seconds > 0)])

    async def run(self, wakeup: Wakeup) -> None:
        """Look for new versions until `wakeup` is stopped."""
        while not wakeup.stopped:
            try:
                await self.refresh()
            except StoreDown:
                self._event_log.store_lost("policy")
            await wakeup.rest(self._rest())


async def take_over_file(versions: PolicyVersionStore, new: NewPolicy) -> PublishedPolicy | None:
    """Publish the policy of the file at once if the file has changed since it was last taken over.

    A file that has not changed leaves in force what was published since. Returns the new version. Raises StoreDown.
    """
    while True:
        base = await versions.mark()
        last = await versions.published(base) if base else None
        if last is not None:
            same_text = new.adopted in (None, last.adopted)
            if last.file_hash == new.file_hash and same_text:
                return None
            if last.file_hash != new.file_hash and last.period.hash == new.hash and same_text:
                await versions.file_seen(base, new.file_hash or "")
                return None
            if last.file_hash == new.file_hash:  # only the district's text has changed: the policy in force stays
                new = NewPolicy(
                    last.period.hash, last.source, new.author, lead=0, adopted=new.adopted, file_hash=new.file_hash
                )  # fmt: skip
        if (version := await versions.publish(new, base, [])) is not None:
            return version
