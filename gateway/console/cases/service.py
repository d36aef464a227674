"""Cases at the console: who may see and change them, and what happened in each. Notes are entries of the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.console.messages.mask_names import covered_cases, of_case, with_heads
from gateway.console.messages.names import Names
from gateway.console.messages.reveal_names import opened as opened_names
from gateway.console.messages.reveal_names import record
from gateway.console.service import Desk
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import (
    MAX_MESSAGES,
    OUTCOMES,
    SEVERITIES,
    CaseDraft,
    CaseFile,
    LegalHold,
    case_changes,
    note_entry,
)
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.escalation import Escalation
from gateway.core.review.views import Trace

PAGE = 100
"""Cases of one page of a list."""
_CLOSED = "This case is closed: open it again first."


@dataclass(frozen=True, slots=True)
class CaseReading:
    """A case with its messages, what happened in it, and the legal holds on it."""

    file: CaseFile
    traces: Sequence[Trace]
    timeline: Sequence[AuditEntry]
    holds: dict[str, LegalHold]


async def found(desk: Desk, user: User, case_id: int) -> CaseFile:
    """A case that this person may see. Raises a Problem: unknown, another building's, or about themselves."""
    await desk.need(user, Right.CONTENT, f"case-{case_id}")
    file = await desk.store.case(case_id) if 0 < case_id < 1 << 62 else None
    if file is None or not await desk.sees_case(user, file):
        raise Problem(404, f"There is no case {case_id} that you can see.")
    return file


async def changing(desk: Desk, user: User, case_id: int) -> CaseFile:
    """A case that this person may change."""
    await desk.need(user, Right.DECIDE, f"case-{case_id}")
    return await found(desk, user, case_id)


async def listed(desk: Desk, user: User, *, closed: bool, before: int = 1 << 62, limit: int = PAGE) -> list[CaseFile]:
    """Open or closed cases that this person may see, the newest first; fewer than `limit`: there are no more."""
    await desk.need(user, Right.CONTENT)
    seen: list[CaseFile] = []
    while len(seen) < limit:
        some = await desk.store.cases(closed=closed, before=before, limit=limit)
        seen += await desk.seen_of(user, some)
        if len(some) < limit:
            break
        before = some[-1].id
    return await covered_cases(desk, user, seen[:limit])


async def could_take(desk: Desk, user: User, message: str) -> list[CaseFile]:
    """The newest open cases that somebody could put a message into, as a list shows them."""
    return [file for file in await listed(desk, user, closed=False) if message not in file.messages]


async def opened(desk: Desk, user: User, draft: CaseDraft, messages: Sequence[str]) -> int:
    """Open a case about messages; its number."""
    await desk.need(user, Right.DECIDE)
    ids = list(dict.fromkeys(messages))
    if len(ids) > MAX_MESSAGES:
        raise Problem(422, f"A case has {MAX_MESSAGES} messages at most: open a second one.")
    for id_ in ids:
        await desk.deciding(user, id_, "case")
    now = await desk.store.now()
    made = CaseFile(0, draft.title, draft.severity, draft.assignee, None, user.name, now, now, messages=tuple(ids))
    await _check(desk, draft, made)
    detail = {"title": draft.title, "severity": draft.severity, "assignee": draft.assignee, "due_at": draft.due_at}
    return await desk.store.open_case(draft, user.name, ids, detail, await _address(desk, user, draft.assignee))


async def _check(desk: Desk, draft: CaseDraft, file: CaseFile) -> None:
    if not draft.title:
        raise Problem(422, "The case needs a title: a few words, without names.")
    if draft.severity not in SEVERITIES:
        raise Problem(422, f"The severity is one of {', '.join(SEVERITIES)}.")
    if not draft.assignee:
        return
    known = await desk.store.user(draft.assignee)
    fits = known is not None and known[0].disabled_at is None and known[0].may(Right.DECIDE)
    if known is None or not fits or not await desk.sees_case(known[0], replace(file, assignee=draft.assignee)):
        raise Problem(422, f"{draft.assignee} cannot work on this case: choose an account that sees its messages.")


async def _address(desk: Desk, user: User, assignee: str) -> str:
    """Where somebody is told that a case is theirs; "" for nobody, oneself, and accounts without an address."""
    known = await desk.store.user(assignee) if assignee not in ("", user.name) else None
    return Escalation((), (), desk.register).address(known[0]) if known is not None else ""


async def changed(desk: Desk, user: User, case_id: int, draft: CaseDraft) -> None:
    """Change title, severity, assignee and due time."""
    file = await changing(desk, user, case_id)
    await _check(desk, draft, file)
    detail = case_changes(file, draft)
    if not detail:
        return
    act = AuditEntry(await desk.store.now(), user.name, "case changed", file.subject, detail)
    to = await _address(desk, user, draft.assignee) if draft.assignee != file.assignee else ""
    if not await desk.store.change_case(case_id, draft, act, to):
        raise Problem(409, _CLOSED)


async def added(desk: Desk, user: User, case_id: int, messages: Sequence[str]) -> tuple[str, ...]:
    """Put messages into a case; those that were not there."""
    file = await changing(desk, user, case_id)
    for id_ in messages:
        await desk.deciding(user, id_, "case")
    if len({*file.messages, *messages}) > MAX_MESSAGES:
        raise Problem(422, f"A case has {MAX_MESSAGES} messages at most: open a second one.")
    now = await desk.store.now()
    acts = [AuditEntry(now, user.name, "put into a case", id_, {"case": case_id}) for id_ in messages]
    acts.append(AuditEntry(now, user.name, "case changed", file.subject, {"added": list(messages)}))
    new = await desk.store.add_to_case(case_id, messages, user.name, acts)
    if not new:
        raise Problem(409, _CLOSED if file.outcome else "The message is in this case already.")
    return new


async def taken_out(desk: Desk, user: User, case_id: int, message: str) -> None:
    """Take a message out of a case; it stays in the audit log that it was there."""
    file = await changing(desk, user, case_id)
    now = await desk.store.now()
    acts = [
        AuditEntry(now, user.name, "taken out of a case", message, {"case": case_id}),
        AuditEntry(now, user.name, "case changed", file.subject, {"taken out": [message]}),
    ]
    if not await desk.store.take_from_case(case_id, message, acts):
        raise Problem(409, _CLOSED if file.outcome else "The message is not in this case.")


async def noted(desk: Desk, user: User, case_id: int, text: str) -> None:
    """Note something about a case, closed or not."""
    file = await changing(desk, user, case_id)
    if not text:
        raise Problem(422, "The note is empty: write something.")
    await desk.store.record([note_entry(await desk.store.now(), user.name, file.subject, text)])


async def ended(desk: Desk, user: User, case_id: int, outcome: str, reason: str) -> None:
    """Close a case with an outcome, or open it again with ""."""
    file = await changing(desk, user, case_id)
    if outcome and outcome not in OUTCOMES:
        raise Problem(422, f"The outcome is one of {', '.join(OUTCOMES)}.")
    if outcome and not reason:
        raise Problem(422, "Say in a few words how it ended: what was done, and who was told.")
    told = "case closed" if outcome else "case opened again"
    act = AuditEntry(await desk.store.now(), user.name, told, file.subject, {"outcome": outcome, "reason": reason})
    if not await desk.store.end_case(case_id, outcome, user.name, act):
        raise Problem(409, "It is closed with this outcome already." if outcome else "This case is open.")


async def reading(desk: Desk, user: User, case_id: int) -> CaseReading:
    """A case with everything that its page shows."""
    file = await found(desk, user, case_id)
    named = await desk.store.named(file.messages)
    traces = [named[id_] for id_ in file.messages if id_ in named]
    linked, waiting = await desk.store.acts_of([file.subject, *file.messages])
    acts = sorted((*(each.act for each in linked), *waiting), key=lambda act: act.at)
    return CaseReading(file, traces, acts, dict(await desk.store.holds(file.messages)))


async def names_of(desk: Desk, user: User, found: CaseReading) -> Names:
    """The people of a case, as somebody sees them."""
    return await _people(desk, user, found.file, {each.id: each for each in found.traces})


async def _people(desk: Desk, user: User, file: CaseFile, traces: Mapping[str, Trace]) -> Names:
    if not desk.hides(user) or await opened_names(desk, user, file.subject):
        return Names(desk.register)
    names = of_case(desk, file.messages, traces)
    await with_heads(desk, [(names, traces[id_]) for id_ in file.messages if id_ in traces])
    return names


async def shown(desk: Desk, user: User, case_id: int) -> CaseFile:
    """A case as its page shows it: with the names in its title covered, unless they stand open to this person."""
    file = await found(desk, user, case_id)
    if not desk.hides(user):
        return file
    names = await _people(desk, user, file, await desk.store.named(file.messages))
    return replace(file, title=names.hide(file.title))


async def open_names(desk: Desk, user: User, case_id: int, reason: str) -> None:
    """Open the names of a case to somebody who may see it."""
    await record(desk, user, (await found(desk, user, case_id)).subject, reason)


# --- legal holds -----------------------------------------------------------------------------------------------------


async def hold(desk: Desk, user: User, messages: Sequence[str], reason: str) -> tuple[str, ...]:
    """Put messages under legal hold; those that were not."""
    if not reason:
        raise Problem(422, "A legal hold needs a reason, such as the matter it is for.")
    for id_ in messages:
        await desk.deciding(user, id_, "legal hold")
    now = await desk.store.now()
    holds = [LegalHold(id_, reason, user.name, now) for id_ in messages]
    acts = [AuditEntry(now, user.name, "legal hold placed", id_, {"reason": reason}) for id_ in messages]
    return await desk.store.place_holds(holds, acts)


async def lift(desk: Desk, user: User, messages: Sequence[str], reason: str) -> tuple[str, ...]:
    """Lift legal holds: directors only, for what goes afterwards does not come back."""
    if not user.sees_every_building:
        raise Problem(403, "Only a technology director lifts a legal hold.")
    if not reason:
        raise Problem(422, "Say why the legal hold is lifted.")
    for id_ in messages:
        await desk.deciding(user, id_, "legal hold")
    now = await desk.store.now()
    return await desk.store.lift_holds(
        messages, [AuditEntry(now, user.name, "legal hold lifted", id_, {"reason": reason}) for id_ in messages]
    )
