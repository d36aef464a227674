"""The store of contact over time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from sqlalchemy import bindparam, func, select, text

from gateway.core.contact.person import PersonContact, RaisedMessage
from gateway.core.messages.conversation import conversation_id
from gateway.ports.contact import LogRules, PairContact, StoredFinding
from gateway.store.contact import usual as usual_rows
from gateway.store.contact.findings import read_finding
from gateway.store.contact.histories import read_row
from gateway.store.contact.log import RebuildPage, rebuild
from gateway.store.contact.people import contact_of_person, raised_of_pair
from gateway.store.contact.usual import UsualOfWeek
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import contact as contact_tables
from gateway.store.schema import messages as schema

_x, _f, _u = schema.contacts.c, contact_tables.contact_findings.c, contact_tables.contact_usual.c
_ROWS = Statement(
    lambda sql: (
        select(_x.at, _x.local, _x.by_staff, _x.alone, _x.outside, _x.channel, _x.marks, _x.purpose)
        .where(_x.conversation == bindparam("conversation"), text("alone + outside > 0"), _x.at >= bindparam("since"))
        .order_by(_x.at, _x.message_id)
    )
)
_TOTAL = Statement(
    lambda sql: select(func.count()).where(_x.conversation == bindparam("conversation"), _x.at >= bindparam("since"))
)
_FINDING_COLUMNS = (_f.message_id, _f.at, _f.clause, _f.rule, _f.text, _f.flags)
_FINDINGS = Statement(
    lambda sql: (
        select(*_FINDING_COLUMNS)
        .where(_f.conversation == bindparam("conversation"), _f.at >= bindparam("since"))
        .order_by(_f.at, _f.message_id, _f.clause, _f.rule)
    )
)
_OF_MESSAGE = Statement(
    lambda sql: (
        select(*_FINDING_COLUMNS).where(_f.message_id == bindparam("id")).order_by(_f.conversation, _f.clause, _f.rule)
    )
)
_USUAL = Statement(
    lambda sql: (
        select(_u.weeks, _u.median, _u.high, _u.school_weeks, _u.school_median, _u.school_high)
        .where(_u.staff == bindparam("staff"))
        .order_by(_u.week.desc())
        .limit(schema.lit(1))
    )
)
_REBUILD = Write(rebuild, rank=2)
_WRITE_USUAL = Write(usual_rows.write, rank=2)
_FORGET_USUAL = Write(usual_rows.forget, rank=2)


def _pair(db: Database, staff: str, student: str, since: float) -> PairContact:
    conversation = conversation_id(staff, student)
    rows = tuple(read_row(*row) for row in db.rows(_ROWS, conversation=conversation, since=since))
    total = int(db.rows(_TOTAL, conversation=conversation, since=since)[0][0])
    findings = tuple(read_finding(*row) for row in db.rows(_FINDINGS, conversation=conversation, since=since))
    usual = next((usual_rows.of_row(row) for row in db.rows(_USUAL, staff=staff)), None)
    return PairContact(rows, total, usual, findings)


class SqlContactStore(FeatureStore):
    """See gateway.ports.contact.ContactStore."""

    async def pair(self, staff: str, student: str, since: float) -> PairContact:
        """See gateway.ports.contact.ContactStore."""
        return await self._readers.read(partial(_pair, staff=staff, student=student, since=since))

    async def person(self, person: str, *, by_staff: bool, since: float) -> PersonContact:
        """See gateway.ports.contact.ContactStore."""
        return await self._readers.read(partial(contact_of_person, person=person, by_staff=by_staff, since=since))

    async def raised(self, staff: str, student: str, since: float) -> Sequence[RaisedMessage]:
        """See gateway.ports.contact.ContactStore."""
        conversation = conversation_id(staff, student)
        return await self._readers.read(partial(raised_of_pair, conversation=conversation, since=since))

    async def findings_of(self, message_id: str) -> Sequence[StoredFinding]:
        """See gateway.ports.contact.ContactStore."""
        rows = await self._readers.read(lambda db: db.rows(_OF_MESSAGE, id=message_id))
        return tuple(read_finding(*row) for row in rows)

    async def update_usual(self, week: int, schools: Callable[[str], Collection[str]]) -> bool:
        """See gateway.ports.contact.ContactStore."""
        if await self._readers.read(partial(usual_rows.is_done, week=week)):
            return False
        weekly = await self._readers.read(partial(usual_rows.weekly_counts, week=week))
        await self._writer.write(_WRITE_USUAL, UsualOfWeek(week, weekly, schools))
        return True

    async def forget_usual(self) -> None:
        """See gateway.ports.contact.ContactStore."""
        await self._writer.write(_FORGET_USUAL, None)

    async def rebuild(self, rules: LogRules, behind: str, since: float, limit: int) -> tuple[str, int, int]:
        """See gateway.ports.contact.ContactStore."""
        page = await self._writer.write(_REBUILD, RebuildPage(behind, since, limit, rules))
        return page.last, page.messages, page.changed
