"""Names masked in what people wrote, where names are hidden: on the page of a message, and in lists of many.

A list masks names even where they are revealed on the page of a message. Calls for help show names everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.names import Names
from gateway.console.messages.reveal_names import NameAccess, names_in_list, names_of
from gateway.console.messages.view import add_named_people
from gateway.console.service import Desk
from gateway.core.accounts.account import User
from gateway.core.accounts.grant import Grant
from gateway.core.audit.chain import ChainedEntry
from gateway.core.cases.case import CaseFile, case_number
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import MessageDetail, Trace
from gateway.ports.cases import CaseStore
from gateway.ports.review import HeaderStore

_WRITTEN = ("text", "reason", "title")
"""Details of an audit entry that a person wrote."""


class NameMasking:
    """Masks names in texts, audit entries, cases and grants."""

    def __init__(
        self, authorization: Authorization, access: NameAccess, directory: ConsoleDirectory, headers: HeaderStore,
        cases: CaseStore,
    ) -> None:  # fmt: skip
        self._authorization, self._access, self._directory = authorization, access, directory
        self._headers, self._cases = headers, cases

    async def names_of(self, user: User, trace: Trace) -> Names:
        """Everybody whom a message names, in its headers too, as its page shows them to an account."""
        names = await self._access.names_of(user, trace)
        await self.add_headers([(names, trace)])
        return names

    async def add_headers(self, people: Sequence[tuple[Names, Trace]]) -> None:
        """Add the people whom the header sections of messages name, and those whom findings are about."""
        people = [(names, trace) for names, trace in people if names.hidden]
        heads = await self._headers.beginnings({trace.id for _, trace in people})

        def add() -> None:
            for names, trace in people:
                if (head := heads.get(trace.id)) is not None:
                    add_named_people(names, MessageDetail(trace, head.head, trace.channel, head.verdict, ""))

        await asyncio.to_thread(add)

    async def names_by_subject(
        self, user: User, subjects: Iterable[str], written_about: Iterable[str] = ()
    ) -> Mapping[str, Names]:
        """The people of messages and cases as a list shows them, by their subject in the audit log.

        Empty if names are visible. `written_about`: the subjects that somebody wrote a text about; people whom the
        headers name are masked there as well.
        """
        if not self._authorization.hides_names(user):
            return {}
        wanted = {subject for subject in subjects if subject}
        numbers = {subject: number for subject in wanted if (number := case_number(subject)) is not None}
        files = {subject: await self._cases.case(number) for subject, number in numbers.items()}
        messages = {subject: file.messages for subject, file in files.items() if file is not None}
        in_cases = {id_ for ids in messages.values() for id_ in ids}
        traces = await self._cases.named(wanted - numbers.keys() | in_cases)
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
        """Rows of the audit log without the names of the people whom they are about."""
        written_about = {row.act.subject for row in rows if _has_written_text(row.act)}
        names = await self.names_by_subject(user, {row.act.subject for row in rows}, written_about)
        return [
            replace(row, act=names[row.act.subject].audit_entry(row.act)) if row.act.subject in names else row
            for row in rows
        ]

    async def mask_cases(self, user: User, files: Sequence[CaseFile]) -> list[CaseFile]:
        """Cases of a list, with the names in their titles masked."""
        if not self._authorization.hides_names(user):
            return list(files)
        traces = await self._cases.named({id_ for file in files for id_ in file.messages})
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


async def with_heads(desk: Desk, people: Sequence[tuple[Names, Trace]]) -> None:
    """Cover those too whom the header sections of messages name, and whom their findings are about."""
    people = [(names, trace) for names, trace in people if names.hidden]
    found = await desk.store.beginnings({trace.id for _, trace in people})

    def add() -> None:
        for names, trace in people:
            if (begins := found.get(trace.id)) is not None:
                add_named_people(names, MessageDetail(trace, begins.head, trace.channel, begins.verdict, ""))

    await asyncio.to_thread(add)


async def all_names_of(desk: Desk, user: User, trace: Trace) -> Names:
    """Everybody whom a message names, as somebody sees them on its page."""
    names = await names_of(desk, user, trace)
    await with_heads(desk, [(names, trace)])
    return names


async def names_by_subject(
    desk: Desk, user: User, subjects: Iterable[str], said_of: Iterable[str] = ()
) -> Mapping[str, Names]:  # fmt: skip
    """The people of messages and cases as a list shows them, by their names in the audit log; none where all may know.

    `said_of`: of which of them people wrote something, where whom a header names is covered as well.
    """
    if not desk.hides(user):
        return {}
    asked = {each for each in subjects if each}
    numbers = {each: number for each in asked if (number := case_number(each)) is not None}
    files = {each: await desk.store.case(number) for each, number in numbers.items()}
    messages = {each: file.messages for each, file in files.items() if file is not None}
    traces = await desk.store.named(asked - numbers.keys() | {id_ for each in messages.values() for id_ in each})
    found = {id_: names_in_list(desk, user, traces[id_]) for id_ in asked if id_ in traces}
    found |= {each: of_case(desk, ids, traces) for each, ids in messages.items()}
    written = set(said_of) & found.keys()
    await with_heads(
        desk,
        [(found[each], traces[id_]) for each in written for id_ in messages.get(each, (each,)) if id_ in traces],
    )
    return found


def of_case(desk: Desk, messages: Sequence[str], traces: Mapping[str, Trace]) -> Names:
    """The people of the messages of a case, hidden."""
    names = Names(desk.register, hidden=True)
    for id_ in messages:
        if id_ in traces:
            names.add_trace(traces[id_])
    return names


def wrote(act: AuditEntry) -> bool:
    """Whether somebody wrote words of their own in an entry of the audit log."""
    return act.actor != "policy" and any(isinstance(act.detail.get(each), str) for each in ("text", "reason", "title"))


async def covered_rows(desk: Desk, user: User, rows: Sequence[ChainedEntry]) -> list[ChainedEntry]:
    """Rows of the audit log without the names of those whom they are about."""
    said_of = {each.act.subject for each in rows if wrote(each.act)}
    names = await names_by_subject(desk, user, {each.act.subject for each in rows}, said_of)
    return [
        replace(each, act=names[each.act.subject].audit_entry(each.act)) if each.act.subject in names else each
        for each in rows
    ]  # fmt: skip


async def covered_cases(desk: Desk, user: User, files: Sequence[CaseFile]) -> list[CaseFile]:
    """Cases of a list, with the names in their titles covered."""
    if not desk.hides(user):
        return list(files)
    traces = await desk.store.named({id_ for each in files for id_ in each.messages})
    names = [of_case(desk, each.messages, traces) for each in files]
    people = zip(names, files, strict=True)
    await with_heads(desk, [(each, traces[id_]) for each, file in people for id_ in file.messages if id_ in traces])
    return [replace(file, title=each.hide(file.title)) for each, file in zip(names, files, strict=True)]


async def covered_grants(desk: Desk, user: User, grants: Sequence[Grant]) -> list[Grant]:
    """Grants of content, with the names in their reasons covered."""
    about = {each.subject for each in grants}
    names = await names_by_subject(desk, user, about, about)
    return [
        replace(each, reason=names[each.subject].hide(each.reason)) if each.subject in names else each
        for each in grants
    ]  # fmt: skip
