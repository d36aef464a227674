"""`chaperone feedback`: what people decided, as labelled examples to train and measure classifiers with."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace

from gateway.assembly.factories import open_store
from gateway.commands.context import actor, settings_of
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.feedback import call_example_of, example_of
from gateway.settings.model import Settings

_PAGE = 200


def run(given: Namespace) -> int:
    """Export."""
    return asyncio.run(_export(settings_of(given)))


async def _export(settings: Settings) -> int:
    """A row per message that a person decided, and per alert that one judged, on standard output.

    That content left the store is audited.
    """
    count, calls, after = 0, 0, ""
    async with open_store(settings) as store:
        while ids := await store.judged(after, _PAGE):
            for each in ids:
                explained = await store.explained(each)
                row = None if explained is None else example_of(explained)
                if row is not None:
                    count += 1
                    print(json.dumps(row, ensure_ascii=False))
            after = ids[-1]
        after = ""
        while judged := await store.judged_calls(after, _PAGE):
            for each, right in judged:
                explained = await store.explained(each)
                row = None if explained is None else call_example_of(explained, right)
                if row is not None:
                    calls += 1
                    print(json.dumps(row, ensure_ascii=False))
            after = judged[-1][0]
        await store.record(
            [AuditEntry(await store.now(), actor(), "feedback exported", "", {"messages": count, "calls": calls})]
        )
    print(f"{count} decided messages" + f", {calls} calls for help" * bool(calls), file=sys.stderr)
    return 0
