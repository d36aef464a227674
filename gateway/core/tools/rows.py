"""Tools as rows of JSON, for the API and the terminal."""

from __future__ import annotations

from datetime import tzinfo

from gateway.core.serialization.json_fields import rfc3339
from gateway.core.tools.dates import day_of, written_end
from gateway.core.tools.known import KNOWN, NAME_BY_DOMAIN
from gateway.core.tools.register import Tool, ToolUse


def tool_row(tool: Tool, now: float, zone: tzinfo) -> dict[str, object]:
    """One tool of the register. `until` is a day, or a time where the registration does not end with a day."""
    return {
        "domain": tool.domain,
        "name": tool.name,
        "owner": tool.owner,
        "building": tool.building,
        "administrator_access": tool.administrator_access,
        "access_since": None if tool.access_since is None else day_of(tool.access_since, zone),
        "review": None if tool.review_at is None else day_of(tool.review_at, zone),
        "until": None if tool.until is None else written_end(tool.until, zone),
        "state": tool.state.value,
        "in_force": tool.is_in_force(now),
        "requested_by": tool.requested_by,
        "changed_by": tool.changed_by,
        "changed_at": rfc3339(tool.changed_at),
    }


def use_row(use: ToolUse) -> dict[str, object]:
    """The use of one tool that is not registered. `domain` is "" where only its name was written."""
    is_domain = "." in use.tool
    return {
        "domain": use.tool if is_domain else "",
        "name": NAME_BY_DOMAIN.get(use.tool, "") if is_domain else name_of(use.tool),
        "messages": use.messages,
        "pairs": use.pairs,
        "first_seen": rfc3339(use.first_at),
        "last_seen": rfc3339(use.last_at),
    }


def name_of(slug: str) -> str:
    """A name that people recognize for the slug of one."""
    return next((name for name in KNOWN if name.lower().replace(" ", "") == slug), slug.capitalize())
