"""Cases that are due: who works on them is told, once of each step, and directors from a day later on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.console_ports import Cases
from gateway.console_ports import Reminders as Remembered
from gateway.core.casework import CaseFile
from gateway.core.chain import Chain
from gateway.core.decision import Act
from gateway.core.followup import Follow, Followup
from gateway.core.moderation import Trace
from gateway.core.parties import Relation
from gateway.core.review import level
from gateway.core.wire import rfc3339

_MOST = 500
_DAY = 86400.0


class Store(Cases, Remembered, Protocol):
    """What is asked of the store."""


async def tell_of_cases(store: Store, chain: Chain, now: float, before: float) -> None:
    """Tell of open cases whose due time comes within `before` seconds, or has passed; again every day."""
    found: dict[tuple[str, str], tuple[CaseFile, int]] = {}
    for file in await store.cases_due(now + before, _MOST):
        due = file.due_at or 0.0
        if (at := level(due, now, before, _DAY)) is not None:
            found[file.subject, f"due:{int(due)}:{at}"] = file, at
    told = await store.told({subject for subject, _ in found})
    new = [step for step in found if step not in told]
    if not new:
        return
    traces = await store.named({id_ for step in new for id_ in found[step][0].messages})

    def letters(steps: Sequence[tuple[str, str]]) -> tuple[list[Followup], list[Act]]:
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
            followups.append(Followup(Follow.CASE, file.subject, body))
            did = "escalated" if at > 1 else "reminded"
            acts.append(Act(now, "gateway", did, file.subject, {"to": to, "level": at}))
        return followups, acts

    await store.tell(new, letters)


def parts_of(trace: Trace) -> tuple[Relation, Sequence[str]]:
    """The pairs and the addresses of a message."""
    return trace.relation, [each for each in (trace.sender, *(to.address for to in trace.recipients)) if each]
