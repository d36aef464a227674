"""The policy with the tools in force: read from the store, imported from the policy file, the same while it is used."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client import CollectorRegistry

from gateway.core.policy.tool_changes import ToolDraft, register_tool, remove_tool
from gateway.core.tools.register import Tool
from gateway.observability.events import EventLog
from gateway.stages.tools.in_force import ToolsInForce
from tests.stages.reminder_run import ReminderRun

FILE = Tool("file.example", "File", "D", "hs", "R")


async def test_changes_of_the_register_are_seen_at_the_next_refresh(run: ReminderRun) -> None:
    tools, policy = run.store.tools, run.policy
    in_force = ToolsInForce(tools, run.store.clock, EventLog(CollectorRegistry()), lambda: policy)
    await in_force.refresh()
    before = in_force.policy()
    assert not before.allows_tool("quiz.example")
    draft = ToolDraft("quiz.example", administrator_access="R", until=run.now + 60)
    await tools.change("quiz.example", register_tool(draft, "ann", run.now))
    assert in_force.policy() is before
    await in_force.refresh()
    registered = in_force.policy()
    assert registered.allows_tool("www.quiz.example")
    assert not before.allows_tool("quiz.example")  # a decision that is being made keeps its policy
    await in_force.refresh()
    assert in_force.policy() is registered
    run.now += 61
    await in_force.refresh()
    assert not in_force.policy().allows_tool("quiz.example")


async def test_policy_file_is_imported_once_and_reloaded(run: ReminderRun) -> None:
    policy = replace(run.policy, tools=(FILE,))
    in_force = ToolsInForce(run.store.tools, run.store.clock, EventLog(CollectorRegistry()), lambda: policy)
    assert in_force.policy().allows_tool("file.example")
    await in_force.refresh()
    assert in_force.policy().allows_tool("file.example")
    await run.store.tools.change("file.example", remove_tool("ann", run.now))
    await in_force.refresh()
    assert not in_force.policy().allows_tool("file.example")
    policy = replace(policy, hash="another", tools=(FILE, replace(FILE, domain="new.example", name="New")))
    await in_force.refresh()
    reloaded = in_force.policy()
    assert reloaded.hash == "another"
    assert reloaded.allows_tool("new.example")
    assert not reloaded.allows_tool("file.example")
