"""The tables on the way of a message, and what all tables share: one schema for SQLite and PostgreSQL.

Times are seconds since 1970, flags 0 or 1, JSON is text. A row of `messages` is written once and never changed, so that
it can serve as the lock of its message. What a message says (content, subject, excerpt) is in `contents`, because it
expires and the rest stays.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    func,
    literal_column,
    text,
)

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"},
)

TEXT = Text().with_variant(
    Text(collation="C"), "postgresql"
)  # comparing bytes is faster, and lower() acts as in SQLite
NUMBER = BigInteger().with_variant(Integer(), "sqlite")  # SQLite generates numbers only for an INTEGER key


def lit(value: str | int) -> ColumnElement[object]:
    """A constant written into the SQL: with a parameter, the planner could not use partial indexes."""
    text = str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
    return literal_column(text)


messages = Table(
    "messages",
    metadata,
    Column("id", TEXT, primary_key=True),
    Column("channel", TEXT, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("sender", TEXT, nullable=False),  # for lookups; the exact address is in the envelope
    Column("message_id", TEXT, nullable=False),
    Column("sha256", TEXT, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("tls", SmallInteger, nullable=False),
    Column("prefix", LargeBinary, nullable=False),
    Column("envelope", TEXT, nullable=False),  # JSON: sender, options, recipients with their options, pairs
    sqlite_with_rowid=False,
)
Index("ix_messages_message_id", messages.c.message_id)
Index("ix_messages_sender", func.lower(messages.c.sender))

contents = Table(
    "contents",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("subject", TEXT, nullable=False),
    Column("excerpt", TEXT, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

recipients = Table(
    "recipients",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("channel", TEXT, nullable=False),
    Column("domain", TEXT, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("next_attempt_at", Double),
    Column("token", TEXT),  # of its claim
    Column("attempts", Integer, nullable=False),
    Column("queued_at", Double),
    Column("changed_at", Double, nullable=False),
    Column("due_at", Double),
    Column("action", TEXT),
    Column("marked", SmallInteger, nullable=False),  # ever flagged, alerted or held
    Column("decided_by", TEXT, nullable=False),
    Column("decided_at", Double),
    Column("decision", TEXT),  # JSON
    Column("reply", TEXT, nullable=False),
    Column("size", BigInteger, nullable=False),  # of the message, for the sum of waiting bytes
    Column("address", TEXT, nullable=False),  # for lookups; the exact address is in the envelope
    Column("warned_at", Double),  # when the sender was told that the delivery is delayed
    sqlite_with_rowid=False,
)
WAITING = recipients.c.state.in_([lit("received"), lit("queued")])
"""Undecided or queued: these count against `store.max_waiting`."""

Index(
    "ix_recipients_due",
    recipients.c.channel,
    recipients.c.next_attempt_at,
    recipients.c.domain,
    sqlite_where=recipients.c.next_attempt_at.is_not(None),
    postgresql_where=recipients.c.next_attempt_at.is_not(None),
)
Index(
    "ix_recipients_waiting",
    recipients.c.message_id,
    recipients.c.state,
    recipients.c.size,
    sqlite_where=WAITING,
    postgresql_where=WAITING,
)
Index(
    "ix_recipients_held",
    recipients.c.due_at,
    sqlite_where=recipients.c.state == lit("held"),
    postgresql_where=recipients.c.state == lit("held"),
)
Index("ix_recipients_address", func.lower(recipients.c.address))
Index(
    "ix_recipients_marked",
    recipients.c.action,
    recipients.c.decided_at,
    sqlite_where=recipients.c.marked == lit(1),
    postgresql_where=recipients.c.marked == lit(1),
)

text_turns = Table(  # keeps the order of texts: a row for each conversation and direction of a recipient
    "texts",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("lane", TEXT, primary_key=True),  # conversation and direction
    Column("at", Double, nullable=False),
    Column("waiting", SmallInteger, nullable=False),  # its recipient is received or queued
    sqlite_with_rowid=False,
)
Index(
    "ix_texts_lane",
    text_turns.c.lane,
    text_turns.c.at,
    sqlite_where=text_turns.c.waiting == lit(1),
    postgresql_where=text_turns.c.waiting == lit(1),
)

text_parts = Table(  # the PDUs of texts over SMPP as they came, from the first part of a text on
    "text_parts",
    metadata,
    Column("message_id", TEXT, primary_key=True),  # the id that the message has, or will have
    Column("number", Integer, primary_key=True),
    Column("key", TEXT, nullable=False),  # common to the parts of one text; empty for a text of one part
    Column("total", Integer, nullable=False),
    Column("account", TEXT, nullable=False),
    Column("at", Double, nullable=False),
    Column("waiting", SmallInteger, nullable=False),  # 1: its text is incomplete; 2: it is a copy
    Column("command", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "ix_text_parts_waiting",
    text_parts.c.at,
    sqlite_where=text_parts.c.waiting == lit(1),
    postgresql_where=text_parts.c.waiting == lit(1),
)
Index(
    "ix_text_parts_key",
    text_parts.c.key,
    text_parts.c.at,
    sqlite_where=text_parts.c.key != lit(""),
    postgresql_where=text_parts.c.key != lit(""),
)
text_ids = Table(  # the SMSC's ids of sent parts: for receipts, and to send no part twice
    "text_ids",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("total", Integer, nullable=False),
    Column("account", TEXT, nullable=False),
    Column("given", TEXT, nullable=False),  # the SMSC's id, literally
    Column("name", TEXT, nullable=False),  # the same without leading zeros, in lower case
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_text_ids_name", text_ids.c.name)
Index("ix_text_ids_at", text_ids.c.at)

# A row for each message without a verdict. The verdict deletes it.
publications = Table(
    "publications",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("received_at", Double, nullable=False),
    Column("publish_at", Double),  # null: confirmed
    Column("place", TEXT),
    sqlite_with_rowid=False,
)
Index(
    "ix_publications_due",
    publications.c.received_at,
    publications.c.message_id,
    publications.c.publish_at,
    sqlite_where=publications.c.publish_at.is_not(None),
    postgresql_where=publications.c.publish_at.is_not(None),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("at", Double, nullable=False),
    Column("verdict", TEXT, nullable=False),  # JSON
    sqlite_with_rowid=False,
)
Index("ix_verdicts_at", verdicts.c.at)

contacts = Table(
    "contacts",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("conversation", TEXT, primary_key=True),
    Column("at", Double, nullable=False),
    Column("staff", TEXT, nullable=False),
    Column("student", TEXT, nullable=False),
    Column("by_staff", SmallInteger, nullable=False),  # the staff member wrote it
    Column("night", SmallInteger, nullable=False),
    Column("alone", SmallInteger, nullable=False),
    Column("outside", SmallInteger, nullable=False),
    Column("local", Integer),  # local minute; null: written by a version before 0.2, until rebuilt
    Column("channel", TEXT, nullable=False, server_default=""),
    Column("author", TEXT, nullable=False, server_default=""),  # of a student or of who is only claimed; "" for staff
    Column("marks", SmallInteger, nullable=False, server_default="0"),
    Column("purpose", TEXT, nullable=False, server_default=""),  # by the verdict
    sqlite_with_rowid=False,
)
COUNTED = text("alone + outside > 0")
"""One-to-one, or over a personal account: these rows are looked at one by one. Partial indexes need the same words."""

Index(
    "ix_contacts_counted",
    contacts.c.conversation,
    contacts.c.at,
    contacts.c.message_id,
    sqlite_where=COUNTED,
    postgresql_where=COUNTED,
)
Index(
    "ix_contacts_author",
    contacts.c.author,
    contacts.c.at,
    contacts.c.conversation,
    sqlite_where=contacts.c.author != lit(""),
    postgresql_where=contacts.c.author != lit(""),
)
Index(
    "ix_contacts_conversation",
    contacts.c.conversation,
    contacts.c.at,
    contacts.c.message_id,
    contacts.c.night,
    contacts.c.alone,
    contacts.c.outside,
)
Index("ix_contacts_at", contacts.c.at)
for _name, _side in (("ix_contacts_of_staff", contacts.c.staff), ("ix_contacts_of_student", contacts.c.student)):
    Index(_name, _side, contacts.c.at, sqlite_where=COUNTED, postgresql_where=COUNTED)  # for the pages of people
Index(
    "ix_contacts_staff",
    contacts.c.staff,
    contacts.c.at,
    contacts.c.student,
    sqlite_where=contacts.c.by_staff == lit(1),
    postgresql_where=contacts.c.by_staff == lit(1),
)

followups = Table(
    "followups",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("kind", TEXT, nullable=False),
    Column("message_id", TEXT, nullable=False),
    Column("body", TEXT, nullable=False),  # JSON
    Column("due_at", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
)
Index("ix_followups_due", followups.c.due_at, followups.c.id)
