"""Case reminders: the assignee of a due case is notified once per step; after a day, directors are, too."""

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

_BATCH = 500
_DAY = 86400.0


async def remind_of_cases(
    cases: CaseStore, reminders: ReminderStore, chain: Escalation, now: float, before: float
) -> None:
    """Remind of open cases that are due within `before` seconds, or overdue. Repeats every day."""
    found: dict[tuple[str, str], tuple[CaseFile, int]] = {}
    for file in await cases.due_before(now + before, _BATCH):
        due = file.due_at or 0.0
        if (level := due_level(due, now, before, _DAY)) is not None:
            found[file.subject, f"due:{int(due)}:{level}"] = file, level
    reminded = await reminders.reminded({subject for subject, _ in found})
    new = [step for step in found if step not in reminded]
    if not new:
        return
    traces = await cases.traces({id_ for step in new for id_ in found[step][0].messages})

    def notices(steps: Sequence[tuple[str, str]]) -> tuple[list[Followup], list[AuditEntry]]:
        followups, entries = [], []
        for step in steps:
            file, level = found[step]
            messages = [pairs_and_addresses(traces[id_]) for id_ in file.messages if id_ in traces]
            to = list(chain.recipients_for_case(level, file.assignee, messages))
            if not to:
                continue
            due = rfc3339(file.due_at or now)
            body = {"to": to, "at": rfc3339(now), "case": file.id, "due_at": due, "level": level}
            followups.append(Followup(FollowupKind.CASE, file.subject, body))
            act = "escalated" if level > 1 else "reminded"
            entries.append(AuditEntry(now, "gateway", act, file.subject, {"to": to, "level": level}))
        return followups, entries

    await reminders.remind(new, notices)


def pairs_and_addresses(trace: Trace) -> tuple[Relation, Sequence[str]]:
    """The staff-student pairs and the addresses of a message."""
    addresses = (trace.sender, *(copy.address for copy in trace.recipients))
    return trace.relation, [address for address in addresses if address]
