"""Reads the messages of one day for its counts. Neither content nor findings are read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import bindparam, case, func, null, or_, select

from gateway.core.messages.delivery import State
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy.work_kinds import ReviewOutcome, WorkKind
from gateway.core.review.daily_counts import CountedCopy, CountedMessage
from gateway.store.engine.columns import decode_decision
from gateway.store.engine.dialects import Database, Row, Statement
from gateway.store.schema import messages as schema
from gateway.store.schema.flags import review_work

PAGE = 100
"""Messages that are read at once: other threads of the process wait for the interpreter meanwhile."""
_HEAD = 400
"""The characters of a verdict in which its language is: it comes before the findings."""
_LANGUAGE = re.compile(r'"language": ?"([A-Za-z-]{0,20})"')
_x, _r, _v, _w = schema.contacts.c, schema.recipients.c, schema.verdicts.c, review_work.c

_IDS = Statement(
    lambda sql: (
        select(_x.message_id, _x.at)
        .where(
            _x.at >= bindparam("since"), _x.at < bindparam("before"),
            or_(_x.at > bindparam("since_again"), _x.message_id > bindparam("behind")),
        )
        .group_by(_x.at, _x.message_id)
        .order_by(_x.at, _x.message_id)
        .limit(bindparam("limit"))
    )
)  # fmt: skip
_PAIRS = Statement(
    lambda sql: select(_x.message_id, _x.at, _x.staff, _x.student, _x.by_staff).where(sql.among(_x.message_id))
)
_COPIES = Statement(
    lambda sql: select(
        _r.message_id, _r.channel, _r.action, _r.state, _r.decided_by, _r.decided_at,
        case((_r.marked == schema.lit(1), _r.decision), else_=null()),
    ).where(sql.among(_r.message_id))
)  # fmt: skip
_LANGUAGES = Statement(
    lambda sql: select(_v.message_id, func.substr(_v.verdict, schema.lit(1), schema.lit(_HEAD))).where(
        sql.among(_v.message_id)
    )
)

_JUDGED = Statement(
    lambda sql: select(_w.message_id, _w.outcome).where(
        sql.among(_w.message_id), _w.kind == schema.lit(WorkKind.FLAG.value), _w.closed_at.is_not(None)
    )
)
_SHADOWED = Statement(
    lambda sql: select(_w.message_id).where(sql.among(_w.message_id), _w.kind == schema.lit(WorkKind.SHADOW.value))
)


def next_ids(db: Database, since: float, behind: str, before: float) -> list[tuple[str, float]]:
    """The next messages of a day behind a position (time and id), with the times of their acceptance."""
    rows = db.rows(_IDS, since=since, since_again=since, behind=behind, before=before, limit=PAGE)
    return [(row[0], row[1]) for row in rows]


def read_messages(db: Database, ids: list[str]) -> Iterator[CountedMessage]:
    """Some messages as counts need them."""
    copies, channels = defaultdict[str, list[CountedCopy]](list), dict[str, str]()
    shadowed = {row[0] for row in db.rows(_SHADOWED, ids=ids)}  # delivered in shadow mode: they were not held
    for id_, channel, action, *rest in db.rows(_COPIES, ids=ids):
        channels[id_] = channel
        if action is not None:
            would_hold = id_ in shadowed and action == Action.HOLD.value
            copies[id_].append(_copy(Action.RELEASE.value if would_hold else action, *rest))
    languages = {row[0]: _language(row[1]) for row in db.rows(_LANGUAGES, ids=ids)}
    judged = {row[0]: row[1] == ReviewOutcome.FINE.value for row in db.rows(_JUDGED, ids=ids)}
    pairs = defaultdict[str, list[Row]](list)
    for row in db.rows(_PAIRS, ids=ids):
        pairs[row[0]].append(row)
    for id_, rows in pairs.items():
        yield CountedMessage(
            rows[0][1], channels.get(id_, "unknown"),
            frozenset(Direction.STAFF_TO_STUDENT if row[4] else Direction.STUDENT_TO_STAFF for row in rows),
            languages.get(id_, ""), frozenset(person for row in rows for person in row[2:4]), tuple(copies[id_]),
            judged.get(id_),
        )  # fmt: skip


def _copy(action: str, state: str, by: str, at: float | None, decision: str | None) -> CountedCopy:
    clauses = decode_decision(decision).clauses if decision is not None else ()
    return CountedCopy(Action(action), State(state), by, at, clauses)


def _language(head: str) -> str:
    found = _LANGUAGE.search(head)
    return found[1] if found else ""
