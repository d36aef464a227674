"""Claims of deliveries from their claimed rows. A message that cannot be read is set aside, and the others are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from gateway.core.messages.delivery import Claim, Claimed, Outcome
from gateway.core.messages.message import Message
from gateway.core.messages.work import Unreadable, WorkItem, WorkStage
from gateway.core.serialization.outcomes import decode_outcome
from gateway.store.engine.columns import UNDECODABLE, read_message
from gateway.store.engine.dialects import Database, Row, Statement
from gateway.store.messages import outbox
from gateway.store.schema import messages as schema
from gateway.store.schema.work import work_failures

_w = work_failures.c
_KNOWN_OUTCOMES = Statement(
    lambda sql: select(_w.item, _w.body).where(
        sql.among(_w.message_id), _w.stage == schema.lit(WorkStage.DELIVERY), _w.body != schema.lit("")
    )
)


@dataclass(frozen=True, slots=True)
class ClaimedRows:
    """Claimed recipients of one message.

    The columns of `rows`: position, attempts, start of the delivery lifetime, when the sender was warned, and
    optionally the last reply.
    """

    message_id: str
    token: str
    at: float
    rows: tuple[Row, ...]


def in_order(claims: Iterable[Claim | Unreadable]) -> list[Claim | Unreadable]:
    """Claims in the order of acceptance, after what could not be read."""

    def key(claim: Claim | Unreadable) -> tuple[float, str]:
        return (0.0, "") if isinstance(claim, Unreadable) else (claim.message.received_at, claim.message.id)

    return sorted(claims, key=key)


def read_claim(
    claimed: ClaimedRows, read: Callable[[], Message], known: Mapping[str, Outcome]
) -> Claim | Unreadable:  # fmt: skip
    """The claim of one message. `known`: outcomes of earlier attempts, by work item."""
    try:
        message = read()
        recipients = message.envelope.recipients
        due = tuple(
            Claimed(recipients[at], attempts, queued_at, at, warned_at is not None, *reply)
            for at, attempts, queued_at, warned_at, *reply in claimed.rows
        )
        ended = {
            recipients[at].address: known[item]
            for at, *_ in claimed.rows
            if (item := f"{claimed.message_id}/{at}") in known
        }
        return Claim(claimed.token, message, due, claimed.at, ended)
    except UNDECODABLE as error:
        items = [
            WorkItem(WorkStage.DELIVERY, f"{claimed.message_id}/{at}", claimed.message_id, claimed.token)
            for at, *_ in claimed.rows
        ]
        return Unreadable(tuple(items), error)


def load_claims(
    db: Database, claimed: Sequence[ClaimedRows], cached: Mapping[str, Message]
) -> list[Claim | Unreadable]:
    """Claims with their messages, of which some are cached, and with outcomes that could not be recorded before."""
    missing = sorted({rows.message_id for rows in claimed} - cached.keys())
    stored = {row[0]: row for row in outbox.load_rows(db, missing)} if missing else {}
    ids = sorted({rows.message_id for rows in claimed if any(attempts for _, attempts, *_ in rows.rows)})
    bodies = db.rows(_KNOWN_OUTCOMES, ids=ids) if ids else []
    known = {item: outcome for item, body in bodies if (outcome := decode_outcome(body)) is not None}

    def reader(id_: str) -> Callable[[], Message]:
        return lambda: cached[id_] if id_ in cached else read_message(stored[id_])

    return in_order(read_claim(rows, reader(rows.message_id), known) for rows in claimed)
