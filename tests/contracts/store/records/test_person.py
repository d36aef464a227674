"""Everything that is kept about a person: no table is left out, and rows are found by id, address and account."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from gateway.core.messages.delivery import State
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.decision import Action, AuditEntry
from gateway.ports.store import Store
from gateway.store import schema
from gateway.store.records.kept import OF_PERSON, WITHOUT_PEOPLE, columns, of_messages
from gateway.store.schema.messages import metadata
from tests.contracts.messages import NOON, becomes, contact, decision, mail


def test_every_table_is_exported_or_says_why_not() -> None:
    """A new table is either one of messages, or is named in gateway.store.records.kept."""
    for module in pkgutil.iter_modules(schema.__path__):
        import_module(f"{schema.__name__}.{module.name}")
    by_message = {table.name for table, _ in of_messages()}
    named = by_message | OF_PERSON.keys() | WITHOUT_PEOPLE.keys()
    assert not metadata.tables.keys() - named
    assert not (OF_PERSON.keys() | WITHOUT_PEOPLE.keys()) - metadata.tables.keys()
    for name, compared in OF_PERSON.items():
        assert compared.keys() <= {column.name for column in metadata.tables[name].c}, name


def test_secrets_are_in_no_record() -> None:
    kept = {(name, column.name) for name in OF_PERSON for column in columns(metadata.tables[name])}
    words = ("password", "secret", "hash", "recovery", "public_key", "again")
    found = {(name, column) for name, column in kept if any(word in column for word in words)}
    assert found == {("policy_versions", "hash"), ("policy_versions", "file_hash"), ("policy_proposals", "hash")}


async def test_messages_are_found_by_every_way(store: Store) -> None:
    """As sender, as recipient, as one side of a pair, and as the person that a finding is about."""
    sent = mail(NOON, sender="Ann@district.example", staff="T1")
    paired = mail(NOON + 1, sender="other@outside.example", staff="T1", student="S2")
    received = mail(NOON + 2, sender="x@district.example", staff="T9", student="S3", others=("ann@district.example",))
    about = mail(NOON + 3, sender="x@district.example", staff="T9", student="S4")
    stranger = mail(NOON + 4, sender="x@district.example", staff="T9", student="S5")
    for message in (sent, paired, received, about, stranger):
        await store.intake.accept(message, contact(message))
    verdict = Verdict(about.id, about.sha256, "m", findings=(Finding("8", 0.9, by="x", about="T1"),))
    await store.dispositions.apply([(about.id, becomes(State.HELD, decision(Action.HOLD, "8"), verdict=verdict))])
    found = await store.records.party_ids("T1", ["ann@district.example"])
    assert found == sorted(message.id for message in (sent, paired, received, about))
    rows = await store.records.rows_of_messages([about.id, sent.id])
    assert rows[about.id]["verdicts"][0]["verdict"]["findings"][0]["about"] == "T1"  # type: ignore[index]
    assert rows[about.id]["recipients"][0]["action"] == "hold"
    assert "content" not in rows[sent.id]["contents"][0]


async def test_other_rows_and_entries_are_found(store: Store) -> None:
    entries = [
        AuditEntry(NOON, "ann", "signed in"), AuditEntry(NOON, "x", "looked up", "T1"),
        AuditEntry(NOON, "x", "confirmed", "", {"person": "T1", "address": "ann@home.example"}),
        AuditEntry(NOON, "x", "mailed", "", {"to": ["ANN@home.example".lower()]}),
        AuditEntry(NOON, "x", "looked up", "T11"), AuditEntry(NOON, "x", "seen", "", {"person": "T10"}),
    ]  # fmt: skip
    await store.audit.record(entries)
    after, found = 0, []
    while True:
        after, page = await store.records.audit_page(after, ["T1"], ["ann@home.example"], ["ann"])
        found += page
        if not after:
            break
    assert [(row["actor"], row["act"]) for row in found] == [
        ("ann", "signed in"), ("x", "looked up"), ("x", "confirmed"), ("x", "mailed"),
    ]  # fmt: skip
    message = mail(NOON, staff="T1")
    await store.intake.accept(message, contact(message))
    (pair,) = await store.records.contact_of("T1")
    assert (pair["staff"], pair["student"], pair["messages"]) == ("T1", "S1", 1)
    assert await store.records.rows_of_person(["T1"], [], []) == {}
