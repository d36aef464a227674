"""The evidence pack of a case: the original messages, who decided them and how, and proof of integrity.

The pack is a zip file that can be read and checked without this gateway: a page for people, JSON for programs, and a
verifier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from gateway.console.cases.evidence_files import (
    README,
    Exhibit,
    case_record,
    entry_record,
    json_line,
    media_files,
    message_record,
)
from gateway.console.cases.service import CaseReading, CaseService
from gateway.console.cases.zip_stream import ZipStream, large_file
from gateway.console.config import ConsoleConfig
from gateway.console.messages.names import Names
from gateway.console.messages.service import MessageService
from gateway.console.messages.view import clause_reasons, marked_subject, part_views
from gateway.console.policy.service import PolicyService
from gateway.console.policy.version import PolicyVersion
from gateway.console.templating import Pages
from gateway.console.web.errors import Problem, not_found
from gateway.core.accounts.account import User
from gateway.core.audit.chain import ChainedEntry
from gateway.core.cases.case import OUTCOMES
from gateway.core.channels.registry import capabilities_of
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.transitions import POLICY
from gateway.core.serialization.json_fields import rfc3339
from gateway.ports.audit import AuditStore, AuditTrailStore
from gateway.ports.clock import StoreClock
from gateway.ports.review import LookupStore

_VERIFIER = Path(__file__).with_name("verify_evidence.py")
_STYLE = Path(__file__).parents[1] / "static" / "evidence.css"
_LINK_TIMEOUT = 3.0
"""Seconds that an export waits until the audit rows it needs are linked."""


class EvidenceService:
    """Exports evidence packs. Every view and every export is in the audit log."""

    def __init__(
        self, cases: CaseService, messages: MessageService, policy: PolicyService, directory: ConsoleDirectory,
        clock: StoreClock, lookups: LookupStore, audit: AuditStore, audit_trail: AuditTrailStore,
        config: ConsoleConfig,
    ) -> None:  # fmt: skip
        self._cases, self._messages, self._policy, self._directory = cases, messages, policy, directory
        self._clock, self._lookups, self._audit, self._audit_trail = clock, lookups, audit, audit_trail
        self._config = config

    async def export(self, user: User, case_id: int, pages: Pages) -> tuple[ZipStream, str]:
        """The zip file of a case and the hash of its manifest, which the audit log records. Raises a Problem.

        The pack is built one message at a time and never in memory as a whole.
        """
        reading = await self._cases.read(user, case_id)
        file = reading.file
        if reading.names.hidden:
            raise Problem(403, "The evidence names people: reveal the names on the page of the case first.")
        for id_ in file.messages:  # these views are recorded before the audit rows are read
            await self._messages.read(user, id_, f"evidence of case {case_id}")
        linked, unlinked = await self._linked_rows([file.subject, *file.messages])
        timeline = sorted((*(row.entry for row in linked), *unlinked), key=lambda entry: entry.at)
        now = await self._clock.now()
        head = {
            "v": 1, "case": file.id, "district": self._config.district, "exported_at": rfc3339(now),
            "exported_by": user.name, "time_zone": str(self._config.zone),
        }  # fmt: skip
        values = {
            "file": file, "head": head, "now": now, "timeline": timeline, "outcomes": OUTCOMES, "rows": len(linked),
            "unlinked": len(unlinked), "count": len(file.messages),
        }  # fmt: skip
        pack = ZipStream()
        try:
            with large_file() as page:
                page.write(pages.text("evidence_head.html", **values).encode())
                policies: dict[str, PolicyVersion] = {}
                for number, id_ in enumerate(file.messages, 1):
                    exhibit = await self._exhibit(id_, [entry for entry in timeline if entry.subject == id_])
                    policies[exhibit.detail.policy] = exhibit.policy
                    await asyncio.to_thread(_add_message, pack, exhibit)
                    text = await asyncio.to_thread(
                        pages.text, "evidence_exhibit.html", exhibit=exhibit, number=number
                    )  # fmt: skip
                    await asyncio.to_thread(page.write, text.encode())
                page.write(pages.text("evidence_tail.html", **values).encode())
                digest = await asyncio.to_thread(_finish, pack, page, reading, policies, linked, unlinked, head)
        except BaseException:
            pack.close()
            raise
        detail = {"manifest": digest, "messages": list(file.messages)}
        await self._audit.record([AuditEntry(now, user.name, "evidence exported", file.subject, detail)])
        return pack, digest

    async def _linked_rows(self, subjects: Sequence[str]) -> tuple[Sequence[ChainedEntry], Sequence[AuditEntry]]:
        """The audit rows of subjects: the linked ones, and those that were not linked in time."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + _LINK_TIMEOUT
        while True:
            linked, unlinked = await self._audit_trail.of_subjects(subjects)
            if not unlinked or clock() > deadline:
                return linked, unlinked
            await asyncio.sleep(0.1)

    async def _exhibit(self, id_: str, entries: Sequence[AuditEntry]) -> Exhibit:
        """One message as it was decided: with the policy of that time, and with the text of its files."""
        detail = await self._lookups.detail(id_)
        if detail is None:
            raise not_found(id_)
        decided = [entry.at for entry in entries if entry.act == "decided" and entry.actor == POLICY]
        policy = await self._policy.at(detail.policy, decided[-1] if decided else None)
        detail = await self._messages.with_parts(detail)
        _, files = await self._messages.parts(detail)

        def build() -> Exhibit:
            trace, names = detail.trace, Names(self._directory)
            suffix = capabilities_of(detail.channel).file_suffix
            reasons = clause_reasons(detail, policy.policy, names, files, policy_known=policy.known)
            return Exhibit(
                detail,
                f"messages/{trace.id}.{suffix}" if detail.content else "",
                marked_subject(detail, policy.policy, names),
                part_views(detail, policy.policy, names, files),
                [reason for reason in reasons if reason.counts],
                names.person(trace.sender),
                [(recipient, names.person(recipient.address)) for recipient in trace.recipients],
                names.pairs(trace.relation.pairs, groups=True),
                entries,
                policy,
            )

        return await asyncio.to_thread(build)


def _add_message(pack: ZipStream, exhibit: Exhibit) -> None:
    """Add the files of one message."""
    id_ = exhibit.detail.trace.id
    if exhibit.file:
        pack.add(exhibit.file, exhibit.detail.content)
    for name, content in media_files(exhibit.detail):
        pack.add(f"messages/{id_}.{name}", content)
    pack.add(f"messages/{id_}.json", json_line(message_record(exhibit)))


def _finish(
    pack: ZipStream, page: IO[bytes], reading: CaseReading, policies: Mapping[str, PolicyVersion],
    linked: Sequence[ChainedEntry], unlinked: Sequence[AuditEntry], head: Mapping[str, object],
) -> str:  # fmt: skip
    """Add the files of the case and the manifest. Returns the hash of the manifest."""
    pack.add_from("index.html", page)
    pack.add("evidence.css", _STYLE.read_bytes())
    pack.add("README.txt", README.encode())
    pack.add("verify.py", _VERIFIER.read_bytes())
    pack.add("case.json", json_line(case_record(reading)))
    for hash_, policy in policies.items():
        if hash_ and policy.source is not None:
            pack.add(f"policies/{hash_}.toml", policy.source.encode())
        if hash_ and policy.adopted_text:
            pack.add(f"policies/{hash_}.md", policy.adopted_text.encode())
    pack.add("audit.jsonl", b"".join(json_line(row.document()) for row in linked))
    if unlinked:
        pack.add("audit_not_linked_yet.jsonl", b"".join(json_line(entry_record(entry)) for entry in unlinked))
    return pack.finish(head)
