"""The tables, with one schema for SQLite and PostgreSQL. Times are seconds since 1970, flags 0 or 1, JSON is text.

A row of `messages` is written once and never changed, so that it can serve as the lock of its message. What a message
says (content, subject, excerpt) is in `contents`, because it expires and the rest stays.
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
    sqlite_with_rowid=False,
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

audit = Table(  # not linked while `number` is null
    "audit",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("at", Double, nullable=False),
    Column("actor", TEXT, nullable=False),
    Column("act", TEXT, nullable=False),
    Column("subject", TEXT, nullable=False),
    Column("detail", TEXT, nullable=False),  # JSON
    Column("written_at", Double, nullable=False),  # by the store's clock
    Column("number", BigInteger),
    Column("previous", TEXT),
    Column("hash", TEXT),
)
Index("ix_audit_number", audit.c.number, unique=True)
Index("ix_audit_subject", audit.c.subject, audit.c.id)
Index(
    "ix_audit_unlinked",
    audit.c.id,
    sqlite_where=audit.c.number.is_(None),
    postgresql_where=audit.c.number.is_(None),
)

audit_head = Table(  # one row: the last linked entry, so that entries missing at the end are noticed
    "audit_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", TEXT, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("title", TEXT, nullable=False),
    Column("severity", TEXT, nullable=False),
    Column("assignee", TEXT, nullable=False),  # empty: nobody
    Column("due_at", Double),
    Column("opened_by", TEXT, nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("outcome", TEXT, nullable=False),  # empty: open
    Column("closed_by", TEXT, nullable=False),
    Column("closed_at", Double),
)
case_messages = Table(
    "case_messages",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("case_id", BigInteger, primary_key=True),
    Column("added_by", TEXT, nullable=False),
    Column("added_at", Double, nullable=False),
)
Index("ix_case_messages_case", case_messages.c.case_id)
legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("message_id", TEXT, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("placed_by", TEXT, nullable=False),
    Column("placed_at", Double, nullable=False),
)
Index("ix_legal_holds_message", legal_holds.c.message_id)

users = Table(
    "users",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("password_hash", TEXT),  # null: signs in with OIDC only
    Column("role", TEXT, nullable=False),
    Column("buildings", TEXT, nullable=False),  # JSON: sourcedIds of orgs
    Column("person", TEXT, nullable=False),  # sourcedId, empty for none
    Column("created_at", Double, nullable=False),
    Column("disabled_at", Double),
    Column("subject", TEXT, nullable=False, server_default=""),  # the `sub` claim of the sign-in service
    Column("by_groups", SmallInteger, nullable=False, server_default="0"),  # its role comes from the service's groups
)
Index("ix_users_subject", users.c.subject)
tokens = Table(
    "tokens",
    metadata,
    Column("hash", TEXT, primary_key=True),
    Column("user_name", TEXT, nullable=False),
    Column("scope", TEXT, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("used_at", Double),  # to the minute
)
Index("ix_tokens_user", tokens.c.user_name)
sessions = Table(
    "sessions",
    metadata,
    Column("hash", TEXT, primary_key=True),
    Column("user_name", TEXT, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("waits", SmallInteger, nullable=False, server_default="0"),  # for the second step of signing in
    Column("way", TEXT, nullable=False, server_default=""),  # how the account signed in
    Column("place", TEXT, nullable=False, server_default=""),  # where from, roughly
)
Index("ix_sessions_expires", sessions.c.expires_at)
Index("ix_sessions_user", sessions.c.user_name)
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("name", TEXT, nullable=False),  # hash of the name
    Column("client", TEXT, nullable=False),
    Column("at", Double, nullable=False),
)
Index("ix_sign_in_failures_name", sign_in_failures.c.name, sign_in_failures.c.at)
Index("ix_sign_in_failures_client", sign_in_failures.c.client, sign_in_failures.c.at)
Index("ix_sign_in_failures_at", sign_in_failures.c.at)
answers = Table(  # answers to requests with an idempotency key
    "answers",
    metadata,
    Column("user_name", TEXT, primary_key=True),
    Column("key", TEXT, primary_key=True),
    Column("request", TEXT, nullable=False),  # hash of the request
    Column("at", Double, nullable=False),
    Column("status", Integer),  # null: at work
    Column("body", TEXT),  # JSON
)
Index("ix_answers_at", answers.c.at)
