"""Names covered in what people wrote: of one message with all that it names, and in lists of many messages and cases.

Where names are hidden a list covers them whatever stands open on a page; only calls for help stand open everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.console.messages.names import Names
from gateway.console.messages.reveal_names import names_in_list, names_of
from gateway.console.messages.view import add_named_people
from gateway.console.service import Desk
from gateway.core.accounts.account import User
from gateway.core.accounts.grant import Grant
from gateway.core.audit.chain import ChainedEntry
from gateway.core.cases.case import CaseFile, number_of
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import MessageDetail, Trace


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
    numbers = {each: number for each in asked if (number := number_of(each)) is not None}
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
        replace(each, act=names[each.act.subject].act(each.act)) if each.act.subject in names else each
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
