"""The register of tools, and the use of unregistered ones, on every database."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action
from gateway.core.policy.tool_changes import ToolDraft, register_tool, remove_tool
from gateway.core.tools.register import Tool, ToolState, ToolUse
from gateway.ports.store import Store
from tests.contracts.messages import NOON, Clock, becomes, contact, decision, mail, verdict_on

DRAFT = ToolDraft("quiz.example", "Quíz", "D", "hs", "R", until=NOON + 60, review_at=NOON + 30)


async def test_tool_is_stored_with_its_audit_entry(store: Store) -> None:
    tool = await store.tools.change("quiz.example", register_tool(DRAFT, "ann", NOON))
    assert tool is not None
    assert await store.tools.find("quiz.example") == tool
    assert await store.tools.all() == [tool]
    assert await store.tools.change("quiz.example", register_tool(DRAFT, "bea", NOON)) is None
    removed = await store.tools.change("quiz.example", remove_tool("bea", NOON + 1))
    assert removed == await store.tools.find("quiz.example")
    entries = await store.audit_trail.changes_about("quiz.example", 9)
    assert [(entry.act, entry.actor) for entry in entries] == [("tool removed", "bea"), ("tool registered", "ann")]


async def test_tools_of_the_file_are_imported_once(store: Store, clock: Clock) -> None:
    file = [Tool(f"{name}.example", name, "D", "hs", "R") for name in "ab"]
    assert await store.tools.import_new(file, "gateway") == 2
    assert await store.tools.import_new(file, "gateway") == 0
    await store.tools.change("a.example", remove_tool("ann", NOON))
    assert await store.tools.import_new(file, "gateway") == 0
    assert [tool.state for tool in await store.tools.all()] == [ToolState.REMOVED, ToolState.REGISTERED]
    (kept,) = [tool for tool in await store.tools.all() if tool.domain == "b.example"]
    assert (kept.access_since, kept.changed_by, kept.is_in_force(NOON)) == (clock.now, "gateway", True)


async def test_of_changes_at_once_each_sees_the_one_before(store: Store) -> None:
    drafts = [ToolDraft("quiz.example", owner=str(number), administrator_access="R") for number in range(9)]
    done = await asyncio.gather(
        *(store.tools.change("quiz.example", register_tool(draft, "ann", NOON)) for draft in drafts)
    )
    assert None not in done
    acts = [entry.act for entry in await store.audit_trail.changes_about("quiz.example", 20)]
    assert sorted(acts) == ["tool changed"] * 8 + ["tool registered"]


async def test_use_is_counted_once_for_each_message_and_pair(store: Store) -> None:
    messages = [mail(), mail(NOON + 60, student="S2"), mail(NOON + 90)]
    for message in messages:
        await store.intake.accept(message, contact(message))
    for _ in range(2):  # a verdict that comes again changes nothing
        for message in messages:
            rule = becomes(State.QUEUED, decision(Action.FLAG, "2"))
            tools = ("quiz.example", "other") if message is messages[0] else ("quiz.example",)
            await store.dispositions.apply(
                [(message.id, lambda seen, rule=rule, on=message, tools=tools: replace(  # type: ignore[misc]
                    rule(seen), verdict=verdict_on(on) if seen.verdict is None else None, tools=tools
                ))]
            )  # fmt: skip
    assert await store.tools.uses() == [
        ToolUse("quiz.example", 3, 2, NOON, NOON + 90), ToolUse("other", 1, 1, NOON, NOON),
    ]  # fmt: skip
