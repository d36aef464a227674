"""Changes of the register of tools: registering, asking for one, and removing it, each with its audit entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.core.policy.decision import AuditEntry
from gateway.core.serialization.json_fields import rfc3339
from gateway.core.tools.register import Tool, ToolState

ToolChange = Callable[[Tool | None], tuple[Tool, AuditEntry] | None]
"""From the current row of a domain, None without one, to the new row and its audit entry; None changes nothing."""


@dataclass(frozen=True, slots=True)
class ToolDraft:
    """What somebody writes about a tool. None leaves a value as it is; "" clears it. See Tool."""

    domain: str
    name: str | None = None
    owner: str | None = None
    building: str | None = None
    administrator_access: str | None = None
    access_since: float | None = None
    review_at: float | None = None
    until: float | None = None


def register_tool(draft: ToolDraft, by: str, now: float) -> ToolChange:
    """Register a tool, or change it. Without administrator access it stays requested."""

    def change(old: Tool | None) -> tuple[Tool, AuditEntry] | None:
        written = _written(draft, old)
        state = ToolState.REGISTERED if written.administrator_access else ToolState.REQUESTED
        since = _access_since(written, old, now) if draft.access_since is None else draft.access_since
        tool = replace(written, state=state, access_since=since)
        if tool == old:
            return None
        was = ToolState.REMOVED if old is None else old.state
        act = "tool changed" if was is state else f"tool {state.value}"
        if state is ToolState.REQUESTED and not tool.requested_by:
            tool = replace(tool, requested_by=by, requested_at=now)
        return _signed(tool, act, by, now)

    return change


def request_tool(draft: ToolDraft, by: str, now: float) -> ToolChange:
    """Ask for a tool to be registered. Nothing changes if that was asked before, or if it is registered."""

    def change(old: Tool | None) -> tuple[Tool, AuditEntry] | None:
        if old is not None and (old.state is ToolState.REQUESTED or old.is_in_force(now)):
            return None
        written = replace(
            _written(draft, old), state=ToolState.REQUESTED, administrator_access="", access_since=None,
            until=None, review_at=None, requested_by=by, requested_at=now,
        )  # fmt: skip
        return _signed(written, "tool requested", by, now)

    return change


def remove_tool(by: str, now: float) -> ToolChange:
    """Remove a tool, or decline the request for it. Its row stays, so that the policy file does not import it again."""

    def change(old: Tool | None) -> tuple[Tool, AuditEntry] | None:
        if old is None or old.state is ToolState.REMOVED:
            return None
        act = "tool request declined" if old.state is ToolState.REQUESTED else "tool removed"
        return _signed(replace(old, state=ToolState.REMOVED), act, by, now)

    return change


def _written(draft: ToolDraft, old: Tool | None) -> Tool:
    """The tool with what the draft says; what it leaves out stays, unless the tool was removed."""
    base = old if old is not None and old.state is not ToolState.REMOVED else Tool(draft.domain, draft.domain)
    texts = ("name", "owner", "building", "administrator_access")
    given = {name: value for name in texts if (value := getattr(draft, name)) is not None}
    dates = {name: value for name in ("review_at", "until") if (value := getattr(draft, name)) is not None}
    return replace(base, **{**given, **dates, "name": given.get("name") or base.name})


def _access_since(tool: Tool, old: Tool | None, now: float) -> float | None:
    if not tool.administrator_access:
        return None
    if old is None or old.state is ToolState.REMOVED or old.administrator_access != tool.administrator_access:
        return now
    return now if old.access_since is None else old.access_since


def _signed(tool: Tool, act: str, by: str, now: float) -> tuple[Tool, AuditEntry]:
    detail = {
        "name": tool.name, "owner": tool.owner, "building": tool.building, "access": tool.administrator_access,
        "until": "" if tool.until is None else rfc3339(tool.until),
    }  # fmt: skip
    return replace(tool, changed_by=by, changed_at=now), AuditEntry(now, by, act, tool.domain, detail)
