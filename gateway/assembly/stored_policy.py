"""The policy in force for commands: the newest version of the store, or the file where there is no store yet."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass

from gateway.assembly.factories import load_policy, open_store, policy_of_version, policy_source, store_file
from gateway.core.fault import Fault
from gateway.core.policy.policy import Policy
from gateway.core.policy_versions.version import PublishedPolicy, in_force_at
from gateway.ports.messages import StoreDown
from gateway.settings.model import Settings


@dataclass(frozen=True, slots=True)
class PolicyToUse:
    """A policy with its text. `version` is None where it comes from the file.

    `file_changed`: the policy file has changed since it was taken over, and wins at the next start or SIGHUP.
    """

    policy: Policy
    source: str
    version: PublishedPolicy | None = None
    file_changed: bool = False


def policy_in_force(settings: Settings) -> PolicyToUse:
    """The policy in force. Raises Fault."""
    version = _stored(settings)
    if version is None:
        return _of_file(settings)
    try:
        changed = load_policy(settings).hash != version.file_hash
    except Fault:
        changed = True
    return PolicyToUse(policy_of_version(settings, version), version.source, version, changed)


def policy_to_try(settings: Settings) -> Policy:
    """What would decide a message after the next start: a file that has changed, or else the policy in force."""
    version = _stored(settings)
    file = load_policy(settings)
    return file if version is None or version.file_hash != file.hash else policy_of_version(settings, version)


def _of_file(settings: Settings) -> PolicyToUse:
    policy = load_policy(settings)
    while (source := policy_source(settings, policy)) is None:
        policy = load_policy(settings)  # it changed in between
    return PolicyToUse(policy, source)


def _stored(settings: Settings) -> PublishedPolicy | None:
    """The version in force; None where there is no store, or no version yet. Without the store, print why."""
    file = store_file(settings)
    if file is not None and not file.exists():
        return None
    try:
        return asyncio.run(_read(settings))
    except (Fault, StoreDown) as fault:
        print(f"without the published policy: {fault}", file=sys.stderr)
        return None


async def _read(settings: Settings) -> PublishedPolicy | None:
    async with open_store(settings) as store:
        return in_force_at(await store.policy_versions.current(), await store.clock.now())
