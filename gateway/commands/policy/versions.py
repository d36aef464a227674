"""`chaperone policy check|diff|publish|versions`: a policy on its way into force."""

from __future__ import annotations

import asyncio
import json
import secrets
from argparse import Namespace
from functools import partial
from pathlib import Path

from rich.table import Table
from rich.text import Text

from gateway import policies
from gateway.assembly.factories import load_policy, open_store, policy_source, read_policy_text
from gateway.assembly.stored_policy import policy_in_force
from gateway.commands.context import actor, load_roster, load_settings, local_time
from gateway.commands.tables import print_table
from gateway.core.fault import Fault, Refusal
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.policy import Policy
from gateway.core.policy_versions.rows import difference_row, version_row
from gateway.core.policy_versions.version import (
    FILE,
    LEAD,
    PROPOSAL_DAYS,
    NewPolicy,
    PolicyPeriod,
    PolicyProposal,
    PublishedPolicy,
    in_force_at,
)
from gateway.policies.checking import check_text, text_differences
from gateway.ports.store import Store
from gateway.settings.model import Settings
from gateway.stages.policy_versions.in_force import take_over_file


def check(options: Namespace) -> int:
    """Validate a policy, and name the rules that can never fire."""
    settings = load_settings(options)
    policy, source = _read(settings, options.policy)
    roster = load_roster(settings)
    buildings = {org for person in roster for org in roster.buildings_of(person.id)} if roster is not None else set()
    read = partial(read_policy_text, settings, where=str(options.policy or settings.policy.file or policies.SHIPPED))
    for note in check_text(source, read, settings.policy.mode, buildings).notes:
        print(f"warn {note}")
    print(f"ok policy {policy.reference}: {len(policy.clauses)} clauses, hash {policy.hash[:16]}")
    return 0


def diff(options: Namespace) -> int:
    """Say in words what a changed policy would change."""
    settings = load_settings(options)
    current = policy_in_force(settings)
    _, source = _read(settings, options.policy)
    found = text_differences(current.source, source)
    if options.json:
        print(json.dumps([difference_row(item) for item in found], ensure_ascii=False))
        return 0
    for item in found:
        print(item)
    if not found:
        print("nothing changes for anybody")
    return 0


def versions(options: Namespace) -> int:
    """List the versions of the policy, the newest first."""
    settings = load_settings(options)
    periods, now = asyncio.run(_periods(settings))
    if options.json:
        print(json.dumps([version_row(period, now) for period in periods], ensure_ascii=False))
        return 0
    table = Table("version", "author", "in force from", "until", "hash", "note", box=None, header_style="bold")
    for period in periods:
        author = f"{period.author}, {period.seconded_by}" if period.seconded_by else period.author
        until = "in force" if period.is_in_force(now) else local_time(period.until, settings.district.time_zone)
        table.add_row(
            str(period.number), Text(author), local_time(period.since, settings.district.time_zone), until,
            period.hash, Text(period.note),
        )  # fmt: skip
    print_table(table, empty="no version yet: no process that decides has started")
    return 0


def publish(options: Namespace) -> int:
    """Put a policy in force in all processes, or propose it where two people must agree."""
    settings = load_settings(options)
    policy, source = _read(settings, options.policy)
    print(asyncio.run(_publish(settings, policy, source, options.note, of_file=options.policy is None)))
    return 0


def _read(settings: Settings, file: Path | None) -> tuple[Policy, str]:
    """A policy file, or the configured one, with its text. Raises Fault."""
    while True:
        policy = load_policy(settings, file)
        if file is None:
            if (source := policy_source(settings, policy)) is not None:
                return policy, source
        else:
            source = file.read_bytes().decode()
            if policies.hash_of(source) == policy.hash:  # it did not change in between
                return policy, source


async def _periods(settings: Settings) -> tuple[list[PolicyPeriod], float]:
    async with open_store(settings) as store:
        return list(await store.policy_versions.periods()), await store.clock.now()


async def _publish(settings: Settings, policy: Policy, source: str, note: str, *, of_file: bool) -> str:
    async with open_store(settings) as store:
        current = await _newest(settings, store)
        if current.period.hash == policy.hash:
            return f"ok version {current.period.number} is this policy already: nothing changes"
        now, base = await store.clock.now(), current.period.number
        detail = {"version": base + 1, "reason": note}
        if settings.policy.publish_by > 1:
            proposal = PolicyProposal(
                secrets.token_hex(8), policy.hash, source, actor(), now, now + PROPOSAL_DAYS * 86400.0, note, base
            )
            entry = AuditEntry(now, actor(), "policy proposed", policy.hash, detail | {"proposal": proposal.id})
            await store.policy_proposals.add(proposal, entry)
            return (
                f"ok proposed as {proposal.id}: a technology director agrees on the page Policies within "
                f"{PROPOSAL_DAYS} days, as policy.publish_by asks for two people"
            )
        new = NewPolicy(policy.hash, source, actor(), note=note, file_hash=policy.hash if of_file else None)
        entry = AuditEntry(now, actor(), "policy published", policy.hash, detail)
        version = await store.policy_versions.publish(new, base, [entry])
    if version is None:
        raise Refusal("policy publish: somebody else published a version at the same moment; look at it, and try again")
    since = local_time(version.period.since, settings.district.time_zone)
    return f"ok version {version.period.number} is in force from {since}, in all processes within {LEAD + 5:.0f} s"


async def _newest(settings: Settings, store: Store) -> PublishedPolicy:
    """The newest version. Where no process has started yet, the policy file becomes the first one."""
    versions = store.policy_versions
    if (newest := in_force_at(await versions.current(), float("inf"))) is not None:
        return newest
    policy, source = _read(settings, None)
    await take_over_file(versions, NewPolicy(policy.hash, source, FILE, lead=0, adopted="", file_hash=policy.hash))
    newest = in_force_at(await versions.current(), float("inf"))
    if newest is None:
        raise Fault("policy publish: the store did not keep the policy; try again")
    return newest
