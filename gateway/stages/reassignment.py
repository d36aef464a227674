"""Reassignment: free the messages and cases of accounts that can no longer decide, and notify their building."""

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
from gateway.stages.case_reminders import pairs_and_addresses

_BATCH = 500
"""Messages and cases that are freed at once."""
_CHECK_EVERY = 3600.0
_DECIDING = frozenset(role.value for role, rights in RIGHTS.items() if Right.DECIDE in rights)
_REASON = "the account can no longer decide"


class Reassignment:
    """Checks at the start, when accounts have changed, and once an hour: a check is slow in a large store."""

    def __init__(self, reassignment: ReassignmentStore, cases: CaseStore) -> None:
        self._reassignment, self._cases = reassignment, cases
        self._checked: frozenset[str] | None = None
        self._check_at = 0.0

    async def check(self, chain: Escalation, now: float) -> None:
        """Unassign held messages and open cases of accounts that can no longer decide, and notify of each once."""
        unable = frozenset(
            user.name for user in chain.users if user.disabled_at is not None or not user.may(Right.DECIDE)
        )
        if unable == self._checked and now < self._check_at:
            return
        while await _unassign(self._reassignment, self._cases, chain, now):
            pass
        self._checked, self._check_at = unable, now + _CHECK_EVERY


async def _unassign(reassignment: ReassignmentStore, cases: CaseStore, chain: Escalation, now: float) -> bool:
    """Unassign one batch. True if there may be more."""
    orphaned = await reassignment.orphaned(_DECIDING, _BATCH)
    if not orphaned:
        return False
    files = {number: file for number, _ in orphaned.cases if (file := await cases.find(number)) is not None}
    named = {id_ for id_, _ in orphaned.messages} | {id_ for file in files.values() for id_ in file.messages}
    traces = await cases.traces(named)

    def notices(free: OrphanedWork) -> tuple[list[Followup], list[AuditEntry]]:
        by_address: dict[str, tuple[list[list[object]], list[int]]] = {}
        entries = []
        for id_, holder in free.messages:
            to = chain.recipients_for_unassigned([pairs_and_addresses(traces[id_])]) if id_ in traces else ()
            for address in to:
                by_address.setdefault(address, ([], []))[0].append([id_, _due(traces[id_])])
            entries.append(_act(now, "given back", id_, holder, {"to": ""}, to))
        for number, holder in free.cases:
            to = _of_case(files.get(number), traces, chain)
            for address in to:
                by_address.setdefault(address, ([], []))[1].append(number)
            entries.append(_act(now, "case changed", case_subject(number), holder, {"assignee": ""}, to))
        followups = [
            Followup(
                FollowupKind.FREE, "", {"to": [address], "at": rfc3339(now), "messages": messages, "cases": cases}
            )
            for address, (messages, cases) in by_address.items()
        ]  # fmt: skip
        return followups, entries

    return bool(await reassignment.unassign(orphaned, notices))


def _of_case(file: CaseFile | None, traces: Mapping[str, Trace], chain: Escalation) -> tuple[str, ...]:
    if file is None:
        return ()
    return chain.recipients_for_unassigned(
        [pairs_and_addresses(traces[id_]) for id_ in file.messages if id_ in traces], file.opened_by
    )


def _act(
    now: float, act: str, subject: str, holder: str, detail: dict[str, object], notified: Sequence[str]
) -> AuditEntry:  # fmt: skip
    return AuditEntry(
        now, "gateway", act, subject, {**detail, "from": holder, "reason": _REASON, "told": list(notified)}
    )


def _due(trace: Trace) -> str | None:
    due = min((copy.due_at for copy in trace.recipients if copy.state == "held" and copy.due_at), default=None)
    return None if due is None else rfc3339(due)
