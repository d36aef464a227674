"""Writes everything that is kept about a person into a zip file, one message at a time.

The page, the API and `chaperone export person` all use it. With `redact` it is the copy for the person: others are
masked, and what must not be given out is left out. Both kinds have a log of what is not in them, and why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from gateway.console.cases.zip_stream import ZipStream, large_file
from gateway.console.records.files import (
    LogFile,
    contact_rows,
    json_file,
    message_files,
    messages_row,
    readme,
    redacted_message,
)
from gateway.core.accounts.account import User
from gateway.core.cases.case import case_subject
from gateway.core.fault import Refusal
from gateway.core.messages.parties import Person
from gateway.core.policy.authorization import ConsoleDirectory, person_id_of
from gateway.core.policy.decision import AuditEntry
from gateway.core.records.left_out import Omission, OmissionKind, withheld
from gateway.core.records.masking import RecordMask
from gateway.core.review.views import MessageDetail
from gateway.core.serialization.json_fields import rfc3339
from gateway.ports.accounts import AccountStore
from gateway.ports.audit import AuditStore, AuditTrailStore
from gateway.ports.cases import CaseStore
from gateway.ports.clock import StoreClock
from gateway.ports.content import ContentParser, read_detail
from gateway.ports.reports import RecordStore, Row
from gateway.ports.review import LookupStore
from gateway.ports.store import Store

_BATCH = 50
"""Messages whose rows are read at once."""
Progress = Callable[[int, int], None]
"""Called with how many messages are written, and how many there are."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The person of a records request, with every address and account that is known."""

    person: Person
    addresses: tuple[str, ...]
    accounts: tuple[str, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """What rows may name the person by, beside accounts."""
        return frozenset(key for key in (self.person.id, self.person.name, *self.addresses) if key)


@dataclass(frozen=True, slots=True)
class FinishedExport:
    """A zip file that is complete, with the hash of its manifest. `left_out`: how many things it does not have."""

    pack: ZipStream
    manifest: str
    messages: int
    left_out: int


@dataclass(slots=True)
class _Work:
    """An export while it is being written."""

    subject: Subject
    redact: bool
    mask: RecordMask | None
    pack: ZipStream
    messages: LogFile
    audit: LogFile
    left_out: list[Omission] = field(default_factory=list)
    cases: dict[int, Row] = field(default_factory=dict)

    def shown(self, value: object, key: str = "") -> object:
        """A value, masked in a redacted copy."""
        return value if self.mask is None else self.mask.value(value, key)


class PersonExport:
    """Writes the records of one person. Every export is in the audit log."""

    def __init__(
        self, records: RecordStore, lookups: LookupStore, cases: CaseStore, accounts: AccountStore,
        trail: AuditTrailStore, audit: AuditStore, clock: StoreClock, directory: ConsoleDirectory,
        reader: ContentParser, district: str, attorneys: frozenset[str],
    ) -> None:  # fmt: skip
        self._records, self._lookups, self._cases, self._accounts = records, lookups, cases, accounts
        self._trail, self._audit, self._clock = trail, audit, clock
        self._directory, self._reader = directory, reader
        self._district, self._attorneys = district, attorneys

    @classmethod
    def of(
        cls, store: Store, directory: ConsoleDirectory, reader: ContentParser, district: str,
        attorneys: Iterable[str] = (),
    ) -> PersonExport:  # fmt: skip
        """Over a whole store."""
        lower = frozenset(name.lower() for name in attorneys)
        return cls(
            store.records, store.lookups, store.cases, store.accounts, store.audit_trail, store.audit, store.clock,
            directory, reader, district, lower,
        )  # fmt: skip

    async def find(self, written: str) -> Subject:
        """The person with a sourcedId or an address. Raises Refusal if nobody is known by it."""
        written = written.strip()
        person = self._directory.by_id(written) or self._directory.person(written)
        accounts = await self._accounts.list_all()
        if person is None:
            known = [user for user in accounts if user.name == written.lower()]
            owner = self._directory.by_id(known[0].person) if known and known[0].person else None
            if owner is None and not known and "@" not in written and not written.startswith("+"):
                raise Refusal(f"nobody is known by {written!r}; give a sourcedId, an address or a number")
            person = owner or Person(written, "", frozenset(), address=written if "@" in written else "")
        addresses = dict.fromkeys(
            address for address in (person.address, *self._directory.addresses_of(person.id), written) if "@" in address
            or address.startswith("+")
        )  # fmt: skip
        names = tuple(user.name for user in accounts if self._is_of(user, person))
        rows = await self._records.rows_of_person([person.id], list(addresses), names)
        for row in rows.get("directory_accounts", ()):
            if row.get("person") == person.id and row.get("status") == "confirmed":
                addresses[str(row["address"])] = None
        return Subject(person, tuple(addresses), names)

    def _is_of(self, user: User, person: Person) -> bool:
        return person.id in (user.name, person_id_of(user, self._directory))

    async def write(
        self, subject: Subject, by: str, *, redact: bool, progress: Progress = lambda done, total: None
    ) -> FinishedExport:  # fmt: skip
        """Write the zip file. The caller closes its pack."""
        now = await self._clock.now()
        ids = await self._records.party_ids(subject.person.id, subject.addresses)
        mask = await self._mask(subject) if redact else None
        with ExitStack() as stack:
            work = _Work(
                subject, redact, mask, ZipStream(), LogFile(stack.enter_context(large_file())),
                LogFile(stack.enter_context(large_file())),
            )  # fmt: skip
            try:
                progress(0, len(ids))
                for start in range(0, len(ids), _BATCH):
                    await self._add_messages(work, ids[start : start + _BATCH])
                    progress(min(start + _BATCH, len(ids)), len(ids))
                await self._add_audit(work, frozenset(ids))
                await self._add_person(work)
                head = {
                    "v": 1, "district": self._district, "person": subject.person.id, "redacted": redact,
                    "exported_at": rfc3339(now), "messages": len(ids),
                }  # fmt: skip
                digest = await asyncio.to_thread(_finish, work, head)
            except BaseException:
                work.pack.close()
                raise
        detail = {
            "manifest": digest, "messages": len(ids), "redacted": redact, "left_out": len(work.left_out),
        }  # fmt: skip
        await self._audit.record([AuditEntry(now, by, "person exported", subject.person.id, detail)])
        return FinishedExport(work.pack, digest, len(ids), len(work.left_out))

    async def _mask(self, subject: Subject) -> RecordMask:
        accounts = {user.name: person_id_of(user, self._directory) for user in await self._accounts.list_all()}
        return await asyncio.to_thread(
            lambda: RecordMask(subject.person, (*subject.addresses, *subject.accounts), self._directory, accounts)
        )

    async def _add_messages(self, work: _Work, ids: Sequence[str]) -> None:
        rows = await self._records.rows_of_messages(ids)
        linked, unlinked = await self._trail.of_subjects(ids)
        entries: dict[str, list[Row]] = {id_: [] for id_ in ids}
        for entry in linked:
            entries[entry.entry.subject].append(entry.document())
        for plain in unlinked:
            entries[plain.subject].append(_entry_row(plain))
        for id_ in ids:
            detail = await self._lookups.detail(id_)
            if detail is not None:
                await self._add_message(work, detail, rows[id_], entries[id_])

    async def _add_message(
        self, work: _Work, detail: MessageDetail, kept: Mapping[str, Sequence[Row]], entries: Sequence[Row]
    ) -> None:
        id_ = detail.trace.id
        files = [file for row in kept.get("case_messages", ()) if (file := await self._case(work, row)) is not None]
        reason = self._withheld(detail, kept, open_case=any(not row["outcome"] for row in files))
        if work.redact and reason is not None:
            work.left_out.append(Omission(reason, f"message {id_}"))
            return
        detail = await read_detail(self._reader, detail)
        if not detail.content:
            work.left_out.append(Omission(OmissionKind.EXPIRED, f"content of message {id_}"))

        def add() -> None:
            if work.mask is not None:
                masked, missing = redacted_message(detail, work.mask)
                work.left_out.extend(
                    Omission(OmissionKind.OTHER_STUDENTS, f"{name} of message {id_}") for name in missing
                )
                contents = masked
            else:
                contents = message_files(detail)
            for name, content in contents.items():
                work.pack.add(f"messages/{name}", content)
            file = next(iter(contents), "")
            record = work.shown({"file": file, "kept": kept, "audit": entries})
            work.pack.add(f"messages/{id_}.json", json_file(record))
            work.messages.add(work.shown(messages_row(detail, file)))
            for entry in entries:
                work.audit.add(work.shown(entry))

        await asyncio.to_thread(add)

    async def _case(self, work: _Work, row: Row) -> Row | None:
        number = row["case_id"]
        assert isinstance(number, int)
        if number not in work.cases:
            file = await self._cases.find(number)
            if file is not None:
                work.cases[number] = {
                    "id": file.id, "title": file.title, "severity": file.severity, "outcome": file.outcome,
                    "opened_by": file.opened_by, "opened_at": rfc3339(file.opened_at), "closed_by": file.closed_by,
                    "messages": list(file.messages),
                }  # fmt: skip
        return work.cases.get(number)

    def _withheld(
        self, detail: MessageDetail, kept: Mapping[str, Sequence[Row]], *, open_case: bool
    ) -> OmissionKind | None:
        trace = detail.trace
        addresses = [trace.sender, *(recipient.address for recipient in trace.recipients)]
        return withheld(addresses, self._attorneys, legal_hold=bool(kept.get("legal_holds")), open_case=open_case)

    async def _add_audit(self, work: _Work, written: frozenset[str]) -> None:
        """The entries that are not about one of the messages."""
        subject, after = work.subject, 0
        for number, row in sorted(work.cases.items()):
            if work.redact and not row["outcome"]:
                continue
            linked, unlinked = await self._trail.of_subjects([case_subject(number)])
            for entry in (*(item.document() for item in linked), *map(_entry_row, unlinked)):
                work.audit.add(work.shown(entry))
        while True:
            after, entries = await self._records.audit_page(
                after, subject.keys, subject.addresses, subject.accounts
            )  # fmt: skip
            for entry in entries:
                if entry["subject"] not in written:
                    work.audit.add(work.shown(entry))
            if not after:
                break

    async def _add_person(self, work: _Work) -> None:
        subject, pack = work.subject, work.pack
        person = subject.person
        facts: Row = {
            "id": person.id, "name": person.name, "roles": sorted(person.roles), "addresses": list(subject.addresses),
            "buildings": [self._directory.building_name(building) for building in person.buildings],
            "children": sorted(person.children), "accounts": list(subject.accounts),
        }  # fmt: skip
        rows = await self._records.rows_of_person(subject.keys, subject.addresses, subject.accounts)
        contact = contact_rows(await self._records.contact_of(person.id))
        cases: list[Row] = []
        for number, row in sorted(work.cases.items()):
            if work.redact and not row["outcome"]:
                work.left_out.append(Omission(OmissionKind.INVESTIGATION, f"case {number}"))
            else:
                cases.append(row)
        if subject.accounts:
            work.left_out.append(Omission(OmissionKind.SECRET, "passwords, keys and codes of the account"))

        def add() -> None:
            pack.add("person.json", json_file(work.shown(facts)))
            pack.add("contact.json", json_file(work.shown(contact)))
            pack.add("cases.json", json_file(work.shown(cases)))
            for name, found in rows.items():
                if name != "cases" or not work.redact:
                    pack.add(f"kept/{name}.json", json_file(work.shown(found)))

        await asyncio.to_thread(add)


def _entry_row(entry: AuditEntry) -> Row:
    return {
        "at": rfc3339(entry.at), "actor": entry.actor, "act": entry.act, "subject": entry.subject,
        "detail": dict(entry.detail),
    }  # fmt: skip


def _finish(work: _Work, head: Mapping[str, object]) -> str:
    """Add the logs and the manifest. Returns the hash of the manifest."""
    pack = work.pack
    pack.add_from("messages.jsonl", work.messages.file)
    pack.add_from("audit.jsonl", work.audit.file)
    masked = work.mask.masked if work.mask is not None else 0
    left_out = {"masked": masked, "left_out": [omission.row() for omission in work.left_out]}
    pack.add("left_out.json", json_file(left_out))
    pack.add("README.txt", readme(redacted=work.redact).encode())
    return pack.finish(head)
