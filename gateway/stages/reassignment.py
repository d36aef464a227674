"""What somebody had who decides no more, disabled or without the role, is free again; their building is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.core.accounts.account import RIGHTS, Right
from gateway.core.cases.case import CaseFile, case_subject
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.escalation import Escalation
from gateway.core.review.views import Trace
from gateway.core.serialization.wire import rfc3339
from gateway.ports.accounts import OrphanedWork, ReassignmentStore
from gateway.ports.cases import CaseStore
from gateway.stages.case_reminders import parts_of

_MOST = 500
"""Messages and cases that are handed back at once."""
_EVERY = 3600.0
_DECIDING = frozenset(role.value for role, rights in RIGHTS.items() if Right.DECIDE in rights)
_WHY = "the account decides no more"


class Reassignment:
    """Looks when accounts have changed, at its start, and once an hour: to look takes a while in a large store."""

    def __init__(self, reassignment: ReassignmentStore, cases: CaseStore) -> None:
        self._reassignment, self._cases = reassignment, cases
        self._seen: frozenset[str] | None = None
        self._again = 0.0

    async def look(self, chain: Escalation, now: float) -> None:
        """Take held messages and open cases from accounts that decide no more, and tell of each once."""
        unable = frozenset(
            each.name for each in chain.users if each.disabled_at is not None or not each.may(Right.DECIDE)
        )
        if unable == self._seen and now < self._again:
            return
        while await _hand_back(self._reassignment, self._cases, chain, now):
            pass
        self._seen, self._again = unable, now + _EVERY


async def _hand_back(reassignment: ReassignmentStore, cases: CaseStore, chain: Escalation, now: float) -> bool:
    """Some of it; whether there may be more."""
    given = await reassignment.orphaned(_DECIDING, _MOST)
    if not given:
        return False
    files = {number: file for number, _ in given.cases if (file := await cases.find(number)) is not None}
    named = {id_ for id_, _ in given.messages} | {id_ for file in files.values() for id_ in file.messages}
    traces = await cases.traces(named)

    def left(free: OrphanedWork) -> tuple[list[Followup], list[AuditEntry]]:
        told: dict[str, tuple[list[list[object]], list[int]]] = {}
        acts = []
        for id_, holder in free.messages:
            to = chain.of_left([parts_of(traces[id_])]) if id_ in traces else ()
            for address in to:
                told.setdefault(address, ([], []))[0].append([id_, _due(traces[id_])])
            acts.append(_act(now, "given back", id_, holder, {"to": ""}, to))
        for number, holder in free.cases:
            to = _of_case(files.get(number), traces, chain)
            for address in to:
                told.setdefault(address, ([], []))[1].append(number)
            acts.append(_act(now, "case changed", case_subject(number), holder, {"assignee": ""}, to))
        letters = [
            Followup(
                FollowupKind.FREE, "", {"to": [address], "at": rfc3339(now), "messages": messages, "cases": cases}
            )
            for address, (messages, cases) in told.items()
        ]  # fmt: skip
        return letters, acts

    return bool(await reassignment.unassign(given, left))


def _of_case(file: CaseFile | None, traces: Mapping[str, Trace], chain: Escalation) -> tuple[str, ...]:
    if file is None:
        return ()
    return chain.of_left([parts_of(traces[id_]) for id_ in file.messages if id_ in traces], file.opened_by)


def _act(
    now: float, act: str, subject: str, holder: str, detail: dict[str, object], told: Sequence[str]
) -> AuditEntry:  # fmt: skip
    return AuditEntry(now, "gateway", act, subject, {**detail, "from": holder, "reason": _WHY, "told": list(told)})


def _due(trace: Trace) -> str | None:
    due = min((each.due_at for each in trace.recipients if each.state == "held" and each.due_at), default=None)
    return None if due is None else rfc3339(due)
