"""Rows of the audit log as somebody may read them: of what they have a part in, that something happened and no more.

Where names are hidden they are covered here as on the page of the message or case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.console.messages.mask_names import covered_rows
from gateway.console.service import Desk
from gateway.core.accounts.account import User
from gateway.core.audit.chain import ChainedEntry
from gateway.core.cases.case import case_number
from gateway.core.policy.authorization import family_ids, person_id_of
from gateway.core.policy.decision import AuditEntry

WITHHELD = "withheld"
WHY = "You, or your own child, have a part in what this row is about: others can read it."


async def readable(desk: Desk, user: User, rows: Sequence[ChainedEntry]) -> list[ChainedEntry]:
    """Rows, those withheld that are about a message which they have a part in, or about a case with such a message."""
    rows = await covered_rows(desk, user, rows)
    if not family_ids(person_id_of(user, desk.register), desk.register):
        return rows
    apart = await _apart(desk, user, {each.act.subject for each in rows if each.act.subject})
    told = {"why": WHY}
    return [
        replace(each, act=AuditEntry(each.act.at, "", WITHHELD, "", told)) if each.act.subject in apart else each
        for each in rows
    ]


async def _apart(desk: Desk, user: User, subjects: set[str]) -> set[str]:
    numbers = {subject: number for subject in subjects if (number := case_number(subject)) is not None}
    files = {subject: await desk.store.case(number) for subject, number in numbers.items()}
    messages = {subject: file.messages for subject, file in files.items() if file is not None}
    traces = await desk.store.named(subjects | {id_ for each in messages.values() for id_ in each})
    parts = {id_ for id_, trace in traces.items() if desk.in_part(user, trace)}
    return parts | {subject for subject, each in messages.items() if not parts.isdisjoint(each)}
