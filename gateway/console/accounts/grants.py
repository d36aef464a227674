"""Content for auditors at the console: granted by a director, with a reason and an end; whoever reads is on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.console.service import Desk
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.accounts.grant import GRANT_DURATIONS, Grant
from gateway.core.cases.case import case_number
from gateway.core.policy.decision import AuditEntry
from gateway.core.serialization.json_fields import rfc3339

MOST = 200
"""Grants of one page of the list."""


async def auditors(desk: Desk) -> list[User]:
    """The accounts to which content can be granted."""
    return [
        each for each in await desk.store.users() if each.role is AccountRole.AUDITOR and each.disabled_at is None
    ]  # fmt: skip


async def listed(desk: Desk, user: User, *, before: int = 1 << 62, limit: int = MOST) -> Sequence[Grant]:
    """Every grant, the newest first; an auditor sees the own ones that hold. Raises a Problem."""
    await desk.need(user, Right.AUDIT)
    if user.role is AccountRole.AUDITOR:
        return [each for each in await desk.store.granted_to(user.name) if each.id < before][:limit]
    return await desk.store.grants(before, limit)


async def granted(desk: Desk, user: User, to: str, about: str, lasts: str, reason: str) -> int:
    """Let an auditor read a message, a case, or with "" everything, for a while; its number. Raises a Problem."""
    await _director(desk, user, "grant content")
    seconds = GRANT_DURATIONS.get(lasts)
    if seconds is None:
        raise Problem(422, f"Choose how long it is granted for: {', '.join(GRANT_DURATIONS)}.")
    if to not in {each.name for each in await auditors(desk)}:
        raise Problem(422, f"{to or 'Nobody'} is no auditor: content is granted to accounts of that role.")
    if not reason:
        raise Problem(422, "Say what the auditor needs it for: it goes into the audit log.")
    if not await _there(desk, about):
        raise Problem(422, f"There is no message and no case {about[:64]}: take the id from its page.")
    now = await desk.store.now()
    grant = Grant(to, about, user.name, reason, now, now + seconds)
    detail = {"to": to, "what": about or "everything", "until": rfc3339(grant.until), "reason": reason}
    return await desk.store.grant(grant, AuditEntry(now, user.name, "content granted", about or to, detail))


async def ended(desk: Desk, user: User, number: int) -> Grant:
    """End a grant before its time. Raises a Problem where there is none in force."""
    await _director(desk, user, "end a grant")
    grant = await desk.store.granted(number) if 0 < number < 1 << 62 else None
    if grant is None:
        raise Problem(404, "There is no such grant.")
    now = await desk.store.now()
    act = AuditEntry(now, user.name, "content grant ended", grant.subject or grant.user, {"to": grant.user})
    if not await desk.store.end_grant(number, user.name, act):
        raise Problem(409, "This grant has ended already.")
    return replace(grant, ended_at=now, ended_by=user.name)


async def _there(desk: Desk, about: str) -> bool:
    number = case_number(about)
    if number is not None:
        return await desk.store.case(number) is not None
    return not about or bool(await desk.store.trace(id=about))


async def _director(desk: Desk, user: User, deed: str) -> None:
    await desk.need(user, Right.DECIDE)
    if user.role is not AccountRole.TECHNOLOGY_DIRECTOR:
        await desk.store.record([AuditEntry(await desk.store.now(), user.name, "access refused", "", {"to": deed})])
        raise Problem(403, "Only a technology director grants content to an auditor.")
