"""Cases that are due: who works on them is told, once of each step, and directors from a day later on."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.cases.case import CaseFile
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.parties import Relation
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.escalation import Escalation
from gateway.core.policy.review_rules import due_level
from gateway.core.review.views import Trace
from gateway.core.serialization.wire import rfc3339
from gateway.ports.cases import CaseStore
from gateway.ports.review import ReminderStore

_MOST = 500
_DAY = 86400.0


async def tell_of_cases(
    cases: CaseStore, reminders: ReminderStore, chain: Escalation, now: float, before: float
) -> None:
    """Tell of open cases whose due time comes within `before` seconds, or has passed; again every day."""
    found: dict[tuple[str, str], tuple[CaseFile, int]] = {}
    for file in await cases.due_before(now + before, _MOST):
        due = file.due_at or 0.0
        if (at := due_level(due, now, before, _DAY)) is not None:
            found[file.subject, f"due:{int(due)}:{at}"] = file, at
    told = await reminders.reminded({subject for subject, _ in found})
    new = [step for step in found if step not in told]
    if not new:
        return
    traces = await cases.traces({id_ for step in new for id_ in found[step][0].messages})

    def letters(steps: Sequence[tuple[str, str]]) -> tuple[list[Followup], list[AuditEntry]]:
        followups, acts = [], []
        for step in steps:
            file, at = found[step]
            to = list(
                chain.of_case(at, file.assignee, [parts_of(traces[id_]) for id_ in file.messages if id_ in traces])
            )
            if not to:
                continue
            due = rfc3339(file.due_at or now)
            body = {"to": to, "at": rfc3339(now), "case": file.id, "due_at": due, "level": at}
            followups.append(Followup(FollowupKind.CASE, file.subject, body))
            did = "escalated" if at > 1 else "reminded"
            acts.append(AuditEntry(now, "gateway", did, file.subject, {"to": to, "level": at}))
        return followups, acts

    await reminders.remind(new, letters)


def parts_of(trace: Trace) -> tuple[Relation, Sequence[str]]:
    """The pairs and the addresses of a message."""
    return trace.relation, [each for each in (trace.sender, *(to.address for to in trace.recipients)) if each]
