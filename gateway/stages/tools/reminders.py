"""Tool reminders: directors hear of requests, and owners of reviews and ends of registrations, each step once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.core.accounts.account import AccountRole
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.escalation import Escalation
from gateway.core.serialization.json_fields import rfc3339
from gateway.core.tools.register import Tool, ToolState
from gateway.ports.review import ReminderStore
from gateway.ports.tools import ToolStore

_DAY = 86400.0
_BEFORE_END = (30, 7, 0)
_BEFORE_REVIEW = (14, 0)
"""Days before the end of a registration, and before a review, at which people are reminded."""
_LATEST = 30 * _DAY
"""Seconds after a date in which its reminder is still sent, for a gateway that was down."""


@dataclass(frozen=True, slots=True)
class _Reminder:
    """One step about a tool. `about`: "requested", "until" or "review", with its time."""

    tool: Tool
    about: str
    at: float
    days: int = 0

    @property
    def step(self) -> tuple[str, str]:
        """The step as it is stored, so that it is sent once."""
        return f"tool:{self.tool.domain}", f"{self.about}:{int(self.at)}:{self.days}"


async def remind_of_tools(
    tools: ToolStore, reminders: ReminderStore, chain: Escalation, now: float, fallback: Sequence[str]
) -> None:
    """Remind of requests that nobody has decided, and of registrations that end or are due for review."""
    found = {item.step: item for tool in await tools.all() for item in _due(tool, now)}
    if not found:
        return
    reminded = await reminders.reminded({subject for subject, _ in found})
    new = [step for step in found if step not in reminded]
    if not new:
        return
    directors = chain.addresses(user for user in chain.users if user.role is AccountRole.TECHNOLOGY_DIRECTOR)

    def notices(steps: Sequence[tuple[str, str]]) -> tuple[list[Followup], list[AuditEntry]]:
        followups, entries = [], []
        for step in steps:
            item = found[step]
            to = _recipients(item, directors, fallback, chain.directory)
            if not to:
                continue
            body = {
                "to": to, "at": rfc3339(now), "domain": item.tool.domain, "about": item.about,
                "on": rfc3339(item.at), "past": item.at <= now,
            }  # fmt: skip
            followups.append(Followup(FollowupKind.TOOL, "", body))
            entries.append(AuditEntry(now, "gateway", "reminded", item.tool.domain, {"to": to}))
        return followups, entries

    await reminders.remind(new, notices)


def _due(tool: Tool, now: float) -> Iterator[_Reminder]:
    """The reminders of a tool that are due."""
    if tool.state is ToolState.REQUESTED:
        yield _Reminder(tool, "requested", tool.requested_at or tool.changed_at)
    if tool.state is not ToolState.REGISTERED:
        return
    for about, at, steps in (("until", tool.until, _BEFORE_END), ("review", tool.review_at, _BEFORE_REVIEW)):
        if at is None or now - at > _LATEST:
            continue
        passed = [days for days in steps if at - now <= days * _DAY]
        if passed:
            yield _Reminder(tool, about, at, min(passed))


def _recipients(
    item: _Reminder, directors: Sequence[str], fallback: Sequence[str], directory: ConsoleDirectory
) -> list[str]:
    """The directors; for a registration also its owner and the last addresses, which also stand in for directors."""
    if item.about == "requested":
        return list(directors or fallback)
    return list(dict.fromkeys((*_owner(item.tool, directory), *directors, *fallback)))


def _owner(tool: Tool, directory: ConsoleDirectory) -> tuple[str, ...]:
    """The address of the owner, if the register has it or the roster knows the person."""
    person = directory.by_id(tool.owner) or (directory.person(tool.owner) if "@" in tool.owner else None)
    if person is not None and person.address:
        return (person.address,)
    return (tool.owner,) if "@" in tool.owner and " " not in tool.owner.strip() else ()
