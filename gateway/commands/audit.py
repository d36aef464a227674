"""`chaperone audit`: verifies or exports the hash chain of the audit log."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace

from gateway.assembly.factories import open_store
from gateway.commands.context import actor, load_settings
from gateway.core.audit.chain import ChainVerifier
from gateway.core.fault import Refusal
from gateway.core.policy.decision import AuditEntry
from gateway.settings.model import Settings
from gateway.stages.maintenance import UNLINKED_LIMIT, begin_chain

_PAGE = 5000


def run(options: Namespace) -> int:
    """Verify or export."""
    settings = load_settings(options)
    return asyncio.run(_verify(settings) if options.action == "verify" else _export(settings))


async def _verify(settings: Settings) -> int:
    async with open_store(settings) as store:
        begun = await begin_chain(store.audit)
        walk, more = begun or ChainVerifier(None), begun is not None
        while more:
            rows = await store.audit.rows(walk.number, _PAGE)
            broken, more = walk.page(rows), bool(rows)
            if broken is not None:
                raise Refusal(f"audit verify: broken at row {broken.number}: {broken.why}; keep the store as evidence")
        unlinked = (await store.lookups.backlog()).unlinked_for
    if unlinked > UNLINKED_LIMIT:
        raise Refusal(
            f"audit verify: rows are unlinked for {unlinked:.0f} s; check that a process with the role decide runs"
        )
    print(f"audit chain valid: {walk.number} rows{f', the last one {walk.hash}' if walk.number else ''}")
    return 0


async def _export(settings: Settings) -> int:
    after = 0
    async with open_store(settings) as store:
        await store.audit.record([AuditEntry(await store.clock.now(), actor(), "audit exported")])
        while rows := await store.audit.rows(after, _PAGE):
            for row in rows:
                sys.stdout.write(json.dumps(row.document(), sort_keys=True) + "\n")
            after = rows[-1].number
    return 0
