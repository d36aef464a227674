"""Of which messages the author was told that they wait; written, and asked for, in the transaction of a decision."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.policy.decision import Transition
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.messages import followups as followup_rows
from gateway.store.schema.senders import waiting_notices

_ADD = batch_insert(waiting_notices, ignore_existing=True)
_TOLD = Statement(lambda sql: select(waiting_notices.c.message_id).where(sql.among(waiting_notices.c.message_id)))


def write(db: Database, transitions: Sequence[Transition]) -> None:
    """Write whose authors are told, and the follow-ups for those who were told before."""
    told = [
        {"message_id": followup.message, "at": db.now}
        for transition in transitions
        for followup in transition.followups
        if followup.kind is FollowupKind.WAITING
    ]
    if told:
        db.batch(_ADD, told)
    ending = [transition for transition in transitions if transition.if_told]
    if not ending:
        return
    ids = sorted({followup.message for transition in ending for followup in transition.if_told})
    known = {row[0] for row in db.rows(_TOLD, ids=ids)}
    for transition in ending:
        found: list[Followup] = [followup for followup in transition.if_told if followup.message in known]
        if found:
            followup_rows.write(db, found, transition.delay)
