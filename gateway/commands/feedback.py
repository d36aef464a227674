"""`chaperone feedback`: exports decisions of people as labeled examples to train and measure classifiers."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace

from gateway.assembly.factories import open_store
from gateway.commands.context import actor, load_settings
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.feedback import decision_example, help_example, work_example
from gateway.ports.content import ReadHere, read_detail
from gateway.settings.model import Settings

_PAGE = 200
_HERE = ReadHere()


def run(options: Namespace) -> int:
    """Export the examples."""
    return asyncio.run(_export(load_settings(options)))


async def _export(settings: Settings) -> int:
    """Print a row for each message that a person decided or acknowledged, and each alert that a person judged.

    The export is recorded in the audit log, because content leaves the store.
    """
    count, calls, looked_at, after = 0, 0, 0, ""
    async with open_store(settings) as store:
        while ids := await store.lookups.reviewed_ids(after, _PAGE):
            for id_ in ids:
                detail = await store.lookups.detail(id_)
                row = None if detail is None else decision_example(await read_detail(_HERE, detail))
                if row is not None:
                    count += 1
                    print(json.dumps(row, ensure_ascii=False))
            after = ids[-1]
        after = ""
        while judged := await store.help_alerts.judgments(after, _PAGE):
            for id_, right in judged:
                detail = await store.lookups.detail(id_)
                row = None if detail is None else help_example(await read_detail(_HERE, detail), right)
                if row is not None:
                    calls += 1
                    print(json.dumps(row, ensure_ascii=False))
            after = judged[-1][0]
        place = ("", "")
        while answered := await store.flags.answered(place, _PAGE):
            for id_, item in answered:
                detail = await store.lookups.detail(id_)
                if detail is None or item.outcome is None:
                    continue
                row = work_example(await read_detail(_HERE, detail), item.kind, item.outcome, item.clauses)
                if row is not None:
                    looked_at += 1
                    print(json.dumps(row, ensure_ascii=False))
            place = (answered[-1][0], answered[-1][1].kind.value)
        counted = {"messages": count, "calls": calls, "looked_at": looked_at}
        await store.audit.record([AuditEntry(await store.clock.now(), actor(), "feedback exported", "", counted)])
    print(
        f"{count} decided messages" + f", {calls} calls for help" * bool(calls)
        + f", {looked_at} acknowledged messages" * bool(looked_at), file=sys.stderr,
    )  # fmt: skip
    return 0
