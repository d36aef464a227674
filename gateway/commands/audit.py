"""`chaperone audit`: the hash chain of the audit log, checked or exported."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace

from gateway.assembly.choices import open_store
from gateway.commands.opening import settings_of
from gateway.core.audit import verify
from gateway.core.fault import Refusal
from gateway.settings import Settings
from gateway.stages.upkeep import UNLINKED_LIMIT

_PAGE = 5000


def run(given: Namespace) -> int:
    """Verify or export."""
    settings = settings_of(given)
    return asyncio.run(_verify(settings) if given.deed == "verify" else _export(settings))


async def _verify(settings: Settings) -> int:
    checked, previous = 0, None
    async with open_store(settings) as store:
        while rows := await store.audit_rows(checked, _PAGE):
            broken = verify(rows, previous)
            if broken is not None:
                raise Refusal(f"audit verify: broken at row {broken.number}: {broken.why}; keep the store as evidence")
            checked, previous = rows[-1].number, rows[-1]
        unlinked = (await store.backlog()).unlinked_for
    if unlinked > UNLINKED_LIMIT:
        raise Refusal(
            f"audit verify: rows stay unchained for {unlinked:.0f} s; check that a process with the role decide runs"
        )
    print(f"audit chain valid: {checked} rows")
    return 0


async def _export(settings: Settings) -> int:
    after = 0
    async with open_store(settings) as store:
        while rows := await store.audit_rows(after, _PAGE):
            for each in rows:
                sys.stdout.write(json.dumps(each.document(), ensure_ascii=False, sort_keys=True) + "\n")
            after = rows[-1].number
    return 0
