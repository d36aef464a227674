"""Names masked in what people wrote, where names are hidden: on the page of a message, and in lists of many.

A list masks names even where they are revealed on the page of a message. Calls for help show names everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.names import Names
from gateway.console.messages.reveal_names import NameAccess
from gateway.console.messages.view import add_named_people
from gateway.core.accounts.account import User
from gateway.core.accounts.grant import Grant
from gateway.core.audit.chain import ChainedEntry
from gateway.core.cases.case import CaseFile, case_number
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import MessageDetail, Trace
from gateway.ports.cases import CaseStore
from gateway.ports.content import ContentParser, read_detail
from gateway.ports.review import HeaderStore

_WRITTEN = ("text", "reason", "title")
"""Details of an audit entry that a person wrote."""


class NameMasking:
    """Masks names in texts, audit entries, cases and grants."""

    def __init__(
        self, authorization: Authorization, access: NameAccess, directory: ConsoleDirectory, headers: HeaderStore,
        cases: CaseStore, reader: ContentParser,
    ) -> None:  # fmt: skip
        self._authorization, self._access, self._directory = authorization, access, directory
        self._headers, self._cases, self._reader = headers, cases, reader

    async def names_of(self, user: User, trace: Trace) -> Names:
        """Everybody named in a message, in its headers too, as its page shows them to an account."""
        names = await self._access.names_of(user, trace)
        await self.add_headers([(names, trace)])
        return names

    async def add_headers(self, people: Sequence[tuple[Names, Trace]]) -> None:
        """Add the people named in the header sections of messages, and those that findings are about."""
        people = [(names, trace) for names, trace in people if names.hidden]
        heads = await self._headers.heads({trace.id for _, trace in people})
        for names, trace in people:
            if (head := heads.get(trace.id)) is not None:
                detail = MessageDetail(trace, head.head, trace.channel, head.verdict, "")
                add_named_people(names, await read_detail(self._reader, detail, parts=False))

    async def names_by_subject(
        self, user: User, subjects: Iterable[str], written_about: Iterable[str] = ()
    ) -> Mapping[str, Names]:
        """The people of messages and cases as a list shows them, by their subject in the audit log.

        Empty if names are visible. `written_about`: the subjects that somebody wrote a text about; people that the
        headers name are masked there as well.
        """
        if not self._authorization.hides_names(user):
            return {}
        wanted = {subject for subject in subjects if subject}
        numbers = {subject: number for subject in wanted if (number := case_number(subject)) is not None}
        files = {subject: await self._cases.find(number) for subject, number in numbers.items()}
        messages = {subject: file.messages for subject, file in files.items() if file is not None}
        in_cases = {id_ for ids in messages.values() for id_ in ids}
        traces = await self._cases.traces(wanted - numbers.keys() | in_cases)
        found = {id_: self._access.names_in_list(user, traces[id_]) for id_ in wanted if id_ in traces}
        found |= {subject: self.case_names(ids, traces) for subject, ids in messages.items()}
        written = set(written_about) & found.keys()
        await self.add_headers([
            (found[subject], traces[id_])
            for subject in written
            for id_ in messages.get(subject, (subject,))
            if id_ in traces
        ])  # fmt: skip
        return found

    def case_names(self, messages: Sequence[str], traces: Mapping[str, Trace]) -> Names:
        """The people of the messages of a case, hidden."""
        names = Names(self._directory, hidden=True)
        for id_ in messages:
            if id_ in traces:
                names.add_trace(traces[id_])
        return names

    async def mask_rows(self, user: User, rows: Sequence[ChainedEntry]) -> list[ChainedEntry]:
        """Rows of the audit log without the names of the people that they are about."""
        written_about = {row.entry.subject for row in rows if _has_written_text(row.entry)}
        names = await self.names_by_subject(user, {row.entry.subject for row in rows}, written_about)
        return [
            replace(row, entry=names[row.entry.subject].audit_entry(row.entry)) if row.entry.subject in names else row
            for row in rows
        ]

    async def mask_cases(self, user: User, files: Sequence[CaseFile]) -> list[CaseFile]:
        """Cases of a list, with the names in their titles masked."""
        if not self._authorization.hides_names(user):
            return list(files)
        traces = await self._cases.traces({id_ for file in files for id_ in file.messages})
        names = [self.case_names(file.messages, traces) for file in files]
        await self.add_headers([
            (of_case, traces[id_])
            for of_case, file in zip(names, files, strict=True)
            for id_ in file.messages
            if id_ in traces
        ])  # fmt: skip
        return [replace(file, title=of_case.hide(file.title)) for of_case, file in zip(names, files, strict=True)]

    async def mask_grants(self, user: User, grants: Sequence[Grant]) -> list[Grant]:
        """Grants of content, with the names in their reasons masked."""
        subjects = {grant.subject for grant in grants}
        names = await self.names_by_subject(user, subjects, subjects)
        return [
            replace(grant, reason=names[grant.subject].hide(grant.reason)) if grant.subject in names else grant
            for grant in grants
        ]


def _has_written_text(entry: AuditEntry) -> bool:
    return entry.actor != "policy" and any(isinstance(entry.detail.get(name), str) for name in _WRITTEN)
