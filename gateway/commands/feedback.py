"""`chaperone feedback`: what people decided, as labelled examples to train and measure classifiers with."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace

from gateway.assembly.choices import open_store
from gateway.commands.opening import actor, settings_of
from gateway.core.decision import Act
from gateway.core.feedback import call_of, example_of
from gateway.settings import Settings

_PAGE = 200


def run(given: Namespace) -> int:
    """Export."""
    return asyncio.run(_export(settings_of(given)))


async def _export(settings: Settings) -> int:
    """A row per message that a person decided, or per alert whose case is closed; that content left is audited."""
    count, after, before = 0, "", 1 << 62
    async with open_store(settings) as store:
        while ids := await store.judged(after, _PAGE):
            for each in ids:
                explained = await store.explained(each)
                row = None if explained is None else example_of(explained)
                if row is not None:
                    count += 1
                    print(json.dumps(row, ensure_ascii=False))
            after = ids[-1]
        while files := await store.cases(closed=True, before=before, limit=_PAGE):
            for id_, outcome in {id_: file.outcome for file in files for id_ in file.messages}.items():
                called = await store.explained(id_)
                row = None if called is None else call_of(called, outcome)
                if row is not None:
                    count += 1
                    print(json.dumps(row, ensure_ascii=False))
            before = files[-1].id
        await store.record([Act(await store.now(), actor(), "feedback exported", "", {"messages": count})])
    print(f"{count} decided messages", file=sys.stderr)
    return 0
