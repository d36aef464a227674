"""`chaperone feedback`: what people decided, as labelled examples to train and measure classifiers with."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace

from gateway.assembly.choices import open_store
from gateway.commands.opening import actor, settings_of
from gateway.core.decision import Act
from gateway.core.feedback import example_of
from gateway.settings import Settings

_PAGE = 200


def run(given: Namespace) -> int:
    """Export."""
    return asyncio.run(_export(settings_of(given)))


async def _export(settings: Settings) -> int:
    """A row per message that a person decided, on standard output; that content left the store is audited."""
    count, after = 0, ""
    async with open_store(settings) as store:
        while ids := await store.judged(after, _PAGE):
            for each in ids:
                explained = await store.explained(each)
                row = None if explained is None else example_of(explained)
                if row is not None:
                    count += 1
                    print(json.dumps(row, ensure_ascii=False))
            after = ids[-1]
        await store.record([Act(await store.now(), actor(), "feedback exported", "", {"messages": count})])
    print(f"{count} decided messages", file=sys.stderr)
    return 0
