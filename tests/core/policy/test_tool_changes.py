"""Changes of the register: each with its audit entry, and none twice."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.policy.tool_changes import ToolDraft, register_tool, remove_tool, request_tool
from gateway.core.tools.register import Tool, ToolState

NOW, LATER = 1_900_000_000.0, 1_900_086_400.0
DRAFT = ToolDraft("quiz.example", "Quiz", "D", "hs", "R", until=LATER)


def applied(change, old=None):
    found = change(old)
    return (None, "") if found is None else (found[0], found[1].act)


def test_tool_is_registered_with_access_since_now():
    tool, act = applied(register_tool(DRAFT, "ann", NOW))
    assert act == "tool registered"
    assert (tool.state, tool.access_since, tool.until, tool.changed_by) == (ToolState.REGISTERED, NOW, LATER, "ann")


def test_tool_without_access_is_only_requested():
    tool, act = applied(register_tool(ToolDraft("quiz.example"), "ann", NOW))
    assert (act, tool.state, tool.name) == ("tool requested", ToolState.REQUESTED, "quiz.example")
    approved, act = applied(register_tool(ToolDraft("quiz.example", administrator_access="R"), "bea", LATER), tool)
    assert (act, approved.requested_by, approved.access_since) == ("tool registered", "ann", LATER)


def test_change_keeps_what_is_not_said_and_the_same_twice_changes_nothing():
    tool, _ = applied(register_tool(DRAFT, "ann", NOW))
    assert applied(register_tool(DRAFT, "bea", LATER), tool) == (None, "")
    changed, act = applied(register_tool(ToolDraft("quiz.example", owner="E"), "bea", LATER), tool)
    assert (act, changed.owner, changed.name, changed.until, changed.access_since) == (
        "tool changed", "E", "Quiz", LATER, NOW,
    )  # fmt: skip


def test_request_for_a_registered_or_requested_tool_changes_nothing():
    tool, _ = applied(register_tool(DRAFT, "ann", NOW))
    assert applied(request_tool(DRAFT, "lee", NOW), tool) == (None, "")
    asked, act = applied(request_tool(DRAFT, "lee", LATER), tool)  # its registration has ended
    assert (act, asked.state, asked.administrator_access, asked.until) == (
        "tool requested", ToolState.REQUESTED, "", None,
    )  # fmt: skip
    assert applied(request_tool(DRAFT, "max", LATER), asked) == (None, "")


def test_removed_tool_keeps_its_row_and_comes_back_as_new():
    tool, _ = applied(register_tool(DRAFT, "ann", NOW))
    removed, act = applied(remove_tool("bea", LATER), tool)
    assert (act, removed.state) == ("tool removed", ToolState.REMOVED)
    assert applied(remove_tool("bea", LATER), removed) == applied(remove_tool("bea", LATER)) == (None, "")
    again, act = applied(register_tool(ToolDraft("quiz.example", administrator_access="R"), "ann", LATER), removed)
    assert (act, again.owner, again.until, again.access_since) == ("tool registered", "", None, LATER)
    declined = applied(remove_tool("bea", LATER), replace(Tool("b.example", "b"), state=ToolState.REQUESTED))
    assert declined[1] == "tool request declined"
